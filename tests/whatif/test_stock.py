"""Quantities that are moved and scaled, against plain Python."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.errors import ScenarioError
from engine.types import MAX_QTY
from engine.whatif.apply import apply
from engine.whatif.rounding import scaled
from engine.whatif.stock import ordered_units
from tests.whatif.conftest import two_sources

BASE = engine.Scenario("one")
SMALL = two_sources()


def quantities(case):
    table = case.catalog.tables["source_items"]
    keys = zip(table["source_code"].to_pylist(), table["sku"].to_pylist(), strict=True)
    rows = zip(table["quantity"].to_pylist(), table["status"].to_pylist(), strict=True)
    return dict(zip(keys, rows, strict=True))


@given(
    st.integers(-(10**6), MAX_QTY),
    st.decimals(0, 1000, places=6).filter(lambda factor: factor.is_finite()),
)
def test_scaled_rounds_half_to_even(quantity, factor):
    unit = 10_000 if quantity % 10_000 == 0 else 1
    expected = round(Fraction(quantity, unit) * Fraction(factor)) * unit
    if quantity <= 0:
        expected = quantity
    if expected > MAX_QTY:
        with pytest.raises(ScenarioError, match=r"99999999\.9999"):
            scaled(np.array([quantity]), factor)
    else:
        assert scaled(np.array([quantity]), factor).tolist() == [expected]


@given(st.decimals(0, 1, places=3))
def test_move_stock_keeps_the_sum_of_every_sku(share):
    case = SMALL
    found = quantities(apply(BASE.move_stock("paris", "lyon", share=share), case))
    before = quantities(case)
    for sku in ("A", "B-1"):
        total = [
            sum(q for (_, it), (q, _) in rows.items() if it == sku) for rows in (before, found)
        ]
        assert total[0] == total[1]
    assert found["paris", "A"][0] == 7 - round(7 * Fraction(share))


def test_move_stock_by_pattern_and_rank():
    case = SMALL
    assert ordered_units(case).tolist() == [60_000, 90_000]  # A, B-1
    by_sku = quantities(apply(BASE.move_stock("paris", "lyon", sku="b-?"), case))
    by_rank = quantities(apply(BASE.move_stock("paris", "lyon", rank=(1, 1)), case))
    assert by_sku == by_rank
    assert by_sku["lyon", "B-1"] == (Decimal(3), 1)
    assert by_sku["paris", "A"] == (Decimal(7), 1)


def test_move_stock_leaves_what_is_promised_or_out_of_stock():
    items = [
        {"source_code": "paris", "sku": "A", "quantity": 7, "status": 1},
        {"source_code": "paris", "sku": "B", "quantity": 9, "status": 0},
        {"source_code": "lyon", "sku": "A", "quantity": -2, "status": 0},
    ]
    promised = [{"source_code": "paris", "sku": "A", "quantity": 3}]
    case = two_sources(source_items=items, source_reservations=promised)
    found = quantities(apply(BASE.move_stock("paris", "lyon"), case))
    assert found == {
        ("paris", "A"): (Decimal(3), 1),
        ("paris", "B"): (Decimal(9), 0),
        ("lyon", "A"): (Decimal(4), 1),
    }


def test_scale_stock_of_a_source():
    found = quantities(apply(BASE.scale_stock(1.5, source="paris"), SMALL))
    assert [quantity for quantity, _ in found.values()] == [10, 5, 4]  # 10.5 and 4.5 to even


def test_scale_stock_refuses_a_sku_that_the_source_lacks():
    with pytest.raises(ScenarioError, match="'lyon' has no item of SKU 'B-1'"):
        apply(BASE.scale_stock(2, source="lyon", sku="B-1"), SMALL)


@pytest.mark.parametrize("sku", ["ΑΣ", "ασ", "?σ", "İX", "İ?"])
def test_patterns_compare_as_skus_do(sku):
    """Python's lower case depends on the letters around, and may be longer."""
    items = [
        {"source_code": "paris", "sku": "ΑΣ", "quantity": 7},
        {"source_code": "paris", "sku": "İx", "quantity": 7},
    ]
    case = two_sources(source_items=items)
    found = quantities(apply(BASE.scale_stock(2, sku=sku), case))
    assert sorted(quantity for quantity, _ in found.values()) == [7, 14]


def test_safety_stock_replaces_the_row_of_a_sku_however_it_is_spelt():
    items = [{"source_code": "paris", "sku": "ΑΣ", "quantity": 7}]
    kept = [{"source_code": "paris", "sku": "ασ", "quantity": 3}]
    case = two_sources(source_items=items, safety_stock=kept)
    found = apply(BASE.set_safety_stock("paris", 1, sku="α*"), case)
    assert found.catalog.tables["safety_stock"]["quantity"].to_pylist() == [1]


def test_scale_stock_of_nothing_is_refused():
    empty = pa.table({"source_code": [""], "sku": [""], "quantity": [0]}).slice(1)
    with pytest.raises(ScenarioError, match="there is no item; give"):
        apply(BASE.scale_stock(2), two_sources(source_items=empty))
