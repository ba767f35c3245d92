"""A small real trader to ask what-ifs of."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import engine
from engine.clock import Clock
from engine.folders import read_run
from engine.selection.plan import find_plan
from engine.whatif.case import Case, details_of

NORTHWIND = Path(__file__).parents[2] / "data" / "northwind"


@pytest.fixture(scope="session")
def case() -> Case:
    run = read_run(NORTHWIND / "catalog", NORTHWIND / "orders", quarantine=False, clock=Clock())
    return Case(run.catalog, run.orders, details_of(run.table), find_plan("distance", None))


@pytest.fixture(scope="session")
def orders() -> tuple[Any, Any]:
    """Return the trader's orders at made-up coordinates, which need no addresses looked up."""
    read = engine.read_orders(NORTHWIND / "orders")
    kept = read.orders.table.select(["order_id", "stock_id", "created_at"])
    rows = range(kept.num_rows)
    places = {
        "latitude": [str(at * 7 % 170 - 85) for at in rows],
        "longitude": [str(at * 11 % 360 - 180) for at in rows],
    }
    for name, values in places.items():
        kept = kept.append_column(name, pa.array(values))
    return read.orders._replace(table=kept), read.order_lines


def small(**tables: Any) -> Case:
    """Return a case of a few rows, given as dicts or as an Arrow table."""
    from engine.orders import encode_orders
    from engine.tables.raw import as_raw
    from engine.tables.schema import ORDER_TABLES
    from engine.tables.validate import validate_orders

    given = {
        name: pa.Table.from_pylist(rows) if isinstance(rows, list) else rows
        for name, rows in tables.items()
    }
    wanted = {name: given.pop(name) for name in ("orders", "order_lines")}
    catalog = engine.Catalog.from_tables(given)
    raw, findings = as_raw(wanted, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings)
    assert not valid.fatal
    found = encode_orders(valid, catalog)
    return Case(catalog, found, details_of(valid.tables["orders"]), find_plan("priority", None))


def two_sources(**more: Any) -> Case:
    """Return two sources, one of which also has B, and three orders, the last without a date."""
    tables = {
        "sources": [{"source_code": "lyon"}, {"source_code": "paris"}],
        "stock_source_links": [
            {"stock_id": 1, "source_code": "paris", "priority": 1},
            {"stock_id": 1, "source_code": "lyon", "priority": 2},
        ],
        "source_items": [
            {"source_code": "paris", "sku": "A", "quantity": 7},
            {"source_code": "lyon", "sku": "A", "quantity": 5},
            {"source_code": "paris", "sku": "B-1", "quantity": 3},
        ],
        "orders": [
            {"order_id": at, "stock_id": 1, "created_at": day, "country_id": country}
            for at, day, country in [
                (1, "2024-01-01", "FR"),
                (2, "2024-01-02", "FR"),
                (3, None, "DE"),
            ]
        ],
        "order_lines": [
            {"order_id": 1, "sku": "a", "qty": 4},
            {"order_id": 2, "sku": "A", "qty": 2},
            {"order_id": 2, "sku": "new", "qty": 1},
            {"order_id": 3, "sku": "b-1", "qty": 9},
        ],
    }
    return small(**{**tables, **more})
