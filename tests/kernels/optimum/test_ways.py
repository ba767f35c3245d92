"""What is written is the best way: it costs what is said, and no less than the floor."""

import numpy as np
import pytest

from engine.kernels.optimum.climb import floors
from engine.kernels.optimum.ways import ways
from engine.optimum.batch import demand_of, market_of, work_for
from engine.types import QTY_SCALE
from tests.optimum.batches import drawn


@pytest.mark.parametrize("seed", range(5))
def test_ways_cost_what_their_parts_do_and_are_as_cheap_as_floors_say(seed):
    batch = drawn(seed)
    program, weights = batch.program, batch.weights
    price = np.random.default_rng(seed).integers(0, 5_000_000, len(batch.supply))
    market = market_of(batch, demand_of(batch))._replace(price=price)
    three, work = (program, weights, batch.rates), work_for(batch)
    gives = np.full(len(program.item), -1)
    cost, floor, expected = np.full((3, batch.num_orders), -1)
    sequence = np.arange(batch.num_orders)
    ways(sequence, *three, market, gives, cost, floor, work)
    floors(sequence, *three, market, expected, work)
    assert (floor == expected).all()
    assert (cost == floor).all()
    line, order = batch.of_entry
    assert ((gives >= 0) & (gives <= batch.supply[program.item])).all()
    bill = np.zeros(batch.num_orders, np.int64)
    np.add.at(bill, order, (program.unit_cost + price[program.item]) * gives // QTY_SCALE)
    sends = np.unique(np.column_stack([order, program.source])[gives > 0], axis=0)
    for one, source in sends:
        bill[one] += program.shipment[program.ranking[one], source]
    short = program.need.copy()
    np.subtract.at(short, line, gives)
    of_line = np.repeat(sequence, np.diff(program.orders))
    np.add.at(bill, of_line, weights.unit * short // QTY_SCALE)
    bill[np.unique(of_line[short > 0])] += weights.order
    assert (bill == cost).all()


def test_ways_leave_other_orders_alone():
    batch = drawn(1)
    three = batch.program, batch.weights, batch.rates
    gives = np.full(len(batch.program.item), -1)
    cost, floor = np.full((2, batch.num_orders), -1)
    market = market_of(batch, demand_of(batch))
    ways(np.array([3]), *three, market, gives, cost, floor, work_for(batch))
    assert np.flatnonzero(cost >= 0).tolist() == np.flatnonzero(floor >= 0).tolist() == [3]
    start, stop = batch.program.lines[batch.program.orders[3:5]]
    assert np.flatnonzero(gives >= 0).tolist() == list(range(start, stop))
