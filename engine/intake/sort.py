"""Lines that come in any order, put into the sequence of their orders.

They are dealt into ranges of orders, in memory as long as they fit and else in temporary Arrow
files, and each range is then sorted by itself.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.intake.book import OrderKeys
from engine.tables.columns import check_columns
from engine.tables.convert import convert, plain_whole
from engine.tables.converted import WrongTypeError
from engine.tables.lines import BATCH_ROWS, LineBatch
from engine.tables.raw import RawTable
from engine.tables.schema import Kind
from engine.tables.texts import number_keys
from engine.tables.times import TICKS
from engine.tables.validate import with_order_columns
from engine.tables.whole import whole
from engine.types import IntArray

IN_MEMORY = 1 << 22
"""Lines that are sorted without a file, 300 MB of the usual kind."""

_RANGES = 64
_ROW, _ORDER = "row", "order"
_COLUMN = "column "
"""Stands before the names of the lines' own columns, so that none is one of these two."""

Positions = Callable[[RawTable], IntArray]
"""(num_lines,) the place of each line's order in the sequence; -1 where there is none."""


def sorted_lines(
    batches: Iterable[LineBatch], positions: Positions, num_orders: int, folder: Path
) -> Iterator[LineBatch]:
    """Yield lines in the sequence of their orders, those of one order as they came.

    Parameters
    ----------
    batches
        The lines.
    positions
        Finds the order of each line. Lines without one come first.
    num_orders
        How many orders there are.
    folder
        An empty folder for temporary files, which are gone when all lines have been yielded.
    """
    width = max(1, -(-(num_orders + 1) // _RANGES))
    kept: list[list[pa.Table]] = [[] for _ in range(_RANGES)]
    count = 0
    is_text = False
    spill = _Spill(folder)
    for batch in batches:
        is_text = batch.raw.is_text
        for at, table in _dealt(batch, positions(batch.raw), width):
            kept[at].append(table)
        count += len(batch.rows)
        if count > IN_MEMORY:
            spill.write(kept)
            kept = [[] for _ in range(_RANGES)]
            count = 0
    for at in range(_RANGES):
        tables = [*spill.read(at), *kept[at]]
        kept[at] = []
        if tables:
            yield from _in_order(tables, is_text)


class _Spill:
    """Temporary Arrow files, one for each range of orders; only one is open at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = 0

    def write(self, ranges: list[list[pa.Table]]) -> None:
        """Write what was dealt into each range since the last time."""
        for at, tables in enumerate(ranges):
            if tables:
                table = pa.concat_tables(tables, promote_options="default")
                with pa.ipc.new_stream(self._path(at, self._written), table.schema) as writer:
                    writer.write_table(table)
        self._written += 1

    def read(self, at: int) -> Iterator[pa.Table]:
        """Yield what was written for a range, in the order of writing."""
        for time in range(self._written):
            path = self._path(at, time)
            if path.exists():
                with path.open("rb") as file, pa.ipc.open_stream(file) as reader:
                    yield reader.read_all()
                path.unlink()

    def _path(self, at: int, time: int) -> Path:
        return self._folder / f"{at}-{time}.arrows"


def _dealt(batch: LineBatch, order: IntArray, width: int) -> Iterator[tuple[int, pa.Table]]:
    """Yield the rows of a batch by range of orders."""
    raw = batch.raw.table
    names = [_COLUMN + name for name in raw.column_names]
    table = pa.table([plain_whole(column) for column in raw.columns], names=names)
    table = table.append_column(_ROW, pa.array(batch.rows))
    table = table.append_column(_ORDER, pa.array(order))
    of_row = (order + 1) // width
    rows = np.argsort(of_row, kind="stable")
    table = table.take(pa.array(rows))
    ends = np.searchsorted(of_row[rows], np.arange(_RANGES + 1))
    for at in np.flatnonzero(np.diff(ends)).tolist():
        yield at, table.slice(ends[at], ends[at + 1] - ends[at])


def _in_order(tables: list[pa.Table], is_text: bool) -> Iterator[LineBatch]:
    table = pa.concat_tables(tables, promote_options="default")
    rows = np.argsort(np.asarray(table[_ORDER]), kind="stable")
    for start in range(0, len(rows), BATCH_ROWS):
        part = table.take(pa.array(rows[start : start + BATCH_ROWS])).combine_chunks()
        lines = part.drop_columns([_ROW, _ORDER])
        lines = lines.rename_columns([name.removeprefix(_COLUMN) for name in lines.column_names])
        yield LineBatch(RawTable(lines, is_text), np.asarray(part[_ROW]))


def positions_in_keys(keys: OrderKeys) -> Positions:
    """Return what finds the order of a line in a table of orders."""

    def positions(raw: RawTable) -> IntArray:
        ids = order_ids(raw)
        return np.full(raw.table.num_rows, -1) if ids is None else keys.positions(ids, 0)

    return positions


def order_ids(raw: RawTable) -> pa.Array | None:
    """Return the order ids of lines; None if there is no such column, which is found out later."""
    if raw.table.column_names.count("order_id") != 1:
        return None
    try:
        column = plain_whole(raw.table["order_id"])
        return convert(Kind.ORDER_KEY, column, raw.is_text).values
    except (WrongTypeError, pa.ArrowException):
        return None


def positions_in_lines(batches: Iterable[LineBatch]) -> tuple[Positions, int]:
    """Look through lines that carry the columns of their orders, for the sequence of these.

    Returns
    -------
    What finds the order of a line, and how many orders there are.
    """
    parts = [_first_lines(batch.raw) for batch in batches]
    kind = pa.string() if any(part["id"].type != pa.int64() for part in parts) else pa.int64()
    first = pa.concat_tables(
        part.set_column(0, "id", part["id"].cast(kind)) for part in parts
    ).combine_chunks()
    numbered = number_keys(whole(first["id"]), fold=False)
    first = first.take(pa.array(numbered.keys.first_row))
    columns = [np.asarray(first[name]) for name in ("nanosecond", "second", "last", "before")]
    place = np.empty(len(first), np.int64)
    place[np.lexsort(columns)] = np.arange(len(first))

    def positions(raw: RawTable) -> IntArray:
        ids = order_ids(raw)
        if ids is None:
            return np.full(raw.table.num_rows, -1)
        found = numbered.keys.find(ids.cast(kind))
        return np.where(found < 0, -1, np.append(place, -1)[found])

    return positions, len(first)


def _first_lines(raw: RawTable) -> pa.Table:
    """Return the id of each order in some lines, and what says when it is served."""
    table = check_columns(with_order_columns(), raw).table
    ids = whole(table["order_id"])
    first = pa.array(number_keys(ids, fold=False).keys.first_row)
    table = table.take(first)
    created = whole(table["created_at"])
    ticks = TICKS[created.type.unit]
    time = np.asarray(pc.fill_null(created.cast(pa.int64()), 0))
    return pa.table(
        {
            "id": table["order_id"],
            "before": -np.asarray(table["priority"]),
            "last": np.asarray(created.is_null()),
            "second": time // ticks,
            "nanosecond": time % ticks * (10**9 // ticks),
        }
    )
