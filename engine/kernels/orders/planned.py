"""Orders served as a plan has it, in sequence, with the reasons for what the plan leaves short."""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.bundles import (
    BACKORDER,
    CHOSEN_BY,
    DRAWN,
    MARK,
    ORDER,
    WHOLE_ORDERS,
    Board,
    Rules,
    Stock,
    Terms,
    Trace,
    Work,
)
from engine.kernels.orders.eligible import available_to_line
from engine.kernels.orders.stock import take
from engine.kernels.orders.trace import write_trace
from engine.kernels.orders.why import why_short
from engine.types import IndexArray, IntArray, Lines, Picks, Reason

_ORDER_RULE = Reason.ORDER_RULE
_ORDER_NOT_WHOLE = Reason.ORDER_NOT_WHOLE
_BACKORDERED = Reason.BACKORDERED
_DISABLED = Reason.DISABLED


@jit
def serve_planned(
    offsets: IntArray,
    items: IntArray,
    given: IntArray,
    rules: Rules,
    board: Board,
    lines: Lines,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    work: Work,
    picks: Picks,
    trace: Trace,
) -> int:
    """Serve the orders of a block in sequence, each as planned.

    Parameters
    ----------
    offsets
        (num_lines + 1,): line ``l`` gets ``given[offsets[l]:offsets[l + 1]]``.
    items, given
        (num_entries,) source items, and 1e-4 units, which the plan says are there.
    rules, board, lines, terms
        As in `engine.kernels.orders.serve.serve_orders`; there is one pass.
    stock, of_source
        Outputs ``stock.available`` and ``of_source``: what is left after the block.
    work
        Its counts.
    picks
        Outputs, all of them.
    trace
        Output, if it has room; nothing is ranked.

    Returns
    -------
    How many picks were written.
    """
    board, lines, stock = borrowed(board), borrowed(lines), borrowed(stock)
    terms, work, picks = borrowed(terms), borrowed(work), borrowed(picks)
    of_source, trace = borrowed(of_source), borrowed(trace)
    counts, sources, skus = work.counts, stock.items.sources, lines.skus
    short, reason = picks.short, picks.reason
    at = int64(0)
    for order in range(len(lines.ranking)):
        start, stop = lines.offsets[order], lines.offsets[order + 1]
        counts[MARK] += 1
        counts[ORDER] = counts[MARK]
        counts[DRAWN] = 0
        token, first = counts[ORDER], at
        ranking = int64(lines.ranking[order])
        planned = _num_sources(
            offsets[start], offsets[stop], token, items, given, sources, of_source
        )
        is_full = 0 < rules.max_sources <= planned
        for line in range(start, stop):
            need, sku, begin_line = lines.quantity[line], int64(skus[line]), at
            reason[line] = 0
            for entry in range(offsets[line], offsets[line + 1]):
                if given[entry] == 0:
                    continue
                item = items[entry]
                source, managed = int64(sources[item]), stock.skus.managed[sku] != 0
                picks.lines[at] = line
                picks.items[at] = item
                picks.quantity[at] = given[entry]
                picks.available[at] = (
                    available_to_line(
                        item, source, need, managed, int64(0), rules, stock, of_source
                    )
                    if managed
                    else stock.available[item]
                )
                at += 1
                counts[DRAWN] += take(
                    item, source, given[entry], managed, token, stock.available, of_source
                )
                need -= given[entry]
            short[line] = need
            if len(trace.offsets) > 0 and sku >= 0 and lines.quantity[line] > 0:
                write_trace(
                    line,
                    sku,
                    order,
                    int64(0),
                    first,
                    begin_line,
                    at,
                    ranking,
                    token,
                    int64(-1),
                    int64(0),
                    is_full,
                    int64(0),
                    int64(0),
                    rules,
                    board,
                    stock,
                    terms,
                    of_source,
                    work,
                    picks,
                    trace,
                )
            if need == 0:
                continue
            why = why_short(
                sku,
                order,
                int64(0),
                first,
                at,
                ranking,
                token,
                int64(-1),
                is_full,
                rules,
                board,
                stock,
                terms,
                of_source,
                picks,
            )
            if why == _ORDER_RULE and terms.ship_policy[order] == WHOLE_ORDERS:
                why = _ORDER_NOT_WHOLE
            if (
                terms.ship_policy[order] == BACKORDER
                and sku >= 0
                and stock.skus.backorders[sku]
                and why > _DISABLED
            ):
                why = _BACKORDERED
            reason[line] = why
    return at


@inlined
def _num_sources(
    start: int,
    stop: int,
    token: int,
    items: IntArray,
    given: IntArray,
    sources: IndexArray,
    of_source: IntArray,
) -> int:
    """Return on how many sources an order draws by the plan."""
    count = int64(0)
    for entry in range(start, stop):
        source = sources[items[entry]]
        if given[entry] > 0 and of_source[source, CHOSEN_BY] != token:
            of_source[source, CHOSEN_BY] = token
            count += 1
    return count
