from datetime import datetime

import pyarrow as pa
import pytest

from engine.tables.columns import check_columns
from engine.tables.order_rules import (
    check_orders,
    complete_orders,
    known_stocks,
    orders_of_lines,
)
from engine.tables.raw import RawTable
from engine.tables.schema import SCHEMAS
from engine.tables.validate import validate_orders

from .small import checked_catalog, checked_orders, places, said, text_table

WAYS = ("stock_id", "sales_channel_type", "sales_channel_code")
NOT_ONE = "not exactly one of stock and sales channel"


def catalog():
    return checked_catalog().tables


def of_orders(**columns):
    table = text_table(
        {"order_id": [str(at) for at in range(len(next(iter(columns.values()))))]} | columns
    )
    return check_columns(SCHEMAS["orders"], table)


def lines(*rows, **more):
    """Lines with order columns; each row is (order_id, stock_id)."""
    columns = {
        "order_id": [order for order, _ in rows],
        "stock_id": [stock for _, stock in rows],
        "sku": ["X"] * len(rows),
        "qty": ["1"] * len(rows),
    }
    return {"order_lines": columns | more}


@pytest.mark.parametrize(
    ("stock", "kind", "code", "good"),
    [
        ("1", None, None, True),
        (None, "website", "base", True),
        (None, None, None, False),
        ("1", "website", "base", False),
        ("1", "website", None, False),
        ("1", None, "base", False),
        (None, "website", None, False),
        (None, None, "base", False),
    ],
)
def test_check_orders_wants_exactly_one_way_to_a_stock(stock, kind, code, good):
    row = dict(zip(WAYS, ([stock], [kind], [code]), strict=True))
    found = check_orders(of_orders(**row), catalog())
    expected = [] if good else [("orders", ", ".join(WAYS), NOT_ONE, [0])]
    assert places(found) == expected


def test_check_orders_says_what_is_wrong_and_what_to_do():
    found = check_orders(of_orders(stock_id=["1", None]), catalog())
    assert said(found) == (
        "orders.stock_id, sales_channel_type, sales_channel_code: not exactly one of stock and "
        "sales channel in 1 row (row 1: 'null, null, null'); "
        "give stock_id, or both sales_channel_type and sales_channel_code"
    )


def test_check_orders_finds_unknown_stocks_and_channels():
    found = check_orders(
        of_orders(
            stock_id=["1", "3", None, None],
            sales_channel_type=[None, None, "website", "Website"],
            sales_channel_code=[None, None, "base", "base"],
        ),
        catalog(),
    )
    assert places(found) == [
        ("orders", "stock_id", "unknown stock_id", [1]),
        ("orders", ", ".join(WAYS[1:]), f"unknown {', '.join(WAYS[1:])}", [3]),
    ]
    assert said(found).splitlines()[0].endswith("add it to the catalogue's stocks, or correct it")


def test_check_orders_without_channels_in_the_catalogue():
    tables = checked_catalog("sales_channels").tables
    found = check_orders(of_orders(sales_channel_type=["w"], sales_channel_code=["b"]), tables)
    assert said(found).endswith("add it to sales_channels, or correct it")


def test_check_orders_without_a_stocks_table_knows_the_linked_stocks():
    tables = checked_catalog("stocks", "sales_channels").tables
    found = check_orders(of_orders(stock_id=["1", "2", "3"]), tables)
    assert places(found) == [("orders", "stock_id", "unknown stock_id", [2])]
    assert "the catalogue's stock_source_links" in said(found)


def test_check_orders_does_not_blame_orders_for_a_broken_catalogue():
    tables = catalog()
    tables["stocks"] = check_columns(SCHEMAS["stocks"], text_table({"name": ["a"]})).table
    assert check_orders(of_orders(stock_id=["1"]), tables) == []
    assert check_orders(of_orders(stock_id=["1"]), {}) == []


def test_check_orders_says_nothing_more_of_a_bad_value():
    assert check_orders(of_orders(stock_id=["x"]), catalog()) == []
    kind = pa.array([b"\xff"]).cast(pa.string(), safe=False)
    raw = pa.table({"order_id": ["1"], "sales_channel_type": kind, "sales_channel_code": ["base"]})
    checked = check_columns(SCHEMAS["orders"], RawTable(raw))
    assert len(checked.findings) == 1
    assert check_orders(checked, catalog()) == []


