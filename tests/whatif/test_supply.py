"""What comes in, worked by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import engine
from engine.errors import ScenarioError
from engine.types import QTY_SCALE
from engine.whatif.apply import apply
from engine.whatif.course import Course
from engine.whatif.supply import Supply, with_received_items
from tests.whatif.conftest import small, two_sources

MONDAY = datetime(2024, 3, 4)
BASE = engine.Scenario("one")


def shop(days: int, qty: int = 3, **more: list[dict[str, Any]]) -> Any:
    """One source with 10 of A, and an order for some on each day."""
    orders = [
        {"order_id": at, "stock_id": 1, "created_at": MONDAY + timedelta(days=at)}
        for at in range(days)
    ]
    tables = {
        "sources": [{"source_code": "lyon"}],
        "stock_source_links": [{"stock_id": 1, "source_code": "lyon", "priority": 1}],
        "source_items": [{"source_code": "lyon", "sku": "A", "quantity": 10}],
        "orders": orders,
        "order_lines": [{"order_id": at, "sku": "A", "qty": qty} for at in range(days)],
    }
    return small(**tables | more)


def over_time(case: Any, **horizon: Any) -> Course:
    case = case._replace(horizon=engine.Horizon(**horizon))
    return Course(with_received_items(case), 0)


def by_day(course: Course) -> tuple[list[int], list[int]]:
    """What comes in, and what is there at the end of each day."""
    came, there = course.days.of_source[2:].sum(axis=2) // QTY_SCALE
    return came.tolist(), there.tolist()


@pytest.mark.parametrize(
    ("rule", "came", "there"),
    [
        # 7, 4: order 6. 1: 6 are on their way. 7 - 3 = 4: order 6. 1. 1 + 6 - 3 = 4: order 6.
        ({"up_to": 10, "reorder_at": 4, "lead_days": 2}, [0, 0, 0, 6, 0, 6], [7, 4, 1, 4, 1, 4]),
        ({"up_to_factor": 1, "reorder_factor": 0.4, "lead_days": [2, 2]}, [0, 0, 0, 6, 0, 6], None),
        # Each evening what was sold is ordered, and there on the next morning.
        ({"up_to": 10}, [0, 3, 3, 3, 3, 3], [7, 7, 7, 7, 7, 7]),
        ({"up_to": 10, "source": "lyon", "sku": "a*"}, [0, 3, 3, 3, 3, 3], None),
        ({"up_to": 0}, [0] * 6, [7, 4, 1, 0, 0, 0]),
    ],
)
def test_a_rule_orders_what_is_missing(rule, came, there):
    found = by_day(over_time(shop(6), replenish=[rule]))
    assert found[0] == came
    assert there is None or found[1] == there


def test_the_last_rule_that_names_an_item_holds():
    rules = [{"up_to": 10}, {"up_to": 4, "sku": "A"}, {"up_to": 99, "sku": "a"}]
    assert by_day(over_time(shop(3), replenish=rules[:2]))[0] == [0, 0, 0]
    assert by_day(over_time(shop(3), replenish=rules))[0] == [0, 92, 3]


def test_lead_times_are_drawn_alike_whatever_is_ordered():
    case = shop(40)._replace(horizon=engine.Horizon(replenish=[{"up_to": 9, "lead_days": [1, 5]}]))
    calendar = Course(case, 0).calendar
    leads = []
    for number in (0, 0, 1):
        supply = Supply(case, calendar, number)
        drawn = [supply._lead_days(case.horizon.replenish[0], 0, day)[0] for day in range(300)]
        leads.append(drawn)
        assert set(drawn) == {1, 2, 3, 4, 5}
        # Each of five is drawn 60 times of 300, give or take 5 standard deviations.
        assert all(
            abs(drawn.count(days) - 60) < 5 * (300 * 0.2 * 0.8) ** 0.5 for days in range(1, 6)
        )
    assert leads[0] == leads[1] != leads[2]


def test_a_closed_source_orders_nothing():
    case = apply(BASE.close_source("lyon"), shop(3))
    assert by_day(over_time(case, replenish=[{"up_to": 99}]))[0] == [0, 0, 0]


def receipts(*rows: tuple[int, str, str, int]) -> list[dict[str, Any]]:
    return [
        {"date": MONDAY + timedelta(days=day), "source_code": code, "sku": sku, "quantity": qty}
        for day, code, sku, qty in rows
    ]


def test_receipts_come_in_on_their_day_and_those_before_the_first_one_on_it():
    table = receipts(
        (-9, "lyon", "a", 1), (1, "lyon", "A", 2), (1, "lyon", "a", 3), (3, "lyon", "A", 9)
    )
    course = over_time(shop(3, receipts=table))
    assert by_day(course) == ([1, 5, 0], [8, 10, 7])
    assert course.supply.unused == 1


def test_receipts_without_an_item_get_one():
    names = ("paris", "b-1", 1), ("lyon", "B-1", 4), ("lyon", "New", 2), ("lyon", "new", 2)
    lines = (1, "new", 1), (2, "NEW", 3), (2, "b-1", 8)
    case = two_sources(
        receipts=receipts(*((0 if code == "paris" else 1, code, sku, n) for code, sku, n in names)),
        orders=[
            {"order_id": at, "stock_id": 1, "created_at": MONDAY + timedelta(days=at - 1)}
            for at in (1, 2)
        ],
        order_lines=[{"order_id": at, "sku": sku, "qty": qty} for at, sku, qty in lines],
    )
    course = over_time(case)
    # New is there on Tuesday: Monday's order has had its day. Of B-1 there are 3 + 1 + 4.
    assert (course.open // QTY_SCALE).tolist() == [1, 0, 0]
    made = with_received_items(case._replace(horizon=engine.Horizon()))
    rows = made.catalog.tables["source_items"].to_pylist()[-2:]
    assert {(row["source_code"], row["sku"], row["quantity"], row["status"]) for row in rows} == {
        ("lyon", "B-1", Decimal(0), 0),
        ("lyon", "New", Decimal(0), 0),
    }


def test_a_case_without_a_horizon_stays_as_it_is():
    case = shop(2, receipts=receipts((0, "lyon", "new", 1)))
    assert with_received_items(case) is case
    assert not Course(case, 0).supply.received.any()


def test_what_comes_in_turns_in_stock():
    items = [{"source_code": "lyon", "sku": "A", "quantity": 2, "status": 0}]
    plain = over_time(shop(2, source_items=items))
    assert plain.quantity.tolist() == [2 * QTY_SCALE]
    course = over_time(shop(2, source_items=items, receipts=receipts((1, "lyon", "A", 1))))
    assert (course.open // QTY_SCALE).tolist() == [3, 0]


def test_too_much_is_an_error():
    table = receipts((0, "lyon", "A", 99_999_999), (1, "lyon", "A", 99_999_999))
    with pytest.raises(ScenarioError, match="a quantity at 'lyon' exceeds"):
        over_time(shop(3, receipts=table))


def test_receipts_are_delayed():
    table = receipts((0, "lyon", "A", 1), (1, "lyon", "B", 2), (1, "paris", "A", 4))
    more = {"sources": [{"source_code": code} for code in ("lyon", "paris")]}
    case = shop(5, receipts=table, **more)
    case = with_received_items(case._replace(horizon=engine.Horizon()))
    for scenario, came in [
        (BASE, [1, 6, 0, 0, 0]),
        (BASE.delay_receipts(2), [0, 0, 1, 6, 0]),
        (BASE.delay_receipts(1, source="lyon"), [0, 5, 2, 0, 0]),
        (BASE.delay_receipts(3, source="lyon", sku="a"), [0, 6, 0, 1, 0]),
        (BASE.delay_receipts(1, sku="*").delay_receipts(2, sku="b"), [0, 1, 4, 0, 2]),
    ]:
        assert by_day(Course(apply(scenario, case), 0))[0] == came
    for wrong, message in [
        (BASE.delay_receipts(1, source="lion"), "source 'lion' is unknown; did you mean lyon"),
        (BASE.delay_receipts(1, sku="x"), "SKU 'x' is unknown"),
        (BASE.delay_receipts(1, source="paris", sku="b"), "is of source 'paris' and SKU 'b'; give"),
    ]:
        with pytest.raises(ScenarioError, match=message):
            apply(wrong, case)
    with pytest.raises(ScenarioError, match="no table receipts"):
        apply(BASE.delay_receipts(1), shop(2))


def test_dates_of_receipts_may_be_of_any_kind():
    for values in (
        pa.array([date(2024, 3, 5)]),
        pa.array(["2024-03-05"]),
        pa.array([datetime(2024, 3, 5, 23)], pa.timestamp("ns", "UTC")),
    ):
        columns = {"date": values, "source_code": ["lyon"], "sku": ["A"], "quantity": [5]}
        case = shop(3)
        tables = {**case.catalog.tables, "receipts": pa.table(columns)}
        case = case._replace(catalog=engine.Catalog.from_tables(tables))
        assert by_day(over_time(case))[0] == [0, 5, 0]


def test_a_rule_for_what_is_not_there_names_what_is():
    with pytest.raises(ScenarioError, match="source 'lion' is unknown; did you mean lyon"):
        over_time(shop(2), replenish=[{"up_to": 1, "source": "lion"}])
    with pytest.raises(ScenarioError, match="rule 2 of replenish: SKU 'b' is unknown"):
        over_time(shop(2), replenish=[{"up_to": 1}, {"up_to": 1, "sku": "b"}])
    assert np.array_equal(over_time(shop(2), replenish=[]).supply.received, [0])
