"""The nightly batch: from two folders to a folder of results; lines pass through."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.clock import Clock
from engine.inputs import Inputs, order_sets, read_inputs
from engine.intake.report import OutOfSequenceError, Report
from engine.io.batches import count_rows
from engine.io.location import hash_files
from engine.io.output import check_output, whole_folder
from engine.io.parts import PartsWriter, check_parts
from engine.io.write import format_ending
from engine.magento.files import ShipmentFiles, check_order_items, write_stock_sources
from engine.magento.opened import opened_store
from engine.magento.shipments import LINES_TO_SHIP
from engine.policies.find import as_mapping, is_policy_file
from engine.policies.model import Policy
from engine.run_info import write_run_info
from engine.selection.bound import Bound
from engine.selection.kpis import KPIs
from engine.selection.plan import find_plan
from engine.selection.result import Part
from engine.selection.run import Run
from engine.selection.stream import Stream
from engine.tables.result_schema import result_schema
from engine.tables.schema import SCHEMAS

Location = str | PathLike[str]
Written = tuple[Stream, dict[str, int], list[str]]
"""A run that is over, how many rows each of its files has, and what a person should know."""


class Summary(NamedTuple):
    """What a batch came to.

    ``rows`` counts the rows of each table that was written, ``reasons`` the lines that are short
    by why they are. ``bound`` is None unless the batch was decided as a whole.
    """

    rows: dict[str, int]
    kpis: KPIs
    reasons: dict[str, int]
    notes: list[str]
    bound: Bound | None = None


def allocate_folders(
    catalog: Location,
    orders: Location | None,
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
    magento: bool = False,
    clock: Clock | None = None,
) -> Summary:
    """Read a catalogue and orders, decide, and write the result, all at the same time.

    Parameters
    ----------
    catalog, orders
        Folders or URIs; they may be the same. Order lines need not fit in memory. Lines that do
        not come in the sequence of their orders are sorted first. Or the address of a store's
        database as catalogue, and None for its own open orders; see ``docs/magento.md``.
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
    magento
        Also write what Magento takes back: ``stock_sources.csv`` for its import, and
        ``shipments.jsonl`` for its REST calls, with ``shipments_left.csv``. Each line then needs
        its ``order_item_id``.
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
        If a folder is not there, or may not be written; if an address leads to no store; if lines
        have no ``order_item_id`` where it is needed.
    OSError
        If the disk is full or does not let itself be written to, or the database refuses.
    """
    clock = clock or Clock()
    ending = format_ending(format)
    check_parts(ending, part_files)
    own = [policy] if isinstance(policy, str | PathLike) and is_policy_file(str(policy)) else []
    orders = catalog if orders is None else orders
    target = check_output(out, overwrite, [catalog, orders, *own])
    plan = find_plan(algorithm, policy)
    with ExitStack() as opened:
        places = opened.enter_context(opened_store(catalog, orders, clock))
        if magento:
            check_order_items(places.orders)
        given = read_inputs(
            places.catalog,
            places.orders,
            quarantine=quarantine,
            clock=clock,
            lines=LINES_TO_SHIP if magento else SCHEMAS["order_lines"],
        )

        def stream(ships: ShipmentFiles | None, sort_in: Path | None = None) -> Stream:
            report = Report(quarantine=quarantine)
            sets = order_sets(
                given,
                report,
                clock,
                quarantine=quarantine,
                sort_in=sort_in,
                on_lines=ships.add_lines if ships else None,
            )
            encoded = given.catalog
            run = Run(encoded, plan=plan, mode=mode, include_zero=include_zero, clock=clock)
            return Stream(encoded, sets, run, report, quarantine)

        draft = opened.enter_context(whole_folder(target, overwrite))
        pool = opened.enter_context(ThreadPoolExecutor(1))
        is_over = Event()
        opened.callback(is_over.set)  # or a run that fails would wait for large files
        hashes = pool.submit(hash_files, given.files, is_over)
        files = _Files(draft, ending, part_files, _expected_rows(given))

        def written(sort_in: Path | None = None) -> Written:
            with ExitStack() as writing:
                ships = ShipmentFiles(draft, given.id_type) if magento else None
                if ships:
                    writing.enter_context(ships)
                done = stream(ships, sort_in)
                rows = _write(done, files, given.id_type, clock, ships)
            return done, rows, done.notes + (ships.notes if ships else [])

        result = _attempt(written)
        if result is None:
            for path in draft.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            # In the draft: what a dead run leaves there, the next one clears away.
            with TemporaryDirectory(prefix=".sort-", dir=draft) as folder:
                result = written(Path(folder))
        done, rows, notes = result
        kpis = done.kpis
        with clock("hash"):
            inputs = places.inputs(hashes.result())
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
                "magento": magento,
            },
            inputs=inputs,
            rows=rows,
            id_type=given.id_type,
            kpis=kpis,
            notes=notes,
            seconds=clock.seconds,
            bound=done.bound.as_json() if done.bound else None,
        )
    return Summary(rows, kpis, done.reasons, notes, done.bound)


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


def _expected_rows(given: Inputs) -> dict[str, int]:
    """Return about how many rows each table will have, by which part files are cut."""
    num_lines = count_rows(given.lines)
    return {
        "allocations": num_lines,
        "orders": len(given.book.rows) if given.book else num_lines,
        "shortfalls": num_lines,
        "source_items": len(given.catalog.item_rows),
    }


def _attempt(written: Callable[[], Written]) -> Written | None:
    """Write a run, if its lines come in sequence.

    What failed ends with this function: the second attempt has its memory and its time.
    """
    try:
        return written()
    except OutOfSequenceError:
        return None


def _write(
    stream: Stream,
    files: _Files,
    id_type: pa.DataType,
    clock: Clock,
    ships: ShipmentFiles | None,
) -> dict[str, int]:
    """Write the tables of a run, and Magento's files; return how many rows each has."""
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
                if ships:
                    ships.write(part)
            done += pc.sum(part.orders["lines"]).as_py() or 0
            clock.lines(done, num_lines)
        rows = {name: writer.num_rows for name, writer in writers.items()}
    schema = result_schema("source_items", id_type)
    with files.writer("source_items", schema) as writer:
        rows["source_items"] = _write_all(stream.source_item_parts(), writer, clock)
    if (rejects := stream.rejects) is not None:
        with files.writer("rejects", rejects.schema) as writer:
            rows["rejects"] = _write_all([rejects], writer, clock)
    if ships:
        with clock("write"):
            num_items = write_stock_sources(stream.source_item_parts(), files.folder)
        rows |= {"stock_sources": num_items, **ships.rows}
    return rows


def _write_all(parts: Iterable[pa.Table], writer: PartsWriter, clock: Clock) -> int:
    with clock("write"):
        for part in parts:
            writer.write(part)
    return writer.num_rows
