"""The run's own check finds every broken law."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from engine.algorithms.priority import Priority
from engine.catalog import Catalog
from engine.clock import Clock
from engine.orders import encode_orders
from engine.selection.conservation import ConservationError, check_conservation
from engine.selection.deduction import Selection
from engine.tables.raw import RawTable
from engine.tables.validate import validate_orders

CATALOG = Catalog.from_tables(
    {
        "sources": pa.table({"source_code": ["a", "b", "off"], "enabled": [True, True, False]}),
        "stocks": pa.table({"stock_id": [1, 2]}),
        "stock_source_links": pa.table(
            {
                "stock_id": [1, 1, 1, 2],
                "source_code": ["a", "b", "off", "b"],
                "priority": [1, 2, 3, 1],
            }
        ),
        "source_items": pa.table(
            {
                "source_code": ["a", "b", "off", "a", "b"],
                "sku": ["x", "x", "x", "y", "y"],
                "quantity": [5, 5, 5, 5, 5],
                "status": [1, 1, 1, 0, 1],
            }
        ),
    }
)
LINES = {"order_id": [1, 1, 2, 2], "sku": ["x", "y", "x", "ghost"], "qty": [7, 2, 2, 1]}


def start():
    """Return encoded orders for the catalogue."""
    raw = {
        "orders": RawTable(pa.table({"order_id": [1, 2], "stock_id": [1, 1]})),
        "order_lines": RawTable(pa.table(LINES)),
    }
    return encode_orders(validate_orders(raw, CATALOG.tables), CATALOG)


def run(*, independent):
    """Return orders, what was decided and what that left."""
    orders = start()
    selection = Selection(CATALOG, Priority(), independent=independent, include_zero=False)
    return orders, selection.serve(orders, Clock()), selection.left


def changed(done, left, /, **columns):
    """Return copies with some values replaced: column -> (position, value)."""
    arrays = done._asdict() | {"left": left}
    for name, (at, value) in columns.items():
        arrays[name] = arrays[name].copy()
        arrays[name][at] = value
    left = arrays.pop("left")
    return type(done)(**arrays), left


@pytest.mark.parametrize("independent", [False, True])
def test_check_conservation_true_run_passes(independent):
    orders, *decided = run(independent=independent)
    check_conservation(CATALOG, orders, *decided, independent=independent)


# Items: x at a, b, off are 0, 1, 2; y at a, b are 3, 4.
# Picks: x from a, x from b, y from b, x from b.
@pytest.mark.parametrize(
    ("law", "columns"),
    [
        ("wanted = deducted + short", {"short": (3, 0)}),
        ("wanted = deducted + short", {"quantity": (0, 40_000)}),
        ("nothing negative", {"quantity": (0, -10_000), "short": (0, 60_000)}),
        ("nothing beyond what is available", {"available": (0, 49_999)}),
        ("the picked item is of the line's SKU", {"items": (0, 4)}),
        ("only from linked, enabled, in-stock sources", {"items": (0, 2)}),
        ("only from linked, enabled, in-stock sources", {"items": (2, 3)}),
        ("before = after + deducted", {"left": (0, 1)}),
        ("before = after + deducted", {"left": (2, 40_000)}),
    ],
)
def test_check_conservation_names_the_broken_law(law, columns):
    orders, *decided = run(independent=False)
    with pytest.raises(ConservationError, match=law.replace("+", r"\+")):
        check_conservation(CATALOG, orders, *changed(*decided, **columns), independent=False)


def test_check_conservation_finds_units_promised_twice():
    orders, *decided = run(independent=False)
    # Every single pick looks right; only the sum over the item gives it away.
    done, _ = changed(*decided, available=(1, 80_000), quantity=(1, 80_000))
    left = CATALOG.items.quantity - sums(done.items, done.quantity, 5)
    orders = replace(orders, quantity=sums(done.lines, done.quantity, 4) + done.short)
    with pytest.raises(ConservationError, match="no deduction below 0"):
        check_conservation(CATALOG, orders, done, left, independent=False)


def sums(group, quantity, length):
    """Add up quantities by group."""
    return np.bincount(group, quantity, length).astype(np.int64)


@pytest.mark.parametrize(
    ("law", "columns"),
    [
        ("the snapshot is untouched", {"left": (1, 0)}),
        ("no order takes more than there is", {"quantity": (1, 60_000), "available": (1, 60_000)}),
    ],
)
def test_check_conservation_holds_order_by_order(law, columns):
    orders, *decided = run(independent=True)
    done, left = changed(*decided, **columns)
    orders = replace(orders, quantity=sums(done.lines, done.quantity, 4) + done.short)
    with pytest.raises(ConservationError, match=law):
        check_conservation(CATALOG, orders, done, left, independent=True)
