"""The best way to serve one order at prices, against every way there is."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.optimum.bundles import UNREACHED
from engine.kernels.optimum.way import best_way
from engine.optimum.batch import Batch, work_for
from engine.types import IntArray
from tests.optimum.strategies import FEATURES, MILLION, indices, tiny_batches, whole
from tests.oracle.batches import INFINITE, Order, cheapest_ways, orders_of

ORDER_AS_A_WHOLE = ("rates", "least", "capacity_units", "same")
"""What ties the lines of an order together: sources are then no longer filled one by one."""
LINE_BY_LINE = [feature for feature in FEATURES if feature not in ORDER_AS_A_WHOLE]

chances = st.randoms(use_true_random=False)


def prices_of(batch: Batch, chance) -> IntArray:
    """A price for each resource, often none."""
    drawn = [chance.choice([0, 0, 1, 2, 5, 99]) * MILLION for _ in batch.supply]
    return np.array(drawn, np.int64)  # prices move: the kernels know them as not frozen


def answer(batch: Batch, order: int, lowest: bool, price: IntArray) -> tuple[int, int, tuple]:
    """What the kernel says: cost, what none can undercut, and what the entries give."""
    work = work_for(batch)
    left = batch.supply.copy()
    three = batch.program, batch.weights, batch.rates
    cost, floor = best_way(order, lowest, *three, left, price, work)
    entries = batch.program.lines[batch.program.orders[[order, order + 1]]]
    return cost, floor, tuple(work.gives[: entries[1] - entries[0]].tolist())


def worth(price: IntArray, drawn: tuple[int, ...]) -> int:
    """What is drawn is worth, in whole units."""
    return sum(each * units // 10_000 for each, units in zip(price.tolist(), drawn, strict=True))


def cheapest(order: Order, price: IntArray) -> int:
    """What the order costs at least, with prices."""
    ways = cheapest_ways(order, order.batch.supply.tolist())
    return min(cost + worth(price, drawn) for drawn, cost in ways.items())


def relaxed(batch: Batch) -> Batch:
    """Shipments at the least that any costs, of any size, from sources of any capacity."""
    program, weights, supply = batch.program, batch.weights, batch.supply.copy()
    offsets, _, cost = batch.rates
    least = [min(cost[first:past]) for first, past in pairwise(offsets)]
    extra = np.array([*least, 0])[program.rates]
    if (first := weights.units_at) >= 0:
        of_units = supply[first : first + program.shipment.shape[1]]
        of_units[of_units > 0] = INFINITE
    return batch._replace(
        program=program._replace(
            shipment=whole(program.shipment + extra), rates=indices(program.rates * 0 - 1)
        ),
        weights=weights._replace(least=0),
        supply=supply,
    )


@given(tiny_batches(LINE_BY_LINE), chances, st.booleans())
def test_best_way_is_the_cheapest_of_all(case, chance, lowest):
    price = prices_of(case.batch, chance)
    for at, order in enumerate(orders_of(case.batch)):
        cost, floor, gives = answer(case.batch, at, lowest, price)
        assert cost == floor == cheapest(order, price)
        assert order.is_allowed(gives)
        assert order.cost(gives) + worth(price, order.drawn(gives)) == cost


@given(tiny_batches([feature for feature in FEATURES if feature != "same"]), chances)
def test_best_way_at_its_lowest_is_the_cheapest_of_what_is_relaxed(case, chance):
    price = prices_of(case.batch, chance)
    for at, order in enumerate(orders_of(relaxed(case.batch))):
        cost, floor, _ = answer(case.batch, at, True, price)
        assert cost == floor == cheapest(order, price)


@given(tiny_batches(), chances, st.sampled_from([1, 2, 10_000]))
def test_best_way_lies_between_its_floor_and_what_it_costs(case, chance, most_sets):
    batch = case.batch._replace(weights=case.batch.weights._replace(most_sets=most_sets))
    price = prices_of(batch, chance)
    for at, order in enumerate(orders_of(batch)):
        best = cheapest(order, price)
        cost, _, gives = answer(batch, at, False, price)
        assert answer(batch, at, True, price)[1] <= best <= cost
        assert order.is_allowed(gives)
        drawn = order.drawn(gives)
        assert all(units <= has for units, has in zip(drawn, batch.supply, strict=True))
        assert order.cost(gives) + worth(price, drawn) == cost


@given(tiny_batches(), chances, st.integers(2, 9), st.booleans())
def test_best_way_stays_the_same_in_another_currency(case, chance, rate, lowest):
    batch, price = case.batch, prices_of(case.batch, chance)
    program, weights, rates = batch.program, batch.weights, batch.rates
    other = batch._replace(
        program=program._replace(
            unit_cost=whole(program.unit_cost * rate),
            shipment=whole(program.shipment * rate),
            wait=whole([one * rate if one < UNREACHED else one for one in program.wait.tolist()]),
        ),
        weights=weights._replace(
            unit=weights.unit * rate, line=weights.line * rate, order=weights.order * rate
        ),
        rates=rates._replace(cost=whole(rates.cost * rate)),
    )
    for at in range(batch.num_orders):
        cost, floor, gives = answer(batch, at, lowest, price)
        assert answer(other, at, lowest, price * rate) == (cost * rate, floor * rate, gives)
