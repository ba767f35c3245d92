"""Means and intervals, against published figures and a run of its own."""

from statistics import mean, stdev

import pytest

import engine
from engine.whatif.replications import interval, student_t
from tests.whatif.conftest import NORTHWIND

# NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, upper critical values, 0.975.
PUBLISHED = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 19: 2.093, 30: 2.042}
PUBLISHED |= {60: 2.000, 100: 1.984}


@pytest.mark.parametrize("freedom", PUBLISHED)
def test_student_t_is_the_published_one(freedom):
    assert round(student_t(freedom), 3) == PUBLISHED[freedom]


def test_student_t_comes_to_the_normal_distribution():
    assert round(student_t(10**4), 3) == 1.96


def test_interval_of_one_run_has_no_ends():
    assert interval([3.0]) == (1, 3.0, None, None)
    assert interval([2.0, 2.0]) == (2, 2.0, 2.0, 2.0)


@pytest.mark.needs_jit
def test_intervals_are_of_the_replications():
    catalog = engine.read_catalog(NORTHWIND / "catalog")
    orders = engine.read_orders(NORTHWIND / "orders")
    closed = engine.Scenario("closed").close_source("hamburg")
    given = {"replications": 3, "seed": 5}
    one, two = (engine.simulate(catalog, *orders, [closed], **given, workers=n) for n in (1, 2))
    assert one.tables == two.tables
    other = engine.simulate(catalog, *orders, [closed], replications=3, seed=6, workers=1)
    assert other.kpis == one.kpis
    assert other.intervals != one.intervals
    rows = {(row["scenario"], row["figure"]): row for row in one.intervals.to_pylist()}
    assert rows["baseline", "orders"]["mean"] == rows["closed", "orders"]["mean"] == 830
    filled = rows["closed", "unit_fill_rate"]
    assert filled["runs"] == 3
    assert filled["low"] < filled["mean"] < filled["high"]
    base = rows["baseline", "unit_fill_rate"]
    assert base["difference"] is None
    assert filled["difference"] == pytest.approx(filled["mean"] - base["mean"], abs=1e-12)
    # Pair by pair the draws are the same: the difference varies less than each of them.
    assert filled["difference_high"] - filled["difference_low"] < filled["high"] - filled["low"]


def test_an_interval_is_the_mean_and_what_its_error_allows():
    values = [1.0, 4.0, 4.5, 7.0]
    half = student_t(3) * stdev(values) / 2
    assert interval(values) == (4, mean(values), mean(values) - half, mean(values) + half)
