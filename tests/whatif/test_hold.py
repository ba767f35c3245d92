"""Orders that wait for a later batch although they could be served."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import engine
from engine.errors import ScenarioError
from engine.selection.plan import find_plan
from engine.types import QTY_SCALE
from engine.whatif.apply import apply
from engine.whatif.calendar import calendar_of
from engine.whatif.case import Case
from engine.whatif.course import Course
from engine.whatif.hold import hold_of
from engine.whatif.horizon import Horizon
from engine.whatif.supply import Supply, with_received_items
from tests.policy_cases import whole_cases
from tests.whatif.conftest import small
from tests.whatif.test_course import horizons, ran, units

pytestmark = pytest.mark.needs_jit

MONDAY = datetime(2024, 3, 4)
OPTIMAL = {
    "order_rule": "optimal",
    "costs": {"per_shipment": 10, "per_unit": 1, "per_unserved_unit": 20},
}


def tables(**more: Any) -> dict[str, Any]:
    """On Monday A is wanted with B, which comes in on Wednesday; on Friday there is an order of A.

    Sent together they cost 10 + 2, A alone 10 + 1, and B as long as it is not served 20.
    """
    return {
        "sources": [{"source_code": "lyon"}],
        "stock_source_links": [{"stock_id": 1, "source_code": "lyon", "priority": 1}],
        "source_items": [
            {"source_code": "lyon", "sku": "A", "quantity": 5},
            {"source_code": "lyon", "sku": "B", "quantity": 0},
        ],
        "receipts": [
            {"date": MONDAY + timedelta(days=2), "source_code": "lyon", "sku": "B", "quantity": 3}
        ],
        "orders": [
            {"order_id": at, "stock_id": 1, "created_at": MONDAY + timedelta(days=day)}
            for at, day in ((1, 0), (2, 4))
        ],
        "order_lines": [
            {"order_id": order, "sku": sku, "qty": 1}
            for order, sku in ((1, "A"), (1, "B"), (2, "A"))
        ],
        **more,
    }


def case_of(policy: Any = OPTIMAL, given: Any = None, **horizon: Any) -> Case:
    case = small(**(given or tables()))
    case = case._replace(plan=find_plan(None, policy), horizon=Horizon(**horizon))
    return with_received_items(case)


@pytest.mark.parametrize(
    ("hold", "patience", "allocated", "lost"),
    [
        # Waiting costs 12 and the hold, A alone 11 and the 20 of B that is not served.
        (None, 7, [1, 0, 1, 0, 1], 0),
        (18.5, 7, [0, 0, 2, 0, 1], 0),
        (19, 7, [1, 0, 1, 0, 1], 0),
        # Wednesday is the last day that it is tried: there is B. If Tuesday is, none is due.
        (18.5, 2, [0, 0, 2, 0, 1], 0),
        (18.5, 1, [1, 0, 0, 0, 1], 1),
        (18.5, 0, [1, 0, 0, 0, 1], 1),
    ],
)
def test_an_order_waits_for_what_it_can_be_sent_with(hold, patience, allocated, lost):
    course = Course(case_of(patience=patience, hold=hold), 0)
    assert units(course.days.allocated) == allocated
    assert units([course.lost.sum()]) == [lost]
    shipments = sum(1 for day in allocated if day)
    assert course.days.of_source[0].sum() == shipments
    assert round(course.kpis.cost * 10**6) == (10 * shipments + 3 - lost + 20 * lost) * 10**6


def test_no_order_waits_for_what_no_source_lists_or_what_an_exclusion_keeps_from_it():
    lines = [{"order_id": 1, "sku": sku, "qty": 1} for sku in ("A", "C")]
    never = tables(order_lines=lines)
    assert units(Course(case_of(given=never, patience=7, hold=0), 0).days.allocated)[0] == 1
    kept = [{"source_code": "lyon", "sku": "B", "order_id": None, "reason": None}]
    columns = [("source_code", pa.string()), ("order_id", pa.int64()), ("sku", pa.string())]
    schema = pa.schema([*columns, ("reason", pa.string())])
    kept = pa.Table.from_pylist(kept, schema)
    excluding = OPTIMAL | {"constraints": [{"kind": "exclusion"}]}
    case = case_of(excluding, tables(exclusions=kept), patience=7, hold=0)
    assert units(Course(case, 0).days.allocated)[0] == 1


def test_a_hold_changes_nothing_where_orders_are_served_as_they_come():
    found = [Course(case_of(every="order", patience=7, hold=hold), 0) for hold in (None, 0)]
    for course in found:
        assert units(course.days.allocated) == [1, 0, 1, 0, 1]


def test_an_order_may_wait_until_the_day_before_the_last_that_it_is_tried():
    case = case_of(patience=2, hold=0.25)
    calendar, rows = calendar_of(case), np.arange(2)
    supply = Supply(case, calendar, 0)
    found = [hold_of(case, calendar, supply, day, rows[: 1 + (day == 4)]) for day in range(5)]
    # The second comes on the last day of all, when nothing would be waited for.
    assert [one.days.tolist() for one in found[:3]] == [[2], [1], [0]]
    assert [(one.days > 0).any() for one in found] == [True, True, False, False, False]
    assert {one.cost for one in found} == {250_000}
    # B, the second item, is due on Wednesday; what comes on a day is there for its own batch.
    assert [one.due_in.tolist() for one in found] == [[0, 2], [0, 1], [0, 0], [0, 0], [0, 0]]


@given(horizons(whole_cases(), of_hours=("7h",)), st.sampled_from([0, "0.5", 3, 1_000_000]))
@settings(max_examples=settings.default.max_examples // 5)
def test_orders_that_wait_are_served_in_the_end_or_lost(drawn, hold):
    given, policy, horizon, receipts = drawn
    held = [row["quantity"] for row in given["source_items"]]
    assume(max(held, default=0) < 10**7)  # or what comes in may be too much
    held = Horizon(every=horizon.every, patience=horizon.patience, hold=Decimal(hold))
    case, course = ran(given, policy, held, receipts)
    days, demand = course.days, case.orders.quantity.sum()
    assert days.units.sum() == demand == days.allocated.sum() + course.open.sum()
    assert days.lost.sum() == course.lost.sum()
    assert days.waiting[-1] == course.open.sum() - course.lost.sum()
    assert course.unit_days <= horizon.patience * QTY_SCALE * demand


@pytest.mark.parametrize(
    ("hold", "message"),
    [
        (-1, "hold: give 0 to 1,000,000, with at most 6 decimals; not -1"),
        (1_000_001, "hold: give 0 to 1,000,000"),
        (0.1234567, "with at most 6 decimals; not 0.1234567"),
        (float("nan"), "hold: give 0 to 1,000,000"),
        ("2", "hold: give a number; not '2'"),
        (True, "hold: give a number; not True"),
    ],
)
def test_a_hold_is_refused(hold, message):
    with pytest.raises(ScenarioError, match=message):
        Horizon(hold=hold)
    if not isinstance(hold, str | bool):
        with pytest.raises(ScenarioError, match="set_horizon: hold: give "):
            engine.Scenario("one").set_horizon(hold=hold)


def test_a_step_sets_what_holding_counts():
    case = apply(engine.Scenario("one").set_horizon(hold=0.5), case_of(patience=3))
    assert case.horizon == Horizon(patience=3, hold=Decimal("0.5"))
    assert Horizon(hold=np.float64(0.5)) == Horizon(hold=Decimal("0.5"))


CHEAPEST = OPTIMAL | {"order_rule": "cheapest"}


@pytest.mark.parametrize(
    ("policy", "horizon", "steps", "is_noted"),
    [
        (CHEAPEST, {"patience": 2, "hold": 1}, [], True),
        (OPTIMAL, {"hold": 1}, [], True),
        (OPTIMAL, {"every": "order", "patience": 2, "hold": 1}, [], True),
        (OPTIMAL, {"patience": 2, "hold": 1}, [], False),
        (CHEAPEST, {"patience": 2}, [], False),
        (CHEAPEST, {"patience": 2}, [engine.Scenario("held").set_horizon(hold=1)], True),
        # One that heeds it is enough: the others are there to be compared with.
        (
            CHEAPEST,
            {"patience": 2, "hold": 1},
            [engine.Scenario("together").use(policy=OPTIMAL)],
            False,
        ),
    ],
)
def test_a_hold_that_nothing_heeds_is_noted(policy, horizon, steps, is_noted):
    given = {name: pa.Table.from_pylist(rows) for name, rows in tables().items()}
    orders = [given.pop(name) for name in ("orders", "order_lines")]
    catalog = engine.Catalog.from_tables(given)
    asked = {"policy": policy, "horizon": Horizon(**horizon), "workers": 1}
    notes = engine.simulate(catalog, *orders, steps, **asked).notes
    assert any(note.startswith("hold: no order waits by choice") for note in notes) == is_noted
