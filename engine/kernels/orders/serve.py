"""Serving whole orders by a policy, one after the other; ``docs/policies.md`` has the rules."""

from engine.kernels.ask import ask
from engine.kernels.borrow import borrowed
from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.alone import best_alone
from engine.kernels.orders.best_set import best_set
from engine.kernels.orders.bundles import (
    BACKORDER,
    BALANCED_SPLIT,
    BARRED_BY,
    CHOSEN_BY,
    COMPLETE_FIRST,
    DRAWN,
    DRAWN_BY,
    FAILED,
    LINE,
    MARK,
    NO_SET,
    ORDER,
    PLUGIN,
    SHIPPED,
    SLOT,
    WHOLE_LINES,
    WHOLE_ORDERS,
    Board,
    Rates,
    Rules,
    Stock,
    Terms,
    Trace,
    Work,
)
from engine.kernels.orders.candidates import GIVES, HAS, ITEM, bring_first, gather, split_evenly
from engine.kernels.orders.layout import SLOT_SOURCE, SORTED
from engine.kernels.orders.ranking import has_cost
from engine.kernels.orders.sets import mark_set, write_problem, write_rows
from engine.kernels.orders.stock import give_back, look_ahead, take
from engine.kernels.orders.trace import write_trace
from engine.kernels.orders.why import why_short
from engine.types import FlagArray, IndexArray, IntArray, Lines, Picks, Reason

_ORDER_NOT_WHOLE = Reason.ORDER_NOT_WHOLE
_BACKORDERED = Reason.BACKORDERED
_DISABLED = Reason.DISABLED


