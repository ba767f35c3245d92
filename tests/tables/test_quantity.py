from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import QuantityError
from engine.tables.quantity import (
    QTY_TYPE,
    SUM_TYPE,
    decimal_to_units,
    sum_by_group,
    units_to_decimal,
)
from engine.types import MAX_QTY, MAX_SUM

quantities = st.integers(-MAX_QTY, MAX_QTY)
sums = st.integers(-MAX_SUM, MAX_SUM)


def decimal(units):
    return None if units is None else Decimal(units).scaleb(-4)


@given(st.lists(st.none() | quantities))
def test_decimal_to_units_reads_every_quantity(units):
    values = pa.array([decimal(it) for it in units], QTY_TYPE)
    assert decimal_to_units(values).to_pylist() == units


@given(st.lists(st.none() | sums), st.data())
def test_decimal_to_units_reads_slices(units, data):
    start = data.draw(st.integers(0, len(units)))
    length = data.draw(st.integers(0, len(units) - start))
    values = pa.array([decimal(it) for it in units], SUM_TYPE).slice(start, length)
    assert decimal_to_units(values).to_pylist() == units[start : start + length]


@given(st.lists(sums))
def test_units_to_decimal_goes_there_and_back(units):
    values = units_to_decimal(np.array(units, np.int64), SUM_TYPE)
    values.validate(full=True)
    assert values.type == SUM_TYPE
    assert values.to_pylist() == [decimal(it) for it in units]
    assert decimal_to_units(values).to_pylist() == units


@given(st.lists(st.tuples(quantities, st.booleans())))
def test_units_to_decimal_leaves_out_nulls(rows):
    units = np.array([it for it, _ in rows], np.int64)
    null = np.array([it for _, it in rows], bool)
    values = units_to_decimal(units, null=null)
    assert values.type == QTY_TYPE
    assert values.to_pylist() == [None if missing else decimal(it) for it, missing in rows]


def test_decimal_to_units_of_nothing():
    assert decimal_to_units(pa.array([], QTY_TYPE)).to_pylist() == []
    assert decimal_to_units(pa.nulls(2, QTY_TYPE)).to_pylist() == [None, None]


@given(st.lists(st.tuples(st.integers(0, 3), quantities)))
def test_sum_by_group_is_exact(rows):
    group = np.array([at for at, _ in rows], np.int64)
    total = sum_by_group(group, np.array([it for _, it in rows], np.int64), 4, "qty")
    assert total.tolist() == [sum(it for at, it in rows if at == group) for group in range(4)]


def test_sum_by_group_of_nothing():
    nothing = np.empty(0, np.int64)
    assert sum_by_group(nothing, nothing, 0, "qty").tolist() == []
    assert sum_by_group(nothing, nothing, 2, "qty").tolist() == [0, 0]


@pytest.mark.parametrize("sign", [1, -1])
def test_sum_by_group_takes_the_largest_sum_and_no_more(sign):
    group = np.zeros(2, np.int64)
    units = np.array([MAX_SUM - 1, 1]) * sign
    assert sum_by_group(group, units, 1, "qty").tolist() == [MAX_SUM * sign]
    with pytest.raises(QuantityError, match=r"^orders\.qty: a sum .* 99999999999999\.9999; split"):
        sum_by_group(group, units + sign, 1, "orders.qty")


def test_sum_by_group_finds_a_sum_that_comes_round_again():
    """Twice 2**63 is 0 in 64 bits."""
    units = np.full(2**4, 2**60)
    with pytest.raises(QuantityError):
        sum_by_group(np.zeros(len(units), np.int64), units, 1, "qty")


def test_sum_by_group_lets_opposite_quantities_cancel():
    units = np.array([MAX_SUM, -MAX_SUM, MAX_SUM, 7, -MAX_SUM])
    assert sum_by_group(np.zeros(5, np.int64), units, 1, "qty").tolist() == [7]
