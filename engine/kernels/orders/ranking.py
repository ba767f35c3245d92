"""Keys by which sources compare, the lowest first; the first key that differs decides."""

from engine.kernels.jit import inlined, int64
from engine.kernels.orders.bundles import (
    BALANCE,
    CAPACITY_LEFT,
    COST,
    HELD,
    HELD_AT_START,
    MILLION,
    ORDERS_LEFT,
    STATIC,
    STOCK_LEVEL,
    UNITS_LEFT,
    Cube,
)
from engine.types import IntArray

_ROOM = 1 << 43
"""What is below it can be multiplied by a million."""


@inlined
def has_cost(kinds: IntArray) -> bool:
    """Tell whether cost is one of the scores."""
    found = False
    for kind in kinds:
        found |= kind == COST
    return found


@inlined
def write_keys(
    kinds: IntArray,
    ranking: int,
    source: int,
    stock_level: int,
    cost: int,
    places: Cube,
    of_source: IntArray,
    keys: IntArray,
    first: int,
    at: int,
) -> None:
    """Write a source's keys to ``keys[at, first:]``; ``capacity_left`` fills two."""
    if len(kinds) == 1:  # the last one is static
        keys[at, first] = places[0, ranking, source]
        return
    static = 0
    row = first
    for kind in kinds:
        if kind == STATIC:
            keys[at, row] = places[static, ranking, source]
            static += 1
        elif kind == STOCK_LEVEL:
            keys[at, row] = -stock_level
        elif kind == BALANCE:
            keys[at, row] = -_share(of_source[source, HELD], of_source[source, HELD_AT_START])
        elif kind == CAPACITY_LEFT:
            keys[at, row] = -max(of_source[source, ORDERS_LEFT], 0)
            row += 1
            keys[at, row] = -max(of_source[source, UNITS_LEFT], 0)
        else:
            keys[at, row] = cost
        row += 1


@inlined
def _share(left: int, start: int) -> int:
    """Return left / start in millionths, rounded down; 0 where there was nothing."""
    if start < _ROOM:
        return left * MILLION // start if start > 0 else 0
    return times_over(left, int64(MILLION), start)


@inlined
def times_over(value: int, factor: int, divisor: int) -> int:
    """Return value * factor // divisor for 0 <= value <= divisor < 2**62: one bit at a time."""
    result, rest = 0, 0
    bit = 1 << 42
    while bit > 0:
        result, rest = 2 * result, 2 * rest
        if rest >= divisor:
            result, rest = result + 1, rest - divisor
        if factor & bit:
            rest += value
            if rest >= divisor:
                result, rest = result + 1, rest - divisor
        bit >>= 1
    return result


@inlined
def comes_before(keys: IntArray, first: int, one: int, other: int) -> bool:
    """Compare two rows from a column on; the last of their keys is different in any two."""
    column = first
    while column < keys.shape[1] - 1 and keys[one, column] == keys[other, column]:
        column += 1
    return keys[one, column] < keys[other, column]
