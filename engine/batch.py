"""The nightly batch: from two folders to a folder of results; lines pass through."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog, encode_catalog
from engine.clock import Clock
from engine.folders import misplaced, not_used, same_folder
from engine.intake.book import OrderBook, OrderKeys, order_book
from engine.intake.in_lines import check_bundles, orders_in_lines
from engine.intake.report import OutOfSequenceError, Report
from engine.intake.sort import positions_in_keys, positions_in_lines, sorted_lines
from engine.intake.with_table import check_lines, orders_with_table
from engine.io.batches import count_rows, is_text, read_batches, table_files, unread_columns
from engine.io.faults import TableFile, UnreadableError
from engine.io.location import hash_files
from engine.io.output import check_output, whole_folder
from engine.io.parts import PartsWriter, check_parts
from engine.io.read import TablesRead, read_tables
from engine.io.write import format_ending
from engine.orders import OrderSet
from engine.pipeline import ahead
from engine.policies.find import as_mapping
from engine.policies.model import Policy
from engine.run_info import write_run_info
from engine.selection.kpis import KPIs
from engine.selection.plan import find_plan
from engine.selection.result import Part
from engine.selection.run import Run
from engine.selection.stream import Stream
from engine.tables.columns import CheckedTable, check_columns
from engine.tables.findings import Finding, raise_findings, shown_names
from engine.tables.lines import BATCH_ROWS, LineBatch
from engine.tables.result_schema import result_schema
from engine.tables.schema import CATALOG_TABLES, SCHEMAS
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


class Summary(NamedTuple):
    """What a batch came to.

    ``rows`` counts the rows of each table that was written, ``reasons`` the lines that are short
    by why they are.
    """

    rows: dict[str, int]
    kpis: KPIs
    reasons: dict[str, int]
    notes: list[str]


class _Input(NamedTuple):
    """What both folders hold: the catalogue and the orders, encoded, and where the lines stand."""

    catalog: Catalog
    book: OrderBook | None
    lines: list[TableFile]
    files: list[str]
    findings: list[Finding]
    notes: list[str]
    id_type: pa.DataType


def allocate_folders(
    catalog: Location,
    orders: Location,
    out: Location,
    *,
    algorithm: str | SourceSelectionAlgorithm | None = None,
    policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None" = None,
    mode: str = "sequential",
    include_zero: bool = False,
    quarantine: bool = False,
    format: str = "parquet",
    part_files: int = 1,
    overwrite: bool = False,
    clock: Clock | None = None,
) -> Summary:
    """Read a catalogue and orders, decide, and write the result, all at the same time.

    Parameters
    ----------
    catalog, orders
        Folders or URIs; they may be the same. Order lines need not fit in memory. Lines that do
        not come in the sequence of their orders are sorted first.
    out
        Local folder that appears whole or not at all.
    algorithm, policy, mode, include_zero, quarantine
        As in `engine.allocate`.
    format
        ``parquet``, ``csv`` or ``arrow``.
    part_files
        Files of each table; more than one stand in a folder of its name, in sequence.
    overwrite
        Replace an existing folder if it holds a run.
    clock
        Told of the phases; they overlap, so that their seconds may add up to more than the run's.

    Returns
    -------
    Counts and key figures. The tables are those that `engine.allocate` gives.

    Raises
    ------
    InputError
        Listing every problem of both folders.
    UsageError
        If a folder is not there, or may not be written.
    OSError
        If the disk is full or does not let itself be written to.
    """
    clock = clock or Clock()
    ending = format_ending(format)
    check_parts(ending, part_files)
    target = check_output(out, overwrite, [catalog, orders])
    plan = find_plan(algorithm, policy)
    given = _read(catalog, orders, quarantine=quarantine, clock=clock)

    def stream(sort_in: Path | None = None) -> Stream:
        report = Report(quarantine=quarantine)
        report.add(given.findings)
        report.note(given.notes)
        order_sets = _order_sets(given, report, clock, quarantine=quarantine, sort_in=sort_in)
        encoded = given.catalog
        run = Run(encoded, plan=plan, mode=mode, include_zero=include_zero, clock=clock)
        return Stream(encoded, order_sets, run, report, quarantine)

    with ExitStack() as opened:
        draft = opened.enter_context(whole_folder(target, overwrite))
        pool = opened.enter_context(ThreadPoolExecutor(1))
        is_over = Event()
        opened.callback(is_over.set)  # or a run that fails would wait for large files
        hashes = pool.submit(hash_files, given.files, is_over)
        files = _Files(draft, ending, part_files, _expected_rows(given))
        done, rows = _attempt(stream(), files, given.id_type, clock)
        if rows is None:
            for path in draft.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            # In the draft: what a dead run leaves there, the next one clears away.
            with TemporaryDirectory(prefix=".sort-", dir=draft) as folder:
                done = stream(Path(folder))
                rows = _write(done, files, given.id_type, clock)
        kpis = done.kpis
        with clock("hash"):
            inputs = hashes.result()
        write_run_info(
            draft,
            {
                "catalog": catalog,
                "orders": orders,
                "out": out,
                "algorithm": plan.code,
                "policy": None if policy is None else as_mapping(plan.policy),
                "mode": mode,
                "include_zero": include_zero,
                "quarantine": quarantine,
                "format": format,
                "part_files": part_files,
            },
            inputs=inputs,
            rows=rows,
            id_type=given.id_type,
            kpis=kpis,
            notes=done.notes,
            seconds=clock.seconds,
        )
    return Summary(rows, kpis, done.reasons, done.notes)


def _read(catalog: Location, orders: Location, *, quarantine: bool, clock: Clock) -> _Input:
    """Read, check and encode all but the lines; look through these too if anything is wrong."""
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
            lines = _lines_of(orders, report, known)
            checked = None
            if columns:
                checked = check_order_table(wanted.tables["orders"], columns, inventory.tables)
                found += checked.findings
                notes = checked.notes + notes
        report.add(found)
        if encoding is None or report.is_fatal:
            # Without its orders, nothing can be said about a line.
            if checked or not any(finding.table == "orders" for finding in report.fatal):
                _look_for_more(inventory, checked, lines, report, quarantine)
            raise_findings([*inventory.fatal, *report.fatal])
        assert encoding is not None  # what is fatal has been raised
        with clock("encode"):
            encoded = encoding.result()
            book = order_book(checked, encoded) if checked else None
    id_type = checked.id_type if checked else _id_type(lines)
    files = {*stock.files, *wanted.files, *(file.location.text for file in lines)}
    return _Input(encoded, book, lines, sorted(files), found, notes, id_type)


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
    report: Report,
    quarantine: bool,
) -> None:
    batches = _line_batches(lines, report, checked is not None, Clock())
    if checked is None:
        check_bundles(batches, inventory.tables, report, quarantine=quarantine)
    elif checked.usable:
        ids = whole(checked.table["order_id"])
        check_lines(OrderKeys(ids, ids[:0]), batches, report)


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


def _order_sets(
    given: _Input, report: Report, clock: Clock, *, quarantine: bool, sort_in: Path | None
) -> Iterator[OrderSet]:
    """Read the lines ahead, sort them if there is a folder to do so, and give out whole orders."""
    catalog, book = given.catalog, given.book

    def lines() -> Iterator[LineBatch]:
        return ahead(_line_batches(given.lines, report, book is not None, clock), _WAITING)

    if book is not None:
        ordered = lines()
        if sort_in:
            ordered = sorted_lines(ordered, positions_in_keys(book.keys), len(book.rows), sort_in)
        return orders_with_table(catalog, book, ordered, report, clock)
    ordered = lines()
    if sort_in:
        ordered = sorted_lines(ordered, *positions_in_lines(lines()), sort_in)
    return orders_in_lines(catalog, ordered, report, clock, quarantine=quarantine)


class _Files(NamedTuple):
    """Where and how a result is written; about how many rows each table will have."""

    folder: Path
    ending: str
    part_files: int
    expected_rows: dict[str, int]

    def writer(self, name: str, schema: pa.Schema) -> PartsWriter:
        """Return what writes a table."""
        return PartsWriter(
            self.folder,
            name,
            self.ending,
            schema,
            num_files=self.part_files,
            expected_rows=self.expected_rows.get(name, 0),
        )


def _expected_rows(given: _Input) -> dict[str, int]:
    """Return about how many rows each table will have, by which part files are cut."""
    num_lines = count_rows(given.lines)
    return {
        "allocations": num_lines,
        "orders": len(given.book.rows) if given.book else num_lines,
        "shortfalls": num_lines,
        "source_items": len(given.catalog.item_rows),
    }


def _attempt(
    stream: Stream, files: _Files, id_type: pa.DataType, clock: Clock
) -> tuple[Stream, dict[str, int] | None]:
    """Write the tables of a run, if the lines come in sequence.

    What failed ends with this function: the second attempt has its memory and its time.
    """
    try:
        return stream, _write(stream, files, id_type, clock)
    except OutOfSequenceError:
        return stream, None


def _write(stream: Stream, files: _Files, id_type: pa.DataType, clock: Clock) -> dict[str, int]:
    """Write the tables of a run; return how many rows each has."""
    with ExitStack() as opened:
        writers = {
            name: opened.enter_context(files.writer(name, result_schema(name, id_type)))
            for name in Part._fields
        }
        done, num_lines = 0, files.expected_rows["allocations"]
        for part in opened.enter_context(closing(stream)):
            with clock("write"):
                for writer, table in zip(writers.values(), part, strict=True):
                    writer.write(table)
            done += pc.sum(part.orders["lines"]).as_py() or 0
            clock.lines(done, num_lines)
        rows = {name: writer.num_rows for name, writer in writers.items()}
    schema = result_schema("source_items", id_type)
    with files.writer("source_items", schema) as writer:
        rows["source_items"] = _write_all(stream.source_item_parts(), writer, clock)
    if (rejects := stream.rejects) is not None:
        with files.writer("rejects", rejects.schema) as writer:
            rows["rejects"] = _write_all([rejects], writer, clock)
    return rows


def _write_all(parts: Iterable[pa.Table], writer: PartsWriter, clock: Clock) -> int:
    with clock("write"):
        for part in parts:
            writer.write(part)
    return writer.num_rows
