"""The store: one SQLite file that outlives kill -9, and what it says as a catalogue.

What the service can change stands in tables of its own; the rest of a catalogue (settings of
SKUs, reservations, geonames, distances) stands as it came, in Arrow's stream format.
"""

import errno
import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog, encode_catalog
from engine.errors import UsageError
from engine.rest.changes import NETWORK, laid_out
from engine.rest.users import create_tables
from engine.tables.findings import raise_findings, shown_text
from engine.tables.fold import fold_sku
from engine.tables.quantity import column_units, units_to_decimal
from engine.tables.raw import RawTable
from engine.tables.validate import validate_catalog

_APPLICATION = 0x73736131  # "ssa1"
_FORMAT = 1
_ROWS = 1 << 16
"""Rows that are written or read at a time."""

FIELDS = {
    "source_code": "TEXT PRIMARY KEY",
    "name": "TEXT",
    "enabled": "INTEGER NOT NULL DEFAULT 1",
    "email": "TEXT",
    "contact_name": "TEXT",
    "description": "TEXT",
    "latitude": "REAL",
    "longitude": "REAL",
    "country_id": "TEXT",
    "region_id": "INTEGER",
    "region": "TEXT",
    "city": "TEXT",
    "street": "TEXT",
    "postcode": "TEXT",
    "phone": "TEXT",
    "fax": "TEXT",
    "use_default_carrier_config": "INTEGER NOT NULL DEFAULT 1",
    "carrier_links": "TEXT NOT NULL DEFAULT '[]'",
    "extension_attributes": "TEXT NOT NULL DEFAULT '{}'",
}
"""MSI's fields of a source, and how SQLite holds them; the last two as JSON."""

_SCHEMA = f"""
CREATE TABLE sources ({", ".join(f"{name} {kind}" for name, kind in FIELDS.items())},
    more TEXT NOT NULL DEFAULT '{{}}') WITHOUT ROWID;
CREATE TABLE stocks (stock_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
CREATE TABLE sales_channels (type TEXT, code TEXT, stock_id INTEGER NOT NULL
    REFERENCES stocks ON DELETE CASCADE, PRIMARY KEY (type, code)) WITHOUT ROWID;
CREATE TABLE stock_source_links (stock_id INTEGER NOT NULL REFERENCES stocks ON DELETE CASCADE,
    source_code TEXT NOT NULL REFERENCES sources, priority INTEGER NOT NULL,
    PRIMARY KEY (stock_id, source_code)) WITHOUT ROWID;
CREATE TABLE source_items (source_item_id INTEGER PRIMARY KEY,
    source_code TEXT NOT NULL REFERENCES sources, sku TEXT NOT NULL, sku_key TEXT NOT NULL,
    quantity INTEGER NOT NULL, status INTEGER NOT NULL, UNIQUE (sku_key, source_code));
CREATE INDEX source_items_by_source ON source_items (source_code);
CREATE TABLE kept (name TEXT PRIMARY KEY, stream BLOB NOT NULL) WITHOUT ROWID;
"""

_DEFAULT = """
INSERT INTO sources (source_code, name, enabled, latitude, longitude, country_id, postcode)
    VALUES ('default', 'Default Source', 1, 0, 0, 'US', '00000');
INSERT INTO stocks (stock_id, name) VALUES (1, 'Default Stock');
INSERT INTO stock_source_links VALUES (1, 'default', 1);
INSERT INTO sales_channels VALUES ('website', 'base', 1);
"""
"""What a fresh Magento has."""


