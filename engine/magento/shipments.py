"""What Magento must be told to ship: one call for each order and source."""

from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import InputError
from engine.magento.order_items import (
    REASONS,
    Lines,
    cells_of,
    in_sequence,
    lines_of,
    positions,
    starts_of,
)
from engine.tables.columns import check_columns
from engine.tables.findings import Finding, raise_findings, shown_value
from engine.tables.quantity import SUM_TYPE, units_to_decimal
from engine.tables.raw import RawTable, as_raw
from engine.tables.schema import SCHEMAS, Schema
from engine.tables.whole import whole
from engine.types import BoolArray, IntArray

_LINES = SCHEMAS["order_lines"]

LINES_TO_SHIP = replace(
    _LINES,
    columns=tuple(
        replace(column, required=True) if column.name == "order_item_id" else column
        for column in _LINES.columns
    ),
)
"""What order lines must hold so that their shipments can be told."""

NEEDED = ("order_id", "sku", "order_item_id", "qty_per_item")
"""The columns of order lines that shipments are made from."""

_NEEDED = Schema(
    _LINES.name,
    _LINES.about,
    tuple(column for column in LINES_TO_SHIP.columns if column.name in NEEDED),
)

ITEMS = pa.list_(pa.struct([("order_item_id", pa.int64()), ("qty", SUM_TYPE)]))
"""The type of what a shipment holds."""

_ENTITY_ID = "^[1-9][0-9]{0,17}$"
"""Magento would take 000000017, the number that customers see, for the order 17."""


class Shipments(NamedTuple):
    """The shipments of some orders, and the order items that no call can tell.

    ``table`` has ``order_id`` (int64), ``source_code`` and ``items``, a list of ``order_item_id``
    and ``qty``; ``left`` has ``order_id``, ``order_item_id`` and ``reason``, one of `REASONS`.
    """

    table: pa.Table
    left: pa.Table


class Allocated(Protocol):
    """What was decided for some orders: a result, or a part of one."""

    @property
    def allocations(self) -> pa.Table:
        """What each line got from each source."""

    @property
    def orders(self) -> pa.Table:
        """The orders, in sequence."""


def shipments(result: Allocated, order_lines: Any) -> Shipments:
    """Return what Magento must be told to ship.

    Parameters
    ----------
    result
        What `engine.allocate` returned, or a part of a stream.
    order_lines
        The lines that it was made from, with ``order_item_id`` and perhaps ``qty_per_item``.
        Those of orders that the result lacks, which quarantine set aside, do not count.

    Returns
    -------
    A row for each order and source that ships something, in order sequence, then by the first
    allocation; its items by their first allocation. Nothing of an item in ``left`` is in it.

    Raises
    ------
    InputError
        If a line has no order item, or these are other lines than those of the result.

    Notes
    -----
    Lines that share an order item are its parts, which ship together, if one of them gives
    ``qty_per_item`` or their SKUs differ: each source must give all of them, in numbers that make
    the same whole number of the item. Other lines that share one are added up.

    Examples
    --------
    >>> from engine import Catalog, allocate
    >>> catalog = Catalog.from_tables({
    ...     "sources": pa.table({"source_code": ["lyon"]}),
    ...     "stock_source_links": pa.table({"stock_id": [1], "priority": [1],
    ...         "source_code": ["lyon"]}),
    ...     "source_items": pa.table({"source_code": ["lyon"], "sku": ["A"], "quantity": [5]}),
    ... })
    >>> lines = pa.table({"order_id": [17], "stock_id": [1], "sku": ["A"], "qty": [4],
    ...     "order_item_id": [3], "qty_per_item": [2]})
    >>> shipments(allocate(catalog, None, lines), lines).table["items"].to_pylist()
    [[{'order_item_id': 3, 'qty': Decimal('2.0000')}]]
    """
    raw, findings = as_raw({"order_lines": order_lines}, ["order_lines"])
    raise_findings(findings)
    if not raw:
        raise InputError("order_lines: None; give the lines that the result was made from")
    checked = check_columns(_NEEDED, raw["order_lines"])
    ids = whole(result.orders["order_id"])
    raise_findings(finding for finding in checked.findings if not len(finding.rows))
    order = positions(whole(checked.table["order_id"]), ids)
    ours = [_of_orders(finding, order) for finding in checked.findings]
    raise_findings(finding for finding in ours if len(finding.rows))
    lines = in_sequence([lines_of(checked.table, order)])
    _check_same(lines, result.orders)
    return shipments_of(result.allocations, ids, lines)


