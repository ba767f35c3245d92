"""A store's database -> tables of text, all of one moment."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from threading import Thread

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import UsageError
from engine.magento.faults import MissingTableError, fault_of
from engine.magento.fetch import FAULT, Asked
from engine.magento.location import Store
from engine.magento.sql import END, OPTIONAL, SESSION, Part, parts, statement

_GIVEN_UP = "ERROR r2d2]"
"""In a line of connectorx's log: a connection has failed, and it would try again for 30 s."""


def read_store(store: Store, *, with_orders: bool = True) -> dict[str, pa.Table]:
    """Read what the engine needs of a store's database, in one read-only transaction.

    Parameters
    ----------
    store
        Where the database is.
    with_orders
        Read the open orders too.

    Returns
    -------
    A table of text columns for each part of the statement, its rows sorted by number. A null is
    a null. Tables of modules that the store does without are left out.

    Raises
    ------
    UsageError
        If connectorx is not installed, or the database is none of Magento with MSI.
    OSError
        If the server refuses or cannot be reached, or the connection is lost.
    """
    if find_spec("connectorx") is None:
        raise UsageError(
            "reading a database takes connectorx, which is not installed; "
            "pip install 'ssa-engine[magento]'"
        )
    absent: frozenset[str] = frozenset()
    while True:
        wanted = parts(store, absent)
        if not with_orders:
            del wanted["orders"], wanted["order_lines"]
        try:
            return _read(store, wanted)
        except MissingTableError as error:
            table = error.table.removeprefix(store.prefix)
            if table not in OPTIONAL or table in absent:
                raise
            absent |= {table}


def _read(store: Store, wanted: dict[str, Part]) -> dict[str, pa.Table]:
    found: dict[str, list[pa.RecordBatch]] = {table: [] for table in wanted}
    schema = pa.schema([])
    for batch in _batches(store, statement(store, wanted)):
        schema = batch.schema
        tables = batch.column(0)
        for table in pc.unique(tables).to_pylist():
            found[table].append(batch.filter(pc.equal(tables, table)))
    if not found[END]:
        raise ConnectionError(f"{store.shown}: the connection was lost before the last row")
    return {
        table: _table(part, pa.Table.from_batches(found[table], schema))
        for table, part in wanted.items()
        if table != END
    }


def _table(part: Part, rows: pa.Table) -> pa.Table:
    """Return the columns of a part under their names, the rows sorted."""
    columns = rows.columns[1 : len(part.columns) + 1]
    table = pa.Table.from_arrays(columns, names=list(part.columns))
    keys = [
        table[name].cast(pa.int64()) if name.endswith("_id") else table[name] for name in part.sort
    ]
    if len(keys) == 1 and _is_sorted(keys[0]):
        return table
    names = [str(at) for at in range(len(keys))]
    order = pc.sort_indices(
        pa.table(keys, names=names), sort_keys=[(name, "ascending") for name in names]
    )
    return table.take(order)


def _is_sorted(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_int64(column.type):
        return False
    numbers = column.to_numpy()
    return bool(np.all(numbers[:-1] < numbers[1:]))


def _batches(store: Store, query: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query, from a process that is gone when this is closed."""
    with _fetching(store, Asked(store.uri(), SESSION, query)) as (child, said):
        try:
            with pa.ipc.open_stream(child.stdout) as reader:
                yield from reader
        except (pa.ArrowException, OSError) as error:  # the stream is cut short
            if not child.wait():
                raise ConnectionError(f"{store.shown}: {error}") from error
        code = child.wait()
    if code:
        raise fault_of(store, said[0] if said else f"the reader ended with code {code}")


@contextmanager
def _fetching(store: Store, asked: Asked) -> "Iterator[tuple[subprocess.Popen[bytes], list[str]]]":
    """Start what fetches; give the process and the list for what it says of its failure."""
    surroundings = {**os.environ, "RUST_LOG": "error", "RUST_BACKTRACE": "0"}
    surroundings["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine.magento.fetch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings,
    )
    said: list[str] = []

    def listen() -> None:
        assert child.stderr
        for line in child.stderr:
            text = line.decode(errors="backslashreplace").strip()
            if text.startswith(FAULT):
                said.append(text.removeprefix(FAULT))
            elif _GIVEN_UP in text:
                said.append(text.partition(_GIVEN_UP)[2].strip())
                child.kill()

    listener = Thread(target=listen, daemon=True)
    try:
        listener.start()
        assert child.stdin
        with suppress(BrokenPipeError), child.stdin:
            child.stdin.write(msgspec.json.encode(asked))
        yield child, said
        child.wait()
        listener.join()
    finally:
        child.kill()
        child.wait()
        listener.join()
        for stream in (child.stdout, child.stderr):
            if stream:
                stream.close()
