"""Policies: ``python -m benchmarks.policy_speed`` prints lines per second by rule as JSON.

Everything is read, encoded and ranked, and kernels are compiled before the clock starts, which
stops when the picks of all lines are written. One thread; every round starts from the catalogue's
quantities.
"""

import json
from statistics import median
from typing import Any

from benchmarks.cases import Case, files
from engine.clock import Clock
from engine.folders import read_run
from engine.selection.by_policy import ByPolicy
from engine.selection.plan import find_plan

CASE = Case(
    "policies",
    "1M lines, 200 sources, 20 of them hold a SKU",
    lines=1_000_000,
    skus=100_000,
    sources=200,
    items_per_sku=20,
    lines_per_order=2,
    destinations=1_000,
    supply=9.0,
)
ROUNDS = 5
_COSTS = {"per_shipment": 8.759, "per_unit": 0.423, "per_unit_km": 0.000336}
RULES: dict[str, str | dict[str, Any]] = {
    "line": {"ranking": ["distance"], "max_sources": 200},
    "complete_first": {"ranking": ["distance"], "order_rule": "complete_first"},
    "fewest_sources": "fewest_sources",
    "cheapest": "cheapest",
    "balanced_split": {"ranking": ["distance"], "order_rule": "balanced_split"},
}
SCORES: dict[str, str | dict[str, Any]] = {
    score: {"ranking": [score], "costs": _COSTS}
    for score in ("stock_level", "balance", "cost", "capacity_left")
}
"""Scores that change during a run, with the rule ``line``."""


def main() -> None:
    """Print lines per second by policy, the median of some rounds after one to warm up."""
    speeds = measure(CASE, ROUNDS)
    print(json.dumps(speeds))


def measure(case: Case, rounds: int) -> dict[str, float]:
    """Return lines per second by policy."""
    run = read_run(*files(case), quarantine=False, clock=Clock())
    catalog, orders = run.catalog, run.orders
    return {
        name: len(orders.skus) / median(_seconds(catalog, orders, policy, rounds))
        for name, policy in (RULES | SCORES).items()
    }


def _seconds(catalog: Any, orders: Any, policy: str | dict[str, Any], rounds: int) -> list[float]:
    spent = []
    for _ in range(rounds + 1):
        clock = Clock()
        ByPolicy(catalog, find_plan(None, policy), independent=False).serve(orders, clock)
        spent.append(clock.seconds["deduct"])
    return spent[1:]


if __name__ == "__main__":
    main()
