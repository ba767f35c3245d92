"""Reading the tables: values, keys, defaults, orders in their sequence."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Tables = Mapping[str, list[Row] | None]

UNIT = Decimal("0.0001")
ZERO = Decimal(0)

ITEM_DEFAULTS: Row = {
    "manage_stock": True,
    "min_qty": 0,
    "backorders": 0,
    "min_sale_qty": 1,
    "max_sale_qty": 10000,
    "qty_increments": 0,
    "is_qty_decimal": False,
}


def rows(tables: Tables, name: str) -> list[Row]:
    """The rows of a table, none if it is absent."""
    return list(tables.get(name) or [])


def quantity(value: Any) -> Decimal:
    """A quantity with four decimals; a float means the number it prints as."""
    return Decimal(str(value)).quantize(UNIT)


def fold(sku: str) -> str:
    """Lower case, code point by code point: a letter whose lower case is longer stays."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in sku)


def given(value: Any, default: Any) -> Any:
    """The value, or the default for null."""
    return default if value is None else value


def enabled_sources(tables: Tables) -> set[str]:
    """Codes of the sources that may ship."""
    return {s["source_code"] for s in rows(tables, "sources") if given(s.get("enabled"), True)}


def linked_sources(tables: Tables) -> dict[int, list[str]]:
    """Sources of each stock, disabled ones too, in priority order."""
    links = rows(tables, "stock_source_links")
    links.sort(key=lambda link: (link["priority"], link["source_code"].encode()))
    result: dict[int, list[str]] = {}
    for link in links:
        result.setdefault(link["stock_id"], []).append(link["source_code"])
    return result


def read_items(tables: Tables) -> dict[tuple[str, str], Row]:
    """Source items by (source_code, folded SKU), in input order; each row is a fresh dict."""
    return {
        (row["source_code"], fold(row["sku"])): {
            "source_code": row["source_code"],
            "sku": row["sku"],
            "quantity": quantity(row["quantity"]),
            "status": int(given(row.get("status"), 1)),
        }
        for row in rows(tables, "source_items")
    }


def spellings(tables: Tables) -> dict[str, str]:
    """The catalogue's spelling of each folded SKU: the byte-smallest one of its source items."""
    result: dict[str, str] = {}
    for row in rows(tables, "source_items"):
        known = result.setdefault(fold(row["sku"]), row["sku"])
        result[fold(row["sku"])] = min(known, row["sku"], key=str.encode)
    return result


def sums(tables: Tables, name: str, key: str) -> dict[tuple[Any, str], Decimal]:
    """Total quantity of a table by (key column, folded SKU)."""
    result: dict[tuple[Any, str], Decimal] = {}
    for row in rows(tables, name):
        where = (row[key], fold(row["sku"]))
        result[where] = result.get(where, ZERO) + quantity(row["quantity"])
    return result


def item_settings(tables: Tables) -> dict[str | None, Row]:
    """Stock item rows by folded SKU; None holds the default, which is always there."""
    stored = {
        None if row["sku"] is None else fold(row["sku"]): row for row in rows(tables, "stock_items")
    }
    result: dict[str | None, Row] = {None: merged(stored.get(None, {}), ITEM_DEFAULTS)}
    for sku, row in stored.items():
        result[sku] = merged(row, result[None])
    return result


def merged(row: Row, defaults: Row) -> Row:
    """Each setting of the row, or the default's where the row has none."""
    return {name: given(row.get(name), default) for name, default in defaults.items()}


def settings_of(sku: str, settings: dict[str | None, Row]) -> Row:
    """The settings of a folded SKU."""
    return settings.get(sku, settings[None])


def read_orders(tables: Tables) -> list[Row]:
    """Orders in sequence, each as {"order", "stock_id", "lines"}, lines in input order."""
    lines: dict[str, list[Row]] = {}
    for line in rows(tables, "order_lines"):
        lines.setdefault(str(line["order_id"]), []).append(line)
    if tables.get("orders") is None:
        orders = [own[0] for own in lines.values()]
    else:
        orders = rows(tables, "orders")
    channels = {(c["type"], c["code"]): c["stock_id"] for c in rows(tables, "sales_channels")}
    return [
        {
            "order": order,
            "stock_id": stock_of(order, channels),
            "lines": lines.get(str(order["order_id"]), []),
        }
        for order in sorted(orders, key=turn)  # a stable sort: position in the input comes last
    ]


def turn(order: Row) -> tuple[int, bool, datetime]:
    """Sort key of an order: high priority first, then the earlier one, unknown times last."""
    created = order.get("created_at")
    moment = given(created, datetime.min)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return -given(order.get("priority"), 0), created is None, moment


def stock_of(order: Row, channels: dict[tuple[str, str], int]) -> int:
    """The stock an order names, by itself or through its sales channel."""
    if order.get("stock_id") is not None:
        return order["stock_id"]
    return channels[order["sales_channel_type"], order["sales_channel_code"]]
