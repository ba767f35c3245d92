"""Salable quantity and the requested-qty check, against the oracle and MSI's own facts."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given

import engine
from engine.errors import QuantityError
from engine.salable import CODES
from tests import oracle
from tests.strategies import cases, to_arrow

FACTS = json.loads((Path(__file__).parent / "data" / "vectors" / "salable.json").read_text())
ORDER_TABLES = ("orders", "order_lines")


def load(tables):
    """Return the catalogue of a case in Arrow tables."""
    return engine.Catalog.from_tables(
        {name: table for name, table in tables.items() if name not in ORDER_TABLES}
    )


def check(tables):
    """Run the check on a case in Arrow tables."""
    return engine.check(load(tables), tables.get("orders"), tables["order_lines"])


@given(cases())
def test_salable_equals_oracle(case):
    assert engine.salable_quantity(load(to_arrow(case))).to_pylist() == oracle.salable(case)


@given(cases())
def test_check_equals_oracle(case):
    assert check(to_arrow(case)).to_pylist() == oracle.check(case)


def fact_tables(case):
    """Return the tables of one of MSI's cases: its settings laid over the fixture's."""
    fixture = FACTS["fixture"]
    settings = {row["sku"]: row for row in fixture["stock_items"]}
    for row in case.get("stock_items", []):
        settings[row["sku"]] = {**settings.get(row["sku"], {}), **row}
    tables = {name: pa.Table.from_pylist(rows) for name, rows in fixture.items()}
    names = sorted({name for row in settings.values() for name in row})
    tables["stock_items"] = pa.Table.from_pylist(
        [{name: row.get(name) for name in names} for row in settings.values()]
    )
    reservations = [
        dict(zip(("stock_id", "sku", "quantity"), row, strict=True))
        for row in case.get("reservations", [])
    ]
    if reservations:
        tables["reservations"] = pa.Table.from_pylist(reservations)
    return tables


@pytest.mark.parametrize("case", FACTS["cases"], ids=lambda case: case["name"])
def test_salable_equals_msi(case):
    rows = engine.salable_quantity(load(fact_tables(case))).to_pylist()
    found = {(row["sku"], row["stock_id"]): row for row in rows}
    assert case.get("expect_salable") or case.get("expect_check")
    for sku, stock, quantity, is_salable, salable_qty in case.get("expect_salable", []):
        row = found.get((sku, stock))
        if quantity is None:
            assert row is None
        else:
            expected = Decimal(str(quantity)), is_salable, Decimal(str(salable_qty))
            assert (row["quantity"], row["is_salable"], row["salable_qty"]) == expected


@pytest.mark.parametrize("case", FACTS["cases"], ids=lambda case: case["name"])
def test_check_equals_msi(case):
    asked = case.get("expect_check", [])
    lines = [
        {"order_id": at, "stock_id": stock, "sku": sku, "qty": Decimal(str(qty))}
        for at, (sku, stock, qty, _) in enumerate(asked)
    ]
    if not lines:
        return
    rows = check({**fact_tables(case), "order_lines": pa.Table.from_pylist(lines)}).to_pylist()
    assert [row["is_salable"] for row in rows] == [can for *_, can in asked]
    assert all(bool(row["codes"]) != row["is_salable"] for row in rows)


def test_codes_are_those_of_msi():
    assert CODES == (
        "requested-sku-is-not-assigned-to-given-stock",
        "is_correct_qty-min_sale_qty",
        "is_correct_qty-max_sale_qty",
        "is_correct_qty-qty_increment",
        "is_correct_qty-is_qty_decimal",
        "is_any_source_item_in_stock-no_source_items_in_stock",
        "back_order-disabled",
        "manage_stock-enabled",
        "is_salable_with_reservations-not_enough_qty",
    )


@pytest.mark.needs_jit
def test_salable_sum_out_of_range_is_refused():
    big = Decimal("99999999.9999")
    # A million reservations of the largest quantity: the sum leaves decimal(18,4).
    reservations = pa.table(
        {
            "stock_id": pa.repeat(1, 1_000_100),
            "sku": pa.repeat("A", 1_000_100),
            "quantity": pa.repeat(pa.scalar(big, pa.decimal128(12, 4)), 1_000_100),
        }
    )
    catalog = engine.Catalog.from_tables(
        {
            "sources": pa.table({"source_code": ["a"]}),
            "stock_source_links": pa.table(
                {"stock_id": [1], "source_code": ["a"], "priority": [1]}
            ),
            "source_items": pa.table({"source_code": ["a"], "sku": ["A"], "quantity": [1]}),
            "reservations": reservations,
        }
    )
    with pytest.raises(QuantityError, match="sum of quantities exceeds"):
        engine.salable_quantity(catalog)
