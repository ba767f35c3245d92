"""The laws of a run, looked at pick by pick; written from the laws, not from the deduction."""

import numpy as np

from engine.kernels.jit import jit
from engine.kernels.prefetch import NEAR, prefetch
from engine.types import FlagArray, IndexArray, IntArray, Items

HOLDS = 0
WANTED = 1
NEGATIVE = 2
BEYOND_AVAILABLE = 3
OTHER_SKU = 4
NOT_ALLOWED = 5
BEYOND_SNAPSHOT = 6
OUT_OF_LINE = 7
OTHER_SOURCE = 8


@jit
def audit_picks(
    independent: bool,
    offsets: IntArray,
    skus: IndexArray,
    wanted: IntArray,
    stock: IndexArray,
    managed: FlagArray,
    may_ship: FlagArray,
    items: Items,
    pick_lines: IntArray,
    pick_items: IntArray,
    pick_sources: IndexArray,
    quantity: IntArray,
    available: IntArray,
    short: IntArray,
    taken: IntArray,
) -> tuple[int, int]:
    """Check the picks of an order set.

    Parameters
    ----------
    independent
        What an order takes is compared with the snapshot, order by order. Otherwise what all
        take together is left to the end.
    offsets
        (num_orders + 1,): the lines of order ``o`` are ``offsets[o]:offsets[o + 1]``.
    skus, wanted
        (num_lines,) SKU index, and 1e-4 units.
    stock
        (num_orders,) stock index.
    managed
        (num_skus,) flags.
    may_ship
        (num_stocks, num_sources) 1 where the source is linked and enabled.
    items
        The source items before the run.
    pick_lines, pick_items, pick_sources, quantity, available
        (num_picks,) the picks.
    short
        (num_lines,) what each line lacks.
    taken
        Output, (num_items,): what was taken so far of managed SKUs; zeros again after each
        order in independent mode.

    Returns
    -------
    The law that is broken first, `HOLDS` for none, and the line or pick.
    """
    # Out of their tuple once: inside the loop each would be counted as a reference.
    item_offsets, before, reserved = items.offsets, items.quantity, items.reserved
    item_sources, in_stock = items.sources, items.in_stock
    num_picks = len(pick_lines)
    at = 0
    for order in range(len(stock)):
        first = at
        for line in range(offsets[order], offsets[order + 1]):
            served = 0
            sku = skus[line]
            while at < num_picks and pick_lines[at] == line:
                if at + NEAR < num_picks:
                    prefetch(item_offsets, np.int64(skus[pick_lines[at + NEAR]]))
                    prefetch(taken, pick_items[at + NEAR])
                    prefetch(item_sources, pick_items[at + NEAR])
                item = pick_items[at]
                if quantity[at] < 0:
                    return NEGATIVE, at
                if sku < 0 or item < item_offsets[sku] or item >= item_offsets[sku + 1]:
                    return OTHER_SKU, at
                if item_sources[item] != pick_sources[at]:
                    return OTHER_SOURCE, at
                if not may_ship[stock[order], pick_sources[at]]:
                    return NOT_ALLOWED, at
                served += quantity[at]
                if managed[sku] and quantity[at] > 0 and not independent:
                    if quantity[at] > available[at]:
                        return BEYOND_AVAILABLE, at
                    taken[item] += quantity[at]
                elif not in_stock[item]:
                    return NOT_ALLOWED, at
                elif managed[sku]:
                    if quantity[at] > available[at]:
                        return BEYOND_AVAILABLE, at
                    taken[item] += quantity[at]
                    if taken[item] > max(before[item] - reserved[item], 0):
                        return BEYOND_SNAPSHOT, at
                at += 1
            if short[line] < 0 or served + short[line] != wanted[line]:
                return WANTED, line
        if independent:
            for pick in range(first, at):
                taken[pick_items[pick]] = 0
    return (HOLDS, 0) if at == num_picks else (OUT_OF_LINE, at)
