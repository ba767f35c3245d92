"""The laws of a run, looked at pick by pick; written from the laws, not from the deduction."""

from engine.kernels.jit import jit
from engine.types import FlagArray, IndexArray, IntArray, Items

HOLDS = 0
WANTED = 1
NEGATIVE = 2
BEYOND_AVAILABLE = 3
OTHER_SKU = 4
NOT_ALLOWED = 5
BEYOND_SNAPSHOT = 6
OUT_OF_LINE = 7


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
    quantity: IntArray,
    available: IntArray,
    short: IntArray,
    taken: IntArray,
) -> tuple[int, int]:
    """Check the picks of an order set.

    Parameters
    ----------
    independent
        What an order takes is compared with the snapshot, order by order.
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
    pick_lines, pick_items, quantity, available
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
    at = 0
    for order in range(len(stock)):
        first = at
        for line in range(offsets[order], offsets[order + 1]):
            served = 0
            sku = skus[line]
            while at < len(pick_lines) and pick_lines[at] == line:
                item = pick_items[at]
                if quantity[at] < 0:
                    return NEGATIVE, at
                if sku < 0 or item < items.offsets[sku] or item >= items.offsets[sku + 1]:
                    return OTHER_SKU, at
                if not items.in_stock[item] or not may_ship[stock[order], items.sources[item]]:
                    return NOT_ALLOWED, at
                served += quantity[at]
                if managed[sku]:
                    if quantity[at] > available[at]:
                        return BEYOND_AVAILABLE, at
                    taken[item] += quantity[at]
                    most = max(items.quantity[item] - items.reserved[item], 0)
                    if taken[item] > most:
                        return BEYOND_SNAPSHOT, at
                at += 1
            if served + short[line] != wanted[line]:
                return WANTED, line
        if independent:
            for pick in range(first, at):
                taken[pick_items[pick]] = 0
    return (HOLDS, 0) if at == len(pick_lines) else (OUT_OF_LINE, at)
