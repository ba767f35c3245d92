"""Orders with a table of their own: their lines come batch by batch.

An order is given out as soon as a line of a later one has come, so that no line is kept longer.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog
from engine.clock import Clock
from engine.intake.book import OrderBook, OrderKeys
from engine.intake.report import OutOfSequenceError, Report, out_of_sequence
from engine.orders import OrderSet
from engine.tables.columns import CheckedTable, check_columns, rows_finding, shown_values
from engine.tables.findings import shown_names
from engine.tables.lines import LineBatch, in_whole_table
from engine.tables.quantity import column_units
from engine.tables.schema import SCHEMAS, Schema
from engine.tables.validate import REST_OF_ORDER
from engine.tables.whole import whole
from engine.types import BoolArray, IntArray, frozen


class _Lines(NamedTuple):
    """Checked lines: their order, what they want, where they stand, and which are bad."""

    order: IntArray
    names: pa.Array
    quantity: IntArray
    rows: IntArray
    bad: BoolArray

    def part(self, start: int, stop: int) -> "_Lines":
        return _Lines(
            self.order[start:stop],
            self.names[start:stop],
            self.quantity[start:stop],
            self.rows[start:stop],
            self.bad[start:stop],
        )

    def take(self, rows: IntArray) -> "_Lines":
        return _Lines(
            self.order[rows],
            self.names.take(pa.array(rows)),
            self.quantity[rows],
            self.rows[rows],
            self.bad[rows],
        )


def orders_with_table(
    catalog: Catalog,
    book: OrderBook,
    batches: Iterable[LineBatch],
    report: Report,
    clock: Clock,
    schema: Schema = SCHEMAS["order_lines"],
) -> Iterator[OrderSet]:
    """Yield the orders of a table with their lines, which come batch by batch.

    Parameters
    ----------
    catalog
        The inventory.
    book
        The orders.
    batches
        Rows of ``order_lines``, in the sequence of the orders.
    report
        Told what is wrong. Once it is fatal nothing more is yielded.
    clock
        Told of the phases ``validate`` and ``encode``.
    schema
        What lines must hold.

    Raises
    ------
    OutOfSequenceError
        If a line comes after one of a later order.
    """
    given, held = 0, _no_lines()
    for batch in batches:
        with clock("validate"):
            lines = _checked_lines(batch, book.keys, given, report, schema)
        if report.is_fatal:
            continue
        later = lines.order[1:] >= lines.order[:-1]
        if len(lines.order) and (lines.order[0] < _last(held, given) or not later.all()):
            raise _too_late(book, lines.order)
        lines = _joined(held, lines)
        if not len(lines.order):
            continue
        last = int(lines.order[-1])
        cut = int(np.searchsorted(lines.order, last))
        if last > given:
            with clock("encode"):
                orders = _order_set(catalog, book, given, last, lines.part(0, cut), report)
            yield orders
            given = last
        held = lines.part(cut, len(lines.order))
    if not report.is_fatal:
        yield _order_set(catalog, book, given, len(book.headers.ids), held, report)


def check_lines(
    keys: OrderKeys, batches: Iterable[LineBatch], report: Report, schema: Schema
) -> None:
    """Look through lines for what is wrong, where the run must stop anyhow."""
    for batch in batches:
        _checked_lines(batch, keys, 0, report, schema)


def _no_lines() -> _Lines:
    nothing = np.empty(0, np.int64)
    return _Lines(nothing, pa.array([], pa.string()), nothing, nothing, np.empty(0, bool))


def _last(held: _Lines, given: int) -> int:
    return int(held.order[-1]) if len(held.order) else given


def _joined(held: _Lines, lines: _Lines) -> _Lines:
    if not len(held.order):
        return lines
    names = pa.concat_arrays([held.names, lines.names])
    order, quantity, rows, bad = (
        np.concatenate([getattr(held, name), getattr(lines, name)])
        for name in ("order", "quantity", "rows", "bad")
    )
    return _Lines(order, names, quantity, rows, bad)


def _checked_lines(
    batch: LineBatch, keys: OrderKeys, given: int, report: Report, schema: Schema
) -> _Lines:
    """Check a batch by itself, and find the orders of its lines."""
    checked = check_columns(schema, batch.raw)
    report.note(_extra_columns(checked))
    found = list(checked.findings)
    if checked.lacks(["order_id"]):
        report.add(found)
        return _no_lines()
    ids = whole(checked.table["order_id"])
    order = keys.positions(ids, given)
    bad = np.zeros(len(ids), bool)
    for finding in found:
        bad[finding.rows] = True
    lost = order < 0
    if lost.any():
        lost &= ~np.asarray(ids.is_null()) & ~checked.bad(["order_id"])
        rejected = lost & keys.rejected(ids)
        found += rows_finding(
            "order_lines",
            "order_id",
            lost & ~rejected,
            shown_values(ids),
            "unknown order_id",
            "add it to orders, or correct it",
        )
        found += rows_finding(
            "order_lines", "order_id", rejected & ~bad, shown_values(ids), *REST_OF_ORDER
        )
    report.add(in_whole_table(found, batch.rows))
    if report.is_fatal:
        return _no_lines()
    lines = _Lines(
        order,
        whole(checked.table["sku"]),
        column_units(checked.table, "qty"),
        batch.rows,
        bad,
    )
    return lines.take(np.flatnonzero(order >= 0)) if (order < 0).any() else lines


def _extra_columns(checked: CheckedTable) -> list[str]:
    extra = checked.extra_columns
    return [f"order_lines: columns not used: {shown_names(extra)}"] if extra else []


def _order_set(
    catalog: Catalog, book: OrderBook, start: int, stop: int, lines: _Lines, report: Report
) -> OrderSet:
    """Return the orders ``start:stop`` without those that have a bad line, which are reported."""
    headers = book.headers.part(start, stop)
    order = lines.order - start
    if lines.bad.any():
        is_bad = np.zeros(stop - start, bool)
        is_bad[order[lines.bad]] = True
        _reject_rest(book, start, is_bad, lines, report)
        good = np.flatnonzero(~is_bad[order])
        order = (np.cumsum(~is_bad) - 1)[order[good]]
        lines = lines.take(good)
        headers = headers.take(np.flatnonzero(~is_bad))
    counts = np.bincount(order, minlength=len(headers.ids))
    report.empty_orders += int((counts == 0).sum())
    skus, spelt_alike = catalog.sku_index.find_spelt(lines.names)
    return OrderSet(
        headers=headers,
        offsets=frozen(np.append(0, np.cumsum(counts))),
        skus=frozen(skus),
        sku_names=lines.names,
        spelt_alike=spelt_alike,
        quantity=frozen(lines.quantity),
    )


def _reject_rest(
    book: OrderBook, start: int, is_bad: BoolArray, lines: _Lines, report: Report
) -> None:
    """Reject the other lines of bad orders, and their rows in ``orders``."""
    shown = shown_values(book.headers.ids)
    rest = rows_finding(
        "order_lines",
        "order_id",
        is_bad[lines.order - start] & ~lines.bad,
        lambda rows: shown(lines.order[rows]),
        *REST_OF_ORDER,
    )
    orders = rows_finding(
        "orders", "order_id", is_bad, lambda rows: shown(start + rows), *REST_OF_ORDER
    )
    report.add(in_whole_table(rest, lines.rows))
    report.add(in_whole_table(orders, book.rows[start:]))


def _too_late(book: OrderBook, order: IntArray) -> OutOfSequenceError:
    back = np.flatnonzero(order[1:] < order[:-1])
    at = int(back[0]) + 1 if len(back) else 0
    return out_of_sequence(book.headers.ids[int(order[at])].as_py())
