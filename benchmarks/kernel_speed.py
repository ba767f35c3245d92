"""The kernel alone: ``python -m benchmarks.kernel_speed`` prints lines per second as JSON.

Everything is read and encoded beforehand; what is timed is the phase ``deduct`` of a run, and for
distances the phase ``rank`` with it.
"""

import json
from statistics import median
from typing import Any

from benchmarks.cases import CASES, files
from engine.algorithms.registry import find_algorithm
from engine.clock import Clock
from engine.folders import read_run
from engine.selection.deduction import deduct

CASE = CASES["1Mx1Mx50"]
ROUNDS = 7


def main() -> None:
    """Print lines per second by algorithm, the median of some rounds after one to warm up."""
    run = read_run(*files(CASE), quarantine=False, clock=Clock())
    speeds = {}
    for algorithm in ("priority", "distance"):
        seconds = [serve(run.catalog, run.orders, algorithm) for _ in range(ROUNDS + 1)]
        speeds[algorithm] = CASE.lines / median(seconds[1:])
    print(json.dumps(speeds))


def serve(catalog: Any, orders: Any, algorithm: str) -> float:
    """Serve all orders; return the seconds of the selection."""
    clock = Clock()
    deduct(
        catalog,
        orders,
        find_algorithm(algorithm),
        independent=False,
        include_zero=False,
        clock=clock,
    )
    return sum(clock.seconds.values())


if __name__ == "__main__":
    main()
