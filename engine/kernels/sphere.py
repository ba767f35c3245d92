"""Great-circle distances one pair at a time, to the bit those of `engine.places.distance`.

Each operation stands in the order of its twin there, and none may be fused or reordered.
"""

import math

import numpy as np

from engine.earth import (
    ATAN,
    EARTH_RADIUS_KM,
    HALF_PI,
    MM_PER_KM,
    QUARTER_PI,
    QUARTER_PI_REST,
    TAN_EIGHTH_PI,
)
from engine.kernels.jit import inlined, int64, jit
from engine.types import FloatArray, IndexArray, IntArray, Places

_DIAMETER_MM = 2 * EARTH_RADIUS_KM * MM_PER_KM
_FALLING = tuple(reversed(ATAN))


@jit
def mm_of_pairs(destination: IndexArray, source: IndexArray, places: Places, mm: IntArray) -> None:
    """Measure each destination from the source beside it.

    Parameters
    ----------
    destination, source
        (num_pairs,) int32 indices into ``places``.
    places
        Where they lie, and the distances that go before the great circle.
    mm
        Output, (num_pairs,) whole millimetres; -1 where not known.
    """
    for pair in range(len(mm)):
        mm[pair] = mm_between(int64(destination[pair]), int64(source[pair]), places)


@inlined
def mm_between(destination: int, source: int, places: Places) -> int:
    """Return the millimetres from a destination to a source; -1 where not known."""
    number = places.numbers[destination]
    if number >= 0:
        key = np.int64(number) * len(places.sources) + source
        at = np.searchsorted(places.known_keys, key)
        if at < len(places.known_keys) and places.known_keys[at] == key:
            return places.known_mm[at]
    return great_circle_mm(places.destinations, destination, places.sources, source)


@inlined
def chord_squared(here: FloatArray, one: int, there: FloatArray, other: int) -> float:
    """Return |u - v|^2 of two points on the unit sphere; NaN where one is not known."""
    x = here[one, 0] - there[other, 0]
    y = here[one, 1] - there[other, 1]
    z = here[one, 2] - there[other, 2]
    return x * x + y * y + z * z


@inlined
def great_circle_mm(here: FloatArray, one: int, there: FloatArray, other: int) -> int:
    """Twin of `engine.places.distance.great_circle_mm` for rows of (num_points, 3) arrays."""
    apart = chord_squared(here, one, there, other)
    if math.isnan(apart):
        return -1
    x = here[one, 0] + there[other, 0]
    y = here[one, 1] + there[other, 1]
    z = here[one, 2] + there[other, 2]
    along = x * x + y * y + z * z
    return int(np.rint(_DIAMETER_MM * _arc_tangent(math.sqrt(apart), math.sqrt(along))))


@inlined
def _arc_tangent(numerator: float, denominator: float) -> float:
    """Twin of `engine.places.trig.arc_tangent`."""
    small, large = min(numerator, denominator), max(numerator, denominator)
    wide = small > TAN_EIGHTH_PI * large
    ratio = (small - large if wide else small) / (small + large if wide else large)
    square = ratio * ratio
    value = _FALLING[0]
    for coefficient in _FALLING[1:]:
        value = value * square + coefficient
    bend = ratio * (square * value)
    angle = QUARTER_PI - ((bend - QUARTER_PI_REST) - ratio) if wide else ratio - bend
    return HALF_PI - (angle - 2 * QUARTER_PI_REST) if numerator > denominator else angle
