"""The order set: sequence, lines by order, what is encoded."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from engine.catalog import Catalog
from engine.orders import encode_orders
from engine.tables.raw import RawTable
from engine.tables.validate import validate_orders

CATALOG = Catalog.from_tables(
    {
        "sources": pa.table({"source_code": ["a"]}),
        "stock_source_links": pa.table(
            {"stock_id": [1, 2], "source_code": ["a", "a"], "priority": [1, 1]}
        ),
        "sales_channels": pa.table({"type": ["website"], "code": ["base"], "stock_id": [2]}),
        "source_items": pa.table({"source_code": ["a"], "sku": ["Sku-1"], "quantity": [1]}),
    }
)


def encode(orders, lines, *, is_text=False):
    """Validate and encode tables against the small catalogue."""
    raw = {"order_lines": RawTable(pa.table(lines), is_text)}
    if orders is not None:
        raw["orders"] = RawTable(pa.table(orders), is_text)
    valid = validate_orders(raw, CATALOG.tables)
    assert not valid.fatal
    return encode_orders(valid, CATALOG)


NO_LINES = {"order_id": pa.array([], pa.string()), "sku": pa.array([], pa.string()), "qty": []}


def ids(**columns):
    """Return the ids of orders 1, 2, 3, ... in sequence."""
    length = len(next(iter(columns.values())))
    orders = {"order_id": list(range(1, length + 1)), "stock_id": [1] * length, **columns}
    return list(map(int, encode(orders, NO_LINES).ids.to_pylist()))


def test_sequence_priority_descending_null_is_0():
    assert ids(priority=[None, 5, -1, 0, 5]) == [2, 5, 1, 4, 3]


def test_sequence_created_at_ascending_null_last():
    days = [datetime(2024, 1, day, tzinfo=UTC) if day else None for day in (3, None, 1, 3, 2)]
    assert ids(created_at=days) == [3, 5, 1, 4, 2]


def test_sequence_priority_before_created_at():
    assert ids(priority=[0, 1], created_at=["2024-01-01", "2024-01-02"]) == [2, 1]


@pytest.mark.parametrize("offset", ["", "Z"])
def test_sequence_created_at_as_text(offset):
    times = [f"2024-01-01T00:00:00.{part}{offset}" for part in ("2", "10", "100000001")]
    assert ids(created_at=times) == [2, 3, 1]


def test_sequence_created_at_compares_instants():
    assert ids(created_at=["2024-01-01T12:00:00+02:00", "2024-01-01T10:30:00Z"]) == [1, 2]
    assert ids(created_at=["2024-01-01T12:00:00+00:00", "2024-01-01T13:30:00+02:00"]) == [2, 1]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_sequence_created_at_of_any_unit(unit):
    times = pa.array([2, None, 1]).cast(pa.timestamp(unit))
    assert ids(created_at=times) == [3, 1, 2]


def test_encode_orders_keeps_the_lines_of_scattered_orders_in_order():
    orders = {"order_id": [1, 2], "stock_id": [1, 1], "priority": [0, 9]}
    lines = {"order_id": [1, 2, 1, 2], "sku": ["a", "b", "c", "d"], "qty": [1, 2, 3, 4]}
    encoded = encode(orders, lines)
    assert encoded.ids.to_pylist() == [2, 1]
    assert encoded.sku_names.to_pylist() == ["b", "d", "a", "c"]
    assert encoded.offsets.tolist() == [0, 2, 4]
    assert encoded.position.tolist() == [0, 1, 0, 1]
    assert encoded.order_of_line.tolist() == [0, 0, 1, 1]


def test_encode_orders_carried_by_lines():
    lines = {
        "order_id": ["x", "y", "x"],
        "stock_id": [1, 2, 1],
        "sku": ["SKU-1", "sku-1", "other"],
        "qty": [1, 1, 1],
    }
    encoded = encode(None, lines)
    assert encoded.ids.to_pylist() == ["x", "y"]
    assert encoded.stock.tolist() == [0, 1]
    assert encoded.skus.tolist() == [0, -1, 0]


def test_encode_orders_of_a_sales_channel_get_its_stock():
    orders = {
        "order_id": ["1", "2"],
        "stock_id": [None, "1"],
        "sales_channel_type": ["website", None],
        "sales_channel_code": ["base", None],
    }
    assert encode(orders, NO_LINES, is_text=True).stock.tolist() == [1, 0]


def test_encode_orders_without_lines_are_counted_in_a_note():
    lines = {"order_id": [2], "sku": ["a"], "qty": [1]}
    encoded = encode({"order_id": [1, 2, 3], "stock_id": [1, 1, 1]}, lines)
    assert encoded.notes == ["orders: 2 without lines"]
    assert encoded.offsets.tolist() == [0, 0, 1, 1]


def test_encode_orders_keys_agree_if_they_print_the_same():
    orders = {"order_id": [7, 8], "stock_id": [1, 1]}
    lines = {"order_id": ["8", "7"], "sku": ["a", "b"], "qty": [1, 1]}
    assert encode(orders, lines).sku_names.to_pylist() == ["b", "a"]


def test_order_set_arrays_are_read_only():
    encoded = encode({"order_id": [1], "stock_id": [1]}, NO_LINES)
    for array in (encoded.stock, encoded.offsets, encoded.skus, encoded.quantity):
        assert not array.flags.writeable


def test_encode_orders_columns_that_nobody_filled():
    empty = pa.array([None], pa.float64())  # as pandas writes them
    orders = {"order_id": [1], "stock_id": [1], "region": empty, "postcode": empty}
    encoded = encode({**orders, "created_at": empty, "sales_channel_code": empty}, NO_LINES)
    assert encoded.ids.to_pylist() == ["1"]
    assert not encoded.destinations.located.any()
