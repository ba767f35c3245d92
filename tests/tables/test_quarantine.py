"""Quarantine: what it sets aside, what hangs on that, and what it must not touch."""

import numpy as np
import pyarrow as pa
import pytest

import engine
from engine.tables.findings import rejects_table, whole_table
from engine.tables.raw import RawTable
from engine.tables.schema import CATALOG_TABLES, ORDER_TABLES, SCHEMAS
from engine.tables.validate import validate_catalog, validate_orders

from .small import catalog, checked_catalog, checked_orders, finding, orders, places, said

REST = "order has a rejected row"


def test_quarantine_of_a_bad_source_takes_its_links_and_items_along():
    valid = checked_catalog(quarantine=True, sources={"enabled": ["true", "maybe"]})
    assert valid.fatal == []
    hangs = "its source has a rejected row"
    assert places(valid.rejects) == [
        ("sources", "enabled", "neither true nor false", [1]),
        ("stock_source_links", "source_code", hangs, [1, 2]),
        ("source_items", "source_code", hangs, [1, 2]),
        ("source_reservations", "source_code", hangs, [0]),
    ]
    assert valid.rejects[1].values == ["b", "b"]
    assert valid.tables["stock_source_links"]["source_code"].to_pylist() == ["a"]
    assert valid.tables["source_items"]["sku"].to_pylist() == ["X"]
    assert valid.tables["stocks"].num_rows == 2


def test_quarantine_of_a_bad_stock_takes_what_names_it_along():
    valid = checked_catalog(
        quarantine=True,
        stocks={"stock_id": ["1", "1"]},
        stock_source_links={"stock_id": ["1", "1", "1"], "source_code": ["a", "b", "z"]},
    )
    hangs = "its stock has a rejected row"
    assert places(valid.rejects) == [
        ("stocks", "stock_id", "duplicate key", [0, 1]),
        ("stock_source_links", "source_code", "unknown source_code", [2]),
        ("sales_channels", "stock_id", hangs, [0]),
        ("stock_source_links", "stock_id", hangs, [0, 1]),
        ("reservations", "stock_id", hangs, [0]),
    ]


def test_quarantine_of_a_duplicate_rejects_every_row_of_the_key():
    valid = checked_catalog(
        quarantine=True, source_items={"source_code": ["b"] * 3, "sku": ["Y", "X", "y"]}
    )
    assert places(valid.rejects) == [("source_items", "source_code, sku", "duplicate key", [0, 2])]
    assert valid.tables["source_items"]["sku"].to_pylist() == ["X"]


def test_quarantine_takes_a_stock_away_with_its_last_link():
    """Without a stocks table: or its channel would sell from whatever stock comes first."""
    links = {"stock_id": ["1", "2"], "source_code": ["a", "b"], "priority": ["x", "1"]}
    valid = checked_catalog("stocks", quarantine=True, stock_source_links=links)
    assert valid.fatal == []
    hangs = "its stock has a rejected row"
    assert places(valid.rejects) == [
        ("stock_source_links", "priority", "not a whole number", [0]),
        ("sales_channels", "stock_id", hangs, [0]),
        ("reservations", "stock_id", hangs, [0]),
    ]


def test_quarantine_keeps_a_stock_that_has_another_link():
    valid = checked_catalog(
        "stocks", quarantine=True, stock_source_links={"priority": ["x", "1", "1"]}
    )
    assert places(valid.rejects) == [("stock_source_links", "priority", "not a whole number", [0])]
    assert valid.tables["sales_channels"].num_rows == valid.tables["reservations"].num_rows == 1


def test_quarantine_sells_nothing_for_a_channel_whose_stock_is_gone():
    links = {"stock_id": ["1", "2"], "source_code": ["a", "b"], "priority": ["70000", "1"]}
    raw = catalog("stocks", "reservations", stock_source_links=links)
    inventory = engine.Catalog.from_tables(raw, quarantine=True)
    wanted = orders(
        orders={
            "stock_id": [None, "2"],
            "sales_channel_type": ["website", None],
            "sales_channel_code": ["base", None],
        }
    )
    result = engine.allocate(inventory, wanted["orders"], wanted["order_lines"], quarantine=True)
    assert result.orders["order_id"].to_pylist() == ["8"]
    assert {(it["table"], it["row"]) for it in result.rejects.to_pylist()} == {
        ("stock_source_links", 0),
        ("sales_channels", 0),
        ("orders", 0),
        ("order_lines", 0),
        ("order_lines", 1),
    }


def test_quarantine_of_a_bad_line_takes_its_whole_order_along():
    valid = checked_orders(quarantine=True, order_lines={"qty": ["1", "-1", "1"]})
    assert places(valid.rejects) == [
        ("order_lines", "qty", "negative", [1]),
        ("orders", "order_id", REST, [0]),
        ("order_lines", "order_id", REST, [0]),
    ]
    assert [list(it.values) for it in valid.rejects] == [["-1"], ["7"], ["7"]]
    assert valid.tables["orders"]["order_id"].to_pylist() == ["8"]
    assert valid.tables["order_lines"]["order_id"].to_pylist() == ["8"]


def test_quarantine_of_a_bad_order_takes_its_lines_along():
    valid = checked_orders(quarantine=True, orders={"stock_id": ["1", "9"]})
    assert places(valid.rejects) == [
        ("orders", "stock_id", "unknown stock_id", [1]),
        ("order_lines", "order_id", REST, [2]),
    ]


