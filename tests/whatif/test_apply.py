"""Laws of all steps: pure, sharing what they do not touch, arrays and tables alike."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import engine
from engine.catalog import Catalog
from engine.errors import ScenarioError
from engine.whatif.apply import apply
from engine.whatif.outcome import run_scenario
from tests.whatif.conftest import two_sources

BASE = engine.Scenario("one")
SMALL = two_sources()
LILLE = {"country_id": "FR", "postcode": "59000", "links": {2: 4}}
STEPS = {
    "close": BASE.close_source("hamburg"),
    "open": BASE.open_source("hamburg"),
    "add": BASE.add_source("lille", **LILLE, stock_of="marseille", factor=0.5),
    "add goods": BASE.add_source("aa", latitude=1, longitude=2, stock={"0011": 5, "new": 1.5}),
    "link": BASE.link_source("sao_paulo", 2, 9),
    "unlink": BASE.unlink_source("london", 2),
    "priority": BASE.set_priority("london", 2, 0),
    "move": BASE.move_stock("hamburg", "seattle", share=0.25, sku="001*"),
    "move by rank": BASE.move_stock("hamburg", "london", rank=(1, 10)),
    "scale": BASE.scale_stock(1.5, source="london"),
    "scale sku": BASE.scale_stock(0, sku="0011"),
    "safety": BASE.set_safety_stock("london", 3).set_safety_stock("london", 4, sku="00?1"),
    "capacity": BASE.set_capacity("london", orders=5, units=2.5),
    "remove": BASE.remove_stock(1),
    "use": BASE.use("priority"),
    "demand": BASE.scale_demand(1.3, seed=4),
    "less demand": BASE.scale_demand(0.3),
    "resample": BASE.resample_demand(seed=1),
    "shift": BASE.shift_demand("DE", "BR", 0.5),
    "shift to region": BASE.shift_demand("DE", "us/wa"),
    "between": BASE.between("1997-01-01", "1997-03-31"),
}


def arrays(value: Any, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield every array of a catalogue or an order set."""
    if isinstance(value, np.ndarray):
        yield path, value
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for name in value._fields:
            yield from arrays(getattr(value, name), f"{path}.{name}")
    elif hasattr(value, "__dataclass_fields__"):
        for one in fields(value):
            yield from arrays(getattr(value, one.name), f"{path}.{one.name}")


def texts(table: pa.Table) -> list[dict[str, Any]]:
    return table.to_pylist()


@pytest.mark.parametrize("name", STEPS)
def test_apply_changes_nothing_of_what_it_is_given(case, name):
    before = {path: array.copy() for one in case[:2] for path, array in arrays(one)}
    tables = dict(case.catalog.tables)
    apply(STEPS[name], case)
    for path, array in (it for one in case[:2] for it in arrays(one)):
        assert np.array_equal(array, before[path], equal_nan=array.dtype.kind == "f"), path
    assert all(case.catalog.tables[name] is table for name, table in tables.items())


@pytest.mark.parametrize("name", STEPS)
def test_apply_freezes_all_arrays(case, name):
    found = apply(STEPS[name], case)
    assert not [path for one in found[:2] for path, it in arrays(one) if it.flags.writeable]


@pytest.mark.parametrize("name", STEPS)
def test_apply_keeps_arrays_and_tables_alike(case, name):
    """What is patched is what encoding the tables would give."""
    found = apply(STEPS[name], case).catalog
    anew = Catalog.from_tables(found.tables)
    # The hash table of SKUs depends on how they are spelt on the way, not on what it finds.
    there = {path: it for path, it in arrays(found) if "sku_index" not in path}
    expected = {path: it for path, it in arrays(anew) if "sku_index" not in path}
    assert there.keys() == expected.keys()
    for path, array in there.items():
        assert array.dtype == expected[path].dtype, path
        assert np.array_equal(array, expected[path], equal_nan=array.dtype.kind == "f"), path
    assert texts(found.sources) == texts(anew.sources)
    assert found.sku_names.to_pylist() == anew.sku_names.to_pylist()


