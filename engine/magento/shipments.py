"""What Magento must be told to ship: one call for each order and source."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import InputError
from engine.tables.columns import check_columns
from engine.tables.findings import Finding, raise_findings, shown_value
from engine.tables.fold import fold_sku
from engine.tables.quantity import SUM_TYPE, column_units, decimal_to_units, units_to_decimal
from engine.tables.raw import RawTable, as_raw
from engine.tables.schema import SCHEMAS, Schema
from engine.tables.whole import whole
from engine.types import QTY_SCALE, BoolArray, IntArray

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

REASONS = ("no_entity_id", "zero_qty_per_item", "not_whole", "parts_differ")
"""Why an order item is left out; the first that holds is given."""

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


class Lines(NamedTuple):
    """Lines of orders by order, those of one order as they came.

    ``order`` is (num_lines,): which of the orders; ``item`` and ``per`` are order item and
    quantity per item in 1e-4 units, -1 where not given; ``skus`` are folded.
    """

    order: IntArray
    item: IntArray
    per: IntArray
    skus: pa.Array


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


def positions(ids: pa.Array, of: pa.Array) -> IntArray:
    """(num_ids,) where each id stands among those of orders; -1 where it does not."""
    are_numbers = pa.types.is_signed_integer(ids.type) and pa.types.is_signed_integer(of.type)
    kind = pa.int64() if are_numbers else pa.string()
    found = pc.index_in(ids.cast(kind), of.cast(kind), skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1)).astype(np.int64)


def lines_of(table: pa.Table, order: IntArray) -> Lines:
    """Return those of some checked lines that belong to an order; ``order`` is -1 for others."""
    rows = np.flatnonzero(order >= 0)
    table = table.take(pa.array(rows))
    per = decimal_to_units(whole(table["qty_per_item"]))
    return Lines(
        order[rows],
        np.asarray(table["order_item_id"]),
        np.asarray(pc.fill_null(per, -1)),
        whole(fold_sku(table["sku"])),
    )


def in_sequence(parts: Sequence[Lines]) -> Lines:
    """Return all lines of some orders, by order, those of one order as they came."""
    nothing = np.empty(0, np.int64)
    order, item, per = (np.concatenate([nothing, *(part[at] for part in parts)]) for at in range(3))
    rows = np.argsort(order, kind="stable")
    skus = pa.concat_arrays([pa.array([], pa.string()), *(part.skus for part in parts)])
    return Lines(order[rows], item[rows], per[rows], skus.take(pa.array(rows)))


class _Given(NamedTuple):
    """What a source gives to a line, each pair once and some of it.

    ``first`` is (num_given,): the first allocation of each.
    """

    line: IntArray
    source: IntArray
    units: IntArray
    first: IntArray


class _Groups(NamedTuple):
    """The order items: each has one or more lines.

    ``of_line`` is (num_lines,); the others are (num_groups,): ``size`` how many lines,
    ``are_parts`` whether these ship together, ``has_zero`` whether one has a quantity per item
    of 0.
    """

    of_line: IntArray
    size: IntArray
    are_parts: BoolArray
    has_zero: BoolArray


class _Cells(NamedTuple):
    """What a source ships of an order item: (num_cells,) each, each pair once.

    ``units`` are those of the item, ``first`` the first allocation; ``reason`` is the place in
    `REASONS` of why that cannot be told, or more.
    """

    group: IntArray
    source: IntArray
    units: IntArray
    first: IntArray
    reason: IntArray


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
    codes = whole(allocations["source_code"]).dictionary_encode()
    given = _given(allocations, ids, lines, codes)
    groups = _groups(lines)
    cells = _cells(given, groups, lines, len(codes.dictionary))
    order_of_group = np.empty(len(groups.size), np.int64)
    order_of_group[groups.of_line] = lines.order
    item_of_group = np.empty(len(groups.size), np.int64)
    item_of_group[groups.of_line] = lines.item
    order = order_of_group[cells.group]
    numbers, is_entity = _entity_ids(ids)
    reason = np.full(len(groups.size), len(REASONS))
    is_known = is_entity[order] & (item_of_group[cells.group] > 0)
    np.minimum.at(reason, cells.group, np.where(is_known, cells.reason, 0))
    keep = np.flatnonzero(reason[cells.group] == len(REASONS))
    rows = keep[_in_sequence(order[keep], cells.source[keep], cells.first[keep])]
    starts = _starts(order[rows], cells.source[rows])
    items = pa.StructArray.from_arrays(
        [
            pa.array(item_of_group[cells.group[rows]]),
            units_to_decimal(cells.units[rows], SUM_TYPE),
        ],
        fields=list(ITEMS.value_type),
    )
    table = pa.table(
        {
            "order_id": pa.array(numbers[order[rows[starts]]]),
            "source_code": codes.dictionary.take(pa.array(cells.source[rows[starts]])),
            "items": pa.ListArray.from_arrays(
                pa.array(np.append(starts, len(rows)).astype(np.int32)), items, type=ITEMS
            ),
        }
    )
    bad = np.flatnonzero(reason[cells.group] < len(REASONS))
    bad = bad[np.argsort(cells.first[bad])]
    _, once = np.unique(cells.group[bad], return_index=True)
    group = cells.group[bad[np.sort(once)]]
    left = pa.table(
        {
            "order_id": ids.take(pa.array(order_of_group[group])),
            "order_item_id": pa.array(item_of_group[group]),
            "reason": pa.array(REASONS, pa.string()).take(pa.array(reason[group])),
        }
    )
    return Shipments(table, left)


def _given(allocations: pa.Table, ids: pa.Array, lines: Lines, codes: pa.Array) -> _Given:
    units = column_units(allocations, "qty_to_deduct")
    order = positions(whole(allocations["order_id"]), ids)
    begins = np.searchsorted(lines.order, np.arange(len(ids)))
    line = begins[order] + np.asarray(allocations["line"])
    source = np.asarray(codes.indices).astype(np.int64)
    rows = np.flatnonzero(units)
    rows = rows[np.argsort(line[rows] * len(codes.dictionary) + source[rows], kind="stable")]
    starts = _starts(line[rows], source[rows])
    at = rows[starts]
    return _Given(line[at], source[at], np.add.reduceat(units[rows], starts), at)


def _groups(lines: Lines) -> _Groups:
    by = np.lexsort((lines.item, lines.order))
    starts = _starts(lines.order[by], lines.item[by])
    size = np.diff(starts, append=len(by))
    of_line = np.empty(len(by), np.int64)
    of_line[by] = np.repeat(np.arange(len(starts)), size)
    are_parts = np.bincount(of_line, lines.per >= 0, len(starts)) > 0
    has_zero = np.bincount(of_line, lines.per == 0, len(starts)) > 0
    # Few share an order item; their SKUs are looked at.
    shared = np.flatnonzero(size[of_line] > 1)
    skus = np.asarray(lines.skus.take(pa.array(shared)).dictionary_encode().indices)
    first, last = np.full(len(starts), len(shared)), np.full(len(starts), -1)
    np.minimum.at(first, of_line[shared], skus)
    np.maximum.at(last, of_line[shared], skus)
    return _Groups(of_line, size, are_parts | (first < last), has_zero)


def _cells(given: _Given, groups: _Groups, lines: Lines, num_sources: int) -> _Cells:
    group = groups.of_line[given.line]
    by = np.argsort(group * num_sources + given.source, kind="stable")
    group, source = group[by], given.source[by]
    per = lines.per[given.line[by]]
    per[per < 0] = QTY_SCALE
    per[per == 0] = QTY_SCALE  # and left out below
    made, rest = np.divmod(given.units[by] * QTY_SCALE, per)
    # Magento cuts the numbers of bundles down to whole ones.
    is_set = groups.are_parts[group] & ((per != QTY_SCALE) | (groups.size[group] > 1))
    is_broken = (rest > 0) | (is_set & (made % QTY_SCALE > 0))
    starts = _starts(group, source)
    counts = np.diff(starts, append=len(by))
    group, source = group[starts], source[starts]
    fewest, most = (extreme.reduceat(made, starts) for extreme in (np.minimum, np.maximum))
    are_parts = groups.are_parts[group]
    differ = are_parts & ((fewest < most) | (counts < groups.size[group]))
    wrong = (groups.has_zero[group], np.logical_or.reduceat(is_broken, starts), differ)
    units = np.where(are_parts, fewest, np.add.reduceat(made, starts))
    first = np.minimum.reduceat(given.first[by], starts)
    reason = np.select(wrong, [1, 2, 3], len(REASONS))
    return _Cells(group, source, units, first, reason)


def _starts(major: IntArray, minor: IntArray) -> IntArray:
    """Return where, in sorted rows, each pair begins."""
    differs = (major[1:] != major[:-1]) | (minor[1:] != minor[:-1])
    return np.flatnonzero(np.append(len(major) > 0, differs))


def _in_sequence(order: IntArray, source: IntArray, first: IntArray) -> IntArray:
    """Return what puts shipments by the first allocation of each, and so their items."""
    by = np.lexsort((source, order))
    starts = _starts(order[by], source[by])
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
