"""Seconds by phase on the year of Online Retail: 20,538 orders, 518,385 lines.

``make bench`` prints the table. Kernels are compiled before the clock starts.
"""

from typing import Any

import pytest

from engine.algorithms.registry import find_algorithm
from engine.catalog import encode_catalog
from engine.clock import Clock
from engine.io.read import read_tables
from engine.orders import encode_orders
from engine.packaged import packaged
from engine.selection.conservation import check_conservation
from engine.selection.deduction import Selection
from engine.selection.kpis import summarise
from engine.selection.result import build_result, pick_distances
from engine.tables.schema import CATALOG_TABLES, ORDER_TABLES, SCHEMAS
from engine.tables.validate import validate_catalog, validate_orders

YEAR = packaged("online_retail/year")


def read() -> tuple[Any, Any]:
    """Read both folders."""
    return (
        read_tables(YEAR / "catalog", CATALOG_TABLES, tuple(SCHEMAS)),
        read_tables(YEAR / "orders", ORDER_TABLES, tuple(SCHEMAS)),
    )


def validate(stock: Any, wanted: Any) -> tuple[Any, Any]:
    """Check every row."""
    inventory = validate_catalog(stock.tables)
    return inventory, validate_orders(wanted.tables, inventory.tables)


def encode(inventory: Any, asked: Any) -> tuple[Any, Any]:
    """Lay the tables out as arrays."""
    catalog = encode_catalog(inventory)
    return catalog, encode_orders(asked, catalog)


def decide(catalog: Any, orders: Any, code: str) -> Any:
    """Rank and deduct."""
    run = Selection(catalog, find_algorithm(code), independent=False, include_zero=False)
    return run.serve(orders, Clock()), run.left, run.in_stock


def decode(catalog: Any, orders: Any, done: Any, left: Any, in_stock: Any) -> Any:
    """Turn the arrays into tables."""
    mm = pick_distances(catalog, orders, done)
    kpis = summarise(catalog, orders, done, left, mm, independent=False)
    return build_result(catalog, orders, done, left, in_stock, mm, kpis, quarantine=False)


@pytest.fixture(scope="module")
def year() -> tuple[Any, Any]:
    """Return the encoded catalogue and orders."""
    return encode(*validate(*read()))


def test_read(benchmark: Any) -> None:
    benchmark(read)


def test_validate(benchmark: Any) -> None:
    benchmark(validate, *read())


def test_encode(benchmark: Any) -> None:
    benchmark(encode, *validate(*read()))


@pytest.mark.parametrize("code", ["priority", "distance"])
def test_rank_and_deduct(benchmark: Any, year: tuple[Any, Any], code: str) -> None:
    decide(*year, code)
    benchmark(decide, *year, code)


def test_check_and_decode(benchmark: Any, year: tuple[Any, Any]) -> None:
    done, left, in_stock = decide(*year, "distance")
    check_conservation(*year, done, left, independent=False)
    benchmark(decode, *year, done, left, in_stock)
