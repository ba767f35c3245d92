"""A run that stands in a folder, once more: to explain one of its orders."""

from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import msgspec

from engine.clock import Clock
from engine.errors import OutputError
from engine.folders import run_tables
from engine.inputs import order_sets, read_inputs
from engine.intake.report import OutOfSequenceError, Report
from engine.io.location import hash_files, is_uri
from engine.magento.location import is_store
from engine.magento.shipments import LINES_TO_SHIP
from engine.run_info import RunInfo, read_run_info
from engine.selection.explain import explain_order
from engine.selection.explanation import Explanation
from engine.selection.plan import Plan, find_plan
from engine.selection.result import Result
from engine.tables.findings import raise_findings, shown_text
from engine.tables.schema import SCHEMAS

_CHANGED = "run ssa allocate again, and explain that run"


class _Arguments(msgspec.Struct):
    """What a run was asked for that can be replayed."""

    catalog: str
    orders: str
    algorithm: str | None
    policy: dict[str, Any] | None
    mode: Literal["sequential", "independent"]
    quarantine: bool
    magento: bool = False


def explain(
    run: Result | str | PathLike[str], order_id: Any, *, clock: Clock | None = None
) -> Explanation:
    """Say why an order of a run went where it went: the run is replayed up to it.

    Parameters
    ----------
    run
        A result, or the folder that a run wrote. Its inputs must be where they were.
    order_id
        The order; integer and text are the same if they print the same.
    clock
        Told of the phases.

    Returns
    -------
    The order's lines with every candidate source: what it had, its scores, and what it gave or
    the reason that it was passed over. It prints as a sentence.

    Raises
    ------
    UsageError
        If the run has no such order.
    OutputError
        If the folder does not hold a run, an input is gone or has changed since, or the replay
        does not decide as the run did.
    """
    if isinstance(run, Result):
        return run.explain(order_id)
    folder, clock = Path(run), clock or Clock()
    info = read_run_info(folder)
    with clock("read"):
        written = run_tables(folder, info, ("allocations", "shortfalls"))
    arguments = _arguments(folder, info)
    if is_store(arguments.catalog):
        raise OutputError(
            f"{folder} was decided from a database, which goes on changing; ssa export writes its "
            "tables: run ssa allocate on these, and explain that run"
        )
    with clock("hash"):
        _check_inputs(info)
    plan = _plan(arguments)
    catalog, orders = _place(info, arguments.catalog), _place(info, arguments.orders)
    given = read_inputs(
        catalog,
        orders,
        quarantine=arguments.quarantine,
        clock=clock,
        lines=LINES_TO_SHIP if arguments.magento else SCHEMAS["order_lines"],
    )
    known = {_place(info, file.path) for file in info.inputs}
    if more := sorted(set(given.files) - known):
        raise OutputError(f"{more[0]} was not there when {folder} was written; {_CHANGED}")

    def explained(sort_in: Path | None) -> Explanation:
        report = Report(quarantine=arguments.quarantine)
        parts = order_sets(given, report, clock, quarantine=arguments.quarantine, sort_in=sort_in)
        found = explain_order(
            given.catalog,
            parts,
            plan,
            mode=arguments.mode,
            order_id=order_id,
            clock=clock,
            **written,
        )
        raise_findings(report.fatal)
        return found

    try:
        return explained(None)
    except OutOfSequenceError:
        with TemporaryDirectory() as sorting:
            return explained(Path(sorting))


def _arguments(folder: Path, info: RunInfo) -> _Arguments:
    try:
        return msgspec.convert(info.arguments, _Arguments)
    except msgspec.ValidationError as error:
        raise OutputError(
            f"{folder}: its run.json does not say what the run was asked for ({error}), as one of "
            f"ssa allocate does; {_CHANGED}"
        ) from None


def _place(info: RunInfo, path: str) -> str:
    """Return where a path leads that may be relative to where the run was started."""
    return path if is_uri(path) else str(Path(info.working_folder or "", path))


def _plan(arguments: _Arguments) -> Plan:
    if arguments.policy is not None:
        return find_plan(None, arguments.policy)
    return find_plan(arguments.algorithm, None)


def _check_inputs(info: RunInfo) -> None:
    """Compare the inputs with their hashes."""
    changed = []
    for file in info.inputs:
        try:
            (now,) = hash_files([_place(info, file.path)])
        except FileNotFoundError:
            changed.append(f"{file.path} is gone")
        except (OSError, ValueError) as error:
            hint = ", whose password is not kept" if "***@" in file.path else ""
            changed.append(f"{file.path}{hint} cannot be read ({shown_text(error)})")
        else:
            if now["sha256"] != file.sha256:
                changed.append(f"{file.path} has changed")
    if changed:
        raise OutputError(f"{'; '.join(changed)} since the run; {_CHANGED}")
