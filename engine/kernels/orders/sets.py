"""Sets of sources for a whole order: which of them serves it best.

What the order wants stands in rows, one for each distinct SKU; the sources that have something
of it in slots. `engine.kernels.orders.serve` turns the chosen set into picks.
"""

from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.bundles import (
    BARRED_BY,
    CHEAPEST,
    CHOSEN_BY,
    DRAWN,
    DRAWN_BY,
    ENDLESS,
    ORDER,
    SHIPPED,
    SLOT,
    SLOT_OF,
    UNITS_LEFT,
    Board,
    Rates,
    Rules,
    Stock,
    Terms,
    Work,
)
from engine.kernels.orders.layout import (
    BEST,
    ENTRY_HAVE,
    ENTRY_SLOT,
    KEYS,
    ROW_HAVE,
    ROW_NEED,
    ROW_SKU,
    ROW_START,
    SLOT_CAPACITY,
    SLOT_COST,
    SLOT_FULL,
    SLOT_LEVEL,
    SLOT_SHIPMENT,
    SLOT_SOURCE,
    SLOT_UNIT_COST,
    SLOT_UNITS,
    SORTED,
)
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.ranking import comes_before, write_keys
from engine.kernels.orders.shipments import added_shipment, holds_enough
from engine.kernels.orders.stock import available_to_line, may_draw
from engine.types import IntArray, Lines

_FEW = 16
"""Lines of an order that are compared with each other; more go by a table of all SKUs."""

_ROW = 0xFFFFFFFF


@jit
def write_problem(
    rule: int,
    order: int,
    bar: int,
    chosen: int,
    which: int,
    kinds: IntArray,
    rules: Rules,
    board: Board,
    rates: Rates,
    lines: Lines,
    stock: Stock,
    terms: Terms,
    short: IntArray,
    of_source: IntArray,
    work: Work,
) -> tuple[int, int]:
    """Write what an order still wants, and which sources could give how much of it.

    Parameters
    ----------
    rule
        ``complete_first``, ``fewest_sources`` or ``cheapest``.
    order, bar, chosen, which
        The order, the mark of barred sources, a mark that nothing has yet, and the pass.
    short
        (num_lines,) what each line still wants.

    Returns
    -------
    How many rows and slots were written.
    """
    num_rows = _write_rows(order, chosen, lines, short, work)
    num_slots = _write_entries(
        rule,
        num_rows,
        order,
        bar,
        chosen,
        which,
        rules,
        board,
        lines,
        stock,
        terms,
        of_source,
        work,
    )
    ranking = int64(lines.ranking[order])
    _write_slot_keys(num_rows, num_slots, ranking, kinds, board, rates, of_source, work)
    return num_rows, num_slots


@jit
def mark_set(size: int, mark: int, of_source: IntArray, work: Work) -> None:
    """Mark the sources of the best set."""
    slots, members = work.slots, work.members
    for at in range(size):
        slot = members[SORTED, members[BEST, at]]
        of_source[slots[slot, SLOT_SOURCE], CHOSEN_BY] = mark


@inlined
def _write_rows(order: int, mark: int, lines: Lines, short: IntArray, work: Work) -> int:
    """Write what is wanted of each distinct SKU, by first line; return how many there are."""
    rows, row_of_sku, skus = work.rows, work.row_of_sku, lines.skus
    start, stop = lines.offsets[order], lines.offsets[order + 1]
    num_rows = 0
    for line in range(start, stop):
        if short[line] == 0:
            continue
        sku, row = skus[line], num_rows
        if stop - start <= _FEW:  # no stall for memory that nothing else needs
            for earlier in range(num_rows):
                if rows[ROW_SKU, earlier] == sku and sku >= 0:
                    row = earlier
        elif sku >= 0:
            if row_of_sku[sku] >> 32 == mark:
                row = row_of_sku[sku] & _ROW
            row_of_sku[sku] = mark << 32 | row
        if row == num_rows:
            rows[ROW_SKU, row] = sku
            rows[ROW_NEED, row] = 0
            num_rows += 1
        rows[ROW_NEED, row] += short[line]
    return num_rows


