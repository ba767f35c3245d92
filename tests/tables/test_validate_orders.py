import pyarrow as pa
import pytest

from engine.tables.findings import whole_table
from engine.tables.raw import RawTable
from engine.tables.validate import validate_orders

from .small import (
    ORDERS,
    checked_catalog,
    checked_orders,
    orders,
    places,
)


def without_rows(columns):
    return {name: [] for name in columns}


@pytest.mark.parametrize("quarantine", [False, True])
def test_validate_orders_takes_good_ones(quarantine):
    valid = checked_orders(quarantine=quarantine)
    assert (valid.fatal, valid.rejects, valid.notes) == ([], [], [])
    assert valid.tables["orders"]["order_id"].cast(pa.string()).to_pylist() == ["7", "8"]
    assert valid.tables["order_lines"]["sku"].to_pylist() == ["X", "Y", "Y"]


def test_validate_orders_without_lines_tonight():
    valid = checked_orders(order_lines=without_rows(ORDERS["order_lines"]))
    assert valid.fatal == []
    assert valid.tables["orders"].num_rows == 2


def test_validate_orders_misses_the_lines_and_still_checks_the_orders():
    valid = checked_orders("order_lines", orders={"stock_id": ["1", "x"]})
    assert places(valid.fatal) == [
        ("order_lines", "", "missing table", []),
        ("orders", "stock_id", "not a whole number", [1]),
    ]
    assert valid.tables == {}


def test_validate_orders_does_not_look_for_unread_orders_in_the_lines():
    unread = [whole_table("orders", "is cut short", "copy it again")]
    tables = checked_catalog().tables
    valid = validate_orders(orders("orders", order_lines={"qty": ["1", "x", "1"]}), tables, unread)
    assert places(valid.fatal) == [
        ("orders", "", "is cut short", []),
        ("order_lines", "qty", "not a number", [1]),
    ]


def test_validate_orders_blames_no_line_for_a_missing_column():
    valid = checked_orders(orders={"order_id": None})
    assert places(valid.fatal) == [("orders", "order_id", "missing column", [])]


def test_validate_orders_finds_lines_without_their_order():
    valid = checked_orders(order_lines={"order_id": ["7", "9", "07"]})
    assert places(valid.fatal) == [("order_lines", "order_id", "unknown order_id", [1, 2])]


def test_validate_orders_blames_no_order_for_a_bad_catalogue():
    """The stock is there, twice; to call it unknown would send people the wrong way."""
    valid = checked_catalog(
        stocks={"stock_id": ["1", "1"]},
        stock_source_links={"stock_id": ["1"] * 3, "source_code": ["a", "b", "z"]},
    )
    assert len(valid.fatal) == 2
    assert validate_orders(orders(orders={"stock_id": ["1", "1"]}), valid.tables).fatal == []


@pytest.mark.parametrize("name", ["orders", "order_lines"])
def test_validate_orders_takes_integers_for_text_keys(name):
    other = {"orders": "order_lines", "order_lines": "orders"}[name]
    columns = ORDERS[name] | {"order_id": pa.array([int(it) for it in ORDERS[name]["order_id"]])}
    numeric = {it: values for it, values in columns.items() if it in ("order_id", "sku")}
    numeric |= {
        it: pa.array([int(v) for v in columns[it]]) for it in ("stock_id", "qty") if it in columns
    }
    raw = {name: RawTable(pa.table(numeric)), other: orders()[other]}
    valid = validate_orders(raw, checked_catalog().tables)
    assert valid.fatal == []
    assert valid.id_type == (pa.int64() if name == "orders" else pa.string())
    assert valid.tables["order_lines"]["order_id"].to_pylist() == ["7", "7", "8"]


@pytest.mark.parametrize(
    ("of", "id_type"),
    [
        (pa.int16(), pa.int16()),
        (pa.uint64(), pa.uint64()),
        (pa.string(), pa.string()),
        (pa.large_string(), pa.string()),
        (pa.string_view(), pa.string()),
    ],
)
def test_validate_orders_keeps_the_type_of_the_ids(of, id_type):
    ids = pa.array([7, 8]).cast(pa.string() if pa.types.is_string_view(of) else of)
    table = pa.table(
        {
            "order_id": pa.array(ids.to_pylist(), of),
            "stock_id": [1, 2],
            "sku": ["X", "Y"],
            "qty": [1, 1],
        }
    )
    valid = validate_orders({"order_lines": RawTable(table)}, checked_catalog().tables)
    assert valid.fatal == []
    assert valid.id_type == id_type
    assert valid.tables["orders"]["order_id"].cast(pa.string()).to_pylist() == ["7", "8"]


def test_validate_orders_in_the_lines_finds_what_is_wrong_with_orders():
    valid = checked_orders("orders")
    reason = "not exactly one of stock and sales channel"
    assert [(it.table, it.reason, it.rows.tolist()) for it in valid.fatal] == [
        ("order_lines", reason, [0, 1, 2])
    ]
