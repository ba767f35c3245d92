"""Tokens: a user signs in and gets one, which opens the service until it expires or is revoked.

The store keeps hashes of them only. Times are seconds since 1970.
"""

import hmac
import secrets
import sqlite3
from hashlib import sha256
from string import ascii_lowercase, digits
from threading import Lock
from typing import NamedTuple

from engine.errors import EngineError
from engine.rest.passwords import is_password, nobodys_password
from engine.rest.users import Role, may_be_name, writing

LIFETIME = 4 * 3600.0
"""Seconds that a token is good for: what Magento gives administrators."""

LENGTH = 32
_LETTERS = ascii_lowercase + digits  # as Magento's; 165 bits


class SignInError(EngineError):
    """A sign-in that fails; Magento's message, which does not say why."""

    def __init__(self) -> None:
        super().__init__(
            "The account sign-in was incorrect or your account is disabled temporarily. "
            "Please wait and try again later."
        )


class SignIns:
    """Counts sign-ins that fail, in memory, by user and for unknown names alike.

    Parameters
    ----------
    limit
        After so many failures in a row the next ones are refused, right or wrong.
    seconds
        Until this long after the last counted one.

    Notes
    -----
    Both are Magento's defaults (``oauth/authentication_lock``). May be used from several threads.
    """

    MOST_NAMES = 10_000

    def __init__(self, limit: int = 6, seconds: float = 1800.0) -> None:
        self._limit, self._seconds = limit, seconds
        self._lock = Lock()
        self._failures: dict[str, tuple[int, float]] = {}  # the one tried last at the end

    def begin(self, name: str, now: float) -> bool:
        """Count a sign-in as failed, before it is looked at; return False if it is refused.

        So those that run side by side cannot be more than the limit.
        """
        with self._lock:
            count, until = self._failures.get(name.lower(), (0, 0.0))
            count = count if now < until else 0
            if count >= self._limit:
                return False
            self._failures.pop(name.lower(), None)
            if len(self._failures) >= self.MOST_NAMES:
                del self._failures[next(iter(self._failures))]
            self._failures[name.lower()] = count + 1, now + self._seconds
            return True

    def succeed(self, name: str) -> None:
        """Forget the failures of a user who has signed in."""
        with self._lock:
            self._failures.pop(name.lower(), None)


def issue_token(
    connection: sqlite3.Connection,
    name: str,
    password: str,
    now: float,
    sign_ins: SignIns,
    lifetime: float = LIFETIME,
) -> str:
    """Sign a user in.

    Parameters
    ----------
    connection
        To a store with the tables of `create_tables`.
    name, password
        As the client gave them; any text.
    now
        Seconds since 1970.
    sign_ins
        The service's counter of failures.
    lifetime
        Seconds that the token is good for.

    Returns
    -------
    A token of 32 lower-case letters and digits. Nobody can find it out later.

    Raises
    ------
    SignInError
        If there is no such user, the password is wrong, or too many sign-ins failed. All but the
        last take about 0.2 s of a core.
    """
    known = may_be_name(name)  # or there is no such user, and nothing to count
    if known and not sign_ins.begin(name, now):
        raise SignInError
    found = (
        known
        and connection.execute("SELECT password_hash FROM users WHERE name = ?", (name,)).fetchone()
    )
    # An unknown user's password is hashed too, or the time would tell who is there.
    kept: str = found[0] if found else nobodys_password()
    if not is_password(password, kept) or not found:
        raise SignInError
    token = "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))
    with writing(connection):
        done = connection.execute(
            "INSERT INTO tokens (token_hash, user, role, expires_at, created_at) "
            "SELECT ?, name, role, ?, ? FROM users WHERE name = ? AND password_hash = ?",
            (_digest(token), now + lifetime, now, name, kept),
        )
        if done.rowcount != 1:  # removed meanwhile, or another user of that name
            raise SignInError
        purge(connection, now)
    sign_ins.succeed(name)
    return token


def verify(connection: sqlite3.Connection, token: str, now: float) -> Role | None:
    """Return what a token allows, or None if it is none, has expired or was revoked."""
    found = _find(connection, _digest(token))
    return found.role if found and now < found.expires_at else None


def revoke_token(connection: sqlite3.Connection, token: str) -> bool:
    """Revoke a token; return whether it was one that was not revoked yet."""
    with writing(connection):
        done = connection.execute(
            "UPDATE tokens SET revoked = 1 WHERE token_hash = ? AND NOT revoked", (_digest(token),)
        )
        return done.rowcount > 0


def purge(connection: sqlite3.Connection, now: float) -> int:
    """Delete tokens that have expired or were revoked; return how many."""
    with writing(connection):
        done = connection.execute("DELETE FROM tokens WHERE revoked OR expires_at <= ?", (now,))
        return done.rowcount


class TokenCache:
    """Verifies tokens as `verify` does, and remembers good ones as long as the store is the same.

    Parameters
    ----------
    connection
        Of its own, or at least without an open transaction when a token is verified; a
        transaction does not see what others revoke. Used by one thread at a time.
    """

    MOST_TOKENS = 1_000

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._found: dict[bytes, _Found] = {}
        self._version: tuple[int, int] | None = None
        self._has_users = False

    def has_users(self) -> bool:
        """Tell whether the store has users, or had some since this was made.

        To take the last user away is to close a service, not to open it.
        """
        self._look_again()
        return self._has_users

    def verify(self, token: str, now: float) -> Role | None:
        """Return what a token allows, or None if it is none, has expired or was revoked."""
        self._look_again()
        digest = _digest(token)
        found = self._found.get(digest)
        if found is None:
            found = _find(self._connection, digest)
            if found is None:
                return None
            if len(self._found) >= self.MOST_TOKENS:
                self._found.clear()
            self._found[digest] = found
        return found.role if now < found.expires_at else None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _look_again(self) -> None:
        # The first number changes when others write, the second when this connection does.
        ((data_version,),) = self._connection.execute("PRAGMA data_version")
        version = data_version, self._connection.total_changes
        if version != self._version:
            self._found.clear()
            query = "SELECT EXISTS (SELECT 1 FROM users)"
            self._has_users |= bool(self._connection.execute(query).fetchone()[0])
            self._version = version


class _Found(NamedTuple):
    """A token that is not revoked."""

    role: Role
    expires_at: float


def _find(connection: sqlite3.Connection, digest: bytes) -> _Found | None:
    row = connection.execute(
        "SELECT token_hash, role, expires_at FROM tokens WHERE token_hash = ? AND NOT revoked",
        (digest,),
    ).fetchone()
    # An index takes longer for nearer keys, but nobody can aim at the hash of a token.
    if row is None or not hmac.compare_digest(row[0], digest):
        return None
    return _Found(row[1], row[2])


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
