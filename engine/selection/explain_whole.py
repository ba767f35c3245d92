"""What a batch that is decided as a whole says of one of its orders."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from engine.clock import Clock
from engine.kernels.orders.bundles import Trace
from engine.optimum.alone import own_way, prices_of_competition
from engine.orders import OrderSet
from engine.selection.by_optimum import ByOptimum
from engine.selection.deduction import Deduction
from engine.selection.explanation import scaled
from engine.types import IntArray


class Whole(NamedTuple):
    """What an order would take on its own, and what orders compete for.

    ``own`` has the 1e-4 units by line and source item. ``price`` is (num_resources,) in 1e-6, -1
    where there is enough for all, or nothing: items, then capacities from ``units_at`` and
    ``orders_at`` on, which are -1 where capacity does not count.
    """

    own: dict[tuple[int, int], int]
    price: IntArray
    units_at: int
    orders_at: int

    def prices(self, item: int, source: int) -> tuple[Decimal | None, ...]:
        """Return what a unit of an item, and a unit and an order of its source's capacity cost."""
        return (
            self._price(item),
            self._price(self.units_at + source) if self.units_at >= 0 else None,
            self._price(self.orders_at + source) if self.orders_at >= 0 else None,
        )

    def _price(self, resource: int) -> Decimal | None:
        price = int(self.price[resource])
        return None if price < 0 else scaled(price, 6)


def met_in_batch(
    way: ByOptimum, parts: list[OrderSet], which: int, at: int, clock: Clock
) -> tuple[Deduction, Trace, Whole]:
    """Decide a batch again, and look at order ``at`` of part ``which``.

    Parameters
    ----------
    way
        A run that has served nothing yet.
    parts, which, at
        The batch, and where its order stands.
    clock
        Told of the phases.

    Returns
    -------
    What the order gets, what its lines met at their turn, and what the batch says of it.
    """
    decided = way.decide(parts, clock)
    done, trace = way.follow_to(parts, decided, which, at)
    batch = decided.batch
    order = sum(len(part.ids) for part in parts[:which]) + at
    own = own_way(batch, order, decided.solved.given)
    lines = parts[which].offsets[[at, at + 1]].tolist()
    planned = decided.planned[which].part(*lines)
    line = np.repeat(np.arange(len(planned.lines) - 1), np.diff(planned.lines))
    return (
        done,
        trace,
        Whole(
            dict(
                zip(
                    zip(line.tolist(), planned.items.tolist(), strict=True),
                    own.tolist(),
                    strict=True,
                )
            ),
            prices_of_competition(batch, decided.solved.price),
            batch.weights.units_at,
            batch.weights.orders_at,
        ),
    )
