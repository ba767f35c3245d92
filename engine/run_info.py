"""``run.json``: what a run was asked for, what it read, and what it came to."""

import os
import platform
import resource
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from engine.errors import OutputError
from engine.io.faults import printable
from engine.io.location import hide_password
from engine.selection.kpis import KPIs
from engine.tables.result_schema import RESULT_TABLES


class InputFile(msgspec.Struct, frozen=True):
    """A file that a run read."""

    path: str
    size: int
    sha256: str


class RunInfo(msgspec.Struct, frozen=True):
    """What ``run.json`` says; see `write_run_info`. Other keys are left alone."""

    arguments: dict[str, Any]
    versions: dict[str, str]
    inputs: list[InputFile]
    rows: dict[str, int]
    order_id_type: str
    kpis: KPIs
    notes: list[str]
    seconds: dict[str, float]
    working_folder: str | None = None


def read_run_info(folder: Path) -> RunInfo:
    """Read ``run.json`` from the folder of a run.

    Raises
    ------
    OutputError
        If it is not there, or not what `write_run_info` writes.
    """
    file = folder / "run.json"
    try:
        if file.exists() and not file.is_file():
            raise ValueError("its run.json is no file")  # a pipe would be waited for
        info = msgspec.json.decode(file.read_bytes(), type=RunInfo)
        pa.type_for_alias(info.order_id_type)
        if "scenarios" in info.arguments:
            raise ValueError("ssa simulate wrote it")
        for name in RESULT_TABLES:
            if name not in info.rows and name != "rejects":
                raise ValueError(f"its run.json lacks {name!r}")
    except FileNotFoundError:
        reason = "it has no run.json" if folder.is_dir() else "there is no such folder"
    except (OSError, ValueError, RecursionError) as error:
        missing = str(error).removeprefix("Object missing required field `")
        name = missing.partition("`")[0]
        reason = str(error) if missing == str(error) else f"its run.json lacks {name!r}"
    else:
        return info
    raise OutputError(f"{folder} does not hold a run: {reason}; give an --out of ssa allocate")


def write_run_info(
    folder: Path,
    arguments: Mapping[str, Any],
    *,
    inputs: Sequence[Mapping[str, Any]],
    rows: Mapping[str, int],
    id_type: pa.DataType,
    kpis: KPIs,
    notes: Sequence[str],
    seconds: Mapping[str, float],
    bound: Mapping[str, Any] | None = None,
) -> None:
    """Write ``run.json`` into the folder of a run that broke no law.

    Parameters
    ----------
    arguments
        What the run was asked for.
    inputs
        Path, size and SHA-256 of each file that was read.
    rows
        Table -> rows written.
    id_type
        The type of ``order_id``, which CSV does not keep.
    kpis, notes
        Of the run.
    seconds
        Phase -> seconds; phases of a streamed run overlap.
    bound
        How low the cost could be, where the batch was decided as a whole.
    """
    info = {
        "arguments": {
            name: _shown(value) if isinstance(value, str | os.PathLike) else value
            for name, value in arguments.items()
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("ssa-engine", "numpy", "numba", "pyarrow")},
        },
        "working_folder": _working_folder(),
        "inputs": [{**file, "path": _shown(file["path"])} for file in inputs],
        "rows": dict(rows),
        "order_id_type": str(id_type),
        "kpis": msgspec.to_builtins(kpis),
        **({} if bound is None else {"bound": bound}),
        # A run that breaks a law of conservation ends before anything is written.
        "conservation": "holds",
        "notes": list(notes),
        "seconds": {phase: round(spent, 4) for phase, spent in seconds.items()},
        "peak_memory_bytes": _peak_memory(),
    }
    text = msgspec.json.format(msgspec.json.encode(info), indent=2)
    (folder / "run.json").write_bytes(text + b"\n")


def _shown(place: str | os.PathLike[str]) -> str:
    """Return a path or URI fit for a report: as valid text, without a password."""
    return hide_password(printable(os.fsdecode(place)))


def _working_folder() -> str | None:
    """Return where relative paths start; None if it has been deleted meanwhile."""
    try:
        return printable(str(Path.cwd()))
    except OSError:
        return None


def _peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB
