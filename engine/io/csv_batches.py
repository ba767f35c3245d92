"""CSV read piece by piece, with the same checks as when it is read whole."""

from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.csv as pacsv

from engine.io.csv import (
    convert_options,
    end_row,
    is_end,
    opened_text,
    parse_options,
    read_csv,
    read_header,
)
from engine.io.faults import TableFile
from engine.io.lent import LentStream

_BLOCK = 1 << 24


def csv_batches(file: TableFile) -> Iterator[pa.Table]:
    """Yield the rows of a ``.csv`` or ``.csv.gz`` file as tables of text columns.

    Raises
    ------
    UnreadableError
        As `read_csv`; rows before the fault have been yielded by then.
    """
    given = 0
    try:
        for table in _pieces(file):
            given += table.num_rows
            yield table
    except pa.ArrowInvalid:
        # Says what is wrong, or has a value larger than a block.
        yield read_csv(file).slice(given)


def _pieces(file: TableFile) -> Iterator[pa.Table]:
    with opened_text(file) as (stream, head):
        header = read_header(file, stream, head)
        names = [str(at) for at in range(len(header.names))]
        read = pacsv.ReadOptions(column_names=names, block_size=_BLOCK)
        with closing(LentStream(stream, header.size, end_row(header))) as lent:
            reader = pacsv.open_csv(
                cast(BinaryIO, lent), read, parse_options(), convert_options(names)
            )
            last = None
            for batch in reader:
                if last is not None and last.num_rows:
                    yield last
                last = pa.Table.from_batches([batch]).rename_columns(header.names)
            if last is None or not is_end(last):
                raise pa.ArrowInvalid("a quote is open at the end")
            yield last.slice(0, last.num_rows - 1)
