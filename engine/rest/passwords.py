"""Passwords as they are kept: hashed with scrypt, each with its salt and parameters."""

import hmac
import secrets
from hashlib import scrypt
from typing import NamedTuple
from unicodedata import normalize

from engine.errors import UsageError

FEWEST, MOST = 12, 1_000
"""Characters of a password."""


class Cost(NamedTuple):
    """What a hash costs: 128 * n * r bytes, and p times the work that fills them."""

    n: int
    r: int
    p: int


COST = Cost(2**14, 8, 5)
"""16 MB and about 0.2 s: the smallest memory among those that OWASP names for scrypt."""


def check_password(password: str) -> None:
    """Refuse a password that is too short or too long, or holds nothing that is seen.

    Raises
    ------
    UsageError
        If it is refused.
    """
    if not FEWEST <= len(password) <= MOST or len(set(password)) == 1:
        raise UsageError(
            f"a password has {FEWEST} to {MOST:,} characters, not all the same; give another one"
        )


def hash_password(password: str, cost: Cost = COST) -> str:
    """Return what is kept of a password: parameters, salt and hash, separated by ``$``.

    Examples
    --------
    >>> kept = hash_password("correct horse", Cost(2, 1, 1))
    >>> kept.startswith("scrypt$2$1$1$"), is_password("correct horse", kept)
    (True, True)
    """
    salt = secrets.token_bytes(16)
    return f"scrypt${cost.n}${cost.r}${cost.p}${salt.hex()}${_hash(password, salt, cost).hex()}"


def is_password(password: str, kept: str) -> bool:
    """Whether a password is the one of which this is kept, in a time that does not tell."""
    _, n, r, p, salt, hashed = kept.split("$")
    found = _hash(password, bytes.fromhex(salt), Cost(int(n), int(r), int(p)))
    return hmac.compare_digest(found, bytes.fromhex(hashed))


def nobodys_password() -> str:
    """Return what could be kept of a password but fits none that anybody finds."""
    return f"scrypt${COST.n}${COST.r}${COST.p}${'00' * 16}${'00' * 32}"


def _hash(password: str, salt: bytes, cost: Cost) -> bytes:
    # Keyboards differ in how they compose an accent; JSON may hold half a surrogate pair.
    text = normalize("NFC", password).encode("utf-8", "surrogatepass")
    room = 256 * cost.n * cost.r + 2**20
    return scrypt(text, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=room, dklen=32)
