"""Random steps: what they lead to is what engine.allocate makes of tables changed by hand."""

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import engine
from engine.errors import PolicyError, ScenarioError
from engine.orders import encode_orders, sequence
from engine.selection.plan import find_plan
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from engine.whatif.apply import apply
from engine.whatif.case import Case, details_of
from engine.whatif.outcome import run_scenario
from tests.oracle import scenarios as oracle
from tests.policy_cases import policy_cases, to_arrow
from tests.schemas import Row, Tables

FACTORS = [Decimal(text) for text in ("0", "0.5", "1", "1.5", "0.333333", "2.345678", "3")]
SHARES = [Decimal(text) for text in ("1", "0.5", "0.25", "0.333333", "0")]
QUANTITIES = [Decimal(text) for text in ("0", "1", "2.5", "100")]
SEEDS = st.integers(0, 3)


def with_orders(tables: Tables) -> Tables:
    """The tables, orders apart from their lines."""
    if "orders" in tables:
        return tables
    heads: dict[Any, Row] = {}
    lines = []
    for row in tables["order_lines"]:
        line = {name: row[name] for name in ("order_id", "sku", "qty")}
        head = {name: value for name, value in row.items() if name not in ("sku", "qty")}
        heads.setdefault(row["order_id"], head)
        lines.append(line)
    return tables | {"orders": list(heads.values()), "order_lines": lines}


def begin(tables: Tables, policy: Row) -> tuple[Case, Tables]:
    """The case that the tables are, and the tables with orders in sequence."""
    arrow = to_arrow(tables)
    orders = {name: arrow.pop(name) for name in ORDER_TABLES}
    catalog = engine.Catalog.from_tables(arrow)
    raw, findings = as_raw(orders, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings)
    rows = sequence(valid.tables["orders"])
    case = Case(
        catalog,
        encode_orders(valid, catalog),
        details_of(valid.tables["orders"]),
        find_plan(None, policy),
    )
    return case, tables | {"orders": [tables["orders"][at] for at in rows.tolist()]}


def steps(tables: Tables) -> st.SearchStrategy[tuple[str, Row]]:
    """A step that the tables allow, and its keys."""
    source = st.sampled_from([row["source_code"] for row in tables["sources"]])
    carried = sorted({row["source_code"] for row in tables["source_items"]})
    skus = sorted({row["sku"] for row in tables["source_items"]})
    stocks = sorted(row["stock_id"] for row in oracle.with_stocks(tables)["stocks"])
    links = {(row["source_code"], row["stock_id"]) for row in tables["stock_source_links"]}
    codes = [row["source_code"] for row in tables["sources"]]
    new = sorted({"AA", "bb", "é", "zz"} - set(codes))
    priority = st.sampled_from([0, 1, 2, 65535])
    sku = st.sampled_from(["*", "?*", *skus, *(one.upper() for one in skus if one.isascii())])
    chosen = {"sku": sku, "rank": st.just((1, 2))}
    factor, share = st.sampled_from(FACTORS), st.sampled_from(SHARES)
    goods = st.dictionaries(st.sampled_from(["Ghost", skus[0]]), st.sampled_from(QUANTITIES))
    possible: dict[str, tuple[Row, Row]] = {
        "close_source": ({"source": source}, {}),
        "open_source": ({"source": source}, {}),
        "scale_stock": ({"factor": factor}, chosen),
        "set_safety_stock": (
            {"source": source, "quantity": st.sampled_from(QUANTITIES)},
            {"sku": sku},
        ),
        "set_capacity": (
            {"source": source},
            {"orders": st.integers(0, 3), "units": st.sampled_from(QUANTITIES)},
        ),
        "scale_demand": ({"factor": factor, "seed": SEEDS}, {}),
        "resample_demand": ({"seed": SEEDS}, {}),
    }
    if new:
        wanted = st.dictionaries(st.sampled_from(stocks), priority) if stocks else st.just({})
        keys = {"source": st.sampled_from(new), "links": wanted}
        possible["add_source"] = (keys | {"stock": goods}, {})
        possible["add_source "] = (keys | {"stock_of": source}, {"factor": factor})
    if len(codes) > 1:
        pairs = [(a, b) for a, b in product(carried, codes) if a != b]
        possible["move_stock"] = ({"pair": st.sampled_from(pairs), "share": share}, chosen)
    if stocks:
        possible["remove_stock"] = ({"stock_id": st.sampled_from(stocks)}, {})
    if links:
        linked = {"link": st.sampled_from(sorted(links))}
        possible["unlink_source"] = (linked, {})
        possible["set_priority"] = (linked | {"priority": priority}, {})
    if others := sorted(set(product(codes, stocks)) - links):
        possible["link_source"] = ({"link": st.sampled_from(others), "priority": priority}, {})
    day = date(2024, 2, 29)
    if oracle.between(tables, day, day)["orders"]:
        possible["between"] = ({"start": st.just(day), "end": st.just(day)}, {})
    return st.sampled_from(sorted(possible)).flatmap(
        lambda do: st.tuples(st.just(do.strip()), keys_of(*possible[do]))
    )


