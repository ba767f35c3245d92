"""The two runs side by side: what each got and lacks, as rows of numbers that can be matched."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import OutputError
from engine.tables.quantity import decimal_to_units
from engine.tables.whole import whole
from engine.types import BoolArray, IntArray


class Run(NamedTuple):
    """The tables of a run that tell what its orders got; ``name`` is for messages."""

    name: str
    orders: pa.Table
    allocations: pa.Table
    shortfalls: pa.Table


class Orders(NamedTuple):
    """The orders of both runs, in the sequence of A, then those of B alone in its sequence.

    ``ids`` (num_orders,); ``rows_a`` and ``rows_b`` (num_orders,) are their rows in the two tables
    ``orders``, -1 where an order is not in a run.
    """

    ids: pa.Array
    rows_a: IntArray
    rows_b: IntArray


class Radix(NamedTuple):
    """How many lines and labels there can be: what a key is made of."""

    lines: int
    labels: int


class Rows(NamedTuple):
    """What lines got from sources, or lack for reasons: by order, line and label, each once.

    ``keys`` (num_rows,) int64 = (order * lines + line) * labels + label, rising; ``units``
    (num_rows,) int64, 1e-4 units; ``skus`` (num_rows,) as spelt.
    """

    keys: IntArray
    units: IntArray
    skus: pa.Array


class BothRows(NamedTuple):
    """The rows of A and of B, their labels in byte order, and what their keys are made of."""

    a: Rows
    b: Rows
    labels: pa.Array
    radix: Radix


def both_orders(a: Run, b: Run) -> Orders:
    """Give the orders of two runs numbers.

    Raises
    ------
    OutputError
        If an order stands in a run twice, or has no id.
    """
    ids_a, ids_b = (whole(_filled(run, "orders", "order_id")) for run in (a, b))
    if ids_a.type != ids_b.type:  # keys are the same if they print the same
        fit = all(pa.types.is_integer(it.type) and it.type != pa.uint64() for it in (ids_a, ids_b))
        ids_a, ids_b = (it.cast(pa.int64() if fit else pa.string()) for it in (ids_a, ids_b))
    _check_once(a, ids_a)
    if ids_a.equals(ids_b):  # the usual case, and nothing needs to be looked up
        rows = np.arange(len(ids_a))
        return Orders(ids_a, rows, rows)
    _check_once(b, ids_b)
    found = pc.index_in(ids_b, value_set=ids_a)
    only_b = np.asarray(found.is_null())
    ids = pa.concat_arrays([ids_a, ids_b.filter(pa.array(only_b))])
    rows_a, rows_b = np.full((2, len(ids)), -1, np.int64)
    rows_a[: len(ids_a)] = np.arange(len(ids_a))
    numbers = np.asarray(found.fill_null(0)).astype(np.int64)
    numbers[only_b] = np.arange(len(ids_a), len(ids))
    rows_b[numbers] = np.arange(len(ids_b))
    return Orders(ids, rows_a, rows_b)


def _check_once(run: Run, ids: pa.Array) -> None:
    if pc.count_distinct(ids).as_py() < len(ids):
        raise OutputError(f"{run.name}: orders holds an order twice; run it again")


def both_rows(a: Run, b: Run, orders: Orders, table: str, label: str, quantity: str) -> BothRows:
    """Return what two runs say in a table as rows that can be matched.

    Parameters
    ----------
    a, b, orders
        The runs and their orders.
    table
        ``allocations`` or ``shortfalls``.
    label, quantity
        Its columns: where from or why, and how much. Rows of quantity 0 say nothing.

    Raises
    ------
    OutputError
        If a row belongs to no order of its run, or has no value where it needs one.
    """
    columns = [_filled(run, table, label) for run in (a, b)]
    labels = pa.concat_arrays([column.unique() for column in columns]).unique().sort()
    lines = [np.asarray(whole(_filled(run, table, "line"))) for run in (a, b)]
    radix = Radix(1 + max(int(it.max(initial=0)) for it in lines), max(len(labels), 1))
    for run, own in zip((a, b), lines, strict=True):
        most = len(orders.ids) * (1 + int(own.max(initial=0))) * radix.labels
        if most >= 2**63 or own.min(initial=0) < 0:
            raise OutputError(f"{run.name}: {table}.line is out of range; run it again")
    rows = []
    for run, own_lines, column in zip((a, b), lines, columns, strict=True):
        label_of_row = np.asarray(pc.index_in(whole(column), value_set=labels)).astype(np.int64)
        keys = (_numbers(run, table, orders) * radix.lines + own_lines) * radix.labels
        units = filled_units(run, table, quantity)
        rows.append(_tidy(keys + label_of_row, units, whole(_filled(run, table, "sku"))))
    return BothRows(rows[0], rows[1], labels, radix)


def orders_of(rows: Rows, radix: Radix) -> IntArray:
    """(num_rows,) number of each row's order."""
    return rows.keys // (radix.lines * radix.labels)