def connect(path: Path, *, read_only: bool = False, make: bool = False) -> sqlite3.Connection:
    """Open a connection to a store; transactions are begun by hand.

    Parameters
    ----------
    path
        The file.
    read_only
        Refuse to write.
    make
        Make the file if it is not there, for its owner alone.

    Raises
    ------
    OSError
        If the file is not there, or cannot be made or written.
    """
    if make:
        # Never a file that is there: to close it would let go of all locks that SQLite holds on
        # it in this process, and another one would delete the log that is being written to.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    if not read_only:
        path.stat()
        if not os.access(path, os.W_OK):  # SQLite would open it to be read
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30)
    db.execute("PRAGMA foreign_keys = ON")
    # With WAL, FULL syncs at each commit: what has been acknowledged is on the disk.
    db.execute("PRAGMA synchronous = FULL")
    return db


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a store for one service: another one would not see what this one keeps in memory.

    Raises
    ------
    UsageError
        If another service holds it, or no file can stand there.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else "has no folder to stand in"
        raise UsageError(f"{path}: {what}; give the path of a file")
    lock: IO[str]
    with Path(f"{path.resolve()}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"{path}: another ssa serve holds this store; stop it first"
            ) from error
        yield


def is_new(db: sqlite3.Connection) -> bool:
    """Return whether a store still is to be filled: it holds nothing, or users alone.

    Raises
    ------
    UsageError
        If the file is no store, or one of another format.
    """
    application, version = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    path = db.execute("PRAGMA database_list").fetchone()[2]
    if application == _APPLICATION:
        if version != _FORMAT:
            raise UsageError(
                f"{path}: is a store of format {version}, this ssa-engine reads format {_FORMAT}; "
                "use the version that made it"
            )
        return False
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if application or not tables <= {"users", "tokens"}:
        raise UsageError(f"{path}: is another program's database; give another file")
    return True


