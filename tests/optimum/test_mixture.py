"""Small programs of which the answer is known."""

import numpy as np
import pytest

from engine.optimum import mixture
from engine.optimum.mixture import Mixture
from engine.types import QTY_SCALE

MILLION = 1_000_000


@pytest.fixture
def two_orders():
    """One kind, two orders and one unit: 1 with it, 5 without."""
    program = Mixture(np.array([2]), np.array([QTY_SCALE]))
    program.add(
        np.array([0, 0]),
        np.array([5.0, 1.0]) * MILLION,
        np.array([0, 0, 1]),
        np.array([0]),
        np.array([QTY_SCALE]),
    )
    return program


def test_solve_prices_a_unit_at_what_it_saves(two_orders):
    mixed = two_orders.solve(np.array([10 * MILLION]))
    assert mixed.price.tolist() == [4 * MILLION]
    assert mixed.cost == pytest.approx(6 * MILLION)
    assert not mixed.has_bought


def test_solve_buys_what_costs_less_than_it_saves(two_orders):
    mixed = two_orders.solve(np.array([3 * MILLION]))
    assert mixed.price.tolist() == [3 * MILLION]
    assert mixed.cost == pytest.approx(5 * MILLION)
    assert mixed.has_bought


def test_solve_goes_on_from_patterns_added_later(two_orders):
    two_orders.solve(np.array([10 * MILLION]))
    none = np.zeros(0, np.int64)
    two_orders.add(np.array([0]), np.array([2.0 * MILLION]), np.array([0, 0]), none, none)
    mixed = two_orders.solve(np.array([10 * MILLION]))
    assert mixed.price.tolist() == [MILLION]
    assert mixed.cost == pytest.approx(3 * MILLION)


def test_solve_gives_up_where_the_solver_does(monkeypatch):
    monkeypatch.setattr(mixture, "_MOST_STEPS", 0)
    chance = np.random.default_rng(1)
    program = Mixture(np.full(20, 3), np.full(20, QTY_SCALE))
    program.add(
        np.tile(np.arange(20), 2),
        np.append(chance.uniform(1, 2, 20), chance.uniform(5, 9, 20)) * MILLION,
        np.append(np.arange(20), np.full(21, 20)),
        np.arange(20)[::-1],
        np.full(20, QTY_SCALE),
    )
    assert program.solve(np.full(20, 10 * MILLION)) is None
