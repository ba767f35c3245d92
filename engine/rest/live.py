"""What the service knows: one consistent version of the inventory, and the one thread that writes.

A write is answered when it is on the disk and in the version that every later request sees, so
that there is nothing to reindex. Writes that wait are committed together: the disk is waited for
once.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.places.address_book import AddressBook, LastingLocator
from engine.places.geocode import Locator
from engine.rest.changes import ItemRows, with_items, with_network, without_items
from engine.rest.ranks import Ranks, Skus
from engine.rest.sales import sum_reservations
from engine.rest.store import connect, network_tables, read_catalog

_TOGETHER = 256
"""The most writes in one commit."""


_GAP = 0.001
"""Seconds between two commits: SQLite has no queue, and without a gap ``ssa users`` and those who
sign in would never come to write. The next writes gather meanwhile."""


class Version(NamedTuple):
    """The inventory at one moment; nothing in it changes but what is remembered."""

    catalog: Catalog
    skus: Skus
    ranks: Ranks


class Effect(NamedTuple):
    """What a write did to the store, and what it answers.

    ``network`` says that sources, stocks, channels or links changed, ``items`` what items are
    from now on, ``gone`` the source codes and SKUs of those that are no more.
    """

    answer: Any = None
    network: bool = False
    items: ItemRows | None = None
    gone: tuple[list[str], list[str]] | None = None


Change = Callable[[sqlite3.Connection], Effect]


class _Job(NamedTuple):
    change: Change
    done: "Future[Any]"


class Live:
    """A store and what it holds, kept in memory; one service at a time may have it.

    Parameters
    ----------
    path
        The store.
    algorithms
        The installed algorithms by code.

    Raises
    ------
    InputError
        If the store holds what breaks a rule.
    """

    def __init__(self, path: Path, algorithms: Mapping[str, SourceSelectionAlgorithm]) -> None:
        self.path = path
        self.algorithms = algorithms
        self._db = connect(path)
        self._file = _identity(path)
        try:
            catalog = read_catalog(self._db)
        except BaseException:
            self._db.close()
            raise
        self.book = AddressBook(catalog.geonames)
        self.locator = LastingLocator(catalog.geonames, self.book)
        self._locator = Locator(catalog.geonames)  # the other one may be held by a batch
        self.reserved = sum_reservations(catalog)
        ranks = Ranks(catalog, self.book, algorithms)
        skus = Skus(catalog.sku_index, catalog.sku_names)
        self.version = Version(catalog, skus, ranks)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._writer = Thread(target=self._work, name="writer", daemon=True)
        self._writer.start()

    def write(self, change: Change) -> "Future[Any]":
        """Have a change made; its answer comes when it lasts and is seen.

        Parameters
        ----------
        change
            Called with a connection inside a transaction; what it raises undoes it, and only it.
        """
        done: Future[Any] = Future()
        self._jobs.put(_Job(change, done))
        return done

    def close(self) -> None:
        """Finish what waits, then let the store go."""
        self._jobs.put(None)
        self._writer.join()
        self._db.close()

    def _work(self) -> None:
        while True:
            jobs = [self._jobs.get()]
            while len(jobs) < _TOGETHER and jobs[-1] is not None:
                try:
                    jobs.append(self._jobs.get_nowait())
                except Empty:
                    break
            # From here on nobody can cancel them.
            waiting = [job for job in jobs if job and job.done.set_running_or_notify_cancel()]
            if waiting:
                self._serve(waiting)
                time.sleep(_GAP)
            if jobs[-1] is None:
                return

    def _serve(self, jobs: list[_Job]) -> None:
        """Commit changes together, or one by one if that fails; each gets its answer or error."""
        begun = False
        try:
            if _identity(self.path) != self._file:  # nobody would ever read what is written
                raise OSError(f"{self.path}: the store has been replaced; start the service anew")
            self._db.execute("BEGIN IMMEDIATE")
            begun = True
            self._commit(jobs)
        except BaseException as error:  # the disk is full, say: nobody may wait for ever
            for job in jobs:
                if begun and len(jobs) > 1:
                    self._serve([job])
                else:
                    job.done.set_exception(error)

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            draft = _Draft(self.version.catalog, self._db, self._locator)
            answers = [(job, self._try(job, draft)) for job in jobs]
            version = self._version(draft)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self.version = version
        for job, answer in answers:
            if isinstance(answer, _Refused):
                job.done.set_exception(answer.error)
            else:
                job.done.set_result(answer)

    def _version(self, draft: "_Draft") -> Version:
        catalog = draft.catalog()
        _, skus, ranks = self.version
        if catalog.sku_index is not skus.index:
            index = catalog.sku_index
            skus = Skus(index) if draft.renumbered else skus.grown(index)
        if draft.network:
            ranks = Ranks(catalog, self.book, self.algorithms)
        return Version(catalog, skus, ranks)

    def _try(self, job: _Job, draft: "_Draft") -> Any:
        """Make one change; if it is refused, the others go on without it."""
        self._db.execute("SAVEPOINT one")
        try:
            effect = job.change(self._db)
        except Exception as error:
            if not self._db.in_transaction:  # a full disk has undone the others as well
                raise
            self._db.execute("ROLLBACK TO one")
            self._db.execute("RELEASE one")
            return _Refused(error)
        self._db.execute("RELEASE one")
        draft.add(effect)  # which encodes what others have changed: its errors may be theirs
        return effect.answer


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


class _Refused(NamedTuple):
    """Stands for the answer of a change that was undone."""

    error: Exception


class _Draft:
    """The catalogue that several changes lead to; what it can it changes once for all of them."""

    def __init__(self, catalog: Catalog, db: sqlite3.Connection, locator: Locator) -> None:
        self._catalog, self._db, self._locator = catalog, db, locator
        self._items: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._stale = False
        self.network = self.renumbered = False

    def add(self, effect: Effect) -> None:
        if effect.network:
            self._stale = self.network = True
        if effect.gone:
            self._catalog = without_items(self.catalog(), *effect.gone)
            self.renumbered = True
        if effect.items:
            for row in zip(*effect.items, strict=True):
                self._items[row[:2]] = row

    def catalog(self) -> Catalog:
        if self._stale:  # before the items, which may be of sources that are new
            tables = network_tables(self._db)
            self._catalog = with_network(self._catalog, tables, self._locator)
            self._stale = False
        if self._items:
            rows = ItemRows(*map(list, zip(*self._items.values(), strict=True)))
            self._catalog = with_items(self._catalog, rows)
            self._items = {}
        return self._catalog
