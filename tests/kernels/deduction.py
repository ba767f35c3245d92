"""What deduction must do, in plain Python, and how both kernels are run beside it."""

import numpy as np
from hypothesis import strategies as st

from engine.kernels import packed
from engine.kernels.deduct import deduct_orders
from engine.kernels.packing import pack, unpack
from engine.places.distance import Points, great_circle_mm, points
from engine.types import (
    DISABLED,
    NOT_LINKED,
    Items,
    Lines,
    PackedItems,
    Picks,
    Places,
    Reason,
    Skus,
    frozen,
)
from tests.strategies import some_of, upto

UNTOUCHED = 77
GUARD = 5
QUANTITIES = [-30_000, -1, 0, 0, 1, 2, 3, 5, 10_000, 25_000, 10**12 - 1]
RESERVED = [0, 0, 0, 1, 2, 5, 10_000, 10**12 - 1]
MILLIMETRE = 360 / 40_030_173_592
POSITIONS = [
    *((0.0, 0.0), (0.0, MILLIMETRE), (0.0, 0.4 * MILLIMETRE), (0.0, -MILLIMETRE)),
    *((0.0, 180.0), (0.0, 180.0 - MILLIMETRE), (0.0, 180.0 - 3 * MILLIMETRE)),
    *((45.0, 0.0), (-45.0, 0.0), (0.0, 90.0), (90.0, 0.0), (3e-8, 2e-8), (np.nan, np.nan)),
]
WANTED = [0, 1, 2, 3, 4, 7, 10_000, 12_345, 10**12 - 1]


def exact_mm(places, destination, source):
    """Distance in mm, beyond all others where it is not known."""
    number = int(places.numbers[destination])
    key = number * len(places.sources) + source
    known = dict(zip(places.known_keys.tolist(), places.known_mm.tolist(), strict=True))
    if number >= 0 and key in known:
        return known[key]
    here, there = places.destinations[destination], places.sources[source]
    mm = int(great_circle_mm(Points(*here), Points(*there)))
    return mm if mm >= 0 else 10**18


def plain(ranks, places, skus, lines, by_distance, independent, include_zero, items):
    """What the kernel must do, from lists: picks, short, reason, quantity, in_stock."""
    left, in_stock = items.quantity.tolist(), items.in_stock.tolist()
    picks, short, reasons = [], [], []
    for order, ranking in enumerate(lines.ranking.tolist()):
        before, start = list(left), len(picks)
        for line in range(lines.offsets[order], lines.offsets[order + 1]):
            sku, need = int(lines.skus[line]), int(lines.quantity[line])
            held = range(*items.offsets[sku : sku + 2].tolist()) if sku >= 0 else ()
            rank = {item: int(ranks[ranking, items.sources[item]]) for item in held}
            reason = why_short(sku, rank, in_stock)
            turn = dict(rank)
            if by_distance:
                where = int(lines.destination[order])
                turn = {
                    item: (exact_mm(places, where, int(items.sources[item])), place)
                    for item, place in rank.items()
                }
            for item in sorted((i for i in held if rank[i] >= 0 and in_stock[i]), key=turn.get):
                available = given = left[item]
                if skus.managed[sku]:
                    available = max(available - int(items.reserved[item]), 0)
                    given = min(need, available)
                    left[item] -= given
                else:
                    given = need
                if given or include_zero:
                    picks.append((line, item, given, available))
                need -= given
            short.append(need)
            reasons.append(reason if need else Reason.NONE)
        if independent:
            left = before
        for line, item, given, _ in picks[start:]:
            sku = lines.skus[line]
            emptied = given and left[item] == 0 and skus.managed[sku] and not skus.backorders[sku]
            if emptied and not independent:
                in_stock[item] = 0
    return picks, short, reasons, left, in_stock


def why_short(sku, rank, in_stock):
    """The reason that a line would have if it were short."""
    linked = [item for item, place in rank.items() if place >= 0]
    if sku < 0:
        return Reason.UNKNOWN_SKU
    if any(in_stock[item] for item in linked):
        return Reason.INSUFFICIENT_QTY
    if linked:
        return Reason.OUT_OF_STOCK
    return Reason.DISABLED if DISABLED in rank.values() else Reason.NOT_ASSIGNED


@st.composite
def located(draw, count):
    """So many points, many of them equal or millimetres apart."""
    drawn = st.lists(st.sampled_from(POSITIONS), min_size=count, max_size=count)
    return frozen(np.column_stack(points(*np.array(draw(drawn)).T)))


@st.composite
def problems(draw):
    """Ranks, places, SKUs, lines and items as the engine lays them out: inputs read-only."""
    num_sources = draw(upto(draw(st.sampled_from([5, 5, 40])), 1))
    num_skus, num_rankings, num_destinations = (draw(upto(most, 1)) for most in (3, 3, 3))
    off = st.sampled_from([0, 0, 0, 0, NOT_LINKED, DISABLED])
    turns = [draw(st.permutations(range(num_sources))) for _ in range(num_rankings)]
    ranks = [[draw(off) or place for place in turn] for turn in turns]
    held = [sorted(draw(some_of(range(num_sources)))) for _ in range(num_skus)]
    sources = [source for own in held for source in own]
    lengths = [draw(st.sampled_from([0, 1, 2, 3])) for _ in range(draw(upto(5)))]
    num_lines, num_items = sum(lengths), len(sources)

    def column(values, count, dtype):
        drawn = st.lists(st.sampled_from(values), min_size=count, max_size=count)
        return np.array(draw(drawn), dtype)

    keys = draw(some_of(range(2 * num_sources), most=min(4, 2 * num_sources)))
    return (
        frozen(np.array(ranks, np.int32)),
        Places(
            draw(located(num_destinations)),
            draw(located(num_sources)),
            frozen(column([-1, -1, 0, 1], num_destinations, np.int32)),
            frozen(np.sort(np.array(keys, np.int64))),
            frozen(column([0, 1, 111, 20_015_086_796], len(keys), np.int64)),
        ),
        Skus(
            frozen(column([1, 1, 1, 0], num_skus, np.uint8)),
            frozen(column([0, 0, 1], num_skus, np.uint8)),
        ),
        Lines(
            frozen(np.cumsum([0, *lengths])),
            frozen(column(range(num_rankings), len(lengths), np.int32)),
            frozen(column(range(num_destinations), len(lengths), np.int32)),
            frozen(column([*range(num_skus), *range(num_skus), -1], num_lines, np.int32)),
            frozen(column(WANTED, num_lines, np.int64)),
        ),
        Items(
            frozen(np.cumsum([0, *map(len, held)])),
            frozen(np.array(sources, np.int32)),
            column(QUANTITIES, num_items, np.int64),
            frozen(column(RESERVED, num_items, np.int64)),
            column([1, 1, 1, 0], num_items, np.uint8),
        ),
    )


