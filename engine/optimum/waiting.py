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

    ``cost`` is what it counts that an order waits, in 1e-6; ``days`` (num_orders,) for how many
    days each may, 0 for not at all; ``due_in`` (num_items,) how many days it is until stock comes
    in, 0 where none does.
    """

    cost: int
    days: IntArray
    due_in: IntArray

    @property
    def is_due(self) -> BoolArray:
        """(num_items,) what some order may wait for."""
        return self.by(int(self.days.max(initial=0)))

    def by(self, days: int) -> BoolArray:
        """(num_items,) what comes in while an order waits for so many days."""
        return (self.due_in > 0) & (self.due_in <= days)


def with_waits(batch: Batch, hold: Hold) -> Batch:
    """Let orders of a batch wait for a later one.

    An order that waits counts what it would cost alone, with all that it wants of what is due and
    of what there is enough of for all, and what waiting costs. So it waits where its best way in
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
    num_items = len(hold.due_in)
    ample = np.where(demand_of(batch) > batch.supply, 0, batch.supply)
    ample[num_items:] = _PLENTY  # sources have their capacity again
    wait = np.full(batch.num_orders, UNREACHED)
    for days in np.unique(hold.days[hold.days > 0]).tolist():
        orders, later = np.flatnonzero(hold.days == days), ample.copy()
        later[:num_items][hold.by(days)] = _PLENTY
        wait[orders] = _cost_of_each(batch, orders, later) + hold.cost + 1
    return batch._replace(program=batch.program._replace(wait=frozen(wait)))


def _cost_of_each(batch: Batch, orders: IntArray, supply: IntArray) -> IntArray:
    """(len(orders),) what each costs from a supply of which there is enough for all, 1e-6."""
    from engine.kernels.optimum.allot import allot

    none = np.zeros(len(supply), np.int64)
    left = supply.copy()
    cost = np.zeros(batch.num_orders, np.int64)
    allot(
        orders,
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
    return cost[orders]
