"""What starting costs, in whole processes."""

import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.contestants import command
from benchmarks.measure import run_whole
from engine.packaged import packaged


def measure_startup(rounds: int) -> dict[str, float]:
    """Return median seconds of nothing, of ``ssa --help``, and of ``ssa allocate`` on one order."""
    example = packaged("msi_example")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "ssa --help": [str(Path(sys.executable).with_name("ssa")), "--help"],
            "ssa allocate": command(
                "ours", example / "catalog", example / "orders", out, "priority"
            ),
        }
        for each in commands.values():
            run_whole(each)
        seconds = {name: [] for name in commands}
        for _ in range(rounds):
            for name, each in commands.items():
                seconds[name].append(run_whole(each)[0].seconds)
    return {name: median(values) for name, values in seconds.items()}
