"""The greedy deduction: each order in turn, each line in turn, best source first.

MSI: ``GetDefaultSortedSourcesResult``. `deduct_orders` walks the orders of a block,
`_gather` finds the candidates of a line.
`engine.kernels.packed` does the same faster where its limits allow.
"""

import numpy as np

from engine.kernels.heap import bring_next
from engine.kernels.jit import inlined, int64, jit
from engine.kernels.prefetch import FAR, NEAR, prefetch
from engine.kernels.sphere import mm_between
from engine.types import (
    DISABLED,
    FlagArray,
    IndexArray,
    IntArray,
    Items,
    Lines,
    Picks,
    Places,
    Reason,
    Skus,
)

_NOT_ASSIGNED = Reason.NOT_ASSIGNED
_DISABLED = Reason.DISABLED
_OUT_OF_STOCK = Reason.OUT_OF_STOCK
_INSUFFICIENT_QTY = Reason.INSUFFICIENT_QTY
_UNKNOWN_SKU = Reason.UNKNOWN_SKU
_FARTHEST = np.iinfo(np.int64).max
"""Stands for an unknown distance, which comes last."""


@jit
def deduct_orders(
    ranks: IndexArray,
    places: Places,
    skus: Skus,
    lines: Lines,
    by_distance: bool,
    independent: bool,
    include_zero: bool,
    heap: IntArray,
    items: Items,
    picks: Picks,
) -> int:
    """Serve the orders of a block in sequence.

    Parameters
    ----------
    ranks
        (num_rankings, num_sources) int32, place of each source among a ranking's candidates,
        0 first; -1 where the source has no link to the stock, -2 where it is disabled.
    places
        Where the orders go and the sources lie.
    skus
        (num_skus,) flags.
    lines
        The block's orders.
    by_distance
        Take the nearest source first, unknown distances last; ties by rank.
    independent
        Give every order the untouched snapshot instead of what the earlier ones left.
    include_zero
        Also write candidates that give nothing.
    heap
        (2, num_sources) work space.
    items
        Outputs ``quantity`` and ``in_stock``: what is left after the block.
    picks
        Outputs, all of them; large enough by the caller's count.

    Returns
    -------
    How many picks were written.
    """
    # A member taken out of a tuple inside a loop is counted as a reference, atomically.
    managed, backorders = skus
    line_offsets, rankings, destinations, line_skus, wanted = lines
    offsets, sources, quantity, reserved, in_stock = items
    of_line, of_item, given, available, short, reason = picks
    at = int64(0)
    for order in range(len(rankings)):
        first = at
        ranking = rankings[order]
        where = int64(destinations[order] if by_distance else -1)
        for line in range(line_offsets[order], line_offsets[order + 1]):
            # Fetching ahead makes it half as fast again.
            if line + FAR < len(line_skus):
                prefetch(offsets, max(line_skus[line + FAR], 0))
                start = offsets[max(line_skus[line + NEAR], 0)]
                prefetch(sources, start)
                prefetch(quantity, start)
                prefetch(reserved, start)
                prefetch(in_stock, start)
            sku = line_skus[line]
            need = wanted[line]
            reason[line] = _UNKNOWN_SKU
            found = int64(0)
            if sku >= 0:
                skip_empty = managed[sku] and not include_zero
                found, reason[line] = _gather(
                    offsets[sku],
                    offsets[sku + 1],
                    ranks,
                    ranking,
                    where,
                    places,
                    skip_empty,
                    sources,
                    quantity,
                    reserved,
                    in_stock,
                    heap,
                )
            for taken in range(found):
                if need == 0 and not include_zero:
                    break
                bring_next(heap, found, taken)
                item = heap[1, 0] & 0xFFFFFFFF
                held = quantity[item]
                amount = need
                if managed[sku]:
                    held = max(held - reserved[item], 0)
                    amount = min(need, held)
                    quantity[item] -= amount
                of_line[at] = line
                of_item[at] = item
                given[at] = amount
                available[at] = held
                at += 1
                need -= amount
            short[line] = need
            if need == 0:
                reason[line] = 0
        for pick in range(first, at):
            item = of_item[pick]
            sku = line_skus[of_line[pick]]
            if managed[sku] and independent:
                quantity[item] += given[pick]
            elif managed[sku] and given[pick] > 0 and quantity[item] == 0 and not backorders[sku]:
                in_stock[item] = 0
    return at


@inlined
def _gather(
    start: int,
    stop: int,
    ranks: IndexArray,
    ranking: int,
    where: int,
    places: Places,
    skip_empty: bool,
    sources: IndexArray,
    quantity: IntArray,
    reserved: IntArray,
    in_stock: FlagArray,
    heap: IntArray,
) -> tuple[int, int]:
    """List the SKU's in-stock items as distance, rank << 32 | item; say why there is none."""
    reason = _NOT_ASSIGNED
    found = int64(0)
    for item in range(start, stop):
        source = int64(sources[item])
        rank = int64(ranks[ranking, source])
        if rank >= 0:
            reason = max(reason, _OUT_OF_STOCK)
            if in_stock[item]:
                reason = _INSUFFICIENT_QTY
                if not skip_empty or quantity[item] > reserved[item]:
                    mm = mm_between(where, source, places) if where >= 0 else 0
                    heap[0, found] = mm if mm >= 0 else _FARTHEST
                    heap[1, found] = rank << 32 | item
                    found += 1
        elif rank == DISABLED:
            reason = max(reason, _DISABLED)
    return found, reason