@jit
def serve_orders(
    kinds: IntArray,
    rules: Rules,
    board: Board,
    rates: Rates,
    lines: Lines,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    work: Work,
    picks: Picks,
    trace: Trace,
) -> int:
    """Serve the orders of a block in sequence.

    Parameters
    ----------
    kinds
        (num_scores,) kinds of the scores in turn; the last one tells any two sources apart.
    rules, board, rates, lines, terms
        The policy, what it says of rankings and sources, and the block's orders.
    stock, of_source
        Outputs ``stock.available`` and ``of_source``: what is left after the block.
    work
        Space for one order.
    picks
        Outputs, all of them; large enough by the caller's count.
    trace
        Output, if it has room.

    Returns
    -------
    How many picks were written; `FAILED` if a plug-in did.
    """
    board, rates, lines = borrowed(board), borrowed(rates), borrowed(lines)
    stock, terms, work, picks = borrowed(stock), borrowed(terms), borrowed(work), borrowed(picks)
    kinds, of_source, trace = borrowed(kinds), borrowed(of_source), borrowed(trace)
    # One long function: each level of calls would be compiled once more with all below it, and a
    # call with all these bundles pushes 450 numbers. Written into it, what every order goes through
    # takes a third to a half of the time (line, complete_first).
    line_offsets, skus, wanted = lines.offsets, lines.skus, lines.quantity
    short, reason, backorders = picks.short, picks.reason, stock.skus.backorders
    sources, counts, rankings = stock.items.sources, work.counts, lines.ranking
    slots, members = work.slots, work.members
    at = int64(0)
    for order in range(len(rankings)):
        start, stop = line_offsets[order], line_offsets[order + 1]
        ship_policy = terms.ship_policy[order]
        counts[MARK] += 1
        counts[ORDER] = counts[MARK]
        counts[DRAWN] = 0
        qty, lacks = int64(0), 0
        for line in range(start, stop):
            look_ahead(line, skus, stock.items.offsets, sources, stock.available)
            short[line] = wanted[line]
            reason[line] = 0
            qty += wanted[line]
            lacks += wanted[line] > 0
        first, begin, which = at, at, int64(0)
        while lacks > 0 and which < rules.passes:
            is_last = which + 1 == rules.passes
            least = min(rules.min_units_last if is_last else rules.min_units_first, qty)
            counts[MARK] += 1
            bar = counts[MARK]
            begin = at
            barred = int64(0)
            while barred >= 0:
                rule, chosen = rules.order_rule, int64(0)
                while rule != LINE and rule != BALANCED_SPLIT:
                    counts[MARK] += 1
                    chosen = counts[MARK]
                    num_rows = write_rows(order, chosen, lines, short, work)
                    found = (
                        int64(-1)
                        if rule == PLUGIN
                        else best_alone(
                            rule,
                            num_rows,
                            order,
                            bar,
                            chosen,
                            which,
                            least,
                            kinds,
                            rules,
                            board,
                            rates,
                            lines,
                            stock,
                            terms,
                            of_source,
                            work,
                        )
                    )
                    searches = found < 0 and rule != COMPLETE_FIRST
                    if searches or len(trace.offsets) > 0:  # which shows how all were ranked
                        alone = slots[members[SORTED, 0], SLOT_SOURCE] if found > 0 else 0
                        counts[MARK] += 1
                        chosen = counts[MARK]
                        num_slots = write_problem(
                            rule,
                            num_rows,
                            order,
                            bar,
                            chosen,
                            which,
                            kinds,
                            rules,
                            board,
                            rates,
                            lines,
                            stock,
                            terms,
                            of_source,
                            work,
                        )
                        members[SORTED, 0] = of_source[alone, SLOT]
                    if searches and rule == PLUGIN:
                        found = int64(NO_SET)
                        if num_slots > 0:
                            found = ask(rules.plugin, int64(order), num_rows, num_slots)
                        if found == FAILED:
                            return int64(FAILED)
                    elif searches:
                        found = best_set(
                            rule,
                            num_rows,
                            num_slots,
                            int64(rankings[order]),
                            least,
                            rules,
                            board,
                            rates,
                            of_source,
                            work,
                        )
                    if found >= 0:
                        mark_set(rule, found, chosen, of_source, work)
                        break
                    rule, chosen = rules.fallback, int64(0)
                at = _serve_lines(
                    order,
                    which,
                    rule,
                    first,
                    begin,
                    bar,
                    chosen,
                    ship_policy == WHOLE_LINES and is_last,
                    is_last,
                    kinds,
                    rules,
                    board,
                    rates,
                    lines,
                    stock,
                    terms,
                    of_source,
                    work,
                    picks,
                    trace,
                )
                barred = int64(-1)
                if least > 0:
                    barred = _ships_too_little(first, at, least, sources, picks, of_source)
                if barred >= 0:
                    _start_anew(
                        order, first, begin, at, barred, lines, stock, of_source, counts, picks
                    )
                    of_source[barred, BARRED_BY] = bar
            lacks = 0
            for line in range(start, stop):
                lacks += short[line] > 0
            which += 1
        if which > 1:
            at = _merge(first, begin, at, skus, stock.skus.managed, work.merged, picks)
        if ship_policy == BACKORDER and lacks > 0:
            for line in range(start, stop):
                sku = skus[line]
                if short[line] > 0 and sku >= 0 and backorders[sku] and reason[line] > _DISABLED:
                    reason[line] = _BACKORDERED
        is_returned = ship_policy == WHOLE_ORDERS and lacks > 0
        if is_returned or rules.independent:
            _undo(first, at, skus, stock, of_source, counts, picks)
        if is_returned:
            at = first
            for line in range(start, stop):
                if short[line] == 0 and wanted[line] > 0:
                    reason[line] = _ORDER_NOT_WHOLE
                short[line] = wanted[line]
    return at


