"""Run scenarios: encode once, then each on its own, in processes that share what they read."""

import gc
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from numbers import Integral
from os import PathLike
from typing import Any

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import EngineError, ScenarioError, UsageError
from engine.orders import encode_orders
from engine.policies.model import Policy
from engine.selection.kpis import KPIs
from engine.selection.plan import Plan, find_plan
from engine.tables.findings import raise_findings
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from engine.whatif.apply import apply
from engine.whatif.case import Case, details_of, without_lines
from engine.whatif.course import begin
from engine.whatif.file import BASELINE, Study, read_study
from engine.whatif.hold import heeded_hold
from engine.whatif.horizon import Horizon
from engine.whatif.outcome import Outcome, named, run_replication, run_scenario
from engine.whatif.scenario import Scenario, asks_for_rank, with_policies
from engine.whatif.simulation import Simulation, simulation_of
from engine.whatif.supply import with_received_items
from engine.whatif.workers import count_workers, spread


def simulate(
    catalog: Catalog,
    orders: Any,
    order_lines: Any,
    scenarios: "Iterable[Scenario] | str | PathLike[str]",
    *,
    algorithm: str | SourceSelectionAlgorithm | None = None,
    policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None" = None,
    horizon: Horizon | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
) -> Simulation:
    """Run scenarios and a baseline over the same catalogue and orders.

    Parameters
    ----------
    catalog, orders, order_lines, algorithm, policy
        As in `engine.allocate`; they make the baseline, which every scenario starts from.
    scenarios
        Scenarios, or the path of a TOML file of them.
    horizon
        Batches through time; without one, one batch serves all orders. It goes before the
        file's, as ``replications`` and ``seed`` do.
    replications
        How often each scenario runs once more on orders drawn from its own, 0 if nothing says.
    seed
        Of these draws, 0 if nothing says.
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
    study = merged(_study(scenarios), horizon, replications, seed)
    raw, findings = as_raw({"orders": orders, "order_lines": order_lines}, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings)
    raise_findings(valid.fatal)
    order_set = encode_orders(valid, catalog)
    case = Case(catalog, order_set, details_of(valid.tables["orders"]), plan)
    return run_study(case, study, workers=workers, clock=Clock())


def merged(
    study: Study, horizon: Horizon | None, replications: int | None, seed: int | None
) -> Study:
    """Return a study with what is asked for beside its file.

    Raises
    ------
    UsageError
        If a number is no whole number of 0 or more, or the horizon is no `Horizon`.
    """
    if horizon is not None and not isinstance(horizon, Horizon):
        raise UsageError(f"horizon: {horizon!r} is no horizon; make engine.Horizon(every='night')")
    for name, number in (("replications", replications), ("seed", seed)):
        if number is not None and not (isinstance(number, Integral) and 0 <= number < 2**63):
            raise UsageError(f"{name}: {number!r} is no whole number of 0 or more")
    return study._replace(
        horizon=study.horizon if horizon is None else horizon,
        replications=study.replications if replications is None else replications,
        seed=study.seed if seed is None else seed,
    )


def _study(scenarios: "Iterable[Scenario] | str | PathLike[str]") -> Study:
    if isinstance(scenarios, str | PathLike):
        return read_study(scenarios)
    return Study(_listed(scenarios))


def _listed(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Return scenarios with their policies read, under names that are all different."""
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


def run_study(case: Case, study: Study, *, workers: int | None, clock: Clock) -> Simulation:
    """Run the baseline and scenarios on a case; see `simulate`."""
    case = with_received_items(case._replace(horizon=study.horizon))
    scenarios = [Scenario(BASELINE), *study.scenarios]
    replications, seed = study.replications or 0, study.seed or 0
    with clock("try"):
        # Nearly every error shows on orders without lines, before anything long begins; where
        # steps name SKUs by rank, what they are done to depends on the lines.
        small = without_lines(case)
        tried = [_tried(one, case if asks_for_rank(one) else small) for one in scenarios]
        plans = [one.plan for one in tried]
        remarks = _remarks(case, study, tried)
        del small, tried
    # Which scenario, and which replication of it; the baseline as it is runs before the others.
    tasks = [(at, 0) for at in range(1, len(scenarios))]
    tasks += [(at, run) for at in range(len(scenarios)) for run in range(1, replications + 1)]
    processes = count_workers(workers, len(tasks))
    num_lines = len(case.orders.skus)

    def work(task: int) -> Outcome | KPIs:
        at, run = tasks[task]
        if run:
            return run_replication(scenarios[at], case, run, seed)
        return run_scenario(scenarios[at], case)

    with clock("simulate"):
        # Here, so that workers find kernels and what is derived from the orders in memory.
        found: dict[tuple[int, int], Any] = {(0, 0): run_scenario(scenarios[0], case)}
        if processes > 1:
            _load_kernels(case, plans)
        clock.lines(num_lines, num_lines * (len(tasks) + 1))
        gc.freeze()  # or a collection in a worker would write to every object that is shared
        try:
            with closing(spread(len(tasks), work, processes)) as answers:
                # At once, whatever happens: its workers end with it.
                for task, answer in answers:
                    found[tasks[task]] = answer
                    clock.lines(num_lines * len(found), num_lines * (len(tasks) + 1))
        finally:
            gc.unfreeze()
    names = [one.name for one in scenarios]
    runs = range(1, replications + 1)
    return simulation_of(
        {name: found[at, 0] for at, name in enumerate(names)},
        {name: [found[at, run] for run in runs] for at, name in enumerate(names)},
        [*case.catalog.notes, *case.orders.notes, *remarks],
    )


def _remarks(case: Case, study: Study, tried: list[Case]) -> list[str]:
    remarks = [] if study.scenarios else ["there is no scenario: only the baseline was run"]
    if case.horizon is None and "receipts" in case.catalog.tables:
        remarks.append("receipts: not used without a horizon; give --horizon, or [horizon]")
    has_hold = any(one.horizon is not None and one.horizon.hold is not None for one in tried)
    if has_hold and all(heeded_hold(one) is None for one in tried):
        remarks.append(
            "hold: no order waits by choice; that takes a policy of order_rule optimal, batches "
            "(not every order) and patience of 1 or more"
        )
    return remarks


def _tried(scenario: Scenario, small: Case) -> Case:
    """Return what a scenario leads to, if its steps and its policy hold."""
    case = apply(scenario, small)
    with named(scenario):
        begin(case, case.catalog)
    return case


def _load_kernels(case: Case, plans: list[Plan]) -> None:
    """Run one order by each kind of plan, lest every worker compile or load the same kernels."""
    one = case.orders.part(0, min(1, len(case.orders.ids)))
    for plan in {plan.code or repr(plan.policy): plan for plan in plans}.values():
        with suppress(EngineError):  # what it lacks may be a step's to bring
            run = begin(case._replace(plan=plan), case.catalog)
            run.count(run.decide(one))
