"""Who is timed, and how each is called: in a process of its own, or within a warm one."""

import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases import Case
from benchmarks.peers.command import Peer


class Contestant(NamedTuple):
    """One that does the work: the engine, the floor or a peer.

    ``module`` has ``run(catalog, orders, out, algorithm)``.
    """

    module: str
    title: str
    algorithms: tuple[str, ...] = ("priority",)
    any_number_of_stocks: bool = False


_BOTH = ("priority", "distance")

CONTESTANTS = {
    "ours": Contestant("benchmarks.ours", "ssa-engine", _BOTH, True),
    "floor": Contestant("benchmarks.floor", "I/O floor", _BOTH, True),
    "duckdb": Contestant("benchmarks.peers.duckdb_sql", "DuckDB SQL"),
    "polars": Contestant("benchmarks.peers.polars_frames", "Polars"),
    "pandas": Contestant("benchmarks.peers.pandas_frames", "pandas"),
    "python": Contestant("benchmarks.peers.plain_python", "plain Python", _BOTH, True),
}
PEERS = ("duckdb", "polars", "pandas", "python")


def can(name: str, case: Case, algorithm: str) -> bool:
    """Return whether a contestant can do a case; peers read made files with a table of orders."""
    contestant = CONTESTANTS[name]
    if name in PEERS and (case.data_set or case.in_lines):
        return False
    if case.stocks > 1 and not contestant.any_number_of_stocks:
        return False
    return algorithm in contestant.algorithms


def runner(name: str) -> Peer:
    """Import a contestant and return its ``run``."""
    return import_module(CONTESTANTS[name].module).run


def command(name: str, catalog: Path, orders: Path, out: Path, algorithm: str) -> list[str]:
    """Return the command line of a contestant as a whole process."""
    if name == "ours":
        from benchmarks.ours import arguments

        ssa = Path(sys.executable).with_name("ssa")
        return [str(ssa), *arguments(catalog, orders, out, algorithm)]
    paths = [str(catalog), str(orders), str(out)]
    return [sys.executable, "-m", CONTESTANTS[name].module, *paths, algorithm]
