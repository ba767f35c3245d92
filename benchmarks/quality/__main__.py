"""``make bench-quality``: compares all policies with the bound, writes `docs/quality.md`.

``--only NAME`` (several times) chooses parts: ``papers`` is the instance in all sizes with all
seeds, the others are data sets decided as a whole. ``--seeds N`` other than 10 prints the tables
of ``papers`` alone and writes nothing.
"""

import argparse
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from benchmarks.machine import commit, machine
from benchmarks.quality import whole
from benchmarks.quality.data_sets import DATA_SETS, of_instance
from benchmarks.quality.measure import CASES, Case, measure
from benchmarks.quality.page import main as write_page
from benchmarks.quality.page import tables
from benchmarks.quality.results import load, save

SEEDS = 10
_PACKAGES = ("ssa-engine", "numpy", "numba", "highspy")
_PAPERS = "papers"


def main() -> None:
    """Measure what is asked for, saving after each part; compiling is not among it."""
    parts, seeds = _asked()
    if seeds != SEEDS:
        print(tables({**_heading(), "rows": _papers(seeds)}))
        return
    results, heading = load(), _heading()
    if results["machine"] != heading["machine"]:
        results = {"of": {}, "rows": []}
    # Parts that are not measured anew keep the commit at which they were.
    known = results.get("of", {_PAPERS: results.get("commit")})
    for part in parts:
        known[part] = heading["commit"]
        if part == _PAPERS:
            results["rows"] = _papers(seeds)
        else:
            _put(results, part)
        results = {**heading, "of": known, **_lists(results)}
        save(results)
    write_page()


def _asked() -> tuple[list[str], int]:
    names = [_PAPERS, *DATA_SETS]
    parser = argparse.ArgumentParser(prog="make bench-quality ARGS=...", description=__doc__)
    parser.add_argument("--only", action="append", choices=names, metavar="NAME")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    arguments = parser.parse_args()
    return [name for name in names if name in (arguments.only or names)], arguments.seeds


def _heading() -> dict[str, Any]:
    packages = {name: version(name) for name in _PACKAGES}
    return {
        "machine": machine(),
        "versions": {"python": platform.python_version(), **packages},
        "commit": commit(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _papers(seeds: int) -> list[dict[str, Any]]:
    for _ in measure(Case(10, 2, 100), 0):
        pass
    return [row for case in CASES for row in _of_case(case, seeds)]


def _of_case(case: Case, seeds: int) -> Iterator[dict[str, Any]]:
    for seed in range(seeds):
        yield from measure(case, seed)
    print(*(f"{name} {value:,}" for name, value in case._asdict().items()), flush=True)


def _put(results: dict[str, Any], name: str) -> None:
    """Measure a data set and put its rows where its old ones were."""
    whole.measure(of_instance(10, 2, 100))
    for table, rows in whole.measure(DATA_SETS[name]()).items():
        kept = [row for row in results.get(table, []) if row["data_set"] != name]
        order = list(DATA_SETS)
        results[table] = sorted(kept + rows, key=lambda row: order.index(row["data_set"]))
    print(name, flush=True)


def _lists(results: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in results.items() if isinstance(part, list)}


if __name__ == "__main__":
    main()
