"""A store's database as a folder of tables that is gone afterwards."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from engine.clock import Clock
from engine.errors import UsageError
from engine.io.write import write_table
from engine.magento.location import Store, find_store, is_store
from engine.magento.read import read_store
from engine.magento.tables import store_tables

Location = str | PathLike[str]

_PREFIX = "ssa-store-"
_LOCK = ".lock"
_SECONDS_TO_LOCK = 60
"""A folder this young may not be locked yet."""


class Opened(NamedTuple):
    """Where catalogue and orders can be read; ``rows`` counts those of a store's tables."""

    catalog: Location
    orders: Location
    store: Store | None
    rows: Mapping[str, int]

    def inputs(self, files: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return what ``run.json`` says of the files read: a store's by their tables."""
        return [self._named(file) for file in files]

    def _named(self, file: Mapping[str, Any]) -> Mapping[str, Any]:
        path = Path(file["path"])
        if self.store is None or path.parent != Path(self.catalog):
            return file
        base, mark, query = self.store.shown.partition("?")
        table = path.name.partition(".")[0]
        return {**file, "path": f"{base}/{table}{mark}{query}", "rows": self.rows[table]}


@contextmanager
def opened_store(
    catalog: Location, orders: Location | None, clock: Clock, *, with_orders: bool = True
) -> Iterator[Opened]:
    """Read a store's database, if the catalogue is one, into a private folder.

    Parameters
    ----------
    catalog
        A folder or URI, or the address of a database.
    orders
        A folder or URI; None, or the same address, for the open orders of the database.
    clock
        Told of the phase ``read``.
    with_orders
        Whether the open orders of a database are wanted, if no others are given.

    Yields
    ------
    Where both are now. What is no database stays where it is.

    Raises
    ------
    UsageError
        If the address is wrong, or the orders are those of another database.
    OSError
        If the database cannot be reached.
    """
    if orders is not None and is_store(orders) and _database(orders) != _database(catalog):
        raise UsageError(
            "the orders of a database go with its own catalogue, from which its pickup orders "
            "are taken off; give the address once, as CATALOG"
        )
    if not is_store(catalog):
        yield Opened(catalog, catalog if orders is None else orders, None, {})
        return
    store = find_store(catalog)
    apart = None if orders is None or is_store(orders) else orders
    with_orders = with_orders and apart is None
    with _private_folder() as folder:
        with clock("read"):
            tables = store_tables(read_store(store, with_orders=with_orders))
            for name, table in tables.items():
                write_table(table, folder / f"{name}.csv")
        rows = {name: table.num_rows for name, table in tables.items()}
        del tables
        place = str(folder)
        yield Opened(place, place if apart is None else apart, store, rows)


def _database(location: Location) -> str:
    """Return an address without its options."""
    return os.fsdecode(location).partition("?")[0]


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Make a folder that only this user can read; remove it, and what dead runs have left."""
    _clear_away()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name).resolve()
        with (folder / _LOCK).open("w") as lock:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder


def _clear_away() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            found = folder.lstat()
            if found.st_uid != os.geteuid() or not folder.is_dir() or folder.is_symlink():
                continue
            if time.time() - found.st_mtime < _SECONDS_TO_LOCK:
                continue
            with (folder / _LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
