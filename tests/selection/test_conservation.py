"""The run's own check finds every broken law."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from engine.algorithms.priority import Priority
from engine.catalog import Catalog
from engine.clock import Clock
from engine.orders import encode_orders
from engine.selection.by_algorithm import ByAlgorithm
from engine.selection.conservation import Audit, ConservationError
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
    """Return orders, what was decided and what is left."""
    orders = start()
    selection = ByAlgorithm(CATALOG, Priority(), independent=independent, include_zero=False)
    done = selection.serve(orders, Clock())
    return orders, done, selection.left.copy()


def check(orders, done, left, *, independent):
    """Check one part and the end."""
    audit = Audit(CATALOG, independent=independent)
    audit.check(orders, done)
    audit.check_end(left)


def changed(done, **columns):
    """Return a copy of a decision with some values replaced: column -> (position, value)."""
    for name, (at, value) in columns.items():
        array = getattr(done, name).copy()
        array[at] = value
        done = done._replace(**{name: array})
    return (
        done if "sources" in columns else done._replace(sources=CATALOG.items.sources[done.items])
    )


@pytest.mark.parametrize("independent", [False, True])
def test_audit_true_run_passes(independent):
    check(*run(independent=independent), independent=independent)


# Items: x at a, b, off are 0, 1, 2; y at a, b are 3, 4.
# Picks: x from a, x from b, y from b, x from b.
@pytest.mark.parametrize(
    ("law", "columns"),
    [
        ("wanted = deducted + short", {"short": (3, 0)}),
        ("wanted = deducted + short", {"quantity": (0, 40_000)}),
        ("wanted = deducted + short", {"quantity": (1, 30_000), "short": (0, -10_000)}),
        ("the picked item is at the pick's source", {"sources": (0, 1)}),
        ("nothing negative", {"quantity": (0, -10_000), "short": (0, 60_000)}),
        ("nothing beyond what is available", {"available": (0, 49_999)}),
        ("the picked item is of the line's SKU", {"items": (0, 4)}),
        ("only from linked, enabled, in-stock sources", {"items": (0, 2)}),
        ("picks in the order of lines", {"lines": (3, 9), "short": (2, 20_000)}),
    ],
)
def test_audit_names_the_broken_law(law, columns):
    orders, done, left = run(independent=False)
    with pytest.raises(ConservationError, match=law.replace("+", r"\+")):
        check(orders, changed(done, **columns), left, independent=False)


def test_audit_end_finds_units_from_an_item_out_of_stock():
    orders, done, left = run(independent=False)
    left[[3, 4]] -= [20_000, -20_000]
    law = "only from linked, enabled, in-stock sources"
    with pytest.raises(ConservationError, match=law):
        check(orders, changed(done, items=(2, 3)), left, independent=False)


def test_audit_independent_finds_units_from_an_item_out_of_stock():
    orders, done, left = run(independent=True)
    law = "only from linked, enabled, in-stock sources"
    with pytest.raises(ConservationError, match=law):
        check(orders, changed(done, items=(2, 3)), left, independent=True)


@pytest.mark.parametrize(("item", "units"), [(0, 1), (2, 40_000), (1, -10_000)])
@pytest.mark.parametrize("independent", [False, True])
def test_audit_end_misses_a_unit(item, units, independent):
    orders, done, left = run(independent=independent)
    left[item] += units
    with pytest.raises(ConservationError, match=r"before = after \+ deducted"):
        check(orders, done, left, independent=independent)


@pytest.mark.parametrize("independent", [False, True])
def test_audit_finds_units_promised_twice(independent):
    orders, done, left = run(independent=independent)
    # Every single pick looks right; only the sum over the item gives it away.
    done = changed(done, available=(1, 80_000), quantity=(1, 80_000))
    orders = replace(orders, quantity=sums(done.lines, done.quantity, 4) + done.short)
    if not independent:
        left = CATALOG.items.quantity - sums(done.items, done.quantity, 5)
    with pytest.raises(ConservationError, match="nothing beyond what there was"):
        check(orders, done, left, independent=independent)


def sums(group, quantity, length):
    """Add up quantities by group."""
    return np.bincount(group, quantity, length).astype(np.int64)


def test_audit_adds_up_over_parts():
    orders, done, _ = run(independent=False)
    audit = Audit(CATALOG, independent=False)
    audit.check(orders, done)
    audit.check(orders, done)
    left = CATALOG.items.quantity - 2 * sums(done.items, done.quantity, 5)
    with pytest.raises(ConservationError, match="nothing beyond what there was"):
        audit.check_end(left)
