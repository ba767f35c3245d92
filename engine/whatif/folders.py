"""Scenarios between folders: read, run, write."""

from collections.abc import Mapping
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import to_builtins

from engine.clock import Clock
from engine.errors import UsageError
from engine.folders import read_run
from engine.io.location import hash_files
from engine.io.output import check_output, whole_folder
from engine.io.write import format_ending, write_table
from engine.magento.opened import opened_store
from engine.policies.find import as_mapping, is_policy_file
from engine.policies.model import Policy
from engine.report import PAGE, is_installed, write_report
from engine.run_info import write_run_info
from engine.selection.plan import find_plan
from engine.whatif.case import Case, details_of
from engine.whatif.file import BASELINE, read_study
from engine.whatif.horizon import Horizon
from engine.whatif.scenario import described
from engine.whatif.simulate import merged, run_study
from engine.whatif.simulation import Simulation


class Simulated(NamedTuple):
    """What a simulation came to, the rows of each table that was written, and the report if any."""

    found: Simulation
    rows: dict[str, int]
    report: Path | None


def simulate_folders(
    catalog: str | PathLike[str],
    orders: str | PathLike[str],
    scenarios: str | PathLike[str],
    out: str | PathLike[str],
    *,
    algorithm: str | None = None,
    policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None" = None,
    every: str | None = None,
    patience: int | None = None,
    hold: Decimal | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    report: bool = True,
    format: str = "parquet",
    overwrite: bool = False,
    clock: Clock | None = None,
) -> Simulated:
    """Read folders and a file of scenarios, run them, and write the tables and the report.

    Parameters
    ----------
    catalog, orders
        Folders or URIs; they may be the same. Or the address of a store's database, as both or as
        the catalogue.
    scenarios
        TOML file.
    out
        Local folder that appears whole or not at all.
    algorithm, policy, replications, seed, workers
        As in `simulate`.
    every, patience, hold
        As in `engine.Horizon`; each goes before the file's.
    report
        Whether to draw the report; without the extra ``report`` there is none.
    format
        ``parquet``, ``csv`` or ``arrow``.
    overwrite
        Replace an existing folder if it holds a run.
    clock
        Told of the phases.

    Raises
    ------
    UsageError
        If a folder is not there, or may not be written.
    OSError
        If the disk is full or does not let itself be written to.
    ScenarioError, InputError, AlgorithmError, PolicyError
        As in `simulate`.
    """
    clock = clock or Clock()
    ending = format_ending(format)
    own = [policy] if isinstance(policy, str | PathLike) and is_policy_file(str(policy)) else []
    target = check_output(out, overwrite, [catalog, orders, scenarios, *own])
    plan = find_plan(algorithm, policy)
    read = read_study(scenarios)
    horizon = _horizon(read.horizon, every, patience, hold)
    study = merged(read, horizon, replications, seed)
    check_output(out, overwrite, study.policies)
    with opened_store(catalog, orders, clock) as places:
        run = read_run(places.catalog, places.orders, quarantine=False, clock=clock)
        with clock("hash"):
            tables_read = places.inputs(hash_files(run.files))
    case = Case(run.catalog, run.orders, details_of(run.table), plan)
    found = run_study(case, study, workers=workers, clock=clock)
    rows = {name: table.num_rows for name, table in found.tables.items()}
    # Only now: no worker holds the lock of the folder, and what dies before leaves nothing.
    with whole_folder(target, overwrite) as draft:
        with clock("write"):
            for name, table in found.tables.items():
                write_table(table, draft / f"{name}{ending}")
        report = report and is_installed()
        if report:
            with clock("report"):
                write_report(found.tables, draft)
        with clock("hash"):
            inputs = hash_files([str(scenarios), *map(str, own), *study.policies])
        write_run_info(
            draft,
            {
                "catalog": catalog,
                "orders": orders,
                "scenarios": scenarios,
                "out": out,
                "algorithm": plan.code,
                "policy": None if policy is None else as_mapping(plan.policy),
                "steps": [described(one) for one in study.scenarios],
                "horizon": None if study.horizon is None else to_builtins(study.horizon),
                "replications": study.replications or 0,
                "seed": study.seed or 0,
                "workers": workers,
                "format": format,
            },
            inputs=[*tables_read, *inputs],
            rows=rows,
            id_type=run.orders.id_type,
            kpis=found.results[BASELINE],
            notes=found.notes,
            seconds=clock.seconds,
        )
    return Simulated(found, rows, Path(out) / PAGE if report else None)


def _horizon(
    found: Horizon | None,
    every: str | None,
    patience: int | None,
    hold: Decimal | None,
) -> Horizon | None:
    """Return the horizon of a file with what is asked for beside it."""
    if found is None and every is None:
        for name, value in (("patience", patience), ("hold", hold)):
            if value is not None:
                raise UsageError(f"--{name} goes with --horizon, or [horizon] in the file")
        return None
    found = found or Horizon()
    return Horizon(
        every=found.every if every is None else every,
        patience=found.patience if patience is None else patience,
        replenish=found.replenish,
        hold=found.hold if hold is None else hold,
    )
