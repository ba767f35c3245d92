"""The sources that may serve a line, in order, and how much of it each is to give."""

from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.bundles import (
    BARRED_BY,
    CHOSEN_BY,
    DRAWN_BY,
    SLOT,
    Board,
    Rates,
    Rules,
    Stock,
    Terms,
)
from engine.kernels.orders.layout import KEYS
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.ranking import comes_before, times_over, write_keys
from engine.kernels.orders.shipments import added_shipment
from engine.kernels.orders.stock import available_to_line, may_draw
from engine.types import QTY_SCALE, IndexArray, IntArray

ITEM, HAS, GIVES, REST, UNIT_COST = range(5)
"""Columns of `Work.candidates`: item, what is available, what is to be given, the remainder of a
share, unit cost; the keys come after. Without a set by cost, the unit cost is 0."""

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
    slots: IntArray,
    candidates: IntArray,
) -> int:
    """Write the candidates of a line, those of the chosen set if there is one; return how many."""
    offsets, sources, available = stock.items.offsets, stock.items.sources, stock.available
    held_back, excluded, bars = stock.held_back, stock.excluded, board.bars
    exclusions, excluded_sources, excluded_skus = terms.offsets, terms.sources, terms.skus
    places, unit_cost = board.places, board.unit_cost
    capacity, safety_stock = rules.capacity > which, rules.safety_stock > which
    by_item = rules.exclusion > which and len(excluded) > 0
    if rules.exclusion <= which:
        exclusions = exclusions[:0]
    found = int64(0)
    for item in range(offsets[sku], offsets[sku + 1]):
        source = int64(sources[item])
        if chosen > 0 and of_source[source, CHOSEN_BY] != chosen:
            continue
        if bars[which, ranking, source] or of_source[source, BARRED_BY] == bar:
            continue
        has = available_to_line(
            item, source, need, managed, capacity, safety_stock, available, held_back, of_source
        )
        if has <= 0 or (by_item and excluded[item]):
            continue
        if not may_draw(
            source,
            sku,
            order,
            token,
            capacity,
            of_source,
            exclusions,
            excluded_sources,
            excluded_skus,
        ):
            continue
        cost, candidates[found, UNIT_COST] = int64(0), 0
        if len(unit_cost) > 0:
            cost = cost_of_units(unit_cost[ranking, source], need)
            cost += added_shipment(source, need, ranking, token, board, rates, of_source)
            if by_cost:
                candidates[found, UNIT_COST] = unit_cost[ranking, source]
        candidates[found, ITEM] = item
        candidates[found, HAS] = has
        candidates[found, GIVES] = has
        if chosen > 0:  # ranked for the whole order, once
            candidates[found, UNIT_COST + 1 :] = slots[of_source[source, SLOT], KEYS:]
        else:
            level = available[item] - (held_back[item] if safety_stock and managed else 0)
            write_keys(
                kinds,
                ranking,
                source,
                max(level, 0),
                cost,
                places,
                of_source,
                candidates,
                UNIT_COST + 1,
                found,
            )
        found += 1
    return found


@inlined
def bring_first(candidates: IntArray, start: int, found: int) -> None:
    """Bring the first of the candidates from ``start`` on to its place."""
    first = start
    for other in range(start + 1, found):
        if comes_before(candidates, UNIT_COST, other, first):
            first = other
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
    sources: IndexArray,
    of_source: IntArray,
    candidates: IntArray,
) -> int:
    """Give each candidate its share of a line, by what it has; return how many there are.

    Parameters
    ----------
    need
        What the line wants.
    found
        Candidates; they are put in order.
    token, drawn, max_sources
        The order, on how many sources it draws, and on how many it may, 0 for any number.

    Notes
    -----
    The remainders go by the method of Hamilton: one unit each to the largest of them.
    """
    room = max_sources - drawn if max_sources > 0 else found
    kept = 0
    for at in range(found):
        bring_first(candidates, at, found)
        source = sources[candidates[at, ITEM]]
        if of_source[source, DRAWN_BY] != token:
            room -= 1
            if room < 0:
                continue
        candidates[kept] = candidates[at]
        kept += 1
    grain = QTY_SCALE if need % QTY_SCALE == 0 else 1
    units, total = need // grain, 0
    for at in range(kept):
        total += candidates[at, HAS] // grain
    if total <= units:
        return kept
    left = units
    for at in range(kept):
        has = candidates[at, HAS] // grain
        if units < _ROOM and has < _ROOM:
            share = units * has // total
            rest = units * has - share * total
        else:
            share = times_over(has, units, total)
            rest = units * has - share * total  # both wrap alike, and their difference fits
        candidates[at, GIVES] = share
        candidates[at, REST] = rest
        left -= share
    while left > 0:
        most = 0
        for at in range(1, kept):
            if candidates[at, REST] > candidates[most, REST]:
                most = at
        candidates[most, GIVES] += 1
        candidates[most, REST] = -1
        left -= 1
    for at in range(kept):
        candidates[at, GIVES] *= grain
    return kept
