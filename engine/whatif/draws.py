"""Random draws that are the same on every machine and with any version of numpy."""

from enum import IntEnum

import numpy as np

from engine.types import IntArray


class Purpose(IntEnum):
    """What a seed is used for: steps with one seed do not draw the same."""

    SCALE = 0
    RESAMPLE = 1
    SHIFT = 2
    DONOR = 3
    REPLICATE = 4
    LEAD = 5


def shuffled(count: int, *seed: int) -> IntArray:
    """Return all numbers below ``count``, shuffled: a larger share contains the smaller ones.

    Examples
    --------
    >>> shuffled(4, 0, Purpose.SCALE).tolist()
    [3, 2, 1, 0]
    """
    return np.argsort(_bits(count, seed), kind="stable")


def picks(below: int, count: int, *seed: int) -> IntArray:
    """(count,) numbers below ``below``, drawn with replacement."""
    return ((_bits(count, seed) >> np.uint64(32)) * np.uint64(below) >> np.uint64(32)).astype(
        np.int64
    )


def _bits(count: int, seed: tuple[int, ...]) -> np.ndarray:
    """(count,) uint64. Bits of PCG64 are the same in every version of numpy, by its promise."""
    return np.random.PCG64([int(part) for part in seed]).random_raw(count)
