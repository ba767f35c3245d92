"""A run over orders that come in parts, in memory that does not grow with their number."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from os import PathLike
from typing import Any

import numpy as np
import pyarrow as pa

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import InputError, UsageError
from engine.intake.in_lines import orders_in_lines
from engine.intake.report import Report
from engine.orders import OrderSet
from engine.pipeline import ahead
from engine.policies.model import Policy
from engine.selection.bound import Bound
from engine.selection.kpis import KPIs
from engine.selection.plan import find_plan
from engine.selection.result import Part, rejected_rows
from engine.selection.run import Decided, Run
from engine.tables.findings import raise_findings
from engine.tables.lines import LineBatch, cut_batch
from engine.tables.raw import as_raw

_WAITING = 1
"""Parts that may wait between two steps."""


class Stream:
    """A run that yields its result part by part; see `stream`.

    Attributes
    ----------
    notes
        What a person should know; complete at the end.
    """

    def __init__(
        self,
        catalog: Catalog,
        orders: Iterable[OrderSet],
        run: Run,
        report: Report,
        quarantine: bool,
    ) -> None:
        self._catalog = catalog
        self._run = run
        self._report = report
        self._quarantine = quarantine
        self._parts = self._work(orders)
        self._is_over = False

    def __iter__(self) -> Iterator[Part]:
        """Yield the parts; each can be fetched once."""
        return self._parts

    def close(self) -> None:
        """Stop early; what was not fetched counts for nothing."""
        self._parts.close()

    def _work(self, orders: Iterable[OrderSet]) -> Generator[Part, None, None]:
        # One thread decides, one decodes, and the caller's writes. Deciding and decoding in one
        # takes 15 % longer, where these and writing cost about the same.
        yield from ahead(self._decode(ahead(self._decide(orders), _WAITING)), _WAITING)
        raise_findings(self._report.fatal)
        self._run.check_end()
        self._is_over = True

    def _decide(self, orders: Iterable[OrderSet]) -> Iterator[Decided]:
        yield from self._run.decide_all(orders)

    def _decode(self, parts: Iterable[Decided]) -> Iterator[Part]:
        for part in parts:
            yield self._run.decode(part)

    @property
    def source_items(self) -> pa.Table:
        """The catalogue's table after the run, as read."""
        return pa.concat_tables(self.source_item_parts()).combine_chunks()

    def source_item_parts(self) -> Iterator[pa.Table]:
        """Yield the same table in parts, so that it need not be in memory."""
        self._wait_for_end("source_items")
        return self._run.source_items()

    @property
    def kpis(self) -> KPIs:
        """Key figures of the whole run."""
        self._wait_for_end("kpis")
        return self._run.kpis()

    @property
    def bound(self) -> Bound | None:
        """How low the cost could be, where the batch was decided as a whole."""
        self._wait_for_end("bound")
        return self._run.bound

    def _wait_for_end(self, what: str) -> None:
        if not self._is_over:
            raise UsageError(f"the stream is not at its end; fetch all parts before {what}")

    @property
    def reasons(self) -> dict[str, int]:
        """Why lines are short -> how many lines, so far."""
        return dict(self._run.tally.reasons)

    @property
    def rejects(self) -> pa.Table | None:
        """Rows that quarantine set aside; None without quarantine. Complete at the end."""
        found = [*self._catalog.rejects, *self._report.rejects]
        return rejected_rows(found) if self._quarantine or self._catalog.rejects else None

    @property
    def notes(self) -> list[str]:
        """What a person should know; complete at the end."""
        return [*self._catalog.notes, *self._report.notes]


def stream(
    catalog: Catalog,
    batches: Iterable[Any],
    *,
    algorithm: str | SourceSelectionAlgorithm | None = None,
    policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None" = None,
    mode: str = "sequential",
    include_zero: bool = False,
    quarantine: bool = False,
) -> Stream:
    """Decide orders that come batch by batch, in constant memory but for their ids.

    Parameters
    ----------
    catalog
        The inventory. It is not changed.
    batches
        Rows of ``order_lines`` that carry the columns of their orders: pyarrow record batches,
        or anything with the Arrow PyCapsule interface, all with the same columns; one of
        nothing but nulls needs no type. They are fetched in a thread of its own, which also asks
        the algorithm. Orders stand in the sequence in which they are served, the lines of an
        order together; an order may run over several batches. Ids that are not consecutive
        numbers are kept to the end.
    algorithm, policy, mode, include_zero, quarantine
        As in `engine.allocate`.

    Returns
    -------
    An iterable of parts, each with the tables ``allocations``, ``orders``, ``shortfalls`` of
    some orders. At its end it has ``source_items`` and ``kpis``. Together the parts are what
    `engine.allocate` returns, wherever the batches are cut.

    Raises
    ------
    InputError
        While the parts are fetched: listing every problem of all batches, or naming an order
        that comes too late. What was fetched before must not be used then.
    AlgorithmError, PolicyError
        If the algorithm or the policy is unknown or wrong.
    UsageError
        If ``mode`` is unknown, algorithm and policy are both given, or the stream is asked for
        what it has only at its end.

    Examples
    --------
    >>> from engine import Catalog, stream
    >>> catalog = Catalog.from_tables({
    ...     "sources": pa.table({"source_code": ["lyon"]}),
    ...     "stock_source_links": pa.table({"stock_id": [1], "priority": [1],
    ...         "source_code": ["lyon"]}),
    ...     "source_items": pa.table({"source_code": ["lyon"], "sku": ["A"], "quantity": [5]}),
    ... })
    >>> batches = [pa.table({"order_id": [at], "stock_id": [1], "sku": ["A"], "qty": [2]})
    ...     for at in (1, 2, 3)]
    >>> run = stream(catalog, batches)
    >>> for part in run:
    ...     for row in part.shortfalls.to_pylist():
    ...         print(row["order_id"], row["qty_short"])
    3 1.0000
    >>> run.kpis.orders
    3
    """
    clock = Clock()
    plan = find_plan(algorithm, policy)
    run = Run(catalog, plan=plan, mode=mode, include_zero=include_zero, clock=clock)
    report = Report(quarantine=quarantine)
    lines = _line_batches(batches)
    orders = orders_in_lines(catalog, lines, report, clock, quarantine=quarantine)
    return Stream(catalog, orders, run, report, quarantine)


def _line_batches(batches: Iterable[Any]) -> Iterator[LineBatch]:
    start = 0
    schema = None
    for batch in batches:
        if batch is None:
            raise InputError("order_lines: a batch is None; give nothing but tables")
        raw, findings = as_raw({"order_lines": batch}, ["order_lines"])
        raise_findings(findings)
        table = raw["order_lines"].table
        schema = schema or table.schema
        if table.schema != schema:
            schema = _of_both(schema, table.schema)
        yield from cut_batch(LineBatch(raw["order_lines"], np.arange(start, start + len(table))))
        start += len(table)


def _of_both(schema: pa.Schema, other: pa.Schema) -> pa.Schema:
    """Return the schema of two batches: a column has no type as long as it holds only nulls."""
    if schema.names == other.names:
        try:
            return pa.unify_schemas([schema, other])
        except pa.ArrowException:
            pass
    raise InputError(
        "order_lines: a batch has other columns or types than the first; "
        "give all batches the same schema"
    )
