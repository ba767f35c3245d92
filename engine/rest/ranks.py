"""What requests name, found once: SKUs, destinations, and the ranks of sources for them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from engine.algorithms.distance import Distance
from engine.algorithms.priority import Priority
from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog, index_of, place_keys
from engine.places.address_book import NOWHERE, Address, AddressBook, Position
from engine.places.destinations import Destinations
from engine.places.distance import Points, distance_matrix
from engine.selection.ranking import rank_sources
from engine.tables.fold import fold_sku
from engine.tables.texts import KeyIndex
from engine.types import IndexArray, frozen

_REMEMBERED_CELLS = 1 << 22
"""Ranks that are kept before all are forgotten, 32 MB."""

_REMEMBERED_ADDRESSES = 100_000

_REMEMBERED_SKUS = 1_000_000
"""150 MB."""

_LONGEST = 512
"""Letters of what is remembered though nothing has it: a body may hold millions."""

_PRIORITY: Any = Priority()
_DISTANCE: type = Distance


class Skus:
    """Numbers of SKUs in an index, remembered: a kernel's call is 45 us, most of a request's time.

    Parameters
    ----------
    index
        Of a catalogue.
    names
        (num_skus,) its SKUs, which are remembered from the start; None for none.
    """

    def __init__(self, index: KeyIndex, names: pa.Array | None = None) -> None:
        self.index = index
        known = [] if names is None else fold_sku(names[:_REMEMBERED_SKUS]).to_pylist()
        self._numbers: dict[str, int] = dict(zip(known, range(len(known)), strict=True))

    def grown(self, index: KeyIndex) -> "Skus":
        """Return those of an index that has more SKUs at its end, and what is remembered of it."""
        found = Skus(index)
        # A copy first: the other thread goes on to find, and remembers.
        known = self._numbers.copy()
        found._numbers = {key: number for key, number in known.items() if number >= 0}
        return found

    def find(self, keys: Sequence[str]) -> list[int]:
        """(num_keys,) number of each folded SKU, -1 for one that has none."""
        new = [key for key in keys if key not in self._numbers]
        if new:
            if len(self._numbers) + len(new) > _REMEMBERED_SKUS:
                self._numbers.clear()
                new = list(keys)
            found = self.index.find(pa.array(new, pa.string())).tolist()
            self._numbers.update(zip(new, found, strict=True))
        numbers = [self._numbers[key] for key in keys]
        for key in new:
            if len(key) > _LONGEST:
                self._numbers.pop(key, None)
        return numbers


class Destination(NamedTuple):
    """A place: where it lies, and its number in ``distances``, -1 for none."""

    position: Position
    place: int


class Ranks:
    """Ranks of the sources of a catalogue; made anew when its sources, links or stocks change.

    Parameters
    ----------
    catalog
        Sources, links and distances; its items are not looked at.
    book
        Locates addresses.
    algorithms
        The installed algorithms by code.

    Attributes
    ----------
    stocks
        Index of each stock by its id.
    codes
        (num_sources,) the ``source_code`` of each source.
    """

    def __init__(
        self,
        catalog: Catalog,
        book: AddressBook,
        algorithms: Mapping[str, SourceSelectionAlgorithm],
    ) -> None:
        self._catalog = catalog
        self._book = book
        self._algorithms = algorithms
        self._destinations: dict[Address, Destination] = {}
        self._ranks: dict[tuple[int, str, Destination | None], list[int]] = {}
        self._by_priority: dict[int, IndexArray] = {}
        ids = catalog.stock_ids.tolist()
        self.stocks = dict(zip(ids, range(len(ids)), strict=True))
        self.codes: list[str] = catalog.sources["source_code"].to_pylist()
        self._most = _REMEMBERED_CELLS // max(1, catalog.sources.num_rows)

    def looks_at_destination(self, code: str) -> bool:
        """Tell whether an algorithm may rank sources otherwise for another destination."""
        return getattr(self._algorithms[code], "by_destination", True)

    def destination(self, address: Address) -> Destination:
        """Return where an address lies."""
        found = self._destinations.get(address)
        if found is None:
            if sum(len(part or "") for part in address) > _LONGEST:
                return self._locate(address)
            if len(self._destinations) >= _REMEMBERED_ADDRESSES:
                self._destinations.clear()
            found = self._destinations[address] = self._locate(address)
        return found

    def ranks(self, stock: int, code: str, destination: Destination | None) -> list[int]:
        """(num_sources,) place of each source, 0 for the first; below 0 where it is none.

        Parameters
        ----------
        stock
            Index of the stock.
        code
            Of an algorithm.
        destination
            Where the request goes; None if it does not say.

        Raises
        ------
        AlgorithmError
            If the algorithm of a plug-in fails.
        """
        algorithm = self._algorithms[code]
        if not self.looks_at_destination(code):
            destination = None
        key = stock, code, destination
        found = self._ranks.get(key)
        if found is None:
            if len(self._ranks) >= self._most:
                self._ranks.clear()
            found = self._ranks[key] = self._rank(algorithm, stock, destination)
        return found

    def _locate(self, address: Address) -> Destination:
        place = -1
        if len(self._catalog.places):
            country, postcode = (pa.array([one], pa.string()) for one in address[:2])
            place = int(index_of(place_keys(country, postcode), self._catalog.places)[0])
        return Destination(self._book.locate(address) or NOWHERE, place)

    def _rank(
        self, algorithm: SourceSelectionAlgorithm, stock: int, destination: Destination | None
    ) -> list[int]:
        position, place = destination or Destination(NOWHERE, -1)
        positions = np.array([position[2:]])
        places = np.array([place], np.int32)
        if type(algorithm) is _DISTANCE:
            return self._nearest_first(stock, Points(*positions.T), places).tolist()
        where = Destinations(
            positions=frozen(positions),
            places=frozen(places),
            located=frozen((places >= 0) | ~np.isnan(positions[:, 0])),
            of_order=frozen(np.zeros(1, np.int32)),
        )
        of_stock, of_place = np.array([stock], np.int32), np.zeros(1, np.int32)
        return rank_sources(self._catalog, where, algorithm, of_stock, of_place)[0].tolist()

    def _nearest_first(self, stock: int, where: Points, place: IndexArray) -> IndexArray:
        """Do what `rank_sources` does for `Distance` alone, in 60 us instead of 150.

        A shop's next destination is one that it has not asked for yet.
        """
        if stock not in self._by_priority:
            self._by_priority[stock] = np.array(self._rank(_PRIORITY, stock, None), np.int32)
        ranks = self._by_priority[stock].copy()
        candidates = np.argsort(ranks)[np.count_nonzero(ranks < 0) :]
        catalog = self._catalog
        (mm,) = distance_matrix(where, place, catalog.source_points, catalog.known)
        # Unknown is -1, the largest of unsigned numbers, and so comes last.
        nearest = np.argsort(mm[candidates].view(np.uint64), kind="stable")
        ranks[candidates[nearest]] = np.arange(len(candidates))
        return ranks
