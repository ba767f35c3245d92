"""What policies ask of an order besides its stock and its position: address and sales channel."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.tables.whole import whole
from engine.types import IndexArray, frozen

ADDRESS = ("country_id", "region", "postcode")
CHANNEL = ("sales_channel_type", "sales_channel_code")


class Areas(NamedTuple):
    """Distinct combinations of `ADDRESS` and `CHANNEL`.

    ``table`` has these columns, null where nothing asks for them; ``of_order`` is (num_orders,).
    """

    table: pa.Table
    of_order: IndexArray


def find_areas(orders: pa.Table, columns: Sequence[str]) -> Areas:
    """Find the distinct combinations of some columns.

    Parameters
    ----------
    orders
        Canonical orders.
    columns
        The columns that are asked for, of `ADDRESS` and `CHANNEL`.

    Returns
    -------
    The combinations by first appearance, and that of each order.

    Examples
    --------
    >>> orders = pa.table({name: ["FR", "DE", "FR"] if name == "country_id" else pa.nulls(3,
    ...     pa.string()) for name in ADDRESS + CHANNEL})
    >>> areas = find_areas(orders, ["country_id"])
    >>> areas.table["country_id"].to_pylist(), areas.of_order.tolist()
    (['FR', 'DE'], [0, 1, 0])
    """
    code: np.ndarray = np.zeros(orders.num_rows, np.int64)
    for name in columns:
        column = whole(orders[name])
        if column.null_count == len(column):
            continue
        encoded = column.dictionary_encode(null_encoding="encode")
        # Fewer than 2**31 numbers on either side: the product fits.
        code = code * len(encoded.dictionary) + np.asarray(encoded.indices)
        code = np.asarray(pa.array(code).dictionary_encode().indices).astype(np.int64)
    first = np.empty(int(code.max(initial=-1)) + 1, np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]  # the last one written is the first one there
    rows = orders.take(pa.array(first))
    table = pa.table(
        {
            name: rows[name] if name in columns else pa.nulls(len(first), pa.string())
            for name in ADDRESS + CHANNEL
        }
    )
    return Areas(table, frozen(code.astype(np.int32)))
