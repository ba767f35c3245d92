"""Runs by a policy against the oracle and against their laws."""

import random
from collections import Counter, defaultdict
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.errors import PolicyError, UsageError
from engine.policies.find import PRESETS
from tests.oracle.policies import allocate as expected_of
from tests.policy_cases import policy_cases, to_arrow, whole_cases
from tests.selection.test_allocate import ORDER_TABLES, modes, rows, run
from tests.strategies import cases
from tests.strategies import to_arrow as plain_to_arrow

TABLES = ("allocations", "orders", "shortfalls", "source_items")
FEWER = settings(max_examples=settings.default.max_examples // 5)


@given(policy_cases(), modes)
def test_policies_equal_oracle(case, mode):
    tables, policy = case
    expected = expected_of(tables, policy, mode)
    found = run(to_arrow(tables), policy=policy, mode=mode)
    for name in TABLES:
        assert getattr(found, name).to_pylist() == expected[name], name
    if expected["cost"] is not None and found.kpis.cost is not None:
        assert round(found.kpis.cost * 10**6) == expected["cost"]


@given(cases(), st.sampled_from(["priority", "distance"]), modes)
@FEWER
def test_presets_of_msi_and_their_rules_in_the_policy_kernel_equal_msi(case, code, mode):
    tables = plain_to_arrow(case)
    plain = rows(run(tables, algorithm=code, mode=mode))
    assert rows(run(tables, policy=f"msi_{code}", mode=mode)) == plain
    # More sources than there are: the same rules, and no algorithm's own kernel.
    limited = {"ranking": [code], "max_sources": 1000}
    assert rows(run(tables, policy=limited, mode=mode)) == plain


def many_sources(seed, num_sources, most, wanted):
    """One order over many sources that each have little of three SKUs."""
    draw = random.Random(seed)
    codes = [f"s{at:02}" for at in range(num_sources)]
    items = [
        {"source_code": code, "sku": sku, "quantity": Decimal(draw.randint(1, most)), "status": 1}
        for code in codes
        for sku in "ABC"
        if draw.random() < 0.7
    ]
    return {
        "sources": [
            {"source_code": code, "latitude": float(draw.randint(0, 9)), "longitude": 0.0}
            for code in codes
        ],
        "stock_source_links": [
            {"stock_id": 1, "source_code": code, "priority": draw.randint(1, 5)} for code in codes
        ],
        "source_items": items,
        "orders": [{"order_id": 1, "stock_id": 1, "latitude": 1.0, "longitude": 0.0}],
        "order_lines": [
            {"order_id": 1, "sku": sku, "qty": Decimal(draw.randint(1, wanted))} for sku in "ABCA"
        ],
    }


COSTS = {
    "per_shipment": Decimal("2.5"),
    "per_unit": Decimal("0.4"),
    "per_unit_km": Decimal("0.001"),
}
SETS = [
    {"order_rule": "fewest_sources", "ranking": ["distance", "stock_level"]},
    {"order_rule": "cheapest", "costs": COSTS},
    {"order_rule": "cheapest", "costs": COSTS | {"per_unserved_unit": Decimal("1.9")}},
    {"order_rule": "cheapest", "costs": COSTS, "max_sources": 3},
]


@pytest.mark.parametrize("policy", SETS)
@pytest.mark.parametrize("seed", range(2))
def test_sets_of_many_sources_equal_oracle(policy, seed):
    tables = many_sources(seed, 9, (4, 12)[seed], 9)
    found = run(to_arrow(tables), policy=policy)
    assert rows(found)["allocations"] == expected_of(tables, policy)["allocations"]


@pytest.mark.needs_jit
@pytest.mark.parametrize("policy", SETS[:2])
@pytest.mark.parametrize(("num_sources", "most", "wanted"), [(14, 2, 12), (20, 1, 11)])
def test_sets_that_are_too_many_are_improved_as_stated(policy, num_sources, most, wanted):
    tables = many_sources(0, num_sources, most, wanted)
    found = run(to_arrow(tables), policy=policy)
    assert rows(found)["allocations"] == expected_of(tables, policy)["allocations"]


@pytest.mark.parametrize("handling_cost", [9.0, 0.0])
def test_the_cheapest_pair_may_stand_behind_dear_sources(handling_cost):
    holds = {"a": {"A": 1, "B": 1}, "b": {"A": 2, "B": 2}, "y": {"A": 3}, "z": {"B": 3}}
    tables = {
        "sources": [
            {"source_code": code, "handling_cost": handling_cost if code in "ab" else 0.0}
            for code in holds
        ],
        "stock_source_links": [
            {"stock_id": 1, "source_code": code, "priority": 1} for code in holds
        ],
        "source_items": [
            {"source_code": code, "sku": sku, "quantity": Decimal(quantity), "status": 1}
            for code, items in holds.items()
            for sku, quantity in items.items()
        ],
        "orders": [{"order_id": 1, "stock_id": 1}],
        "order_lines": [{"order_id": 1, "sku": sku, "qty": Decimal(3)} for sku in "AB"],
    }
    policy = {"order_rule": "cheapest", "costs": COSTS}
    found = rows(run(to_arrow(tables), policy=policy))["allocations"]
    assert found == expected_of(tables, policy)["allocations"]
    if handling_cost:
        assert [row["source_code"] for row in found] == ["y", "z"]


@given(policy_cases() | whole_cases(), st.integers(1, 5))
@FEWER
def test_streams_equal_the_run_in_memory(case, size):
    tables, policy = case
    if "orders" in tables or not tables["order_lines"]:
        return  # a stream's lines carry the columns of their orders
    arrow = to_arrow(tables)
    whole = run(arrow, policy=policy)
    catalog = {name: table for name, table in arrow.items() if name not in ORDER_TABLES}
    catalog = engine.Catalog.from_tables(catalog)
    lines = in_sequence(arrow["order_lines"], whole.orders["order_id"].to_pylist())
    batches = [lines.slice(start, size) for start in range(0, len(lines), size)]
    stream = engine.stream(catalog, batches, policy=policy)
    parts = list(stream)
    for name in ("allocations", "orders", "shortfalls"):
        found = [row for part in parts for row in getattr(part, name).to_pylist()]
        assert found == getattr(whole, name).to_pylist(), name
    assert stream.source_items.equals(whole.source_items)
    assert stream.kpis == whole.kpis


def in_sequence(lines, order_ids):
    """Lines in the sequence of their orders."""
    place = {order_id: at for at, order_id in enumerate(order_ids)}
    keys = [place[order_id] for order_id in lines["order_id"].to_pylist()]
    return lines.take(sorted(range(len(keys)), key=keys.__getitem__))


# ------------------------------------------------------------------------- laws


def with_ship_policy(tables, ship_policy):
    """The tables with this ship policy for every order."""
    name = "orders" if "orders" in tables else "order_lines"
    return tables | {name: [row | {"ship_policy": ship_policy} for row in tables[name]]}


@given(policy_cases() | whole_cases(), st.sampled_from(["order", "line"]), modes)
@FEWER
def test_nothing_is_shipped_in_part(case, ship_policy, mode):
    tables, policy = case
    found = run(to_arrow(with_ship_policy(tables, ship_policy)), policy=policy, mode=mode)
    served = {(row["order_id"], row["line"]) for row in found.allocations.to_pylist()}
    short = {(row["order_id"], row["line"]) for row in found.shortfalls.to_pylist()}
    assert not served & short
    if ship_policy == "order":
        assert not {order for order, _ in served} & {order for order, _ in short}


@given(policy_cases() | whole_cases())
@FEWER
def test_hard_limits_hold(case):
    tables, policy = case
    found = run(to_arrow(tables), policy=policy).allocations.to_pylist()
    orders_of, units_of, sources_of = defaultdict(set), Counter(), defaultdict(set)
    for row in found:
        orders_of[row["source_code"]].add(row["order_id"])
        units_of[row["source_code"]] += row["qty_to_deduct"]
        sources_of[row["order_id"]].add(row["source_code"])
    hard = [one for one in policy.get("constraints", []) if not one.get("soft", False)]
    if any(one["kind"] == "capacity" for one in hard):
        for source in tables["sources"]:
            code = source["source_code"]
            if source["capacity_orders"] is not None:
                assert len(orders_of[code]) <= source["capacity_orders"]
            if source["capacity_units"] is not None:
                assert units_of[code] <= source["capacity_units"]
    for limit in [one["km"] for one in hard if one["kind"] == "max_distance" and "km" in one]:
        # A float may lie a little above the decimal that it stands for.
        assert all(round(row["distance_km"] * 10**6) <= limit * 10**6 for row in found)
    most = policy.get("max_sources", 0)
    assert not most or all(len(codes) <= most for codes in sources_of.values())


@given(policy_cases(), st.integers(0, 4))
@FEWER
def test_a_first_order_is_served_no_less_under_fewer_constraints(case, at):
    """One constraint less: an order that finds the same stock is not given fewer units.

    It holds for the first order, by line and in part: later ones find what is left. Constraints on
    shipments and the number of sources are about what an order may combine, not about what it may
    have, and are left out.
    """
    tables, policy = case
    kept = [one for one in policy.get("constraints", []) if one["kind"] != "min_units"]
    policy = {"ranking": policy.get("ranking", ["priority"]), "constraints": kept}
    policy |= {"costs": case[1]["costs"]} if "costs" in case[1] else {}
    if "cost" in policy["ranking"] and "costs" not in policy:
        policy["ranking"] = ["priority"]
    fewer = policy | {"constraints": kept[:at] + kept[at + 1 :]}
    arrow = to_arrow(with_ship_policy(tables, "partial"))
    strict, loose = (
        run(arrow, policy=one, mode="independent").orders.to_pylist() for one in (policy, fewer)
    )
    for before, after in zip(strict, loose, strict=True):
        assert before["qty_allocated"] <= after["qty_allocated"]


# ---------------------------------------------------------------------- options


SHOP = {
    "sources": pa.table({"source_code": ["near", "far"]}),
    "stock_source_links": pa.table(
        {"stock_id": [1, 1], "source_code": ["near", "far"], "priority": [1, 2]}
    ),
    "source_items": pa.table(
        {"source_code": ["near", "far"], "sku": ["A", "A"], "quantity": [2, 9]}
    ),
    "orders": pa.table({"order_id": [1, 2], "stock_id": [1, 1]}),
    "order_lines": pa.table({"order_id": [1, 2], "sku": ["A", "A"], "qty": [3, 4]}),
}


def taken(result):
    """What each order takes from where."""
    return [
        (row["order_id"], row["source_code"], int(row["qty_to_deduct"]))
        for row in result.allocations.to_pylist()
    ]


def test_a_ship_policy_of_orders_holds_for_algorithms_too():
    orders = SHOP["orders"].append_column("ship_policy", pa.array([None, "order"]))
    lines = pa.table({"order_id": [1, 2], "sku": ["A", "A"], "qty": [3, 9]})
    found = run(SHOP | {"orders": orders, "order_lines": lines}, algorithm="priority")
    assert taken(found) == [(1, "near", 2), (1, "far", 1)]
    assert found.shortfalls["reason"].to_pylist() == ["insufficient_qty"]


def test_a_ship_policy_may_turn_up_late_in_a_stream():
    catalog = engine.Catalog.from_tables(
        {name: table for name, table in SHOP.items() if name not in ORDER_TABLES}
    )
    columns = {"stock_id": [1], "sku": ["A"]}
    batches = [
        pa.table(
            {"order_id": [1], "qty": [3], **columns, "ship_policy": pa.array([None], pa.string())}
        ),
        pa.table({"order_id": [2], "qty": [9], **columns, "ship_policy": ["order"]}),
        pa.table({"order_id": [3], "qty": [7], **columns, "ship_policy": ["order"]}),
    ]
    parts = [part.allocations.to_pylist() for part in engine.stream(catalog, batches)]
    found = [(row["order_id"], row["source_code"]) for rows in parts for row in rows]
    assert found == [(1, "near"), (1, "far"), (3, "far")]


def test_algorithm_and_policy_exclude_each_other():
    with pytest.raises(UsageError, match="exclude each other"):
        run(SHOP, algorithm="priority", policy="msi_priority")


def test_include_zero_is_for_algorithms():
    with pytest.raises(UsageError, match="include_zero"):
        run(SHOP, policy={"max_sources": 1}, include_zero=True)
    lines = pa.table({"order_id": [1, 2], "sku": ["A", "A"], "qty": [1, 2]})
    shop = SHOP | {"order_lines": lines}
    assert len(run(shop, policy="msi_priority").allocations) == 3
    assert len(run(shop, policy="msi_priority", include_zero=True).allocations) == 4


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"constraints": [{"kind": "lane"}]}, "needs the table lanes"),
        ({"constraints": [{"kind": "safety_stock"}]}, "needs the table safety_stock"),
        ({"constraints": [{"kind": "exclusion"}]}, "needs the table exclusions"),
        ({"costs": {"rates": True}, "order_rule": "cheapest"}, "needs the table rates"),
        ({"order_rule": "cheapest"}, "nothing that is shipped costs"),
        ({"ranking": ["cost"]}, "nothing that is shipped costs"),
        ({"ranking": ["nearest"]}, "no score"),
        ({"constraints": [{"kind": "moon"}]}, "kind 'moon' is unknown"),
        (
            {"constraints": [{"kind": "channel", "type": "w", "code": "b", "sources": ["x"]}]},
            "'x', which the catalogue does not have",
        ),
        (
            {"constraints": [{"kind": "channel", "type": "w", "code": "b", "sources": ["far"]}]},
            "needs the table sales_channels",
        ),
    ],
)
def test_what_a_policy_asks_for_must_be_there(policy, words):
    with pytest.raises(PolicyError, match=words):
        run(SHOP, policy=policy)


