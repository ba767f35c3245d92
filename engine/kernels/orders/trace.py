"""Writing down what a line met at its turn; only orders that are explained ask for it."""

from engine.kernels.jit import int64, jit
from engine.kernels.orders.bundles import (
    GAVE,
    RANKED_LOWER,
    SLOT,
    SLOT_OF,
    Board,
    Rules,
    Stock,
    Terms,
    Trace,
    Work,
)
from engine.kernels.orders.candidates import ITEM, KEY
from engine.kernels.orders.eligible import available_to_line
from engine.kernels.orders.layout import KEYS
from engine.kernels.orders.why import why_not
from engine.types import IntArray, Picks


@jit
def write_trace(
    line: int,
    sku: int,
    order: int,
    which: int,
    first: int,
    begin_line: int,
    at: int,
    ranking: int,
    token: int,
    bar: int,
    chosen: int,
    is_full: bool,
    found: int,
    asked: int,
    rules: Rules,
    board: Board,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    work: Work,
    picks: Picks,
    trace: Trace,
) -> None:
    """Write what each item of a line's SKU had, what it was ranked by, and why it gave nothing.

    Parameters
    ----------
    begin_line, at
        The line's picks in this pass.
    found, asked
        Candidates of the line, and how many of them had their turn.
    """
    candidates, slots = work.candidates, work.slots
    num_keys = trace.keys.shape[2]
    for item in range(stock.items.offsets[sku], stock.items.offsets[sku + 1]):
        cell = trace.offsets[line] + item - stock.items.offsets[sku]
        source = stock.items.sources[item]
        has = stock.available[item]
        if stock.skus.managed[sku]:
            has = available_to_line(
                item, int64(source), int64(0), True, which, rules, stock, of_source
            )
        trace.has[which, cell] = max(has, 0)
        trace.is_ranked[which, cell] = 0
        trace.why[which, cell] = why_not(
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
        if chosen > 0 and of_source[source, SLOT_OF] == chosen:
            trace.is_ranked[which, cell] = 1
            for key in range(num_keys):
                trace.keys[which, cell, key] = slots[of_source[source, SLOT], KEYS + key]
    for row in range(found):
        cell = trace.offsets[line] + candidates[row, ITEM] - stock.items.offsets[sku]
        trace.is_ranked[which, cell] = 1
        for key in range(num_keys if chosen == 0 else 0):
            trace.keys[which, cell, key] = candidates[row, KEY + key]
        if row >= asked:
            trace.why[which, cell] = RANKED_LOWER
    for pick in range(begin_line, at):
        cell = trace.offsets[line] + picks.items[pick] - stock.items.offsets[sku]
        trace.has[which, cell] = picks.available[pick]
        trace.why[which, cell] = GAVE
