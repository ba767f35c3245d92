"""Batches through time, against the oracle and their laws."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import engine
from engine.orders import encode_orders
from engine.selection.plan import find_plan
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from engine.types import QTY_SCALE, REASONS
from engine.whatif.case import Case, details_of
from engine.whatif.course import Course
from engine.whatif.supply import with_received_items
from tests.oracle import horizon as oracle
from tests.policy_cases import policy_cases, to_arrow, whole_cases

MONDAY = datetime(2024, 3, 4)
HELD = [Decimal(text) for text in ("0", "0.5", "1", "4", "25")]
POLICIES = policy_cases()
FEWER = settings(max_examples=settings.default.max_examples // 2)


@st.composite
def horizons(
    draw: Any, cases: Any = POLICIES, of_hours: tuple[str, ...] = ("6h", "7h", "1h")
) -> tuple[dict[str, Any], dict[str, Any], engine.Horizon, list[Any]]:
    """A case of a policy whose orders come within four days, and what comes in meanwhile."""
    tables, policy = draw(cases)
    if "orders" not in tables:
        heads = {}
        for row in tables["order_lines"]:
            head = {name: value for name, value in row.items() if name not in ("sku", "qty")}
            heads.setdefault(row["order_id"], head)
        tables["orders"] = list(heads.values())
        tables["order_lines"] = [
            {name: row[name] for name in ("order_id", "sku", "qty")}
            for row in tables["order_lines"]
        ]
    assume(tables["orders"])
    zone = draw(st.sampled_from([None, UTC]))
    for row in tables["orders"]:
        hours = draw(st.sampled_from([0, 1, 5, 6, 7, 12, 23, 24, 25, 48, 49, 72, 90]))
        row["created_at"] = (MONDAY + timedelta(hours=hours)).replace(tzinfo=zone)
    receipts = []
    codes = st.sampled_from([row["source_code"] for row in tables["sources"]])
    skus = st.sampled_from(
        [row["sku"] for row in tables["source_items"]] * 3 + ["New", "new", "ghost"]
    )
    for code, sku in draw(st.lists(st.tuples(codes, skus), max_size=5)):
        day = draw(st.integers(-1, 5))
        receipts.append(
            {
                "date": MONDAY + timedelta(days=day),
                "source_code": code,
                "sku": sku.swapcase() if sku.isascii() else sku,
                "quantity": draw(st.sampled_from(HELD)),
            }
        )
    every = draw(st.sampled_from(["night", "order", *of_hours]))
    return tables, policy, engine.Horizon(every=every, patience=draw(st.integers(0, 2))), receipts


LEVELS = [
    {"up_to": 10},
    {"up_to": 4.5, "reorder_at": 2},
    {"up_to": 3, "reorder_at": 0},
    {"up_to_factor": 2, "reorder_factor": 0.5},
    {"up_to_factor": 1.25},
    {"up_to": 0},
]


@st.composite
def rules_for(draw: Any, tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Rules for all items, or those of a source or of SKUs that there are."""
    rules = []
    for levels in draw(st.lists(st.sampled_from(LEVELS), max_size=3)):
        item = draw(st.sampled_from(tables["source_items"]))
        sku = item["sku"] if not item["sku"].isascii() else item["sku"].swapcase()
        named = {"source": item["source_code"], "sku": draw(st.sampled_from([sku, sku[0] + "*"]))}
        kept = draw(st.sampled_from([(), ("source",), ("sku",), ("source", "sku")]))
        keys = {name: named[name] for name in kept}
        rules.append(keys | levels | {"lead_days": draw(st.integers(1, 3))})
    return rules


def case_of(tables: dict[str, pa.Table], plan: Any, horizon: engine.Horizon | None) -> Case:
    given = dict(tables)
    wanted = {name: given.pop(name) for name in ORDER_TABLES}
    catalog = engine.Catalog.from_tables(given)
    raw, findings = as_raw(wanted, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings)
    assert not valid.fatal
    details = details_of(valid.tables["orders"])
    return Case(catalog, encode_orders(valid, catalog), details, plan, horizon)


