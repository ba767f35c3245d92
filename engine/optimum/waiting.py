"""What it counts that an order waits for a later batch."""

import numpy as np

from engine.kernels.optimum.bundles import UNREACHED, Market
from engine.optimum.batch import Batch, work_for
from engine.types import IntArray, frozen

_PLENTY = 1 << 61
"""More than all orders want of anything; below `UNREACHED`, so that sums of it hold."""


def with_waits(batch: Batch, hold: IntArray) -> Batch:
    """Let orders of a batch wait for a later one.

    An order that waits counts what it would cost alone with all in stock, and what it is held
    for. So it waits where its best way in this batch costs more than that, with what it draws at
    the prices that other orders would give.

    Parameters
    ----------
    batch
        Its entries are all that sources list, be it in stock or not.
    hold
        (num_orders,) in 1e-6; -1 where an order may not wait.

    Returns
    -------
    The batch with another `Program.wait`. Waiting counts a millionth more, so that of two ways
    that cost the same an order takes the one in this batch.
    """
    wait = np.where(hold >= 0, cost_in_plenty(batch) + hold + 1, UNREACHED)
    return batch._replace(program=batch.program._replace(wait=frozen(wait)))


def cost_in_plenty(batch: Batch) -> IntArray:
    """(num_orders,) what each costs if there is enough of all it could draw on, 1e-6."""
    from engine.kernels.optimum.allot import allot

    none = np.zeros(len(batch.supply), np.int64)
    left = np.full(len(batch.supply), _PLENTY)
    cost = np.zeros(batch.num_orders, np.int64)
    allot(
        np.arange(batch.num_orders),
        none,
        batch.program,
        batch.weights,
        batch.rates,
        Market(left.copy(), frozen(none.copy()), none.copy()),
        left,
        np.zeros(len(batch.program.item), np.int64),
        cost,
        work_for(batch),
    )
    return cost