def test_a_channel_of_a_policy_must_be_one_of_the_catalogue():
    channels = pa.table({"type": ["website"], "code": ["base"], "stock_id": [1]})
    one = {"kind": "channel", "type": "website", "code": "bsae", "sources": ["far"]}
    with pytest.raises(PolicyError, match="names no row of sales_channels; correct its type"):
        run(SHOP | {"sales_channels": channels}, policy={"constraints": [one]})


RATED = SHOP | {
    "rates": pa.table(
        {
            "source_zone": ["a"] * 2,
            "destination_zone": ["b"] * 2,
            "up_to_units": [2, 1000],
            "cost": [5.0, 7.0],
        }
    ),
    "zones": pa.table(
        {
            "source_code": ["near", "far", None],
            "country_id": [None, None, "FR"],
            "zone": ["a", "a", "b"],
        }
    ),
    "orders": pa.table({"order_id": [1, 2], "stock_id": [1, 1], "country_id": ["FR", "GB"]}),
}


def test_rates_hold_for_policies_that_are_an_algorithm_otherwise():
    found = run(RATED, policy={"costs": {"rates": True}})
    assert taken(found) == [(1, "near", 2), (1, "far", 1)]
    assert found.shortfalls["reason"].to_pylist() == ["no_rate"]
    assert found.kpis.cost == 10


