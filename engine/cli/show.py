"""What people see: progress on stderr, summaries on stdout."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import click

from engine.clock import Clock

_STEPS = {
    "read": "reading tables",
    "validate": "checking rows",
    "encode": "encoding",
    "rank": "ranking sources",
    "deduct": "deducting",
    "check": "checking that nothing is lost",
    "decode": "building tables",
    "write": "writing",
    "hash": "hashing inputs",
}


@contextmanager
def progress(quiet: bool) -> Iterator[Clock]:
    """Give a clock that shows each phase: a bar on a terminal, plain lines otherwise."""
    if quiet:
        yield Clock()
    elif sys.stderr.isatty():
        yield from _bar()
    else:
        start = perf_counter()
        yield Clock(
            lambda phase: click.echo(f"{perf_counter() - start:6.1f} s  {_STEPS[phase]}", err=True)
        )


def _bar() -> Iterator[Clock]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description:<30}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(_STEPS))

        def show(phase: str) -> None:
            bar.update(task, description=_STEPS[phase], completed=list(_STEPS).index(phase))

        yield Clock(show)


def notes(lines: Sequence[str]) -> None:
    """Print what a person should know to stderr."""
    for line in lines:
        click.echo(f"note: {line}", err=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()) -> None:
    """Print a table that folds its columns on a narrow terminal, and never cuts them."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # Away from a terminal nothing is folded: the output may be read by a program.
    console = Console(
        width=None if sys.stdout.isatty() else _wide(columns, rows), highlight=False, markup=False
    )
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, show_header=any(columns))
    for at, name in enumerate(columns):
        shown.add_column(name, justify="right" if at in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*("" if value is None else str(value) for value in row))
    console.print(shown)


def _wide(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    widths = [max(len(str(row[at])) for row in [columns, *rows]) for at in range(len(columns))]
    return max(80, sum(widths) + 3 * len(widths))


def as_json(value: Any) -> None:
    """Print a value as JSON for machines."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def kpi_rows(kpis: Sequence[Any]) -> list[list[str]]:
    """Return the key figures of one or more runs as rows: name, then a column per run."""
    rows: list[tuple[str, Callable[[Any], str]]] = [
        ("units served", lambda k: f"{k.units_allocated:,.10g} of {k.units:,.10g}"),
        ("unit fill rate", lambda k: _share(k.unit_fill_rate)),
        ("line fill rate", lambda k: _share(k.line_fill_rate)),
        ("orders served in full", lambda k: _share(k.order_fill_rate)),
        ("orders split", lambda k: _share(k.split_rate)),
        ("orders split, of several lines", lambda k: _share(k.split_rate_multi_line)),
        ("shipments per order", lambda k: _number(k.shipments_per_order, 2)),
        ("km per shipment", lambda k: _number(k.distance_km, 1)),
        ("km per unit", lambda k: _number(k.distance_km_by_unit, 1)),
        ("shipments of unknown distance", lambda k: _share(k.shipments_without_distance)),
        ("balance of sources", lambda k: _number(k.balance, 3)),
    ]
    return [[name, *(show(one) for one in kpis)] for name, show in rows]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
