"""The sources that may serve a line: which they are, and how much of it each is to give."""

from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.bundles import (
    CHOSEN_BY,
    DRAWN_BY,
    SLOT,
    Board,
    Rates,
    Rules,
    Stock,
    Terms,
)
from engine.kernels.orders.eligible import can_give, stock_level
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.ranking import comes_before, times_over, write_keys
from engine.kernels.orders.shipments import added_shipment
from engine.types import QTY_SCALE, IndexArray, IntArray

ITEM, HAS, GIVES, REST, KEY = range(5)
"""Columns of `Work.candidates`: item, what is available, what is to be given, the remainder of a
share; and from there the keys. Those of a chosen set have one, no two the same."""

_ROOM = 1 << 31
"""The product of two quantities below it fits."""


@inlined
def gather(
    sku: int,
    need: int,
    managed: bool,
    order: int,
    which: int,
    ranking: int,
    token: int,
    bar: int,
    chosen: int,
    by_cost: bool,
    kinds: IntArray,
    rules: Rules,
    board: Board,
    rates: Rates,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    candidates: IntArray,
) -> int:
    """Write the candidates of a line, those of the chosen set if there is one; return how many.

    ``by_cost`` tells that cost is one of the keys.
    """
    offsets, sources = stock.items.offsets, stock.items.sources
    found = int64(0)
    for item in range(offsets[sku], offsets[sku + 1]):
        source = int64(sources[item])
        if chosen > 0 and of_source[source, CHOSEN_BY] != chosen:
            continue
        has = can_give(
            item,
            source,
            sku,
            need,
            managed,
            order,
            which,
            ranking,
            token,
            bar,
            rules,
            board,
            stock,
            terms,
            of_source,
        )
        if has == 0:
            continue
        candidates[found, ITEM] = item
        candidates[found, HAS] = has
        if chosen > 0:  # ranked for the whole order, once
            candidates[found, KEY] = of_source[source, SLOT]
        else:
            cost = int64(0)
            if by_cost:
                cost = cost_of_units(board.unit_cost[ranking, source], need)
                cost += added_shipment(source, need, ranking, token, board, rates, of_source)
            level = stock_level(item, managed, which, rules, stock)
            write_keys(
                kinds, ranking, source, level, cost, board.places, of_source, candidates, KEY, found
            )
        found += 1
    return found


@inlined
def first_of(candidates: IntArray, start: int, found: int) -> int:
    """Return the first of the candidates from ``start`` on."""
    first = start
    lowest = candidates[start, KEY]
    for other in range(start + 1, found):
        key = candidates[other, KEY]
        if key < lowest or (key == lowest and comes_before(candidates, KEY, other, first)):
            first, lowest = other, key
    return first


@jit
def split_evenly(
    need: int,
    found: int,
    token: int,
    drawn: int,
    max_sources: int,
    sources: IndexArray,
    of_source: IntArray,
    candidates: IntArray,
) -> int:
    """Give candidates their shares of a line, by what they have; return how many give something.

    Parameters
    ----------
    need
        What the line wants.
    found
        Candidates; those that give something are left, in any order.
    token, drawn, max_sources
        The order, on how many sources it draws, and on how many it may, 0 for any number.

    Notes
    -----
    The remainders go by the method of Hamilton: one unit each to the largest of them.
    """
    if candidates.shape[1] > KEY + 1:
        _number(found, candidates)
    if max_sources > 0:
        found = _within(max_sources - drawn, found, token, sources, of_source, candidates)
    in_units = need % QTY_SCALE == 0
    grain = QTY_SCALE if in_units else 1
    units, total = need // grain, int64(0)
    for at in range(found):
        has = candidates[at, HAS]
        has = has // QTY_SCALE if in_units else has  # by a constant it is a multiplication
        candidates[at, GIVES] = candidates[at, HAS]
        candidates[at, REST] = has
        total += has
    if total <= units:
        return found
    left = units
    for at in range(found):
        has = candidates[at, REST]
        share, rest = int64(0), int64(0)
        if units < _ROOM and has < _ROOM:
            rest = units * has
            if rest >= total:  # mostly not, and dividing is most of the work
                share = rest // total
                rest -= share * total
        else:
            share = times_over(has, units, total)
            rest = units * has - share * total  # both wrap alike, and their difference fits
        candidates[at, GIVES] = share * grain
        candidates[at, REST] = rest
        left -= share
    while left > 0:
        most = 0
        for at in range(1, found):
            more = candidates[at, REST] - candidates[most, REST]
            if more > 0 or (more == 0 and candidates[at, KEY] < candidates[most, KEY]):
                most = at
        candidates[most, GIVES] += grain
        candidates[most, REST] = -1
        left -= 1
    kept = int64(0)
    for at in range(found):
        if candidates[at, GIVES] > 0:
            _copy(candidates, at, kept)
            kept += 1
    return kept


@inlined
def _number(found: int, candidates: IntArray) -> None:
    """Put candidates in order; then their first key alone tells it."""
    for at in range(found):
        first = first_of(candidates, at, found)
        for column in range(candidates.shape[1]):
            candidates[at, column], candidates[first, column] = (
                candidates[first, column],
                candidates[at, column],
            )
    for at in range(found):
        candidates[at, KEY] = at


@inlined
def _within(
    room: int,
    found: int,
    token: int,
    sources: IndexArray,
    of_source: IntArray,
    candidates: IntArray,
) -> int:
    """Keep the sources that the order draws on, and the first others that there is room for."""
    for at in range(found):
        is_new = of_source[sources[candidates[at, ITEM]], DRAWN_BY] != token
        candidates[at, GIVES] = 1 if is_new else 0
    for at in range(found):
        before = int64(0)
        for other in range(found):
            if candidates[other, KEY] < candidates[at, KEY]:
                before += candidates[other, GIVES]
        candidates[at, REST] = 1 if candidates[at, GIVES] == 0 or before < room else 0
    kept = int64(0)
    for at in range(found):
        if candidates[at, REST] > 0:
            _copy(candidates, at, kept)
            kept += 1
    return kept


@inlined
def _copy(candidates: IntArray, one: int, to: int) -> None:
    """Copy what is known of a candidate that has one key."""
    for column in range(KEY + 1):
        candidates[to, column] = candidates[one, column]
