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

from engine.io.faults import printable
from engine.io.location import hide_password
from engine.selection.kpis import KPIs


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
