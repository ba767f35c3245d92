"""What a set of sources leaves missing, and what it costs."""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import inlined, jit
from engine.kernels.orders.bundles import DRAWN, DRAWN_BY, ORDER, Board, Rates, Rules, Work
from engine.kernels.orders.layout import (
    BY_COST,
    MEMBER_UNITS,
    ROW_NEED,
    SLOT_CAPACITY,
    SLOT_SOURCE,
    SLOT_UNIT_COST,
    SORTED,
    TRIAL,
    UNREACHED,
)
from engine.kernels.orders.money import cost_of_units
from engine.kernels.orders.shipments import added_shipment, holds_enough
from engine.types import IntArray


@jit
def measure(
    size: int,
    by_cost: bool,
    num_rows: int,
    num_places: int,
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
    board, rates, work = borrowed(board), borrowed(rates), borrowed(work)
    of_source = borrowed(of_source)
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
        return UNREACHED, 0
    missing, cost = 0, 0
    for row in range(num_rows):
        need = rows[ROW_NEED, row]
        for at in range(size):
            place = members[BY_COST, at]
            slot = members[SORTED, place]
            units = min(need, have[row * num_places + place])
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
            return UNREACHED, 0
        if by_cost:
            cost += added_shipment(source, units, ranking, token, board, rates, of_source)
    if by_cost and missing > 0:
        cost += rules.per_unserved_order
    return missing if serving_first else 0, cost


@inlined
def _costs_more(place: int, slot: int, members: IntArray, slots: IntArray) -> bool:
    """Compare unit costs; of equals the one that is there already stays before."""
    return slots[members[SORTED, place], SLOT_UNIT_COST] > slots[slot, SLOT_UNIT_COST]