def capacity_of(lines, items, include_zero):
    """The bound that the caller uses: every item of every line's SKU, in each order.

    Without picks that give nothing, each ends a line or takes the last units of an item.
    """
    per_sku = np.append(np.diff(items.offsets), 0)
    total = np.append(0, np.cumsum(per_sku[lines.skus]))[lines.offsets]
    bounds = np.diff(total)
    if not include_zero:
        bounds = np.minimum(bounds, np.diff(lines.offsets) + len(items.sources))
    return int(bounds.sum())


def run(ranks, places, skus, lines, by_distance, independent, include_zero, items):
    """Run a kernel with guards around what it may write; return count, picks, items."""
    spent = items._replace(quantity=items.quantity.copy(), in_stock=items.in_stock.copy())

    def serve(heap, picks):
        modes = by_distance, independent, include_zero
        return deduct_orders(ranks, places, skus, lines, *modes, heap, spent, picks)

    return *guarded(serve, ranks, lines, include_zero, items), spent


def run_packed(ranks, places, skus, lines, by_distance, items):
    """The same with the packed kernel."""
    spans, values = np.empty(len(skus.managed), np.int64), np.empty(len(items.sources), np.int64)
    pack(read_only(items), skus, spans, values)

    def serve(heap, picks):
        held = PackedItems(frozen(spans), values)
        return packed.deduct_orders(ranks, places, lines, by_distance, heap, held, picks)

    found = guarded(serve, ranks, lines, False, items)
    spent = items._replace(
        quantity=np.empty_like(items.quantity), in_stock=np.empty_like(items.in_stock)
    )
    unpack(read_only(items), skus, values, spent.quantity, spent.in_stock)
    return *found, spent


def read_only(items):
    return Items(*map(frozen, items))


def guarded(serve, ranks, lines, include_zero, items):
    """Give a kernel room with guards around it; return count and picks."""
    capacity, num_lines = capacity_of(lines, items, include_zero) + GUARD, len(lines.skus)
    picks = Picks(
        *(np.full(capacity, UNTOUCHED, np.int64) for _ in range(4)),
        np.full(num_lines, UNTOUCHED, np.int64),
        np.full(num_lines, UNTOUCHED, np.uint8),
    )
    room = np.full(2 * ranks.shape[1] + GUARD, UNTOUCHED)
    count = serve(room[: 2 * ranks.shape[1]].reshape(2, -1), picks)
    assert (room[2 * ranks.shape[1] :] == UNTOUCHED).all()
    return count, picks


def told(count, picks, spent):
    """What a kernel wrote, as the definition tells it."""
    columns = (column[:count].tolist() for column in picks[:4])
    return (
        [*zip(*columns, strict=True)],
        picks.short.tolist(),
        picks.reason.tolist(),
        spent.quantity.tolist(),
        spent.in_stock.tolist(),
    )


NOWHERE = Places(
    frozen(np.full((1, 3), np.nan)),
    frozen(np.full((1, 3), np.nan)),
    frozen(np.array([-1], np.int32)),
    frozen(np.empty(0, np.int64)),
    frozen(np.empty(0, np.int64)),
)


def one_sku(quantity, wanted, *, managed=1, backorders=0, reserved=None, ranks=None, orders=None):
    """One SKU at so many sources; one order, or one line for each of ``orders``."""
    num = len(quantity)
    offsets = [0, len(wanted)] if orders is None else range(len(wanted) + 1)
    return (
        frozen(np.array([range(num) if ranks is None else ranks], np.int32)),
        NOWHERE._replace(sources=frozen(np.full((num, 3), np.nan))),
        Skus(frozen(np.array([managed], np.uint8)), frozen(np.array([backorders], np.uint8))),
        Lines(
            frozen(np.array(offsets, np.int64)),
            frozen(np.zeros(len(offsets) - 1, np.int32)),
            frozen(np.zeros(len(offsets) - 1, np.int32)),
            frozen(np.zeros(len(wanted), np.int32)),
            frozen(np.array(wanted, np.int64)),
        ),
        Items(
            frozen(np.array([0, num])),
            frozen(np.arange(num, dtype=np.int32)),
            np.array(quantity, np.int64),
            frozen(np.array(reserved or [0] * num, np.int64)),
            np.ones(num, np.uint8),
        ),
    )


def outcome(problem, independent=False, include_zero=False):
    *given, items = problem
    count, picks, spent = run(*given, False, independent, include_zero, items)
    if not independent and not include_zero:
        assert told(*run_packed(*given, False, items)) == told(count, picks, spent)
    columns = (column[:count].tolist() for column in picks[:4])
    return [*zip(*columns, strict=True)], picks, spent
