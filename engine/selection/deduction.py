"""The wrapper around the kernel: it owns copies, shapes, dtypes and the blocks of a run."""

from typing import NamedTuple

import numpy as np

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.clock import Clock
from engine.orders import OrderSet
from engine.selection.ranking import RankedBlock, ranked_blocks
from engine.types import FlagArray, IntArray, Lines, Picks, Skus, frozen

_BLOCK_PICKS = 1 << 22
"""Picks that a block may write, 128 MB of buffers."""


class Deduction(NamedTuple):
    """What was decided for an order set.

    ``lines``, ``items``, ``quantity``, ``available`` are (num_picks,) in line order, then
    source order; ``short`` and ``reason`` are (num_lines,). Quantities in 1e-4 units.
    """

    lines: IntArray
    items: IntArray
    quantity: IntArray
    available: IntArray
    short: IntArray
    reason: FlagArray


class Selection:
    """A run under way: orders are served in parts, each from what the parts before it left.

    Attributes
    ----------
    left, in_stock
        (num_items,) the inventory after what was served so far, quantities in 1e-4 units.
    """

    def __init__(
        self,
        catalog: Catalog,
        algorithm: SourceSelectionAlgorithm,
        *,
        independent: bool,
        include_zero: bool,
    ) -> None:
        self._catalog = catalog
        self._algorithm = algorithm
        self._independent = independent
        self._include_zero = include_zero
        self.left = catalog.items.quantity.copy()
        self.in_stock = catalog.items.in_stock.copy()

    def serve(self, orders: OrderSet, clock: Clock) -> Deduction:
        """Serve every order in sequence.

        Parameters
        ----------
        orders
            The next part; not changed.
        clock
            Told of the phases ``rank`` and ``deduct``.

        Returns
        -------
        The picks; lines count from 0 in this part.

        Raises
        ------
        AlgorithmError
            If the algorithm scores wrongly.
        """
        # Importing numba costs half a second, which a command that runs nothing need not pay.
        from engine.kernels.deduct import deduct_orders

        catalog = self._catalog
        items = catalog.items._replace(quantity=self.left, in_stock=self.in_stock)
        takes_backorders = frozen((catalog.stock_items.backorders > 0).astype(np.uint8))
        skus = Skus(catalog.stock_items.manage_stock, takes_backorders)
        scratch = np.empty(catalog.sources.num_rows, np.int64)
        bounds = _pick_bounds(catalog, orders, self._include_zero)
        parts = []
        for block in ranked_blocks(catalog, orders, self._algorithm, bounds, _BLOCK_PICKS, clock):
            with clock("deduct"):
                lines = _lines(orders, block)
                picks = _picks(int(bounds[block.start : block.stop].sum()), len(lines.skus))
                count = deduct_orders(
                    block.ranks,
                    skus,
                    lines,
                    self._independent,
                    self._include_zero,
                    scratch,
                    items,
                    picks,
                )
                parts.append(_written(picks, count, orders.offsets[block.start]))
        nothing = (np.empty(0, np.int64),) * 6
        return Deduction(
            *(np.concatenate(column) for column in zip(*(parts or [nothing]), strict=True))
        )


def _pick_bounds(catalog: Catalog, orders: OrderSet, include_zero: bool) -> IntArray:
    """(num_orders,) the most picks an order can write: every item of every line's SKU.

    Without those that give nothing, each pick ends a line or empties an item.
    """
    per_sku = np.append(np.diff(catalog.items.offsets), 0)
    total = np.zeros(len(orders.skus) + 1, np.int64)
    np.cumsum(per_sku[orders.skus], out=total[1:])
    bounds = total[orders.offsets[1:]] - total[orders.offsets[:-1]]
    if include_zero:
        return bounds
    return np.minimum(bounds, np.diff(orders.offsets) + len(catalog.item_rows))


def _lines(orders: OrderSet, block: RankedBlock) -> Lines:
    """Return the orders of a block; its lines are counted from 0."""
    first, last = orders.offsets[[block.start, block.stop]].tolist()
    return Lines(
        frozen(orders.offsets[block.start : block.stop + 1] - first),
        frozen(block.of_order),
        orders.skus[first:last],
        orders.quantity[first:last],
    )


def _picks(capacity: int, num_lines: int) -> Picks:
    return Picks(
        lines=np.empty(capacity, np.int64),
        items=np.empty(capacity, np.int64),
        quantity=np.empty(capacity, np.int64),
        available=np.empty(capacity, np.int64),
        short=np.empty(num_lines, np.int64),
        reason=np.empty(num_lines, np.uint8),
    )


def _written(picks: Picks, count: int, first_line: int) -> tuple[np.ndarray, ...]:
    """Return a block's part of the arrays of a `Deduction`, cut to what was written."""
    cut = (column[:count].copy() for column in (picks.items, picks.quantity, picks.available))
    return picks.lines[:count] + first_line, *cut, picks.short, picks.reason
