"""Run scenarios: encode once, then each on its own, in processes that share what they read."""

import gc
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from os import PathLike
from typing import Any

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import EngineError, ScenarioError
from engine.orders import encode_orders
from engine.policies.model import Policy
from engine.selection.plan import Plan, find_plan
from engine.selection.run import Run
from engine.tables.findings import raise_findings
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from engine.whatif.apply import apply
from engine.whatif.case import Case, details_of, without_lines
from engine.whatif.file import BASELINE, read_scenarios
from engine.whatif.outcome import Outcome, begin, run_scenario
from engine.whatif.scenario import Scenario, asks_for_rank, with_policies
from engine.whatif.simulation import Simulation, simulation_of
from engine.whatif.workers import count_workers, spread


def simulate(
    catalog: Catalog,
    orders: Any,
    order_lines: Any,
    scenarios: "Iterable[Scenario] | str | PathLike[str]",
    *,
    algorithm: str | SourceSelectionAlgorithm | None = None,
    policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None" = None,
    workers: int | None = None,
) -> Simulation:
    """Run scenarios and a baseline over the same catalogue and orders.

    Parameters
    ----------
    catalog, orders, order_lines, algorithm, policy
        As in `engine.allocate`; they make the baseline, which every scenario starts from.
    scenarios
        Scenarios, or the path of a TOML file of them.
    workers
        Processes; None for one per processor. The result does not depend on it.

    Returns
    -------
    Key figures side by side: ``baseline`` first, then the scenarios as they are given.

    Raises
    ------
    ScenarioError
        If a step names what is not there, with the nearest names, or two scenarios share a name.
    InputError, AlgorithmError, PolicyError
        As in `engine.allocate`.
    ChildProcessError
        If a worker dies.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from engine import Catalog, Scenario, simulate
    >>> catalog = Catalog.from_tables({
    ...     "sources": pa.table({"source_code": ["lyon", "paris"]}),
    ...     "stock_source_links": pa.table({"stock_id": [1, 1], "priority": [1, 2],
    ...         "source_code": ["paris", "lyon"]}),
    ...     "source_items": pa.table({"source_code": ["paris", "lyon"], "sku": ["A", "A"],
    ...         "quantity": [3, 5]}),
    ... })
    >>> found = simulate(catalog, pa.table({"order_id": [7], "stock_id": [1]}),
    ...     pa.table({"order_id": [7], "sku": ["a"], "qty": [6]}),
    ...     [Scenario("Lyon closed").close_source("lyon")], workers=1)
    >>> for name, kpis in found.results.items():
    ...     print(name, kpis.unit_fill_rate)
    baseline 1.0
    Lyon closed 0.5
    """
    plan = find_plan(algorithm, policy)
    listed = _listed(scenarios)
    raw, findings = as_raw({"orders": orders, "order_lines": order_lines}, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings)
    raise_findings(valid.fatal)
    order_set = encode_orders(valid, catalog)
    case = Case(catalog, order_set, details_of(valid.tables["orders"]), plan)
    return run_scenarios(case, listed, workers=workers, clock=Clock())


def _listed(scenarios: "Iterable[Scenario] | str | PathLike[str]") -> list[Scenario]:
    """Return scenarios with their policies read, under names that are all different."""
    if isinstance(scenarios, str | PathLike):
        return read_scenarios(scenarios)
    if not isinstance(scenarios, Iterable):
        raise ScenarioError("scenarios: give a list of scenarios, or the path of a TOML file")
    listed, seen = [], {BASELINE}
    for one in scenarios:
        if not isinstance(one, Scenario):
            raise ScenarioError(f"scenarios: {one!r} is no scenario; make engine.Scenario(name)")
        if one.name in seen:
            taken = "of the run without steps" if one.name == BASELINE else "there twice"
            raise ScenarioError(f"scenario {one.name!r}: the name is {taken}; give another one")
        seen.add(one.name)
        try:
            listed.append(with_policies(one))
        except EngineError as error:
            raise ScenarioError(f"scenario {one.name!r}: {error}") from None
    return listed


def run_scenarios(
    case: Case, scenarios: list[Scenario], *, workers: int | None, clock: Clock
) -> Simulation:
    """Run the baseline and scenarios on a case; see `simulate`."""
    processes = count_workers(workers, len(scenarios))
    with clock("try"):
        # Nearly every error shows on orders without lines, before anything long begins; where
        # steps name SKUs by rank, what they are done to depends on the lines.
        small = without_lines(case)
        plans = [_tried(one, case if asks_for_rank(one) else small) for one in scenarios]
        del small
    total = (len(scenarios) + 1) * len(case.orders.skus)
    with clock("simulate"):
        # Here, so that workers find kernels and what is derived from the orders in memory.
        outcomes: dict[int, Outcome] = {-1: run_scenario(Scenario(BASELINE), case)}
        if processes > 1:
            _load_kernels(case, plans)
        clock.lines(len(case.orders.skus), total)
        gc.freeze()  # or a collection in a worker would write to every object that is shared
        try:
            answers = spread(
                len(scenarios), lambda at: run_scenario(scenarios[at], case), processes
            )
            with closing(answers):  # at once, whatever happens: its workers end with it
                for at, outcome in answers:
                    outcomes[at] = outcome
                    clock.lines(len(outcomes) * len(case.orders.skus), total)
        finally:
            gc.unfreeze()
    names = [BASELINE, *(one.name for one in scenarios)]
    ordered = {name: outcomes[at] for at, name in enumerate(names, start=-1)}
    notes = [] if scenarios else ["there is no scenario: only the baseline was run"]
    return simulation_of(ordered, [*case.catalog.notes, *case.orders.notes, *notes])


def _tried(scenario: Scenario, small: Case) -> Plan:
    """Return what a scenario decides by, if its steps and its policy hold."""
    case = apply(scenario, small)
    begin(scenario, case)
    return case.plan


def _load_kernels(case: Case, plans: list[Plan]) -> None:
    """Run one order by each kind of plan, lest every worker compile or load the same kernels."""
    one = case.orders.part(0, min(1, len(case.orders.ids)))
    for plan in {plan.code or repr(plan.policy): plan for plan in plans}.values():
        with suppress(EngineError):  # what it lacks may be a step's to bring
            run = Run(case.catalog, plan=plan, mode="sequential", include_zero=False, clock=Clock())
            run.count(run.decide(one))
