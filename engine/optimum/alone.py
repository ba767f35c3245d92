"""An order of a batch as if it were the only one."""

import numpy as np

from engine.optimum.batch import Batch, demand_of, market_of, work_for
from engine.types import IntArray


def own_way(batch: Batch, order: int, given: IntArray) -> IntArray:
    """Return what an order would take if it had all stock to itself.

    Parameters
    ----------
    batch
        Orders, sources and stock.
    order
        Its number in the batch.
    given
        (num_entries,) what the batch gives, 1e-4 units. Where no other way costs the order less,
        this is its own way too.

    Returns
    -------
    (num_entries of the order,) 1e-4 units.

    Notes
    -----
    It is the cheapest of all ways but where `engine.kernels.optimum.way.best_way` says otherwise;
    it never costs more than what was given.
    """
    from engine.kernels.optimum.allot import allot, book

    program = batch.program
    three = program, batch.weights, batch.rates
    first, last = program.orders[order : order + 2]
    entries = slice(int(program.lines[first]), int(program.lines[last]))
    work, no_pace = work_for(batch), np.zeros(len(batch.supply), np.int64)
    mine = np.zeros(len(given), np.int64)
    mine[entries] = given[entries]
    own, booked = np.zeros((2, len(given)), np.int64)
    least, cost = np.zeros((2, batch.num_orders), np.int64)
    market = market_of(batch, demand_of(batch))
    allot(np.array([order]), no_pace, *three, market, batch.supply.copy(), own, least, work)
    book(mine, *three, batch.supply.copy(), booked, cost, work)
    return own[entries] if least[order] < cost[order] else mine[entries]


def prices_of_competition(batch: Batch, price: IntArray) -> IntArray:
    """(num_resources,) prices in 1e-6; -1 where there is enough for all, or nothing."""
    return np.where(market_of(batch, demand_of(batch)).share > 0, price, -1)
