"""The files that Magento takes back: stock for its import, shipments for its REST calls."""

from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import UsageError
from engine.io.batches import column_names, table_files
from engine.io.faults import UnreadableError
from engine.io.stock_sources import STOCK_SOURCES
from engine.io.write import TableWriter
from engine.magento.bodies import json_lines
from engine.magento.order_items import Lines, in_sequence, lines_of, positions
from engine.magento.shipments import NEEDED, Allocated, checked_lines, shipments_of
from engine.tables.raw import RawTable
from engine.tables.result_schema import result_schema
from engine.tables.schema import SCHEMAS
from engine.tables.whole import whole

_STOCK_COLUMNS = ("source_code", "sku", "status", "quantity")


def check_order_items(orders: str | PathLike[str]) -> None:
    """Raise if the lines in a folder cannot say what Magento is to ship.

    What else may be wrong with them is left to those who read them.

    Raises
    ------
    UsageError
        If they name no order items, or there is no such folder.
    """
    try:
        files = table_files(orders, "order_lines", tuple(SCHEMAS))
        lacks = bool(files) and "order_item_id" not in column_names(files[0])
    except UnreadableError:
        return
    if lacks:
        raise UsageError(
            "order_lines.order_item_id: missing column, without which no shipment can be told; "
            "ssa export writes it, or add it (item_id in Magento's sales_order_item), or leave "
            "--magento out"
        )


def write_stock_sources(parts: Iterable[pa.Table], folder: Path) -> int:
    """Write source items for System > Data Transfer > Import; return how many.

    Quantities have four decimals, texts stand in quotes, and a quote in them is doubled. No blank
    is put before formulas: Magento's import would keep it.
    """
    schema = result_schema("source_items", pa.string())
    fields = pa.schema([schema.field(name) for name in _STOCK_COLUMNS])
    with TableWriter(folder / f"{STOCK_SOURCES}.csv", fields) as writer:
        for part in parts:
            writer.write(part.select(_STOCK_COLUMNS))
    return writer.num_rows


class ShipmentFiles:
    """Writes the shipments of a run, part by part, and what is left out of them.

    Parameters
    ----------
    folder
        Where ``shipments.jsonl`` and ``shipments_left.csv`` are written.
    id_type
        The type of order ids.

    Attributes
    ----------
    rows
        File -> rows written so far.
    reasons
        Why order items are left out -> how many are, so far.
    """

    def __init__(self, folder: Path, id_type: pa.DataType) -> None:
        self.rows = {"shipments": 0, "shipments_left": 0}
        self.reasons: dict[str, int] = {}
        self._waiting: deque[pa.Table] = deque()
        schema = pa.schema(
            [("order_id", id_type), ("order_item_id", pa.int64()), ("reason", pa.string())]
        )
        with ExitStack() as opened:
            self._json = opened.enter_context((folder / "shipments.jsonl").open("wb"))
            left = TableWriter(folder / "shipments_left.csv", schema)
            self._left = opened.enter_context(left)
            self._files = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        """Close the files."""
        self._files.__exit__(*raised)

    def add_lines(self, lines: RawTable) -> None:
        """Take lines in the sequence of their orders, before these are written.

        They may come in another thread; those of orders that are never written do not matter.
        """
        names = [name for name in lines.table.column_names if name in NEEDED]
        self._waiting.append(checked_lines(lines._replace(table=lines.table.select(names))))

    def write(self, part: Allocated) -> None:
        """Write the shipments of some orders, whose lines have come."""
        ids = whole(part.orders["order_id"])
        lines = self._lines_of(ids, pc.sum(part.orders["lines"]).as_py() or 0)
        done = shipments_of(part.allocations, ids, lines)
        for text in json_lines(done.table):
            self._json.write(text)
        self._left.write(done.left)
        self.rows["shipments"] += done.table.num_rows
        self.rows["shipments_left"] += done.left.num_rows
        for row in done.left["reason"].value_counts().to_pylist():
            self.reasons[row["values"]] = self.reasons.get(row["values"], 0) + row["counts"]

    def _lines_of(self, ids: pa.Array, count: int) -> Lines:
        """Return the next lines that belong to orders, and pass over the others before them."""
        parts = []
        while count:
            table = self._waiting.popleft()
            order = positions(whole(table["order_id"]), ids)
            found = np.flatnonzero(order >= 0)[:count]
            if len(found) == count:
                cut = int(found[-1]) + 1
                self._waiting.appendleft(table.slice(cut))
                table, order = table.slice(0, cut), order[:cut]
            parts.append(lines_of(table, order))
            count -= len(found)
        return in_sequence(parts)

    @property
    def notes(self) -> list[str]:
        """What a person should know; complete at the end."""
        count = self.rows["shipments_left"]
        if not count:
            return []
        why = ", ".join(f"{reason} {self.reasons[reason]:,}" for reason in sorted(self.reasons))
        return [
            f"shipments: {count:,} order item{'s' if count > 1 else ''} cannot be told to Magento "
            f"({why}); see shipments_left.csv"
        ]
