"""The best set of sources for an order: sets one by one as far as they are few, then improved.

`engine.kernels.orders.sets` has written what is wanted, and what each source could give.
"""

from engine.kernels.jit import inlined, int64, jit
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
    BY_COST,
    ENTRY_HAVE,
    ENTRY_SLOT,
    EXCESS,
    KEYS,
    MEMBER_UNITS,
    ROW_HAVE,
    ROW_NEED,
    ROW_START,
    SHIPMENTS,
    SLOT_CAPACITY,
    SLOT_COST,
    SLOT_EXCESS,
    SLOT_PLACE,
    SLOT_SHIPMENT,
    SLOT_SOURCE,
    SLOT_UNIT_COST,
    SLOT_UNITS,
    SORTED,
    TRIAL,
)
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.ranking import comes_before
from engine.kernels.orders.shipments import added_shipment, holds_enough
from engine.types import QTY_SCALE, IntArray

MOST_SETS = 4096
"""Sets that are looked at one by one."""

_SLOT = 0xFFFFFFFF
_UNREACHED = 1 << 62
"""Missing units of a set that may not be; and the cost that no set reaches."""


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
    units = int64(0)
    if by_cost:
        units = _least_of_units(num_rows, num_slots, serving_first, rules, work)
    if done and by_cost and units + _least_of_two_shipments(num_slots, slots) >= cost:
        members[SORTED, 0], members[BEST, 0] = best, 0
        return 1 if best >= 0 else 0
    _sort_slots(num_slots, work)
    _spread_entries(num_rows, num_slots, work)
    members[BEST, 0] = slots[best, SLOT_PLACE] if best >= 0 else 0
    return _among_all(
        rule,
        num_rows,
        num_slots,
        ranking,
        least,
        serving_first,
        floor,
        units,
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
def _least_of_units(
    num_rows: int, num_slots: int, serving_first: bool, rules: Rules, work: Work
) -> int:
    """Return less than the units of any set cost, those included that it does not serve."""
    rows, entries, slots = work.rows, work.entries, work.slots
    price = rules.per_unserved_unit
    total, lacks = 0, False
    for row in range(num_rows):
        lowest = _UNREACHED
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
def _least_of_two_shipments(num_slots: int, slots: IntArray) -> int:
    """Return no more than the shipments of two or more sources cost."""
    first, second, below = _UNREACHED, _UNREACHED, 0
    for slot in range(num_slots):
        cost = slots[slot, SLOT_SHIPMENT]
        if cost < first:
            first, second, cost = cost, first, second
        elif cost < second:
            second, cost = cost, second
        if cost < 0:
            below += cost
    return first + second + below


@jit
def _sort_slots(num_slots: int, work: Work) -> None:
    """Put slots in ranking order, and write the least costs of shipments rising."""
    slots, members = work.slots, work.members
    has_one_key = slots.shape[1] == KEYS + 1
    for slot in range(num_slots):
        at = slot
        if has_one_key:  # numbers beside each other: a tenth of the time
            key = slots[slot, KEYS] << 32 | slot
            while at > 0 and members[SORTED, at - 1] > key:
                members[SORTED, at] = members[SORTED, at - 1]
                at -= 1
            members[SORTED, at] = key
        else:
            while at > 0 and comes_before(slots, KEYS, slot, members[SORTED, at - 1]):
                members[SORTED, at] = members[SORTED, at - 1]
                at -= 1
            members[SORTED, at] = slot
    for at in range(num_slots):
        members[SORTED, at] &= _SLOT
        slots[members[SORTED, at], SLOT_PLACE] = at


@inlined
def _sort_shipments(num_slots: int, slots: IntArray, members: IntArray) -> None:
    for slot in range(num_slots):
        at, cost = slot, slots[slot, SLOT_SHIPMENT]
        while at > 0 and members[SHIPMENTS, at - 1] > cost:
            members[SHIPMENTS, at] = members[SHIPMENTS, at - 1]
            at -= 1
        members[SHIPMENTS, at] = cost


@jit
def _spread_entries(num_rows: int, num_slots: int, work: Work) -> None:
    """Write what each source could give of each row, and the most from each place on."""
    rows, entries, slots, have, most = work.rows, work.entries, work.slots, work.have, work.most
    have[: num_rows * num_slots] = 0
    for row in range(num_rows):
        for at in range(rows[ROW_START, row], rows[ROW_START, row + 1]):
            place = slots[entries[at, ENTRY_SLOT], SLOT_PLACE]
            have[row * num_slots + place] = entries[at, ENTRY_HAVE]
        ahead = int64(0)
        for place in range(num_slots, -1, -1):
            if place < num_slots:
                ahead = max(ahead, have[row * num_slots + place])
            most[row * (num_slots + 1) + place] = ahead


@jit
def _write_excess(num_rows: int, num_slots: int, rules: Rules, work: Work) -> int:
    """Write what a source in a set adds at least, and try the cheapest source of each row.

    A source that gives nothing may as well be left out. One that gives something gives at least
    a unit (or 1e-4, where fractions are about) of one of its rows, and if it has all that is
    wanted, what all those have together that have less leave to it. These cost as much more than
    the row's cheapest units, and what other sources of the set give comes on top. Returns the size
    of the set that is tried.
    """
    rows, entries, slots, members = work.rows, work.entries, work.slots, work.members
    for slot in range(num_slots):
        slots[slot, SLOT_EXCESS] = _UNREACHED
    size = int64(0)
    for row in range(num_rows):
        need, start, stop = rows[ROW_NEED, row], rows[ROW_START, row], rows[ROW_START, row + 1]
        lowest, fractions, in_parts = _UNREACHED, need % QTY_SCALE, int64(0)
        cheapest, lowest_whole = int64(-1), _UNREACHED
        for at in range(start, stop):
            slot, has = entries[at, ENTRY_SLOT], entries[at, ENTRY_HAVE]
            cost = slots[slot, SLOT_UNIT_COST]
            lowest = min(lowest, cost)
            if has < need:
                in_parts += has
                fractions |= has % QTY_SCALE
            elif cost < lowest_whole:
                lowest_whole, cheapest = cost, slot
        least = QTY_SCALE if fractions == 0 and rules.capacity == 0 else 1
        of_whole = max(need - in_parts, least) if rules.capacity == 0 else least
        for at in range(start, stop):
            slot = entries[at, ENTRY_SLOT]
            gives = of_whole if entries[at, ENTRY_HAVE] == need else least
            more = cost_of_units(slots[slot, SLOT_UNIT_COST] - lowest, gives)
            slots[slot, SLOT_EXCESS] = min(slots[slot, SLOT_EXCESS], max(more - 1, 0))
        if cheapest >= 0:
            place = slots[cheapest, SLOT_PLACE]
            at = size
            while at > 0 and members[TRIAL, at - 1] > place:
                at -= 1
            if at == 0 or members[TRIAL, at - 1] != place:
                for later in range(size, at, -1):
                    members[TRIAL, later] = members[TRIAL, later - 1]
                members[TRIAL, at] = place
                size += 1
    return size


@jit
def _among_all(
    rule: int,
    num_rows: int,
    num_slots: int,
    ranking: int,
    least: int,
    serving_first: bool,
    floor: int,
    units: int,
    size: int,
    missing: int,
    cost: int,
    rules: Rules,
    board: Board,
    rates: Rates,
    of_source: IntArray,
    work: Work,
) -> int:
    """Look at sets of two and more, then improve the best one if not all were looked at.

    Branches are left out that cannot hold a better set: one that gives more, or as much for less
    than the best set, or than any set that is known to be there.
    """
    rows, slots, members = work.rows, work.slots, work.members
    have, most, rest = work.have, work.most, work.rest
    by_cost = rule == CHEAPEST
    known = _UNREACHED
    if by_cost:
        _sort_shipments(num_slots, slots, members)
        tried = _write_excess(num_rows, num_slots, rules, work)
        lacks, costs = _measure(
            tried,
            by_cost,
            num_rows,
            num_slots,
            ranking,
            least,
            serving_first,
            rules,
            board,
            rates,
            of_source,
            work,
        )
        if lacks <= floor:
            known = costs
    num_sets, of_size, shipments = num_slots, num_slots, members[SHIPMENTS, 0]
    largest = int64(1)
    while largest < num_slots:
        of_size = of_size * (num_slots - largest) // (largest + 1)
        if num_sets + of_size > MOST_SETS:
            break
        num_sets += of_size
        shipments += members[SHIPMENTS, largest]
        largest += 1
        base = units + shipments
        if missing <= floor and (not by_cost or base >= cost):
            continue
        for row in range(num_rows):
            rest[row] = rows[ROW_NEED, row]
        at = 0
        members[TRIAL, 0] = -1
        members[EXCESS, 0] = 0
        while at >= 0:
            members[TRIAL, at] += 1
            place = members[TRIAL, at]
            to_come = largest - at - 1
            if place >= num_slots - to_come:
                at -= 1
                continue
            if by_cost:
                slot = members[SORTED, place]
                excess = members[EXCESS, at] + slots[slot, SLOT_EXCESS]
                excess += max(slots[slot, SLOT_SHIPMENT] - members[SHIPMENTS, largest - 1], 0)
                if base + excess > known or (missing <= floor and base + excess >= cost):
                    continue
                members[EXCESS, at + 1] = excess
            lowest = int64(0)
            for row in range(num_rows):
                left = max(rest[at * num_rows + row] - have[row * num_slots + place], 0)
                rest[(at + 1) * num_rows + row] = left
                ahead = most[row * (num_slots + 1) + place + 1]
                lowest += max(left - to_come * ahead, 0)
            if serving_first and (lowest > missing or (lowest == missing and not by_cost)):
                continue
            if to_come > 0:
                at += 1
                members[TRIAL, at] = place
                continue
            lacks, costs = _measure(
                largest,
                by_cost,
                num_rows,
                num_slots,
                ranking,
                least,
                serving_first,
                rules,
                board,
                rates,
                of_source,
                work,
            )
            if lacks < missing or (lacks == missing and costs < cost):
                size, missing, cost = largest, lacks, costs
                members[BEST, :size] = members[TRIAL, :size]
    if largest == num_slots or (missing <= floor and not by_cost):
        return size
    return _improved(
        by_cost,
        num_rows,
        num_slots,
        ranking,
        least,
        serving_first,
        size,
        missing,
        cost,
        rules,
        board,
        rates,
        of_source,
        work,
    )


@jit
def _improved(
    by_cost: bool,
    num_rows: int,
    num_slots: int,
    ranking: int,
    least: int,
    serving_first: bool,
    size: int,
    missing: int,
    cost: int,
    rules: Rules,
    board: Board,
    rates: Rates,
    of_source: IntArray,
    work: Work,
) -> int:
    """Add the source that improves the best set most, leave out those it can do without; repeat."""
    members = work.members
    goes_on = True
    while goes_on:
        goes_on = False
        best = int64(0)
        while best >= 0 and size < num_slots:
            best, best_missing, best_cost = int64(-1), missing, cost
            for place in range(num_slots):
                if not _with(place, size, members):
                    continue
                lacks, costs = _measure(
                    size + 1,
                    by_cost,
                    num_rows,
                    num_slots,
                    ranking,
                    least,
                    serving_first,
                    rules,
                    board,
                    rates,
                    of_source,
                    work,
                )
                if lacks < best_missing or (lacks == best_missing and costs < best_cost):
                    best, best_missing, best_cost = place, lacks, costs
            if best >= 0:
                goes_on = _with(best, size, members)
                size, missing, cost = size + 1, best_missing, best_cost
                members[BEST, :size] = members[TRIAL, :size]
        for at in range(size - 1, -1, -1):
            for kept in range(size - 1):
                members[TRIAL, kept] = members[BEST, kept if kept < at else kept + 1]
            lacks, costs = _measure(
                size - 1,
                by_cost,
                num_rows,
                num_slots,
                ranking,
                least,
                serving_first,
                rules,
                board,
                rates,
                of_source,
                work,
            )
            if lacks < missing or (lacks == missing and costs <= cost):
                size, missing, cost, goes_on = size - 1, lacks, costs, True
                members[BEST, :size] = members[TRIAL, :size]
    return size


@inlined
def _with(place: int, size: int, members: IntArray) -> bool:
    """Try the best set with one source more; return whether it is not in it already."""
    at = 0
    while at < size and members[BEST, at] < place:
        members[TRIAL, at] = members[BEST, at]
        at += 1
    if at < size and members[BEST, at] == place:
        return False
    members[TRIAL, at] = place
    for later in range(at, size):
        members[TRIAL, later + 1] = members[BEST, later]
    return True


@jit
def _measure(
    size: int,
    by_cost: bool,
    num_rows: int,
    num_slots: int,
    ranking: int,
    least: int,
    serving_first: bool,
    rules: Rules,
    board: Board,
    rates: Rates,
    of_source: IntArray,
    work: Work,
) -> tuple[int, int]:
    """Return what the tried set leaves missing, if that comes first, and what it costs."""
    rows, slots, members, have = work.rows, work.slots, work.members, work.have
    token, drawn = work.counts[ORDER], work.counts[DRAWN]
    planned = drawn
    for at in range(size):
        place = members[TRIAL, at]
        slot = members[SORTED, place]
        planned += of_source[slots[slot, SLOT_SOURCE], DRAWN_BY] != token
        members[MEMBER_UNITS, at] = 0
        after = at
        while (
            by_cost and after > 0 and _costs_more(members[BY_COST, after - 1], slot, members, slots)
        ):
            members[BY_COST, after] = members[BY_COST, after - 1]
            after -= 1
        members[BY_COST, after] = place
    if 0 < rules.max_sources < planned:
        return _UNREACHED, 0
    missing, cost = 0, 0
    for row in range(num_rows):
        need = rows[ROW_NEED, row]
        for at in range(size):
            place = members[BY_COST, at]
            slot = members[SORTED, place]
            units = min(need, have[row * num_slots + place])
            units = min(units, slots[slot, SLOT_CAPACITY] - members[MEMBER_UNITS, at])
            members[MEMBER_UNITS, at] += units
            need -= units
            if by_cost:
                cost += cost_of_units(slots[slot, SLOT_UNIT_COST], units)
        missing += need
        if by_cost:
            cost += cost_of_units(rules.per_unserved_unit, need)
    for at in range(size):
        source = slots[members[SORTED, members[BY_COST, at]], SLOT_SOURCE]
        units = members[MEMBER_UNITS, at]
        if not holds_enough(source, units, token, least, of_source):
            return _UNREACHED, 0
        if by_cost:
            cost += added_shipment(source, units, ranking, token, board, rates, of_source)
    if by_cost and missing > 0:
        cost += rules.per_unserved_order
    return missing if serving_first else 0, cost


@inlined
def _costs_more(place: int, slot: int, members: IntArray, slots: IntArray) -> bool:
    """Compare unit costs; of equals the one that is there already stays before."""
    return slots[members[SORTED, place], SLOT_UNIT_COST] > slots[slot, SLOT_UNIT_COST]
