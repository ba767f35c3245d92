"""The best source that has all that an order still wants: most orders need no search for sets."""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import inlined, int64
from engine.kernels.orders.bundles import (
    CHEAPEST,
    DRAWN,
    DRAWN_BY,
    ENDLESS,
    ORDER,
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
    KEYS,
    ROW_NEED,
    ROW_SKU,
    SLOT_CAPACITY,
    SLOT_FULL,
    SLOT_LEVEL,
    SLOT_SOURCE,
    SLOT_UNITS,
    SORTED,
    UNREACHED,
)
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.ranking import comes_before, has_cost, write_keys
from engine.kernels.orders.shipments import added_shipment, holds_enough, least_shipment
from engine.types import IntArray, Lines


@inlined
def best_alone(
    rule: int,
    num_rows: int,
    order: int,
    bar: int,
    mark: int,
    which: int,
    least: int,
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
    """Find the best source that has everything, if no other set can be better.

    Parameters
    ----------
    rule
        ``complete_first`` and ``fewest_sources`` take the first in ranking order, ``cheapest``
        that of the lowest cost.
    num_rows, order, bar, mark, which, least
        As in `engine.kernels.orders.sets.write_problem`, and the units that a shipment must hold.

    Returns
    -------
    1, and the source is left as the best set; -1 if there is none, or sets must be compared.
    """
    board, rates, lines, stock = borrowed(board), borrowed(rates), borrowed(lines), borrowed(stock)
    terms, work, of_source = borrowed(terms), borrowed(work), borrowed(of_source)
    rows, slots, members, counts = work.rows, work.slots, work.members, work.counts
    offsets, sources, unit_cost = stock.items.offsets, stock.items.sources, board.unit_cost
    ranking, token, by_cost = int64(lines.ranking[order]), counts[ORDER], rule == CHEAPEST
    if by_cost and counts[DRAWN] > 0:
        return -1  # shipments that grow may cost less than nothing
    price, priced = rules.per_unserved_unit, rules.per_unserved_unit + rules.per_unserved_order
    num_slots, wanted, unserved, served = int64(0), int64(0), int64(0), int64(0)
    first, second, first_source = UNREACHED, UNREACHED, int64(-1)  # the least shipments
    for row in range(num_rows):
        sku, need = rows[ROW_SKU, row], rows[ROW_NEED, row]
        if sku < 0:
            return -1
        managed = stock.skus.managed[sku] != 0
        lowest, found, kept = UNREACHED, int64(0), int64(0)
        for item in range(offsets[sku], offsets[sku + 1]):
            source = int64(sources[item])
            is_held = row == 0 or of_source[source, SLOT_OF] == mark
            if not is_held and not by_cost:
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
            if by_cost:
                found += 1
                lowest = min(lowest, unit_cost[ranking, source])
                shipment = least_shipment(source, ranking, token, board, rates, of_source)
                if shipment < first:
                    if source != first_source:
                        second = first
                    first, first_source = shipment, source
                elif shipment < second and source != first_source:
                    second = shipment
            if has < need or not is_held:
                continue
            if row == 0:
                of_source[source, SLOT_OF] = mark
                of_source[source, SLOT] = num_slots
                slots[num_slots, SLOT_SOURCE] = source
                slots[num_slots, SLOT_UNITS] = 0
                slots[num_slots, SLOT_FULL] = 0
                slots[num_slots, SLOT_LEVEL] = 0
                slots[num_slots, SLOT_CAPACITY] = (
                    of_source[source, UNITS_LEFT] if rules.capacity > which else ENDLESS
                )
                num_slots += 1
            slot = of_source[source, SLOT]
            units = slots[slot, SLOT_UNITS] + need
            if slots[slot, SLOT_FULL] < row or units > slots[slot, SLOT_CAPACITY]:
                continue
            kept += 1
            slots[slot, SLOT_UNITS] = units
            slots[slot, SLOT_FULL] = row + 1
            slots[slot, SLOT_LEVEL] += stock_level(item, managed, which, rules, stock)
        if kept == 0:
            return -1
        wanted += need
        if by_cost:  # what rounding may take off, once for each pick, and for what is not served
            lowest = lowest if priced == 0 else min(lowest, price)
            served += cost_of_units(lowest, need) - found - 2
            unserved += cost_of_units(price, need)
    ranks_by_cost = has_cost(kinds)
    best, lowest = int64(-1), int64(0)
    for slot in range(num_slots):
        source = slots[slot, SLOT_SOURCE]
        if slots[slot, SLOT_FULL] < num_rows:
            continue
        if not holds_enough(source, wanted, token, least, of_source):
            continue
        is_new = of_source[source, DRAWN_BY] != token
        if is_new and 0 < rules.max_sources <= counts[DRAWN]:
            continue
        cost = int64(0)
        if by_cost or ranks_by_cost:
            cost = added_shipment(source, wanted, ranking, token, board, rates, of_source)
            for row in range(num_rows):
                cost += cost_of_units(unit_cost[ranking, source], rows[ROW_NEED, row])
        if by_cost and best >= 0 and cost > lowest:
            continue
        write_keys(
            kinds,
            ranking,
            source,
            slots[slot, SLOT_LEVEL],
            cost,
            board.places,
            of_source,
            slots,
            KEYS,
            slot,
        )
        if best < 0 or (by_cost and cost < lowest) or comes_before(slots, KEYS, slot, best):
            best, lowest = slot, cost
    if best < 0:
        return -1
    members[SORTED, 0], members[BEST, 0] = best, 0
    if not by_cost:
        return 1
    is_proven = served + first + second >= lowest
    if priced > 0:  # then none at all, and one that has a part, are sets as well
        is_proven &= unserved + rules.per_unserved_order > lowest
        is_proven &= served + first + rules.per_unserved_order > lowest
    return 1 if is_proven else -1