TOUCHED = {
    "close": {".enabled"},
    "open": set(),
    "unlink": {".links.offsets", ".links.sources", ".links.priority"},
    "priority": {".links.offsets", ".links.sources", ".links.priority"},
    "scale": {".items.quantity"},
    "safety": set(),
    "capacity": set(),
    "use": set(),
    "demand": set(),
    "shift": set(),
    "between": set(),
}


@pytest.mark.parametrize("name", TOUCHED)
def test_apply_shares_what_a_step_does_not_touch(case, name):
    found = apply(STEPS[name], case)
    own = {
        path
        for (path, old), (_, new) in zip(arrays(case.catalog), arrays(found.catalog), strict=True)
        if old.size and not np.shares_memory(old, new)
    }
    assert own == TOUCHED[name]
    catalog_only = name not in ("demand", "shift", "between")
    assert (found.orders is case.orders) == catalog_only


ON_STOCK = ("close", "open", "add", "add goods", "link", "unlink", "priority", "move", "scale")
ON_STOCK += ("scale sku", "safety", "capacity", "use")
ON_ORDERS = ("demand", "less demand", "resample", "shift", "shift to region", "between")
APART = [
    (ON_STOCK[0], "scale"),
    ("unlink", "link"),
    ("priority", "link"),
    ("capacity", "safety"),
    ("move", "scale"),
    ("add", "close"),
    ("use", "scale sku"),
    *((a, b) for a in ON_STOCK for b in ON_ORDERS),
]
"""Steps that touch different things: stock in Hamburg and in London, links, limits, orders."""


def both_ways(case: Any, a: str, b: str) -> tuple[Any, Any]:
    one, other = STEPS[a].steps, STEPS[b].steps
    return tuple(
        apply(engine.Scenario("both", steps), case) for steps in ((*one, *other), (*other, *one))
    )


def state(case: Any) -> dict[str, Any]:
    """All that a run looks at, but for the table that finds SKUs, which depends on the way."""
    found = {
        path: it.tolist()
        for one in case[:2]
        for path, it in arrays(one)
        if "sku_index" not in path and it.dtype.kind != "f"
    }
    ids, names = case.orders.ids.to_pylist(), case.orders.sku_names.to_pylist()
    return found | {"ids": ids, "names": names, "plan": (case.plan.code, case.plan.policy)}


@pytest.mark.parametrize(("a", "b"), APART)
def test_steps_on_different_things_commute(case, a, b):
    one, other = both_ways(case, a, b)
    assert state(one) == state(other)


@pytest.mark.parametrize(
    ("a", "b"), [("scale", "scale sku"), ("move", "move by rank"), ("remove", "demand")]
)
def test_steps_on_the_same_things_need_not_commute(case, a, b):
    one, other = both_ways(case, a, b)
    assert (state(one) == state(other)) == (a == "scale")  # multiplying by 1.5 and by 0


def test_apply_without_steps_is_the_same_case(case):
    assert apply(BASE, case) is case


def test_apply_of_steps_that_change_nothing_shares_everything(case):
    assert apply(BASE.open_source("london").scale_demand(1), case).orders is case.orders
    assert apply(BASE.scale_stock(1), case).catalog is case.catalog


PAIRS = [
    (BASE.close_source("london"), BASE.close_source("hamburg")),
    (BASE.close_source("london"), BASE.scale_demand(1.2)),
    (BASE.set_priority("london", 2, 7), BASE.scale_stock(0.5, source="hamburg")),
    (BASE.add_source("lille", **LILLE, stock_of="marseille"), BASE.close_source("seattle")),
    (BASE.shift_demand("DE", "FR", 0.5), BASE.remove_stock(1)),
]


@pytest.mark.parametrize("pair", PAIRS)
def test_apply_in_either_order_comes_to_the_same(case, pair):
    one, other = (scenario.steps for scenario in pair)
    first, second = (
        run_scenario(engine.Scenario("both", steps), case) for steps in (one + other, other + one)
    )
    assert first.kpis == second.kpis
    assert first.units.tolist() == second.units.tolist()


def test_apply_opens_what_it_closed(case):
    found = run_scenario(BASE.close_source("london").open_source("london"), case)
    assert found.kpis == run_scenario(BASE, case).kpis


