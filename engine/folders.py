"""Between folders and the run: read a catalogue and orders, write a result, read it back."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from engine.catalog import Catalog, encode_catalog
from engine.clock import Clock
from engine.errors import OutputError
from engine.io.location import hash_files, local_path
from engine.io.output import check_output, whole_folder
from engine.io.read import TablesRead, read_tables
from engine.io.write import format_ending, write_table
from engine.magento.opened import opened_store
from engine.orders import OrderSet, encode_orders
from engine.run_info import RunInfo, read_run_info, write_run_info
from engine.selection.result import Result
from engine.tables.findings import Finding, raise_findings, shown_names, shown_text, whole_table
from engine.tables.raw import RawTable
from engine.tables.result_schema import MAGENTO_FILES, RESULT_TABLES, result_schema
from engine.tables.schema import CATALOG_TABLES, ORDER_TABLES, SCHEMAS
from engine.tables.validate import validate_catalog, validate_orders

Location = str | PathLike[str]


class OrderTables(NamedTuple):
    """Orders as read, for ``allocate(catalog, *orders)``; ``orders`` may be None."""

    orders: RawTable | None
    order_lines: RawTable


class Run(NamedTuple):
    """A catalogue and the orders for it, read and encoded; ``files`` are those that were read.

    ``table`` is the canonical ``orders`` table as read.
    """

    catalog: Catalog
    orders: OrderSet
    files: list[str]
    table: pa.Table


def read_catalog(location: Location, *, quarantine: bool = False) -> Catalog:
    """Read a catalogue.

    Parameters
    ----------
    location
        Folder or URI with one file per table, see ``docs/tables.md``; or the address of a store's
        database, see ``docs/magento.md``.
    quarantine
        Leave bad rows out, with all that hangs on them, instead of stopping.

    Returns
    -------
    The frozen catalogue.

    Raises
    ------
    InputError
        Listing every problem of every table.
    QuantityError
        If the reservations of one item add up beyond decimal(18,4).
    UsageError
        If there is no such folder, or the address leads to no store.
    OSError
        If the machine or the database refuses.

    Examples
    --------
    >>> from engine.packaged import packaged
    >>> read_catalog(packaged("msi_example/catalog"))
    Catalog(6 sources, 2 stocks, 7 links, 3 SKUs, 8 source items)
    """
    with opened_store(location, None, Clock(), with_orders=False) as found:
        read = read_tables(found.catalog, CATALOG_TABLES, tuple(SCHEMAS))
    valid = validate_catalog(read.tables, read.findings, quarantine=quarantine)
    raise_findings(valid.fatal)
    return encode_catalog(valid)


def read_orders(location: Location) -> OrderTables:
    """Read orders as they are; `engine.allocate` validates them.

    Parameters
    ----------
    location
        Folder or URI with ``order_lines`` and, unless the lines carry its columns, ``orders``.

    Returns
    -------
    Both tables as read; ``orders`` is None where there is none.

    Raises
    ------
    InputError
        If a file cannot be read, there are no lines, or a table stands there that limits what
        may be promised and belongs to a catalogue.
    UsageError
        If there is no such folder.

    Examples
    --------
    >>> from engine.packaged import packaged
    >>> read_orders(packaged("msi_example/orders")).order_lines.table.num_rows
    2
    """
    read = read_tables(location, ORDER_TABLES, tuple(SCHEMAS))
    found = read.findings + ([] if "sources" in read.ignored else misplaced(read))
    missing = whole_table("order_lines", "missing table", "add order_lines.csv or .parquet")
    raise_findings(found or ([] if "order_lines" in read.tables else [missing]))
    return OrderTables(read.tables.get("orders"), read.tables["order_lines"])


def read_run(catalog: Location, orders: Location | None, *, quarantine: bool, clock: Clock) -> Run:
    """Read, validate and encode a catalogue and orders together.

    Parameters
    ----------
    catalog, orders
        Folders or URIs; they may be the same. Or the address of a store's database as catalogue,
        and None for its own open orders.
    quarantine
        Leave bad rows out instead of stopping.
    clock
        Told of the phases ``read``, ``validate`` and ``encode``.

    Returns
    -------
    Both, encoded against each other, and the files that were read.

    Raises
    ------
    InputError
        Listing every problem of both.
    UsageError
        If one of the folders is not there, or the address leads to no store.
    OSError
        If the machine or the database refuses.
    """
    with opened_store(catalog, orders, clock) as found:
        return _read_run(found.catalog, found.orders, quarantine=quarantine, clock=clock)


def _read_run(catalog: Location, orders: Location, *, quarantine: bool, clock: Clock) -> Run:
    with clock("read"):
        stock = read_tables(catalog, CATALOG_TABLES, tuple(SCHEMAS))
        wanted = read_tables(orders, ORDER_TABLES, tuple(SCHEMAS))
    with clock("validate"):
        inventory = validate_catalog(stock.tables, stock.findings, quarantine=quarantine)
        apart = not same_folder(catalog, orders)
        found = wanted.findings + (misplaced(wanted) if apart else [])
        asked = validate_orders(wanted.tables, inventory.tables, found, quarantine=quarantine)
        raise_findings([*inventory.fatal, *asked.fatal])
        if apart:
            inventory.notes.extend(not_used(stock, "catalogue's"))
            asked.notes.extend(not_used(wanted, "orders'"))
    with clock("encode"):
        encoded = encode_catalog(inventory)
        files = sorted({*stock.files, *wanted.files})
        return Run(encoded, encode_orders(asked, encoded), files, asked.tables["orders"])


def write_result(
    result: Result,
    out: Location,
    *,
    format: str = "parquet",
    overwrite: bool = False,
    arguments: Mapping[str, Any] | None = None,
    files: list[str] | None = None,
    clock: Clock | None = None,
) -> Path:
    """Write a result as a folder that appears whole or not at all.

    Parameters
    ----------
    result
        What `engine.allocate` returned.
    out
        Local folder; its parent must be there.
    format
        ``parquet``, ``csv`` or ``arrow``.
    overwrite
        Replace an existing folder if it holds a run.
    arguments
        What the run was asked for, for ``run.json``.
    files
        Input files, listed in ``run.json`` with sizes and SHA-256.
    clock
        Continues to count beside the result's own seconds.

    Returns
    -------
    The folder.

    Raises
    ------
    UsageError
        If the folder may not be written there.
    OutputError
        If another run has put something there meanwhile.
    OSError
        If the disk is full or does not let itself be written to.
    """
    clock = clock or Clock()
    folders = {file.rpartition("/")[0] for file in files or [] if "/" in file}
    target = check_output(out, overwrite, sorted(folders))
    with whole_folder(target, overwrite) as draft:
        with clock("write"):
            for name, table in result.tables.items():
                write_table(table, draft / f"{name}{format_ending(format)}")
        with clock("hash"):
            inputs = hash_files(files or [])
        write_run_info(
            draft,
            dict(arguments or {}, format=format),
            inputs=inputs,
            rows={name: table.num_rows for name, table in result.tables.items()},
            id_type=result.orders.schema.field("order_id").type,
            kpis=result.kpis,
            notes=result.notes,
            seconds={**result.seconds, **clock.seconds},
        )
    return target


def read_result(folder: Location) -> Result:
    """Read back what a run wrote.

    Parameters
    ----------
    folder
        A folder that holds ``run.json``.

    Returns
    -------
    The result, its tables equal to those in memory when it was written.

    Raises
    ------
    OutputError
        If the folder does not hold a whole run.
    InputError
        If one of its files cannot be read.
    """
    place = Path(folder)
    info = read_run_info(place)
    tables = run_tables(place, info, [name for name in RESULT_TABLES if name in info.rows])
    return Result(
        **{name: tables.get(name) for name in RESULT_TABLES},
        kpis=info.kpis,
        notes=info.notes,
        seconds=info.seconds,
    )


def run_tables(place: Path, info: RunInfo, names: Sequence[str]) -> dict[str, pa.Table]:
    """Read tables of a run, with the types that they had in memory.

    Raises
    ------
    OutputError
        If one is not there, or not as the run wrote it.
    InputError
        If a file cannot be read.
    """
    read = read_tables(place, names, (*RESULT_TABLES, *MAGENTO_FILES))
    raise_findings(read.findings)
    id_type = pa.type_for_alias(info.order_id_type)
    return {name: _typed(place, read, name, id_type, info.rows[name]) for name in names}


def _typed(
    place: Path, read: TablesRead, name: str, id_type: pa.DataType, num_rows: int
) -> pa.Table:
    """Return a table of a run with the types that it had in memory."""
    if name not in read.tables:
        raise OutputError(f"{place}: the run lacks its table {name}; run it again")
    table, schema = read.tables[name].table, result_schema(name, id_type)
    missing = [column for column in schema.names if column not in table.column_names]
    try:
        if missing:
            raise ValueError(f"it lacks {shown_names(missing)}")
        table = table.select(schema.names).cast(schema)
    except (ValueError, pa.ArrowException) as error:
        raise OutputError(
            f"{place}: {name} is no table of a run ({shown_text(error)}); run it again"
        ) from error
    if table.num_rows != num_rows:
        raise OutputError(
            f"{place}: {name} has {table.num_rows:,} rows where the run wrote {num_rows:,}; "
            "run it again"
        )
    return table


def same_folder(catalog: Location, orders: Location) -> bool:
    """Return whether catalogue and orders stand in one folder."""
    one, other = (Path(local_path(place) or place).resolve() for place in (catalog, orders))
    return one == other


def not_used(read: TablesRead, folder: str) -> list[str]:
    """Return the notes on tables that are there and belong elsewhere."""
    return [f"{name}: not used, it stands in the {folder} folder" for name in read.ignored]


def misplaced(orders: TablesRead) -> list[Finding]:
    """Find restrictions beside the orders: unnoticed, they would let units be promised twice."""
    return [
        whole_table(name, "stands in the folder of the orders", "move it to the catalogue's folder")
        for name in orders.ignored
        if SCHEMAS[name].restricts
    ]
