"""A run's result as tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog, spelling
from engine.earth import MM_PER_KM
from engine.errors import UsageError
from engine.html import html_table
from engine.orders import OrderSet
from engine.places.distance import UNKNOWN
from engine.selection.bound import Bound
from engine.selection.deduction import Deduction, places_of
from engine.selection.kpis import KPIs
from engine.selection.shown import kpi_rows
from engine.selection.totals import OrderTotals
from engine.tables.findings import Finding, rejects_table
from engine.tables.quantity import SUM_TYPE, units_to_decimal
from engine.tables.result_schema import result_schema
from engine.tables.schema import SCHEMAS
from engine.tables.whole import whole
from engine.types import REASONS, FlagArray, IntArray, frozen

_ITEMS = 1 << 18
"""Source items that are turned into a table at a time: as many as a row group holds."""

if TYPE_CHECKING:
    import pandas as pd

    from engine.selection.explanation import Explanation


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What a run decided, as pyarrow tables; see ``docs/tables.md`` for their columns.

    Attributes
    ----------
    allocations, orders, shortfalls
        In order sequence, then line, then source order.
    source_items
        The catalogue's table after the run, as read.
    rejects
        Rows that quarantine set aside; None without quarantine.
    kpis
        Key figures.
    bound
        How low the cost could be, where the batch was decided as a whole.
    notes
        What a person should know.
    seconds
        Seconds by phase.
    replay
        What `explain` asks; None for a result that was read from a folder.
    """

    allocations: pa.Table
    orders: pa.Table
    shortfalls: pa.Table
    source_items: pa.Table
    rejects: pa.Table | None
    kpis: KPIs
    bound: Bound | None = None
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    replay: "Callable[[Any], Explanation] | None" = None

    def explain(self, order_id: Any) -> "Explanation":
        """Say why an order went where it went; the run is replayed up to it.

        Parameters
        ----------
        order_id
            The order; integer and text are the same if they print the same.

        Returns
        -------
        Its lines with every candidate source: what it had, its scores, and what it gave or the
        reason that it was passed over. It prints as a sentence.

        Raises
        ------
        UsageError
            If the run has no such order, or the result was read from a folder: then
            ``engine.explain(folder, order_id)`` does it.
        """
        if self.replay is None:
            raise UsageError(
                "this result was read from a folder; engine.explain(folder, order_id) replays it"
            )
        return self.replay(order_id)

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The tables by name, without ``rejects`` where there is none."""
        names = ("allocations", "orders", "shortfalls", "source_items", "rejects")
        return {name: table for name in names if (table := getattr(self, name)) is not None}

    def to_pandas(self) -> "dict[str, pd.DataFrame]":
        """Return the tables by name as pandas frames with Arrow-backed types, decimals exact."""
        import pandas as pd

        return {
            name: table.to_pandas(types_mapper=pd.ArrowDtype) for name, table in self.tables.items()
        }

    def __repr__(self) -> str:
        kpis = self.kpis
        filled = (
            "" if kpis.unit_fill_rate is None else f", {kpis.unit_fill_rate:.1%} of units served"
        )
        return f"Result({kpis.orders:,} orders, {kpis.lines:,} lines{filled})"

    def _repr_html_(self) -> str:
        sizes = [(name, f"{one.num_rows:,}") for name, one in self.tables.items()]
        return html_table(repr(self), ["key figure", "value"], kpi_rows([self.kpis])) + html_table(
            "Arrow tables", ["table", "rows"], sizes
        )


def pick_distances(catalog: Catalog, orders: OrderSet, done: Deduction) -> IntArray:
    """(num_picks,) distance of each pick in mm; -1 where not known."""
    from engine.kernels.sphere import mm_of_pairs

    where = orders.destinations
    mm = np.full(len(done.lines), UNKNOWN, np.int64)
    if where.located.any():
        destination = where.of_order[orders.order_of_line[done.lines]]
        places = places_of(catalog, where)
        mm_of_pairs(frozen(destination), frozen(done.sources), places, mm)
    return mm


class Part(NamedTuple):
    """What was decided for some orders, as tables in order sequence; see `Result`."""

    allocations: pa.Table
    orders: pa.Table
    shortfalls: pa.Table


def build_part(
    catalog: Catalog, orders: OrderSet, done: Deduction, totals: OrderTotals, mm: IntArray
) -> Part:
    """Turn what was decided for an order set into tables.

    Parameters
    ----------
    catalog, orders, done, totals
        The orders and what was decided.
    mm
        (num_picks,) distance of each pick in mm, -1 where not known.
    """
    return Part(
        _allocations(catalog, orders, done, mm),
        _orders(orders, totals),
        _shortfalls(catalog, orders, done),
    )


def _ids(orders: OrderSet, rows: IntArray) -> pa.Array:
    return orders.ids.take(pa.array(rows)).cast(orders.id_type)


def _allocations(catalog: Catalog, orders: OrderSet, done: Deduction, mm: IntArray) -> pa.Table:
    codes = whole(catalog.sources["source_code"])
    return pa.table(
        {
            "order_id": _ids(orders, orders.order_of_line[done.lines]),
            "line": pa.array(orders.position[done.lines]),
            "sku": _skus_of_picks(catalog, orders, done),
            "source_code": codes.take(pa.array(done.sources)),
            "qty_to_deduct": units_to_decimal(done.quantity),
            "qty_available": units_to_decimal(done.available),
            "distance_km": pa.array(mm / MM_PER_KM, mask=mm < 0),
        },
        schema=result_schema("allocations", orders.id_type),
    )


def _skus_of_picks(catalog: Catalog, orders: OrderSet, done: Deduction) -> pa.Array:
    """(num_picks,) SKUs as the source items spell them."""
    if catalog.spelt_alike and orders.spelt_alike:  # in sequence: 5 times as fast as at random
        return orders.sku_names.take(pa.array(done.lines))
    if catalog.spelt_alike:  # a fifth of the texts to look through, and no way by the rows
        return catalog.sku_names.take(pa.array(orders.skus[done.lines]))
    rows = pa.array(catalog.item_rows[done.items])
    return whole(catalog.tables["source_items"]["sku"]).take(rows)


def _orders(orders: OrderSet, totals: OrderTotals) -> pa.Table:
    return pa.table(
        {
            "order_id": orders.ids.cast(orders.id_type),
            "shippable": pa.array(totals.short_lines == 0),
            "located": pa.array(orders.destinations.located[orders.destinations.of_order]),
            "lines": pa.array(np.diff(orders.offsets)),
            "source_count": pa.array(totals.source_count),
            "qty": units_to_decimal(totals.qty, SUM_TYPE),
            "qty_allocated": units_to_decimal(totals.allocated, SUM_TYPE),
        },
        schema=result_schema("orders", orders.id_type),
    )


def _shortfalls(catalog: Catalog, orders: OrderSet, done: Deduction) -> pa.Table:
    lines = np.flatnonzero(done.short > 0)
    return pa.table(
        {
            "order_id": _ids(orders, orders.order_of_line[lines]),
            "line": pa.array(orders.position[lines]),
            "sku": spelt_skus(catalog, orders, lines),
            "qty_short": units_to_decimal(done.short[lines]),
            "reason": pa.array(REASONS).take(pa.array(done.reason[lines].astype(np.int64))),
        },
        schema=result_schema("shortfalls", orders.id_type),
    )


def spelt_skus(catalog: Catalog, orders: OrderSet, lines: IntArray) -> pa.Array:
    """(len(lines),) SKUs of lines, as the catalogue spells them first, or the order."""
    given = orders.sku_names.take(pa.array(lines))
    return spelling(catalog.sku_names, orders.skus[lines], given)


def items_after(catalog: Catalog, left: IntArray, in_stock: FlagArray) -> Iterator[pa.Table]:
    """Yield the ``source_items`` table after a run, as read, some rows after the other.

    Parameters
    ----------
    catalog
        What the run started from.
    left, in_stock
        (num_items,) what is left, 1e-4 units, and flags.
    """
    table = catalog.tables["source_items"]
    quantity = np.empty(table.num_rows, np.int64)
    status = np.empty(table.num_rows, np.int8)
    quantity[catalog.item_rows] = left
    status[catalog.item_rows] = in_stock
    for start in range(0, max(table.num_rows, 1), _ITEMS):
        part = slice(start, start + _ITEMS)
        columns = {
            "source_code": _texts(table["source_code"][part]),
            "sku": _texts(table["sku"][part]),
            "quantity": units_to_decimal(quantity[part]),
            "status": pa.array(status[part]),
        }
        yield pa.table(columns, schema=result_schema("source_items", pa.string()))


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string())


def rejected_rows(findings: Sequence[Finding]) -> pa.Table:
    """Return the rows that quarantine set aside, by table, then row."""
    return rejects_table(findings, tuple(SCHEMAS))
