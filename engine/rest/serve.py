"""From a file to a service that runs until it is told to stop."""

import gc
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import uvicorn

from engine.algorithms.registry import list_algorithms
from engine.errors import UsageError
from engine.folders import read_catalog
from engine.rest.app import make_app
from engine.rest.gate import is_loopback
from engine.rest.live import Live
from engine.rest.settings import Limits
from engine.rest.store import connect, faults_of, fill, is_new, locked
from engine.rest.users import list_users

_GRACE = 10
"""Seconds that requests under way have when the service is told to stop."""


class Ready(NamedTuple):
    """What a service says of itself when it takes requests.

    ``filled`` says that the store was new; if not, no catalogue was read.
    """

    url: str
    holds: str
    with_users: bool
    filled: bool


def serve_store(
    path: Path,
    catalog: str | PathLike[str] | None,
    *,
    host: str,
    port: int,
    ready: Callable[[Ready], None],
    limits: Limits | None = None,
) -> None:
    """Serve a store until SIGINT or SIGTERM.

    Parameters
    ----------
    path
        The store; made if it is not there.
    catalog
        What a new store is filled from; not read for one that is there.
    host, port
        Where to listen; port 0 takes a free one.
    ready
        Called when requests are taken.
    limits
        What requests may ask for.

    Raises
    ------
    UsageError
        If the file is no store, another service holds it, or others than this machine would be
        served without users.
    InputError
        If the catalogue breaks a rule.
    OSError
        If the address is taken or the disk does not let itself be written to.
    """
    only_local = is_loopback(host)
    with locked(path), socket.create_server((host, port), family=_family(host)) as listening:
        with faults_of(path):
            filled, with_users = _prepare(path, catalog, host)
        algorithms = {found.code: found.algorithm for found in list_algorithms() if found.algorithm}
        with faults_of(path):
            live = Live(path, algorithms)
        app = make_app(live, limits or Limits(), only_local=only_local)
        try:
            url = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
            ready(Ready(url, repr(live.version.catalog), with_users, filled))
            _run(app, listening)
        finally:
            app.close()
            live.close()


def _prepare(path: Path, catalog: str | PathLike[str] | None, host: str) -> tuple[bool, bool]:
    """Fill a new store; return whether it was one, and whether it has users."""
    with closing(connect(path, make=True)) as db:
        new = is_new(db)
        tables = "SELECT 1 FROM sqlite_master WHERE name = 'users'"
        with_users = bool(db.execute(tables).fetchone() and list_users(db, 0.0))
        if not with_users and not is_loopback(host):
            raise UsageError(
                f"{path} has no users, and without them only this machine is served, not {host}; "
                f"add one by ssa users {path} --add NAME --role write, or leave out --host"
            )
        if new:
            fill(db, None if catalog is None else read_catalog(catalog))
        return new, with_users


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _run(app: object, listening: socket.socket) -> None:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
    )
    # What was read stays: walking over it again and again is a sixth of the time of a selection.
    gc.freeze()
    # The server raises the signal that stopped it once more; for a service it is no fault.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listening])
