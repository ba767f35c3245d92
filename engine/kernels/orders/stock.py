"""What a source can give to an order, taking it, and giving it back."""

from engine.kernels.jit import inlined, int64
from engine.kernels.orders.bundles import (
    DRAWN_BY,
    ENDLESS,
    HELD,
    ORDERS_LEFT,
    SHIPPED,
    UNITS_LEFT,
)
from engine.kernels.prefetch import FAR, NEAR, prefetch
from engine.types import IndexArray, IntArray

_ITEMS_OF_A_LINE = 8
"""Quantities in a line of cache."""


@inlined
def look_ahead(
    line: int, skus: IndexArray, offsets: IntArray, sources: IndexArray, available: IntArray
) -> None:
    """Ask for what later lines will read."""
    if line + FAR < len(skus):
        prefetch(offsets, int64(max(skus[line + FAR], 0)))
        sku = max(skus[line + NEAR], 0)
        start, stop = offsets[sku], offsets[sku + 1]
        for item in range(start, stop, _ITEMS_OF_A_LINE):
            prefetch(available, item)
        prefetch(sources, start)
        prefetch(sources, max(stop - 1, start))


@inlined
def is_excluded(
    source: int,
    sku: int,
    order: int,
    exclusions: IntArray,
    excluded_sources: IndexArray,
    excluded_skus: IndexArray,
) -> bool:
    """Tell whether one of the order's own exclusions names a source for a SKU."""
    for row in range(exclusions[order], exclusions[order + 1]):
        if excluded_sources[row] == source and (
            excluded_skus[row] == sku or excluded_skus[row] < 0
        ):
            return True
    return False


@inlined
def take(
    item: int,
    source: int,
    amount: int,
    managed: bool,
    token: int,
    available: IntArray,
    of_source: IntArray,
) -> int:
    """Take an amount above 0; return 1 if the order draws on the source for the first time."""
    if managed:
        available[item] -= amount
        of_source[source, HELD] -= amount
    if of_source[source, UNITS_LEFT] < ENDLESS:
        of_source[source, UNITS_LEFT] -= amount
    is_new = of_source[source, DRAWN_BY] != token
    if is_new:
        of_source[source, DRAWN_BY] = token
        of_source[source, SHIPPED] = 0
        if of_source[source, ORDERS_LEFT] < ENDLESS:
            of_source[source, ORDERS_LEFT] -= 1
    of_source[source, SHIPPED] += amount
    return 1 if is_new else 0


@inlined
def give_back(
    item: int,
    source: int,
    amount: int,
    managed: bool,
    available: IntArray,
    of_source: IntArray,
) -> int:
    """Undo taking; return 1 if the order draws on the source no more."""
    if managed:
        available[item] += amount
        of_source[source, HELD] += amount
    if of_source[source, UNITS_LEFT] < ENDLESS:
        of_source[source, UNITS_LEFT] += amount
    of_source[source, SHIPPED] -= amount
    if of_source[source, SHIPPED] > 0:
        return 0
    of_source[source, DRAWN_BY] = 0
    if of_source[source, ORDERS_LEFT] < ENDLESS:
        of_source[source, ORDERS_LEFT] += 1
    return 1
