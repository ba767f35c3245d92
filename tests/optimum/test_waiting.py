"""What waiting counts, and who waits for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.optimum.bundles import UNREACHED, Weights
from engine.kernels.orders.bundles import PARTIAL, Rates
from engine.optimum.batch import Batch
from engine.optimum.solve import solve
from engine.optimum.waiting import cost_in_plenty, with_waits
from engine.types import QTY_SCALE
from tests.optimum.strategies import FEATURES, MILLION, Line, program_of, tiny_batches, whole
from tests.oracle.batches import cheapest_ways, optimum, orders_of

ONE = QTY_SCALE
WEIGHTS = Weights(20 * MILLION, 0, 0, 0, 0, 10_000, 1 << 44, -1, -1)
NO_RATES = Rates(whole([0]), whole([]), whole([]))


def two_wanted_one_there() -> Batch:
    """An order of A and B and one of A, one A is there: 10 a shipment, 1 a unit, 20 unserved."""
    lines = [Line(0, ONE, [(0, 0)]), Line(1, ONE, [(0, 1)])]
    program = program_of(
        [lines, lines[:1]],
        ranking=[0, 0],
        unit_cost=[[MILLION]],
        shipment=[[10 * MILLION]],
        rates=[[-1]],
        ship_policy=[PARTIAL, PARTIAL],
    )
    return Batch(program, WEIGHTS, NO_RATES, whole([ONE, 0]))


def test_waiting_counts_what_the_order_would_cost_with_all_in_stock():
    batch = with_waits(two_wanted_one_there(), np.array([3 * MILLION, -1]))
    assert batch.program.wait.tolist() == [15 * MILLION + 1, UNREACHED]


@pytest.mark.parametrize(
    ("hold", "given", "cost"),
    [
        # Waiting counts 12 and the hold, what can be sent now 11 + 20. The other order costs
        # 11 if it gets the only A, 20 if not.
        ([18, -1], [0, 0, 1], 30_000_001 + 11_000_000),
        # Now the first would rather have A, but the second has more use for it.
        ([19, -1], [0, 0, 1], 31_000_001 + 11_000_000),
        ([27, -1], [0, 0, 1], 39_000_001 + 11_000_000),
        # Where the second may wait cheaply, it leaves A to the first.
        ([19, 1], [0, 0, 1], 31_000_001 + 11_000_000),
        ([40, 1], [1, 0, 0], 31_000_000 + 12_000_001),
    ],
)
def test_an_order_waits_where_that_costs_less(hold, given, cost):
    holds = np.array([one * MILLION if one >= 0 else -1 for one in hold])
    batch = with_waits(two_wanted_one_there(), holds)
    solved = solve(batch)
    assert solved.cost == optimum(batch) == cost
    assert (solved.given // ONE).tolist() == given


@pytest.mark.parametrize(("hold", "given"), [(18_999_999, [0]), (19_000_000, [1])])
def test_an_order_alone_waits_only_if_that_costs_less(hold, given):
    program = two_wanted_one_there().program
    lines = [Line(0, ONE, [(0, 0)]), Line(1, ONE, [(0, 1)])]
    lone = program_of([lines], [0], [[MILLION]], program.shipment, [[-1]], [PARTIAL])
    batch = with_waits(Batch(lone, WEIGHTS, NO_RATES, whole([ONE, 0])), np.array([hold]))
    assert (solve(batch).given[:1] // ONE).tolist() == given


# Rates, least shipments and several lines of a SKU may let a way be cheaper than the one found.
PLAIN = [name for name in FEATURES if name not in ("rates", "least", "same", "waits")]


@given(tiny_batches(PLAIN), st.randoms(use_true_random=False))
def test_what_orders_cost_in_plenty_is_their_cheapest_way_then(case, chance):
    items = len(case.batch.supply)
    plenty = [100 * ONE for _ in range(items)]
    program = case.batch.program
    wanted = [
        min(cheapest_ways(order, plenty).values())
        for order in orders_of(case.batch._replace(supply=whole(plenty)))
    ]
    assert cost_in_plenty(case.batch).tolist() == wanted
    # It does not matter what there is.
    emptied = Batch(program, *case.batch[1:3], whole([0] * items))
    assert cost_in_plenty(emptied).tolist() == wanted


@given(tiny_batches([name for name in PLAIN if not name.startswith("capacity")]))
def test_orders_that_lack_nothing_do_not_wait(case):
    plenty = case.batch._replace(supply=whole([100 * ONE] * len(case.batch.supply)))
    batch = with_waits(plenty, np.zeros(plenty.num_orders, np.int64))
    program = batch.program._replace(wait=whole([UNREACHED] * batch.num_orders))
    assert solve(batch).given.tolist() == solve(batch._replace(program=program)).given.tolist()
