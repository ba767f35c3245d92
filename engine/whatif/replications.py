"""Means and their 95 % intervals over replications."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import atan, cos, pi, sin, sqrt
from typing import NamedTuple

from engine.selection.kpis import KPIs

_COVERED = 0.95


class Interval(NamedTuple):
    """A mean, and the 95 % interval of Student's t about it; no interval of a single run."""

    runs: int
    mean: float
    low: float | None
    high: float | None


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of at least one value, and its interval.

    Examples
    --------
    >>> runs, mean, low, high = interval([1.0, 2.0, 3.0])
    >>> runs, mean, round(low, 3), round(high, 3)
    (3, 2.0, -0.484, 4.484)
    """
    runs = len(values)
    mean = sum(values) / runs
    if runs == 1:
        return Interval(runs, mean, None, None)
    spread = sqrt(sum((value - mean) ** 2 for value in values) / (runs - 1))
    half = student_t(runs - 1) * spread / sqrt(runs)
    return Interval(runs, mean, mean - half, mean + half)


def paired(base: Iterable[KPIs], other: Iterable[KPIs], figure: str) -> list[float]:
    """Return by how much a figure differs in each replication in which both are known."""
    pairs = ((getattr(a, figure), getattr(b, figure)) for a, b in zip(base, other, strict=True))
    return [b - a for a, b in pairs if a is not None and b is not None]


@lru_cache
def student_t(freedom: int) -> float:
    """Return what Student's t with so many degrees of freedom exceeds in 5 % of cases, in size.

    The distribution is a finite sum for whole degrees: Abramowitz and Stegun, Handbook of
    Mathematical Functions, 26.7.3 and 26.7.4.

    Examples
    --------
    >>> round(student_t(10), 6)
    2.228139
    """
    low, high = 0.0, 16.0
    while _within(high, freedom) < _COVERED:
        low, high = high, 2 * high
    while (middle := (low + high) / 2) not in (low, high):
        if _within(middle, freedom) < _COVERED:
            low = middle
        else:
            high = middle
    return high


def _within(t: float, freedom: int) -> float:
    """Return how much of the distribution lies between -t and t."""
    angle = atan(t / sqrt(freedom))
    total, term = 0.0, cos(angle) if freedom % 2 else 1.0
    for step in range(2 + freedom % 2, freedom + 1, 2):
        total += term
        term *= cos(angle) ** 2 * (step - 1) / step
    if freedom % 2:
        return 2 / pi * (angle + sin(angle) * total)
    return sin(angle) * total
