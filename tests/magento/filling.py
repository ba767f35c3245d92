"""The tables of a data set -> rows of Magento's tables."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any

import pyarrow as pa

from engine.tables.columns import check_columns
from engine.tables.raw import RawTable
from engine.tables.schema import SCHEMAS
from tests.magento.server import Database

Rows = list[dict[str, Any]]
_OWN = ("manage_stock", "min_qty", "backorders", "min_sale_qty", "max_sale_qty")
_PICKUP_ORDERS = 4_000_000_000


def canonical(tables: Mapping[str, RawTable]) -> dict[str, pa.Table]:
    """Return tables as they are understood, whatever format they came in."""
    return {name: check_columns(SCHEMAS[name], raw).table for name, raw in tables.items()}


def fill(database: Database, tables: Mapping[str, pa.Table]) -> None:
    """Put a catalogue and orders where Magento has them."""
    rows = {name: table.to_pylist() for name, table in tables.items()}
    stocks = [row["stock_id"] for row in rows["stocks"]]
    channels = rows.get("sales_channels") or [
        {"type": "website", "code": f"web{stock}", "stock_id": stock} for stock in stocks
    ]
    database.insert("inventory_source", *map(_source, rows["sources"]))
    database.insert("inventory_stock", *rows["stocks"])
    database.insert("inventory_stock_sales_channel", *channels)
    database.insert("inventory_source_stock_link", *rows["stock_source_links"])
    database.insert("inventory_source_item", *rows["source_items"])
    database.insert("inventory_reservation", *_one_by_one(rows.get("reservations", [])))
    websites = {row["code"]: at for at, row in enumerate(channels, 1)}
    database.insert(
        "store_website", *({"website_id": at, "code": it} for it, at in websites.items())
    )
    database.insert(
        "store",
        *(
            {"store_id": at + 10, "code": f"{it}_en", "website_id": at}
            for it, at in websites.items()
        ),
    )
    products = _products(rows["source_items"] + rows.get("stock_items", []))
    database.insert(
        "catalog_product_entity", *({"entity_id": at, "sku": it} for it, at in products.items())
    )
    _fill_stock_items(database, rows.get("stock_items", []), products)
    stores = {row["stock_id"]: websites[row["code"]] + 10 for row in channels}
    stores |= {row["code"]: websites[row["code"]] + 10 for row in channels}
    _fill_orders(database, rows.get("orders", []), rows.get("order_lines", []), stores, products)
    _fill_pickups(database, rows.get("source_reservations", []), min(stores.values()))


def _source(row: dict[str, Any]) -> dict[str, Any]:
    names = ("source_code", "name", "enabled", "latitude", "longitude", "country_id", "region")
    kept = {name: row[name] for name in (*names, "region_id", "city", "street", "postcode")}
    for name in ("name", "country_id", "postcode"):
        kept[name] = kept[name] or ""  # not null in Magento
    return kept


def _one_by_one(rows: Rows) -> Rows:
    """Split each reservation into an order and part of its shipment."""
    halves = []
    for row in rows:
        part = (row["quantity"] / 3).quantize(Decimal("0.0001"))
        halves += [{**row, "quantity": row["quantity"] - part}, {**row, "quantity": part}]
    return halves


def _products(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    skus = dict.fromkeys(row["sku"] for row in rows if row["sku"] is not None)
    return {sku: at for at, sku in enumerate(skus, 1)}


def _fill_stock_items(database: Database, rows: Rows, products: dict[str, int]) -> None:
    for row in rows:
        if row["sku"] is None:
            named = [(name, row[name]) for name in _OWN if row[name] is not None]
            if row["qty_increments"] is not None:
                named += [("qty_increments", row["qty_increments"]), ("enable_qty_increments", 1)]
            database.insert("core_config_data", *map(setting, *zip(*named, strict=True)))
            continue
        own = {name: row[name] for name in _OWN if row[name] is not None}
        flags = {f"use_config_{name}": 0 for name in own}
        if row["qty_increments"] is not None:
            own |= {"qty_increments": row["qty_increments"], "enable_qty_increments": 1}
            flags |= {"use_config_qty_increments": 0, "use_config_enable_qty_inc": 0}
        decimal = {"is_qty_decimal": row["is_qty_decimal"] or 0}
        key = {"product_id": products[row["sku"]], "stock_id": 1}
        database.insert("cataloginventory_stock_item", {**key, **own, **flags, **decimal})
    # Those that leave all to the store say nothing.
    used = {products[row["sku"]] for row in rows if row["sku"] is not None}
    rest = [{"product_id": at, "stock_id": 1} for at in products.values() if at not in used]
    database.insert("cataloginventory_stock_item", *rest)


def setting(name: str, value: object) -> dict[str, Any]:
    """Return the row of a setting of the store."""
    text = str(int(value)) if isinstance(value, bool) else None if value is None else str(value)
    return {"path": f"cataloginventory/item_options/{name}", "value": text}


def _fill_orders(
    database: Database, orders: Rows, lines: Rows, stores: dict[Any, int], products: dict[str, int]
) -> None:
    addresses, heads = [], []
    for row in orders:
        key = row["stock_id"] if row["stock_id"] is not None else row["sales_channel_code"]
        head = {"entity_id": int(row["order_id"]), "state": "processing", "status": "picking"}
        heads.append(
            {**head, "store_id": stores[key], "created_at": row["created_at"] or "2020-01-01"}
        )
        place = {name: row[name] for name in ("country_id", "region", "city", "postcode", "street")}
        shipping = {"parent_id": int(row["order_id"]), "address_type": "shipping", **place}
        billing = {**shipping, "address_type": "billing", **dict.fromkeys(place, "XX")}
        addresses += [billing, shipping]
    database.insert("sales_order", *heads)
    database.insert("sales_order_address", *addresses)
    database.insert(
        "sales_order_item",
        *(
            {
                "order_id": int(row["order_id"]),
                "product_id": products.get(row["sku"]),
                "product_type": "simple",
                "sku": row["sku"],
                "qty_ordered": row["qty"] + 3,
                "qty_shipped": 1,
                "qty_canceled": Decimal("1.5"),
                "qty_refunded": Decimal("0.5"),
            }
            for row in lines
        ),
    )


def _fill_pickups(database: Database, rows: Rows, store: int) -> None:
    """Have the promised units of each source wait in an order that is to be picked up."""
    ids = count(_PICKUP_ORDERS)
    for source in dict.fromkeys(row["source_code"] for row in rows):
        order = next(ids)
        head = {"entity_id": order, "state": "processing", "status": "processing"}
        database.insert("sales_order", {**head, "store_id": store})
        pickup = {"order_id": order, "pickup_location_code": source}
        database.insert("inventory_pickup_location_order", pickup)
        lines = [row for row in rows if row["source_code"] == source]
        database.insert(
            "sales_order_item",
            *({"order_id": order, "sku": it["sku"], "qty_ordered": it["quantity"]} for it in lines),
        )