@inlined
def _serve_lines(
    order: int,
    which: int,
    rule: int,
    first: int,
    begin: int,
    bar: int,
    chosen: int,
    whole_lines: bool,
    is_last: bool,
    kinds: IntArray,
    rules: Rules,
    board: Board,
    rates: Rates,
    lines: Lines,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    work: Work,
    picks: Picks,
    trace: Trace,
) -> int:
    """Serve the lines in turn, from the chosen set if there is one; return where the picks end."""
    board, rates, lines = borrowed(board), borrowed(rates), borrowed(lines)
    stock, terms, work, picks = borrowed(stock), borrowed(terms), borrowed(work), borrowed(picks)
    kinds, of_source, trace = borrowed(kinds), borrowed(of_source), borrowed(trace)
    skus, short, reason, counts = lines.skus, picks.short, picks.reason, work.counts
    of_line, of_item, given, shown = picks.lines, picks.items, picks.quantity, picks.available
    sources, available = stock.items.sources, stock.available
    is_managed, candidates, by_cost = stock.skus.managed, work.candidates, has_cost(kinds)
    ranking, token, is_traced = int64(lines.ranking[order]), counts[ORDER], len(trace.offsets) > 0
    at = begin
    for line in range(lines.offsets[order], lines.offsets[order + 1]):
        need, sku = short[line], int64(skus[line])
        if need == 0:
            continue
        begin_line, found, asked = at, int64(0), int64(0)
        if sku >= 0:
            managed = is_managed[sku] != 0
            found = gather(
                sku,
                need,
                managed,
                order,
                which,
                ranking,
                token,
                bar,
                chosen,
                by_cost,
                kinds,
                rules,
                board,
                rates,
                stock,
                terms,
                of_source,
                candidates,
            )
            if rule == BALANCED_SPLIT and managed and found > 1:
                found = split_evenly(
                    need,
                    found,
                    token,
                    counts[DRAWN],
                    rules.max_sources,
                    is_traced,
                    sources,
                    of_source,
                    candidates,
                )
            for taken in range(found):
                if need == 0:
                    break
                bring_first(candidates, taken, found)
                asked += 1
                item, amount = candidates[taken, ITEM], min(need, candidates[taken, GIVES])
                source = int64(sources[item])
                is_new = of_source[source, DRAWN_BY] != token
                if amount == 0 or (is_new and 0 < rules.max_sources <= counts[DRAWN]):
                    continue
                of_line[at] = line
                of_item[at] = item
                given[at] = amount
                shown[at] = candidates[taken, HAS] if managed else available[item]
                at += 1
                counts[DRAWN] += take(item, source, amount, managed, token, available, of_source)
                need -= amount
        short[line] = need
        if is_traced and sku >= 0:
            write_trace(
                line,
                sku,
                order,
                which,
                first,
                begin_line,
                at,
                ranking,
                token,
                bar,
                chosen,
                _is_full(rules.max_sources, chosen, token, counts, of_source),
                found,
                asked,
                rules,
                board,
                stock,
                terms,
                of_source,
                work,
                picks,
                trace,
            )
        if need > 0 and is_last:
            reason[line] = why_short(
                sku,
                order,
                which,
                first,
                at,
                ranking,
                token,
                bar,
                _is_full(rules.max_sources, chosen, token, counts, of_source),
                rules,
                board,
                stock,
                terms,
                of_source,
                picks,
            )
        if need > 0 and whole_lines:
            short[line] = lines.quantity[line]
            managed = sku >= 0 and is_managed[sku] != 0
            at = _return_line(
                line, first, begin, begin_line, at, managed, stock, of_source, counts, picks
            )
    return at


@inlined
def _is_full(
    max_sources: int, chosen: int, token: int, counts: IntArray, of_source: IntArray
) -> bool:
    """Tell whether an order may draw on no more sources, those of a chosen set counted."""
    if max_sources == 0:
        return False
    planned = counts[DRAWN]
    if chosen > 0:
        for source in range(len(of_source)):
            is_chosen = of_source[source, CHOSEN_BY] == chosen
            planned += is_chosen and of_source[source, DRAWN_BY] != token
    return planned >= max_sources


@inlined
def _return_line(
    line: int,
    first: int,
    begin: int,
    begin_line: int,
    at: int,
    managed: bool,
    stock: Stock,
    of_source: IntArray,
    counts: IntArray,
    picks: Picks,
) -> int:
    """Give back what a line took in this pass and before; return where the picks end."""
    of_line, of_item, given = picks.lines, picks.items, picks.quantity
    sources, available = stock.items.sources, stock.available
    for pick in range(begin_line, at):
        item = of_item[pick]
        counts[DRAWN] -= give_back(item, sources[item], given[pick], managed, available, of_source)
    for pick in range(first, begin):
        if of_line[pick] == line and given[pick] > 0:
            item = of_item[pick]
            counts[DRAWN] -= give_back(
                item, sources[item], given[pick], managed, available, of_source
            )
            given[pick] = -given[pick]
    return begin_line


