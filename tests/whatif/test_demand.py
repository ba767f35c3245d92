"""Orders that are copied, dropped, drawn and moved."""

from collections import Counter
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.errors import ScenarioError
from engine.whatif.apply import apply
from engine.whatif.case import take_orders
from tests.whatif.conftest import two_sources

BASE = engine.Scenario("one")
SMALL = two_sources()
LINES = {1: [("a", 4)], 2: [("A", 2), ("new", 1)], 3: [("b-1", 9)]}


def baskets(case):
    """Return id and lines of each order, in sequence."""
    orders = case.orders
    lines = list(
        zip(orders.sku_names.to_pylist(), (orders.quantity // 10_000).tolist(), strict=True)
    )
    spans = zip(orders.offsets[:-1].tolist(), orders.offsets[1:].tolist(), strict=True)
    return [(at, lines[a:b]) for at, (a, b) in zip(orders.ids.to_pylist(), spans, strict=True)]


@given(st.decimals(0, 4, places=2), st.integers(0, 9))
def test_scale_demand_copies_whole_orders(factor, seed):
    found = baskets(apply(BASE.scale_demand(factor, seed), SMALL))
    assert len(found) == int(factor) * 3 + round(3 * (Fraction(factor) % 1))
    ids = [at for at, _ in found]
    assert len(set(ids)) == len(ids)
    origin = {str(lines): at for at, lines in LINES.items()}
    times = Counter(origin[str(lines)] for _, lines in found)
    assert set(times.values()) | {int(factor)} <= {int(factor), int(factor) + 1}
    # In sequence, and an order that is there twice keeps its id the first time.
    assert [origin[str(lines)] for _, lines in found] == sorted(times.elements())
    assert set(times) <= set(ids)


def test_scale_demand_of_one_is_the_same(case):
    assert apply(BASE.scale_demand(1), case) is case


def test_scale_demand_follows_its_seed(case):
    one, same, other = (
        apply(BASE.scale_demand(0.5, seed), case).orders.ids.to_pylist() for seed in (1, 1, 2)
    )
    assert one == same != other


def test_more_demand_contains_less(case):
    less, more = (set(apply(BASE.scale_demand(f), case).orders.ids.to_pylist()) for f in (0.4, 0.6))
    assert less < more


def test_copies_of_numbered_orders_get_the_next_numbers():
    found = apply(BASE.scale_demand(3), SMALL)
    assert found.orders.ids.to_pylist() == [1, 4, 5, 2, 6, 7, 3, 8, 9]
    assert found.orders.id_type == pa.int64()


@pytest.mark.parametrize("kind", [pa.uint32(), pa.uint64(), pa.int64()], ids=str)
def test_copies_of_numbered_orders_get_numbers_whatever_the_lines_have(kind):
    orders = pa.table({"order_id": pa.array([7, 9], kind), "stock_id": [1, 1]})
    lines = [{"order_id": at, "sku": "a", "qty": 1} for at in ("7", "9")]
    case = two_sources(orders=orders, order_lines=lines)
    found = apply(BASE.scale_demand(2), case).orders
    assert found.ids.cast(found.id_type).to_pylist() == [7, 10, 9, 11]


def test_copies_of_named_orders_get_names_that_nobody_has():
    ids = ("x", "x#2", "y")
    orders = [{"order_id": at, "stock_id": 1} for at in ids]
    lines = [{"order_id": at, "sku": "a", "qty": 1} for at in ids]
    case = two_sources(orders=orders, order_lines=lines)
    found = apply(BASE.scale_demand(2), case).orders.ids.to_pylist()
    assert found == ["x", "x##2", "x#2", "x#2##2", "y", "y##2"]


def test_take_orders_of_none_leaves_none():
    found = take_orders(SMALL, pa.array([], pa.int64()).to_numpy())
    assert baskets(found) == []


def test_resample_demand_draws_as_many(case):
    found = apply(BASE.resample_demand(3), case)
    assert len(found.orders.ids) == len(case.orders.ids)
    kept = set(found.orders.ids.to_pylist()) & set(case.orders.ids.to_pylist())
    # Of draws with replacement 1 - 1/e are expected to be there; 5 sigma are 6 in a hundred.
    assert 0.57 < len(kept) / len(case.orders.ids) < 0.69


def test_shift_demand_moves_the_share_and_keeps_the_baskets(case):
    found = apply(BASE.shift_demand("DE", "BR", 0.5), case)
    before, after = (Counter(it.details["country_id"].to_pylist()) for it in (case, found))
    moved = before["DE"] - after["DE"]
    assert moved == round(before["DE"] / 2)
    assert after["BR"] - before["BR"] == moved
    assert baskets(found) == baskets(case)
    assert found.details["created_at"].equals(case.details["created_at"])
    # Orders to Brazil are sold by stock 1, those to Germany by stock 2.
    assert int((found.orders.stock == 0).sum() - (case.orders.stock == 0).sum()) == moved


def test_between_keeps_both_days():
    case = SMALL
    assert [at for at, _ in baskets(apply(BASE.between("2024-01-01", "2024-01-02"), case))] == [
        1,
        2,
    ]
    assert [at for at, _ in baskets(apply(BASE.between("2024-01-02", "2024-01-09"), case))] == [2]


def test_between_refuses_orders_without_dates():
    orders = [{"order_id": at, "stock_id": 1} for at in (1, 2, 3)]
    with pytest.raises(ScenarioError, match="orders have no created_at"):
        apply(BASE.between("2024-01-01", "2024-01-02"), two_sources(orders=orders))


def test_between_says_that_there_are_no_orders():
    with pytest.raises(ScenarioError, match="there are no orders"):
        apply(BASE.scale_demand(0).between("2024-01-01", "2024-01-02"), SMALL)


def test_between_counts_days_in_utc():
    times = ["2024-01-01T23:30:00-02:00", "2024-01-01T23:30:00+02:00", "1969-12-31T12:00:00Z"]
    check_days(times)


def test_between_takes_times_of_any_unit_and_zone():
    """A nanosecond before midnight is the day before; where a zone is, days are still in UTC."""
    check_days(["2024-01-02T00:00:00", "2024-01-01T23:59:59.999999999", "1969-12-31T23:59:59.9"])
    times = ["2024-01-02T00:00:00", "2024-01-01T23:59:59.999999", "1969-12-31T23:59:59"]
    utc = pc.assume_timezone(pa.array(times).cast(pa.timestamp("us")), "UTC")
    check_days(utc.cast(pa.timestamp("us", "Asia/Tokyo")))


def check_days(times):
    """The second order is of the first day, the first of the next, the third of an old one."""
    orders = pa.table({"order_id": [1, 2, 3], "stock_id": [1, 1, 1], "created_at": times})
    case = two_sources(orders=orders)
    for day, order in [("2024-01-01", 2), ("2024-01-02", 1), ("1969-12-31", 3)]:
        assert apply(BASE.between(day, day), case).orders.ids.to_pylist() == [order]
