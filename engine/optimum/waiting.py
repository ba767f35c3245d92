"""What it counts that an order waits for a later batch."""

from typing import NamedTuple

import numpy as np

from engine.kernels.optimum.bundles import UNREACHED, Market
from engine.optimum.batch import Batch, demand_of, work_for
from engine.types import BoolArray, IntArray, frozen

_PLENTY = 1 << 61
"""More than all orders want of anything; below `UNREACHED`, so that sums of it hold."""


class Hold(NamedTuple):
    """Which orders may wait for a later batch, and what for.

    ``cost`` is (num_orders,) in 1e-6, what it counts that an order waits, -1 where it may not;
    ``is_due`` (num_items,) where stock comes in while it might.
    """

    cost: IntArray
    is_due: BoolArray


def with_waits(batch: Batch, hold: Hold) -> Batch:
    """Let orders of a batch wait for a later one.

    An order that waits counts what it would cost alone, with all that it wants of what is due and
    of what there is enough of for all, and what it is held for. So it waits where its best way in
    this batch costs more than that, with what it draws at the prices that other orders would give.

    Parameters
    ----------
    batch
        Its entries are of all that is in stock or due.
    hold
        Of its orders, and of items as its resources begin with them.

    Returns
    -------
    The batch with another `Program.wait`. Waiting counts a millionth more, so that of two ways
    that cost the same an order takes the one in this batch.
    """
    later = np.where(demand_of(batch) > batch.supply, 0, batch.supply)
    later[: len(hold.is_due)][hold.is_due] = _PLENTY
    later[len(hold.is_due) :] = _PLENTY  # sources have their capacity again
    wait = np.where(hold.cost >= 0, _cost_of_each(batch, later) + hold.cost + 1, UNREACHED)
    return batch._replace(program=batch.program._replace(wait=frozen(wait)))


def _cost_of_each(batch: Batch, supply: IntArray) -> IntArray:
    """(num_orders,) what each costs from a supply of which there is enough for all, 1e-6."""
    from engine.kernels.optimum.allot import allot

    none = np.zeros(len(supply), np.int64)
    left = supply.copy()
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
