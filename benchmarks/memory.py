"""Memory of a run over time: whether it stays flat while the lines stream through."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.cases import CACHE, Case, files
from benchmarks.contestants import command
from benchmarks.measure import RunError, helper, memory_over_time

_LIMIT = 4 << 30
"""A run that is beyond has missed its target of 1 GiB by far, and is stopped."""


def measure_memory(case: Case) -> dict[str, Any]:
    """Run a case once; return its peak, the peak of its first half, and the samples."""
    with helper() as process:
        made = process.apply(files, (case,))
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as scratch:
        try:
            samples = memory_over_time(
                command("ours", *made, Path(scratch) / "ours", "priority"), _LIMIT
            )
        except RunError as error:
            return {"failed": str(error)}
    resident = [size for _, size in samples]
    return {
        "seconds": samples[-1][0],
        "peak_bytes": max(resident),
        "first_half_peak_bytes": max(resident[: len(resident) // 2 + 1]),
        "samples": samples[:: max(1, len(samples) // 200)],
    }
