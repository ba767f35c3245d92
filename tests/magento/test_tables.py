"""Text of a database -> tables, without one."""

import pyarrow as pa
import pytest

from engine.magento.location import find_store
from engine.magento.sql import OPTIONAL, parts, statement
from engine.magento.tables import store_tables

STORE = find_store("mysql://reader@db/shop?prefix=m2_&status=it's")
NAMES = [name for name in parts(STORE) if name != "end"]


def empty(*without: str) -> dict[str, pa.Table]:
    """Return what an empty store gives."""
    return {
        name: pa.table({column: pa.array([], pa.string()) for column in parts(STORE)[name].columns})
        for name in NAMES
        if name not in without
    }


def test_an_empty_store_has_every_table_but_geonames():
    tables = store_tables(empty())
    assert set(tables) == set(NAMES) - {"config", "geonames"}
    assert {name for name, table in tables.items() if table.num_rows} == {"stock_items"}
    assert tables["order_lines"].column_names == [
        *("order_id", "sku", "qty", "order_item_id", "qty_per_item"),
    ]
    without = store_tables(empty("geonames", "source_reservations", "orders", "order_lines"))
    assert set(without) == set(tables) - {"source_reservations", "orders", "order_lines"}


@pytest.mark.parametrize(
    ("text", "short"),
    [
        *(("3.0000", "3"), ("0.5000", "0.5"), ("-10.0100", "-10.01"), ("100", "100")),
        *(("100.000", "100"), ("0.0001", "0.0001"), ("1.0", "1"), (None, None)),
        ("0.33333333333333333333000", "0.33333333333333333333"),
    ],
)
def test_zeros_at_the_end_go(text: str | None, short: str | None):
    read = empty()
    row = {name: [text] for name in read["order_lines"].column_names}
    read["order_lines"] = pa.table(row, schema=read["order_lines"].schema)
    assert store_tables(read)["order_lines"]["qty"].to_pylist() == [short]


def test_every_table_has_the_prefix():
    query = statement(STORE, parts(STORE))
    tables = set(query.split("`")[1::2])
    assert all(name.startswith("m2_") for name in tables)
    assert tables >= {f"m2_{name}" for name in (*OPTIONAL, "inventory_reservation", "store")}
    assert "it's" not in query
    assert "{" not in query


def test_what_is_absent_is_not_asked_for():
    query = statement(STORE, parts(STORE, frozenset(OPTIONAL)))
    assert not any(name in query for name in OPTIONAL)
