"""The oracle against results that Magento's own code gave, and against plain facts."""

import gzip
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle import allocate, check, salable

VECTORS = Path(__file__).parent / "data" / "vectors"
CASES = sorted(path.name for path in VECTORS.glob("*.json.gz"))
UNIT = Decimal("0.0001")


def load(name):
    """One vector file; numbers stay as they are written."""
    return json.loads(gzip.decompress((VECTORS / name).read_bytes()), parse_float=Decimal)


def as_tables(given):
    """The input of a vector as the tables of a catalogue and its orders."""
    orders = given["orders"]
    return {
        "sources": given["sources"],
        "stock_source_links": given["links"],
        "source_items": given["source_items"],
        "orders": [
            {
                "order_id": order["order_id"],
                "stock_id": order["stock_id"],
                "latitude": order["lat"],
                "longitude": order["lng"],
            }
            for order in orders
        ],
        "order_lines": [
            {"order_id": order["order_id"]} | item for order in orders for item in order["items"]
        ],
    }


@pytest.mark.needs_jit  # it looks at no code of the engine
@pytest.mark.parametrize("name", CASES)
def test_allocate_equals_vector(name):
    case = load(name)
    given = case["input"]
    result = allocate(as_tables(given), given["algorithm"], given["mode"], include_zero=True)
    picks = {order["order_id"]: Counter() for order in given["orders"]}
    for pick in result["allocations"]:
        key = pick["source_code"], pick["sku"], pick["qty_to_deduct"], pick["qty_available"]
        picks[pick["order_id"]][key] += 1
    expected = {
        order["order_id"]: Counter(
            (source, sku, Decimal(take).quantize(UNIT), Decimal(available).quantize(UNIT))
            for source, sku, take, available in order["items"]
        )
        for order in case["expected"]
    }
    assert picks == expected
    shippable = [(order["order_id"], order["shippable"]) for order in result["orders"]]
    assert shippable == [(order["order_id"], order["shippable"]) for order in case["expected"]]


def test_vectors_are_all_there():
    assert len(CASES) == 8


SALABLE = json.loads((VECTORS / "salable.json").read_text(), parse_float=Decimal)


def salable_case(case):
    """The fixture with a case's settings laid over it, its reservations and its requests."""
    settings = {row["sku"]: dict(row) for row in SALABLE["fixture"]["stock_items"]}
    for row in case.get("stock_items", []):
        settings.setdefault(row["sku"], {}).update(row)
    requests = list(enumerate(case.get("expect_check", [])))
    return SALABLE["fixture"] | {
        "stock_items": list(settings.values()),
        "reservations": [
            {"stock_id": stock, "sku": sku, "quantity": qty}
            for stock, sku, qty in case.get("reservations", [])
        ],
        "orders": [{"order_id": n, "stock_id": stock} for n, (_, stock, _, _) in requests],
        "order_lines": [
            {"order_id": n, "sku": sku, "qty": qty} for n, (sku, _, qty, _) in requests
        ],
    }


@pytest.mark.parametrize("case", SALABLE["cases"], ids=lambda case: case["name"])
def test_salable_and_check_equal_the_facts(case):
    tables = salable_case(case)
    columns = ("quantity", "is_salable", "salable_qty")
    found = {
        (row["sku"], row["stock_id"]): tuple(row[name] for name in columns)
        for row in salable(tables)
    }
    for sku, stock, *expected in case.get("expect_salable", []):
        assert found.get((sku, stock), (None, None, None)) == tuple(expected)
    answers = [row["is_salable"] for row in check(tables)]
    assert answers == [expected for *_, expected in case.get("expect_check", [])]
