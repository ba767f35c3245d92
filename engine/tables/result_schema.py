"""The tables that a run writes, as data: column, type, what it says."""

from typing import NamedTuple

import pyarrow as pa

from engine.tables.findings import REJECTS_SCHEMA
from engine.tables.quantity import QTY_TYPE, SUM_TYPE


class ResultColumn(NamedTuple):
    """One column of a result table."""

    name: str
    type: pa.DataType
    about: str


_ORDER_ID = ResultColumn("order_id", pa.string(), "as it came in, integer or text")
_LINE = ResultColumn("line", pa.int64(), "0-based position of the line in its order")
_SKU = ResultColumn("sku", pa.string(), "as the source item spells it")
_SOURCE = ResultColumn("source_code", pa.string(), "the source that ships")

RESULT_TABLES = {
    "allocations": (
        _ORDER_ID,
        _LINE,
        _SKU,
        _SOURCE,
        ResultColumn("qty_to_deduct", QTY_TYPE, "what the source ships"),
        ResultColumn("qty_available", QTY_TYPE, "what it had before this deduction"),
        ResultColumn("distance_km", pa.float64(), "to the destination; null where not known"),
    ),
    "orders": (
        _ORDER_ID,
        ResultColumn("shippable", pa.bool_(), "every line is served in full"),
        ResultColumn("located", pa.bool_(), "the destination is known"),
        ResultColumn("lines", pa.int64(), "number of lines"),
        ResultColumn("source_count", pa.int64(), "sources that ship something"),
        ResultColumn("qty", SUM_TYPE, "units ordered"),
        ResultColumn("qty_allocated", SUM_TYPE, "units served"),
    ),
    "shortfalls": (
        _ORDER_ID,
        _LINE,
        _SKU._replace(about="as the catalogue spells it first in byte order, or the order"),
        ResultColumn("qty_short", QTY_TYPE, "units not served"),
        ResultColumn(
            "reason",
            pa.string(),
            "unknown_sku, not_assigned, disabled, out_of_stock, insufficient_qty; more by policies",
        ),
    ),
    "source_items": (
        _SOURCE._replace(about="the source"),
        _SKU,
        ResultColumn("quantity", QTY_TYPE, "after the run"),
        ResultColumn("status", pa.int8(), "1 in stock, 0 out of stock, after the run"),
    ),
    "rejects": tuple(
        ResultColumn(field.name, field.type, about)
        for field, about in zip(
            REJECTS_SCHEMA,
            (
                "table of the row",
                "0-based position of the row in its table",
                "column at fault",
                "what stands there",
                "why the row was set aside",
            ),
            strict=True,
        )
    ),
}
"""Columns by table, in order; ``rejects`` is there only with ``--quarantine``."""

MAGENTO_FILES = ("stock_sources", "shipments_left")
"""Files that a run may write beside its tables, for Magento, and that look like tables."""


def result_schema(name: str, id_type: pa.DataType) -> pa.Schema:
    """Return the Arrow schema of a result table, with order ids in the type they came in."""
    return pa.schema(
        (column.name, id_type if column.name == "order_id" else column.type)
        for column in RESULT_TABLES[name]
    )
