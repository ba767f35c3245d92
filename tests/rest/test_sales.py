"""What can be sold of one SKU, against the oracle."""

from decimal import Decimal

import pytest
from hypothesis import given

from engine.catalog import Catalog
from engine.rest.changes import laid_out
from engine.rest.sales import is_salable, salable_qty, salable_result, sum_reservations
from tests import oracle
from tests.oracle.reading import fold
from tests.oracle.sales import NOT_ASSIGNED
from tests.strategies import GHOSTS, SKUS, WANTED, cases, named, to_arrow
from tests.test_catalog import load

SPELT = [sku[at % len(sku)] for at, sku in enumerate(SKUS)] + GHOSTS[:1]


@given(cases())
def test_salable_quantity_equals_oracle(case):
    catalog = laid_out(load(case))
    reserved = sum_reservations(catalog)
    expected = {(row["stock_id"], fold(row["sku"])): row for row in oracle.salable(case)}
    for stock_id in catalog.stock_ids.tolist():
        for sku in SPELT:
            row = expected.get((stock_id, fold(sku)), {"salable_qty": 0, "is_salable": False})
            assert salable_qty(catalog, reserved, sku, stock_id) == float(row["salable_qty"])
            assert is_salable(catalog, reserved, sku, stock_id) is row["is_salable"]


@given(cases())
def test_salable_for_a_quantity_equals_oracle(case):
    catalog = laid_out(load(case))
    reserved = sum_reservations(catalog)
    # Every stock and SKU, each with some quantity.
    asked = [
        (stock_id, sku, WANTED[(at + stock_id) % len(WANTED)])
        for stock_id in catalog.stock_ids.tolist()
        for at, sku in enumerate(SPELT)
    ]
    heads = [(at, stock_id) for at, (stock_id, _, _) in enumerate(asked)]
    orders = [{"order_id": at, "stock_id": stock_id} for at, stock_id in heads]
    lines = [{"order_id": at, "sku": sku, "qty": qty} for at, (_, sku, qty) in enumerate(asked)]
    expected = oracle.check({**case, "orders": orders, "order_lines": lines})
    for (stock_id, sku, qty), row in zip(asked, expected, strict=True):
        found = salable_result(catalog, reserved, sku, stock_id, int(qty * 10_000))
        assert found["salable"] is row["is_salable"]
        assert [error["code"] for error in found["errors"]] == row["codes"]
        assert all("%1" not in error["message"] for error in found["errors"])


def example(**settings: object) -> Catalog:
    """Return a catalogue of one SKU, of which 5 are there and 2 reserved."""
    tables = {
        "sources": [{"source_code": "a"}],
        "stock_source_links": named("stock_source_links", [(1, "a", 1)]),
        "source_items": named("source_items", [("a", "X", Decimal(5), 1)]),
        "reservations": named(
            "reservations", [(1, "x", Decimal("-2.5")), (1, "X", Decimal("0.5"))]
        ),
        "stock_items": [{"sku": "x", **settings}],
    }
    return laid_out(Catalog.from_tables(to_arrow(tables)))


def result(wanted: str, **settings: object) -> dict:
    catalog = example(**settings)
    units = int(Decimal(wanted) * 10_000)
    return salable_result(catalog, sum_reservations(catalog), "x", 1, units)


NUMBERS = {"min_sale_qty": Decimal(2), "qty_increments": Decimal("1.5"), "is_qty_decimal": True}


@pytest.mark.parametrize(
    ("wanted", "settings", "code", "message"),
    [
        (
            "1",
            NUMBERS,
            "is_correct_qty-min_sale_qty",
            "The fewest you may purchase is 2",
        ),
        (
            "10001",
            {},
            "is_correct_qty-max_sale_qty",
            "The requested qty exceeds the maximum qty allowed in shopping cart",
        ),
        (
            "2",
            NUMBERS,
            "is_correct_qty-qty_increment",
            "You can buy this product only in quantities of 1.5 at a time.",
        ),
        (
            "1.5",
            {},
            "is_correct_qty-is_qty_decimal",
            "You cannot use decimal quantity for this product.",
        ),
    ],
)
def test_a_limit_is_named_with_its_number(wanted: str, settings: dict, code: str, message: str):
    assert result(wanted, **settings) == {
        "salable": False,
        "errors": [{"code": code, "message": message}],
    }


def test_msis_words():
    catalog = example()
    reserved = sum_reservations(catalog)
    assert reserved == {"x": {1: -20_000}}
    assert salable_qty(catalog, reserved, "x", 1) == 3
    assert result("3") == {"salable": True, "errors": []}
    assert result("4") == {
        "salable": False,
        "errors": [
            {"code": "back_order-disabled", "message": "Backorders are disabled"},
            {"code": "manage_stock-enabled", "message": "Manage stock is enabled"},
            {
                "code": "is_salable_with_reservations-not_enough_qty",
                "message": "The requested qty is not available",
            },
        ],
    }


@pytest.mark.parametrize(("sku", "stock_id"), [("y", 1), ("x", 2)])
def test_what_is_not_assigned_is_not_sold(sku: str, stock_id: int):
    catalog = example()
    reserved = sum_reservations(catalog)
    assert salable_qty(catalog, reserved, sku, stock_id) == 0
    assert is_salable(catalog, reserved, sku, stock_id) is False
    assert salable_result(catalog, reserved, sku, stock_id, 10_000) == {
        "salable": False,
        "errors": [
            {"code": NOT_ASSIGNED, "message": "The requested sku is not assigned to given stock"}
        ],
    }
