"""The greedy deduction: each order in turn, each line in turn, best-ranked source first.

MSI: ``GetDefaultSortedSourcesResult``. `deduct_orders` walks the orders of a block;
`_serve_line` serves one line, `_close_order` settles what an order leaves behind.
"""

import numpy as np

from engine.kernels.jit import jit
from engine.types import DISABLED, IndexArray, IntArray, Items, Lines, Picks, Reason, Skus

_NOT_ASSIGNED = Reason.NOT_ASSIGNED
_DISABLED = Reason.DISABLED
_OUT_OF_STOCK = Reason.OUT_OF_STOCK
_INSUFFICIENT_QTY = Reason.INSUFFICIENT_QTY
_UNKNOWN_SKU = Reason.UNKNOWN_SKU
_PICKED_OUT = 4


@jit
def deduct_orders(
    ranks: IndexArray,
    skus: Skus,
    lines: Lines,
    independent: bool,
    include_zero: bool,
    scratch: IntArray,
    items: Items,
    picks: Picks,
) -> int:
    """Serve the orders of a block in sequence.

    Parameters
    ----------
    ranks
        (num_rankings, num_sources) int32, place of each source among a ranking's candidates,
        0 first; -1 where the source has no link to the stock, -2 where it is disabled.
    skus
        (num_skus,) flags.
    lines
        The block's orders.
    independent
        Give every order the untouched snapshot instead of what the earlier ones left.
    include_zero
        Also write candidates that give nothing.
    scratch
        (num_sources,) work space.
    items
        Outputs ``quantity`` and ``in_stock``: what is left after the block.
    picks
        Outputs, all of them; large enough by the caller's count.

    Returns
    -------
    How many picks were written.
    """
    at = 0
    for order in range(len(lines.ranking)):
        first = at
        rank = ranks[lines.ranking[order]]
        for line in range(lines.offsets[order], lines.offsets[order + 1]):
            at = _serve_line(line, rank, skus, lines, include_zero, scratch, items, picks, at)
        _close_order(first, at, skus, lines, independent, items, picks)
    return at


@jit
def _serve_line(
    line: int,
    rank: IndexArray,
    skus: Skus,
    lines: Lines,
    include_zero: bool,
    scratch: IntArray,
    items: Items,
    picks: Picks,
    at: int,
) -> int:
    """Serve one line from the candidates in their order; return the next free pick."""
    sku = lines.skus[line]
    need = lines.quantity[line]
    picks.reason[line] = _UNKNOWN_SKU
    found = 0
    if sku >= 0:
        found = _gather(
            line, sku, rank, skus.managed[sku] and not include_zero, scratch, items, picks
        )
    for k in range(found):
        if need == 0 and not include_zero:
            break
        _bring_next(scratch, k, found)
        item = scratch[k] & 0xFFFFFFFF
        available = items.quantity[item]
        quantity = need
        if skus.managed[sku]:
            available = max(available - items.reserved[item], 0)
            quantity = min(need, available)
            items.quantity[item] -= quantity
        picks.lines[at] = line
        picks.items[at] = item
        picks.quantity[at] = quantity
        picks.available[at] = available
        at += 1
        need -= quantity
    picks.short[line] = need
    if need == 0:
        picks.reason[line] = 0
    return at


@jit
def _gather(
    line: int,
    sku: int,
    rank: IndexArray,
    skip_empty: bool,
    scratch: IntArray,
    items: Items,
    picks: Picks,
) -> int:
    """List the SKU's in-stock items as rank << 32 | item; say why if there is none."""
    reason = _NOT_ASSIGNED
    found = 0
    for item in range(items.offsets[sku], items.offsets[sku + 1]):
        place = rank[items.sources[item]]
        if place >= 0:
            reason = max(reason, _OUT_OF_STOCK)
            if items.in_stock[item]:
                reason = _INSUFFICIENT_QTY
                if not skip_empty or items.quantity[item] > items.reserved[item]:
                    scratch[found] = (np.int64(place) << 32) | item
                    found += 1
        elif place == DISABLED:
            reason = max(reason, _DISABLED)
    picks.reason[line] = reason
    return found


@jit
def _bring_next(scratch: IntArray, k: int, found: int) -> None:
    """Put the candidate with the k-th lowest rank in place k; those before it stand already.

    Most lines end at their first source, so the first few are picked out one by one, and only
    a line that needs more sorts the rest. With 2,992 items of each SKU, 60,000 lines take 1.7 s
    instead of 20.7 s.
    """
    if k == _PICKED_OUT:
        scratch[k:found].sort()
    if k >= _PICKED_OUT:
        return
    lowest = k
    for other in range(k + 1, found):
        if scratch[other] < scratch[lowest]:
            lowest = other
    scratch[k], scratch[lowest] = scratch[lowest], scratch[k]


@jit
def _close_order(
    first: int, stop: int, skus: Skus, lines: Lines, independent: bool, items: Items, picks: Picks
) -> None:
    """Give back what an independent order took; else put emptied items out of stock."""
    for pick in range(first, stop):
        item = picks.items[pick]
        sku = lines.skus[picks.lines[pick]]
        if not skus.managed[sku]:
            continue
        if independent:
            items.quantity[item] += picks.quantity[pick]
        elif picks.quantity[pick] > 0 and items.quantity[item] == 0 and not skus.backorders[sku]:
            items.in_stock[item] = 0
