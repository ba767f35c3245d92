"""Explanations of orders that were decided together."""

from decimal import Decimal
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given

from engine.errors import OutputError, UsageError
from engine.optimum.solve import solve
from engine.selection.explanation import CandidateSource, ExplainedLine, Explanation
from engine.types import REASONS
from tests.policy_cases import to_arrow, whole_cases
from tests.selection.test_allocate import run
from tests.selection.test_by_optimum import CONFLICT, COSTS
from tests.selection.test_explain import check_against_run
from tests.selection.test_policies import FEWER

pytestmark = pytest.mark.needs_jit

OPTIMAL = {"order_rule": "optimal", "costs": COSTS | {"per_unserved_unit": 20}}
HANDLED = {
    **CONFLICT,
    "sources": pa.table({"source_code": ["both", "left", "right"], "handling_cost": [0.0, 2, 0]}),
}
"""Order 1 would pay 11 at ``both``, and 13 at ``left``; order 2 saves 12 or more at ``both``."""


@given(whole_cases())
@FEWER
def test_orders_are_explained_as_they_were_decided(case):
    tables, policy = case
    result = run(to_arrow(tables), policy=policy)
    for order_id in result.orders["order_id"].to_pylist()[-2:]:
        for line in check_against_run(result, order_id).lines:
            asked = line.qty > 0
            given = [one.qty_to_deduct for one in line.candidates]
            assert sum(one.qty_on_its_own for one in line.candidates) <= line.qty
            why = [
                "order_rule" if one.reason == "left_to_others" else one.reason
                for one in line.candidates
                if asked and not one.qty_to_deduct
            ]
            assert {None, "ranked_lower", "given_back"}.isdisjoint(why)
            if line.reason in REASONS[2:17]:
                met = max((REASONS.index(reason) for reason in why), default=2)
                assert REASONS.index(line.reason) >= met
                assert any(given) or REASONS.index(line.reason) == met
            for one in line.candidates:
                if one.reason == "left_to_others":
                    assert one.qty_on_its_own > 0
                    assert one.qty_available > 0


@given(whole_cases())
@FEWER
def test_the_only_order_of_a_batch_gets_its_own_way(case):
    tables, policy = case
    for first in {row["order_id"] for row in tables["order_lines"][:1]}:
        for name in {"orders", "order_lines"} & tables.keys():
            tables = tables | {name: [row for row in tables[name] if row["order_id"] == first]}
        for line in run(to_arrow(tables), policy=policy).explain(first).lines:
            for one in line.candidates:
                assert one.qty_on_its_own == one.qty_to_deduct


def test_what_an_order_leaves_to_others_is_named_with_its_price():
    result = run(HANDLED, policy=OPTIMAL)
    # Where A costs 2 to 12 more at both than at left, the first pays 13 and the second 12, beside
    # the prices, which come back.
    assert result.bound.least == result.bound.cost == 25.0
    found = result.explain(1)
    left, both = found.lines[0].candidates
    assert (left.source_code, left.qty_to_deduct, left.qty_on_its_own) == ("left", 1, 0)
    assert (both.source_code, both.qty_to_deduct, both.qty_on_its_own) == ("both", 0, 1)
    assert (both.qty_available, both.reason) == (1, "left_to_others")
    assert 2 <= both.price - left.price <= 12
    assert (both.capacity_units_price, both.capacity_orders_price) == (None, None)
    assert str(found) == (
        "Order 1 gets 1 unit from left. On its own it would get 1 unit from both; orders compete "
        f"for A at both ({both.price:.2f} a unit). Decided by order rule optimal, the batch of "
        "2 orders as a whole."
    )
    other = result.explain(2)
    assert "On its own it would fare no better." in other.sentence
    # Nobody else wants B.
    assert [one.price for one in other.lines[1].candidates] == [None, None]
    assert [one.scores for one in other.lines[1].candidates] == [{}, {}]


def test_capacities_have_prices():
    tables = {
        "sources": pa.table(
            {
                "source_code": ["far", "near"],
                "handling_cost": [4.0, 0],
                "capacity_orders": pa.array([None, 1], pa.int64()),
                "capacity_units": [9, 9],
            }
        ),
        "stock_source_links": pa.table(
            {"stock_id": [1, 1], "source_code": ["far", "near"], "priority": [1, 1]}
        ),
        "source_items": pa.table(
            {"source_code": ["far", "near"], "sku": ["A", "A"], "quantity": [9, 9]}
        ),
        "orders": pa.table({"order_id": [1, 2], "stock_id": [1, 1]}),
        "order_lines": pa.table({"order_id": [1, 2], "sku": ["A", "A"], "qty": [1, 1]}),
    }
    result = run(tables, policy=OPTIMAL | {"constraints": [{"kind": "capacity"}]})
    (moved,) = [
        row["order_id"] for row in result.allocations.to_pylist() if row["source_code"] == "far"
    ]
    found = result.explain(moved)
    near = {one.source_code: one for one in found.lines[0].candidates}["near"]
    # Each pays 11 and the price at near, or 15 at far; the place at near is worth its price.
    price = near.capacity_orders_price
    assert result.bound.least_micro == (2 * min(11 + price, 15) - price).scaleb(6)
    assert (near.qty_on_its_own, near.price, near.capacity_units_price) == (1, None, None)
    assert f"orders compete for capacity of near ({price:.2f} an order)" in found.sentence


