"""Explanations against the oracle, and against the run that they explain."""

from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.errors import UsageError
from tests.oracle.policies import allocate as expected_of
from tests.policy_cases import policy_cases, to_arrow
from tests.selection.test_policies import FEWER, modes, run
from tests.strategies import cases
from tests.strategies import to_arrow as plain_to_arrow

UNIT = Decimal("0.0001")


def rows_of(result, name, order_id):
    """The rows of an order in a table of a result."""
    return [row for row in getattr(result, name).to_pylist() if row["order_id"] == order_id]


def check_against_run(result, order_id):
    """What an explanation says an order gets and lacks is what the run wrote."""
    found = result.explain(order_id)
    picks = {
        (line.line, one.source_code): (one.qty_to_deduct, one.qty_available)
        for line in found.lines
        for one in line.candidates
        if one.qty_to_deduct
    }
    assert picks == {
        (row["line"], row["source_code"]): (row["qty_to_deduct"], row["qty_available"])
        for row in rows_of(result, "allocations", order_id)
        if row["qty_to_deduct"]
    }
    short = [(it.line, it.sku, it.qty_short, it.reason) for it in found.lines if it.qty_short]
    names = ("line", "sku", "qty_short", "reason")
    assert short == [
        tuple(row[name] for name in names) for row in rows_of(result, "shortfalls", order_id)
    ]
    return found


@given(policy_cases(), modes)
@FEWER
def test_candidates_equal_oracle(case, mode):
    tables, policy = case
    turns = expected_of(tables, policy, mode)["turns"]
    result = run(to_arrow(tables), policy=policy, mode=mode)
    for order_id, turn in zip(result.orders["order_id"].to_pylist(), turns, strict=True):
        for line in check_against_run(result, order_id).lines:
            had, met = turn["had"].get(line.line, {}), turn["met"].get(line.line, {})
            asked = {one.source_code for one in line.candidates if one.reason or one.qty_to_deduct}
            assert asked == met.keys() or not met
            for one in line.candidates:
                if one.qty_to_deduct or not met:
                    continue
                if one.reason == "given_back":
                    assert line.qty_short == line.qty
                else:
                    assert one.qty_available == had[one.source_code] * UNIT, one
                    after = met[one.source_code] or "order_rule"
                    if one.reason == "ranked_lower":  # by then, others may have made the order full
                        assert after in ("order_rule", "max_sources")
                    else:
                        assert one.reason == after


@given(policy_cases())
@FEWER
def test_soft_constraints_are_named_where_they_were_dropped(case):
    tables, policy = case
    result = run(to_arrow(tables), policy=policy)
    soft = {it["kind"] for it in policy.get("constraints", []) if it.get("soft")}
    kinds = {"excluded": "exclusion", "too_far": "max_distance"}
    for order_id in result.orders["order_id"].to_pylist():
        for row in result.explain(order_id).table.to_pylist():
            if row["softened"]:
                assert kinds.get(row["softened"], row["softened"]) in soft
                assert row["qty_to_deduct"] > 0


@given(cases(), st.sampled_from(["priority", "distance"]), modes)
@FEWER
def test_algorithms_are_explained_as_they_ran(case, code, mode):
    result = run(plain_to_arrow(case), algorithm=code, mode=mode)
    for order_id in result.orders["order_id"].to_pylist():
        for line in check_against_run(result, order_id).lines:
            ranked = [one for one in line.candidates if one.place]
            assert [one.place for one in ranked] == list(range(1, len(ranked) + 1))
            gave = [one.qty_to_deduct > 0 for one in ranked]
            assert gave == sorted(gave, reverse=True)  # each line on its own: the first ones give
            scores = [one.scores[code] for one in ranked]
            assert scores == sorted(scores, key=lambda score: (score is None, score))


CATALOG = {
    "sources": [
        {"source_code": "lyon", "latitude": 45.76, "longitude": 4.84, "capacity_orders": 2},
        {"source_code": "paris", "latitude": 48.86, "longitude": 2.35, "enabled": False},
        {"source_code": "reno", "latitude": 39.53, "longitude": -119.81},
        {"source_code": "oslo", "latitude": 59.91, "longitude": 10.75},
    ],
    "stock_source_links": [
        {"stock_id": 1, "source_code": code, "priority": at}
        for at, code in enumerate(["paris", "reno", "lyon"])
    ],
    "source_items": [
        {"source_code": code, "sku": "A", "quantity": Decimal(5), "status": 1}
        for code in ("lyon", "paris", "reno", "oslo")
    ],
    "orders": [{"order_id": 7, "stock_id": 1, "latitude": 46.0, "longitude": 5.0}],
    "order_lines": [
        {"order_id": 7, "sku": "A", "qty": Decimal(7)},
        {"order_id": 7, "sku": "ghost", "qty": Decimal(1)},
    ],
}
POLICY = {
    "ranking": ["distance", "stock_level", "capacity_left", "balance"],
    "distance_bucket_km": 100,
    "constraints": [{"kind": "max_distance", "km": 500, "soft": True}],
    "costs": {"per_shipment": 2, "per_unit_km": Decimal("0.01")},
}


