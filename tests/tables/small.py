"""A small catalogue and its orders, as text, for tests to change one thing in."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import settings

from engine.tables.findings import Finding, describe
from engine.tables.raw import RawTable
from engine.tables.validate import Validated, validate_catalog, validate_orders

Columns = dict[str, Any]

# For laws on whole cases: one takes a tenth of a second.
fewer = settings(max_examples=settings.default.max_examples // 5)

CATALOG: dict[str, Columns] = {
    "sources": {"source_code": ["a", "b"]},
    "stocks": {"stock_id": ["1", "2"]},
    "sales_channels": {"type": ["website"], "code": ["base"], "stock_id": ["1"]},
    "stock_source_links": {
        "stock_id": ["1", "1", "2"],
        "source_code": ["a", "b", "b"],
        "priority": ["1", "2", "1"],
    },
    "source_items": {
        "source_code": ["a", "b", "b"],
        "sku": ["X", "X", "Y"],
        "quantity": ["1", "2", "3"],
    },
    "stock_items": {"sku": ["X"], "min_qty": ["0"]},
    "reservations": {"stock_id": ["1"], "sku": ["X"], "quantity": ["-1"]},
    "source_reservations": {"source_code": ["b"], "sku": ["Y"], "quantity": ["1"]},
    "geonames": {"country_code": ["FR"], "latitude": ["1"], "longitude": ["2"]},
    "distances": {"source_code": ["a"], "country_id": ["FR"], "postcode": ["1"], "km": ["5"]},
}
ORDERS: dict[str, Columns] = {
    "orders": {"order_id": ["7", "8"], "stock_id": ["1", "2"]},
    "order_lines": {
        "order_id": ["7", "7", "8"],
        "sku": ["X", "Y", "Y"],
        "qty": ["1", "1", "1"],
    },
}


def text_table(columns: Columns) -> RawTable:
    """The table as it comes from a CSV file."""
    return RawTable(pa.table({name: _text(values) for name, values in columns.items()}), True)


def _text(values: Any) -> Any:
    return pa.array(values, pa.string()) if isinstance(values, list) else values


def catalog(*without: str, **changed: Columns) -> dict[str, RawTable]:
    """The small catalogue as text; ``changed`` replaces columns of tables."""
    return _tables(CATALOG, without, changed)


def orders(*without: str, **changed: Columns) -> dict[str, RawTable]:
    """The orders as text; ``changed`` replaces columns of tables."""
    return _tables(ORDERS, without, changed)


def _tables(
    tables: Mapping[str, Columns], without: Sequence[str], changed: Mapping[str, Columns]
) -> dict[str, RawTable]:
    merged = {name: tables[name] | changed.get(name, {}) for name in tables if name not in without}
    return {
        name: text_table({at: values for at, values in columns.items() if values is not None})
        for name, columns in merged.items()
    }


def checked_catalog(*without: str, quarantine: bool = False, **changed: Columns) -> Validated:
    """What validation says of the small catalogue with changes."""
    return validate_catalog(catalog(*without, **changed), quarantine=quarantine)


def checked_orders(*without: str, quarantine: bool = False, **changed: Columns) -> Validated:
    """What validation says of the orders with changes, for the small catalogue as it is."""
    valid = validate_catalog(catalog())
    assert not valid.fatal
    return validate_orders(orders(*without, **changed), valid.tables, quarantine=quarantine)


def places(findings: Sequence[Finding]) -> list[tuple[str, str, str, list[int]]]:
    """Table, column, reason and rows of each finding."""
    return [(it.table, it.column, it.reason, it.rows.tolist()) for it in findings]


def said(findings: Sequence[Finding]) -> str:
    """The findings as a person reads them."""
    return "\n".join(describe(finding) for finding in findings)


def finding(table: str, column: str, rows: Sequence[int], values: Sequence[str | None]) -> Finding:
    """A finding as reading or checking makes it."""
    return Finding(table, column, "odd", "mend it", np.array(rows, np.int64), values)
