"""CSV: every column comes in as text, only an empty field is null, nothing is guessed."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from engine.io.faults import (
    COPY_AGAIN,
    NOT_TEXT,
    TableFile,
    UnreadableError,
    bad_text,
    fault,
    opened,
    printable,
    repeated_columns,
    show_bytes,
    wrong_format,
)
from engine.io.lent import LentStream
from engine.tables.findings import Finding
from engine.tables.schema import SCHEMAS

_BOM = b"\xef\xbb\xbf"
_HEADER_BYTES = 1 << 16
# Measured: larger blocks gain nothing. A value that does not fit is tried again with the next.
_BLOCKS = (1 << 22, 1 << 26, 2**31 - 1)
# A row of our own after the last one: it does not come out as a row if a quote is still open.
_END = "end of file"


class Header(NamedTuple):
    """The names of the columns, and the byte at which the data rows start."""

    names: list[str]
    size: int


def read_csv(file: TableFile) -> pa.Table:
    """Return a ``.csv`` or ``.csv.gz`` file as a table of text columns.

    Raises
    ------
    UnreadableError
        If it is no CSV; the findings name each bad row.
    OSError
        If the machine fails.

    Notes
    -----
    Commas separate, double quotes enclose and are doubled inside, as RFC 4180 has it. A line
    with nothing on it is no row. Only an empty field is null, quoted or not.
    """
    with opened_text(file) as (stream, head):
        header = read_header(file, stream, head)
        try:
            table = _parse(stream, header)
        except pa.ArrowInvalid as error:
            raise _diagnosis(file, stream, header, error) from error
        if not is_end(table):
            raise _diagnosis(file, stream, header, None)
        return table.slice(0, table.num_rows - 1).rename_columns(header.names)


@contextmanager
def opened_text(file: TableFile) -> Iterator[tuple[Any, bytes]]:
    """Open a ``.csv`` or ``.csv.gz`` file; yield its text and how that begins.

    Raises
    ------
    UnreadableError
        If a compressed file is none, or turns out damaged inside the block.
    """
    with opened(file) as (raw, head):
        if not file.name.endswith(".gz"):
            yield raw, head
            return
        if not head.startswith(b"\x1f\x8b"):
            raise wrong_format(file, head, "gzip")
        try:
            with gzip.GzipFile(fileobj=raw) as stream:
                yield stream, stream.peek(8)[:8]
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            reason = f"is cut short or damaged (gzip: {error})"
            raise fault(file, reason, COPY_AGAIN) from error


def read_header(file: TableFile, stream: Any, head: bytes) -> Header:
    """Return the header of a CSV, whose columns have names that can be told apart.

    Raises
    ------
    UnreadableError
        If there is none, or the file is no CSV at all.
    """
    if head.startswith(NOT_TEXT):
        raise wrong_format(file, head, "CSV in UTF-8")
    header = _read_header(file, stream)
    _check_header(file, header.names)
    return header


def _read_header(file: TableFile, stream: BinaryIO) -> Header:
    """Return the first record that is not blank; quoted names may run over several lines."""
    data, wanted = b"", _HEADER_BYTES
    while True:
        block = stream.read(wanted - len(data))
        data += block
        skipped = len(_BOM) if data.startswith(_BOM) else 0
        skipped += len(data[skipped:]) - len(data[skipped:].lstrip(b"\r\n"))
        lines = data[skipped:].splitlines(keepends=True)
        if not lines and not block:
            raise fault(file, "holds no header row", "name the columns in the first row")
        if lines:
            # The last line in hand may go on: only the end of the file makes it whole.
            record = _first_record(file, lines[:-1] if block else lines, at_end=not block)
            if record is not None:
                names, num_lines = record
                return Header(names, skipped + sum(map(len, lines[:num_lines])))
        wanted *= 4


def _first_record(
    file: TableFile, lines: Sequence[bytes], at_end: bool
) -> tuple[list[str], int] | None:
    """Return the fields of the first record and its number of lines; None if it is cut short."""
    try:
        reader = csv.reader((line.decode() for line in lines), strict=True)
        fields = next(reader, None)
    except UnicodeDecodeError as error:
        shown = show_bytes(lines[0].strip())[:80]
        reason = f"has a header row that is not UTF-8 ({shown!r}, other bytes shown as <XX>)"
        raise fault(file, reason, "save the file as UTF-8") from error
    except csv.Error as error:
        if str(error) == "unexpected end of data" and not at_end:
            return None
        reason = f"has a header row that is not CSV ({error})"
        raise fault(file, reason, "write the names of the columns, separated by commas") from error
    if fields is None:
        return None
    return [name.strip() for name in fields], reader.line_num


def _check_header(file: TableFile, names: list[str]) -> None:
    shown = ", ".join(printable(name) for name in names)[:80]
    if any("\0" in name for name in names):
        raise fault(file, "is not text: its first row holds zero bytes", "save it as CSV in UTF-8")
    if not any(names):
        raise fault(file, "has a header row without a name", "name the columns in the first row")
    if len(names) == 1 and any(sign in names[0] for sign in ";\t|"):
        raise fault(file, f"is not separated by commas ({shown!r})", "separate fields by commas")
    known = [column.name for column in SCHEMAS[file.table].columns] if file.table in SCHEMAS else []
    if known and not set(names) & set(known):
        reason = f"has no header row: no field of its first row ({shown!r}) is a known column"
        raise fault(file, reason, f"name the columns in the first row: {', '.join(known)}")
    if findings := repeated_columns(file, names):
        raise UnreadableError(findings)


def end_row(header: Header) -> bytes:
    """Return the row of our own that follows the last one; see `is_end`."""
    return f"\n{_END}{',' * (len(header.names) - 1)}".encode()


def _parse(stream: BinaryIO, header: Header, ragged: list[Any] | None = None) -> pa.Table:
    """Return the rows, ours included, with columns "0", "1", ...

    With a list for the ragged rows, they are left out, and any bytes are taken for text.
    """
    names = [str(at) for at in range(len(header.names))]
    parse = parse_options(None if ragged is None else _skip_into(ragged))
    convert = convert_options(names)
    for block in _BLOCKS:
        # Rows are numbered only where one thread reads them in order.
        read = pacsv.ReadOptions(column_names=names, block_size=block, use_threads=ragged is None)
        if ragged is not None:
            ragged.clear()
        lent = LentStream(stream, header.size, end_row(header), any_bytes=ragged is not None)
        try:
            with closing(lent):
                return pacsv.read_csv(cast(BinaryIO, lent), read, parse, convert)
        except pa.ArrowInvalid as error:
            if "straddl" not in str(error) or block == _BLOCKS[-1]:
                raise
    raise AssertionError("the last block size returns or raises")


def parse_options(on_ragged_row: Any = None) -> pacsv.ParseOptions:
    """Return how rows are told apart."""
    return pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=on_ragged_row)


def convert_options(names: Sequence[str]) -> pacsv.ConvertOptions:
    """Return that every column is text, and only an empty field null."""
    return pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )


def _skip_into(ragged: list[Any]) -> Any:
    def handle(row: Any) -> str:
        ragged.append(row)
        return "skip"

    return handle


def is_end(table: pa.Table) -> bool:
    """Return whether the last row is `end_row`: no quote was open before it."""
    return table.num_rows > 0 and table.column(0)[table.num_rows - 1].as_py() == _END


def _diagnosis(
    file: TableFile, stream: BinaryIO, header: Header, error: Exception | None
) -> UnreadableError:
    """Return every fault of a file that could not be parsed; reads it again, row by row."""
    ragged: list[Any] = []
    try:
        table = _parse(stream, header, ragged)
    except pa.ArrowInvalid as again:
        said = " ".join(str(again).split())
        remedy = "look for a quote that is opened and never closed"
        return fault(file, f"cannot be parsed as CSV (Arrow: {said})", remedy)
    total = table.num_rows + len(ragged)
    rows = np.delete(np.arange(total), [row.number - 1 for row in ragged])
    findings = []
    if not is_end(table):
        findings.append(_open_quote(file, header, table, ragged))
        ragged = [row for row in ragged if row.number != total]
    if not rows.size or rows[-1] == total - 1:
        table, rows = table.slice(0, max(table.num_rows - 1, 0)), rows[:-1]
    if ragged:
        findings.append(_ragged_rows(file, header, ragged))
    for at, name in enumerate(header.names):
        findings += bad_text(file, name, _beyond_ascii(table.column(at), rows))
    if not findings:
        return fault(file, f"cannot be parsed as CSV (Arrow: {error})", COPY_AGAIN)
    return UnreadableError(findings)


def _ragged_rows(file: TableFile, header: Header, ragged: Sequence[Any]) -> Finding:
    reason = f"{printable(file.name)} has not the {_fields(len(header.names))} of its header"
    remedy = "put quotes around fields that hold a comma, and fill or cut the rows"
    rows = np.array([row.number - 1 for row in ragged], np.int64)
    values = [_fields(row.actual_columns) for row in ragged]
    return Finding(file.table, "", reason, remedy, rows, values)


def _fields(count: int) -> str:
    return f"{count} field{'s' if count > 1 else ''}"


def _beyond_ascii(column: Any, rows: np.ndarray) -> Iterator[tuple[int, bytes]]:
    """Yield row and original bytes of each value with other characters than ASCII."""
    chosen = ~pc.string_is_ascii(column.fill_null("")).to_numpy()
    texts: list[Any] = column.filter(pa.array(chosen)).to_pylist()
    for row, text in zip(rows[chosen].tolist(), texts, strict=True):
        yield row, text.encode("latin-1")


def _open_quote(file: TableFile, header: Header, table: pa.Table, ragged: Sequence[Any]) -> Finding:
    """Return the finding on the last row, which a quote keeps open to the end of the file."""
    row = table.num_rows + len(ragged) - 1
    if ragged and ragged[-1].number == row + 1:
        text = ragged[-1].text
    else:
        text = table.column(table.num_columns - 1)[table.num_rows - 1].as_py()
    shown = show_bytes(text.removesuffix(end_row(header).decode())[:40].encode("latin-1"))
    reason = f"{printable(file.name)} opens a quote that it never closes,"
    remedy = 'close it, and double a quote inside quotes ("")'
    return Finding(file.table, "", reason, remedy, np.array([row], np.int64), [f"{shown}..."])
