"""Two runs compared: key figures, and the orders that changed."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.clock import Clock
from engine.comparison.asked import other_arguments, other_inputs
from engine.comparison.changes import find_changes
from engine.comparison.figures import kpi_table
from engine.comparison.sides import Run
from engine.errors import InputError
from engine.folders import run_tables
from engine.html import html_table
from engine.run_info import RunInfo, read_run_info
from engine.selection.kpis import KPIs
from engine.selection.result import Result
from engine.selection.shown import kpi_differences

Given = Result | str | PathLike[str]

_TABLES = ("orders", "allocations", "shortfalls")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What differs between two runs, A and B; ``docs/compare.md`` says what the kinds mean.

    Attributes
    ----------
    kpis
        Every key figure: name, a, b, difference (b - a).
    orders
        The orders that changed, in the sequence of A, then those of B alone: order_id, change
        (its kind), qty_a and qty_b allocated, sources_a and sources_b, reasons_a and reasons_b of
        shortfalls, and why in words.
    num_orders
        Orders of either run.
    changes
        Kind -> number of orders, the most frequent first.
    arguments
        What the runs were asked for differently: name -> (A, B). None if a run does not say.
    inputs
        Input files that differ -> ``changed``, ``only in A`` or ``only in B``. None if a run does
        not say what it read.
    figures
        The key figures of A and of B.
    """

    kpis: pa.Table
    orders: pa.Table
    num_orders: int
    changes: dict[str, int]
    arguments: dict[str, tuple[Any, Any]] | None
    inputs: dict[str, str] | None
    figures: tuple[KPIs, KPIs]

    def __repr__(self) -> str:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.changes.items())
        changed = f"{self.orders.num_rows:,} of {self.num_orders:,} orders changed"
        return f"Comparison({changed}{': ' if kinds else ''}{kinds})"

    def _repr_html_(self) -> str:
        figures = kpi_differences(*self.figures)
        columns = ["order_id", "change", "qty_a", "qty_b", "why"]
        rows = list(zip(*(self.orders[name].to_pylist() for name in columns), strict=True))
        return html_table(repr(self), ["key figure", "A", "B", "difference"], figures) + html_table(
            "orders that changed", columns, rows, left=len(columns)
        )


def compare(a: Given, b: Given) -> Comparison:
    """Compare two runs.

    Parameters
    ----------
    a, b
        What `engine.allocate` returned, or a folder that a run wrote; one may be this, the other
        that.

    Returns
    -------
    The key figures side by side and the orders that changed.

    Raises
    ------
    OutputError
        If a folder does not hold a whole run.
    InputError
        If a file of a run cannot be read.

    Examples
    --------
    >>> import engine
    >>> from engine.packaged import packaged
    >>> catalog = engine.read_catalog(packaged("northwind/catalog"))
    >>> orders = engine.read_orders(packaged("northwind/orders"))
    >>> by_priority, by_distance = (
    ...     engine.allocate(catalog, *orders, algorithm=code) for code in ("priority", "distance")
    ... )
    >>> found = compare(by_priority, by_distance)
    >>> found.changes
    {'other sources': 329, 'other quantities': 25, 'less served': 10, 'more served': 4}
    >>> found.orders["why"][0].as_py()
    'london instead of hamburg'
    >>> found.kpis.slice(3, 1).to_pylist()
    [{'name': 'units_allocated', 'a': 42537.0, 'b': 42486.0, 'difference': -51.0}]
    """
    return compare_runs(a, b, Clock())


def compare_runs(a: Given, b: Given, clock: Clock) -> Comparison:
    """Compare two runs as `compare` does; the clock is told of the phases read and match."""
    with clock("read"):
        (run_a, kpis_a, info_a), (run_b, kpis_b, info_b) = (
            _loaded(given, name) for given, name in ((a, "A"), (b, "B"))
        )
    with clock("match"):
        changes = find_changes(run_a, run_b)
    return Comparison(
        kpis=kpi_table(kpis_a, kpis_b),
        orders=changes.table,
        num_orders=changes.num_orders,
        changes=changes.counts,
        arguments=other_arguments(info_a, info_b) if info_a and info_b else None,
        inputs=other_inputs(info_a, info_b) if info_a and info_b else None,
        figures=(kpis_a, kpis_b),
    )


def _loaded(given: Given, name: str) -> tuple[Run, KPIs, RunInfo | None]:
    if isinstance(given, Result):
        return Run(name, given.orders, given.allocations, given.shortfalls), given.kpis, None
    place = Path(given)
    info = read_run_info(place)
    try:
        tables = run_tables(place, info, _TABLES)
    except InputError as error:  # which of the two is not said there
        lines = str(error).split("\n")
        raise InputError("\n".join(f"{place}: {line}" for line in lines)) from error
    return Run(str(place), **tables), info.kpis, info
