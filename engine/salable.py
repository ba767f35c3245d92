"""Salable quantity per stock and SKU, and whether a requested quantity could be sold."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog
from engine.errors import QuantityError
from engine.orders import OrderSet, encode_orders
from engine.tables.findings import raise_findings
from engine.tables.quantity import SUM_TYPE, column_units, sum_by_group, units_to_decimal
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from engine.types import MAX_SUM, QTY_SCALE, BoolArray, IntArray

_NOT_ASSIGNED = "requested-sku-is-not-assigned-to-given-stock"
_REQUIRED = (
    "is_correct_qty-min_sale_qty",
    "is_correct_qty-max_sale_qty",
    "is_correct_qty-qty_increment",
    "is_correct_qty-is_qty_decimal",
    "is_any_source_item_in_stock-no_source_items_in_stock",
)
_SUFFICIENT = (
    "back_order-disabled",
    "manage_stock-enabled",
    "is_salable_with_reservations-not_enough_qty",
)
CODES = (_NOT_ASSIGNED, *_REQUIRED, *_SUFFICIENT)
"""MSI's codes in the order in which they are listed."""


class StockState(NamedTuple):
    """What each stock has of each SKU, all (num_stocks, num_skus); quantities in 1e-4 units.

    ``assigned``: an enabled linked source carries the SKU; elsewhere the rest says nothing.
    ``any_in_stock``: one of those items is in stock.
    """

    assigned: BoolArray
    any_in_stock: BoolArray
    quantity: IntArray
    is_salable: BoolArray
    salable_qty: IntArray


def stock_state(catalog: Catalog) -> StockState:
    """Aggregate source items, reservations and configuration by stock and SKU.

    Parameters
    ----------
    catalog
        The inventory.

    Returns
    -------
    The state of every (stock, SKU).

    Raises
    ------
    QuantityError
        If a sum does not fit decimal(18,4).

    Notes
    -----
    MSI: the stock index (sum over enabled linked sources, 0 where out of stock),
    ``IsStockItemSalableCondition`` and ``GetProductSalableQty``.
    """
    shape = (len(catalog.stock_ids), len(catalog.sku_names))
    assigned, any_in_stock = np.zeros(shape, bool), np.zeros(shape, bool)
    quantity = np.zeros(shape, np.int64)
    in_stock = catalog.items.in_stock.astype(bool)
    first = catalog.items.offsets[:-1]
    for stock in range(shape[0] if shape[1] else 0):
        part = slice(catalog.links.offsets[stock], catalog.links.offsets[stock + 1])
        draws = np.zeros(catalog.sources.num_rows, bool)
        draws[catalog.links.sources[part]] = True
        carried = (draws & catalog.enabled.astype(bool))[catalog.items.sources]
        # Every SKU has an item, so no segment is empty, as reduceat asks.
        assigned[stock] = np.logical_or.reduceat(carried, first)
        any_in_stock[stock] = np.logical_or.reduceat(carried & in_stock, first)
        quantity[stock] = np.add.reduceat(
            np.where(carried & in_stock, catalog.items.quantity, 0), first
        )
    settings = catalog.stock_items
    left = quantity + _reservations(catalog) - settings.min_qty
    if np.abs(left).max(initial=0) > MAX_SUM:
        raise QuantityError("salable quantity exceeds 99999999999999.9999; correct the quantities")
    unlimited = (settings.backorders > 0) & (settings.min_qty >= 0) & any_in_stock
    is_salable = (settings.manage_stock == 0) | unlimited | (left > 0)
    return StockState(assigned, any_in_stock, quantity, is_salable, np.where(is_salable, left, 0))


def salable_quantity(catalog: Catalog) -> pa.Table:
    """Return the salable quantity per stock and SKU.

    Parameters
    ----------
    catalog
        The inventory.

    Returns
    -------
    stock_id, sku, quantity, is_salable, salable_qty, by stock_id and then by the SKU's first
    appearance in ``source_items``; no row where no enabled linked source carries the SKU.

    Raises
    ------
    QuantityError
        If a sum does not fit decimal(18,4).

    Examples
    --------
    >>> catalog = Catalog.from_tables({
    ...     "sources": pa.table({"source_code": ["lyon", "paris"]}),
    ...     "stock_source_links": pa.table({"stock_id": [1, 1], "priority": [1, 2],
    ...         "source_code": ["paris", "lyon"]}),
    ...     "source_items": pa.table({"source_code": ["paris", "lyon"], "sku": ["A", "A"],
    ...         "quantity": [3, 5]}),
    ...     "reservations": pa.table({"stock_id": [1], "sku": ["a"], "quantity": [-2]}),
    ... })
    >>> salable_quantity(catalog).select(["quantity", "salable_qty"]).to_pylist()
    [{'quantity': Decimal('8.0000'), 'salable_qty': Decimal('6.0000')}]
    """
    state = stock_state(catalog)
    stock, sku = np.nonzero(state.assigned)
    return pa.table(
        {
            "stock_id": pa.array(catalog.stock_ids[stock]),
            "sku": catalog.sku_names.take(pa.array(sku)),
            "quantity": units_to_decimal(state.quantity[stock, sku], SUM_TYPE),
            "is_salable": pa.array(state.is_salable[stock, sku]),
            "salable_qty": units_to_decimal(state.salable_qty[stock, sku], SUM_TYPE),
        }
    )