@inlined
def _ships_too_little(
    first: int, at: int, least: int, sources: IndexArray, picks: Picks, of_source: IntArray
) -> int:
    """Return the source that ships least of those that ship too little, -1 if there is none."""
    of_item, given = picks.items, picks.quantity
    worst = int64(-1)
    for pick in range(first, at):
        source = int64(sources[of_item[pick]])
        if given[pick] <= 0 or of_source[source, SHIPPED] >= least or source == worst:
            continue
        if worst >= 0 and of_source[source, SHIPPED] > of_source[worst, SHIPPED]:
            continue
        is_equal = worst >= 0 and of_source[source, SHIPPED] == of_source[worst, SHIPPED]
        worst = max(worst, source) if is_equal else source
    return worst


@jit
def _start_anew(
    order: int,
    first: int,
    begin: int,
    at: int,
    barred: int,
    lines: Lines,
    stock: Stock,
    of_source: IntArray,
    counts: IntArray,
    picks: Picks,
) -> None:
    """Undo a pass, and give back what the pass before took from the source that is barred."""
    of_line, of_item, given, short = picks.lines, picks.items, picks.quantity, picks.short
    skus, sources, managed = lines.skus, stock.items.sources, stock.skus.managed
    available = stock.available
    for pick in range(begin, at):
        item = of_item[pick]
        counts[DRAWN] -= give_back(
            item,
            sources[item],
            given[pick],
            managed[skus[of_line[pick]]] != 0,
            available,
            of_source,
        )
    for line in range(lines.offsets[order], lines.offsets[order + 1]):
        short[line] = lines.quantity[line]
    for pick in range(first, begin):
        item, is_managed = of_item[pick], managed[skus[of_line[pick]]] != 0
        source = sources[item]
        if given[pick] < 0:
            given[pick] = -given[pick]
            counts[DRAWN] += take(
                item, source, given[pick], is_managed, counts[ORDER], available, of_source
            )
        if source == barred and given[pick] > 0:
            counts[DRAWN] -= give_back(item, source, given[pick], is_managed, available, of_source)
            given[pick] = 0
        short[of_line[pick]] -= given[pick]


@jit
def _undo(
    first: int,
    at: int,
    skus: IndexArray,
    stock: Stock,
    of_source: IntArray,
    counts: IntArray,
    picks: Picks,
) -> None:
    """Give back what the order took; the picks stay as they are."""
    of_line, of_item, given = picks.lines, picks.items, picks.quantity
    sources, managed, available = stock.items.sources, stock.skus.managed, stock.available
    for pick in range(first, at):
        if given[pick] > 0:
            item = of_item[pick]
            counts[DRAWN] -= give_back(
                item,
                sources[item],
                given[pick],
                managed[skus[of_line[pick]]] != 0,
                available,
                of_source,
            )


@jit
def _merge(
    first: int,
    begin: int,
    at: int,
    skus: IndexArray,
    managed: FlagArray,
    merged: IntArray,
    picks: Picks,
) -> int:
    """Put the picks of two passes together by line, those of an item as one; drop empty ones.

    The second pass begins at ``begin``. Returns where the picks end.
    """
    of_line, of_item, given, shown = picks.lines, picks.items, picks.quantity, picks.available
    for pick in range(first, at):
        merged[0, pick - first] = of_line[pick]
        merged[1, pick - first] = of_item[pick]
        merged[2, pick - first] = given[pick]
        merged[3, pick - first] = shown[pick]
    to, one, two = first, 0, begin - first
    while one < begin - first or two < at - first:
        line = merged[0, one] if one < begin - first else merged[0, two]
        if two < at - first:
            line = min(line, merged[0, two])
        start = to
        while one < begin - first and merged[0, one] == line:
            if merged[2, one] > 0:
                of_line[to], of_item[to] = line, merged[1, one]
                given[to], shown[to] = merged[2, one], merged[3, one]
                to += 1
            one += 1
        middle = to
        while two < at - first and merged[0, two] == line:
            same = start
            while same < middle and of_item[same] != merged[1, two]:
                same += 1
            if same < middle:
                before = given[same]
                given[same] += merged[2, two]
                if given[same] > shown[same] and managed[skus[line]]:  # held back in pass one
                    shown[same] = before + merged[3, two]
            else:
                of_line[to], of_item[to] = line, merged[1, two]
                given[to], shown[to] = merged[2, two], merged[3, two]
                to += 1
            two += 1
    return to
