"""Where and with what a benchmark ran."""

import os
import platform
import subprocess
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PACKAGES = ("ssa-engine", "numpy", "numba", "pyarrow", "duckdb", "polars", "pandas")


def machine() -> dict[str, str]:
    """Return processor, cores, memory and system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "os": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of all that is compared."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def commit() -> str:
    """Return the short hash of the checkout, with a + where the engine differs from it."""
    with suppress(OSError, subprocess.CalledProcessError):
        head = _git("rev-parse", "--short", "HEAD")
        return head + (
            "+" if _git("status", "--porcelain", "--", "engine", "benchmarks/*.py") else ""
        )
    return "unknown"


def _cpu() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
