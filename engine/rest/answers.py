"""Answers as JSON, and the rows of the store as MSI's data interfaces."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from starlette.responses import Response

from engine.rest.select import number
from engine.rest.store import FIELDS

encode = msgspec.json.Encoder().encode


def answer(content: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(encode(content), status, media_type="application/json")


def source(row: sqlite3.Row) -> dict[str, Any]:
    """Return a source; as MSI does, without what is not set."""
    fields = {name: row[name] for name in FIELDS if row[name] is not None}
    for name in ("enabled", "use_default_carrier_config"):
        fields[name] = bool(fields[name])
    for name in ("carrier_links", "extension_attributes"):
        fields[name] = json.loads(fields[name])
    if not fields["extension_attributes"]:
        del fields["extension_attributes"]
    return fields


def link(row: sqlite3.Row) -> dict[str, Any]:
    """Return a stock-source link."""
    return {name: row[name] for name in ("stock_id", "source_code", "priority")}


def source_item(row: sqlite3.Row) -> dict[str, Any]:
    """Return a source item."""
    return {
        "sku": row["sku"],
        "source_code": row["source_code"],
        "quantity": number(row["quantity"]),
        "status": row["status"],
    }


def stocks(db: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> list[dict[str, Any]]:
    """Return stocks with their sales channels."""
    query = "SELECT type, code FROM sales_channels WHERE stock_id = ? ORDER BY type, code"
    return [
        {
            "stock_id": row["stock_id"],
            "name": row["name"],
            "extension_attributes": {
                "sales_channels": [dict(one) for one in db.execute(query, [row["stock_id"]])]
            },
        }
        for row in rows
    ]


def each(one: Callable[[sqlite3.Row], dict[str, Any]]) -> Callable[..., list[dict[str, Any]]]:
    """Return what turns the rows of a query into answers, one by one."""
    return lambda _, rows: [one(row) for row in rows]
