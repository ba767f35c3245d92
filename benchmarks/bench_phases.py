"""Seconds by phase on the year of Online Retail: 20,538 orders, 518,385 lines.

``make bench`` prints the table. Kernels are compiled before the clock starts.
"""

from typing import Any

import pytest

from engine.catalog import encode_catalog
from engine.clock import Clock
from engine.io.read import read_tables
from engine.orders import encode_orders
from engine.packaged import packaged
from engine.selection.plan import find_plan
from engine.selection.run import Run
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


def run_of(catalog: Any, code: str) -> Run:
    """Begin a run."""
    plan = find_plan(code, None)
    return Run(catalog, plan=plan, mode="sequential", include_zero=False, clock=Clock())


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
    catalog, orders = year

    def fresh() -> Any:
        return (run_of(catalog, code), orders), {}

    benchmark.pedantic(Run.decide, setup=fresh, rounds=10, warmup_rounds=1)


def test_check_and_decode(benchmark: Any, year: tuple[Any, Any]) -> None:
    catalog, orders = year

    def fresh() -> Any:
        run = run_of(catalog, "distance")
        return (run, run.decide(orders)), {}

    benchmark.pedantic(Run.decode, setup=fresh, rounds=10, warmup_rounds=1)
