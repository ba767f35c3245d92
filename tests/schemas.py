"""Columns and Arrow types of the tables that tests build from row dicts."""

from typing import Any

import pyarrow as pa

Row = dict[str, Any]
Tables = dict[str, list[Row]]

TEXT, WHOLE, REAL, FLAG, QTY = (
    pa.string(),
    pa.int64(),
    pa.float64(),
    pa.bool_(),
    pa.decimal128(12, 4),
)
PLACE = {
    "country_id": TEXT,
    "region": TEXT,
    "city": TEXT,
    "postcode": TEXT,
    "latitude": REAL,
    "longitude": REAL,
}
ORDERS = {
    "order_id": WHOLE,
    "stock_id": WHOLE,
    "sales_channel_type": TEXT,
    "sales_channel_code": TEXT,
    "created_at": pa.timestamp("us"),
    "priority": WHOLE,
    **PLACE,
}
SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "sources": {
        "source_code": TEXT,
        "enabled": FLAG,
        "name": TEXT,
        **PLACE,
    },
    "stocks": {"stock_id": WHOLE, "name": TEXT},
    "sales_channels": {"type": TEXT, "code": TEXT, "stock_id": WHOLE},
    "stock_source_links": {"stock_id": WHOLE, "source_code": TEXT, "priority": WHOLE},
    "source_items": {"source_code": TEXT, "sku": TEXT, "quantity": QTY, "status": WHOLE},
    "stock_items": {
        "sku": TEXT,
        "manage_stock": FLAG,
        "min_qty": QTY,
        "backorders": WHOLE,
        "min_sale_qty": QTY,
        "max_sale_qty": QTY,
        "qty_increments": QTY,
        "is_qty_decimal": FLAG,
    },
    "reservations": {"stock_id": WHOLE, "sku": TEXT, "quantity": QTY},
    "source_reservations": {"source_code": TEXT, "sku": TEXT, "quantity": QTY},
    "geonames": {
        "country_code": TEXT,
        "postcode": TEXT,
        "city": TEXT,
        "region": TEXT,
        "region_code": TEXT,
        "latitude": REAL,
        "longitude": REAL,
    },
    "distances": {"source_code": TEXT, "country_id": TEXT, "postcode": TEXT, "km": REAL},
    "orders": ORDERS,
    "order_lines": {"order_id": WHOLE, "sku": TEXT, "qty": QTY},
}


def to_arrow(tables: Tables) -> dict[str, pa.Table]:
    """The tables as Arrow, each with its full schema even when it has no row.

    Order ids are text if they are in the rows; times carry UTC if they do in the rows.
    Without an `orders` table, `order_lines` has its columns too.
    """
    result = {}
    for name, rows in tables.items():
        columns = dict(SCHEMAS[name])
        if name == "order_lines" and "orders" not in tables:
            columns = ORDERS | columns
        if any(isinstance(row.get("order_id"), str) for row in rows):
            columns["order_id"] = TEXT
        if any(row.get("created_at") and row["created_at"].tzinfo for row in rows):
            columns["created_at"] = pa.timestamp("us", "UTC")
        result[name] = pa.Table.from_pylist(rows, schema=pa.schema(columns))
    return result