def without_labels(rows: BothRows) -> BothRows:
    """Return the rows by order and line alone, their units added up."""
    a, b = (_merged(Rows(own.keys // rows.radix.labels, own.units, own.skus)) for own in rows[:2])
    return BothRows(a, b, pa.array([""]), Radix(rows.radix.lines, 1))


def chosen_rows(rows: Rows, chosen: BoolArray | IntArray) -> Rows:
    """Return some rows, by flags or by their places."""
    at = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    return Rows(rows.keys[at], rows.units[at], rows.skus.take(pa.array(at)))


def filled_units(run: Run, table: str, column: str) -> IntArray:
    """(num_rows,) quantities of a table of a run, 1e-4 units.

    Raises
    ------
    OutputError
        If one is missing.
    """
    return np.asarray(decimal_to_units(whole(_filled(run, table, column))))


def _filled(run: Run, table: str, column: str) -> pa.ChunkedArray:
    values = getattr(run, table)[column]
    if values.null_count:
        raise OutputError(f"{run.name}: {table}.{column} has rows without a value; run it again")
    return values


def _numbers(run: Run, table: str, orders: Orders) -> IntArray:
    """(num_rows,) number of the order of each row of a table."""
    ids = whole(_filled(run, table, "order_id")).cast(orders.ids.type)
    # Rows of an order are neighbours: looking each order up once takes a third of the time.
    first = np.ones(len(ids), bool)
    first[1:] = np.asarray(pc.not_equal(ids[1:], ids[:-1])) if len(ids) else False
    found = pc.index_in(ids.filter(pa.array(first)), value_set=orders.ids)
    if found.null_count:
        raise OutputError(f"{run.name}: {table} has rows of no order of the run; run it again")
    lengths = np.diff(np.append(np.flatnonzero(first), len(ids)))
    return np.repeat(np.asarray(found).astype(np.int64), lengths)


def _tidy(keys: IntArray, units: IntArray, skus: pa.Array) -> Rows:
    """Sort rows by key, without those of quantity 0, and each key once."""
    if not units.all():
        some = units != 0
        keys, units, skus = keys[some], units[some], skus.filter(pa.array(some))
    if not _rises(keys):
        # Stable: sorting what is nearly in sequence takes little more than one look.
        order = np.argsort(keys, kind="stable")
        keys, units, skus = keys[order], units[order], skus.take(pa.array(order))
    return _merged(Rows(keys, units, skus))


def _merged(rows: Rows) -> Rows:
    """Add up the units of rows with the same key, which are neighbours."""
    first = np.ones(len(rows.keys), bool)
    first[1:] = rows.keys[1:] != rows.keys[:-1]
    if first.all():
        return rows
    units = np.add.reduceat(rows.units, np.flatnonzero(first))
    return Rows(rows.keys[first], units, rows.skus.filter(pa.array(first)))


def _rises(keys: IntArray) -> bool:
    return bool((keys[1:] >= keys[:-1]).all())
