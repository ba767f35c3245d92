"""What every endpoint has at hand."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from engine.rest.errors import ApiError
from engine.rest.live import Change, Live, Version
from engine.rest.search_sql import register_fold
from engine.rest.settings import Limits
from engine.rest.store import connect

_STEPS = 10_000
"""Steps of SQLite between two looks at the clock: about a millisecond."""

T = TypeVar("T")


class Service:
    """A live store, and connections that read from it.

    Parameters
    ----------
    live
        The store.
    limits
        What requests may ask for.
    """

    def __init__(self, live: Live, limits: Limits) -> None:
        self.live = live
        self.limits = limits
        self._local = local()
        # A batch may take a core for seconds, and goes on when its client has gone.
        self._batches = ThreadPoolExecutor(1, "batch")

    @property
    def version(self) -> Version:
        """The inventory as it is now; the same for all of a request that asks once."""
        return self.live.version

    async def write(self, change: Change) -> Any:
        """Make a change; return its answer when it lasts and is seen."""
        # Shielded: whoever made the request may go away, the change is made all the same.
        return await asyncio.shield(asyncio.wrap_future(self.live.write(change)))

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Ask the store in a thread, within one transaction: all answers are of one moment."""
        return await run_in_threadpool(self._read, query)

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        db = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = connect(self.live.path, read_only=True)
            db.row_factory = sqlite3.Row
            register_fold(db)
        end = time.monotonic() + self.limits.seconds
        db.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        db.execute("BEGIN")
        try:
            return query(db)
        except sqlite3.OperationalError as error:
            if str(error) == "interrupted":
                raise too_slow() from error
            raise
        finally:
            db.execute("COMMIT")

    async def in_turn(self, work: Callable[..., T], *given: Any) -> T:
        """Do in a thread what takes long, one at a time; what has not begun can be given up."""
        return await asyncio.get_running_loop().run_in_executor(self._batches, work, *given)

    def check_count(self, count: int, what: str) -> None:
        """Refuse a request of no items, as MSI does, and of more than the limit.

        Raises
        ------
        ApiError
            Naming the limit.
        """
        if not count:
            raise ApiError(400, "Input data is empty")
        if count > self.limits.items:
            raise ApiError(400, f"Maximum {what} in a request is %1", [self.limits.items])


def service(request: Request) -> Service:
    """Return the service of a request's application."""
    return request.app.state.service


def too_slow() -> ApiError:
    """Return the error on a request that took too long."""
    return ApiError(503, "The request took too long. Ask for less and try again.")