UNKNOWN = {
    "hambrg": (BASE.close_source("hambrg"), "did you mean hamburg? Known: hamburg, london"),
    "stock": (BASE.link_source("london", 7, 1), "stock 7 is unknown; Known: 1, 2"),
    "link": (BASE.set_priority("seattle", 2, 1), "link of stock 2 to source 'seattle' is unknown"),
    "linked": (BASE.link_source("london", 2, 1), "is linked to stock 2 already; set_priority"),
    "sku": (BASE.scale_stock(2, sku="0O11"), "SKU '0O11' is unknown; did you mean 0011"),
    "pattern": (BASE.move_stock("london", "hamburg", sku="x*"), "SKU 'x*' is unknown"),
    "to": (BASE.move_stock("london", "berlin"), "source 'berlin' is unknown"),
    "rank": (BASE.scale_stock(2, rank=(99, 200)), "there are 77 SKUs"),
    "country": (BASE.shift_demand("ZZ", "DE"), "from: country 'ZZ' is unknown"),
    "region": (BASE.shift_demand("DE", "US/WAA"), "region of orders to US 'WAA' is unknown; did"),
    "there": (BASE.add_source("london"), "source 'london' is there already"),
    "stock_of": (BASE.add_source("x", stock_of="lodnon"), "did you mean london"),
    "half a place": (BASE.add_source("x", latitude=1), "longitude"),
    "links": (BASE.add_source("x", links={3: 1}), "stock 3 is unknown"),
    "days": (BASE.between("2001-01-01", "2001-01-02"), "orders are from 1996-07-04 to 1998-05-06"),
    "algorithm": (BASE.use("distanse"), "distance"),
    "too much": (BASE.scale_stock(1000).scale_stock(1000), "exceeds 99999999.9999"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_apply_names_scenario_step_and_what_there_is(case, name):
    scenario, message = UNKNOWN[name]
    with pytest.raises(ScenarioError) as raised:
        apply(scenario, case)
    number = len(scenario.steps)
    assert str(raised.value).startswith(f"scenario 'one', step {number} ({scenario.steps[-1].do}):")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_new_source_serves_a_sku_that_was_unknown():
    case = SMALL
    assert run_scenario(BASE, case).kpis.shortfalls["unknown_sku"]["lines"] == 1
    added = BASE.add_source("nice", links={1: 3}, stock={"NEW": 1})
    assert "unknown_sku" not in run_scenario(added, case).kpis.shortfalls


def test_a_removed_stock_takes_its_orders(case):
    found = apply(BASE.remove_stock(1), case)
    assert len(found.orders.ids) == int((case.orders.stock == 1).sum())
    assert found.catalog.stock_ids.tolist() == [2]
    assert set(found.catalog.tables["stock_source_links"]["stock_id"].to_pylist()) == {2}
    assert set(found.orders.stock.tolist()) == {0}


def test_all_links_may_go_without_a_table_of_stocks():
    gone = BASE.unlink_source("paris", 1).unlink_source("lyon", 1)
    case = SMALL
    assert run_scenario(gone, case).kpis.units_allocated == 0
    back = gone.add_source("nice", links={1: 3}, stock={"A": 100})
    assert run_scenario(back, case).kpis.units_allocated == 6


def test_notes_say_that_a_capacity_is_not_asked_for(case):
    scenario = BASE.set_capacity("london", orders=1)
    (note,) = run_scenario(scenario, case).notes
    assert "set_capacity changes nothing" in note
    policy = {"ranking": ["distance"], "constraints": [{"kind": "capacity"}]}
    found = run_scenario(scenario.use(policy=policy), case)
    assert not found.notes
    assert found.shipments[found.codes.index("london")].sum() == 1


def test_safety_stock_is_kept():
    policy = {"constraints": [{"kind": "safety_stock"}]}
    kept = BASE.set_safety_stock("paris", 5).set_safety_stock("paris", 1, sku="b*")
    found = run_scenario(kept.use(policy=policy), SMALL)
    # 2 of A and 2 of B-1 from Paris, 4 of A from Lyon.
    assert dict(zip(found.codes, found.units.sum(axis=1).tolist(), strict=True)) == {
        "lyon": 40_000,
        "paris": 40_000,
    }