def keys_of(required: Row, optional: Row) -> st.SearchStrategy[Row]:
    """The keys of a step; a pair and a link are two of them."""

    def apart(keys: Row) -> Row:
        if "pair" in keys:
            keys["source"], keys["to"] = keys.pop("pair")
        if "link" in keys:
            keys["source"], keys["stock_id"] = keys.pop("link")
        return keys

    return st.fixed_dictionaries(required, optional=optional).map(apart)


def times_taken(before: Case, after: Case) -> list[int]:
    """How often each order is there; copies follow the order they are copied from."""
    taken: Counter[Any] = Counter()
    ids, origin = set(before.orders.ids.to_pylist()), None
    for order_id in after.orders.ids.to_pylist():
        origin = order_id if order_id in ids else origin
        taken[origin] += 1
    return [taken[one] for one in before.orders.ids.to_pylist()]


def check_number(counts: list[int], factor: Decimal) -> None:
    """As many orders as scale_demand promises, none much more often than others."""
    assert sum(counts) == len(counts) * int(factor) + round(len(counts) * Fraction(factor % 1))
    assert set(counts) <= {int(factor), int(factor) + 1}


@given(st.data())
@settings(max_examples=settings.default.max_examples // 2)
def test_steps_come_to_what_changed_tables_come_to(data):
    tables, policy = data.draw(policy_cases())
    case, tables = begin(with_orders(tables), policy)
    scenario = engine.Scenario("drawn")
    for _ in range(data.draw(st.integers(1, 5))):
        do, keys = data.draw(steps(tables))
        before, scenario = apply(scenario, case), getattr(scenario, do)(**keys)
        if do in ("scale_demand", "resample_demand"):
            counts = times_taken(before, apply(scenario, case))
            if do == "scale_demand":
                check_number(counts, keys["factor"])
            tables = oracle.copied(tables, counts)
        else:
            tables = getattr(oracle, do)(tables, **keys)
        assume(all(row["quantity"] < 10**8 for row in tables["source_items"]))
    arrow = to_arrow(tables)
    orders = [arrow.pop(name) for name in ORDER_TABLES]
    try:
        expected = engine.allocate(engine.Catalog.from_tables(arrow), *orders, policy=policy)
    except PolicyError:  # it names a sales channel that is gone
        with pytest.raises(ScenarioError):
            run_scenario(scenario, case)
        return
    found = run_scenario(scenario, case)
    assert found.kpis == expected.kpis
    units: Counter[str] = Counter()
    for row in expected.allocations.to_pylist():
        units[row["source_code"]] += row["qty_to_deduct"] * 10_000
    assert dict(zip(found.codes, found.units.sum(axis=1).tolist(), strict=True)) == {
        code: units[code] for code in found.codes
    }
