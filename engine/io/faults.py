"""What can be wrong with a file that claims to hold a table."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from engine.errors import InputError
from engine.io.location import Location, kind, open_binary
from engine.tables.findings import Finding, describe, whole_table

_RENAME = "let its ending say what it holds"
_FORMATS = (
    (b"PAR1", "Parquet", _RENAME),
    (b"ARROW1", "Arrow", _RENAME),
    (b"\x1f\x8b", "gzip", _RENAME),
    (b"FEA1", "Feather version 1", "write it as Feather version 2, which is Arrow"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "save it as CSV, Parquet or Arrow"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
)
NOT_TEXT = tuple(magic for magic, _, _ in _FORMATS)
COPY_AGAIN = "write it or copy it again"


class TableFile(NamedTuple):
    """A file with (a part of) a table; ``name`` is its path inside the folder of tables."""

    table: str
    name: str
    location: Location


class UnreadableError(InputError):
    """A table that cannot be read; ``findings`` says why."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(map(describe, self.findings)))


def fault(file: TableFile, reason: str, remedy: str) -> UnreadableError:
    """Return the error that a file as a whole cannot be used."""
    return UnreadableError([whole_table(file.table, f"{printable(file.name)} {reason}", remedy)])


@contextmanager
def opened(file: TableFile) -> Iterator[tuple[BinaryIO, bytes]]:
    """Open a file for reading; yield it and its first eight bytes.

    Raises
    ------
    UnreadableError
        If it is gone, is no regular file or holds nothing.
    OSError
        If the machine refuses, for want of permission for instance.
    """
    if kind(file.location) == "other":  # a pipe would be waited for
        raise fault(file, "is no regular file", "put a file there")
    try:
        stream = open_binary(file.location)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise fault(file, "is no file any more, or a broken link", "put it back") from error
    with stream:
        head = stream.read(8)
        stream.seek(0)
        if not head:
            raise fault(file, "is empty (0 bytes)", COPY_AGAIN)
        yield stream, head


def wrong_format(file: TableFile, head: bytes, expected: str) -> UnreadableError:
    """Return the error that a file is not what its name claims, and what it looks like."""
    for magic, found, remedy in _FORMATS:
        if head.startswith(magic):
            return fault(file, f"is not {expected} but looks like {found}", remedy)
    return fault(file, f"is not {expected}", f"write it as {expected}, or rename it")


@contextmanager
def arrow_faults(file: TableFile, expected: str) -> Iterator[None]:
    """Turn Arrow's complaints about a damaged file into a finding.

    Raises
    ------
    UnreadableError
        If Arrow cannot make sense of the file.
    OSError
        If the machine failed, not the file: such an error has a number.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(file, expected, error) from error
    except pa.ArrowException as error:
        raise _damaged(file, expected, error) from error
    except UnicodeDecodeError as error:  # Arrow decodes names only when asked
        raise fault(file, "has a column whose name is not UTF-8", "rename it") from error


def _damaged(file: TableFile, expected: str, error: Exception) -> UnreadableError:
    said = " ".join(str(error).split())
    return fault(file, f"is cut short, damaged or not {expected} (Arrow: {said})", COPY_AGAIN)


def repeated_columns(file: TableFile, names: Sequence[str]) -> list[Finding]:
    """Return the finding that several columns share a name, or none."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if not repeated:
        return []
    shown = ", ".join(repr(printable(name)) for name in repeated)
    reason = f"{printable(file.name)} has two or more columns named {shown}"
    return [whole_table(file.table, reason, "rename or remove all but one of them")]


def bad_text(
    file: TableFile, column: str, values: Iterable[tuple[int, bytes | None]]
) -> list[Finding]:
    """Return the finding that values are not UTF-8, or none.

    Parameters
    ----------
    values
        Position in the table and value, for every value in doubt.
    """
    shown = [(row, value, show_bytes(value)) for row, value in values if value is not None]
    bad = [(row, text) for row, value, text in shown if text.encode() != value]
    if not bad:
        return []
    reason = f"{printable(file.name)} holds bytes that are not UTF-8, shown as <XX>,"
    rows = np.array([row for row, _ in bad], np.int64)
    texts = [text for _, text in bad]
    return [Finding(file.table, column, reason, "save the file as UTF-8", rows, texts)]


def show_bytes(value: bytes) -> str:
    r"""Return text with each byte that is not UTF-8 spelt out.

    Examples
    --------
    >>> show_bytes(b"caf\xe9")
    'caf<E9>'
    """
    text = value.decode("utf-8", "surrogateescape")
    escaped = (f"<{ord(c) - 0xDC00:02X}>" if "\udc80" <= c <= "\udcff" else c for c in text)
    return "".join(escaped)


def printable(name: str) -> str:
    """Return a file or column name that any terminal can take, undecodable bytes spelt out."""
    return show_bytes(name.encode("utf-8", "surrogateescape"))
