"""The sources that sets are made of: which of them count, and their places in ranking order."""

from engine.kernels.jit import boolean, inlined, int64, jit
from engine.kernels.orders.bundles import Board, Rates, Rules, Work
from engine.kernels.orders.layout import (
    ENTRY_HAVE,
    ENTRY_SLOT,
    KEYS,
    ROW_NEED,
    ROW_START,
    SLOT_EXCESS,
    SLOT_PLACE,
    SLOT_SHIPMENT,
    SLOT_UNIT_COST,
    SORTED,
    TRIAL,
    UNREACHED,
)
from engine.kernels.orders.measure import measure
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.ranking import comes_before
from engine.types import QTY_SCALE, IntArray

_SLOT = 0xFFFFFFFF


@jit
def place_all(num_rows: int, num_slots: int, work: Work) -> None:
    """Give every source its place."""
    for slot in range(num_slots):
        work.members[SORTED, slot] = slot
    _sort_slots(num_slots, work)
    _spread_entries(num_rows, num_slots, work)


@jit
def place_cheap(
    num_rows: int,
    num_slots: int,
    top: int,
    best: int,
    ranking: int,
    least: int,
    serving_first: bool,
    floor: int,
    base: int,
    second: int,
    cost: int,
    rules: Rules,
    board: Board,
    rates: Rates,
    of_source: IntArray,
    work: Work,
) -> tuple[int, int]:
    """Give places to the sources of which a set of two or more may be made that is the cheapest.

    Of 40 sources of an order mostly two or three are left; with all of them the search takes
    four times as long.

    Parameters
    ----------
    top
        The size up to which all sets are looked at: no larger one tells what these may cost.
    best, cost
        The best single source, or -1; and what no set may cost that is better, if that is known.
    base, second
        What any set of two or more costs at least, and the second lowest of its shipments.

    Returns
    -------
    How many places there are, and the cost of a set that is known to be there.
    """
    slots, members = work.slots, work.members
    known = UNREACHED
    size = _write_excess(num_rows, num_slots, rules, work)
    if 0 < size <= top:
        _sort_slots(size, work)
        _spread_entries(num_rows, size, work)
        lacks, costs = measure(
            size,
            boolean(True),
            num_rows,
            size,
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
    num_places = int64(0)
    for slot in range(num_slots):
        lowest = base + slots[slot, SLOT_EXCESS]
        if second >= 0:
            lowest += max(slots[slot, SLOT_SHIPMENT] - second, 0)
        slots[slot, SLOT_PLACE] = -1
        if slot == best or (lowest <= known and lowest < cost):
            members[SORTED, num_places] = slot
            num_places += 1
    _sort_slots(num_places, work)
    _spread_entries(num_rows, num_places, work)
    return num_places, known


@inlined
def _write_excess(num_rows: int, num_slots: int, rules: Rules, work: Work) -> int:
    """Write what a source in a set adds at least, and choose the cheapest source of each row.

    A source that gives nothing may as well be left out. One that gives something gives at least
    a unit (or 1e-4, where fractions are about) of one of its rows, and if it has all that is
    wanted, what all those have together that have less leave to it. These cost as much more than
    the row's cheapest units, and what other sources of the set give comes on top. Returns how
    many sources are chosen, in ``members[SORTED]``.
    """
    rows, entries, slots, members = work.rows, work.entries, work.slots, work.members
    for slot in range(num_slots):
        slots[slot, SLOT_EXCESS], slots[slot, SLOT_PLACE] = UNREACHED, -1
    size = int64(0)
    for row in range(num_rows):
        need, start, stop = rows[ROW_NEED, row], rows[ROW_START, row], rows[ROW_START, row + 1]
        lowest, fractions, in_parts = UNREACHED, need % QTY_SCALE, int64(0)
        cheapest, lowest_whole = int64(-1), UNREACHED
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
        if cheapest >= 0 and slots[cheapest, SLOT_PLACE] < 0:
            slots[cheapest, SLOT_PLACE] = members[TRIAL, size] = size
            members[SORTED, size] = cheapest
            size += 1
    return size


@jit
def _sort_slots(num_places: int, work: Work) -> None:
    """Put the slots of ``members[SORTED]`` in ranking order, and write their places in it."""
    slots, members = work.slots, work.members
    has_one_key = slots.shape[1] == KEYS + 1
    for place in range(num_places):
        at, slot = place, members[SORTED, place]
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
    for at in range(num_places):
        members[SORTED, at] &= _SLOT
        slots[members[SORTED, at], SLOT_PLACE] = at


@jit
def _spread_entries(num_rows: int, num_places: int, work: Work) -> None:
    """Write what each place could give of each row, and the most from each place on."""
    rows, entries, slots, have, most = work.rows, work.entries, work.slots, work.have, work.most
    have[: num_rows * num_places] = 0
    for row in range(num_rows):
        for at in range(rows[ROW_START, row], rows[ROW_START, row + 1]):
            place = slots[entries[at, ENTRY_SLOT], SLOT_PLACE]
            if place < 0:
                continue
            have[row * num_places + place] = entries[at, ENTRY_HAVE]
        ahead = int64(0)
        for place in range(num_places, -1, -1):
            if place < num_places:
                ahead = max(ahead, have[row * num_places + place])
            most[row * (num_places + 1) + place] = ahead
