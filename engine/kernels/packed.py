"""The same deduction on items of one number each: sequential, without picks that give nothing.

`engine.kernels.packing` says how they are laid out. Two lines of
memory instead of six, asked for in advance: 1M lines of 1M SKUs take 41 ms, not 470 ms.
"""

import numpy as np

from engine.kernels.heap import drop_lowest, heapify
from engine.kernels.jit import inlined, int64, jit
from engine.kernels.packing import COUNT, IN_STOCK, MANAGED, SOURCE, STAYS, UNIT
from engine.kernels.prefetch import FAR, NEAR, prefetch
from engine.kernels.sphere import chord_squared, mm_between
from engine.types import (
    DISABLED,
    FloatArray,
    IndexArray,
    IntArray,
    Lines,
    PackedItems,
    Picks,
    Places,
    Reason,
)

_NOT_ASSIGNED = Reason.NOT_ASSIGNED
_DISABLED = Reason.DISABLED
_OUT_OF_STOCK = Reason.OUT_OF_STOCK
_INSUFFICIENT_QTY = Reason.INSUFFICIENT_QTY
_UNKNOWN_SKU = Reason.UNKNOWN_SKU

_FEW = 16
"""A line scans so many items again for each source that it needs; more are heaped up once."""

_LAST = np.iinfo(np.int64).max
_UNKNOWN_CHORD = 9.0
"""Stands for the squared chord of an unknown distance; no two places are more than 4 apart."""


@jit
def deduct_orders(
    ranks: IndexArray,
    places: Places,
    lines: Lines,
    by_distance: bool,
    heap: IntArray,
    items: PackedItems,
    picks: Picks,
) -> int:
    """Serve the orders of a block in sequence.

    Parameters
    ----------
    ranks, places, lines, by_distance, heap, picks
        As in `engine.kernels.deduct.deduct_orders`.
    items
        Output ``values``: what is left after the block.

    Returns
    -------
    How many picks were written.
    """
    # A member taken out of a tuple inside a loop is counted as a reference, atomically.
    spans, values, skus, wanted = items.spans, items.values, lines.skus, lines.quantity
    of_line, of_item, given, available = picks[:4]
    short, reason = picks.short, picks.reason
    offsets, rankings, destinations = lines.offsets, lines.ranking, lines.destination
    there, sources, numbers = places.destinations, places.sources, places.numbers
    at = int64(0)
    for order in range(len(rankings)):
        first = at
        emptied = False
        ranking = rankings[order]
        where = _located(destinations[order], there, numbers) if by_distance else int64(-1)
        for line in range(offsets[order], offsets[order + 1]):
            _look_ahead(line, skus, spans, values)
            sku = skus[line]
            need = wanted[line]
            span = spans[sku] if sku >= 0 else 0
            start = span >> 17
            stop = start + (span & COUNT)
            least = UNIT if span & MANAGED else -_LAST
            while need > 0:
                if where < 0:
                    item = _first_in_rank(start, stop, least, ranks, ranking, values)
                else:
                    item, limit = _nearest(
                        start, stop, least, ranks, ranking, where, there, sources, values
                    )
                    if numbers[where] >= 0:
                        limit = 2 * _UNKNOWN_CHORD
                    if limit > 0:
                        item = _nearest_exactly(
                            start, stop, least, ranks, ranking, where, limit, places, values
                        )
                if item < 0:
                    break
                value = values[item]
                quantity = need
                if span & MANAGED:
                    quantity = min(need, value >> 17)
                    values[item] = value - quantity * UNIT
                    emptied |= quantity == value >> 17 and not value & STAYS
                of_line[at] = line
                of_item[at] = item
                given[at] = quantity
                available[at] = value >> 17
                at += 1
                need -= quantity
                if need > 0 and stop - start > _FEW:
                    at, need = _serve_rest(
                        line,
                        need,
                        start,
                        stop,
                        ranks,
                        ranking,
                        where,
                        places,
                        heap,
                        items,
                        picks,
                        at,
                    )
                    emptied = True
                    break
            short[line] = need
            reason[line] = 0
            if need > 0:
                reason[line] = _why_short(sku, start, stop, ranks, ranking, values)
        if emptied:
            _close_order(first, at, of_item, values)
    return at


@inlined
def _located(destination: int, there: FloatArray, numbers: IndexArray) -> int:
    """Return the destination, or -1 if nothing is known of it: then ranks alone decide."""
    known = numbers[destination] >= 0 or not np.isnan(there[destination, 0])
    return int64(destination) if known else int64(-1)


@inlined
def _look_ahead(line: int, skus: IndexArray, spans: IntArray, values: IntArray) -> None:
    """Ask for what later lines will read; of one stall a line none is left."""
    if line + FAR < len(skus) and len(spans) > 0:
        prefetch(spans, max(skus[line + FAR], 0))
        span = spans[max(skus[line + NEAR], 0)]
        prefetch(values, span >> 17)
        prefetch(values, (span >> 17) + (span & COUNT) - 1)


