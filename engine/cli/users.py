"""``ssa users``: who may use the REST service over a store."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options, show
from engine.selection.shown import many

if TYPE_CHECKING:
    from sqlite3 import Connection

    from engine.rest.users import Role

_LONGEST_LINE = 1 << 16


@click.command(
    cls=options.Command,
    epilog="ssa users store.db --add anna --role write\nssa users store.db",
)
@click.argument("store", metavar="STORE")
@click.option("--add", metavar="NAME", help="Add a user, whose password is asked for.")
@click.option("--role", type=click.Choice(["read", "write"]), help="What an added user may do.")
@click.option("--remove", metavar="NAME", help="Remove a user, and revoke the tokens.")
@click.option("--revoke", metavar="NAME", help="Revoke a user's tokens; the user may sign in.")
@options.json
def users(
    store: str,
    add: str | None,
    role: "Role | None",
    remove: str | None,
    revoke: str | None,
    as_json: bool,
) -> None:
    """Show who may use the REST service over STORE, its file, and change that.

    A password has 12 characters or more. If stdin is no terminal, it is the first line of stdin.
    A running service heeds changes with its next request.
    """
    if sum(name is not None for name in (add, remove, revoke)) > 1:
        raise click.UsageError("give only one of --add, --remove and --revoke")
    if (add is None) != (role is None):
        raise click.UsageError("give --add and --role together")
    if add is not None and role is not None:
        _add(store, add, role, as_json)
    elif remove is not None:
        _take(store, remove, as_json, user_too=True)
    elif revoke is not None:
        _take(store, revoke, as_json, user_too=False)
    else:
        _show(store, as_json)


def _add(store: str, name: str, role: "Role", as_json: bool) -> None:
    from time import time

    from engine.rest.passwords import check_password
    from engine.rest.users import add_user, check_free, check_name

    check_name(name)
    new = not os.path.lexists(store)
    if new:  # all this before anybody types a password
        _check_room(store)
    else:
        with _opened(store) as connection:
            check_free(connection, name)
    password = _password()
    check_password(password)
    with _made(store) if new else nullcontext(), _opened(store, new) as connection:
        add_user(connection, name, role, password, time())
    with show.courtesy():
        if as_json:
            show.as_json({"name": name, "role": role, "new_store": new})
        else:
            show.say(f"{name} may {'read and write' if role == 'write' else 'read'}")
            if new:
                show.say(f"{store} is new and holds nothing else")


def _take(store: str, name: str, as_json: bool, *, user_too: bool) -> None:
    """Revoke a user's tokens, and remove the user or not."""
    from engine.rest.users import remove_user, revoke_user

    with _opened(store) as connection:
        count = (remove_user if user_too else revoke_user)(connection, name)
    with show.courtesy():
        if as_json:
            show.as_json({"name": name, "removed": user_too, "tokens_revoked": count})
        else:
            removed = "is removed" if user_too else "stays"
            show.say(f"{name} {removed}; {many(count, 'token')} revoked")


def _show(store: str, as_json: bool) -> None:
    from time import time

    from engine.rest.users import list_users

    with _opened(store) as connection:
        found = list_users(connection, time())
    since = [datetime.fromtimestamp(user.created_at, UTC) for user in found]
    if as_json:
        days = [{"created_at": f"{day:%Y-%m-%dT%H:%M:%SZ}"} for day in since]
        show.as_json([user._asdict() | day for user, day in zip(found, days, strict=True)])
    elif found:
        rows = [
            (user.name, user.role, f"{day:%Y-%m-%d %H:%M}", user.tokens)
            for user, day in zip(found, since, strict=True)
        ]
        show.table(["name", "role", "since (UTC)", "tokens"], rows, right=[3])
    else:
        show.say("there are no users; --add NAME --role read or write adds one")


def _password() -> str:
    """Ask for a new password twice without showing it, or read it as a line of stdin."""
    from engine.errors import UsageError

    if sys.stdin is None:
        raise UsageError("stdin is closed; write the password to it as one line")
    if sys.stdin.isatty():
        password: str = click.prompt(
            "Password", hide_input=True, confirmation_prompt="The same again", err=True
        )
        return password
    line = sys.stdin.buffer.readline(_LONGEST_LINE)
    try:
        return line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UsageError("the password on stdin is not UTF-8; write it as UTF-8") from error


def _check_room(store: str) -> None:
    from engine.errors import UsageError
    from engine.io.output import check_file

    folder = check_file(store).parent
    if not folder.is_dir():
        raise UsageError(f"the folder {str(folder)!r} does not exist; make it first")


@contextmanager
def _made(store: str) -> Iterator[None]:
    """Make an empty file that only its owner reads; take it away again if the block raises."""
    os.close(os.open(store, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield
    except BaseException:
        Path(store).unlink()
        raise


@contextmanager
def _opened(store: str, new: bool = False) -> "Iterator[Connection]":
    """Open a store, see that it is one, and give it the tables of users."""
    import sqlite3

    from engine.errors import UsageError
    from engine.rest.users import create_tables

    path = Path(store).absolute()  # sqlite takes some names for no file at all
    if not path.is_file():
        there = "is no file" if os.path.lexists(path) else "does not exist"
        raise UsageError(f"the store {store!r} {there}; give the file of ssa serve --store")
    connection = sqlite3.connect(path, timeout=10.0, isolation_level=None)
    try:
        if new:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        columns = _columns(connection)
        if not new and not (columns >= _USERS or columns >= _SERVICE):
            raise UsageError(f"{store!r} is no store; give the file of ssa serve --store")
        if not columns >= _USERS:
            create_tables(connection)
        yield connection
    except sqlite3.OperationalError as error:  # locked, read-only, the disk full
        raise OSError(0, str(error), store) from error
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{store!r} is no store ({error}); give that of ssa serve") from error
    finally:
        connection.close()


_USERS = {"users.password_hash", "tokens.token_hash"}
_SERVICE = {"sources.source_code", "stock_source_links.priority"}
"""Columns that tell a store from other databases: with users, or without any yet."""


def _columns(connection: "Connection") -> set[str]:
    rows = connection.execute(
        "SELECT tables.name || '.' || columns.name "
        "FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
    )
    return {name for (name,) in rows}
