"""Which runs are timed on which case."""

from typing import NamedTuple

from benchmarks.cases import CASES, GROWTH, Case
from benchmarks.contestants import can


class Run(NamedTuple):
    """One thing to time; ``whole`` is a process of its own, imports and start-up counted."""

    contestant: str
    algorithm: str
    whole: bool

    @property
    def key(self) -> str:
        """The name of the run in ``results.json``."""
        return f"{self.contestant} {self.algorithm} {'whole' if self.whole else 'warm'}"


ALL_PEERS = ("100kx100kx50", "1Mx100kx50", "1Mx1Mx50")
"""Cases that every peer runs: plain Python and pandas take long, and tell no more elsewhere."""
WHOLE_PEERS = "10Mx1Mx50"
"""The case that is run by whole processes, since it is large enough for imports not to matter."""
STREAM = "stream-50M"
"""Looked at for its memory alone."""


def timed_cases() -> list[Case]:
    """Return all cases that are timed, those of the growth curves last."""
    cases = {name: case for name, case in CASES.items() if name != STREAM}
    for axis in GROWTH.values():
        cases.update({case.name: case for case in axis if case.name not in cases})
    return list(cases.values())


def runs_of(case: Case) -> list[Run]:
    """Return what is timed on a case, in the order of a round."""
    runs = [Run("ours", "priority", False)]
    if case.destinations or case.data_set:
        runs.append(Run("ours", "distance", False))
    if case.name not in CASES:
        return runs
    runs += [Run("ours", "priority", True), Run("floor", "priority", False)]
    if case.name == WHOLE_PEERS:
        runs += [Run(name, "priority", True) for name in ("floor", "duckdb", "polars")]
    elif case.lines <= 10**6:
        runs += [Run(name, "priority", False) for name in ("duckdb", "polars")]
    if case.name in ALL_PEERS:
        runs += [Run("pandas", "priority", False), Run("python", "priority", False)]
        runs += [Run("python", "distance", False)]
    return [run for run in runs if can(run.contestant, case, run.algorithm)]
