"""What a batch as a whole is measured by: bills, stops, batches, and what is drawn of them."""

from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks import cases
from benchmarks.cases import SHORT_XL, reduced
from benchmarks.quality import plots
from benchmarks.quality.data_sets import msi_xl, of_instance
from benchmarks.quality.instance import catalog, draw, orders
from benchmarks.quality.network import network
from benchmarks.quality.plots import plot_whole
from benchmarks.quality.policies import CONTENDERS, priced
from benchmarks.quality.prices import policy_costs, prices, served
from benchmarks.quality.whole import measure
from benchmarks.quality.whole_page import batch_table, fill_table, time_table, whole_tables
from engine import Catalog, allocate

pytestmark = pytest.mark.needs_jit

SMALL = of_instance(10, 5, 100)._replace(sizes=(10, 10**6), stops=(0, 10**6))


@pytest.fixture(scope="module")
def measured():
    return measure(SMALL)


def by(key, rows):
    return {row[key]: row for row in rows}


def test_each_policy_is_billed_as_by_the_price_list(measured):
    instance, at_price = draw(network(10), 5, 100, seed=0), prices(network(10).mm)
    rows = by("policy", measured["policies"])
    assert set(rows) == set(CONTENDERS)
    for title in ("msi_distance", "cheapest, serving first", "optimal, serving first", "optimal"):
        policy = priced(CONTENDERS[title], policy_costs(at_price))
        result = allocate(catalog(instance), *orders(instance), policy=policy)
        done = served(instance, result, at_price)
        assert rows[title]["cost"] == done.cost(at_price)
        assert rows[title]["units"] - rows[title]["served"] == 10_000 * done.short_units
        assert rows[title]["bound"] == rows["optimal"]["own_bound"]


def test_a_contender_is_not_measured_where_it_would_take_too_long():
    rows = measure(SMALL._replace(without=("optimal, serving first",), sizes=(), stops=()))
    assert set(by("policy", rows["policies"])) == set(CONTENDERS) - {"optimal, serving first"}


def test_a_run_that_is_stopped_at_once_costs_no_more_than_order_by_order(measured):
    stops, policies = by("stop", measured["stops"]), by("policy", measured["policies"])
    assert set(stops) == {0, None}, "a stop beyond the whole run is none"
    assert stops[None]["cost"] == policies["optimal"]["cost"]
    assert stops[0]["own_bound"] <= stops[0]["bound"] <= stops[None]["cost"] <= stops[0]["cost"]
    assert stops[0]["cost"] <= policies["cheapest"]["cost"]


def test_batches_go_from_one_order_to_all(measured):
    sizes, policies = by("size", measured["batches"]), by("policy", measured["policies"])
    assert list(sizes) == [1, 10, len(SMALL.orders.ids)]
    assert sizes[1]["cost"] == policies["cheapest"]["cost"]
    assert sizes[len(SMALL.orders.ids)]["cost"] == policies["optimal"]["cost"]
    assert sizes[10]["cost"] >= sizes[10]["bound"]


def test_a_batch_is_decided_on_what_the_one_before_it_left():
    instance, at_price = draw(network(10), 5, 100, seed=0), prices(network(10).mm)
    stock, (heads, lines) = catalog(instance), orders(instance)
    policy = priced(CONTENDERS["optimal"], policy_costs(at_price))
    half, cost = heads.num_rows // 2 + 1, 0
    for ids in (range(half), range(half, heads.num_rows)):
        some = [
            table.filter(pc.is_in(table["order_id"], pa.array(ids))) for table in (heads, lines)
        ]
        result = allocate(stock, *some, policy=policy)
        cost += round(result.kpis.cost * 10**6)
        stock = Catalog.from_tables({**stock.tables, "source_items": result.source_items})
    rows = measure(SMALL._replace(sizes=(half,), stops=()))["batches"]
    assert by("size", rows)[half]["cost"] == cost


def row(name, cost, **more):
    return {"data_set": name, "cost": cost, "bound": 1_000, "own_bound": 800, **more}


ROWS = {
    "policies": [
        row("some", 1_100, policy="rule", units=40, served=30, seconds=0.014, own_bound=None),
        row("some", 1_001, policy="optimal", units=40, served=20, seconds=12.4),
        row("other", 1_200, policy="optimal", units=3, served=3, seconds=1),
    ],
    "stops": [
        row("some", 1_050, stop=0.5, seconds=0.625),
        row("some", 1_001, stop=None, seconds=12.4),
        row("other", 1_200, stop=None, seconds=1),
    ],
    "batches": [
        row("some", 1_100, size=1, seconds=0.014),
        row("some", 1_001, size=2_000, seconds=12.4),
        row("other", 1_200, size=1, seconds=1),
    ],
}


def test_tables_are_worked_out_by_hand():
    assert fill_table(ROWS["policies"]).splitlines()[2:] == [
        "| rule | 10.000 | 75.0 | 0.014 |  |  |  |",
        "| optimal | 0.100 | 50.0 | 12 | 20.000 | 100.0 | 1.00 |",
    ]
    assert time_table(ROWS["stops"]).splitlines()[2:4] == [
        "| some | 0.5 | 0.62 | 5.000 | 31.250 |",
        "| some |  | 12 | 0.100 | 25.125 |",
    ]
    assert batch_table(ROWS["batches"]).splitlines()[2:] == [
        "| 1 | 10.000 | 0.014 | 20.000 | 1.00 |",
        "| 2,000 | 0.100 | 12 |  |  |",
    ]


def test_nothing_stands_on_the_page_where_nothing_was_measured():
    assert whole_tables({"rows": []}) == []


def test_pictures_are_those_that_the_page_shows(tmp_path):
    plot_whole(ROWS, tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    shown = [part for part in whole_tables(ROWS) if part.startswith("![")]
    assert drawn == {part.split("(")[1].rstrip(")") for part in shown}


def test_labels_do_not_touch_and_stay_where_there_is_room():
    line = plots._LINE
    assert plots._apart([0.0, 0.5, 1.0]) == [0.0, 0.5, 1.0]
    assert plots._apart([0.5, 0.5]) == pytest.approx([0.5 - line / 2, 0.5 + line / 2])
    crowd = plots._apart([0.1, 0.11, 0.12, 0.13, 0.9])
    # Rounding of floats aside.
    assert all(upper - lower >= line * (1 - 1e-9) for lower, upper in pairwise(crowd))
    assert crowd[-1] == 0.9


@pytest.mark.needs_jit
def test_the_large_case_is_measured_at_a_small_size(tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "CACHE", tmp_path)
    data = msi_xl(reduced(SHORT_XL, 1_000))._replace(sizes=(50,), stops=())
    rows = by("size", measure(data)["batches"])
    assert list(rows) == [1, 50, 150]
