"""Costs in whole steps of 0.000001 against exact decimals."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from engine import Catalog
from engine.policies.model import Band, Costs
from engine.selection.costs import (
    cost_of_parcels,
    cost_of_quantity,
    cost_table,
    unit_and_shipment_cost,
)

MICRO = Decimal("0.000001")
amounts = st.decimals(0, 10**6, places=9)
by_km = st.decimals(0, 1000, places=9)
distances = st.integers(-1, 21_000 * 10**6)


def rounded(cost):
    """A cost in 1e-6, half to even."""
    return int(cost.quantize(MICRO, ROUND_HALF_EVEN) / MICRO)


def shop(handling):
    """A catalogue of one source."""
    return Catalog.from_tables(
        {
            "sources": pa.table({"source_code": ["a"], "handling_cost": [handling]}),
            "stock_source_links": pa.table(
                {"stock_id": [1], "source_code": ["a"], "priority": [1]}
            ),
            "source_items": pa.table({"source_code": ["a"], "sku": ["A"], "quantity": [1]}),
        }
    )


@given(amounts, amounts, by_km, st.floats(0, 10**6), distances, st.lists(amounts, max_size=3))
def test_unit_and_shipment_costs(per_shipment, per_unit, per_unit_km, handling, mm, limits):
    limits = sorted({round(limit, 6) for limit in limits})
    bands = tuple(
        Band(up_to_km=km, per_shipment=Decimal(at), per_unit=Decimal(at) / 8)
        for at, km in enumerate(limits)
    )
    costs = Costs(
        per_shipment=per_shipment, per_unit=per_unit, per_unit_km=per_unit_km, bands=bands
    )
    unit, shipment = unit_and_shipment_cost(
        cost_table(shop(handling), costs), np.array([mm]), np.array([0])
    )
    km = Decimal(mm) / 10**6 if mm >= 0 else Decimal(20_015)
    near = [at for at, limit in enumerate(limits) if km <= limit]
    band = near[0] if near else max(len(limits) - 1, 0)
    assert unit[0] == rounded(per_unit + Decimal(band) / 8 + per_unit_km * km)
    assert shipment[0] == rounded(per_shipment + band + Decimal(repr(handling)))


@given(st.integers(0, 10**12), st.integers(0, 10**10))
def test_what_a_quantity_costs(unit_cost, quantity):
    if unit_cost * quantity > 2**62:
        quantity %= 10**6
    found = cost_of_quantity(np.array([unit_cost]), np.array([quantity]))
    assert found[0] == rounded(Decimal(unit_cost) * MICRO * quantity / 10_000)


def test_rates_send_what_is_too_much_in_several_parcels():
    offsets, up_to = np.array([0, 2, 3]), np.array([10_000, 50_000, 20_000])
    cost = np.array([3, 7, 4])
    quantity = np.array([1, 10_000, 10_001, 50_000, 50_001, 100_000, 110_001, 20_000, 40_001, 5])
    rate = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, -1])
    found = cost_of_parcels(quantity, rate, offsets, up_to, cost)
    assert found.tolist() == [3, 3, 7, 7, 10, 14, 21, 4, 12, 0]
