"""The sources that may serve a line: which they are, and how much of it each is to give."""

from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.bundles import (
    CHOSEN_BY,
    DRAWN_BY,
    PLACE,
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
        candidates[found, GIVES] = has
        if chosen > 0:  # ranked for the whole order, once
            candidates[found, KEY] = of_source[source, PLACE]
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
def bring_first(candidates: IntArray, start: int, found: int) -> None:
    """Bring the first of the candidates from ``start`` on to its place."""
    first, lowest = start, candidates[start, KEY]
    for other in range(start + 1, found):
        key = candidates[other, KEY]
        if key < lowest or (key == lowest and comes_before(candidates, KEY, other, first)):
            first, lowest = other, key
    if first != start:
        for column in range(candidates.shape[1]):
            candidates[start, column], candidates[first, column] = (
                candidates[first, column],
                candidates[start, column],
            )


@jit
def split_evenly(
    need: int,
    found: int,
    token: int,
    drawn: int,
    max_sources: int,
    keeps_all: bool,
    sources: IndexArray,
    of_source: IntArray,
    candidates: IntArray,
) -> int:
    """Give candidates their shares of a line, by what they have; return how many are left.

    Parameters
    ----------
    need
        What the line wants.
    found
        Candidates.
    token, drawn, max_sources
        The order, on how many sources it draws, and on how many it may, 0 for any number.
    keeps_all
        Leave those as well that share in the line and come to nothing, all in order.

    Notes
    -----
    The remainders go by the method of Hamilton: one unit each to the largest of them. Where one
    key tells the order, nothing is sorted but what gives something: a line takes a third of the
    time.
    """
    if keeps_all or max_sources > 0 or candidates.shape[1] > KEY + 1:
        for at in range(found):
            bring_first(candidates, at, found)
    in_units = need % QTY_SCALE == 0
    grain = QTY_SCALE if in_units else 1
    units, total = need // grain, int64(0)
    room = max_sources - drawn if max_sources > 0 else found
    for at in range(found):
        has = candidates[at, HAS]
        has = has // QTY_SCALE if in_units else has  # by a constant it is a multiplication
        if has > 0 and of_source[sources[candidates[at, ITEM]], DRAWN_BY] != token:
            room -= 1
            has = has if room >= 0 else -1
        candidates[at, REST] = has
        total += max(has, 0)
    if total <= units:
        return found
    left = units
    for at in range(found):
        has, share, rest = candidates[at, REST], int64(0), int64(0)
        if has < 0:
            candidates[at, GIVES] = -1
            candidates[at, REST] = 0
            continue
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
    kept, lowest = int64(0), int64(0 if keeps_all else 1)
    for at in range(found):
        if candidates[at, GIVES] >= lowest:
            for column in range(candidates.shape[1]):
                candidates[kept, column] = candidates[at, column]
            kept += 1
    return kept
