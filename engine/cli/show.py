"""What people see: progress on stderr, tables and summaries on stdout."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from time import perf_counter
from typing import Any

import click

from engine.cli.text import clean, table_lines
from engine.clock import Clock
from engine.selection.bound import Bound
from engine.selection.shown import kpi_differences, kpi_rows

_SECONDS_BETWEEN = 10.0
"""Between two lines about a long run."""
POLICIES, BATCHES = "orders.serve", "optimum."
COMPILING = {"": 10, POLICIES: 25, BATCHES: 50}
"""Kernels -> seconds that compiling those takes which a run by an algorithm, by a policy, or of a
batch as a whole needs."""
_STEPS = {
    "read": "reading tables",
    "validate": "checking rows",
    "encode": "encoding",
    "rank": "ranking sources",
    "optimize": "deciding all orders together",
    "deduct": "deducting",
    "try": "trying the steps",
    "simulate": "running scenarios",
    "check": "checking totals",
    "decode": "building tables",
    "sum": "adding up",
    "match": "matching orders",
    "write": "writing",
    "report": "drawing the report",
    "hash": "hashing inputs",
}


def say(*lines: str) -> None:
    """Print lines to stdout."""
    _print("\n".join(map(clean, lines)))


def sentences(*lines: str) -> None:
    """Print lines to stdout; on a terminal they are folded between words."""
    lines = tuple(map(clean, lines))
    if sys.stdout.isatty():
        lines = tuple(part for line in lines for part in _fold(line, "") or [""])
    _print("\n".join(lines))


def _print(text: str) -> None:
    try:
        click.echo(text)
    except BrokenPipeError:  # the reader has seen enough, as ``head`` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def tell(*lines: str) -> None:
    """Print lines to stderr; on a terminal they are folded between words."""
    lines = tuple(map(clean, lines))
    if sys.stderr.isatty():
        lines = tuple(part for line in lines for part in _fold(line))
    with suppress(OSError):  # that nobody can read it must not end a run
        click.echo("\n".join(lines), err=True)


def _fold(line: str, indent: str = "    ") -> list[str]:
    room = get_terminal_size().columns
    # Paths, options and commands stay whole, to be copied.
    return wrap(
        line, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def notes(lines: Sequence[str]) -> None:
    """Print what a person should know to stderr."""
    if lines:
        tell(*(f"note: {line}" for line in lines))


def bound(found: Bound) -> str:
    """Say how far a batch is from the least that it could cost."""
    far = "" if found.gap is None else f", {found.gap:.2%} above the bound"
    early = "" if found.is_whole else "; the time limit ended the search"
    least = f"no way to serve them costs less than {found.least:,.2f}"
    return f"decided together they cost {found.cost:,.2f}{far}: {least}{early}"


@contextmanager
def courtesy() -> Iterator[None]:
    """Print about files that are written already: if that fails, the run has still succeeded."""
    try:
        yield
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        tell(f"ssa: all is written, but this summary cannot be printed: {error.strerror}")


def compiling(quiet: bool, kernels: str = "") -> None:
    """Say why this run takes longer than the next, if it does; see `COMPILING`."""
    from engine.kernels.place import is_cold

    if not quiet and is_cold(kernels):
        seconds = COMPILING[kernels]
        tell(f"ssa: compiling the kernels, once (about {seconds} s); ssa warmup does it ahead")


def kernels_of(policies: Iterable[Any], mode: str = "sequential") -> str:
    """Return which kernels runs by these policies need, None for an algorithm; see `COMPILING`."""
    from engine.errors import EngineError
    from engine.policies.find import PRESETS, find_policy
    from engine.policies.model import BATCH_RULE

    kernels = ""
    for policy in policies:
        if policy is None:
            continue
        kernels = POLICIES
        with suppress(EngineError, OSError):  # what is wrong with it is told by the run
            if isinstance(policy, str) and policy not in PRESETS and not Path(policy).is_file():
                continue  # a pipe can be read only once
            if mode == "sequential" and find_policy(policy).order_rule == BATCH_RULE:
                return BATCHES
    return kernels


@contextmanager
def progress(quiet: bool, *phases: str) -> Iterator[Clock]:
    """Give a clock that shows each phase: a bar on a terminal, plain lines otherwise."""
    if quiet:
        yield Clock()
    elif sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown"):
        yield from _bar(phases)
    else:
        yield _plain_progress()


def _plain_progress() -> Clock:
    """Tell of each phase, and how far a long one is every ten seconds."""
    start = told = perf_counter()

    def say_so(what: str) -> None:
        tell(f"{perf_counter() - start:6.1f} s  {what}")

    def say_some(words: str) -> None:
        nonlocal told
        if perf_counter() - told > _SECONDS_BETWEEN:
            told = perf_counter()
            say_so(words)

    def count(done: int, total: int) -> None:
        say_some(f"{done:,} of about {total:,} lines done")

    return Clock(lambda phase: say_so(_step(phase)), count, say_some)


def _bar(phases: Sequence[str]) -> Iterator[Clock]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description:<16}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(phases))

        def show(phase: str) -> None:
            # Drawn at once: a phase may be over before the next turn of the clock.
            done, total = phases.index(phase), len(phases)
            bar.update(task, description=_step(phase), completed=done, total=total, refresh=True)

        def count(done: int, total: int) -> None:
            # Phases run side by side from here on: the lines say how far the run is.
            bar.update(task, description=f"{done:,} lines", completed=done, total=max(done, total))

        def say_so(words: str) -> None:
            bar.update(task, description=words)

        yield Clock(show, count, say_so)


def _step(phase: str) -> str:
    return _STEPS.get(phase, f"running {phase}")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()) -> None:
    """Print a table; it folds on a terminal only, as other output may be read by a program."""
    room = get_terminal_size().columns if sys.stdout.isatty() else None
    rule = "─" if (sys.stdout.encoding or "").lower().startswith("utf") else "-"
    _print("\n".join(table_lines(columns, rows, right, room, rule)))


def as_json(value: Any) -> None:
    """Print a value as JSON for machines, decimals with all their places."""
    import msgspec

    encoded = msgspec.json.Encoder(decimal_format="number").encode(value)
    _print(msgspec.json.format(encoded, indent=2).decode())


def counts(values: Any) -> dict[str, int]:
    """Return how often each value of a column occurs, the most frequent first."""
    rows = [(row["counts"], row["values"] or "") for row in values.value_counts().to_pylist()]
    return {name: count for count, name in sorted(rows, key=lambda row: (-row[0], row[1]))}


def side_by_side(base: tuple[str, Any], others: Sequence[tuple[str, Any]]) -> None:
    """Print the key figures of runs, each with its difference to the first one.

    As many stand in a table as there is room for, the first one in each of them. Where there is
    none, each run has a table of its own below its name.
    """
    room = get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    left = list(others)
    while left:
        count = 1
        while count < len(left) and _width(_columns(base, left[: count + 1])) <= room:
            count += 1
        columns = _columns(base, left[:count])
        if _width(columns) <= room:
            header, *rows = zip(*columns, strict=True)
            table(header, rows, range(1, len(columns)))
        else:
            name, kpis = left[0]
            sentences(name)
            header = ("key figure", base[0], "scenario", "difference")
            table(header, kpi_differences(base[1], kpis), (1, 2, 3))
        left = left[count:]
        if left:
            say("")


_WIDTH = 100
"""Of tables side by side where no terminal says it."""


def _columns(base: tuple[str, Any], others: Sequence[tuple[str, Any]]) -> list[list[str]]:
    """Return the columns of a table of key figures, names on top."""
    figures = kpi_rows([base[1], *(kpis for _, kpis in others)])
    columns = [["", *(row[0] for row in figures)], [base[0], *(row[1] for row in figures)]]
    for at, (name, kpis) in enumerate(others, start=2):
        changes = [row[3] for row in kpi_differences(base[1], kpis)]
        columns += [[clean(name), *(row[at] for row in figures)], ["", *changes]]
    return columns


def _width(columns: Sequence[Sequence[str]]) -> int:
    from rich.cells import cell_len

    return sum(max(map(cell_len, column)) + 2 for column in columns) - 2
