"""What a horizon may be, and which orders each batch has."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import engine
from engine.errors import ScenarioError
from engine.whatif.apply import apply
from engine.whatif.calendar import calendar_of
from engine.whatif.case import Case
from engine.whatif.horizon import Horizon
from tests.whatif.conftest import small, two_sources

MONDAY = datetime(2024, 3, 4)
BASE = engine.Scenario("one")


@pytest.mark.parametrize(
    "every", ["", "h", "0h", "25h", "6", "6 h", "-1h", "٣h", "Night", "weekly", "06h"]
)
def test_every_is_refused(every):
    with pytest.raises(ScenarioError, match="every: give night, order, or hours"):
        Horizon(every=every)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"patience": -1}, "patience: give 0 to 3,650"),
        ({"patience": 4000}, "patience: give 0 to 3,650"),
        ({"replenish": [{"up_to": 1, "up_too": 2}]}, "replenish: 'up_too' is unknown"),
        ({"replenish": [{}]}, "give either up_to or up_to_factor"),
        ({"replenish": [{"up_to": 1, "up_to_factor": 1}]}, "give either up_to or up_to_factor"),
        ({"replenish": [{"up_to": 1, "reorder_factor": 1}]}, "with up_to goes reorder_at"),
        ({"replenish": [{"up_to_factor": 1, "reorder_at": 1}]}, "up_to_factor goes reorder_factor"),
        ({"replenish": [{"up_to": 1, "reorder_at": 2}]}, "2 is more than up_to, 1"),
        ({"replenish": [{"up_to": 1, "lead_days": 0}]}, "lead_days: give 1 to 3,650"),
        ({"replenish": [{"up_to": 1, "lead_days": [3, 2]}]}, "lead_days: give 1 to 3,650"),
        ({"replenish": ["lyon"]}, "'lyon' is no mapping"),
        ({"every": 6}, "every: give night, order, or hours from 1h to 24h; not 6"),
        ({"patience": 1.5}, "patience: give 0 to 3,650 whole days; not 1.5"),
        ({"patience": "1"}, "patience: give 0 to 3,650 whole days; not '1'"),
        ({"patience": None}, "patience: give 0 to 3,650 whole days; not None"),
        ({"replenish": {"up_to": 1}}, "replenish: give a list of rules; not {'up_to': 1}"),
        ({"replenish": None}, "replenish: give a list of rules; not None"),
    ],
)
def test_a_horizon_is_refused(given, message):
    with pytest.raises(ScenarioError, match=message):
        Horizon(**given)


def test_numbers_of_numpy_are_numbers():
    rule = {"up_to": 9, "lead_days": [1, 3]}
    like = {"up_to": np.int64(9), "lead_days": (np.int64(1), np.int64(3))}
    assert Horizon(patience=np.int64(3), replenish=[like]) == Horizon(patience=3, replenish=[rule])


def ordered(*hours: float):
    orders = [
        {
            "order_id": at,
            "stock_id": 1,
            "created_at": MONDAY + timedelta(hours=hour),
            "priority": at,
        }
        for at, hour in enumerate(hours)
    ]
    return two_sources(orders=orders, order_lines=[{"order_id": 0, "sku": "A", "qty": 1}])


@pytest.mark.parametrize(
    ("every", "hours", "batches"),
    [
        ("night", [1, 23.99, 24, 49], [[[0, 1]], [[2]], [[3]]]),
        ("night", [25, 1, 2], [[[1, 2]], [[0]]]),
        ("12h", [1, 11.9, 12, 25], [[[0, 1], [2]], [[3], []]]),
        # The second window of ten hours ends at 20:00, the third on the next day at 6:00,
        # the fifth on the day after it, which has no orders.
        ("10h", [9, 10, 21], [[[0], [1]], [[2], []]]),
        ("order", [5, 3, 26, 4], [[[1, 3, 0]], [[2]]]),
        ("1h", [0, 1.5], [[[0], [1], *[[]] * 22]]),
    ],
)
def test_batches_of_a_horizon(every, hours, batches):
    case = ordered(*hours)._replace(horizon=Horizon(every=every))
    calendar, ids = calendar_of(case), case.orders.ids.to_pylist()
    found = [
        [[ids[row] for row in rows] for rows in calendar.batches(day)]
        for day in range(calendar.days)
    ]
    if every != "order":  # in the sequence of orders, those of high priority first
        batches = [[sorted(rows, reverse=True) for rows in day] for day in batches]
    assert found == batches


def test_orders_need_their_time():
    case = two_sources()._replace(horizon=Horizon())
    with pytest.raises(ScenarioError, match="created_at of every order; 1 of 3 orders have none"):
        calendar_of(case)


@pytest.mark.parametrize(
    ("unit", "ticks", "first", "days"),
    [
        # Before 1970 as after it: a nanosecond before midnight is the day before.
        ("ns", [-1, 0], -1, [0, 1]),
        ("ns", [-86_400 * 10**9, -1], -1, [0, 0]),
        ("us", [-1, 0], -1, [0, 1]),
        ("s", [-1, 86_400], -1, [0, 2]),
    ],
)
def test_days_of_orders_in_any_unit(unit, ticks, first, days):
    calendar = calendar_of(with_times(pa.array(ticks, pa.timestamp(unit))))
    assert (calendar.first, sorted(calendar.day)) == (first, days)


def test_orders_that_come_within_a_microsecond_keep_their_sequence():
    case = with_times(pa.array([20, 30, 10], pa.timestamp("ns", "UTC")), every="order")
    ids = case.orders.ids.to_pylist()
    assert [ids[row] for row in calendar_of(case).rows] == [2, 0, 1]


def with_times(times: pa.Array, **horizon: Any) -> Case:
    """Orders at these times, the later ones of higher priority."""
    num = len(times)
    columns = {"order_id": range(num), "stock_id": [1] * num, "priority": range(num)}
    orders = pa.table({**columns, "created_at": times})
    case = two_sources(orders=orders, order_lines=[{"order_id": 0, "sku": "A", "qty": 1}])
    return case._replace(horizon=Horizon(**horizon))


def test_a_horizon_lasts_no_more_than_a_hundred_years():
    def case(last: int) -> Case:
        return with_times(pa.array([0, last], pa.int32()).cast(pa.date32()))

    assert calendar_of(case(36_524)).days == 36_525
    message = "at most 36,525 days; orders are from 1970-01-01 to 2070-01-01: correct"
    with pytest.raises(ScenarioError, match=message):
        calendar_of(case(36_525))


def test_no_orders_are_no_days():
    case = small(
        sources=[{"source_code": "a"}],
        stock_source_links=[{"stock_id": 1, "source_code": "a", "priority": 1}],
        source_items=[{"source_code": "a", "sku": "A", "quantity": 1}],
        orders=[{"order_id": 1, "stock_id": 1, "created_at": MONDAY}],
        order_lines=[{"order_id": 1, "sku": "A", "qty": 1}],
    )._replace(horizon=Horizon())
    gone = apply(BASE.scale_demand(0), case)
    assert calendar_of(gone).days == 0


def test_steps_change_the_horizon():
    case = ordered(1)._replace(horizon=Horizon(patience=3))
    changed = apply(BASE.set_horizon(every="6h").replenish(up_to=2, sku="a"), case).horizon
    assert (changed.every, changed.patience, len(changed.replenish)) == ("6h", 3, 1)
    assert apply(BASE.set_horizon(patience=0), case).horizon == Horizon()
    for step in (BASE.set_horizon(patience=1), BASE.replenish(up_to=1)):
        with pytest.raises(ScenarioError, match="there is no horizon; give --horizon"):
            apply(step, ordered(1))
    with pytest.raises(ScenarioError, match="give every, patience or hold"):
        BASE.set_horizon()
    with pytest.raises(ScenarioError, match="every: give night"):
        apply(BASE.set_horizon(every="x"), case)
    with pytest.raises(ScenarioError, match="source 'x' is unknown"):
        apply(BASE.replenish(up_to=1, source="x"), case)
