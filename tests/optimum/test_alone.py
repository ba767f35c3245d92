"""Orders on their own, against every way there is to serve them."""

import numpy as np
from hypothesis import given, settings

from engine.kernels.orders.bundles import PARTIAL
from engine.optimum.alone import own_way, prices_of_competition
from engine.optimum.batch import Batch
from engine.optimum.solve import solve
from engine.types import QTY_SCALE
from tests.optimum.strategies import MILLION, Line, program_of, tiny_batches, whole
from tests.optimum.test_solve import NO_LIMITS, NO_RATES, STEPS, cheapest_alone
from tests.oracle.batches import is_feasible, orders_of

GREEDY = {"rates", "least", "capacity_units", "same"}
"""With these an order's best way may not be found: its lines draw on what is cheapest in turn."""


@given(tiny_batches(steps=STEPS))
@settings(max_examples=settings.default.max_examples // 2)
def test_own_ways_are_the_cheapest_of_orders_alone(case):
    batch = case.batch
    given = solve(batch).given
    least = cheapest_alone(batch, case.step)
    for at, order in enumerate(orders_of(batch)):
        entries = slice(order.begin, order.end)
        own, got = own_way(batch, at, given).tolist(), given[entries].tolist()
        alone = np.zeros(len(given), np.int64)
        alone[entries] = own
        assert is_feasible(batch, alone)
        assert least[at] <= order.cost(tuple(own)) <= order.cost(tuple(got))
        if GREEDY.isdisjoint(case.features):
            assert order.cost(tuple(own)) == least[at]
        if order.cost(tuple(got)) == least[at]:
            assert own == got


def test_prices_are_those_of_what_is_not_enough_for_all():
    # Two orders want one unit each: of source 0 there is one, of source 1 there are two.
    program = program_of(
        [[Line(0, QTY_SCALE, [(0, 0), (1, 1)])]] * 2,
        ranking=[0, 0],
        unit_cost=[[MILLION, 2 * MILLION]],
        shipment=[[MILLION, MILLION]],
        rates=[[-1, -1]],
        ship_policy=[PARTIAL, PARTIAL],
    )
    batch = Batch(program, NO_LIMITS, NO_RATES, whole([QTY_SCALE, 2 * QTY_SCALE]))
    solved = solve(batch)
    scarce, ample = prices_of_competition(batch, solved.price).tolist()
    assert ample == -1
    # Each pays 2 and the price at source 0, or 3; and the unit there is worth its price.
    assert solved.bound == 2 * min(2 * MILLION + scarce, 3 * MILLION) - scarce
    assert scarce > 0