def test_rates_whose_largest_row_holds_nothing_are_refused():
    rates = RATED["rates"].slice(0, 1).set_column(2, "up_to_units", [[0]])
    with pytest.raises(PolicyError, match="from zone 'a' to 'b' is 0; add a row for larger"):
        run(RATED | {"rates": rates}, policy={"costs": {"rates": True}})


def test_an_algorithm_may_be_called_like_a_score():
    class Cost:
        code, title, description = "cost", "Cost", "By name"

        def scores(self, candidates):
            return -candidates.priority

    orders = SHOP["orders"].append_column("ship_policy", pa.array([None, "order"]))
    found = run(SHOP | {"orders": orders}, algorithm=Cost())
    assert taken(found) == [(1, "far", 3), (2, "far", 4)]
    assert found.kpis.cost is None


def test_excluded_items_are_no_stock_level():
    """Of two sources that hold as much of A, the one comes first that may give B as well."""
    shop = SHOP | {
        "source_items": pa.table(
            {
                "source_code": ["near", "near", "far", "far"],
                "sku": ["A", "B", "A", "B"],
                "quantity": [5, 100, 5, 6],
            }
        ),
        "exclusions": pa.table({"source_code": ["near"], "sku": ["B"]}),
        "orders": pa.table({"order_id": [1], "stock_id": [1]}),
        "order_lines": pa.table({"order_id": [1, 1], "sku": ["A", "B"], "qty": [6, 1]}),
    }
    policy = {
        "ranking": ["stock_level"],
        "order_rule": "fewest_sources",
        "constraints": [{"kind": "exclusion"}],
    }
    assert taken(run(shop, policy=policy)) == [(1, "far", 5), (1, "near", 1), (1, "far", 1)]


