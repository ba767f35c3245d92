"""``make bench-quality``: compares all policies with the bound, writes `docs/quality.md`.

``--seeds N`` other than 10 prints the tables and writes nothing.
"""

import argparse
import platform
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks.machine import commit, machine
from benchmarks.quality.measure import CASES, Case, measure
from benchmarks.quality.page import main as write_page
from benchmarks.quality.page import tables
from benchmarks.quality.results import save

SEEDS = 10
_PACKAGES = ("ssa-engine", "numpy", "numba", "highspy")


def main() -> None:
    """Measure all cases; the first run of a policy, which compiles, is not among them."""
    parser = argparse.ArgumentParser(prog="make bench-quality ARGS=...", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    seeds = parser.parse_args().seeds
    results = {
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        },
        "commit": commit(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "rows": [],
    }
    for _ in measure(Case(10, 2, 100), 0):
        pass
    for case in CASES:
        for seed in range(seeds):
            results["rows"] += measure(case, seed)
        print(*(f"{name} {value:,}" for name, value in case._asdict().items()), flush=True)
    if seeds == SEEDS:
        save(results)
        write_page()
    else:
        print(tables(results))


if __name__ == "__main__":
    main()