def _of_orders(finding: Finding, order: IntArray) -> Finding:
    """Return a finding on the lines that belong to one of the orders."""
    of = np.flatnonzero(order[finding.rows] >= 0)
    values = [finding.values[at] for at in of.tolist()]
    return finding._replace(rows=finding.rows[of], values=values)


def _check_same(lines: Lines, orders: pa.Table) -> None:
    given = np.bincount(lines.order, minlength=orders.num_rows)
    wanted = np.asarray(orders["lines"])
    other = np.flatnonzero(given != wanted)
    if len(other):
        at = int(other[0])
        shown = shown_value(str(orders["order_id"][at]))
        raise InputError(
            f"order_lines: order {shown} has {given[at]:,} lines where the result was made from "
            f"{wanted[at]:,}; give the same lines"
        )


def checked_lines(raw: RawTable) -> pa.Table:
    """Return the columns that shipments are made from, of lines that have been checked."""
    return check_columns(_NEEDED, raw).table


def shipments_of(allocations: pa.Table, ids: pa.Array, lines: Lines) -> Shipments:
    """Return the shipments of orders from what was allocated to their lines; see `shipments`.

    Parameters
    ----------
    allocations
        Of these orders, in any format that has its columns.
    ids
        (num_orders,) their ids.
    lines
        All of their lines.
    """
    cells = cells_of(allocations, ids, lines)
    numbers, is_entity = _entity_ids(ids)
    order, item = lines.order[cells.line], lines.item[cells.line]
    reason = np.where(is_entity[order] & (item > 0), cells.reason, 0)
    # What holds at one source holds for the item: it is left out as a whole.
    of_item = np.full(len(lines.order), len(REASONS))
    np.minimum.at(of_item, cells.line, reason)
    reason = of_item[cells.line]
    told = np.flatnonzero(reason == len(REASONS))
    rows = told[_in_sequence(order[told], cells.source[told], cells.first[told])]
    starts = starts_of(order[rows], cells.source[rows])
    table = pa.table(
        {
            "order_id": pa.array(numbers[order[rows[starts]]]),
            "source_code": cells.codes.take(pa.array(cells.source[rows[starts]])),
            "items": _items(item[rows], cells.units[rows], np.append(starts, len(rows))),
        }
    )
    left = np.flatnonzero(reason < len(REASONS))
    left = left[np.argsort(cells.first[left])]
    left = left[np.sort(np.unique(cells.line[left], return_index=True)[1])]
    return Shipments(
        table,
        pa.table(
            {
                "order_id": ids.take(pa.array(order[left])),
                "order_item_id": pa.array(item[left]),
                "reason": pa.array(REASONS).take(pa.array(reason[left])),
            }
        ),
    )


def _items(item: IntArray, units: IntArray, offsets: IntArray) -> pa.Array:
    columns = [pa.array(item), units_to_decimal(units, SUM_TYPE)]
    rows = pa.StructArray.from_arrays(columns, fields=list(ITEMS.value_type))
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), rows, type=ITEMS)


def _in_sequence(order: IntArray, source: IntArray, first: IntArray) -> IntArray:
    """Return what puts shipments by the first allocation of each, and so their items."""
    by = np.lexsort((source, order))
    starts = starts_of(order[by], source[by])
    of_shipment = np.empty(len(by), np.int64)
    counts = np.diff(starts, append=len(by))
    of_shipment[by] = np.repeat(np.minimum.reduceat(first[by], starts), counts)
    return np.lexsort((first, of_shipment))


def _entity_ids(ids: pa.Array) -> tuple[IntArray, BoolArray]:
    """Return the number of each order, 0 where it is none, and whether it is one."""
    texts = ids.cast(pa.string())
    numbers = pc.if_else(pc.match_substring_regex(texts, _ENTITY_ID), texts, "0")
    found = np.asarray(numbers.cast(pa.int64()))
    return found, found > 0
