"""Totals of each order, and of each source."""

from engine.kernels.jit import jit
from engine.types import FlagArray, IndexArray, IntArray, Items, Totals


@jit
def total_orders(
    offsets: IntArray,
    wanted: IntArray,
    short: IntArray,
    pick_lines: IntArray,
    pick_sources: IndexArray,
    quantity: IntArray,
    limit: int,
    stamps: IntArray,
    totals: Totals,
    opens_shipment: FlagArray,
) -> int:
    """Add up the lines and picks of each order.

    Parameters
    ----------
    offsets
        (num_orders + 1,): the lines of order ``o`` are ``offsets[o]:offsets[o + 1]``.
    wanted, short
        (num_lines,) 1e-4 units.
    pick_lines, pick_sources, quantity
        (num_picks,) in line order.
    limit
        The largest total that may be.
    stamps
        (num_sources,) work space, -1 everywhere.
    totals
        Outputs, (num_orders,) each.
    opens_shipment
        Output, (num_picks,) 1 where an order takes something from a source for the first time.

    Returns
    -------
    An order whose total is beyond the limit, -1 if there is none.
    """
    totals_qty, totals_allocated = totals.qty, totals.allocated
    totals_sources, totals_short = totals.source_count, totals.short_lines
    at = 0
    for order in range(len(offsets) - 1):
        qty, allocated, source_count, short_lines = 0, 0, 0, 0
        for line in range(offsets[order], offsets[order + 1]):
            qty += wanted[line]
            short_lines += short[line] > 0
            if qty > limit:
                return order
        while at < len(pick_lines) and pick_lines[at] < offsets[order + 1]:
            allocated += quantity[at]
            opens_shipment[at] = quantity[at] > 0 and stamps[pick_sources[at]] != order
            if opens_shipment[at]:
                stamps[pick_sources[at]] = order
                source_count += 1
            at += 1
        totals_qty[order] = qty
        totals_allocated[order] = allocated
        totals_sources[order] = source_count
        totals_short[order] = short_lines
    return -1


@jit
def use_of_sources(
    items: Items,
    managed: FlagArray,
    enabled: FlagArray,
    left: IntArray,
    start: IntArray,
    taken: IntArray,
) -> None:
    """Add up what each source could give of what it holds, and what it gave.

    Parameters
    ----------
    items
        The source items before the run.
    managed
        (num_skus,) flags; what others hold does not count.
    enabled
        (num_sources,) flags.
    left
        (num_items,) 1e-4 units after the run.
    start, taken
        Outputs, (num_sources,) 1e-4 units, zeros before.
    """
    offsets, sources, quantity = items.offsets, items.sources, items.quantity
    reserved, in_stock = items.reserved, items.in_stock
    for sku in range(len(managed)):
        if managed[sku]:
            for item in range(offsets[sku], offsets[sku + 1]):
                source = sources[item]
                if in_stock[item] and enabled[source]:
                    start[source] += max(quantity[item] - reserved[item], 0)
                    taken[source] += quantity[item] - left[item]