def test_a_source_without_a_whole_unit_takes_no_place_in_a_split():
    items = pa.table(
        {
            "source_code": ["near", "far"],
            "sku": ["A", "A"],
            "quantity": pa.array([Decimal("0.5"), Decimal(4)], pa.decimal128(12, 4)),
        }
    )
    shop = SHOP | {"source_items": items, "orders": SHOP["orders"].slice(0, 1)}
    shop |= {"order_lines": SHOP["order_lines"].slice(0, 1)}
    found = run(shop, policy={"order_rule": "balanced_split", "max_sources": 1})
    assert taken(found) == [(1, "far", 3)]


def test_costs_that_could_overflow_are_refused_order_by_order():
    policy = {"order_rule": "cheapest", "costs": {"per_unit": 1_000_000, "per_unserved_unit": 9}}
    lines = pa.table({"order_id": [1, 2], "sku": ["A", "A"], "qty": [99_999_999, 1]})
    with pytest.raises(PolicyError, match="order 1 of 99,999,999 units could cost more than"):
        run(SHOP | {"order_lines": lines}, policy=policy)


def test_bills_of_any_size_are_exact():
    lines = pa.table({"order_id": [1], "sku": ["A"], "qty": [99_999_999]})
    items = SHOP["source_items"].set_column(2, "quantity", [[99_999_000, 1]])
    shop = SHOP | {"source_items": items, "order_lines": lines}
    costs = {"per_unit": 1_000_000, "per_unserved_unit": 999_999}
    found = run(shop, policy={"costs": costs}).kpis
    assert found.cost == 99_999_001 * 1_000_000 + 998 * 999_999
    assert found.cost_unserved == 998 * 999_999


def test_presets_of_the_package_run():
    placed = {"latitude": [48.9, 45.8], "longitude": [2.4, 4.8]}
    shop = SHOP | {"sources": pa.table({"source_code": ["near", "far"], **placed})}
    complete = [(1, "far", 3), (2, "far", 4)]
    for name in PRESETS:
        found = taken(run(shop, policy=name))
        if name in ("nearest_complete", "fewest_sources", "cheapest", "store_balance"):
            assert found == complete, name
