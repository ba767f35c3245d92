"""The engine, run as its own command line within this process."""

import contextlib
import io
from pathlib import Path

from engine.cli import ssa


def run(catalog: Path, orders: Path, out: Path, algorithm: str) -> None:
    """Allocate with ``ssa allocate``."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = ssa.main(arguments(catalog, orders, out, algorithm), "ssa", standalone_mode=False)
    if code:
        raise RuntimeError(f"ssa allocate ended with exit code {code}")


def arguments(catalog: Path, orders: Path, out: Path, algorithm: str) -> list[str]:
    """Return what follows ``ssa`` on the command line."""
    paths = [str(catalog), str(orders), "--out", str(out)]
    return ["allocate", *paths, "--algorithm", algorithm, "--quiet", "--overwrite"]