def ran(tables, policy, horizon, receipts) -> tuple[Case, Course]:
    arrow = to_arrow(tables)
    if receipts:
        arrow["receipts"] = pa.Table.from_pylist(receipts)
    case = with_received_items(case_of(arrow, find_plan(None, policy), horizon))
    return case, Course(case, 0)


def units(values: Any) -> list[Decimal]:
    return [Decimal(int(value)) / QTY_SCALE for value in values]


@given(horizons(), st.data())
@FEWER
def test_batches_equal_oracle(drawn, data):
    tables, policy, horizon, receipts = drawn
    rules = data.draw(rules_for(tables))
    held = [row["quantity"] for row in tables["source_items"]]
    assume(max(held, default=0) < 10**7)  # or what comes in may be too much
    every, patience = horizon.every, horizon.patience
    horizon = engine.Horizon(every=every, patience=patience, replenish=rules)
    case, course = ran(tables, policy, horizon, receipts)
    expected = oracle.run(tables, policy, every, patience, receipts, rules)
    ids = case.orders.ids.to_pylist()
    order = [str(ids[at]) for at in case.orders.order_of_line]
    keys = list(zip(order, case.orders.position.tolist(), strict=True))
    by_line = {str(key): value for key, value in expected["left"].items()}
    gone = {str(key): value for key, value in expected["lost"].items()}
    assert units(course.open) == [by_line[key][at] for key, at in keys]
    assert units(course.lost) == [gone[key][at] for key, at in keys]
    reasons = {(str(key), at): reason for (key, at), reason in expected["reasons"].items()}
    short = [at for at, left in enumerate(course.open) if left]
    assert [reasons[keys[at]] for at in short] == [REASONS[course.reason[at]] for at in short]

    total, days = expected["total"], course.days
    assert units([course.late, course.unit_days]) == [total["late"], total["unit_days"]]
    for name in ("units", "allocated", "lost", "waiting"):
        assert units(getattr(days, name)) == [day[name] for day in expected["days"]], name
    assert days.orders.tolist() == [day["orders"] for day in expected["days"]]
    kpis = course.kpis
    assert kpis.units_allocated == float(total["allocated"])
    served = sum(1 for count in expected["shipments"].values() if count)
    if served:
        assert kpis.shipments_per_order == sum(expected["shipments"].values()) / served
        split = sum(1 for count in expected["shipments"].values() if count > 1)
        assert kpis.split_rate == split / served
    if kpis.cost is not None and "costs" in policy:
        assert round((kpis.cost - kpis.cost_unserved) * 10**6) == total["cost"]
    rows = case.catalog.tables["source_items"].num_rows
    left, received = [None] * rows, [None] * rows
    for item, row in enumerate(case.catalog.item_rows):
        left[row] = Decimal(int(course.quantity[item])) / QTY_SCALE
        received[row] = Decimal(int(course.supply.received[item])) / QTY_SCALE
    assert left == [row["quantity"] for row in expected["items"]]
    assert received == expected["received"]


def allocated(tables: dict[str, Any], policy: dict[str, Any]) -> dict[str, Any]:
    """Decide one batch by `engine.allocate`, from its tables alone."""
    arrow = to_arrow(tables)
    orders = [arrow.pop(name) for name in ORDER_TABLES]
    found = engine.allocate(engine.Catalog.from_tables(arrow), *orders, policy=policy)
    return {name: table.to_pylist() for name, table in found.tables.items()} | {"cost": None}


