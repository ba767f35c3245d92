"""Scenarios between folders: read, run, write."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from engine.clock import Clock
from engine.folders import read_run
from engine.io.location import hash_files
from engine.io.output import check_output, whole_folder
from engine.io.write import format_ending, write_table
from engine.policies.find import as_mapping, is_policy_file, parsed_toml
from engine.policies.model import Policy
from engine.run_info import write_run_info
from engine.selection.plan import find_plan
from engine.whatif.case import Case, details_of
from engine.whatif.file import BASELINE, policy_files, read_scenarios
from engine.whatif.scenario import described
from engine.whatif.simulate import run_scenarios
from engine.whatif.simulation import Simulation


class Simulated(NamedTuple):
    """What a simulation came to, and how many rows of each table were written."""

    found: Simulation
    rows: dict[str, int]


def simulate_folders(
    catalog: str | PathLike[str],
    orders: str | PathLike[str],
    scenarios: str | PathLike[str],
    out: str | PathLike[str],
    *,
    algorithm: str | None = None,
    policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None" = None,
    workers: int | None = None,
    format: str = "parquet",
    overwrite: bool = False,
    clock: Clock | None = None,
) -> Simulated:
    """Read folders and a file of scenarios, run them, and write the tables.

    Parameters
    ----------
    catalog, orders
        Folders or URIs; they may be the same.
    scenarios
        TOML file.
    out
        Local folder that appears whole or not at all.
    algorithm, policy, workers
        As in `simulate`.
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
    listed = read_scenarios(scenarios)
    text = Path(scenarios).read_text("utf-8-sig")
    named = policy_files(parsed_toml(text, str(scenarios)), Path(scenarios).parent)
    check_output(out, overwrite, named)
    run = read_run(catalog, orders, quarantine=False, clock=clock)
    case = Case(run.catalog, run.orders, details_of(run.table), plan)
    found = run_scenarios(case, listed, workers=workers, clock=clock)
    rows = {name: table.num_rows for name, table in found.tables.items()}
    # Only now: no worker holds the lock of the folder, and what dies before leaves nothing.
    with whole_folder(target, overwrite) as draft:
        with clock("write"):
            for name, table in found.tables.items():
                write_table(table, draft / f"{name}{ending}")
        with clock("hash"):
            inputs = hash_files([*run.files, str(scenarios), *map(str, own), *named])
        write_run_info(
            draft,
            {
                "catalog": catalog,
                "orders": orders,
                "scenarios": scenarios,
                "out": out,
                "algorithm": plan.code,
                "policy": None if policy is None else as_mapping(plan.policy),
                "steps": [described(one) for one in listed],
                "workers": workers,
                "format": format,
            },
            inputs=inputs,
            rows=rows,
            id_type=run.orders.id_type,
            kpis=found.results[BASELINE],
            notes=found.notes,
            seconds=clock.seconds,
        )
    return Simulated(found, rows)