def check(catalog: Catalog, orders: Any, order_lines: Any) -> pa.Table:
    """Tell which order lines could be sold, each by itself, for orders not yet placed.

    Parameters
    ----------
    catalog
        The inventory.
    orders, order_lines
        As for `engine.allocate`.

    Returns
    -------
    order_id, line, sku, qty, is_salable, codes (MSI's, empty where it can be sold), in order
    sequence, then line.

    Raises
    ------
    InputError
        Listing every problem of both tables.

    Examples
    --------
    >>> from engine.folders import read_catalog, read_orders
    >>> from engine.packaged import packaged
    >>> catalog = read_catalog(packaged("msi_example/catalog"))
    >>> rows = check(catalog, *read_orders(packaged("msi_example/orders")))
    >>> rows.select(["sku", "qty", "is_salable"]).to_pylist()[0]
    {'sku': '24-WB01', 'qty': Decimal('20.0000'), 'is_salable': True}
    """
    raw, findings = as_raw({"orders": orders, "order_lines": order_lines}, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings)
    raise_findings(valid.fatal)
    return check_lines(catalog, encode_orders(valid, catalog))


def check_lines(catalog: Catalog, orders: OrderSet) -> pa.Table:
    """Check orders that are encoded already; see `check`.

    Notes
    -----
    MSI: ``IsProductSalableForRequestedQtyConditionChain``. All required conditions are
    reported together; only if they hold, one of the sufficient ones must.
    """
    order = orders.order_of_line
    known = pa.array(np.maximum(orders.skus, 0), mask=orders.skus < 0)
    fails = _failures(catalog, orders)
    codes, of_line = np.unique(fails @ (1 << np.arange(len(CODES))), return_inverse=True)
    words = [[CODES[at] for at in range(len(CODES)) if code >> at & 1] for code in codes.tolist()]
    return pa.table(
        {
            "order_id": orders.ids.cast(orders.id_type).take(pa.array(order)),
            "line": pa.array(orders.position),
            "sku": pc.coalesce(catalog.sku_names.take(known), orders.sku_names),
            "qty": units_to_decimal(orders.quantity),
            "is_salable": pa.array(~fails.any(axis=1)),
            "codes": pa.array(words, pa.list_(pa.string())).take(pa.array(of_line)),
        }
    )


def _failures(catalog: Catalog, orders: OrderSet) -> BoolArray:
    """(num_lines, num_codes) which of `CODES` each line earns."""
    state = stock_state(catalog)
    stock = orders.stock[orders.order_of_line]
    fails = np.zeros((len(orders.skus), len(CODES)), bool)
    lines = np.flatnonzero(orders.skus >= 0)
    lines = lines[state.assigned[stock[lines], orders.skus[lines]]]
    fails[:, 0] = True
    fails[lines, 0] = False
    at = stock[lines], orders.skus[lines]
    qty = orders.quantity[lines]
    unmanaged = catalog.stock_items.manage_stock[orders.skus[lines]] == 0
    required = [
        *_incorrect(catalog, orders.skus[lines], qty),
        ~(state.any_in_stock[at] | unmanaged),
    ]
    backorders = (catalog.stock_items.backorders > 0) & (catalog.stock_items.min_qty >= 0)
    sold = backorders[orders.skus[lines]] | unmanaged | (state.salable_qty[at] >= qty)
    insufficient = ~sold & ~np.logical_or.reduce(required)
    fails[lines, 1:6] = np.column_stack(required)
    fails[lines, 6:9] = insufficient[:, None]
    return fails


def _incorrect(catalog: Catalog, sku: np.ndarray, qty: IntArray) -> list[BoolArray]:
    """Which rule of a correct quantity each line breaks; only the first counts."""
    settings = catalog.stock_items
    low, high, step = (
        column[sku]
        for column in (settings.min_sale_qty, settings.max_sale_qty, settings.qty_increments)
    )
    rules = [
        (low != 0) & (qty < low),
        (high != 0) & (qty > high),
        (step != 0) & (qty % np.where(step == 0, 1, step) != 0),
        (settings.is_qty_decimal[sku] == 0) & (qty % QTY_SCALE != 0),
    ]
    earlier = np.zeros(len(qty), bool)
    for at, rule in enumerate(rules):
        rules[at] = rule & ~earlier
        earlier |= rule
    return rules


def _reservations(catalog: Catalog) -> IntArray:
    """(num_stocks, num_skus) sum of reservations."""
    shape = (len(catalog.stock_ids), len(catalog.sku_names))
    if "reservations" not in catalog.tables:
        return np.zeros(shape, np.int64)
    table = catalog.tables["reservations"]
    sku = catalog.sku_index.find(table["sku"])
    stock = np.searchsorted(catalog.stock_ids, np.asarray(table["stock_id"]))
    known = sku >= 0
    group = (stock * shape[1] + sku)[known]
    quantity = column_units(table, "quantity")[known]
    return sum_by_group(group, quantity, shape[0] * shape[1], "reservations.quantity").reshape(
        shape
    )
