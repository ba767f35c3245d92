"""Batches that are decided as a whole: what must hold, whatever they are."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings

from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import PolicyError, UsageError
from engine.orders import encode_orders
from engine.selection.by_optimum import ByOptimum
from engine.selection.plan import find_plan
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from tests.policy_cases import to_arrow, whole_cases
from tests.selection.test_allocate import rows, run

FEWER = settings(max_examples=settings.default.max_examples // 5)
CATALOG = "sources", "stock_source_links", "source_items"
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


def test_a_run_that_may_not_go_on_is_no_dearer_than_the_best_rule_and_says_so():
    catalog = Catalog.from_tables({name: CONFLICT[name] for name in CATALOG})
    raw, findings = as_raw({name: CONFLICT[name] for name in ORDER_TABLES}, ORDER_TABLES)
    orders = encode_orders(
        validate_orders(raw, catalog.tables, findings, quarantine=False), catalog
    )
    plan = find_plan(None, {"order_rule": "optimal", "costs": COSTS})
    hurried = ByOptimum(catalog, plan, lambda: False)
    hurried.serve(orders, Clock())
    (bound,) = hurried.bounds
    assert not bound.is_whole
    assert bound.least_micro <= 23_000_000 <= bound.cost_micro == min(bound.rules.values())


@pytest.mark.needs_jit
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


def test_soft_constraints_are_refused():
    soft = [{"kind": "max_distance", "km": 5, "soft": True}]
    policy = {"order_rule": "optimal", "costs": COSTS, "constraints": soft}
    with pytest.raises(PolicyError, match="make it hard"):
        run(CONFLICT, policy=policy)


def test_what_was_decided_together_is_not_explained_as_if_it_were_not():
    found = run(CONFLICT, policy={"order_rule": "optimal", "costs": COSTS})
    with pytest.raises(UsageError, match="decides all orders together"):
        found.explain(1)


def test_costs_are_needed():
    with pytest.raises(PolicyError, match="nothing that is shipped costs"):
        run(CONFLICT, policy={"order_rule": "optimal"})
