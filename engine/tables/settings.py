"""Stock item configuration: each SKU's own, else the default row's, else MSI's."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.fold import fold_sku
from engine.tables.quantity import decimal_to_units
from engine.tables.whole import whole
from engine.types import QTY_SCALE, FlagArray, IntArray, frozen


class StockItems(NamedTuple):
    """Configuration by SKU, each (num_skus,); quantities in 1e-4 units, 0 for no limit."""

    manage_stock: FlagArray
    min_qty: IntArray
    backorders: IntArray
    min_sale_qty: IntArray
    max_sale_qty: IntArray
    qty_increments: IntArray
    is_qty_decimal: FlagArray


MSI_DEFAULTS: dict[str, int | bool] = {
    "manage_stock": True,
    "min_qty": 0,
    "backorders": 0,
    "min_sale_qty": 1 * QTY_SCALE,
    "max_sale_qty": 10_000 * QTY_SCALE,
    "qty_increments": 0,
    "is_qty_decimal": False,
}
"""What holds where neither the SKU's row nor the default row says anything."""


def encode_stock_items(table: pa.Table | None, skus: pa.Array) -> StockItems:
    """Spread the ``stock_items`` table over the SKUs of a catalogue.

    Parameters
    ----------
    table
        Canonical ``stock_items``, or None without one.
    skus
        (num_skus,) folded SKUs.

    Returns
    -------
    The configuration of each SKU, read-only.

    Notes
    -----
    MSI: ``GetStockItemConfiguration``; a field that is not set uses the global configuration.
    """
    if table is None:
        return StockItems(**{name: _full(value, len(skus)) for name, value in MSI_DEFAULTS.items()})
    is_default = table["sku"].is_null()
    rows = table.filter(pc.invert(is_default))
    default = table.filter(is_default)
    at = pc.index_in(skus, fold_sku(rows["sku"]).combine_chunks())
    columns = {}
    for name, fallback in MSI_DEFAULTS.items():
        values = [_units(rows[name]).take(at)]
        if default.num_rows:
            values.append(_units(default[name])[0])
        filled = pc.coalesce(*values, pa.scalar(fallback, values[0].type))
        columns[name] = _array(np.asarray(filled))
    return StockItems(**columns)


def take_settings(settings: StockItems, skus: Any) -> StockItems:
    """Return the configuration of some SKUs, by what numpy takes as an index."""
    return StockItems(*(frozen(column[skus]) for column in settings))


def _units(column: pa.ChunkedArray) -> pa.Array:
    values = whole(column)
    return decimal_to_units(values) if pa.types.is_decimal(values.type) else values


def _full(value: int | bool, num_skus: int) -> np.ndarray:
    return _array(np.full(num_skus, value))


def _array(values: np.ndarray) -> np.ndarray:
    return frozen(values.astype(np.uint8 if values.dtype == bool else np.int64))
