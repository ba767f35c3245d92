"""``make bench-smoke``: everything that the benchmarks do, at a size that takes seconds.

Every case is built a thousand times smaller, and all peers are compared with the engine on it; the
harness times one of them by all contestants; the guard compares ratios; what is published must say
what ``results.json`` says.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import guard, report
from benchmarks.cases import CASES, Case, files, reduced
from benchmarks.compare import first_difference
from benchmarks.contestants import CONTESTANTS, PEERS, can, runner
from benchmarks.measure_case import measure_case, printed
from benchmarks.plan import Run


def main() -> None:
    """Run all checks; end with what failed."""
    failed = list(_compare_all())
    _time_one()
    failed += guard.check()
    failed += [f"{name} is stale: run python -m benchmarks.report" for name in report.stale()]
    sys.exit("\n".join(failed) or None)


def _compare_all() -> Iterator[str]:
    """Yield where a peer differs from the engine on any case."""
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in CASES:
            case = reduced(CASES[name], 1_000)
            files(case)
            for algorithm in _algorithms(name):
                peers = [peer for peer in PEERS if can(peer, case, algorithm)]
                if peers:
                    yield from _compare(case, algorithm, peers, Path(scratch))
                count += len(peers)
    print(f"{count} results of peers compared")


def _algorithms(name: str) -> tuple[str, ...]:
    """Return the algorithms to compare on a case; the large ones take plain Python long."""
    if CASES[name].destinations and CASES[name].lines <= 10**6:
        return ("priority", "distance")
    return ("priority",)


def _compare(case: Case, algorithm: str, peers: list[str], scratch: Path) -> Iterator[str]:
    reference = scratch / "ours"
    runner("ours")(*files(case), reference, algorithm)
    for name in peers:
        runner(name)(*files(case), scratch / name, algorithm)
        differs = first_difference(reference, scratch / name)
        if differs:
            yield f"{case.name}, {algorithm}: {CONTESTANTS[name].title} differs: {differs}"


def _time_one() -> None:
    """Have the harness time all contestants warm, and some whole, on one small case."""
    case = reduced(CASES["100kx100kx50"], 100)
    runs = [Run(name, "priority", False) for name in CONTESTANTS]
    runs += [Run(name, "priority", True) for name in ("ours", "floor")]
    result = measure_case(case, runs, rounds=1)
    print("\n".join(printed(result)))
    if result["dropped"]:
        sys.exit(f"the harness dropped {result['dropped']}")


if __name__ == "__main__":
    main()
