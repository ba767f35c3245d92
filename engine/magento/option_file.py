"""Option files of MySQL and MariaDB: user, password, host, port and socket for a client."""

import re
from pathlib import Path

_GROUPS = ("client", "client-mariadb", "client-server")
_NAMES = ("user", "password", "host", "port", "socket")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "s": " ", "\\": "\\"}


def client_options(path: str | None) -> dict[str, str]:
    """Return what the ``[client]`` group of an option file says.

    Parameters
    ----------
    path
        The file; without one ``~/.my.cnf``, if it is there and may be read.

    Raises
    ------
    OSError
        If the file that is named cannot be read.
    """
    if path is not None:
        return parse_options(Path(path).read_text(encoding="utf-8", errors="replace"))
    try:
        home = Path("~/.my.cnf").expanduser()
        return parse_options(home.read_text(encoding="utf-8", errors="replace"))
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return {}


def parse_options(text: str) -> dict[str, str]:
    r"""Return the options of a client that stand in the text of an option file.

    Later lines go before earlier ones. Quotes around a value are taken off, ``\\``, ``\s`` and
    the like undone, and ``#`` begins a remark at the start of a line, or inside a value that has
    no quotes.

    Examples
    --------
    >>> parse_options('[client]\nuser = reader # ours\npassword="a#b"\n[mysqld]\nuser=mysql\n')
    {'user': 'reader', 'password': 'a#b'}
    """
    found, group = {}, ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and "]" in line:
            group = line[1 : line.index("]")].strip()
        elif group in _GROUPS and line and line[0] not in "#;":
            name, is_there, value = line.partition("=")
            name = name.strip().replace("_", "-")
            if is_there and name in _NAMES:
                found[name] = _value(value.strip())
    return found


def _value(text: str) -> str:
    quoted = re.fullmatch(r"""(["'])(.*)\1\s*(?:#.*)?""", text)
    bare = quoted[2] if quoted else re.split(r"\s*#", text)[0]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), bare)
