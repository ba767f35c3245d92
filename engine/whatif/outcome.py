"""What the run of a scenario comes to: figures, and no more."""

from typing import NamedTuple

import numpy as np

from engine.clock import Clock
from engine.errors import EngineError, ScenarioError
from engine.selection.kpis import KPIs
from engine.selection.run import Run
from engine.types import IntArray
from engine.whatif.apply import apply, idle_steps
from engine.whatif.case import Case
from engine.whatif.scenario import Scenario


class Outcome(NamedTuple):
    """Figures of a scenario.

    ``codes``, ``orders``, ``units`` are (num_sources,): the sources, the orders that each ships
    something of, and what, in 1e-4 units.
    """

    kpis: KPIs
    codes: list[str]
    orders: IntArray
    units: IntArray
    notes: list[str]


def run_scenario(scenario: Scenario, base: Case) -> Outcome:
    """Take the steps and run the batch, as `engine.allocate` does, without making its tables."""
    case = apply(scenario, base)
    run = begin(scenario, case)
    decided = run.decide(case.orders)
    totals, _ = run.count(decided)
    run.check_end()
    done, num_sources = decided.done, case.catalog.sources.num_rows
    orders = np.bincount(done.sources[totals.opens_shipment], minlength=num_sources)
    units = np.zeros(num_sources, np.int64)
    np.add.at(units, done.sources, done.quantity)
    codes = case.catalog.sources["source_code"].to_pylist()
    return Outcome(run.kpis(), codes, orders, units, idle_steps(scenario, case))


def begin(scenario: Scenario, case: Case) -> Run:
    """Begin the run of the case that a scenario leads to.

    Raises
    ------
    ScenarioError
        If a policy asks for what its catalogue does not have; without steps a `PolicyError`.
    """
    try:
        return Run(
            case.catalog, plan=case.plan, mode="sequential", include_zero=False, clock=Clock()
        )
    except EngineError as error:
        if not scenario.steps:
            raise
        raise ScenarioError(f"scenario {scenario.name!r}: {error}") from None