def test_quarantine_of_duplicate_orders_takes_all_their_lines_along():
    valid = checked_orders(
        quarantine=True, orders={"order_id": ["7", "7"]}, order_lines={"order_id": ["7", "7", "7"]}
    )
    assert places(valid.rejects) == [
        ("orders", "order_id", "duplicate key", [0, 1]),
        ("order_lines", "order_id", REST, [0, 1, 2]),
    ]
    assert valid.tables["orders"].num_rows == valid.tables["order_lines"].num_rows == 0


def test_quarantine_of_lines_that_belong_to_no_order():
    valid = checked_orders(quarantine=True, order_lines={"order_id": ["7", "9", None]})
    assert places(valid.rejects) == [
        ("order_lines", "order_id", "null", [2]),
        ("order_lines", "order_id", "unknown order_id", [1]),
    ]
    assert valid.tables["orders"].num_rows == 2


def test_quarantine_of_orders_that_stand_in_their_lines():
    columns = {"stock_id": ["1", "2", "2"], "priority": ["1", "1", "x"]}
    valid = checked_orders(
        "orders", quarantine=True, order_lines=columns | {"order_id": ["7", "7", "8"]}
    )
    assert places(valid.rejects) == [
        ("order_lines", "priority", "not a whole number", [2]),
        ("order_lines", "stock_id", "differs from the first line of the order", [1]),
        ("order_lines", "order_id", REST, [0]),
    ]
    assert valid.tables["orders"].num_rows == 0


def test_quarantine_counts_a_row_with_two_faults_as_one_row():
    valid = checked_orders(
        quarantine=True, order_lines={"qty": ["1", "1", "x"], "sku": ["X", "Y", None]}
    )
    rows = {(it.table, row) for it in valid.rejects for row in it.rows.tolist()}
    assert rows == {("order_lines", 2), ("orders", 1)}
    assert rejects_table(valid.rejects, tuple(SCHEMAS)).num_rows == 3
    assert valid.tables["order_lines"].num_rows == 2


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("reservations", "quantity"), ("reservations", "stock_id"), ("reservations", "sku")),
        *(("source_reservations", "quantity"), ("source_reservations", "source_code")),
        *(("stock_items", "min_qty"), ("distances", "km"), ("distances", "postcode")),
    ],
)
def test_quarantine_stops_at_a_bad_row_that_restricts(table, column):
    valid = checked_catalog(
        quarantine=True,
        **{table: {column: pa.array([None] if column != "min_qty" else ["x"], pa.string())}},
    )
    assert {it.table for it in valid.fatal} == {table}


def test_quarantine_stops_at_duplicate_settings():
    valid = checked_catalog(quarantine=True, stock_items={"sku": ["X", "x"], "min_qty": ["0", "5"]})
    assert places(valid.fatal) == [("stock_items", "sku", "duplicate key", [0, 1])]


@pytest.mark.parametrize(
    "columns",
    [{"quantity": None}, {"quantity": pa.array([True] * 3)}, {"sku": pa.array([1.5] * 3)}],
)
def test_quarantine_stops_at_a_column_that_cannot_be_used(columns):
    valid = checked_catalog(quarantine=True, source_items=columns)
    assert len(valid.fatal) == 1
    assert len(valid.fatal[0].rows) == 0


def test_quarantine_stops_at_a_missing_table():
    assert len(checked_catalog("sources", quarantine=True).fatal) == 1
    assert len(checked_orders("order_lines", quarantine=True).fatal) == 1


def test_quarantine_stops_at_times_with_and_without_offset():
    created = ["2024-01-01", "2024-01-01T00:00:00Z"]
    valid = checked_orders(quarantine=True, orders={"created_at": created})
    assert said(valid.fatal).startswith("orders.created_at: times with and without an offset (")


@pytest.mark.parametrize("table", CATALOG_TABLES)
def test_quarantine_stops_at_a_table_that_could_not_be_read(table):
    """Its bad rows are named, but the good ones are not there either."""
    unread = [finding(table, "", [3], ["2 fields"])]
    valid = validate_catalog(catalog(table), unread, quarantine=True)
    assert unread[0] in valid.fatal


@pytest.mark.parametrize("table", ORDER_TABLES)
def test_quarantine_stops_at_orders_that_could_not_be_read(table):
    unread = [finding(table, "", [3], ["2 fields"])]
    valid = validate_orders(orders(table), checked_catalog().tables, unread, quarantine=True)
    assert unread[0] in valid.fatal
    assert valid.tables == {}


def test_quarantine_stops_at_an_unknown_table():
    found = [whole_table("source_reservation", "unknown table", "rename it")]
    assert validate_catalog(catalog(), found, quarantine=True).fatal == found


def test_quarantine_lists_rejects_by_table_and_row():
    valid = checked_orders(
        quarantine=True, orders={"stock_id": ["1", "9"]}, order_lines={"qty": ["x", "1", "1"]}
    )
    table = rejects_table(valid.rejects, tuple(SCHEMAS))
    assert [(it["table"], it["row"], it["value"], it["reason"]) for it in table.to_pylist()] == [
        ("orders", 0, "7", REST),
        ("orders", 1, "9", "unknown stock_id"),
        ("order_lines", 0, "x", "not a number"),
        ("order_lines", 1, "7", REST),
        ("order_lines", 2, "8", REST),
    ]


def test_quarantine_of_a_million_bad_rows():
    count = 10**6
    ids = np.char.add("o", np.arange(count).astype(str))
    table = pa.table(
        {
            "order_id": ids,
            "stock_id": np.ones(count, np.int64),
            "sku": ids,
            "qty": np.full(count, np.nan),
        }
    )
    valid = validate_orders(
        {"order_lines": RawTable(table)}, checked_catalog().tables, quarantine=True
    )
    assert valid.fatal == []
    assert valid.tables["orders"].num_rows == 0
    assert rejects_table(valid.rejects, tuple(SCHEMAS)).num_rows == count
