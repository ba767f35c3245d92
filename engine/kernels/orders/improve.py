"""A set of sources made better step by step, where there are too many to look at all."""

from engine.kernels.jit import inlined, int64, jit
from engine.kernels.orders.bundles import Board, Rates, Rules, Work
from engine.kernels.orders.layout import BEST, TRIAL
from engine.kernels.orders.measure import measure
from engine.types import IntArray


@jit
def improved(
    by_cost: bool,
    num_rows: int,
    num_places: int,
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
        while best >= 0 and size < num_places:
            best, best_missing, best_cost = int64(-1), missing, cost
            for place in range(num_places):
                if not _with(place, size, members):
                    continue
                lacks, costs = measure(
                    size + 1,
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
                if lacks < best_missing or (lacks == best_missing and costs < best_cost):
                    best, best_missing, best_cost = place, lacks, costs
            if best >= 0:
                goes_on = _with(best, size, members)
                size, missing, cost = size + 1, best_missing, best_cost
                members[BEST, :size] = members[TRIAL, :size]
        for at in range(size - 1, -1, -1):
            for kept in range(size - 1):
                members[TRIAL, kept] = members[BEST, kept if kept < at else kept + 1]
            lacks, costs = measure(
                size - 1,
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
