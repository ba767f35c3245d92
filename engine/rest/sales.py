"""What can be sold of one SKU: the engine's own rules on a catalogue of this SKU alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog
from engine.rest.changes import other_tables
from engine.rest.select import number
from engine.salable import CODES, check, stock_state
from engine.tables.fold import fold_sku
from engine.tables.quantity import SUM_TYPE, column_units, sum_by_group, units_to_decimal
from engine.tables.settings import StockItems, take_settings
from engine.tables.texts import number_keys
from engine.types import Items, frozen

Reserved = Mapping[str, Mapping[int, int]]
"""Sums of reservations by folded SKU and stock_id, 1e-4 units."""

_MESSAGES = dict(
    zip(
        CODES,
        (
            "The requested sku is not assigned to given stock",
            "The fewest you may purchase is %1",
            "The requested qty exceeds the maximum qty allowed in shopping cart",
            "You can buy this product only in quantities of %1 at a time.",
            "You cannot use decimal quantity for this product.",
            "There are no source items with the in stock status",
            "Backorders are disabled",
            "Manage stock is enabled",
            "The requested qty is not available",
        ),
        strict=True,
    )
)


def sum_reservations(catalog: Catalog) -> Reserved:
    """Sum up the reservations of a catalogue.

    Raises
    ------
    QuantityError
        If a sum does not fit decimal(18,4).
    """
    table = catalog.tables.get("reservations")
    if table is None or not table.num_rows:
        return {}
    keys = fold_sku(table["sku"]).combine_chunks().dictionary_encode()
    stocks = table["stock_id"].combine_chunks().dictionary_encode()
    width = len(stocks.dictionary)
    group = np.asarray(keys.indices).astype(np.int64) * width + np.asarray(stocks.indices)
    distinct, of_row = np.unique(group, return_inverse=True)
    units = column_units(table, "quantity")
    total = sum_by_group(of_row, units, len(distinct), "reservations.quantity")
    names, ids = keys.dictionary.to_pylist(), stocks.dictionary.to_pylist()
    found: dict[str, dict[int, int]] = {}
    for key, stock, one in zip(*np.divmod(distinct, width), total.tolist(), strict=True):
        found.setdefault(names[key], {})[ids[stock]] = one
    return found


def salable_qty(catalog: Catalog, reserved: Reserved, sku: str, stock_id: int) -> int | float:
    """Return how much of a SKU a stock can still sell; 0 where it has none.

    Notes
    -----
    MSI: ``GetProductSalableQty``.
    """
    found = _only(catalog, reserved, sku, stock_id)
    if found is None:
        return 0
    state, stock = stock_state(found), _stock(found, stock_id)
    return number(int(state.salable_qty[stock, 0])) if state.assigned[stock, 0] else 0


def is_salable(catalog: Catalog, reserved: Reserved, sku: str, stock_id: int) -> bool:
    """Tell whether a stock can sell anything of a SKU.

    Notes
    -----
    MSI: ``IsProductSalable``.
    """
    found = _only(catalog, reserved, sku, stock_id)
    if found is None:
        return False
    state, stock = stock_state(found), _stock(found, stock_id)
    return bool(state.assigned[stock, 0] and state.is_salable[stock, 0])


def salable_result(
    catalog: Catalog, reserved: Reserved, sku: str, stock_id: int, units: int
) -> dict[str, Any]:
    """Tell whether a stock can sell so many of a SKU.

    Parameters
    ----------
    units
        1e-4 units, 0 or more.

    Returns
    -------
    ``salable``, and ``errors`` with MSI's codes and messages.

    Notes
    -----
    MSI: ``IsProductSalableForRequestedQtyConditionChain``.
    """
    found = _only(catalog, reserved, sku, stock_id)
    if found is None:
        return _result([CODES[0]], None)
    line = {"order_id": [1], "stock_id": [stock_id], "sku": [sku]}
    row = check(found, None, pa.table({**line, "qty": units_to_decimal(np.array([units]))}))
    return _result(row["codes"][0].as_py(), found.stock_items)


def _result(codes: list[str], settings: StockItems | None) -> dict[str, Any]:
    errors = []
    for code in codes:
        error: dict[str, Any] = {"code": code, "message": _MESSAGES[code]}
        if "%1" in error["message"] and settings is not None:
            limit = settings.min_sale_qty if "min" in code else settings.qty_increments
            error["message"] = error["message"].replace("%1", str(number(int(limit[0]))))
        errors.append(error)
    return {"salable": not errors, "errors": errors}


def _stock(catalog: Catalog, stock_id: int) -> int:
    return int(np.searchsorted(catalog.stock_ids, stock_id))


def _only(catalog: Catalog, reserved: Reserved, sku: str, stock_id: int) -> Catalog | None:
    """Return a catalogue of one SKU; None if there is no such SKU or stock."""
    key = fold_sku(pa.array([sku]))
    at = int(catalog.sku_index.find(key)[0])
    if at < 0 or stock_id not in catalog.stock_ids:
        return None
    start, stop = catalog.items.offsets[at : at + 2].tolist()
    columns = (frozen(column[start:stop]) for column in catalog.items[1:])
    units = reserved.get(key[0].as_py(), {}).get(stock_id, 0)
    reservations = pa.table(
        {
            "stock_id": pa.array([stock_id], pa.int64()),
            "sku": key,
            "quantity": units_to_decimal(np.array([units], np.int64), SUM_TYPE),
        }
    )
    names = catalog.sku_names[at : at + 1]
    return replace(
        catalog,
        tables={**other_tables(catalog), "reservations": reservations},
        sku_names=names,
        sku_index=number_keys(names, fold=True).keys,
        items=Items(frozen(np.array([0, stop - start], np.int64)), *columns),
        item_rows=catalog.item_rows[start:stop],
        stock_items=take_settings(catalog.stock_items, slice(at, at + 1)),
    )