@inlined
def _first_in_rank(
    start: int, stop: int, least: int, ranks: IndexArray, ranking: int, values: IntArray
) -> int:
    """Return the candidate of the lowest rank, -1 if there is none."""
    best = _LAST
    for item in range(start, stop):
        value = values[item]
        place = int(ranks[ranking, value & SOURCE])
        # No branch that cannot be foreseen.
        serves = (value >= least) & (value & IN_STOCK != 0) & (place >= 0)
        best = min(best, (place << 32 | item) if serves else _LAST)
    return best & 0xFFFFFFFF if best < _LAST else -1


@inlined
def _nearest(
    start: int,
    stop: int,
    least: int,
    ranks: IndexArray,
    ranking: int,
    where: int,
    there: FloatArray,
    sources: FloatArray,
    values: IntArray,
) -> tuple[int, float]:
    """Return the candidate at the least distance, -1 if there is none; and a limit, or 0.

    With q the squared chord, the distance is 2 R asin(sqrt(q) / 2), whose slope in q is at
    least R / (2 sqrt(q)) everywhere up to the antipodes. So a candidate whose q is more than
    1e-9 sqrt(q) + 1e-14 above the lowest is at least 3.1 mm farther and cannot tie in whole
    millimetres, nor win; the rounding of q, below 1e-14 q, does not reach that. Only the others
    are measured to the millimetre.
    """
    best, lowest, second = -1, 2 * _UNKNOWN_CHORD, 2 * _UNKNOWN_CHORD
    for item in range(start, stop):
        value = values[item]
        source = value & SOURCE
        if value >= least and value & IN_STOCK and ranks[ranking, source] >= 0:
            chord = _chord(where, source, there, sources)
            if chord < lowest:
                best, lowest, second = item, chord, lowest
            elif chord < second:
                second = chord
    limit = lowest + 1e-9 * np.sqrt(lowest) + 1e-14
    return best, (limit if best >= 0 and second <= limit else 0.0)


@inlined
def _chord(where: int, source: int, there: FloatArray, sources: FloatArray) -> float:
    chord = chord_squared(there, where, sources, source)
    return _UNKNOWN_CHORD if np.isnan(chord) else chord


@jit
def _nearest_exactly(
    start: int,
    stop: int,
    least: int,
    ranks: IndexArray,
    ranking: int,
    where: int,
    limit: float,
    places: Places,
    values: IntArray,
) -> int:
    """Do the same among candidates of a squared chord up to a limit, by whole millimetres."""
    best, lowest, lowest_place = -1, _LAST, _LAST
    for item in range(start, stop):
        value = values[item]
        source = value & SOURCE
        place = ranks[ranking, source]
        if value < least or not value & IN_STOCK or place < 0:
            continue
        if _chord(where, source, places.destinations, places.sources) > limit:
            continue
        mm = mm_between(where, source, places)
        if mm < 0:
            mm = _LAST
        if best < 0 or mm < lowest or (mm == lowest and place < lowest_place):
            best, lowest, lowest_place = item, mm, place
    return best


@jit
def _serve_rest(
    line: int,
    need: int,
    start: int,
    stop: int,
    ranks: IndexArray,
    ranking: int,
    where: int,
    places: Places,
    heap: IntArray,
    items: PackedItems,
    picks: Picks,
    at: int,
) -> tuple[int, int]:
    """Go on serving a line of a managed SKU of many items; return the next pick and the need."""
    found = int64(0)
    for item in range(start, stop):
        value = items.values[item]
        source = value & SOURCE
        place = ranks[ranking, source]
        if value >= UNIT and value & IN_STOCK and place >= 0:
            mm = mm_between(where, source, places) if where >= 0 else 0
            heap[0, found] = mm if mm >= 0 else _LAST
            heap[1, found] = (np.int64(place) << 32) | item
            found += 1
    heapify(heap, found)
    while found > 0 and need > 0:
        item = heap[1, 0] & 0xFFFFFFFF
        available = items.values[item] >> 17
        quantity = min(need, available)
        items.values[item] -= quantity * UNIT
        picks.lines[at] = line
        picks.items[at] = item
        picks.quantity[at] = quantity
        picks.available[at] = available
        at += 1
        need -= quantity
        drop_lowest(heap, found)
        found -= 1
    return at, need


@jit
def _why_short(
    sku: int, start: int, stop: int, ranks: IndexArray, ranking: int, values: IntArray
) -> int:
    """Return the reason of a short line, as `engine.kernels.deduct` finds it."""
    if sku < 0:
        return _UNKNOWN_SKU
    reason = _NOT_ASSIGNED
    for item in range(start, stop):
        place = ranks[ranking, values[item] & SOURCE]
        if place >= 0:
            reason = max(reason, _INSUFFICIENT_QTY if values[item] & IN_STOCK else _OUT_OF_STOCK)
        elif place == DISABLED:
            reason = max(reason, _DISABLED)
    return reason


@inlined
def _close_order(first: int, stop: int, of_item: IntArray, values: IntArray) -> None:
    """Put emptied items out of stock; they were not while the order lasted."""
    for pick in range(first, stop):
        item = of_item[pick]
        if values[item] < UNIT and not values[item] & STAYS:
            values[item] &= ~IN_STOCK
