"""What connectorx says when something goes wrong -> one line that a person can act on."""

import re

from engine.errors import UsageError
from engine.io.faults import printable
from engine.magento.location import Store

_SERVER = re.compile(r"ERROR (\d+) \(\w*\): (.*?)(?: \})*\)*$")
_DRIVER = re.compile(r"(?:Driver|Io|Codec|Url)Error \{ (.*?)(?: \})*\)*$")
_TABLE = re.compile(r"'(?:[^'.]*\.)?([^'.]+)'")
_NO_TABLE, _NO_COLUMN, _NO_DATABASE = 1146, 1054, 1049
_SELECT_DENIED = (1142, 1143)
_LOGIN_DENIED = (1044, 1045, 1698)
_NOT_UNDERSTOOD = (1064, 1305, 1128)


class MissingTableError(UsageError):
    """A database that lacks a table."""

    def __init__(self, message: str, table: str) -> None:
        super().__init__(message)
        self.table = table


def fault_of(store: Store, said: str) -> Exception:
    """Return the error to raise for what connectorx says.

    Parameters
    ----------
    store
        The database.
    said
        The text of an error of connectorx.

    Returns
    -------
    A `UsageError` if the address is wrong, or what it leads to no store; else an `OSError`.
    """
    said = re.sub(r"//[^@/ ]*@", "//***@", said)  # no message with an address is known
    found = _SERVER.search(said)
    if found is None:
        driver = _DRIVER.search(said)
        return ConnectionError(f"{store.shown}: {printable(driver[1] if driver else said)}")
    code, text = int(found[1]), printable(found[2])
    if code == _NO_TABLE:
        named = _TABLE.search(text)
        table = named[1] if named else ""
        return MissingTableError(
            f"{store.shown} lacks the table {table or text}: it is no Magento database with "
            "Multi-Source Inventory (Magento 2.3 or later), or its tables have another prefix; "
            "name the right database, or give --table-prefix",
            table,
        )
    if code == _NO_COLUMN:
        return UsageError(
            f"{store.shown}: {text}; its tables are not those of Magento 2.3 or later"
        )
    if code == _NO_DATABASE:
        return UsageError(f"{store.shown}: {text}; name the database of the store")
    remedy = ""
    if code in _LOGIN_DENIED:
        remedy = (
            "; check user and password (SSA_MYSQL_PASSWORD or --defaults-file), and from where "
            "the user may come"
        )
    elif code in _SELECT_DENIED:
        remedy = "; grant SELECT on it"
    elif code in _NOT_UNDERSTOOD:
        remedy = "; the server must be MariaDB 10.4 or MySQL 5.7, or later"
    return ConnectionError(f"{store.shown}: {text} (error {code}){remedy}")