def test_scores_costs_and_words():
    found = run(to_arrow(CATALOG), policy=POLICY).explain("7")
    assert str(found) == (
        "Order 7 gets 7 of 8 units from lyon (5) and reno (2); line 1 lacks 1: unknown sku. "
        "Decided by distance, then stock_level, then capacity_left, then balance; "
        "order rule line."
    )
    lyon, reno, *others = found.lines[0].candidates
    assert (lyon.source_code, reno.source_code) == ("lyon", "reno")
    assert (lyon.softened, reno.softened) == (None, "too_far")
    assert [(one.source_code, one.reason) for one in others] == [
        ("paris", "disabled"),
        ("oslo", "not_assigned"),
    ]
    assert lyon.scores == {
        "distance": 0,
        "stock_level": Decimal(5),
        "capacity_orders_left": 2,
        "capacity_units_left": None,
        "balance": 1.0,
    }
    assert lyon.shipment_cost == 2
    assert lyon.unit_cost == pytest.approx(Decimal(lyon.distance_km) / 100, abs=Decimal("1e-6"))
    assert found.lines[1].candidates == ()
    assert found.lines[1].not_carried_by == 2
    assert found.to_dict()["lines"][0]["candidates"][1]["qty_to_deduct"] == 2


def test_orders_that_are_not_there_are_named():
    result = run(to_arrow(CATALOG), policy=POLICY)
    with pytest.raises(UsageError, match="no order 8; give an order_id"):
        result.explain(8)


def test_results_of_folders_say_who_explains_them(tmp_path):
    result = run(to_arrow(CATALOG))
    engine.write_result(result, tmp_path / "out")
    with pytest.raises(UsageError, match=r"engine\.explain\(folder, order_id\)"):
        engine.read_result(tmp_path / "out").explain(7)


def shop(items, lines, **tables):
    """A stock of the sources that hold items (source, SKU, quantity), and an order of lines."""
    codes = sorted({code for code, _, _ in items})
    return {
        "sources": [{"source_code": code} | tables.get("of_source", {}) for code in codes],
        "stock_source_links": [
            {"stock_id": 1, "source_code": code, "priority": 1} for code in codes
        ],
        "source_items": [
            {"source_code": code, "sku": sku, "quantity": Decimal(quantity), "status": 1}
            for code, sku, quantity in items
        ],
        "exclusions": [
            {"source_code": code, "sku": sku} for code, sku in tables.get("exclusions", [])
        ],
        "orders": [{"order_id": 1, "stock_id": 1}],
        "order_lines": [{"order_id": 1, "sku": sku, "qty": Decimal(qty)} for sku, qty in lines],
    }


def told(tables, policy):
    """What an explanation says of each source of each line: reason and softened."""
    found = run(to_arrow(tables), policy=policy).explain(1)
    return [
        {one.source_code: (one.reason, one.softened) for one in line.candidates}
        for line in found.lines
    ]


SOFT = {"kind": "exclusion", "soft": True}


def test_hard_constraints_are_never_said_to_be_dropped():
    tables = shop([("a", "X", 4), ("a", "Y", 2)], [("X", 4), ("Y", 2)], exclusions=[("a", "X")])
    policy = {"constraints": [SOFT, {"kind": "min_units", "units": 5}]}
    assert told(tables, policy) == [{"a": (None, "excluded")}, {"a": (None, None)}]
    tables = shop([("a", "X", 3), ("b", "Y", 5)], [("X", 6), ("Y", 2)], exclusions=[("b", "Z")])
    policy = {"constraints": [SOFT], "max_sources": 1, "ship_policy": "line"}
    assert told(tables, policy) == [{"a": ("given_back", None)}, {"b": (None, None)}]


def test_what_a_barred_source_gave_was_not_given_back_by_the_ship_policy():
    tables = shop(
        [("a", "X", 3), ("a", "Y", 2), ("c", "Z", 1)],
        [("X", 6), ("Y", 2)],
        exclusions=[("c", "Z")],
    )
    policy = {"constraints": [SOFT, {"kind": "min_units", "units": 5}], "ship_policy": "line"}
    assert told(tables, policy) == [{"a": ("min_units", None)}, {"a": ("min_units", None)}]


def test_lines_that_want_nothing_say_nothing_of_what_there_is():
    (line,) = run(to_arrow(shop([("a", "X", 5)], [("X", 0)]))).explain(1).lines
    assert (line.candidates[0].qty_available, line.candidates[0].reason) == (None, None)


def test_amounts_do_not_depend_on_the_callers_decimals():
    result = run(to_arrow(shop([("a", "X", 123_456)], [("X", 123_456)])))
    with localcontext(Context(prec=4)):
        found = result.explain(1)
        assert found.sentence.startswith("Order 1 gets all 123,456 units from a.")
        assert found.table["qty_to_deduct"].to_pylist() == [Decimal("123456.0000")]


def test_tables_of_explanations_have_one_schema():
    tables = shop([("a", "X", 5)], [("X", 2)])
    policy = {"ranking": ["cost", "capacity_left", "balance"], "costs": {"per_unit": 3}}
    known = run(to_arrow(tables), policy=policy).explain(1).table
    tables["order_lines"][0]["sku"] = "ghost"
    assert run(to_arrow(tables), policy=policy).explain(1).table.schema == known.schema
