"""Parquet and Arrow: one file, or a folder of part files that make one table."""

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from engine.io.csv import read_csv
from engine.io.faults import (
    COPY_AGAIN,
    TableFile,
    UnreadableError,
    arrow_faults,
    bad_text,
    fault,
    opened,
    printable,
    repeated_columns,
    wrong_format,
)
from engine.tables.findings import Finding, whole_table
from engine.tables.raw import RawTable

# What a writer puts after the last batch of a stream. Without it, batches may be missing.
_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"


def read_file(file: TableFile) -> RawTable:
    """Return the table in one file, whose ending says what it holds.

    Raises
    ------
    UnreadableError
        If the file is not what it claims to be, or damaged.
    OSError
        If the machine fails.
    """
    ending = next(ending for ending in READERS if file.name.endswith(ending))
    return RawTable(READERS[ending](file), is_text=ending.startswith(".csv"))


def read_parquet(file: TableFile) -> pa.Table:
    """Return the table in a Parquet file."""
    with opened(file) as (stream, head):
        if not head.startswith((b"PAR1", b"PARE")):
            raise wrong_format(file, head, "Parquet")
        with arrow_faults(file, "Parquet"), pq.ParquetFile(stream) as parquet:
            table = parquet.read().combine_chunks()  # once, before anything else needs memory
    return check_sound(file, table, "Parquet")


def read_arrow(file: TableFile) -> pa.Table:
    """Return the table in a file of Arrow's IPC format, the file or the stream kind."""
    with opened(file) as (stream, head):
        data = stream.read()
    is_file = is_arrow_file(file, head)
    with arrow_faults(file, "Arrow"):
        source = pa.BufferReader(data)
        reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        table = reader.read_all()
    if not is_file:
        check_stream_end(file, head, data[-8:])
    return check_sound(file, table, "Arrow")


def check_stream_end(file: TableFile, head: bytes, tail: bytes) -> None:
    """Raise if an Arrow stream, of which the first and last bytes are given, has no end."""
    # The marks of version 0.14 and before lack the first four bytes.
    end = _END_OF_STREAM if head.startswith(_END_OF_STREAM[:4]) else _END_OF_STREAM[4:]
    if not tail.endswith(end):
        raise fault(file, "is an Arrow stream without an end: it is cut short", COPY_AGAIN)


def is_arrow_file(file: TableFile, head: bytes) -> bool:
    """Return whether Arrow's file format begins so, and not its stream format.

    Raises
    ------
    UnreadableError
        If it is neither.
    """
    is_file = head.startswith(b"ARROW1")
    if not is_file and _wrong_start(head):
        raise wrong_format(file, head, "Arrow")
    return is_file


def _wrong_start(head: bytes) -> bool:
    """Return whether no Arrow stream begins so: with the size of its schema, maybe marked."""
    size = head[4:8] if head.startswith(b"\xff\xff\xff\xff") else head[:4]
    return not 0 < int.from_bytes(size, "little") < 1 << 24


READERS: dict[str, Callable[[TableFile], pa.Table]] = {
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
    ".csv.gz": read_csv,
    ".csv": read_csv,
}
"""How a table file is read, by ending; a longer ending stands before its own tail."""


def check_sound(file: TableFile, table: pa.Table, expected: str, start: int = 0) -> pa.Table:
    """Return rows from ``start`` on if their buffers are what their types promise.

    Raises
    ------
    UnreadableError
        If they are not, or two columns share a name, or one is not UTF-8.
    """
    with arrow_faults(file, expected):
        names = table.column_names
    if findings := repeated_columns(file, names):
        raise UnreadableError(findings)
    try:
        table.validate(full=True)
    except pa.ArrowInvalid as error:
        findings = [
            finding
            for name in table.column_names
            for finding in bad_text(file, name, _doubtful_text(table[name], start))
        ]
        if findings:
            raise UnreadableError(findings) from error
        said = " ".join(str(error).split())
        raise fault(file, f"is damaged {expected} (Arrow: {said})", COPY_AGAIN) from error
    return table


def _doubtful_text(column: pa.ChunkedArray, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield row and bytes of each value of a text column, as far as its offsets can be trusted."""
    raw_types = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    if column.type not in raw_types:
        return
    for chunk in column.chunks:
        raw = chunk.view(raw_types[column.type])
        try:
            raw.validate(full=True)
        except pa.ArrowInvalid:
            return
        yield from ((row, value) for row, value in enumerate(raw.to_pylist(), start) if value)
        start += len(chunk)


def read_parts(table: str, files: Sequence[TableFile]) -> pa.Table:
    """Return the table whose rows stand in several files, in the order given.

    Raises
    ------
    UnreadableError
        If a part cannot be read, or the parts differ in their columns or types. A column
        that is all null and has no type goes with any.
    """
    parts, findings = [], []
    for file in files:
        try:
            parts.append(read_file(file).table)
        except UnreadableError as error:
            findings += error.findings
    if not findings:
        findings = differences(table, files, [part.schema for part in parts])
    if findings:
        raise UnreadableError(findings)
    names = parts[0].column_names
    return pa.concat_tables([part.select(names) for part in parts], promote_options="default")


def differences(
    table: str, files: Sequence[TableFile], schemas: Sequence[pa.Schema]
) -> list[Finding]:
    """Return how the columns of part files differ from the first that has a type for them."""
    findings = []
    remedy = "write all parts with the same columns and types"
    names, first = set(schemas[0].names), printable(files[0].name)
    types: dict[str, tuple[pa.DataType, str]] = {}
    for file, schema in zip(files, schemas, strict=True):
        shown = printable(file.name)
        if odd := names ^ set(schema.names):
            listed = ", ".join(printable(name) for name in sorted(odd))
            reason = f"{shown} and {first} differ in the columns {listed}"
            findings.append(whole_table(table, reason, remedy))
            continue
        for name in names:
            type_ = schema.field(name).type
            if pa.types.is_null(type_):
                continue
            known, where = types.setdefault(name, (type_, shown))
            if type_ != known:
                reason = f"{shown} holds {type_} where {where} holds {known}"
                findings.append(whole_table(table, reason, remedy, printable(name)))
    return findings