@inlined
def _write_entries(
    rule: int,
    num_rows: int,
    order: int,
    bar: int,
    mark: int,
    which: int,
    rules: Rules,
    board: Board,
    lines: Lines,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    work: Work,
) -> int:
    """Write which source could give how much of each row; return how many sources there are."""
    rows, entries, slots = work.rows, work.entries, work.slots
    offsets, sources, available = stock.items.offsets, stock.items.sources, stock.available
    managed, held_back, excluded = stock.skus.managed, stock.held_back, stock.excluded
    bars, unit_cost, ranking = board.bars, board.unit_cost, int64(lines.ranking[order])
    per_unserved_unit, token = rules.per_unserved_unit, work.counts[ORDER]
    exclusions, excluded_sources, excluded_skus = terms.offsets, terms.sources, terms.skus
    capacity, safety_stock = rules.capacity > which, rules.safety_stock > which
    by_order, by_item = rules.exclusion > which, rules.exclusion > which and len(excluded) > 0
    if not by_order:
        exclusions = exclusions[:0]
    num_slots, at = 0, 0
    for row in range(num_rows):
        rows[ROW_START, row] = at
        rows[ROW_HAVE, row] = 0
        sku, need = rows[ROW_SKU, row], rows[ROW_NEED, row]
        if sku < 0:
            continue
        for item in range(offsets[sku], offsets[sku + 1]):
            source = int64(sources[item])
            if bars[which, ranking, source] or of_source[source, BARRED_BY] == bar:
                continue
            have = available_to_line(
                item,
                source,
                need,
                managed[sku] != 0,
                capacity,
                safety_stock,
                available,
                held_back,
                of_source,
            )
            if have <= 0 or (by_item and excluded[item]):
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
            if of_source[source, SLOT_OF] != mark:
                of_source[source, SLOT_OF] = mark
                of_source[source, SLOT] = num_slots
                slots[num_slots, SLOT_SOURCE] = source
                slots[num_slots, SLOT_UNITS] = 0
                slots[num_slots, SLOT_FULL] = 0
                slots[num_slots, SLOT_LEVEL] = 0
                slots[num_slots, SLOT_COST] = 0
                slots[num_slots, SLOT_CAPACITY] = (
                    of_source[source, UNITS_LEFT] if capacity else ENDLESS
                )
                num_slots += 1
            slot = of_source[source, SLOT]
            have = min(have, need)
            entries[at, ENTRY_SLOT] = slot
            entries[at, ENTRY_HAVE] = have
            at += 1
            rows[ROW_HAVE, row] += have
            alone = min(have, slots[slot, SLOT_CAPACITY] - slots[slot, SLOT_UNITS])
            slots[slot, SLOT_UNITS] += alone
            slots[slot, SLOT_FULL] += alone == need
            level = available[item] - (held_back[item] if safety_stock and managed[sku] else 0)
            slots[slot, SLOT_LEVEL] += max(level, 0)
            if rule == CHEAPEST:
                slots[slot, SLOT_COST] += (
                    cost_of_units(unit_cost[ranking, source], alone)
                    + cost_of_units(per_unserved_unit, need - alone)
                    - cost_of_units(per_unserved_unit, need)
                )
    rows[ROW_START, num_rows] = at
    return num_slots


@inlined
def _write_slot_keys(
    num_rows: int,
    num_slots: int,
    ranking: int,
    kinds: IntArray,
    board: Board,
    rates: Rates,
    of_source: IntArray,
    work: Work,
) -> None:
    """Write unit costs and keys; the cost of a source is that of all that is still wanted."""
    slots, rows, places, unit_cost = work.slots, work.rows, board.places, board.unit_cost
    token = work.counts[ORDER]
    for slot in range(num_slots):
        source, cost = slots[slot, SLOT_SOURCE], int64(0)
        if len(unit_cost) > 0:
            slots[slot, SLOT_UNIT_COST] = unit_cost[ranking, source]
            wanted = int64(0)
            for row in range(num_rows):
                wanted += rows[ROW_NEED, row]
                cost += cost_of_units(unit_cost[ranking, source], rows[ROW_NEED, row])
            cost += added_shipment(source, wanted, ranking, token, board, rates, of_source)
            slots[slot, SLOT_SHIPMENT] = _least_shipment(
                source, ranking, token, board, rates, of_source
            )
        write_keys(
            kinds,
            ranking,
            source,
            slots[slot, SLOT_LEVEL],
            cost,
            places,
            of_source,
            slots,
            KEYS,
            slot,
        )


@inlined
def _least_shipment(
    source: int, ranking: int, token: int, board: Board, rates: Rates, of_source: IntArray
) -> int:
    """Return the least that any units add to the cost of the order's shipment from a source."""
    costs, rate = rates.cost, board.rates[ranking, source]
    least = board.shipment_cost[ranking, source]
    if rate >= 0:
        lowest = costs[rates.offsets[rate]]
        for row in range(rates.offsets[rate], rates.offsets[rate + 1]):
            lowest = min(lowest, costs[row])
        least += lowest
    if of_source[source, DRAWN_BY] == token:  # more units may even cost less than those before
        units = of_source[source, SHIPPED]
        least -= added_shipment(source, units, ranking, int64(0), board, rates, of_source)
    return least


@jit
def first_complete(
    num_rows: int,
    num_slots: int,
    least: int,
    max_sources: int,
    of_source: IntArray,
    work: Work,
) -> int:
    """Find the first source that has everything; return 1 and leave it as the best set, or -1."""
    slots, counts, members = work.slots, work.counts, work.members
    best, token = int64(-1), counts[ORDER]
    for slot in range(num_slots):
        source = slots[slot, SLOT_SOURCE]
        if slots[slot, SLOT_FULL] < num_rows:
            continue
        if not holds_enough(source, slots[slot, SLOT_UNITS], token, least, of_source):
            continue
        is_new = of_source[source, DRAWN_BY] != token
        if is_new and 0 < max_sources <= counts[DRAWN]:
            continue
        if best < 0 or comes_before(slots, KEYS, slot, best):
            best = slot
    members[SORTED, 0], members[BEST, 0] = best, 0
    return 1 if best >= 0 else -1
