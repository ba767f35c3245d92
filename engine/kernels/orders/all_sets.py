"""Sets of two sources, of three and so on, one by one."""

from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.bundles import CHEAPEST, Board, Rates, Rules, Work
from engine.kernels.orders.improve import improved
from engine.kernels.orders.layout import (
    BEST,
    EXCESS,
    ROW_NEED,
    SHIPMENTS,
    SLOT_EXCESS,
    SLOT_SHIPMENT,
    SORTED,
    TRIAL,
)
from engine.kernels.orders.measure import measure
from engine.types import IntArray


@jit
def among_all(
    rule: int,
    num_rows: int,
    num_places: int,
    ranking: int,
    least: int,
    serving_first: bool,
    floor: int,
    top: int,
    is_all: bool,
    units: int,
    known: int,
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

    Parameters
    ----------
    num_places
        The sources that better sets may be made of.
    top, is_all
        The size up to which sets are looked at, and whether that is all of them.
    units, known
        What the units cost at least, and the cost of a set that is known to be there.
    size, missing, cost
        The best set so far.
    """
    rows, slots, members = work.rows, work.slots, work.members
    have, most, rest = work.have, work.most, work.rest
    by_cost = rule == CHEAPEST
    shipments = int64(0)
    if by_cost:
        _sort_shipments(num_places, slots, members)
        shipments = members[SHIPMENTS, 0]
    for largest in range(2, min(top, num_places) + 1):
        if by_cost:
            shipments += members[SHIPMENTS, largest - 1]
        base = units + shipments
        if missing <= floor and (not by_cost or base >= cost):
            continue
        for row in range(num_rows):
            rest[row] = rows[ROW_NEED, row]
        at = 0
        members[TRIAL, 0] = -1
        members[EXCESS, 0] = 0
        while at >= 0 and (by_cost or missing > floor):
            members[TRIAL, at] += 1
            place = members[TRIAL, at]
            to_come = largest - at - 1
            if place >= num_places - to_come:
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
                left = max(rest[at * num_rows + row] - have[row * num_places + place], 0)
                rest[(at + 1) * num_rows + row] = left
                ahead = most[row * (num_places + 1) + place + 1]
                lowest += max(left - to_come * ahead, 0)
            if serving_first and (lowest > missing or (lowest == missing and not by_cost)):
                continue
            if to_come > 0:
                at += 1
                members[TRIAL, at] = place
                continue
            lacks, costs = measure(
                largest,
                by_cost,
                num_rows,
                num_places,
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
    # One more source makes a set that was looked at, or cannot: not one that is better.
    if is_all or size < top or size == num_places or (missing <= floor and not by_cost):
        return size
    dearer = units + shipments + members[SHIPMENTS, size] if by_cost else int64(0)
    if missing <= floor and members[SHIPMENTS, 0] >= 0 and dearer >= cost:
        return size
    return improved(
        by_cost,
        num_rows,
        num_places,
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


@inlined
def _sort_shipments(num_places: int, slots: IntArray, members: IntArray) -> None:
    for place in range(num_places):
        at, cost = place, slots[members[SORTED, place], SLOT_SHIPMENT]
        while at > 0 and members[SHIPMENTS, at - 1] > cost:
            members[SHIPMENTS, at] = members[SHIPMENTS, at - 1]
            at -= 1
        members[SHIPMENTS, at] = cost
