"""What a source may give of an item to an order: the one place that decides it."""

from engine.kernels.jit import inlined
from engine.kernels.orders.bundles import (
    BARRED_BY,
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
from engine.types import IntArray


@inlined
def can_give(
    item: int,
    source: int,
    sku: int,
    need: int,
    managed: bool,
    order: int,
    which: int,
    ranking: int,
    token: int,
    bar: int,
    rules: Rules,
    board: Board,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
) -> int:
    """Return how much of what is wanted a source may give of its item; 0 for nothing."""
    if board.bars[which, ranking, source] or of_source[source, BARRED_BY] == bar:
        return 0
    if rules.capacity > which and (
        of_source[source, DRAWN_BY] != token and of_source[source, ORDERS_LEFT] <= 0
    ):
        return 0
    if rules.exclusion > which:
        if len(stock.excluded) > 0 and stock.excluded[item]:
            return 0
        if len(terms.offsets) > 0 and is_excluded(
            source, sku, order, terms.offsets, terms.sources, terms.skus
        ):
            return 0
    return available_to_line(item, source, need, managed, which, rules, stock, of_source)


@inlined
def available_to_line(
    item: int,
    source: int,
    need: int,
    managed: bool,
    which: int,
    rules: Rules,
    stock: Stock,
    of_source: IntArray,
) -> int:
    """Return how much of what is wanted there is of an item, whoever wants it; 0 for nothing."""
    amount = stock.available[item]
    if not managed:
        amount = need if amount > NO_STOCK else 0
    elif rules.safety_stock > which:
        amount -= stock.held_back[item]
    if rules.capacity > which:
        amount = min(amount, of_source[source, UNITS_LEFT])
    return max(amount, 0)


@inlined
def stock_level(item: int, managed: bool, which: int, rules: Rules, stock: Stock) -> int:
    """Return the units of an item that the score ``stock_level`` counts."""
    level = stock.available[item]
    if managed and rules.safety_stock > which:
        level -= stock.held_back[item]
    return max(level, 0)
