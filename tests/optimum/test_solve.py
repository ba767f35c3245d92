"""Batches decided as a whole, against every way there is to serve them."""

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.optimum.bundles import Weights
from engine.kernels.orders.bundles import PARTIAL, Rates
from engine.optimum.batch import Batch
from engine.optimum.solve import solve
from engine.types import QTY_SCALE, exact_sum
from tests.optimum.strategies import FEATURES, MILLION, Line, program_of, tiny, tiny_batches, whole
from tests.oracle.batches import (
    cheapest_ways,
    cost_of_all,
    is_feasible,
    optimum,
    orders_of,
)

ONE = QTY_SCALE
NO_LIMITS = Weights(
    unit=100 * MILLION,
    line=0,
    order=0,
    max_sources=0,
    least=0,
    most_sets=10_000,
    highest=1 << 44,
    units_at=-1,
    orders_at=-1,
)
NO_RATES = Rates(whole([0]), whole([]), whole([]))
STEPS = (ONE, ONE // 2, ONE // 4, 3_333, 1)


def cheapest_alone(batch: Batch, step: int = ONE) -> list[int]:
    """What each order would cost at least if it were the only one."""
    supply = batch.supply.tolist()
    return [min(cheapest_ways(order, supply, step).values()) for order in orders_of(batch)]


def some_allocation(batch: Batch, chance: Random) -> np.ndarray:
    """What orders take that come one after the other and choose by chance."""
    allocation = np.zeros(len(batch.program.item), np.int64)
    for order in orders_of(batch):
        ways = list(order.ways(ONE, batch.supply.tolist()))
        for gives in chance.sample(ways, min(len(ways), 20)):
            allocation[order.begin : order.end] = gives
            if is_feasible(batch, allocation):
                break
            allocation[order.begin : order.end] = 0
    return allocation


def of_lines(batch: Batch, given: np.ndarray) -> np.ndarray:
    """What each line gets of what entries give."""
    return np.diff(np.append(0, np.cumsum(given))[batch.program.lines])


def test_solve_leaves_a_unit_to_the_order_that_needs_it():
    # Either order pays 5 and 1 a unit at source 0. Without it, the first goes to source 1 for 6,
    # the second needs both sources, of which source 1 has one unit of the other SKU only.
    program = program_of(
        [
            [Line(0, ONE, [(0, 0), (1, 1)])],
            [Line(0, ONE, [(0, 0)]), Line(1, ONE, [(0, 2)])],
        ],
        ranking=[0, 0],
        unit_cost=[[1 * MILLION, 1 * MILLION]],
        shipment=[[5 * MILLION, 6 * MILLION]],
        rates=[[-1, -1]],
        ship_policy=[PARTIAL, PARTIAL],
    )
    batch = Batch(program, NO_LIMITS, NO_RATES, whole([ONE, ONE, ONE]))
    solved = solve(batch)
    assert (solved.cost, optimum(batch)) == (14 * MILLION, 14 * MILLION)
    assert solved.given.tolist() == [0, ONE, ONE, ONE]


@given(tiny_batches(steps=STEPS), st.integers(0, 3))
def test_solve_bounds_the_optimum_and_allocates_what_it_says(case, seed):
    best = optimum(case.batch, case.step)
    solved = solve(case.batch, seed=seed)
    assert solved.bound <= best <= solved.cost
    assert solved.cost == cost_of_all(case.batch, solved.given)
    assert is_feasible(case.batch, solved.given)
    assert (solved.is_whole, solved.cut_short) == (True, 0)


@pytest.mark.needs_jit
def test_solve_meets_the_optimum_nearly_always():
    drawn, missed = Counter(), Counter()
    for seed in range(600):
        case = tiny(Random(seed), FEATURES, STEPS)
        best = optimum(case.batch, case.step)
        solved = solve(case.batch)
        assert solved.bound <= best <= solved.cost
        kinds = ["all", *case.features]
        # Easy are those whose orders could all have their own cheapest way: three in four.
        if best > sum(cheapest_alone(case.batch, case.step)):
            kinds.append("crossed")
        drawn.update(kinds)
        if solved.cost > best:
            missed.update(kinds)
    assert set(FEATURES) < set(drawn)
    said = ", ".join(f"{kind} {missed[kind]} of {drawn[kind]}" for kind in sorted(drawn))
    assert missed["all"] <= 0.05 * drawn["all"], f"missed: {said}"
    assert missed["crossed"] <= 0.1 * drawn["crossed"], f"missed: {said}"


def test_solve_has_a_lone_order_take_what_its_own_lines_bid_up():
    # Its three lines want four units of three, which makes the last price that of leaving one out.
    entries = [(0, 0), (1, 1)]
    program = program_of(
        [[Line(0, ONE, entries), Line(0, 2 * ONE, entries), Line(0, ONE, entries)]],
        ranking=[0],
        unit_cost=[[MILLION, MILLION]],
        shipment=[[1, MILLION]],
        rates=[[-1, -1]],
        ship_policy=[PARTIAL],
    )
    weights = NO_LIMITS._replace(order=3 * MILLION)
    batch = Batch(program, weights, NO_RATES, whole([ONE, 2 * ONE]))
    assert solve(batch).cost == optimum(batch) == 107_000_001


@given(tiny_batches(), st.integers(0, 3))
def test_solve_gives_the_same_bytes_again(case, seed):
    first, second = solve(case.batch, seed=seed), solve(case.batch, seed=seed)
    assert first.given.tobytes() == second.given.tobytes()
    assert first.price.tobytes() == second.price.tobytes()
    assert (first.cost, first.bound) == (second.cost, second.bound)


@given(tiny_batches(), st.randoms(use_true_random=False))
def test_solve_costs_no_more_than_any_start(case, chance):
    starts = [some_allocation(case.batch, chance) for _ in range(3)]
    starts.append(solve(case.batch).given)
    least = min(cost_of_all(case.batch, start) for start in starts)
    hurried = solve(case.batch, starts, spent=lambda: 1.0)
    assert hurried.cost <= least
    assert solve(case.batch, starts).cost <= least
    assert hurried.cost == cost_of_all(case.batch, hurried.given)
    assert is_feasible(case.batch, hurried.given)


@given(tiny_batches(), st.randoms(use_true_random=False), st.booleans())
def test_solve_keeps_what_is_promised(case, chance, hurries):
    batch = case.batch
    starts = [some_allocation(batch, chance) for _ in range(3)]
    promised = of_lines(batch, starts[1])
    solved = solve(batch, starts, promised=promised, spent=lambda: float(hurries))
    assert (of_lines(batch, solved.given) >= promised).all()
    assert is_feasible(batch, solved.given)
    assert optimum(batch, promised=promised) <= solved.cost <= cost_of_all(batch, starts[1])
    assert solved.cost == cost_of_all(batch, solved.given)
    assert solved.bound <= optimum(batch)


@given(tiny_batches())
def test_solve_without_time_still_bounds_and_allocates(case):
    hurried = solve(case.batch, spent=lambda: 1.0)
    assert hurried.bound <= optimum(case.batch) <= hurried.cost
    assert is_feasible(case.batch, hurried.given)
    assert hurried.is_whole or hurried.bound <= solve(case.batch).bound


@given(tiny_batches())
def test_solve_bounds_even_if_sets_are_cut_short(case):
    batch = case.batch._replace(weights=case.batch.weights._replace(most_sets=1))
    solved = solve(batch)
    assert solved.bound <= optimum(batch) <= solved.cost
    assert is_feasible(batch, solved.given)


def test_solve_bounds_orders_that_have_more_sets_than_it_compares():
    # 40 units from 12 sources that have 3 each, or from one more that has all of one order.
    entries = [(item, item) for item in range(12)]
    program = program_of(
        [[Line(0, 40 * ONE, [*entries, (12, 12)])]] * 2,
        ranking=[0, 0],
        unit_cost=[[MILLION * (1 + source % 3) for source in range(13)]],
        shipment=[[MILLION * (2 + source % 5) for source in range(12)] + [90 * MILLION]],
        rates=[[-1] * 13],
        ship_policy=[PARTIAL] * 2,
    )
    supply = whole([3 * ONE] * 12 + [40 * ONE])
    hurried, patient = (
        solve(Batch(program, NO_LIMITS._replace(most_sets=most), NO_RATES, supply))
        for most in (8, 100_000)
    )
    assert (hurried.cut_short > 0, patient.cut_short) == (True, 0)
    # One order gets 40 from the large source, the other 36: 4 are left out.
    small = sum(3 * (1 + source % 3) + 2 + source % 5 for source in range(12)) * MILLION
    best = 90 * MILLION + 40 * MILLION + small + 400 * MILLION
    assert patient.cost == best
    assert max(hurried.bound, patient.bound) <= best <= hurried.cost


@given(tiny_batches(("max_sources", "unmanaged", "whole_lines", "whole_orders", "nothing_wanted")))
def test_solve_serves_each_order_best_where_there_is_plenty(case):
    plenty = np.where(case.batch.supply > 0, 100 * ONE, 0)
    batch = case.batch._replace(supply=whole(plenty))
    solved = solve(batch)
    assert solved.cost == solved.bound == sum(cheapest_alone(batch))
    assert not solved.price.any()


@pytest.mark.parametrize("money", [10**14, 10**17])
def test_solve_bears_weights_beyond_any_price(money):
    for seed in range(5):
        batch = tiny(Random(seed), ()).batch
        batch = batch._replace(weights=batch.weights._replace(unit=money, line=0, order=0))
        solved = solve(batch)
        assert solved.bound <= optimum(batch) <= solved.cost


def test_solve_bounds_what_capacities_in_fractions_round_away():
    # Half a unit from each of two sources: 0.0000005 twice, rounded to even, is nothing.
    program = program_of(
        [[Line(0, ONE, [(0, 0), (1, 1)])]],
        ranking=[0],
        unit_cost=[[1, 1]],
        shipment=[[0, 0]],
        rates=[[-1, -1]],
        ship_policy=[PARTIAL],
    )
    weights = NO_LIMITS._replace(units_at=2)
    supply = whole([ONE, ONE, ONE // 2, ONE // 2])
    solved = solve(Batch(program, weights, NO_RATES, supply))
    assert solved.cost == optimum(Batch(program, weights, NO_RATES, supply), ONE // 2) == 0
    assert solved.bound <= 0


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1)))
def test_exact_sum_is_that_of_whole_numbers(values):
    assert exact_sum(np.array(values, np.int64)) == sum(values)
