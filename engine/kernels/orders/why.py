"""Why a line is short: of its source items, the one that came closest to serving it."""

from engine.kernels.jit import int64, jit
from engine.kernels.orders.bundles import (
    BARRED_BY,
    CHOSEN_BY,
    DRAWN_BY,
    NO_STOCK,
    ORDERS_LEFT,
    UNITS_LEFT,
    Board,
    Rules,
    Stock,
    Terms,
)
from engine.kernels.orders.stock import is_excluded
from engine.types import IntArray, Picks, Reason

_UNKNOWN_SKU = Reason.UNKNOWN_SKU
_NOT_ASSIGNED = Reason.NOT_ASSIGNED
_DISABLED = Reason.DISABLED
_OUT_OF_STOCK = Reason.OUT_OF_STOCK
_INSUFFICIENT_QTY = Reason.INSUFFICIENT_QTY
_EXCLUDED = Reason.EXCLUDED
_SAFETY_STOCK = Reason.SAFETY_STOCK
_CAPACITY = Reason.CAPACITY
_MAX_SOURCES = Reason.MAX_SOURCES
_MIN_UNITS = Reason.MIN_UNITS
_ORDER_RULE = Reason.ORDER_RULE


@jit
def why_short(
    sku: int,
    order: int,
    which: int,
    first: int,
    at: int,
    ranking: int,
    token: int,
    bar: int,
    is_full: bool,
    rules: Rules,
    board: Board,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    picks: Picks,
) -> int:
    """Return the `Reason` of a line that has had its turn in the last pass.

    Parameters
    ----------
    first, at
        The order's picks so far.
    is_full
        The order may draw on no source on which it neither draws yet nor will by a plan.
    """
    if sku < 0:
        return _UNKNOWN_SKU
    reason = _NOT_ASSIGNED
    for item in range(stock.items.offsets[sku], stock.items.offsets[sku + 1]):
        why = why_not(
            item,
            sku,
            order,
            which,
            first,
            at,
            ranking,
            token,
            bar,
            is_full,
            rules,
            board,
            stock,
            terms,
            of_source,
            picks,
        )
        reason = max(reason, why)
    return reason


@jit
def why_not(
    item: int,
    sku: int,
    order: int,
    which: int,
    first: int,
    at: int,
    ranking: int,
    token: int,
    bar: int,
    is_full: bool,
    rules: Rules,
    board: Board,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    picks: Picks,
) -> int:
    """Return the first `Reason` that keeps an item from giving more to a line; see `why_short`."""
    source = int64(stock.items.sources[item])
    barred = board.bars[which, ranking, source]
    managed = stock.skus.managed[sku] != 0
    has = stock.available[item]
    by_item = len(stock.excluded) > 0 and stock.excluded[item] != 0
    if len(terms.offsets) > 0 and is_excluded(
        source, sku, order, terms.offsets, terms.sources, terms.skus
    ):
        by_item = True
    if 0 < barred <= _DISABLED:
        return int(barred)
    if not _was_in_stock(item, managed, first, at, sku, stock, picks):
        return _OUT_OF_STOCK
    if managed and has <= 0:
        return _INSUFFICIENT_QTY
    if by_item and rules.exclusion > which:
        return _EXCLUDED
    if barred:
        return int(barred)
    if managed and rules.safety_stock > which and has <= stock.held_back[item]:
        return _SAFETY_STOCK
    if rules.capacity > which and (
        of_source[source, UNITS_LEFT] <= 0
        or (of_source[source, DRAWN_BY] != token and of_source[source, ORDERS_LEFT] <= 0)
    ):
        return _CAPACITY
    if is_full and token not in (of_source[source, DRAWN_BY], of_source[source, CHOSEN_BY]):
        return _MAX_SOURCES
    if of_source[source, BARRED_BY] == bar:
        return _MIN_UNITS
    return _ORDER_RULE


@jit
def _was_in_stock(
    item: int, managed: bool, first: int, at: int, sku: int, stock: Stock, picks: Picks
) -> bool:
    """Tell whether an item was in stock when the order's turn came.

    An item that was emptied is out of stock, if its SKU takes no backorders: only after the
    order that emptied it.
    """
    if not managed:
        return stock.available[item] > NO_STOCK
    if not stock.items.in_stock[item]:
        return False
    if stock.skus.backorders[sku] or stock.items.reserved[item] > 0:
        return True
    if stock.items.quantity[item] <= 0 or stock.available[item] > 0:
        return True
    taken = False
    for pick in range(first, at):
        taken |= picks.items[pick] == item and picks.quantity[pick] > 0
    return taken
