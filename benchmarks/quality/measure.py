"""What every policy makes of the same orders, beside the bound."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.quality.bound import bound
from benchmarks.quality.instance import catalog, draw, orders
from benchmarks.quality.network import network
from benchmarks.quality.policies import CONTENDERS, priced
from benchmarks.quality.prices import policy_costs, prices, served
from benchmarks.quality.weak import weak_bound
from engine import Result, allocate

RAISED = 10
"""What the second bill multiplies the price of what is not served by."""

_ROUNDS = 3
_ENOUGH_SECONDS = 0.5
"""What takes longer is not timed again."""


class Case(NamedTuple):
    """A size of the instance."""

    metros: int
    n_max: int
    periods: int


CASES = [
    Case(metros, n_max, periods)
    for metros in (10, 99)
    for n_max in (2, 5)
    for periods in (1_000, 10_000)
]


def measure(case: Case, seed: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each policy: costs in 1e-6, seconds of the median of three runs at most."""
    instance = draw(network(case.metros), case.n_max, case.periods, seed)
    mm = instance.network.mm
    at_price, raised = prices(mm), prices(mm, RAISED)
    bounds = bound(instance, at_price), bound(instance, raised)
    weak = weak_bound(instance, at_price)
    stock, wanted = catalog(instance), orders(instance)
    for title, contender in CONTENDERS.items():
        policy = priced(contender, policy_costs(at_price))
        seconds = []
        while len(seconds) < _ROUNDS and sum(seconds) < _ENOUGH_SECONDS:
            start = perf_counter()
            result = allocate(stock, *wanted, policy=policy)
            seconds.append(perf_counter() - start)
        done = served(instance, result, at_price)
        costs = done.cost(at_price), done.cost(raised)
        _check(title, contender.decides_by_bill, result, costs, bounds)
        yield {
            **case._asdict(),
            "seed": seed,
            "policy": title,
            "lines": result.kpis.lines,
            "bound": bounds[0],
            "weak_bound": weak,
            "own_gap": result.bound and round(result.bound.gap or 0.0, 6),
            "sent": round(done.shipped / 10**6 / float(result.kpis.units_allocated), 6),
            "cost": costs[0],
            "bound_raised": bounds[1],
            "cost_raised": costs[1],
            "unit_fill_rate": round(result.kpis.unit_fill_rate or 0.0, 6),
            "split_rate": round(result.kpis.split_rate or 0.0, 6),
            "seconds": round(median(seconds), 6),
        }


def _check(
    title: str,
    decides_by_bill: bool,
    result: Result,
    costs: tuple[int, int],
    bounds: tuple[int, int],
) -> None:
    """Stop where a bill is wrong or a bound none."""
    if any(cost < least for cost, least in zip(costs, bounds, strict=True)):
        raise AssertionError(f"{title} costs {costs}, less than the bounds {bounds}")
    counted = round((result.kpis.cost or 0.0) * 10**6)
    if decides_by_bill and counted != costs[0]:
        raise AssertionError(f"{title} costs {costs[0]}, and the engine counts {counted}")
