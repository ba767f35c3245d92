"""The bound is one: brute force never gets below it, and HiGHS agrees where all is written out."""

from itertools import product

import highspy
import numpy as np
import pytest

from benchmarks.quality.bound import bound, bound_at
from benchmarks.quality.instance import Instance
from benchmarks.quality.network import Network
from benchmarks.quality.prices import Prices
from benchmarks.quality.weak import weak_bound

SEEDS = range(20)


def tiny(seed, num_orders=4, most=3):
    """A few orders of up to three items from two centres, with little in stock."""
    rng = np.random.default_rng(seed)
    unit = rng.integers(1, 4_000_000, (2, 2))
    network = Network(np.ones(2, np.int64), np.zeros((2, 2)), np.zeros((2, 2)), unit)
    instance = Instance(
        network,
        [(0,), (0, 1), (1, 2), (0, 1, 2)],
        rng.integers(0, most, (3, 2)),
        rng.integers(0, 4, num_orders),
        rng.integers(0, 2, num_orders),
    )
    return instance, Prices(3_000_000, unit, *rng.integers(0, 7_000_000, 2).tolist())


def ways(instance, prices, order):
    """Every way to serve an order: what it takes from stock, and what it costs."""
    items = instance.sets[instance.order_set[order]]
    city = instance.order_city[order]
    for centres in product((None, 0, 1), repeat=len(items)):
        taken = np.zeros(instance.stock.shape, np.int64)
        sent = [(item, at) for item, at in zip(items, centres, strict=True) if at is not None]
        cost = prices.box * len({at for _, at in sent})
        for item, at in sent:
            taken[item, at] += 1
            cost += int(prices.unit[city, at])
        lacks = len(items) - len(sent)
        yield taken, cost + (prices.missing_order + lacks * prices.missing_unit if lacks else 0)


def optimum(instance, prices):
    """The least cost of all, by trying everything that stock allows."""
    least = {instance.stock.tobytes(): 0}
    for order in range(len(instance.order_set)):
        after: dict[bytes, int] = {}
        for left, cost in least.items():
            stock = np.frombuffer(left, np.int64).reshape(instance.stock.shape)
            for taken, more in ways(instance, prices, order):
                if (taken <= stock).all():
                    key = (stock - taken).tobytes()
                    after[key] = min(after.get(key, cost + more), cost + more)
        least = after
    return min(least.values())


def written_out(instance, prices):
    """The linear program with every way of every order as a variable."""
    orders = len(instance.order_set)
    solver = highspy.Highs()
    solver.silent()
    rows = orders + instance.stock.size
    lower = np.concatenate([np.ones(orders), np.full(instance.stock.size, -highspy.kHighsInf)])
    upper = np.concatenate([np.ones(orders), instance.stock.ravel()])
    none = np.zeros(0, np.int32)
    solver.addRows(rows, lower, upper, 0, none, none, np.zeros(0))
    for order in range(orders):
        for taken, cost in ways(instance, prices, order):
            at = np.array([order, *(orders + np.flatnonzero(taken))], np.int32)
            solver.addCol(cost / 10**6, 0, highspy.kHighsInf, len(at), at, np.ones(len(at)))
    solver.run()
    return solver.getObjectiveValue() * 10**6


@pytest.mark.parametrize("seed", SEEDS)
def test_bound_is_not_above_the_optimum(seed):
    instance, prices = tiny(seed)
    assert bound(instance, prices) <= optimum(instance, prices)


@pytest.mark.parametrize("seed", SEEDS)
def test_bound_is_that_of_the_whole_program(seed):
    instance, prices = tiny(seed, num_orders=12, most=5)
    assert bound(instance, prices) == pytest.approx(written_out(instance, prices), rel=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_prices_of_stock_prove_a_bound(seed):
    instance, prices = tiny(seed)
    worth = np.random.default_rng(seed).integers(0, 5_000_000, instance.stock.shape)
    assert bound_at(instance, prices, worth) <= optimum(instance, prices)


@pytest.mark.parametrize("seed", SEEDS)
def test_bound_is_the_optimum_where_stock_is_ample(seed):
    instance, prices = tiny(seed)
    ample = instance._replace(stock=np.full((3, 2), 4))
    assert bound(ample, prices) == optimum(ample, prices)


def test_bound_is_worked_out_by_hand():
    """Two orders of one item; the only unit goes to the nearer city, the other order pays."""
    unit = np.array([[1_000_000], [2_000_000]])
    network = Network(np.ones(2, np.int64), np.zeros((2, 2)), np.zeros((1, 2)), unit)
    instance = Instance(network, [(0,)], np.array([[1]]), np.array([0, 0]), np.array([0, 1]))
    prices = Prices(8_000_000, unit, 16_000_000, 4_000_000)
    assert bound(instance, prices) == 8_000_000 + 1_000_000 + 16_000_000 + 4_000_000


@pytest.mark.parametrize("seed", SEEDS)
def test_the_weak_bound_is_not_above_the_bound(seed):
    instance, at_price = tiny(seed)
    # HiGHS is right to a part in a million.
    assert weak_bound(instance, at_price) <= bound(instance, at_price) * (1 + 1e-6) + 1