def fill(db: sqlite3.Connection, catalog: Catalog | None) -> None:
    """Fill a new store, wholly or not at all.

    Parameters
    ----------
    db
        A connection to it, outside of a transaction.
    catalog
        What it holds; without one what a fresh Magento has: its default source and stock.
    """
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA}{_DEFAULT if catalog is None else ''}")
    try:
        if catalog is not None:
            _fill(db, catalog)
        create_tables(db)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
        db.execute(f"PRAGMA user_version = {_FORMAT}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Say which file it is that SQLite cannot read or write.

    Raises
    ------
    OSError
        If the disk is full, or the file may not be written.
    UsageError
        If it is no database.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(0, shown_text(error), str(path)) from error
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{path}: is no store ({shown_text(error)}); give another file") from error


def read_catalog(db: sqlite3.Connection) -> Catalog:
    """Return everything that a store says, as a catalogue.

    Raises
    ------
    InputError
        If something else than this program has written to it what does not hold.
    """
    kept = {
        name: pa.ipc.open_stream(stream).read_all()
        for name, stream in db.execute("SELECT * FROM kept")
    }
    tables = {**network_tables(db), "source_items": _items_table(db), **kept}
    valid = validate_catalog({name: RawTable(table) for name, table in tables.items()})
    raise_findings(valid.fatal)
    return laid_out(encode_catalog(valid))


def network_tables(db: sqlite3.Connection) -> dict[str, pa.Table]:
    """Return `engine.rest.changes.NETWORK` as a store has it now."""
    tables = {name: _table(db, f"SELECT * FROM {name}") for name in NETWORK}
    sources = tables["sources"]
    more = [json.loads(text) for text in sources["more"].to_pylist()]
    sources = sources.drop_columns(["more", "carrier_links", "extension_attributes"])
    for name in dict.fromkeys(key for one in more for key in one):
        sources = sources.append_column(name, pa.array([one.get(name) for one in more]))
    enabled = pa.array([bool(flag) for flag in sources["enabled"].to_pylist()])
    at = sources.column_names.index("enabled")
    return {**tables, "sources": sources.set_column(at, "enabled", enabled)}


def _table(db: sqlite3.Connection, query: str) -> pa.Table:
    cursor = db.execute(query)
    names = [column[0] for column in cursor.description]
    columns = list(zip(*cursor, strict=True)) or [()] * len(names)
    return pa.table(
        {
            # A column of nothing but nulls is text here, whatever it may hold.
            name: pa.array(
                values, None if any(value is not None for value in values) else _type(name)
            )
            for name, values in zip(names, columns, strict=True)
        }
    )


def _type(name: str) -> pa.DataType:
    kinds = {"REAL": pa.float64(), "INTEGER": pa.int64()}
    kinds_of = {**FIELDS, "stock_id": "INTEGER", "priority": "INTEGER"}
    return kinds.get(kinds_of.get(name, "TEXT").partition(" ")[0], pa.string())


def _items_table(db: sqlite3.Connection) -> pa.Table:
    cursor = db.execute(
        "SELECT source_code, sku, quantity, status FROM source_items ORDER BY source_item_id"
    )
    schema = pa.schema([("source_code", pa.string()), ("sku", pa.string())])
    batches = []
    while rows := cursor.fetchmany(_ROWS):
        codes, skus, quantity, status = zip(*rows, strict=True)
        batches.append(
            pa.table(
                {
                    "source_code": pa.array(codes, pa.string()),
                    "sku": pa.array(skus, pa.string()),
                    "quantity": units_to_decimal(np.array(quantity, np.int64)),
                    "status": pa.array(np.array(status, np.int8)),
                }
            )
        )
    if not batches:
        schema = schema.append(pa.field("quantity", pa.decimal128(12, 4)))
        return schema.append(pa.field("status", pa.int8())).empty_table()
    return pa.concat_tables(batches)


def _fill(db: sqlite3.Connection, catalog: Catalog) -> None:
    catalog = laid_out(catalog)
    for row in catalog.tables["sources"].to_pylist():
        db.execute(*_insert("sources", source_row(row)))
    stocks = catalog.tables.get("stocks")
    names = (
        dict(zip(*(stocks[name].to_pylist() for name in ("stock_id", "name")), strict=True))
        if stocks
        else {}
    )
    ids = catalog.stock_ids.tolist()
    db.executemany(
        "INSERT INTO stocks VALUES (?, ?)", [(one, names.get(one) or f"Stock {one}") for one in ids]
    )
    for name in ("sales_channels", "stock_source_links"):
        for row in catalog.tables[name].to_pylist() if name in catalog.tables else ():
            db.execute(*_insert(name, row))
    _fill_items(db, catalog)
    for name, table in catalog.tables.items():
        if name not in (*NETWORK, "source_items"):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
            db.execute("INSERT INTO kept VALUES (?, ?)", (name, sink.getvalue().to_pybytes()))


def _fill_items(db: sqlite3.Connection, catalog: Catalog) -> None:
    table = catalog.tables["source_items"]
    for start in range(0, table.num_rows, _ROWS):
        part = table.slice(start, _ROWS)
        skus = part["sku"].cast(pa.string())
        columns: Iterable[list[Any]] = (
            part["source_code"].cast(pa.string()).to_pylist(),
            skus.to_pylist(),
            fold_sku(skus).to_pylist(),
            column_units(part, "quantity").tolist(),
            part["status"].cast(pa.int8()).to_pylist(),
        )
        db.executemany(
            "INSERT INTO source_items (source_code, sku, sku_key, quantity, status) "
            "VALUES (?, ?, ?, ?, ?)",
            zip(*columns, strict=True),
        )


def source_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a source of a catalogue as the store has it; other columns go into ``more``."""
    given = {name: value for name, value in row.items() if value is not None}
    known = {
        name: str(given[name]) if kind.startswith("TEXT") else given[name]
        for name, kind in FIELDS.items()
        if name in given and name not in ("carrier_links", "extension_attributes", "region_id")
    }
    region_id = str(given.get("region_id", ""))
    if region_id.isascii() and region_id.isdigit() and int(region_id[:20]) < 2**63:
        known["region_id"] = int(region_id)
    more = {name: value for name, value in given.items() if name not in FIELDS}
    return {**known, "more": json.dumps(more, default=_in_json)}


def _in_json(value: Any) -> Any:
    """Return a number or a text for what JSON has no word for."""
    return float(value) if isinstance(value, Decimal) else str(value)


def _insert(table: str, row: dict[str, Any]) -> tuple[str, list[Any]]:
    marks = ", ".join("?" * len(row))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values())
