"""Parts and multiples of quantities, in exact integers."""

from decimal import Decimal

import numpy as np

from engine.errors import ScenarioError
from engine.types import MAX_QTY, QTY_SCALE, IntArray

_MILLION = 10**6


def scaled(quantity: IntArray, factor: Decimal = Decimal(1)) -> IntArray:
    """Multiply quantities and round half to even: whole ones to whole ones, others to 0.0001.

    Parameters
    ----------
    quantity
        (n,) 1e-4 units; below 0 stays as it is.
    factor
        0 to 1,000 with at most 6 decimals.

    Raises
    ------
    ScenarioError
        If a quantity no longer fits decimal(12,4).

    Examples
    --------
    >>> scaled(np.array([30000, 15000, -10000]), Decimal("0.5")).tolist()
    [20000, 7500, -10000]
    """
    millionths = int(factor * _MILLION)
    unit = np.where(quantity % QTY_SCALE == 0, QTY_SCALE, 1)
    steps = np.where(quantity > 0, quantity, 0) // unit
    # In two halves, so that no product leaves int64.
    high, low = np.divmod(steps, _MILLION)
    down, rest = np.divmod(low * millionths, _MILLION)
    down += high * millionths
    up = (2 * rest > _MILLION) | ((2 * rest == _MILLION) & (down % 2 == 1))
    result = np.where(quantity > 0, (down + up) * unit, quantity)
    if result.max(initial=0) > MAX_QTY:
        raise ScenarioError("a quantity exceeds 99999999.9999; lower the factor")
    return result


def share_of(count: int, share: Decimal) -> int:
    """Return how many of ``count`` a share comes to, rounded half to even.

    Examples
    --------
    >>> share_of(5, Decimal("0.5")), share_of(7, Decimal("0.5"))
    (2, 4)
    """
    return int((count * share).quantize(Decimal(1)))
