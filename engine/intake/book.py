"""The orders of a table, to look their lines up in."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog
from engine.orders import Headers, encode_headers, sequence
from engine.tables.texts import KeyIndex, number_keys, text_arrays
from engine.tables.validate import CheckedOrders
from engine.types import BoolArray, IntArray, Texts


class OrderKeys:
    """Finds orders by their ids.

    Parameters
    ----------
    ids
        (num_orders,) int64 or text, in the sequence of the orders.
    rejected
        Ids of orders that quarantine set aside.
    """

    def __init__(self, ids: pa.Array, rejected: pa.ChunkedArray) -> None:
        self.ids = ids
        self._rejected = rejected
        self._keys: dict[pa.DataType, tuple[pa.Array, Texts]] = {}
        self._index: dict[pa.DataType, KeyIndex] = {}

    def positions(self, ids: pa.Array, at: int) -> IntArray:
        """(num_lines,) order that each line names, -1 for none.

        Quick if the lines come in sequence and none is of an order before ``at``.
        """
        from engine.kernels.follow import follow_orders

        if ids.null_count == len(ids):
            return np.full(len(ids), -1)
        # Numbers if both are, else as they print.
        kind = pa.int64() if ids.type == self.ids.type == pa.int64() else pa.string()
        if kind not in self._keys:
            keys = self.ids.cast(kind)
            self._keys[kind] = keys, text_arrays(keys)
        keys, texts = self._keys[kind]
        ids = ids.cast(kind)
        found = np.empty(len(ids), np.int64)
        if follow_orders(texts, at, text_arrays(ids), found) == len(ids):
            return found
        if kind not in self._index:
            self._index[kind] = number_keys(keys, fold=False).keys
        return self._index[kind].find(ids).astype(np.int64)

    def rejected(self, ids: pa.Array) -> BoolArray:
        """(num_lines,) whether a line names an order that quarantine set aside."""
        return np.asarray(pc.is_in(ids.cast(pa.string()), self._rejected.cast(pa.string())))


class OrderBook(NamedTuple):
    """The good orders of an ``orders`` table in sequence.

    ``rows`` is (num_orders,): where each stands in the table.
    """

    keys: OrderKeys
    headers: Headers
    rows: IntArray


def order_book(checked: CheckedOrders, catalog: Catalog) -> OrderBook:
    """Put the good orders of a table in sequence and number what they name."""
    rows = np.flatnonzero(checked.good)
    table = checked.table
    if len(rows) < table.num_rows:
        table = table.take(pa.array(rows))
    order = sequence(table)
    if (order[1:] < order[:-1]).any():
        table, rows = table.take(pa.array(order)), rows[order]
    headers = encode_headers(table.combine_chunks(), checked.id_type, catalog)
    rejected = checked.table["order_id"].filter(pa.array(~checked.good)).drop_null()
    return OrderBook(OrderKeys(headers.ids, rejected), headers, rows)
