"""One table read batch by batch, so that it need not fit in memory."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from engine.io.csv import opened_text, read_header
from engine.io.csv_batches import csv_batches
from engine.io.faults import (
    TableFile,
    UnreadableError,
    arrow_faults,
    opened,
    repeated_columns,
    wrong_format,
)
from engine.io.find import files_of, find_tables
from engine.io.formats import check_sound, check_stream_end, differences, is_arrow_file
from engine.io.read import table_folder
from engine.tables.lines import BATCH_ROWS
from engine.tables.raw import RawTable

_BYTES_OF_ROW = 24
"""Of a line of CSV, roughly."""


def table_files(
    location: str | os.PathLike[str], table: str, known: Sequence[str]
) -> list[TableFile]:
    """Return the file or part files of a table in a folder; none if it is not there.

    Raises
    ------
    UnreadableError
        If it is there more than once, or its part files do not go together.
    UsageError
        If the location is no folder.
    """
    folder = table_folder(location)
    found, _ = find_tables(folder, set(known))
    if table not in found:
        return []
    return files_of(folder, table, found[table])


def read_batches(
    files: Sequence[TableFile], columns: Sequence[str], num_rows: int = BATCH_ROWS
) -> Iterator[RawTable]:
    """Yield the rows of a table's files in order, at most ``num_rows`` at once.

    Parameters
    ----------
    files
        What `table_files` returned.
    columns
        The columns that are wanted, as far as the files have them; CSV gives all.
    num_rows
        Batches have so many rows, but where files or the ranges of CSV end.

    Raises
    ------
    UnreadableError
        If a file is damaged or unlike those before; batches before the fault have been yielded.
    OSError
        If the machine fails.
    """
    firsts: list[TableFile] = []  # with each of the schemas: few, since they must go together
    schemas: list[pa.Schema] = []
    for file in files:
        read = next(read for ending, read in _READERS.items() if file.name.endswith(ending))
        start = 0
        for table in _sized(read(file, columns), num_rows):
            if table.schema not in schemas:
                firsts.append(file)
                schemas.append(table.schema)
                if found := differences(file.table, firsts, schemas):
                    raise UnreadableError(found)
            yield RawTable(check_sound(file, table, "data", start), is_text(file))
            start += table.num_rows


def count_rows(files: Sequence[TableFile]) -> int:
    """Return how many rows files hold; about how many where only reading them would tell."""
    return sum(map(_count, files))


def _count(file: TableFile) -> int:
    with opened(file) as (stream, head):
        try:
            if file.name.endswith(".parquet"):
                return pq.read_metadata(stream).num_rows
            if head.startswith(b"ARROW1"):
                return pa.ipc.open_file(stream).count_rows()
        except (pa.ArrowException, OSError):
            return 0
        return stream.seek(0, os.SEEK_END) // _BYTES_OF_ROW


def unread_columns(file: TableFile, columns: Sequence[str]) -> list[str]:
    """Return the columns of a file that `read_batches` leaves out: none of CSV.

    Raises
    ------
    UnreadableError
        If the file is not what it claims to be.
    """
    if is_text(file):
        with opened(file):
            return []
    return [name for name in column_names(file) if name not in columns]


def column_names(file: TableFile) -> list[str]:
    """Return the names of a file's columns.

    Raises
    ------
    UnreadableError
        If the file is not what it claims to be.
    """
    if is_text(file):
        with opened_text(file) as (stream, head):
            return read_header(file, stream, head).names
    with opened(file) as (stream, head), arrow_faults(file, "Arrow"):
        if file.name.endswith(".parquet"):
            return list(pq.read_schema(stream).names)
        if is_arrow_file(file, head):
            return list(pa.ipc.open_file(stream).schema.names)
        return list(pa.ipc.open_stream(stream).schema.names)


def is_text(file: TableFile) -> bool:
    """Return whether a file holds nothing but text."""
    return file.name.endswith((".csv", ".csv.gz"))


def _csv(file: TableFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    return csv_batches(file)


def _parquet(file: TableFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    with opened(file) as (stream, head):
        if not head.startswith((b"PAR1", b"PARE")):
            raise wrong_format(file, head, "Parquet")
        with arrow_faults(file, "Parquet"), _parquet_file(file, stream) as parquet:
            schema = parquet.schema_arrow
            wanted = _wanted(file, schema, columns)
            yield schema.empty_table().select(wanted)
            for batch in parquet.iter_batches(BATCH_ROWS, columns=wanted):
                yield pa.Table.from_batches([batch])


def _parquet_file(file: TableFile, stream: BinaryIO) -> pq.ParquetFile:
    """Open a file without buffering ahead: what was read would stay in memory to the end."""
    return pq.ParquetFile(_source(file, stream), pre_buffer=False)


def _arrow(file: TableFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    with opened(file) as (stream, head):
        is_file = is_arrow_file(file, head)
        with arrow_faults(file, "Arrow"):
            source = _source(file, stream)
            reader: Any = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
            wanted = _wanted(file, reader.schema, columns)
            yield reader.schema.empty_table().select(wanted)
            if is_file:
                batches = (reader.get_batch(at) for at in range(reader.num_record_batches))
            else:
                batches = iter(reader)
            for batch in batches:
                yield pa.Table.from_batches([batch]).select(wanted)
        if not is_file:
            stream.seek(-8, os.SEEK_END)
            check_stream_end(file, head, stream.read())


def _source(file: TableFile, stream: BinaryIO) -> Any:
    """Let Arrow read a local file by itself: through Python it would wait for other threads."""
    # As bytes: a path need not be UTF-8.
    return stream if file.location.filesystem else pa.OSFile(os.fsencode(file.location.path))


def _wanted(file: TableFile, schema: pa.Schema, columns: Sequence[str]) -> list[str]:
    if found := repeated_columns(file, schema.names):
        raise UnreadableError(found)
    return [name for name in schema.names if name in columns]


_READERS: dict[str, Callable[[TableFile, Sequence[str]], Iterator[pa.Table]]] = {
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".csv.gz": _csv,
    ".csv": _csv,
}


def _sized(tables: Iterable[pa.Table], num_rows: int) -> Iterator[pa.Table]:
    """Cut large tables and gather small ones; at least one comes out, if with no rows."""
    waiting: list[pa.Table] = []
    count, is_first = 0, True
    for table in tables:
        while count + table.num_rows >= num_rows:
            cut = num_rows - count
            yield pa.concat_tables([*waiting, table.slice(0, cut)])
            table, waiting, count, is_first = table.slice(cut), [], 0, False
        waiting.append(table)
        count += table.num_rows
    if count or is_first:
        yield pa.concat_tables(waiting)
