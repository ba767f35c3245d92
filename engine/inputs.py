"""The input of a batch: two folders, read and encoded but for the lines, which pass through."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog, encode_catalog
from engine.clock import Clock
from engine.folders import misplaced, not_used, same_folder
from engine.intake.book import OrderBook, OrderKeys, order_book
from engine.intake.in_lines import check_bundles, orders_in_lines
from engine.intake.report import Report
from engine.intake.sort import positions_in_keys, positions_in_lines, sorted_lines
from engine.intake.with_table import check_lines, orders_with_table
from engine.io.batches import is_text, read_batches, table_files, unread_columns
from engine.io.faults import TableFile, UnreadableError
from engine.io.read import TablesRead, read_tables
from engine.orders import OrderSet
from engine.pipeline import ahead
from engine.tables.columns import CheckedTable, check_columns
from engine.tables.findings import Finding, raise_findings, shown_names
from engine.tables.lines import BATCH_ROWS, LineBatch
from engine.tables.raw import RawTable
from engine.tables.schema import CATALOG_TABLES, SCHEMAS, Schema
from engine.tables.texts import number_keys
from engine.tables.validate import (
    CheckedOrders,
    Validated,
    check_order_table,
    missing,
    printed_type,
    validate_catalog,
    with_order_columns,
)
from engine.tables.whole import whole

Location = str | PathLike[str]

_WAITING = 2
"""Batches of lines that may wait to be checked."""


class Inputs(NamedTuple):
    """What both folders hold: the catalogue and the orders, encoded, and where the lines stand."""

    catalog: Catalog
    book: OrderBook | None
    lines: list[TableFile]
    files: list[str]
    findings: list[Finding]
    notes: list[str]
    id_type: pa.DataType
    line_schema: Schema


def read_inputs(
    catalog: Location,
    orders: Location,
    *,
    quarantine: bool,
    clock: Clock,
    lines: Schema = SCHEMAS["order_lines"],
) -> Inputs:
    """Read, check and encode all but the lines; look through these too if anything is wrong.

    Parameters
    ----------
    catalog, orders
        Folders or URIs; they may be the same.
    quarantine
        Leave bad rows out instead of stopping.
    clock
        Told of the phases ``read``, ``validate`` and ``encode``.
    lines
        What lines must hold: their schema, or a stricter one.

    Raises
    ------
    InputError
        Listing every problem of both.
    UsageError
        If one of the folders is not there.
    """
    known = tuple(SCHEMAS)
    # Beside this thread: reading the orders and laying the catalogue out take about as long as
    # what is done here meanwhile.
    with ThreadPoolExecutor(2) as pool:
        pool.submit(number_keys, pa.array([""]), fold=True)  # loads numba: half a second
        reading = pool.submit(_read_orders, orders, known)
        with clock("read"):
            stock = read_tables(catalog, CATALOG_TABLES, known)
        with clock("validate"):
            inventory = validate_catalog(stock.tables, stock.findings, quarantine=quarantine)
        wanted, columns = reading.result()
        found, notes = [], []
        if not same_folder(catalog, orders):
            found += misplaced(wanted)
            inventory.notes.extend(not_used(stock, "catalogue's"))
            notes = not_used(wanted, "orders'")
        encoding = None if inventory.fatal else pool.submit(encode_catalog, inventory)
        report = Report(quarantine=quarantine)
        report.unreadable(wanted.findings)
        with clock("validate"):
            files_of_lines = _lines_of(orders, report, known)
            checked = None
            if columns:
                checked = check_order_table(wanted.tables["orders"], columns, inventory.tables)
                found += checked.findings
                notes = checked.notes + notes
        report.add(found)
        if encoding is None or report.is_fatal:
            # Without its orders, nothing can be said about a line.
            if checked or not any(finding.table == "orders" for finding in report.fatal):
                _look_for_more(inventory, checked, files_of_lines, lines, report, quarantine)
            raise_findings([*inventory.fatal, *report.fatal])
        assert encoding is not None  # what is fatal has been raised
        with clock("encode"):
            encoded = encoding.result()
            book = order_book(checked, encoded) if checked else None
    id_type = checked.id_type if checked else _id_type(files_of_lines)
    files = {*stock.files, *wanted.files, *(file.location.text for file in files_of_lines)}
    return Inputs(encoded, book, files_of_lines, sorted(files), found, notes, id_type, lines)


def _read_orders(
    orders: Location, known: tuple[str, ...]
) -> tuple[TablesRead, CheckedTable | None]:
    """Read the table of the orders, if there is one, and check its columns."""
    read = read_tables(orders, ("orders",), known)
    read = read._replace(ignored=[name for name in read.ignored if name != "order_lines"])
    return read, check_columns(SCHEMAS["orders"], read.tables["orders"]) if read.tables else None


def _lines_of(orders: Location, report: Report, known: tuple[str, ...]) -> list[TableFile]:
    """Return the files of the lines; that there are none is reported."""
    try:
        lines = table_files(orders, "order_lines", known)
    except UnreadableError as error:
        report.unreadable(error.findings)
        return []
    if not lines and not any(finding.table == "order_lines" for finding in report.fatal):
        report.add([missing("order_lines")])
    return lines


def _look_for_more(
    inventory: Validated,
    checked: CheckedOrders | None,
    lines: list[TableFile],
    schema: Schema,
    report: Report,
    quarantine: bool,
) -> None:
    batches = _line_batches(lines, report, checked is not None, Clock())
    if checked is None:
        check_bundles(batches, inventory.tables, report, quarantine=quarantine, schema=schema)
    elif checked.usable:
        ids = whole(checked.table["order_id"])
        check_lines(OrderKeys(ids, ids[:0]), batches, report, schema)


def _id_type(lines: list[TableFile]) -> pa.DataType:
    """Return the type in which lines bring their order ids: of the first part that has one."""
    if is_text(lines[0]):
        return pa.string()
    firsts = (next(read_batches([file], ["order_id"])).table.schema for file in lines)
    kinds = (first.field("order_id").type for first in firsts if "order_id" in first.names)
    return printed_type(next((kind for kind in kinds if not pa.types.is_null(kind)), pa.string()))


def _line_batches(
    files: list[TableFile], report: Report, has_table: bool, clock: Clock
) -> Iterator[LineBatch]:
    """Read the lines; a file that cannot be read is reported, and ends them."""
    schema = SCHEMAS["order_lines"] if has_table else with_order_columns()
    columns = [column.name for column in schema.columns]
    start = 0
    try:
        if extra := [name for file in files[:1] for name in unread_columns(file, columns)]:
            report.note([f"order_lines: columns not used: {shown_names(extra)}"])
        batches = read_batches(files, columns, BATCH_ROWS)
        while True:
            with clock("read"):
                raw = next(batches, None)
            if raw is None:
                return
            yield LineBatch(raw, np.arange(start, start + raw.table.num_rows))
            start += raw.table.num_rows
    except UnreadableError as error:
        report.unreadable(error.findings)


def order_sets(
    given: Inputs,
    report: Report,
    clock: Clock,
    *,
    quarantine: bool,
    sort_in: Path | None,
    on_lines: Callable[[RawTable], None] | None = None,
) -> Iterator[OrderSet]:
    """Read the lines ahead, sort them if there is a folder to do so, and give out whole orders.

    Parameters
    ----------
    given
        What `read_inputs` returned.
    report
        Told of everything that is found, of the input as well.
    clock
        Told of the phases.
    quarantine
        Leave bad rows out.
    sort_in
        Folder for lines that do not come in the sequence of their orders.
    on_lines
        Given the lines, bad ones too, before their orders are given out.

    Raises
    ------
    OutOfSequenceError
        If they do not, and there is no folder.
    """
    catalog, book = given.catalog, given.book
    report.add(given.findings)
    report.note(given.notes)

    def lines() -> Iterator[LineBatch]:
        return ahead(_line_batches(given.lines, report, book is not None, clock), _WAITING)

    if book is not None:
        ordered = lines()
        if sort_in:
            ordered = sorted_lines(ordered, positions_in_keys(book.keys), len(book.rows), sort_in)
        ordered = _shown(ordered, report, on_lines) if on_lines else ordered
        return orders_with_table(catalog, book, ordered, report, clock, given.line_schema)
    ordered = lines()
    if sort_in:
        ordered = sorted_lines(ordered, *positions_in_lines(lines()), sort_in)
    ordered = _shown(ordered, report, on_lines) if on_lines else ordered
    return orders_in_lines(
        catalog, ordered, report, clock, quarantine=quarantine, schema=given.line_schema
    )


def _shown(
    batches: Iterator[LineBatch], report: Report, on_lines: Callable[[RawTable], None]
) -> Iterator[LineBatch]:
    """Show the lines to somebody else as they pass; none any more once the run must stop."""
    for batch in batches:
        if not report.is_fatal:
            on_lines(batch.raw)
        yield batch
