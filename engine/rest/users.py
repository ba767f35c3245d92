"""Who may use the service: users with a role and a password, in the store's file.

All functions take the connection and the time, in seconds since 1970, and keep nothing.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple, get_args

from engine.errors import UsageError
from engine.rest.passwords import COST, Cost, check_password, hash_password

Role = Literal["read", "write"]
"""``write`` may all that ``read`` may."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,39}")
_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS users (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        role TEXT NOT NULL CHECK (role IN ('read', 'write')),
        password_hash TEXT NOT NULL,
        created_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS tokens (
        token_hash BLOB PRIMARY KEY,
        user TEXT NOT NULL COLLATE NOCASE,
        role TEXT NOT NULL CHECK (role IN ('read', 'write')),
        expires_at REAL NOT NULL,
        created_at REAL NOT NULL,
        revoked INTEGER NOT NULL DEFAULT 0
    )
    """,
)


class User(NamedTuple):
    """A user; ``tokens`` counts those that are good now."""

    name: str
    role: Role
    created_at: float
    tokens: int


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables ``users`` and ``tokens`` where they are not there yet."""
    with writing(connection):
        for statement in _TABLES:
            connection.execute(statement)


def add_user(
    connection: sqlite3.Connection,
    name: str,
    role: Role,
    password: str,
    now: float,
    cost: Cost = COST,
) -> None:
    """Add a user.

    Parameters
    ----------
    connection
        To a store with the tables.
    name
        1 to 40 letters and digits of ASCII and ``._@+-``. Case does not count.
    role
        ``read`` or ``write``.
    password
        12 to 1,000 characters; only its hash is kept.
    now
        Seconds since 1970.
    cost
        Parameters of scrypt.

    Raises
    ------
    UsageError
        If the name, role or password is refused, or there is such a user.
    """
    check_free(connection, name)
    if role not in get_args(Role):
        raise UsageError(f"role {role!r} is unknown; give read or write")
    check_password(password)
    kept = hash_password(password, cost)
    with writing(connection):
        check_free(connection, name)
        connection.execute("INSERT INTO users VALUES (?, ?, ?, ?)", (name, role, kept, now))


def check_free(connection: sqlite3.Connection, name: str) -> None:
    """Refuse a name that cannot be a user's, or that is one already.

    Raises
    ------
    UsageError
        If it is refused.
    """
    check_name(name)
    if taken := connection.execute("SELECT name FROM users WHERE name = ?", (name,)).fetchone():
        raise UsageError(f"user {taken[0]!r} is there already; remove it first, or add another one")


def check_name(name: str) -> None:
    """Refuse a name that cannot be a user's.

    Raises
    ------
    UsageError
        If it is refused.
    """
    if not may_be_name(name):
        raise UsageError(
            f"user {name[:60]!r} cannot be added; a name has 1 to 40 letters, digits and ._@+-, "
            "and begins with a letter or digit"
        )


def may_be_name(name: str) -> bool:
    """Whether a user may have this name."""
    return _NAME.fullmatch(name) is not None


def remove_user(connection: sqlite3.Connection, name: str) -> int:
    """Remove a user and revoke the tokens.

    Returns
    -------
    How many tokens were revoked, expired ones included.

    Raises
    ------
    UsageError
        If there is no such user.
    """
    with writing(connection):
        _check_known(connection, name)
        connection.execute("DELETE FROM users WHERE name = ?", (name,))
        return _revoke(connection, name)


def revoke_user(connection: sqlite3.Connection, name: str) -> int:
    """Revoke all tokens of a user, who may sign in again; return how many there were.

    Raises
    ------
    UsageError
        If there is no such user.
    """
    with writing(connection):
        _check_known(connection, name)
        return _revoke(connection, name)


def list_users(connection: sqlite3.Connection, now: float) -> list[User]:
    """Return all users, by name."""
    tokens = (
        "SELECT count(*) FROM tokens WHERE user = users.name AND NOT revoked AND expires_at > ?"
    )
    rows = connection.execute(
        f"SELECT name, role, created_at, ({tokens}) FROM users ORDER BY name", (now,)
    )
    return [User(*row) for row in rows]


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of what follows or nothing; inside a transaction it is the caller's to end."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it
            connection.execute("ROLLBACK")
        raise


def _check_known(connection: sqlite3.Connection, name: str) -> None:
    names = [known for (known,) in connection.execute("SELECT name FROM users ORDER BY name")]
    if name.lower() not in map(str.lower, names):
        listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        raise UsageError(f"user {name[:60]!r} is unknown; users: {listed or 'none'}")


def _revoke(connection: sqlite3.Connection, name: str) -> int:
    done = connection.execute(
        "UPDATE tokens SET revoked = 1 WHERE user = ? AND NOT revoked", (name,)
    )
    return done.rowcount
