"""A batch as a whole beside the other policies, stopped early, and cut into smaller ones.

Costs are in 1e-6, all by one bill. Every row has the bound that the whole batch proved when
nothing stopped it, so that all gaps of a data set are above the same figure.
"""

from collections.abc import Iterator
from decimal import Decimal
from time import process_time
from typing import Any

from msgspec.structs import replace

from benchmarks.quality.data_sets import DataSet
from benchmarks.quality.policies import CONTENDERS, Contender, priced
from engine.clock import Clock
from engine.policies.model import Optimal, Policy
from engine.selection.bill import Bill
from engine.selection.bound import Bound, joined_bounds
from engine.selection.by_optimum import ByOptimum
from engine.selection.plan import find_plan
from engine.selection.run import Run
from engine.types import exact_sum

Row = dict[str, Any]

WHOLE = "optimal"
"""The contender that proves the bound."""
ONE_BY_ONE = "cheapest"


def measure(data: DataSet) -> dict[str, list[Row]]:
    """Return the rows of the three tables: of policies, of stops and of batches."""
    policies = list(_by_policy(data))
    whole = next(row for row in policies if row["policy"] == WHOLE)
    rows = {
        "policies": policies,
        "stops": [*_stopped(data, whole["seconds"]), _unstopped(whole)],
        "batches": [_one_by_one(policies), *_in_batches(data), _in_one(data, whole)],
    }
    for row in (row for of_table in rows.values() for row in of_table):
        row["bound"] = whole["own_bound"]
        if row["cost"] < row["bound"]:
            raise AssertionError(f"{data.name}: {row} costs less than the bound")
    return {
        table: [{"data_set": data.name, **row} for row in of_table]
        for table, of_table in rows.items()
    }


def _by_policy(data: DataSet) -> Iterator[Row]:
    for title, contender in CONTENDERS.items():
        if title not in data.without:
            yield {"policy": title, **_served(data, title, contender)}


def _served(data: DataSet, title: str, contender: Contender) -> Row:
    """Serve all orders by a policy, and bill them."""
    plan = find_plan(None, priced(contender, data.costs))
    run = Run(data.catalog, plan=plan, mode="sequential", include_zero=False, clock=Clock())
    start = process_time()
    decided = run.decide(data.orders)
    seconds = process_time() - start
    totals, mm = run.check(decided)
    run.check_end()
    bill = Bill(data.catalog, Policy(costs=data.costs))
    bill.add_shipped(data.orders, decided.done, totals, mm)
    bill.add_short(decided.done.short, totals)
    cost, bound = sum(bill.total.values()), run.bound
    if bound and contender.decides_by_bill and bound.cost_micro != cost:
        raise AssertionError(f"{data.name}, {title}: {bound.cost_micro} is billed as {cost}")
    return {
        "cost": cost,
        "own_bound": bound and bound.least_micro,
        "units": exact_sum(totals.qty),
        "served": exact_sum(totals.allocated),
        "seconds": round(seconds, 6),
    }


def _stopped(data: DataSet, longest: float) -> Iterator[Row]:
    """Decide all orders together, with less time than it takes."""
    for stop in data.stops:
        if stop < longest:
            start = process_time()
            found = _decided(data, len(data.orders.ids), stop)
            yield {
                "stop": stop,
                "cost": found.cost_micro,
                "own_bound": found.least_micro,
                "seconds": round(process_time() - start, 6),
            }


def _unstopped(whole: Row) -> Row:
    return {"stop": None, **{name: whole[name] for name in ("cost", "own_bound", "seconds")}}


def _one_by_one(policies: list[Row]) -> Row:
    """Return what ``cheapest`` makes of the orders, which is ``optimal`` for one at a time."""
    row = next(row for row in policies if row["policy"] == ONE_BY_ONE)
    return {"size": 1, "cost": row["cost"], "seconds": row["seconds"]}


def _in_batches(data: DataSet) -> Iterator[Row]:
    """Decide so many orders together at a time, each batch on what those before it left."""
    for size in data.sizes:
        if size < len(data.orders.ids):
            start = process_time()
            found = _decided(data, size, 0)
            seconds = round(process_time() - start, 6)
            yield {"size": size, "cost": found.cost_micro, "seconds": seconds}


def _in_one(data: DataSet, whole: Row) -> Row:
    size = len(data.orders.ids)
    return {"size": size, "cost": whole["cost"], "seconds": whole["seconds"]}


def _decided(data: DataSet, size: int, time_limit: float) -> Bound:
    """Decide batch by batch, each in so many seconds, 0 for all it takes; add up what they cost."""
    policy = replace(
        priced(CONTENDERS[WHOLE], data.costs), optimal=Optimal(time_limit=Decimal(str(time_limit)))
    )
    way = ByOptimum(data.catalog, find_plan(None, policy))
    for first in range(0, len(data.orders.ids), size):
        way.serve(data.orders.part(first, min(first + size, len(data.orders.ids))), Clock())
    return joined_bounds(way.bounds)
