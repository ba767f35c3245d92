"""The best set of sources for an order: sets one by one as far as they are few, then improved.

`engine.kernels.orders.sets` has written what is wanted, and what each source could give.
"""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.all_sets import among_all
from engine.kernels.orders.bundles import (
    CHEAPEST,
    DRAWN,
    DRAWN_BY,
    ORDER,
    Board,
    Rates,
    Rules,
    Work,
)
from engine.kernels.orders.layout import (
    BEST,
    ENTRY_SLOT,
    KEYS,
    ROW_HAVE,
    ROW_NEED,
    ROW_START,
    SLOT_COST,
    SLOT_PLACE,
    SLOT_SHIPMENT,
    SLOT_SOURCE,
    SLOT_UNIT_COST,
    SLOT_UNITS,
    SORTED,
    UNREACHED,
)
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.places import place_all, place_cheap
from engine.kernels.orders.ranking import comes_before
from engine.kernels.orders.shipments import added_shipment, holds_enough
from engine.types import IntArray

MOST_SETS = 4096
"""Sets that are looked at one by one."""


@jit
def best_set(
    rule: int,
    num_rows: int,
    num_slots: int,
    ranking: int,
    least: int,
    rules: Rules,
    board: Board,
    rates: Rates,
    of_source: IntArray,
    work: Work,
) -> int:
    """Find the best set of sources.

    Parameters
    ----------
    rule
        ``fewest_sources``: most units, fewest sources, ranking order. ``cheapest``: lowest cost,
        fewest sources, ranking order; where units that are not served cost nothing, those sets
        that give the most come first.
    num_rows, num_slots
        What is wanted, and the sources that have some of it.
    ranking, least
        The order's ranking, and the units that a shipment must hold, 1e-4.

    Returns
    -------
    The size of the set, in ``members[BEST]`` as places in ``members[SORTED]``.
    """
    board, rates, work = borrowed(board), borrowed(rates), borrowed(work)
    of_source = borrowed(of_source)
    rows, slots, members = work.rows, work.slots, work.members
    token, drawn = work.counts[ORDER], work.counts[DRAWN]
    by_cost = rule == CHEAPEST
    serving_first = not by_cost or (rules.per_unserved_unit == 0 and rules.per_unserved_order == 0)
    wanted, floor, unserved = int64(0), int64(0), int64(0)
    for row in range(num_rows):
        need, have = rows[ROW_NEED, row], rows[ROW_HAVE, row]
        wanted += need
        floor += max(need - have, 0)
        unserved += cost_of_units(rules.per_unserved_unit, need)
    missing, cost = wanted if serving_first else int64(0), int64(0)
    if by_cost and wanted > 0:
        cost = unserved + rules.per_unserved_order
    best = int64(-1)
    for slot in range(num_slots):
        source, units = slots[slot, SLOT_SOURCE], slots[slot, SLOT_UNITS]
        if of_source[source, DRAWN_BY] != token and 0 < rules.max_sources <= drawn:
            continue
        if not holds_enough(source, units, token, least, of_source):
            continue
        lacks, costs = wanted - units if serving_first else int64(0), int64(0)
        if by_cost:
            costs = unserved + slots[slot, SLOT_COST]
            costs += added_shipment(source, units, ranking, token, board, rates, of_source)
            costs += rules.per_unserved_order if units < wanted else 0
        is_better = lacks < missing or (lacks == missing and costs < cost)
        is_equal = best >= 0 and lacks == missing and costs == cost
        if is_better or (is_equal and comes_before(slots, KEYS, slot, best)):
            best, missing, cost = slot, lacks, costs
    done = missing <= floor or not serving_first
    if num_slots < 2 or (done and not by_cost):
        members[SORTED, 0], members[BEST, 0] = best, 0
        return 1 if best >= 0 else 0
    top = _sizes(num_slots)
    units, known, num_places = int64(0), UNREACHED, num_slots
    if by_cost:
        units = _least_of_units(num_rows, num_slots, serving_first, rules, work)
        shipments, second = _two_shipments(num_slots, slots)
        if done and units + shipments >= cost:
            members[SORTED, 0], members[BEST, 0] = best, 0
            return 1 if best >= 0 else 0
        num_places, known = place_cheap(
            num_rows,
            num_slots,
            top,
            best,
            ranking,
            least,
            serving_first,
            floor,
            units + shipments,
            second,
            cost if done else UNREACHED,
            rules,
            board,
            rates,
            of_source,
            work,
        )
    else:
        place_all(num_rows, num_slots, work)
    members[BEST, 0] = slots[best, SLOT_PLACE] if best >= 0 else 0
    return among_all(
        rule,
        num_rows,
        num_places,
        ranking,
        least,
        serving_first,
        floor,
        top,
        top == num_slots,
        units,
        known,
        int64(1 if best >= 0 else 0),
        missing,
        cost,
        rules,
        board,
        rates,
        of_source,
        work,
    )


@inlined
def _sizes(num_slots: int) -> int:
    """Return the size up to which all sets are looked at."""
    num_sets, of_size, largest = num_slots, num_slots, int64(1)
    while largest < num_slots:
        of_size = of_size * (num_slots - largest) // (largest + 1)
        num_sets += of_size
        if num_sets > MOST_SETS:
            break
        largest += 1
    return largest


@inlined
def _least_of_units(
    num_rows: int, num_slots: int, serving_first: bool, rules: Rules, work: Work
) -> int:
    """Return less than the units of any set cost, those included that it does not serve."""
    rows, entries, slots = work.rows, work.entries, work.slots
    price = rules.per_unserved_unit
    total, lacks = 0, False
    for row in range(num_rows):
        lowest = UNREACHED
        for at in range(rows[ROW_START, row], rows[ROW_START, row + 1]):
            lowest = min(lowest, slots[entries[at, ENTRY_SLOT], SLOT_UNIT_COST])
        need = rows[ROW_NEED, row]
        have = min(need, rows[ROW_HAVE, row])
        if have > 0:
            total += cost_of_units(lowest if serving_first else min(lowest, price), have)
        total += cost_of_units(price, need - have)
        lacks |= have < need
    total += rules.per_unserved_order if lacks else 0
    return total - num_rows * (num_slots + 2)  # what rounding may take off, once for each pick


@inlined
def _two_shipments(num_slots: int, slots: IntArray) -> tuple[int, int]:
    """Return no more than the shipments of two or more sources cost, and the second of them."""
    first, second, below = UNREACHED, UNREACHED, 0
    for slot in range(num_slots):
        cost = slots[slot, SLOT_SHIPMENT]
        if cost < first:
            first, second, cost = cost, first, second
        elif cost < second:
            second, cost = cost, second
        if cost < 0:
            below += cost
    return first + second + below, second
