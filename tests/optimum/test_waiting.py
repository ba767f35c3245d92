"""What waiting counts, and who waits for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.optimum.bundles import UNREACHED, Weights
from engine.kernels.orders.bundles import PARTIAL, Rates
from engine.optimum.batch import Batch
from engine.optimum.solve import solve
from engine.optimum.waiting import Hold, with_waits
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


def num_items_of(batch: Batch) -> int:
    """How many resources are items."""
    first = [at for at in (batch.weights.units_at, batch.weights.orders_at) if at >= 0]
    return min(first, default=len(batch.supply))


def all_due(batch: Batch, cost: int, days: list[int]) -> Hold:
    """Orders that may wait so many days, for all that sources list: it comes tomorrow."""
    return Hold(cost, np.array(days), np.ones(num_items_of(batch), np.int64))


def test_waiting_counts_what_the_order_would_cost_with_all_that_is_due():
    batch = two_wanted_one_there()
    batch = with_waits(batch, all_due(batch, 3 * MILLION, [1, 0]))
    assert batch.program.wait.tolist() == [15 * MILLION + 1, UNREACHED]


@pytest.mark.parametrize(
    ("hold", "days", "given", "cost"),
    [
        # Waiting counts 12 and the hold, what can be sent now 11 + 20. The other order costs
        # 11 if it gets the only A, 20 if not.
        (18, [1, 0], [0, 0, 1], 30_000_001 + 11_000_000),
        # Now the first would rather have A, but the second has more use for it.
        (19, [1, 0], [0, 0, 1], 31_000_001 + 11_000_000),
        (27, [1, 0], [0, 0, 1], 39_000_001 + 11_000_000),
        # Both may: one of them is enough, and the first can be sent in one shipment then.
        (1, [1, 1], [0, 0, 1], 13_000_001 + 11_000_000),
        # Where only the second may wait, it leaves A to the first.
        (1, [0, 1], [1, 0, 0], 31_000_000 + 12_000_001),
    ],
)
def test_an_order_waits_where_that_costs_less(hold, days, given, cost):
    batch = two_wanted_one_there()
    batch = with_waits(batch, all_due(batch, hold * MILLION, days))
    solved = solve(batch)
    assert solved.cost == optimum(batch) == cost
    assert (solved.given // ONE).tolist() == given


@pytest.mark.parametrize(("hold", "given"), [(18_999_999, [0]), (19_000_000, [1])])
def test_an_order_alone_waits_only_if_that_costs_less(hold, given):
    program = two_wanted_one_there().program
    lines = [Line(0, ONE, [(0, 0)]), Line(1, ONE, [(0, 1)])]
    lone = program_of([lines], [0], [[MILLION]], program.shipment, [[-1]], [PARTIAL])
    batch = Batch(lone, WEIGHTS, NO_RATES, whole([ONE, 0]))
    batch = with_waits(batch, all_due(batch, hold, [1]))
    assert (solve(batch).given[:1] // ONE).tolist() == given


# Rates, least shipments and several lines of a SKU may let a way be cheaper than the one found.
PLAIN = [name for name in FEATURES if name not in ("rates", "least", "same", "waits")]


@given(tiny_batches(PLAIN), st.randoms(use_true_random=False))
def test_waiting_counts_the_cheapest_way_from_what_will_be_there(case, chance):
    batch = case.batch
    num_items = num_items_of(batch)
    due_in = [chance.randint(0, 3) for _ in range(num_items)]
    days = [chance.randint(0, 3) for _ in range(batch.num_orders)]
    wanted = [0] * num_items
    for order in orders_of(batch):
        for line, item in zip(order.line, order.item, strict=True):
            if item >= 0:
                wanted[item] += min(order.need[line], batch.supply[item])
    waits = with_waits(batch, Hold(MILLION, np.array(days), np.array(due_in))).program.wait
    for order, its_days, wait in zip(orders_of(batch), days, waits.tolist(), strict=True):
        later = [100 * ONE] * len(batch.supply)
        for item, due in enumerate(due_in):
            if not 0 < due <= its_days:
                has = int(batch.supply[item])
                later[item] = has if wanted[item] <= has else 0
        least = min(cheapest_ways(order, later).values())
        assert wait == (least + MILLION + 1 if its_days else UNREACHED)


@given(tiny_batches([name for name in PLAIN if not name.startswith("capacity")]))
def test_orders_that_lack_nothing_do_not_wait(case):
    plenty = case.batch._replace(supply=whole([100 * ONE] * len(case.batch.supply)))
    batch = with_waits(plenty, all_due(plenty, 0, [1] * plenty.num_orders))
    program = batch.program._replace(wait=whole([UNREACHED] * batch.num_orders))
    assert solve(batch).given.tolist() == solve(batch._replace(program=program)).given.tolist()
