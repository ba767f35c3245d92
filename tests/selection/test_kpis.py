"""Key figures: a case by hand, and their definitions applied to the result's tables."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from math import fsum, isclose, sqrt

import pyarrow as pa
from hypothesis import given

import engine
from tests.selection.test_allocate import algorithms, modes, run
from tests.strategies import cases, to_arrow

# One and three degrees of the equator on a sphere of radius 6371 km: 2 * pi * 6371 / 360 each.
ONE, THREE = 111.194927, 333.58478


def test_kpis_by_hand():
    catalog = engine.Catalog.from_tables(
        {
            "sources": pa.table(
                {
                    "source_code": ["a", "b", "idle"],
                    "latitude": [0.0, 0.0, 0.0],
                    "longitude": [1.0, 3.0, 9.0],
                }
            ),
            "stock_source_links": pa.table(
                {"stock_id": [1, 1], "source_code": ["a", "b"], "priority": [1, 2]}
            ),
            "source_items": pa.table(
                {"source_code": ["a", "b", "b"], "sku": ["x", "x", "y"], "quantity": [4, 10, 6]}
            ),
        }
    )
    orders = pa.table(
        {
            "order_id": [1, 2, 3],
            "stock_id": [1, 1, 1],
            "latitude": [0.0, 0.0, None],
            "longitude": [0.0, 0.0, None],
        }
    )
    lines = pa.table({"order_id": [1, 1, 2, 3], "sku": ["x", "y", "x", "z"], "qty": [6, 1, 8, 5]})
    kpis = engine.allocate(catalog, orders, lines).kpis
    # Order 1 takes 4 x from a, 2 x and 1 y from b; order 2 takes 8 x from b; order 3 nothing.
    assert (kpis.orders, kpis.lines, kpis.units, kpis.units_allocated) == (3, 4, 20.0, 15.0)
    assert kpis.unit_fill_rate == 15 / 20
    assert kpis.line_fill_rate == 3 / 4
    assert kpis.order_fill_rate == 2 / 3
    assert kpis.split_rate == 1 / 2
    assert kpis.split_rate_multi_line == 1 / 1
    assert kpis.shipments_per_order == 3 / 2
    assert isclose(kpis.distance_km, (ONE + THREE + THREE) / 3, rel_tol=1e-9)
    assert isclose(kpis.distance_km_by_unit, (4 * ONE + 11 * THREE) / 15, rel_tol=1e-9)
    assert kpis.shipments_without_distance == 0.0
    assert kpis.cost_per_order is None
    assert kpis.source_utilisation == {"a": 4 / 4, "b": 11 / 16, "idle": None}
    assert isclose(kpis.balance, 1.0)  # shares that remain: 0 and 5/16


@given(cases(), algorithms, modes)
def test_kpis_follow_their_definitions(case, algorithm, mode):
    result = run(to_arrow(case), algorithm=algorithm, mode=mode)
    kpis = result.kpis
    orders = result.orders.to_pylist()
    picks = [row for row in result.allocations.to_pylist() if row["qty_to_deduct"]]
    short = {(row["order_id"], row["line"]) for row in result.shortfalls.to_pylist()}
    wanted = sum((line["qty"] for line in case["order_lines"]), Decimal(0))
    served = [order for order in orders if order["source_count"]]
    shipments = defaultdict(set)
    for row in picks:
        shipments[row["order_id"], row["source_code"]].add(row["distance_km"])
    known = [distances.copy().pop() for distances in shipments.values() if None not in distances]
    assert all(len(distances) == 1 for distances in shipments.values())
    units = sum((row["qty_to_deduct"] for row in picks), Decimal(0))
    assert kpis.unit_fill_rate == ratio(Fraction(units), Fraction(wanted))
    assert kpis.line_fill_rate == ratio(kpis.lines - len(short), kpis.lines)
    assert kpis.order_fill_rate == ratio(sum(o["shippable"] for o in orders), len(orders))
    assert kpis.split_rate == ratio(sum(o["source_count"] > 1 for o in served), len(served))
    several = [order for order in served if order["lines"] > 1]
    split = sum(order["source_count"] > 1 for order in several)
    assert kpis.split_rate_multi_line == ratio(split, len(several))
    assert kpis.shipments_per_order == ratio(len(shipments), len(served))
    assert kpis.shipments_without_distance == ratio(len(shipments) - len(known), len(shipments))
    assert close(kpis.distance_km, ratio(fsum(known), len(known)))
    if mode == "independent":
        assert kpis.source_utilisation is None
        assert kpis.balance is None
    else:
        shares = [1 - part for part in kpis.source_utilisation.values() if part is not None]
        assert close(kpis.balance, spread(shares))


def ratio(part, whole):
    """Return part / whole, or None where there is no whole."""
    return float(Fraction(part) / Fraction(whole)) if whole else None


def spread(shares):
    """Return the coefficient of variation, or None where it has no meaning."""
    mean = sum(shares) / len(shares) if shares else 0
    if not mean:
        return None
    return sqrt(sum((share - mean) ** 2 for share in shares) / len(shares)) / mean


def close(one, other):
    """Compare figures that are means of floats."""
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
