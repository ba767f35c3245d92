"""What policies ask of an order besides its stock and its position: address and sales channel."""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from engine.places.distinct import number_rows
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
    given = (whole(orders[name]) for name in columns)
    code, first = number_rows(
        (column for column in given if column.null_count < len(column)), orders.num_rows
    )
    rows = orders.take(pa.array(first))
    table = pa.table(
        {
            name: rows[name] if name in columns else pa.nulls(len(first), pa.string())
            for name in ADDRESS + CHANNEL
        }
    )
    return Areas(table, frozen(code))