@pytest.mark.needs_jit
@given(horizons(whole_cases(), of_hours=("7h",)))
@settings(max_examples=settings.default.max_examples // 5)
def test_each_batch_as_a_whole_is_what_allocate_gives(drawn):
    tables, policy, horizon, receipts = drawn
    held = [row["quantity"] for row in tables["source_items"]]
    assume(max(held, default=0) < 10**7)  # or what comes in may be too much
    case, course = ran(tables, policy, horizon, receipts)
    one_by_one = policy | {"order_rule": "cheapest"}
    if horizon.every == "order":  # orders that are served as they come know of none after them
        expected = oracle.run(tables, one_by_one, "order", horizon.patience, receipts, [])
    else:
        asked = policy, horizon.every, horizon.patience
        expected = oracle.run(tables, *asked, receipts, [], allocated)
    ids = case.orders.ids.to_pylist()
    lines = zip(case.orders.order_of_line, case.orders.position.tolist(), strict=True)
    left = {str(key): values for key, values in expected["left"].items()}
    assert units(course.open) == [left[str(ids[order])][at] for order, at in lines]
    for name in ("units", "allocated", "lost", "waiting"):
        assert units(getattr(course.days, name)) == [day[name] for day in expected["days"]], name
    shipped = sum(expected["shipments"].values())
    assert course.days.of_source[0].sum() == shipped


@given(horizons())
@FEWER
def test_one_batch_is_what_allocate_gives(drawn):
    tables, policy, horizon, _ = drawn
    for row in tables["orders"]:
        row["created_at"] = row["created_at"].replace(day=4)
    arrow = to_arrow(tables)
    orders = [arrow.pop(name) for name in ORDER_TABLES]
    catalog = engine.Catalog.from_tables(arrow)
    night = engine.Horizon(patience=horizon.patience)
    found = engine.simulate(catalog, *orders, [], policy=policy, horizon=night, workers=1)
    expected = engine.allocate(catalog, *orders, policy=policy)
    for name, value in vars(expected.kpis).items():
        assert getattr(found.results["baseline"], name) == value, name
    days = Counter(found.days["date"].to_pylist())
    assert days == {MONDAY.date(): 1}


RULES = st.fixed_dictionaries(
    {"lead_days": st.sampled_from([1, 2, [1, 3]]), "seed": st.integers(0, 3)}
).flatmap(
    lambda rule: st.sampled_from(
        [
            rule | {"up_to": 10},
            rule | {"up_to": 4.5, "reorder_at": 2},
            rule | {"up_to_factor": 2, "reorder_factor": 0.5},
        ]
    )
)


@given(horizons(), st.lists(RULES, max_size=2))
@FEWER
def test_nothing_is_lost_or_made_over_a_horizon(drawn, rules):
    tables, policy, horizon, receipts = drawn
    held = [row["quantity"] for row in tables["source_items"]]
    assume(max(held, default=0) < 10**7)
    horizon = engine.Horizon(every=horizon.every, patience=horizon.patience, replenish=rules)
    case, course = ran(tables, policy, horizon, receipts)
    catalog, days = case.catalog, course.days
    # start + receipts = allocated + end, for each source of the SKUs whose stock is managed
    managed = np.repeat(catalog.stock_items.manage_stock > 0, np.diff(catalog.items.offsets))
    gone = catalog.items.quantity + course.supply.received - course.quantity
    assert not gone[~managed].any()
    assert (gone >= 0).all()
    assert days.of_source[1].sum() == days.allocated.sum() >= gone.sum()
    if managed.all():
        by_source = np.zeros(catalog.sources.num_rows, np.int64)
        np.add.at(by_source, catalog.items.sources, gone)
        assert days.of_source[1].sum(axis=0).tolist() == by_source.tolist()
    assert days.of_source[2].sum() == course.supply.received.sum()
    # lost + served + waiting = demand
    demand = case.orders.quantity.sum()
    assert days.units.sum() == demand == days.allocated.sum() + course.open.sum()
    assert days.lost.sum() == course.lost.sum()
    # What is lost on the day after the last one waits still.
    assert (course.lost <= course.open).all()
    if course.calendar.days:
        assert days.waiting[-1] == course.open.sum() - course.lost.sum()


@given(horizons())
@settings(max_examples=settings.default.max_examples // 5)
def test_the_tables_add_up_to_the_figures(drawn):
    tables, policy, horizon, receipts = drawn
    held = [row["quantity"] for row in tables["source_items"]]
    assume(max(held, default=0) < 10**7)
    arrow = to_arrow(tables)
    if receipts:
        arrow["receipts"] = pa.Table.from_pylist(receipts)
    orders = [arrow.pop(name) for name in ORDER_TABLES]
    catalog = engine.Catalog.from_tables(arrow)
    grown = engine.Scenario("grown").scale_demand(1.7)
    found = engine.simulate(catalog, *orders, [grown], policy=policy, horizon=horizon, workers=1)
    for name, kpis in found.results.items():
        total = {
            table: Counter(
                {
                    column: sum(row[column] or 0 for row in rows)
                    for column in rows[0]
                    if column.startswith(("orders", "shipments", "units"))
                }
            )
            for table in found.tables
            if (rows := [row for row in found.tables[table].to_pylist() if row["scenario"] == name])
        }
        days, sources, skus = total["days"], total["sources"], total.get("skus", Counter())
        assert days["orders"] == total["regions"]["orders"] == kpis.orders
        assert float(days["units"]) == float(total["regions"]["units"]) == kpis.units
        assert float(days["units_allocated"]) == kpis.units_allocated
        assert total["regions"]["units_allocated"] == days["units_allocated"]
        assert skus["units"] - skus["units_allocated"] == days["units"] - days["units_allocated"]
        assert float(total["source_days"]["units_received"]) == kpis.units_received
        for table in ("source_days", "distances", "flows"):
            if table in total:
                assert total[table]["shipments"] == sources["orders"], table
                assert total[table]["units"] == sources["units"] == days["units_allocated"], table
        waiting = Decimal(0)
        for row in found.days.to_pylist():
            if row["scenario"] == name:
                waiting += row["units"] - row["units_allocated"] - row["units_lost"]
                assert row["units_waiting"] == waiting
        assert float(waiting) == kpis.units_waiting


@given(horizons())
@FEWER
def test_patience_changes_nothing_where_nothing_comes_in_and_orders_are_served_in_lines(drawn):
    tables, _, horizon, _ = drawn
    policy = {"ranking": ["priority"]}
    found = [
        ran(tables, policy, engine.Horizon(every=horizon.every, patience=patience), [])[1]
        for patience in (0, 2)
    ]
    assert found[0].open.tolist() == found[1].open.tolist()
    assert found[0].quantity.tolist() == found[1].quantity.tolist()


def test_a_late_receipt_serves_what_waits_until_its_patience_ends():
    """By hand: 5 are there, 8 wanted on Monday, 4 on Tuesday; 3 come on Wednesday, 9 on Friday."""
    tables = {
        "sources": [{"source_code": "lyon"}],
        "stock_source_links": [{"stock_id": 1, "source_code": "lyon", "priority": 1}],
        "source_items": [{"source_code": "lyon", "sku": "A", "quantity": 5, "status": 1}],
        "receipts": [
            {"date": MONDAY + timedelta(days=day), "source_code": "lyon", "sku": "a", "quantity": n}
            for day, n in ((2, 3), (4, 9), (9, 1))
        ],
        "orders": [
            {"order_id": at, "stock_id": 1, "created_at": MONDAY + timedelta(days=day)}
            for at, day in ((1, 0), (2, 1), (3, 4))
        ],
        "order_lines": [
            {"order_id": at, "sku": "A", "qty": qty} for at, qty in ((1, 8), (2, 4), (3, 2))
        ],
    }
    arrow = {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}
    plan = find_plan("priority", None)
    days = {
        # Wednesday's 3 are Monday's; Friday's 9 find Tuesday's 4, if they wait 3 days.
        3: {"allocated": [5, 0, 3, 0, 6], "lost": [0, 0, 0, 0, 0], "waiting": [3, 7, 4, 4, 0]},
        2: {"allocated": [5, 0, 3, 0, 2], "lost": [0, 0, 0, 0, 4], "waiting": [3, 7, 4, 4, 0]},
        1: {"allocated": [5, 0, 3, 0, 2], "lost": [0, 0, 3, 1, 0], "waiting": [3, 7, 1, 0, 0]},
        0: {"allocated": [5, 0, 0, 0, 2], "lost": [0, 3, 4, 0, 0], "waiting": [3, 4, 0, 0, 0]},
    }
    for patience, expected in days.items():
        case = case_of(arrow, plan, engine.Horizon(patience=patience))
        course = Course(with_received_items(case), 0)
        for name, values in expected.items():
            assert units(getattr(course.days, name)) == values, (patience, name)
        assert course.supply.unused == 1
