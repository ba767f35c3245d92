"""Sets of sources for a whole order: which of them serves it best.

What the order wants stands in rows, one for each distinct SKU; the sources that have something
of it in slots. `engine.kernels.orders.serve` turns the chosen set into picks.
"""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.bundles import (
    CHEAPEST,
    CHOSEN_BY,
    ENDLESS,
    ORDER,
    PLACE,
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
from engine.kernels.orders.eligible import can_give, stock_level
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
    SLOT_LEVEL,
    SLOT_SHIPMENT,
    SLOT_SOURCE,
    SLOT_UNIT_COST,
    SLOT_UNITS,
    SORTED,
)
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.ranking import has_cost, write_keys
from engine.kernels.orders.shipments import added_shipment, least_shipment
from engine.types import IntArray, Lines

_FEW = 16
"""Lines of an order that are compared with each other; more go by a table of all SKUs."""

_ROW = 0xFFFFFFFF


@jit
def write_problem(
    rule: int,
    num_rows: int,
    order: int,
    bar: int,
    mark: int,
    which: int,
    kinds: IntArray,
    rules: Rules,
    board: Board,
    rates: Rates,
    lines: Lines,
    stock: Stock,
    terms: Terms,
    of_source: IntArray,
    work: Work,
) -> int:
    """Write which sources could give how much of what an order still wants.

    Parameters
    ----------
    rule
        ``fewest_sources`` or ``cheapest``.
    num_rows
        What is wanted, from `write_rows`.
    order, bar, mark, which
        The order, the mark of barred sources, a mark that nothing has yet, and the pass.

    Returns
    -------
    How many slots were written.
    """
    board, rates, lines, stock = borrowed(board), borrowed(rates), borrowed(lines), borrowed(stock)
    terms, work, of_source = borrowed(terms), borrowed(work), borrowed(of_source)
    num_slots = _write_entries(
        rule,
        num_rows,
        order,
        bar,
        mark,
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
    _write_slot_keys(rule, num_rows, num_slots, ranking, kinds, board, rates, of_source, work)
    return num_slots


@inlined
def write_rows(order: int, mark: int, lines: Lines, short: IntArray, work: Work) -> int:
    """Write what is wanted of each distinct SKU, by first line; return how many there are.

    ``short`` is (num_lines,) what each line still wants; ``mark`` one that nothing has yet.
    """
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
def mark_set(rule: int, size: int, mark: int, of_source: IntArray, work: Work) -> None:
    """Mark the sources of the best set, and number them in the order in which lines draw on it."""
    slots, members = work.slots, work.members
    for at in range(size):
        slot = members[SORTED, members[BEST, at]]
        place = at
        if rule == CHEAPEST and size > 1:
            place = _place_by_cost(slot, at, size, slots, members)
        of_source[slots[slot, SLOT_SOURCE], CHOSEN_BY] = mark
        of_source[slots[slot, SLOT_SOURCE], PLACE] = place


@inlined
def _place_by_cost(slot: int, at: int, size: int, slots: IntArray, members: IntArray) -> int:
    place, cost = int64(0), slots[slot, SLOT_UNIT_COST]
    for other in range(size):
        costs = slots[members[SORTED, members[BEST, other]], SLOT_UNIT_COST]
        place += costs < cost or (costs == cost and other < at)
    return place


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
    offsets, sources = stock.items.offsets, stock.items.sources
    unit_cost, ranking = board.unit_cost, int64(lines.ranking[order])
    per_unserved_unit, token = rules.per_unserved_unit, work.counts[ORDER]
    num_slots, at = 0, 0
    for row in range(num_rows):
        rows[ROW_START, row] = at
        rows[ROW_HAVE, row] = 0
        sku, need = rows[ROW_SKU, row], rows[ROW_NEED, row]
        if sku < 0:
            continue
        managed = stock.skus.managed[sku] != 0
        for item in range(offsets[sku], offsets[sku + 1]):
            source = int64(sources[item])
            have = can_give(
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
            if have == 0:
                continue
            if of_source[source, SLOT_OF] != mark:
                of_source[source, SLOT_OF] = mark
                of_source[source, SLOT] = num_slots
                slots[num_slots, SLOT_SOURCE] = source
                slots[num_slots, SLOT_UNITS] = 0
                slots[num_slots, SLOT_LEVEL] = 0
                slots[num_slots, SLOT_COST] = 0
                slots[num_slots, SLOT_CAPACITY] = (
                    of_source[source, UNITS_LEFT] if rules.capacity > which else ENDLESS
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
            slots[slot, SLOT_LEVEL] += stock_level(item, managed, which, rules, stock)
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
    rule: int,
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
    token, by_cost = work.counts[ORDER], has_cost(kinds)
    for slot in range(num_slots):
        source, cost = slots[slot, SLOT_SOURCE], int64(0)
        if by_cost:
            wanted = int64(0)
            for row in range(num_rows):
                wanted += rows[ROW_NEED, row]
                cost += cost_of_units(unit_cost[ranking, source], rows[ROW_NEED, row])
            cost += added_shipment(source, wanted, ranking, token, board, rates, of_source)
        if rule == CHEAPEST:
            slots[slot, SLOT_UNIT_COST] = unit_cost[ranking, source]
            slots[slot, SLOT_SHIPMENT] = least_shipment(
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
