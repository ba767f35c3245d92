"""Outlines of countries, and how a map is laid out."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from engine.packaged import packaged

_MOST_NORTH = 84.0
"""Degrees; Mercator's map ends before the pole."""


class Frame(NamedTuple):
    """A part of the map: Mercator's coordinates, degrees along the equator, ``y`` up."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of it."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def meets(self, other: "Frame") -> bool:
        """Return whether two frames have a part in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


def project(longitude: Sequence[float] | NDArray, latitude: Sequence[float] | NDArray) -> NDArray:
    """Return (num_points, 2) Mercator's coordinates of positions in degrees."""
    north = np.clip(np.asarray(latitude, float), -_MOST_NORTH, _MOST_NORTH)
    y = np.degrees(np.arcsinh(np.tan(np.radians(north))))
    return np.column_stack([np.asarray(longitude, float), y])


def frame_around(points: NDArray, ratio: float) -> Frame:
    """Return a frame around points with a margin; it is ``ratio`` times as wide as high.

    It is never smaller than about the size of a small country, so that one can tell where it is.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = map(float, np.maximum((high - low) * 1.2, 5.0))
    width, height = max(width, height * ratio), max(height, width / ratio)
    x, y = map(float, (low + high) / 2)
    return Frame(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


@cache
def outlines() -> list[tuple[NDArray, Frame]]:
    """Return the outlines of countries: (num_points, 2) of each ring, and what it fills."""
    rows = pq.read_table(packaged("natural_earth/outlines.parquet")).to_pylist()
    rings = [project(row["longitude"], row["latitude"]) for row in rows]
    return [(ring, Frame(*ring.min(axis=0), *ring.max(axis=0))) for ring in rings]
