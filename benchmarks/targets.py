"""The targets, each with what was measured."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.growth import curves
from benchmarks.plan import STREAM, WHOLE_PEERS
from benchmarks.policy_speed import CASE, RULES, SCORES
from benchmarks.results import Results, ratio, seconds

_MILLIONS = ("1Mx100kx50", "1Mx1Mx50")
"""The targets name a million lines and no SKUs: a tenth of the lines, and as many, which is half a
million source items and five million to read and write for the same lines."""
_KERNEL = "1Mx1Mx50"
_MSI_LINES_PER_SECOND = 93_000
"""MSI's published selection code, inventory in memory and no database."""
_SELECTION = ("rank", "deduct", "select")
"""Phases of a run that select sources."""


class Target(NamedTuple):
    """One row; ``met`` is None where nothing was measured."""

    what: str
    target: str
    measured: str
    met: bool | None


def targets(results: Results) -> list[Target]:
    """Return all targets in order."""
    return [
        *_ratios(results),
        *_kernel(results),
        *_policies(results),
        *_msi_xl(results),
        _memory(results),
        *_growth(results),
        _startup(results),
    ]


def _at_most(what: str, value: float | None, limit: float, unit: str = "x") -> Target:
    met = None if value is None else value <= limit
    return Target(what, f"<= {limit:g}{unit}", _shown(value, unit), met)


def _at_least(what: str, value: float | None, limit: float, unit: str = "x") -> Target:
    met = None if value is None else value >= limit
    return Target(what, f">= {limit:g}{unit}", _shown(value, unit), met)


def _shown(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.2f}{unit}"


def _ratios(results: Results) -> Iterator[Target]:
    ours, whole = "ours priority warm", "ours priority whole"
    yield _at_most(
        f"total / I/O floor, priority, {WHOLE_PEERS}",
        ratio(results, WHOLE_PEERS, ours, "floor priority warm"),
        1.5,
    )
    for case in _MILLIONS:
        yield _at_least(
            f"DuckDB SQL / ours, priority, {case}, warm",
            ratio(results, case, "duckdb priority warm", ours),
            3,
        )
    yield _at_least(
        f"DuckDB SQL / ours, priority, {WHOLE_PEERS}, whole process",
        ratio(results, WHOLE_PEERS, "duckdb priority whole", whole),
        2.5,
    )
    for case in _MILLIONS:
        yield _at_least(
            f"pandas / ours, priority, {case}, warm",
            ratio(results, case, "pandas priority warm", ours),
            15,
        )
    for case in _MILLIONS:
        yield _at_least(
            f"plain Python / ours, distance, {case}, warm",
            ratio(results, case, "python distance warm", "ours distance warm"),
            50,
        )
    for case in _MILLIONS:
        yield _at_most(
            f"distance / priority, ours, {case}, warm",
            ratio(results, case, "ours distance warm", ours),
            1.3,
        )


def _kernel(results: Results) -> Iterator[Target]:
    for algorithm, limit in (("priority", 40), ("distance", 12)):
        speed = results.get("kernel", {}).get(algorithm)
        yield _at_least(
            f"kernel alone, {algorithm}, {_KERNEL}, one thread",
            speed and speed / 1e6,
            limit,
            " M lines/s",
        )


def _policies(results: Results) -> Iterator[Target]:
    for names, limit in ((RULES, 2), (SCORES, 1)):
        for name in names:
            speed = results.get("policies", {}).get(name)
            yield _at_least(
                f"policy by {name}, {CASE.about}, one thread",
                speed and speed / 1e6,
                limit,
                " M lines/s",
            )


def _msi_xl(results: Results) -> Iterator[Target]:
    whole = seconds(results, "msi-xl", "ours priority whole")
    floor = seconds(results, "msi-xl", "floor priority warm")
    started = results.get("startup", {}).get("ssa allocate")
    known = whole is not None and floor is not None and started is not None
    limit = 2 * floor + started if known else None
    yield Target(
        "ssa allocate, msi-xl, whole process",
        "<= 2 x I/O floor + start-up" + ("" if limit is None else f" = {limit:.2f} s"),
        "not measured" if limit is None else f"{whole:.2f} s",
        None if limit is None else whole <= limit,
    )
    run = results["cases"].get("msi-xl", {}).get("runs", {}).get("ours priority whole")
    spent = run and sum(run["phases"].get(name, 0.0) for name in _SELECTION)
    lines = results["cases"]["msi-xl"]["case"]["lines"] if run else 0
    yield _at_least(
        "selection phase / MSI's 93 k lines/s, msi-xl",
        lines / spent / _MSI_LINES_PER_SECOND if spent else None,
        100,
    )


def _memory(results: Results) -> Target:
    memory = results.get("memory", {})
    what, target = f"peak memory, {STREAM}", "<= 1 GiB, flat after the first half"
    if not memory:
        return Target(what, target, "not measured", None)
    if "failed" in memory:
        return Target(what, target, memory["failed"], False)
    peak, first = memory["peak_bytes"], memory["first_half_peak_bytes"]
    shown = f"{peak / 2**30:.2f} GiB, {first / 2**30:.2f} GiB in the first half"
    return Target(what, target, shown, peak <= 2**30 and peak <= 1.05 * first)


def _growth(results: Results) -> Iterator[Target]:
    known = {(curve.axis, curve.algorithm): curve.exponent for curve in curves(results)}
    for axis, limit in (("lines", 1.05), ("skus", 1.05), ("sources", 1.0)):
        yield _at_most(
            f"growth in {axis}, priority: exponent", known.get((axis, "priority")), limit, ""
        )


def _startup(results: Results) -> Target:
    known = results.get("startup", {})
    more = known and 1000 * (known["ssa --help"] - known["python -c pass"])
    return _at_most("ssa --help, more than python -c pass", more or None, 100, " ms")