def test_reasons_are_those_of_the_lines_turn():
    # Lines are served whole: the two units make the second line whole, not the first.
    tables = {
        "sources": pa.table({"source_code": ["a"]}),
        "stock_source_links": pa.table({"stock_id": [1], "source_code": ["a"], "priority": [1]}),
        "source_items": pa.table({"source_code": ["a"], "sku": ["A"], "quantity": [2]}),
        "orders": pa.table({"order_id": [1], "stock_id": [1]}),
        "order_lines": pa.table({"order_id": [1, 1], "sku": ["A", "A"], "qty": [3, 2]}),
    }
    result = run(tables, policy=OPTIMAL | {"ship_policy": "line"})
    first, second = result.explain(1).lines
    assert (first.qty_short, first.reason, second.qty_short) == (3, "order_rule", 0)
    assert (first.candidates[0].qty_available, first.candidates[0].reason) == (2, "order_rule")
    assert second.candidates[0].qty_to_deduct == 2


def test_many_things_competed_for_are_counted():
    skus = ["A", "B", "C", "D", "E"]
    tables = {
        "sources": pa.table({"source_code": ["far", "near"], "handling_cost": [3.0, 0]}),
        "stock_source_links": pa.table(
            {"stock_id": [1, 1], "source_code": ["far", "near"], "priority": [1, 1]}
        ),
        "source_items": pa.table(
            {
                "source_code": ["far"] * 5 + ["near"] * 5,
                "sku": skus * 2,
                "quantity": [2] * 5 + [1] * 5,
            }
        ),
        "orders": pa.table({"order_id": [1, 2], "stock_id": [1, 1]}),
        "order_lines": pa.table({"order_id": [1] * 5 + [2] * 5, "sku": skus * 2, "qty": [1] * 10}),
    }
    result = run(tables, policy=OPTIMAL)
    (moved,) = {
        row["order_id"] for row in result.allocations.to_pylist() if row["source_code"] == "far"
    }
    found = result.explain(moved)
    priced = [line for line in found.lines for one in line.candidates if one.price]
    assert len(priced) == 5
    assert "all 5 units from near; orders compete for " in found.sentence
    assert " and 2 more. Decided" in found.sentence


def test_a_run_cut_short_is_named_where_it_cannot_be_replayed():
    result = run(HANDLED, policy=OPTIMAL)

    def ends_early(batch, starts, **options):
        """What the rule that stands first makes of it: the first order takes what is first."""
        return solve(batch, starts, **options)._replace(given=starts[0])

    told = r"order 1 is decided otherwise now.* because a time limit ended the search"
    with (
        patch("engine.selection.by_optimum.solve", ends_early),
        pytest.raises(OutputError, match=told),
    ):
        result.explain(1)


def test_orders_that_are_not_there_are_named():
    with pytest.raises(UsageError, match="no order 3; give an order_id"):
        run(HANDLED, policy=OPTIMAL).explain(3)


def test_independent_orders_are_explained_as_by_cheapest():
    result = run(HANDLED, policy=OPTIMAL, mode="independent")
    found = result.explain(1)
    assert str(found) == (
        "Order 1 gets 1 unit from both. Decided by priority; order rule cheapest, each order on "
        "its own."
    )
    assert {one.price for one in found.lines[0].candidates} == {None}


def candidate(code, gives, own, *prices):
    """A candidate of which only this is known."""
    price, *of_capacity = [None if one is None else Decimal(one) for one in prices]
    return CandidateSource(
        *(code, None, None, None, Decimal(9), None, None, {}, Decimal(gives), None, None),
        *(Decimal(own), price, *of_capacity),
    )


def test_sentences_name_each_source_once_and_the_dearest_first():
    lines = [
        ExplainedLine(0, "A", Decimal(2), Decimal(0), None, 0, (
            candidate("far", 2, 0, "9", "9", "9"),
            candidate("near", 0, 2, "1.5", "0.001", "4"),
        )),
        ExplainedLine(1, "A", Decimal(3), Decimal(0), None, 0, (
            candidate("far", 3, 0, "9", "9", "9"),
            candidate("near", 0, 3, "1.5", "0.001", "4"),
        )),
        ExplainedLine(2, "B", Decimal(1), Decimal(0), None, 0, (
            candidate("far", 1, 0, None, "9", "9"),
            candidate("near", 0, 1, "0", "0.001", "4"),
        )),
    ]  # fmt: skip
    found = Explanation(7, 1, True, "the batch", "partial", {}, tuple(lines))
    # 5 x 1.50 is more than 6 x 0.001 + 4; what has no price comes last.
    assert str(found) == (
        "Order 7 gets all 6 units from far. On its own it would get all 6 units from near; orders "
        "compete for A at near (1.50 a unit), capacity of near (0.001 a unit and 4.00 an order) "
        "and B at near. Decided by the batch."
    )
    table = found.table.to_pylist()
    assert [row["qty_on_its_own"] for row in table] == [0, 2, 0, 3, 0, 1]
    assert [row["price"] for row in table[-2:]] == [None, 0]
