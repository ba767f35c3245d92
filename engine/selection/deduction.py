"""The wrapper around the kernels: it owns copies, shapes, dtypes and the blocks of a run."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from engine.algorithms.distance import Distance
from engine.algorithms.priority import Priority
from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.clock import Clock
from engine.orders import OrderSet
from engine.places.destinations import Destinations
from engine.selection.layouts import choose_layout
from engine.selection.ranking import RankedBlock, ranked_blocks, stock_blocks, stock_ranks
from engine.types import FlagArray, IndexArray, IntArray, Lines, Picks, Places, frozen

_BLOCK_PICKS = 1 << 22
"""Picks that a block may write, 128 MB of buffers."""

_PRIORITY: Any = Priority()


class Deduction(NamedTuple):
    """What was decided for an order set.

    ``lines``, ``items``, ``sources``, ``quantity``, ``available`` are (num_picks,) in line order,
    then source order; ``short`` and ``reason`` are (num_lines,). Quantities in 1e-4 units.
    """

    lines: IntArray
    items: IntArray
    sources: IndexArray
    quantity: IntArray
    available: IntArray
    short: IntArray
    reason: FlagArray


class Selection:
    """A run under way: orders are served in parts, each from what the parts before it left.

    Parameters
    ----------
    catalog
        Unchanged; the run spends its own copy of the quantities.
    algorithm
        Scores the sources.
    independent
        Every order sees the untouched snapshot.
    include_zero
        Also list candidates that give nothing.
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
        # The kernel measures only the sources that hold the SKU, and goes by priority between
        # those that are equally far or of no known distance.
        self._by_distance = _is_distance(algorithm)
        self._algorithm = _PRIORITY if self._by_distance else algorithm
        self._include_zero = include_zero
        self._layout = choose_layout(catalog, independent=independent, include_zero=include_zero)
        self._picks = _empty_picks(0, 0)

    @property
    def left(self) -> IntArray:
        """(num_items,) recorded quantities after what was served so far, 1e-4 units."""
        return self._layout.left

    @property
    def in_stock(self) -> FlagArray:
        """(num_items,) statuses after what was served so far."""
        return self._layout.in_stock

    def serve(self, orders: OrderSet, clock: Clock) -> Deduction:
        """Serve the next orders in sequence.

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
        places = places_of(self._catalog, orders.destinations)
        bounds = _pick_bounds(self._catalog, orders, self._include_zero)
        parts = []
        for block in self._blocks(orders, bounds, clock):
            with clock("deduct"):
                lines = _lines(orders, block)
                self._make_room(int(bounds[block.start : block.stop].sum()), len(lines.skus))
                count = self._layout.deduct(
                    block.ranks, places, lines, self._by_distance, self._picks
                )
                parts.append(self._written(count, len(lines.skus), orders.offsets[block.start]))
        columns = zip(*(parts or [self._written(0, 0, 0)]), strict=True)
        return Deduction(
            *(column[0] if len(column) == 1 else np.concatenate(column) for column in columns)
        )

    def _blocks(self, orders: OrderSet, bounds: IntArray, clock: Clock) -> Iterator[RankedBlock]:
        with clock("rank"):
            ranks = self._stock_ranks
        if ranks is None:
            return ranked_blocks(
                self._catalog, orders, self._algorithm, bounds, _BLOCK_PICKS, clock
            )
        return stock_blocks(orders, ranks, bounds, _BLOCK_PICKS)

    @cached_property
    def _stock_ranks(self) -> IndexArray | None:
        return stock_ranks(self._catalog, self._algorithm)

    def _make_room(self, capacity: int, num_lines: int) -> None:
        """Let the buffers hold a block; where those of the last one do, their pages are there."""
        held = len(self._picks.lines), len(self._picks.short)
        if held[0] < capacity or held[1] < num_lines:
            self._picks = _empty_picks(max(held[0], capacity), max(held[1], num_lines))

    def _written(self, count: int, num_lines: int, first_line: int) -> tuple[np.ndarray, ...]:
        """Copy what a block wrote: its part of the arrays of a `Deduction`."""
        picks = self._picks
        items, quantity, available, short, reason = (
            column.copy()
            for column in (
                picks.items[:count],
                picks.quantity[:count],
                picks.available[:count],
                picks.short[:num_lines],
                picks.reason[:num_lines],
            )
        )
        sources = self._catalog.items.sources[items]
        return picks.lines[:count] + first_line, items, sources, quantity, available, short, reason


def _is_distance(algorithm: object) -> bool:
    """Tell the class itself: one derived from it may score otherwise."""
    return type(algorithm) is Distance


def places_of(catalog: Catalog, destinations: Destinations) -> Places:
    """Put destinations and sources side by side for the kernels."""
    return Places(
        destinations=destinations.positions,
        sources=frozen(np.column_stack(catalog.source_points)),
        numbers=destinations.places,
        known_keys=catalog.known.keys,
        known_mm=catalog.known.mm,
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
        orders.destinations.of_order[block.start : block.stop],
        orders.skus[first:last],
        orders.quantity[first:last],
    )


def _empty_picks(capacity: int, num_lines: int) -> Picks:
    return Picks(
        lines=np.empty(capacity, np.int64),
        items=np.empty(capacity, np.int64),
        quantity=np.empty(capacity, np.int64),
        available=np.empty(capacity, np.int64),
        short=np.empty(num_lines, np.int64),
        reason=np.empty(num_lines, np.uint8),
    )
