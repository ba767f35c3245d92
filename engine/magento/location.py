"""The address of a store's database: ``mysql://USER@HOST[:PORT]/DB[?prefix=...]``."""

import os
import re
from os import PathLike
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from engine.errors import UsageError
from engine.io.location import hide_password
from engine.magento.option_file import client_options

_SCHEMES = ("mysql://", "mariadb://")
_FORM = "write mysql://USER@HOST[:PORT]/DB"
_OPTIONS = ("prefix", "status", "defaults_file", "socket")
_PREFIX = re.compile(r"[A-Za-z0-9_]*")
_PORT = 3306
_PASSWORDS = ("SSA_MYSQL_PASSWORD", "MYSQL_PWD")
"""Environment variables that may hold the password, in this order."""
_SECONDS_TO_CONNECT = 10


class Store(NamedTuple):
    """Where a store's database is, and what is to be read of it.

    ``text`` is the address as given, without a password. ``statuses`` are those of the orders to
    read; none stands for every order in state ``processing``.
    """

    text: str
    user: str
    password: str | None
    host: str
    port: int
    socket: str | None
    database: str
    prefix: str
    statuses: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the address: a password must not get into a log by accident."""
        return f"Store({self.shown!r})"

    @property
    def shown(self) -> str:
        """Return the address as it stands in messages and reports."""
        return hide_password(self.text)

    def uri(self) -> str:
        """Return what connectorx connects to. It holds the password."""
        login = quote(self.user, safe="")
        if self.password is not None:
            login += f":{quote(self.password, safe='')}"
        options = {"tcp_connect_timeout_ms": str(_SECONDS_TO_CONNECT * 1000)}
        if self.socket is None:
            # Or it would go over to the server's socket, where the user may be another one.
            options["prefer_socket"] = "false"
        else:
            options["socket"] = self.socket
        host = f"[{self.host}]" if ":" in self.host else self.host
        database = quote(self.database, safe="")
        return f"mysql://{login}@{host}:{self.port}/{database}?{urlencode(options)}"


def is_store(location: str | PathLike[str]) -> bool:
    """Return whether a location is the address of a database.

    Examples
    --------
    >>> is_store("mysql://reader@db.example.com/magento"), is_store("data/catalog")
    (True, False)
    """
    return os.fsdecode(location).lower().startswith(_SCHEMES)


def with_options(location: str, options: list[tuple[str, str]]) -> str:
    """Return an address with options added to those that it has.

    Examples
    --------
    >>> with_options("mysql://reader@localhost/shop", [("prefix", "m2_"), ("status", "picking")])
    'mysql://reader@localhost/shop?prefix=m2_&status=picking'
    """
    if not options:
        return location
    return f"{location}{'&' if '?' in location else '?'}{urlencode(options)}"


def find_store(location: str | PathLike[str]) -> Store:
    """Read an address, and find the password and what else it leaves open.

    Parameters
    ----------
    location
        ``mysql://USER@HOST[:PORT]/DB``. Options may follow: ``prefix`` of the tables' names,
        ``status`` of the orders to read (several times), ``defaults_file``, ``socket``.

    Returns
    -------
    The store. What the address leaves open comes from the option file: ``defaults_file``, else
    ``~/.my.cnf``. The password is that of ``defaults_file``, else the environment variable
    ``SSA_MYSQL_PASSWORD`` or ``MYSQL_PWD``, else that of ``~/.my.cnf``.

    Raises
    ------
    UsageError
        If it is not such an address, or carries a password. No part of it is repeated then.
    OSError
        If the option file cannot be read.

    Examples
    --------
    >>> find_store("mysql://reader@db.example.com/shop?prefix=m2_").database
    'shop'
    """
    text = os.fsdecode(location)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UsageError(f"the address of the database cannot be read; {_FORM}") from None
    if parts.password is not None or "@" in parts.path:
        raise UsageError(
            "the address of the database carries a password, which others could read; leave it "
            "out, and set SSA_MYSQL_PASSWORD or give an option file (--defaults-file)"
        )
    options = _options(parts.query)
    file = options["defaults_file"]
    own = client_options(file[-1]) if file else {}
    found = own or ({} if file else client_options(None))
    user = unquote(parts.username or "") or found.get("user", "")
    database = unquote(parts.path.removeprefix("/"))
    if parts.fragment or not user or not database or "/" in database:
        raise UsageError(
            f"the address of the database names no {'database' if user else 'user'}; {_FORM}"
        )
    prefix = "".join(options["prefix"][-1:])
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(f"{prefix!r} is no prefix of tables; it has letters, digits and _ only")
    return Store(
        text,
        user=user,
        password=_password(own, found),
        host=parts.hostname or found.get("host") or "localhost",
        port=port or _port(found.get("port")),
        socket=next(iter(options["socket"][-1:]), None) or _socket(parts.hostname, port, found),
        database=database,
        prefix=prefix,
        statuses=tuple(dict.fromkeys(options["status"])),
    )


def _options(query: str) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {name: [] for name in _OPTIONS}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in options:
            # Not repeated: it may be a password.
            known = ", ".join(_OPTIONS)
            raise UsageError(f"the address of the database has an unknown option; known: {known}")
        options[name].append(value)
    return options


def _password(own: dict[str, str], found: dict[str, str]) -> str | None:
    """Return the password: what a command names goes before the environment, that before a home."""
    if "password" in own:
        return own["password"]
    for name in _PASSWORDS:
        if name in os.environ:
            return os.environ[name]
    return found.get("password")


def _port(text: str | None) -> int:
    if text is None:
        return _PORT
    if not text.isdigit() or not 0 < int(text) < 1 << 16:
        raise UsageError("the option file names a port that is none; give a number up to 65535")
    return int(text)


def _socket(host: str | None, port: int | None, found: dict[str, str]) -> str | None:
    """Return the option file's socket, for this machine and no port, as MySQL's own client."""
    here = (host or found.get("host") or "localhost") == "localhost" and port is None
    return found.get("socket") if here else None
