"""What each order of a part comes to."""

from typing import NamedTuple

import numpy as np

from engine.catalog import Catalog
from engine.errors import QuantityError
from engine.orders import OrderSet
from engine.selection.deduction import Deduction
from engine.types import MAX_SUM, BoolArray, IntArray, Totals


class OrderTotals(NamedTuple):
    """Totals of orders and, by pick, which one opens a shipment.

    ``qty``, ``allocated``, ``source_count``, ``short_lines`` are (num_orders,), quantities in
    1e-4 units; ``opens_shipment`` is (num_picks,): an order takes something from a source for
    the first time.
    """

    qty: IntArray
    allocated: IntArray
    source_count: IntArray
    short_lines: IntArray
    opens_shipment: BoolArray


def order_totals(catalog: Catalog, orders: OrderSet, done: Deduction) -> OrderTotals:
    """Add up the lines and picks of each order.

    Raises
    ------
    QuantityError
        If the lines of an order add up beyond decimal(18,4).
    """
    from engine.kernels.totals import total_orders

    totals = Totals(*(np.empty(len(orders.ids), np.int64) for _ in Totals._fields))
    opens_shipment = np.empty(len(done.lines), np.uint8)
    beyond = total_orders(
        orders.offsets,
        orders.quantity,
        done.short,
        done.lines,
        done.sources,
        done.quantity,
        MAX_SUM,
        np.full(catalog.sources.num_rows, -1, np.int64),
        totals,
        opens_shipment,
    )
    if beyond >= 0:
        raise QuantityError(
            f"order_lines.qty: the lines of order {orders.ids[beyond].as_py()!r} add up to more "
            "than 99999999999999.9999; correct the quantities or split the order"
        )
    return OrderTotals(*totals, opens_shipment.view(bool))
