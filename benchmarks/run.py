"""``make bench``: times every case, prints what came out, and writes all that is published.

``--only NAME`` (several times; ``*`` stands for anything) chooses cases; ``startup``, ``kernel``,
``policies`` and ``memory`` are names as well. ``--resume`` leaves out what was measured at this
commit.
"""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatch
from typing import Any

from benchmarks import report
from benchmarks.cases import CASES
from benchmarks.machine import commit, machine, versions
from benchmarks.measure import run_whole
from benchmarks.measure_case import measure_case, printed
from benchmarks.memory import measure_memory
from benchmarks.plan import STREAM, runs_of, timed_cases
from benchmarks.results import Results, load, save
from benchmarks.startup import measure_startup
from benchmarks.targets import targets


def main() -> None:
    """Measure what is asked for, part by part, saving after each."""
    arguments = _arguments()
    head = commit()
    parts = _parts(arguments.rounds)
    unknown = [name for name in arguments.only if not any(fnmatch(part, name) for part in parts)]
    if unknown:
        sys.exit(f"no part is called {', '.join(unknown)}; there are {', '.join(parts)}")
    results = load()
    if results["machine"] != machine():
        results = {"cases": {}, "of": {}}
    results |= {"machine": machine(), "versions": versions(), "commit": head}
    results["date"] = f"{datetime.now(UTC):%Y-%m-%d}"
    print(*(f"{name}: {value}" for name, value in machine().items()), sep="\n")
    print(", ".join(f"{name} {value}" for name, value in versions().items()), f"\ncommit {head}\n")
    for name, measure in parts.items():
        wanted = not arguments.only or any(fnmatch(name, some) for some in arguments.only)
        done = arguments.resume and results["of"].get(name) == head
        if wanted and not done:
            measure(results)
            results["of"][name] = head
            save(results)
    report.main()
    _print_targets(results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--resume", action="store_true")
    return parser.parse_args()


def _parts(rounds: int) -> dict[str, Callable[[Results], None]]:
    """Return what can be measured, by name; each adds its own part to the results."""

    def part(key: str, measure: Callable[[], Any]) -> Callable[[Results], None]:
        def add(results: Results) -> None:
            results[key] = measure()
            shown = {name: value for name, value in results[key].items() if name != "samples"}
            print(f"{key}: {shown}\n", flush=True)

        return add

    def timed(case: Any) -> Callable[[Results], None]:
        def add(results: Results) -> None:
            measured = measure_case(case, runs_of(case), rounds)
            results["cases"][case.name] = measured
            print("\n".join(printed(measured)), "\n", flush=True)

        return add

    return {
        "startup": part("startup", lambda: measure_startup(max(rounds, 11))),
        "kernel": part("kernel", lambda: _speeds("kernel_speed")),
        "policies": part("policies", lambda: _speeds("policy_speed")),
        **{case.name: timed(case) for case in timed_cases()},
        "memory": part("memory", lambda: measure_memory(CASES[STREAM])),
    }


def _speeds(module: str) -> dict[str, float]:
    _, printed = run_whole([sys.executable, "-m", f"benchmarks.{module}"])
    return json.loads(printed)


def _print_targets(results: Results) -> None:
    words = {True: "met", False: "MISSED", None: ""}
    for row in targets(results):
        print(f"{row.what:55} {row.target:35} {row.measured:28} {words[row.met]}")


if __name__ == "__main__":
    main()
