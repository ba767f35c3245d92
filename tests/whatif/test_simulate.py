"""Scenarios side by side."""

import pyarrow as pa
import pytest

import engine
from engine.errors import ScenarioError
from engine.policies.find import find_policy
from engine.selection.kpis import difference
from engine.selection.shown import greatest_change
from engine.whatif.outcome import FIGURES
from tests.whatif.conftest import NORTHWIND

CLOSED = engine.Scenario("closed").close_source("hamburg")


@pytest.fixture(scope="module")
def catalog():
    return engine.read_catalog(NORTHWIND / "catalog")


@pytest.mark.parametrize("choice", [{}, {"algorithm": "distance"}, {"policy": "nearest_complete"}])
def test_no_steps_are_what_allocate_gives(catalog, orders, choice):
    found = engine.simulate(catalog, *orders, [engine.Scenario("same")], **choice, workers=1)
    expected = engine.allocate(catalog, *orders, **choice)
    assert found.results == {"baseline": expected.kpis, "same": expected.kpis}
    units = dict.fromkeys(catalog.sources["source_code"].to_pylist(), 0)
    shipments = {code: set() for code in units}
    for row in expected.allocations.to_pylist():
        units[row["source_code"]] += row["qty_to_deduct"]
        shipments[row["source_code"]].add(row["order_id"])
    rows = [row for row in found.sources.to_pylist() if row["scenario"] == "same"]
    assert {row["source_code"]: row["units"] for row in rows} == units
    assert {row["source_code"]: row["orders"] for row in rows} == {
        code: len(ids) for code, ids in shipments.items()
    }


def test_a_closed_source_is_what_allocate_gives_on_changed_tables(catalog, orders):
    found = engine.simulate(catalog, *orders, [CLOSED], workers=1)
    sources = catalog.tables["sources"]
    flags = [code != "hamburg" for code in sources["source_code"].to_pylist()]
    sources = sources.set_column(sources.column_names.index("enabled"), "enabled", [flags])
    changed = engine.Catalog.from_tables({**catalog.tables, "sources": sources})
    assert found.results["closed"] == engine.allocate(changed, *orders).kpis


def test_the_number_of_workers_does_not_show(catalog, orders):
    scenarios = [
        CLOSED,
        engine.Scenario("growth").scale_demand(1.1, seed=5),
        engine.Scenario("policy").use(policy="nearest_complete"),
        engine.Scenario("drawn").resample_demand(2),
    ]
    one, two = (engine.simulate(catalog, *orders, scenarios, workers=n) for n in (1, 2))
    assert one.tables == two.tables
    assert one.results == two.results
    assert one.notes == two.notes


def test_tables_say_what_the_key_figures_say(catalog, orders):
    found = engine.simulate(catalog, *orders, [CLOSED], workers=1)
    base, closed = found.results.values()
    (_, row), (more,) = found.kpis.to_pylist(), found.differences.to_pylist()
    for name in FIGURES:
        assert row[name] == getattr(closed, name, None)
        assert more[name] == difference(getattr(base, name, None), row[name])
    short = [row for row in found.shortfalls.to_pylist() if row["scenario"] == "closed"]
    assert {row.pop("reason"): (row["lines"], row["units"]) for row in short} == {
        reason: (it["lines"], it["units"]) for reason, it in closed.shortfalls.items()
    }
    assert repr(found) == "Simulation(2 scenarios)"


def test_the_greatest_change_is_in_proportion(catalog, orders):
    found = engine.simulate(catalog, *orders, [CLOSED], workers=1)
    change = greatest_change(found.results)
    base, closed = found.results.values()
    size = abs(getattr(closed, change.figure) / getattr(base, change.figure) - 1)
    assert size >= abs(closed.unit_fill_rate / base.unit_fill_rate - 1)
    assert greatest_change({"baseline": base, "same": base}) is None


def test_names_must_differ(catalog, orders):
    for names, message in [(("a", "a"), "there twice"), (("baseline",), "without steps")]:
        with pytest.raises(ScenarioError, match=message):
            engine.simulate(catalog, *orders, map(engine.Scenario, names))
    for wrong in (CLOSED, ["closed"], None):
        with pytest.raises(ScenarioError, match="scenario"):
            engine.simulate(catalog, *orders, wrong)


