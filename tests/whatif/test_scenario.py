"""Scenarios as data."""

from decimal import Decimal

import numpy as np
import pytest

import engine
from engine.errors import ScenarioError
from engine.whatif.scenario import described
from engine.whatif.steps import step_of

BASE = engine.Scenario("one")


def test_methods_return_another_scenario():
    more = BASE.close_source("lyon").scale_demand(1.2, seed=3)
    assert BASE.steps == ()
    assert [step.do for step in more.steps] == ["close_source", "scale_demand"]
    assert more.steps[1].factor == Decimal("1.2")
    assert more == BASE.close_source("lyon").scale_demand(Decimal("1.2"), 3)


def test_numbers_of_numpy_are_numbers():
    grown = BASE.scale_demand(np.float64(1.2), seed=np.int64(3))
    assert grown == BASE.scale_demand(1.2, seed=3)
    added = BASE.add_source("nice", links={np.int64(1): np.int32(2)}, stock={"A": np.int8(3)})
    assert added == BASE.add_source("nice", links={1: 2}, stock={"A": 3})


def test_a_scenario_described_is_the_same_again():
    steps = (
        BASE.add_source("nice", links={1: 2}, stock={"A": 1.5})
        .between("2024-01-01", "2024-02-01")
        .shift_demand("FR", "DE", 0.5)
        .use(policy="cheapest")
        .use("distance")
        .steps
    )
    plain = described(engine.Scenario("one", steps))["steps"]
    again = described(engine.Scenario("one", tuple(map(step_of, plain))))["steps"]
    assert again == plain


WRONG = {
    "factor": lambda: BASE.scale_demand(-1),
    "share": lambda: BASE.move_stock("a", "b", share=1.5),
    "rank": lambda: BASE.scale_stock(2, rank=(3, 2)),
    "give a number": lambda: BASE.scale_stock(float("nan")),
    "not a number": lambda: BASE.scale_stock("much"),
    "seed": lambda: BASE.scale_demand(1, seed=-1),
    "priority": lambda: BASE.set_priority("a", 1, 70_000),
    "quantity": lambda: BASE.set_safety_stock("a", 0.00001),
    "is before": lambda: BASE.between("2024-02-01", "2024-01-01"),
    "itself": lambda: BASE.move_stock("a", "a"),
    "either algorithm or policy": lambda: BASE.use("distance", policy="cheapest"),
    "either stock or stock_of": lambda: BASE.add_source("a", stock={"A": 1}, stock_of="b"),
    "name is ' '": lambda: engine.Scenario(" "),
    "name is 7": lambda: engine.Scenario(7),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_argument_is_refused_at_once(message):
    with pytest.raises(ScenarioError, match=message):
        WRONG[message]()
