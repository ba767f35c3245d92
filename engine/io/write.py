"""Tables into files: the same table gives the same bytes, however it is chunked."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from engine.errors import UsageError

_ROWS = 1 << 20
"""Rows of a Parquet row group and of an Arrow batch."""

_FORMATS = {"parquet": ".parquet", "csv": ".csv", "arrow": ".arrow"}


def format_ending(format: str) -> str:
    """Return the file ending of a format.

    Raises
    ------
    UsageError
        If there is no such format.

    Examples
    --------
    >>> format_ending("parquet")
    '.parquet'
    """
    if format not in _FORMATS:
        raise UsageError(f"{format!r} is no format; give one of {', '.join(_FORMATS)}")
    return _FORMATS[format]


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table in the format that the ending of the path names.

    Parameters
    ----------
    path
        Ends in ``.parquet``, ``.arrow``, ``.feather``, ``.csv`` or ``.csv.gz``. A file that is
        there is overwritten, and half of one may be left if writing fails: write into a
        ``whole_folder`` or ``whole_file``.

    Raises
    ------
    UsageError
        If the ending is none of these.
    OSError
        If the machine fails.

    Notes
    -----
    CSV has no lists, types or nulls: lists of text are joined by ``;``, timestamps are ISO 8601
    (UTC and a Z where they have a zone), decimals keep all their places, a null is an empty field.
    """
    writer = writer_of(path)
    with path.open("wb") as file:
        writer(_plain(table), file)


def writer_of(path: Path) -> Callable[[pa.Table, Any], None]:
    """Return what writes the format that the ending of a path names.

    Raises
    ------
    UsageError
        If no format has this ending.
    """
    for ending, writer in _WRITERS.items():
        if path.name.endswith(ending) and path.name != ending:
            return writer
    raise UsageError(f"{path} has no ending that can be written; use {', '.join(_WRITERS)}")


def _plain(table: pa.Table) -> pa.Table:
    """Return the table with values in place of dictionaries, whose order depends on the chunks."""
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            plain = table.column(at).cast(field.type.value_type)
            table = table.set_column(at, field.with_type(plain.type), plain)
    return table


def _pieces(table: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows in pieces of fixed size, in buffers of their own.

    Taking the rows makes new buffers. A slice would keep what stands beside it, or behind a
    null, and Arrow would write that down.
    """
    for start in range(0, max(table.num_rows, 1), _ROWS):
        piece = table.slice(start, _ROWS)
        yield piece.take(np.arange(piece.num_rows)).combine_chunks()


def _write_parquet(table: pa.Table, file: Any) -> None:
    with pq.ParquetWriter(file, table.schema, compression="zstd") as writer:
        for piece in _pieces(table):
            writer.write_table(piece, row_group_size=_ROWS)


def _write_arrow(table: pa.Table, file: Any) -> None:
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(file, table.schema, options=options) as writer:
        for piece in _pieces(table):
            writer.write_table(piece, max_chunksize=_ROWS)


def _write_csv(table: pa.Table, file: Any) -> None:
    pacsv.write_csv(_as_text(table), file, pacsv.WriteOptions(batch_size=1 << 14))


def _write_csv_gz(table: pa.Table, file: Any) -> None:
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        _write_csv(table, packed)


_WRITERS: dict[str, Callable[[pa.Table, Any], None]] = {
    ".parquet": _write_parquet,
    ".arrow": _write_arrow,
    ".feather": _write_arrow,
    ".csv": _write_csv,
    ".csv.gz": _write_csv_gz,
}


def _as_text(table: pa.Table) -> pa.Table:
    """Return the table with text in place of what CSV cannot hold or would hold otherwise."""
    columns = [_text_column(column) for column in table.columns]
    return pa.Table.from_arrays(columns, names=table.column_names)


def _text_column(column: Any) -> Any:
    type_ = column.type
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pc.binary_join(column.cast(pa.list_(pa.string())), ";")
    if pa.types.is_string_view(type_):
        return column.cast(pa.large_string())
    if pa.types.is_timestamp(type_):
        if type_.tz is None:
            return pc.strftime(column, format="%Y-%m-%dT%H:%M:%S")
        utc = column.cast(pa.timestamp(type_.unit, "UTC"))
        return pc.strftime(utc, format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_decimal(type_) and not 0 <= type_.scale <= 6:
        # Arrow goes over to exponents from here on. No table of ours has so many places.
        places = [None if value is None else f"{value:f}" for value in column.to_pylist()]
        return pa.chunked_array([pa.array(places, pa.string())])
    return column
