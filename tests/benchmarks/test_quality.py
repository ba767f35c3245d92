"""The instance is as described, bills are right, and no policy undercuts the bound."""

from fractions import Fraction

import numpy as np
import pyarrow.csv as pacsv
import pytest

from benchmarks.quality.bound import bound
from benchmarks.quality.data_sets import DATA_SETS
from benchmarks.quality.instance import ITEMS, catalog, draw, orders
from benchmarks.quality.network import METROS, network
from benchmarks.quality.page import BEGIN, END, PAGE, case_table, with_tables
from benchmarks.quality.policies import CONTENDERS, priced
from benchmarks.quality.prices import policy_costs, prices, served
from benchmarks.quality.results import load
from engine import allocate

TEN = network(10)


def test_metros_are_the_largest_first_and_stand_where_they_are():
    rows = pacsv.read_csv(METROS).to_pylist()
    population = [row["population"] for row in rows]
    assert len({row["metro"] for row in rows}) == len(rows) == 99
    assert population == sorted(population, reverse=True)
    assert len(network(99).cities) == 99
    # New York and Los Angeles, as any atlas has them, to a quarter of a degree.
    atlas = [[40.71, -74.01], [34.05, -118.24]]
    assert np.abs(TEN.cities[:2] - atlas).max() < 0.25


def test_prices_are_those_of_the_papers():
    thousand_miles = np.array([[0, 1_609_344_000]])
    papers = prices(thousand_miles)
    assert papers.box == 8_759_000
    assert papers.unit.tolist() == [[423_000, 423_000 + 541_000]]
    assert (papers.missing_order, papers.missing_unit) == (2 * 8_759_000, 2 * 964_000)
    assert prices(thousand_miles, 10).missing_unit == 20 * 964_000


def test_an_instance_has_the_sets_and_the_stock_of_its_description():
    instance = draw(TEN, 5, 1_000, seed=3)
    assert [len(items) for items in instance.sets] == np.repeat(range(1, 6), 5).tolist()
    assert len(set(instance.sets)) == 25
    assert len(instance.order_set) == len(instance.order_city) < 1_000
    assert (instance.stock.shape, instance.stock.min()) == ((ITEMS, 5), 0)


def test_stock_is_what_is_expected_to_be_wanted_rounded_up():
    small, large = (draw(TEN, 2, periods, seed=1).stock for periods in (1_000, 10_000))
    # Rounded up, ten times the small one is not less than the large one, and by less than ten more.
    assert (10 * small >= large).all()
    assert (10 * small - large < 10).all()
    wanted = draw(TEN, 2, 10_000, seed=1)
    came = np.zeros(ITEMS)
    for items in (wanted.sets[at] for at in wanted.order_set):
        came[list(items)] += 1
    # What came is random; six standard deviations, and one for each centre's rounding.
    assert (np.abs(came - large.sum(axis=1)) <= 6 * np.sqrt(came) + 5).all()


def test_the_same_seed_draws_the_same_instance():
    one, other = (draw(TEN, 5, 100, seed=4) for _ in range(2))
    assert one.sets == other.sets
    for name in ("stock", "order_set", "order_city"):
        assert (getattr(one, name) == getattr(other, name)).all()


def bill(instance, result, at_price):
    """What a result costs, row by row in exact fractions, from the distances that it states."""
    boxes, cost = set(), Fraction(0)
    lacks = {at: len(instance.sets[which]) for at, which in enumerate(instance.order_set.tolist())}
    for row in result.allocations.to_pylist():
        boxes.add((row["order_id"], row["source_code"]))
        lacks[row["order_id"]] -= int(row["qty_to_deduct"])
        km = Fraction(round(row["distance_km"] * 10**6), 10**6)
        unit = Fraction(423, 1_000) + Fraction(336_162, 10**9) * km
        cost += int(row["qty_to_deduct"]) * Fraction(round(unit * 10**6), 10**6)
    short = [count for count in lacks.values() if count]
    missing = len(short) * at_price.missing_order + sum(short) * at_price.missing_unit
    return cost * 10**6 + len(boxes) * 8_759_000 + missing


@pytest.mark.needs_jit
@pytest.mark.parametrize("title", CONTENDERS)
def test_no_policy_undercuts_the_bound_and_all_bills_agree(title):
    instance = draw(TEN, 5, 60, seed=2)
    at_price = prices(TEN.mm)
    contender = CONTENDERS[title]
    policy = priced(contender, policy_costs(at_price))
    result = allocate(catalog(instance), *orders(instance), policy=policy)
    done = served(instance, result, at_price)
    cost = done.cost(at_price)
    assert cost == bill(instance, result, at_price)
    assert cost >= bound(instance, at_price)
    assert done.cost(prices(TEN.mm, 10)) >= bound(instance, prices(TEN.mm, 10))
    assert done.short_units == result.kpis.units - result.kpis.units_allocated
    if contender.decides_by_bill:
        assert cost == round(result.kpis.cost * 10**6)


def test_a_table_has_means_and_spreads_over_seeds():
    row = {"policy": "some", "bound": 100, "bound_raised": 200, "split_rate": 0.25}
    row |= {"lines": 3_000, "seconds": 0.5, "unit_fill_rate": 0.5, "sent": 4.125}
    rows = [row | {"cost": cost, "cost_raised": 300} for cost in (110, 130)]
    last = case_table(rows).splitlines()[-1]
    assert last == "| some | 20.0 ± 14.1 | 50.0 ± 0.0 | 4.12 | 50.0 ± 0.0 | 25.0 ± 0.0 | 6,000 |"


def test_the_page_has_the_tables_of_what_was_measured():
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page, load()), "run python -m benchmarks.quality.page"
    assert page.count(BEGIN) == page.count(END) == 1


def test_published_costs_are_not_below_their_bounds():
    rows = load()["rows"]
    assert {row["seed"] for row in rows} == set(range(10))
    for row in rows:
        assert row["cost"] >= row["bound"]
        assert row["cost_raised"] >= row["bound_raised"]


@pytest.mark.parametrize("table", ["policies", "stops", "batches"])
def test_published_wholes_are_those_of_all_data_sets_and_not_below_their_bounds(table):
    rows = load()[table]
    assert {row["data_set"] for row in rows} == set(DATA_SETS)
    assert all(row["cost"] >= row["bound"] for row in rows)