def test_a_policy_is_read_before_anything_runs(catalog, orders):
    with pytest.raises(ScenarioError, match="did you mean cheapest"):
        engine.simulate(catalog, *orders, [engine.Scenario("x").use(policy="cheepest")])
    policy = find_policy("nearest_complete")
    found = engine.simulate(catalog, *orders, [engine.Scenario("x").use(policy=policy)], workers=1)
    assert found.results["x"] == engine.allocate(catalog, *orders, policy=policy).kpis


def test_a_policy_that_lacks_its_table_names_the_scenario(catalog, orders):
    policy = {"constraints": [{"kind": "safety_stock"}]}
    lacking = engine.Scenario("x").use(policy=policy)
    with pytest.raises(ScenarioError, match=r"scenario 'x': .*safety_stock"):
        engine.simulate(catalog, *orders, [lacking])
    found = engine.simulate(
        catalog, *orders, [lacking.set_safety_stock("london", 10**6)], workers=1
    )
    row = next(it for it in found.sources.to_pylist()[5:] if it["source_code"] == "london")
    assert row["orders"] == 0


def test_a_file_is_as_good_as_scenarios(catalog, orders):
    file = NORTHWIND.parents[1] / "examples" / "northwind.toml"
    found = engine.simulate(catalog, *orders, file, algorithm="distance", workers=1)
    same = engine.simulate(catalog, *orders, [CLOSED], algorithm="distance", workers=1)
    assert found.results["Hamburg closed"] == same.results["closed"]


def test_an_unknown_name_stops_everything(catalog, orders):
    with pytest.raises(ScenarioError, match="scenario 'b', step 1"):
        engine.simulate(catalog, *orders, [CLOSED, engine.Scenario("b").close_source("x")])


@pytest.fixture
def much_and_little():
    """Return a catalogue with much of A, of which nobody orders any, and little of B."""
    return engine.Catalog.from_tables(
        {
            "sources": pa.table({"source_code": ["lyon", "paris"]}),
            "stock_source_links": pa.table(
                {"stock_id": [1], "source_code": ["paris"], "priority": [1]}
            ),
            "source_items": pa.table(
                {"source_code": ["lyon", "paris"], "sku": ["A", "B"], "quantity": [99_999_999, 5]}
            ),
        }
    )


@pytest.mark.parametrize(
    "ranked",
    [
        engine.Scenario("x").scale_stock(2, rank=(1, 1)),
        engine.Scenario("x")
        .move_stock("paris", "lyon", rank=(1, 1))
        .scale_stock(2, sku="B")
        # Lyon has B by the step before only.
        .scale_stock(1, source="lyon", sku="B")
        .move_stock("lyon", "paris", rank=(1, 1)),
    ],
    ids=["too much", "no item"],
)
def test_steps_by_rank_are_tried_on_what_is_ordered(much_and_little, ranked):
    lines = pa.table({"order_id": [1], "stock_id": [1], "sku": ["B"], "qty": [50]})
    found = engine.simulate(much_and_little, None, lines, [ranked], workers=1)
    assert found.results["x"].units_allocated == 10


def test_unknown_skus_are_one_in_any_case():
    catalog = engine.Catalog.from_tables(
        {
            "sources": pa.table({"source_code": ["lyon"]}),
            "stock_source_links": pa.table(
                {"stock_id": [1], "source_code": ["lyon"], "priority": [1]}
            ),
            "source_items": pa.table({"source_code": ["lyon"], "sku": ["A"], "quantity": [3]}),
        }
    )
    orders = pa.table({"order_id": [1], "stock_id": [1]})
    lines = {"order_id": [1] * 5, "sku": ["Ghost", "a", "new", "GHOST", "A"], "qty": range(1, 6)}
    found = engine.simulate(catalog, orders, pa.table(lines), [], workers=1)
    assert {
        row["sku"]: (row["units"], row["units_allocated"]) for row in found.skus.to_pylist()
    } == {
        "A": (7, 3),
        "Ghost": (5, 0),
        "new": (3, 0),
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"horizon": "night"}, "'night' is no horizon; make engine.Horizon"),
        ({"replications": "2"}, "replications: '2' is no whole number of 0 or more"),
        ({"replications": 1.5}, "replications: 1.5 is no whole number"),
        ({"seed": -1}, "seed: -1 is no whole number"),
    ],
)
def test_arguments_of_other_types_are_refused(catalog, orders, given, message):
    with pytest.raises(engine.EngineError, match=message):
        engine.simulate(catalog, *orders, [], **given)
