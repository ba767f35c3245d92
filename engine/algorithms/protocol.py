"""What an algorithm is given, and what it must answer."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa

from engine.types import FloatArray, IndexArray, IntArray


@dataclass(frozen=True, eq=False)
class Candidates:
    """Sources that may serve, one row for each (stock, destination) and enabled linked source.

    All arrays are (num_candidates,) and read-only.

    Attributes
    ----------
    sources
        The catalogue's ``sources`` table, other fields included, by source index.
    source
        Index into ``sources``.
    stock_id
        The stock that sells.
    priority
        Priority of the stock-source link; 1 is tried first.
    distance_km
        Distance from the source to the destination; NaN where not known.
    """

    sources: pa.Table
    source: IndexArray
    stock_id: IntArray
    priority: IntArray
    distance_km: FloatArray

    def __len__(self) -> int:
        return len(self.source)

    def column(self, name: str) -> np.ndarray:
        """Return a field of the ``sources`` table for each candidate; null becomes NaN or None."""
        values = self.sources[name].to_numpy(zero_copy_only=False)
        return values[self.source]


class SourceSelectionAlgorithm(Protocol):
    """An algorithm: names for people, and one score per candidate.

    A class attribute ``by_destination = False`` says that the scores do not depend on the
    destination; one ranking per stock then serves all orders.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]

    def scores(self, candidates: Candidates) -> np.ndarray:
        """Score the candidates.

        Parameters
        ----------
        candidates
            All candidates of one or many (stock, destination) pairs.

        Returns
        -------
        (num_candidates,) integers or floats; the lowest is tried first. Equal scores fall back
        to priority, then source_code. NaN means unknown and goes last; it is accepted only
        where ``distance_km`` is NaN too; inf puts a source last. Candidates come in blocks, so a
        score may depend on its own row only.
        """
        ...