def test_orders_of_lines_are_those_of_the_first_line():
    valid = checked_orders(
        "orders", **lines(("8", "2"), ("7", "1"), ("8", "2"), postcode=["1 A", "2", "1a"])
    )
    assert valid.fatal == []
    assert valid.tables["orders"].select(["order_id", "stock_id", "postcode"]).to_pylist() == [
        {"order_id": "8", "stock_id": 2, "postcode": "1 A"},
        {"order_id": "7", "stock_id": 1, "postcode": "2"},
    ]
    assert orders_of_lines(valid.tables["order_lines"][:0]).num_rows == 0


@pytest.mark.parametrize("column", [it.name for it in SCHEMAS["orders"].columns[1:]])
def test_check_agreement_of_every_order_column(column):
    one, other = ("a", "b") if column not in ("created_at", "stock_id") else ("2024-01-01", None)
    if column in ("stock_id", "priority", "latitude", "longitude"):
        one, other = "1", "2"
    if column == "ship_policy":
        one, other = "line", "order"
    pair = {"latitude": "longitude", "longitude": "latitude"}.get(column)
    more = {column: [one, one, other]} | ({pair: ["0"] * 3} if pair else {})
    rows = [("7", "1")] * 3
    valid = checked_orders("orders", **lines(*rows, **more))
    found = [it for it in valid.fatal if it.reason == "differs from the first line of the order"]
    assert places(found) == [("order_lines", column, found[0].reason, [2])]


def test_check_agreement_takes_what_means_the_same():
    more = {
        "priority": [None, "0"],
        "postcode": ["1 a", "1A"],
        "country_id": ["fr", " FR"],
        "created_at": ["2024-01-01", "2024-01-01 00:00:00"],
    }
    valid = checked_orders("orders", **lines(("7", "1"), ("7", "1.0"), **more))
    assert valid.fatal == []


def test_check_agreement_says_nothing_of_bad_values_and_null_orders():
    rows = [("7", "1"), ("7", "1"), ("8", "1"), ("8", "1"), (None, "1"), (None, "2")]
    valid = checked_orders("orders", **lines(*rows, priority=["1", "x", "y", "1", "1", "2"]))
    assert places(valid.fatal) == [
        ("order_lines", "order_id", "null", [4, 5]),
        ("order_lines", "priority", "not a whole number", [1, 2]),
    ]


def test_check_agreement_of_times_beyond_those_of_python():
    created = pa.array([2**60, 2**61], pa.timestamp("us", "Mars/Base"))
    table = pa.table(
        {
            "order_id": [7, 7],
            "sku": ["X"] * 2,
            "qty": [1, 1],
            "stock_id": [1, 1],
            "created_at": created,
        }
    )
    valid = validate_orders({"order_lines": RawTable(table)}, catalog())
    assert [it.column for it in valid.fatal] == ["created_at"]
    assert valid.fatal[0].values[0].startswith("<value out of range: ")


def test_complete_orders_fills_in_the_stock_of_the_channel():
    channels = {
        "type": ["website", "shop", "website"],
        "code": ["base", "base", "b2b"],
        "stock_id": ["2", "1", "1"],
    }
    tables = checked_catalog(sales_channels=channels).tables
    table = of_orders(
        stock_id=[None, "1", None, "2", None],
        sales_channel_type=["website", None, "shop", None, "website"],
        sales_channel_code=["base", None, "base", None, "b2b"],
    ).table
    assert complete_orders(table, tables)["stock_id"].to_pylist() == [2, 1, 1, 2, 1]
    assert complete_orders(table[:0], tables).num_rows == 0


@pytest.mark.parametrize("without", [["sales_channels"], []])
def test_complete_orders_without_channels(without):
    tables = checked_catalog(*without).tables
    table = of_orders(stock_id=["1", "2"]).table
    assert complete_orders(table, tables)["stock_id"].to_pylist() == [1, 2]
    tables["sales_channels"] = catalog()["sales_channels"][:0]
    assert complete_orders(table, tables)["stock_id"].to_pylist() == [1, 2]


def test_known_stocks_are_those_of_the_table_or_else_of_the_links():
    assert known_stocks(
        checked_catalog(stocks={"stock_id": ["1", "2", "9"]}).tables
    ).to_pylist() == [1, 2, 9]
    assert known_stocks(checked_catalog("stocks").tables).to_pylist() == [1, 2]
    assert known_stocks({}).to_pylist() == []


def test_complete_orders_keeps_times_and_places():
    table = of_orders(
        stock_id=["1"], created_at=["2024-01-01"], latitude=["1"], longitude=["2"]
    ).table
    row = complete_orders(table, catalog()).to_pylist()[0]
    assert (row["created_at"], row["latitude"], row["longitude"]) == (
        datetime(2024, 1, 1),
        1.0,
        2.0,
    )
