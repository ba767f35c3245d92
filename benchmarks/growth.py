"""Growth curves: seconds of a warm run along one axis, the others fixed."""

from typing import NamedTuple

import numpy as np

from benchmarks.cases import GROWTH
from benchmarks.results import Results, seconds


class Curve(NamedTuple):
    """Seconds at each size of an axis.

    ``exponent`` is the slope of the line through the logarithms of all points; ``last`` that
    between the last two, where what is constant weighs least.
    """

    axis: str
    algorithm: str
    sizes: list[int]
    seconds: list[float]
    exponent: float
    last: float


def curves(results: Results) -> list[Curve]:
    """Return the curves that have at least three points."""
    found = [
        _curve(results, axis, algorithm)
        for axis in GROWTH
        for algorithm in ("priority", "distance")
    ]
    return [curve for curve in found if curve]


def exponent(sizes: list[int], spent: list[float]) -> float:
    """Return the slope of the straight line closest to the points on logarithmic axes."""
    return float(np.polyfit(np.log(sizes), np.log(spent), 1)[0])


def _curve(results: Results, axis: str, algorithm: str) -> Curve | None:
    run = f"ours {algorithm} warm"
    points = [(getattr(case, axis), seconds(results, case.name, run)) for case in GROWTH[axis]]
    known = [(size, spent) for size, spent in points if spent is not None]
    if len(known) < 3:
        return None
    sizes, spent = map(list, zip(*known, strict=True))
    return Curve(
        axis, algorithm, sizes, spent, exponent(sizes, spent), exponent(sizes[-2:], spent[-2:])
    )
