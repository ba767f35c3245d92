"""Batches that are decided as a whole: what must hold, whatever they are."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Catalog
from engine.clock import Clock
from engine.errors import PolicyError
from engine.orders import encode_orders
from engine.selection.plan import find_plan
from engine.selection.run import Run
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from tests.policy_cases import to_arrow, whole_cases
from tests.selection.test_allocate import rows, run

pytestmark = pytest.mark.needs_jit

FEWER = settings(max_examples=settings.default.max_examples // 5)
COSTS = {"per_shipment": 10, "per_unit": 1}
CONFLICT = {
    "sources": pa.table({"source_code": ["both", "left", "right"]}),
    "stock_source_links": pa.table(
        {"stock_id": [1] * 3, "source_code": ["both", "left", "right"], "priority": [1, 2, 3]}
    ),
    "source_items": pa.table(
        {
            "source_code": ["both", "both", "left", "right"],
            "sku": ["A", "B", "A", "B"],
            "quantity": [1, 1, 1, 1],
        }
    ),
    "orders": pa.table({"order_id": [1, 2], "stock_id": [1, 1]}),
    "order_lines": pa.table({"order_id": [1, 2, 2], "sku": ["A", "A", "B"], "qty": [1, 1, 1]}),
}
"""The first order takes from ``both`` what the second would need to get in one shipment."""


def test_an_early_order_leaves_a_later_one_its_shipment():
    alone = run(CONFLICT, policy={"order_rule": "cheapest", "costs": COSTS})
    whole = run(CONFLICT, policy={"order_rule": "optimal", "costs": COSTS})
    assert (alone.kpis.cost, whole.kpis.cost) == (33.0, 23.0)
    taken = [(row["order_id"], row["source_code"]) for row in whole.allocations.to_pylist()]
    assert taken == [(1, "left"), (2, "both"), (2, "both")]
    assert alone.bound is None
    # What is not served counts 100, 10 and 1 times the dearest unit sent alone, 11.
    assert whole.bound.weights_micro == (1_100_000_000, 110_000_000, 11_000_000)
    assert whole.bound.cost == 23.0
    assert whole.bound.least <= 23.0


@given(whole_cases())
def test_no_order_rule_costs_less_and_the_bound_is_none_above(case):
    tables, policy = case
    found = run(to_arrow(tables), policy=policy)
    bound = found.bound
    assert bound.least_micro <= bound.cost_micro
    assert bound.cost_micro == bound.rules["optimal"] == min(bound.rules.values())
    costs = policy["costs"]
    if costs.get("per_unserved_unit") or costs.get("per_unserved_order"):
        assert round(found.kpis.cost * 10**6) == bound.cost_micro
    again = run(to_arrow(tables), policy=policy)
    assert rows(again) == rows(found)
    assert again.bound == bound


@given(whole_cases())
@FEWER
def test_what_the_rules_cost_is_what_they_cost_alone(case):
    tables, policy = case
    costs = policy["costs"] | {"per_unserved_unit": Decimal(4)}
    policy = policy | {"costs": costs}
    bound = run(to_arrow(tables), policy=policy).bound
    for rule in ("line", "cheapest"):
        alone = run(to_arrow(tables), policy=policy | {"order_rule": rule})
        assert round((alone.kpis.cost or 0) * 10**6) == bound.rules[rule]


@given(whole_cases())
@FEWER
def test_orders_that_do_not_share_anything_are_served_at_their_cheapest(case):
    tables, policy = case
    independent = [
        run(to_arrow(tables), policy=policy | {"order_rule": rule}, mode="independent")
        for rule in ("cheapest", "optimal")
    ]
    assert rows(independent[0]) == rows(independent[1])
    assert independent[1].bound is None


def test_service_comes_first_where_nothing_but_rates_is_charged():
    tables = CONFLICT | {
        "sources": CONFLICT["sources"].append_column("country_id", pa.array(["FR"] * 3)),
        "orders": CONFLICT["orders"].append_column("country_id", pa.array(["FR"] * 2)),
        "zones": pa.table(
            {
                "zone": ["Z"] * 4,
                "source_code": ["both", "left", "right", None],
                "country_id": [None, None, None, "FR"],
                "postcode_prefix": [None, None, None, ""],
            }
        ),
        "rates": pa.table(
            {"source_zone": ["Z"], "destination_zone": ["Z"], "up_to_units": [2], "cost": [6.5]}
        ),
    }
    found = run(tables, policy={"order_rule": "optimal", "costs": {"rates": True}})
    assert (found.kpis.cost, found.kpis.unit_fill_rate) == (13.0, 1.0)
    assert found.bound.weights_micro == (650_000_000, 65_000_000, 6_500_000)


def test_a_second_batch_finds_capacity_as_the_first_left_it():
    tables = CONFLICT | {
        "sources": pa.table(
            {"source_code": ["both", "left"], "capacity_orders": [1, 9], "handling_cost": [1, 50]}
        ),
        "stock_source_links": CONFLICT["stock_source_links"].slice(0, 2),
        "source_items": pa.table(
            {"source_code": ["both", "left"], "sku": ["A", "A"], "quantity": [5, 5]}
        ),
        "order_lines": pa.table({"order_id": [1, 2], "sku": ["A", "A"], "qty": [1, 1]}),
    }
    given = {name: tables.pop(name) for name in ORDER_TABLES}
    catalog = Catalog.from_tables(tables)
    raw, findings = as_raw(given, ORDER_TABLES)
    orders = encode_orders(
        validate_orders(raw, catalog.tables, findings, quarantine=False), catalog
    )
    policy = {"order_rule": "optimal", "costs": COSTS, "constraints": [{"kind": "capacity"}]}
    plan = find_plan(None, policy)
    twice = Run(catalog, plan=plan, mode="sequential", include_zero=False, clock=Clock())
    taken = [twice.decide(orders.part(at, at + 1)).done.sources.tolist() for at in (0, 1)]
    assert taken == [[0], [1]]
    # Without a limit in units, the bound is exact as well: 10 + 1 + 1 and 10 + 1 + 50.
    assert (twice.bound.cost, twice.bound.least) == (73.0, 73.0)


SCARCE = CONFLICT | {
    "source_items": pa.table(
        {"source_code": ["both", "both"], "sku": ["A", "B"], "quantity": [1, 1]}
    )
}
"""There is no other A: who gets it?"""


def test_a_promise_is_kept_though_the_batch_then_costs_more():
    policy = {"order_rule": "optimal", "costs": COSTS}
    dearer = run(SCARCE, policy=policy | {"optimal": {"keep_promises": True}})
    # To ship A and B in one box to the second order saves the box of the first.
    cheaper = run(SCARCE, policy=policy)
    assert [line["order_id"] for line in cheaper.shortfalls.to_pylist()] == [1]
    assert [line["order_id"] for line in dearer.shortfalls.to_pylist()] == [2]
    assert (cheaper.kpis.cost, dearer.kpis.cost) == (12.0, 22.0)
    assert cheaper.bound.dropped == ()
    (said,) = dearer.bound.dropped
    assert said.startswith("keep_promises:")


@given(whole_cases())
@FEWER
def test_with_promises_no_line_gets_less_than_one_order_at_a_time_gives_it(case):
    tables, policy = case
    alone = run(to_arrow(tables), policy=policy | {"order_rule": "cheapest"})
    kept = run(to_arrow(tables), policy=policy | {"optimal": {"keep_promises": True}})
    assert kept.bound.cost_micro <= kept.bound.rules["cheapest"]
    assert kept.bound.least_micro <= kept.bound.cost_micro
    before = {(row["order_id"], row["line"]): row["qty_short"] for row in shortfalls(alone)}
    for row in shortfalls(kept):
        assert row["qty_short"] <= before.get((row["order_id"], row["line"]), 0)


def shortfalls(found):
    return found.shortfalls.to_pylist()


def test_what_comes_first_is_service_or_cost():
    # To send a unit costs 11, to leave it out 5 or 500.
    costs = COSTS | {"per_unserved_unit": 5}
    for first, lacks, weight in (("cost", 3, 5), ("service", 1, 1100), (None, 3, 5)):
        optimal = {} if first is None else {"first": first}
        found = run(SCARCE, policy={"order_rule": "optimal", "costs": costs, "optimal": optimal})
        assert len(shortfalls(found)) == lacks
        assert found.bound.weights_micro[0] == weight * 10**6


def test_a_run_that_is_out_of_time_says_so():
    hurried = {"order_rule": "optimal", "costs": COSTS, "optimal": {"time_limit": "0.001"}}
    found = run(CONFLICT, policy=hurried)
    assert not found.bound.is_whole
    assert found.bound.least_micro <= found.bound.cost_micro == min(found.bound.rules.values())


@given(whole_cases(), st.integers(0, 9))
@FEWER
def test_an_exact_bound_is_no_lower_and_any_seed_is_as_good(case, seed):
    tables, policy = case
    plain = run(to_arrow(tables), policy=policy).bound
    exact = run(to_arrow(tables), policy=policy | {"optimal": {"exact": True}}).bound
    other = run(to_arrow(tables), policy=policy | {"optimal": {"seed": seed}}).bound
    assert plain.least_micro <= exact.least_micro <= min(plain.cost_micro, other.cost_micro)
    assert exact.rules["cheapest"] == plain.rules["cheapest"] == other.rules["cheapest"]
    assert max(plain.least_micro, other.least_micro) <= exact.cost_micro


def test_a_source_that_a_later_line_draws_on_is_not_one_too_many():
    tables = {
        "sources": pa.table({"source_code": ["lyon"]}),
        "stock_source_links": pa.table({"stock_id": [1], "source_code": ["lyon"], "priority": [1]}),
        "source_items": pa.table(
            {"source_code": ["lyon"] * 3, "sku": ["A", "B", "C"], "quantity": [1, 1, 10]}
        ),
        "orders": pa.table(
            {"order_id": [1, 2], "stock_id": [1, 1], "ship_policy": [None, "order"]}
        ),
        "order_lines": pa.table(
            {"order_id": [1, 1, 2, 2], "sku": ["A", "B", "A", "C"], "qty": [1, 1, 1, 10]}
        ),
    }
    # The first order leaves A to the second, which needs it to be whole, and draws B from lyon.
    whole = run(tables, policy={"order_rule": "optimal", "max_sources": 1, "costs": COSTS})
    (short,) = whole.shortfalls.to_pylist()
    assert (short["order_id"], short["sku"], short["reason"]) == (1, "A", "order_rule")


def test_soft_constraints_are_refused():
    soft = [{"kind": "max_distance", "km": 5, "soft": True}]
    policy = {"order_rule": "optimal", "costs": COSTS, "constraints": soft}
    with pytest.raises(PolicyError, match="make it hard"):
        run(CONFLICT, policy=policy)


def test_costs_are_needed():
    with pytest.raises(PolicyError, match="nothing that is shipped costs"):
        run(CONFLICT, policy={"order_rule": "optimal"})
