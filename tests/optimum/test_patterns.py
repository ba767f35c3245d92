"""Prices of the pattern program: they prove all that there is to prove, and never too much."""

import numpy as np
import pytest

from benchmarks.quality import bound as quality
from benchmarks.quality.instance import draw
from benchmarks.quality.network import network
from benchmarks.quality.prices import prices
from engine.errors import UsageError
from engine.kernels.optimum.climb import floors
from engine.optimum import patterns
from engine.optimum.batch import demand_of, market_of, work_for
from engine.optimum.components import components_of
from engine.optimum.kinds import kinds_of
from engine.optimum.patterns import improve_prices
from engine.optimum.solve import solve
from engine.types import QTY_SCALE, frozen
from tests.optimum.batches import batch_of, drawn, of_instance

SEEDS = range(3)
KINDS = {
    "stock": {},
    "capacity": {"capacity": True},
    "fractions": {"unit": 3_333, "capacity": True},
    "waits": {"waits": True},
}


def bound_at(batch, price):
    """What prices prove, in 1e-6."""
    floor = np.zeros(batch.num_orders, np.int64)
    market = market_of(batch, demand_of(batch))._replace(price=price)
    three = batch.program, batch.weights, batch.rates
    floors(np.arange(batch.num_orders), *three, market, floor, work_for(batch))
    worth = [
        -(-unit * supply // QTY_SCALE)
        for unit, supply in zip(price.tolist(), batch.supply.tolist(), strict=True)
    ]
    return sum(floor.tolist()) - sum(worth)


def rounding(batch):
    """How far apart two optimal bounds can be: prices are off by 0.5e-6, whatever is drawn."""
    return int(np.maximum(demand_of(batch), batch.supply).sum()) // QTY_SCALE + len(batch.supply)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_improved_prices_prove_more_than_climbed_ones_and_not_too_much(seed, kind):
    batch = drawn(seed, **KINDS[kind])
    climbed = solve(batch)
    price = improve_prices(batch, climbed.price)
    assert price.min() >= 0
    assert climbed.bound < bound_at(batch, price) <= climbed.cost


@pytest.mark.needs_jit
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_improved_prices_prove_the_same_from_wherever_they_start(seed, kind):
    batch = drawn(seed, **KINDS[kind])
    none = np.zeros(len(batch.supply), np.int64)
    from_none = bound_at(batch, improve_prices(batch, none))
    from_climbed = bound_at(batch, improve_prices(batch, solve(batch).price))
    slack = rounding(batch) + 2 * len(batch.program.item)  # entries of fractions are rounded down
    assert abs(from_none - from_climbed) <= slack


@pytest.mark.needs_jit
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_improve_prices_reaches_the_bound_of_all_methods(seed):
    instance = draw(network(10), 5, 1_000, seed)
    at = prices(instance.network.mm)
    batch = of_instance(instance, at)
    price = improve_prices(batch, np.zeros(len(batch.supply), np.int64))
    assert abs(bound_at(batch, price) - quality.bound(instance, at)) <= rounding(batch)


def test_improve_prices_keeps_those_of_components_that_are_too_large():
    batch = drawn(1)
    climbed = solve(batch).price
    market = market_of(batch, demand_of(batch))
    components = components_of(batch, market.share)
    kinds = components.of_order[kinds_of(batch, np.flatnonzero(components.of_order >= 0)).first]
    rows = np.bincount(kinds) + np.bincount(components.of_resource[components.of_resource >= 0])
    most = int(np.median(rows))
    price = improve_prices(batch, climbed, most_rows=most)
    changed = np.unique(components.of_resource[price != climbed])
    assert len(changed) > 0
    assert (rows[changed] <= most).all()


@pytest.mark.needs_jit
def test_improve_prices_is_the_same_in_programs_of_their_own(monkeypatch):
    batch = drawn(2)
    climbed = solve(batch).price
    together = bound_at(batch, improve_prices(batch, climbed))
    monkeypatch.setattr(patterns, "_PACK", 1)
    assert abs(bound_at(batch, improve_prices(batch, climbed)) - together) <= rounding(batch)


def test_improve_prices_raises_the_highest_where_a_unit_is_worth_more():
    costs = np.ones((1, 1), np.int64)
    orders, dear = [[(0, QTY_SCALE)]] * 3, 10**12
    supply = frozen(np.array([2 * QTY_SCALE]))
    batch = batch_of(orders, [0] * 3, supply, costs, costs, unit=dear, order=0)
    price = improve_prices(batch, np.ones(1, np.int64))
    assert price.tolist() == [dear - 2]
    assert bound_at(batch, price) == dear + 2 * 2


def test_improve_prices_stops_when_time_is_over():
    batch = drawn(3)
    climbed = solve(batch).price
    assert (improve_prices(batch, climbed, goes_on=lambda: False) == climbed).all()


def test_improve_prices_of_a_batch_without_shortage_are_none():
    batch = drawn(4)
    ample = batch._replace(supply=frozen(np.full(len(batch.supply), 10**9)))
    assert not improve_prices(ample, np.zeros(len(ample.supply), np.int64)).any()


def test_improve_prices_without_the_solver_says_what_to_install(monkeypatch):
    monkeypatch.setattr(patterns, "find_spec", lambda name: None)
    batch = drawn(5)
    with pytest.raises(UsageError, match=r"pip install 'ssa-engine\[optimum\]'"):
        improve_prices(batch, np.zeros(len(batch.supply), np.int64))


@pytest.mark.needs_jit
@pytest.mark.parametrize("seed", SEEDS)
def test_solve_exact_proves_what_its_prices_do(seed):
    batch = drawn(seed)
    exact = solve(batch, exact=True)
    assert solve(batch).bound < exact.bound <= exact.cost
    assert exact.bound == bound_at(batch, exact.price)
    assert exact.price.tolist() == improve_prices(batch, solve(batch).price).tolist()


def test_solve_exact_keeps_the_climbed_prices_if_they_prove_as_much(monkeypatch):
    batch = drawn(0)
    monkeypatch.setattr(patterns, "improve_prices", lambda batch, price, goes_on: price // 2)
    one, other = solve(batch), solve(batch, exact=True)
    assert (one.bound, one.price.tolist()) == (other.bound, other.price.tolist())
