"""Runs by an algorithm: each line on its own, as MSI does it."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from engine.algorithms.distance import Distance
from engine.algorithms.priority import Priority
from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.clock import Clock
from engine.orders import OrderSet
from engine.selection.deduction import (
    BLOCK_PICKS,
    Buffers,
    Deduction,
    items_of_orders,
    joined,
    lines_of,
    places_of,
)
from engine.selection.layouts import choose_layout
from engine.selection.ranking import (
    RankedBlock,
    distinct_rankings,
    rank_sources,
    ranked_blocks,
    stock_blocks,
    stock_ranks,
)
from engine.types import FlagArray, IndexArray, IntArray

_PRIORITY: Any = Priority()


class ByAlgorithm:
    """A run by an algorithm, line by line, which the fastest kernels serve.

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
        self._buffers = Buffers()

    @property
    def left(self) -> IntArray:
        """(num_items,) recorded quantities after what was served so far, 1e-4 units."""
        return self._layout.left

    @property
    def in_stock(self) -> FlagArray:
        """(num_items,) statuses after what was served so far."""
        return self._layout.in_stock

    def serve(self, orders: OrderSet, clock: Clock) -> Deduction:
        """Serve the next orders; see `engine.selection.selection.Selection`."""
        places = places_of(self._catalog, orders.destinations)
        bounds = _pick_bounds(self._catalog, orders, self._include_zero)
        parts = []
        for block in self._blocks(orders, bounds, clock):
            with clock("deduct"):
                lines = lines_of(orders, block)
                room = int(bounds[block.start : block.stop].sum())
                picks = self._buffers.make_room(room, len(lines.skus))
                count = self._layout.deduct(block.ranks, places, lines, self._by_distance, picks)
                first_line = orders.offsets[block.start]
                parts.append(
                    self._buffers.written(self._catalog, count, len(lines.skus), first_line)
                )
        return joined(parts or [self._buffers.written(self._catalog, 0, 0, 0)])

    def _blocks(self, orders: OrderSet, bounds: IntArray, clock: Clock) -> Iterator[RankedBlock]:
        with clock("rank"):
            ranks = self._stock_ranks
        if ranks is None:
            return self._ranked_blocks(orders, bounds, clock)
        return stock_blocks(orders, ranks, bounds, BLOCK_PICKS)

    def _ranked_blocks(
        self, orders: OrderSet, bounds: IntArray, clock: Clock
    ) -> Iterator[RankedBlock]:
        by_destination = getattr(self._algorithm, "by_destination", True)
        rankings = distinct_rankings(orders, by_destination=by_destination)

        def ranks(rows: IntArray) -> IndexArray:
            pairs = rankings.stock[rows], rankings.destination[rows]
            return rank_sources(self._catalog, orders.destinations, self._algorithm, *pairs)

        width = max(1, self._catalog.sources.num_rows)
        return ranked_blocks(rankings, ranks, width, bounds, BLOCK_PICKS, clock)

    @cached_property
    def _stock_ranks(self) -> IndexArray | None:
        return stock_ranks(self._catalog, self._algorithm)


def _is_distance(algorithm: object) -> bool:
    """Tell the class itself: one derived from it may score otherwise."""
    return type(algorithm) is Distance


def _pick_bounds(catalog: Catalog, orders: OrderSet, include_zero: bool) -> IntArray:
    """(num_orders,) the most picks an order can write: every item of every line's SKU.

    Without those that give nothing, each pick ends a line or empties an item.
    """
    bounds = items_of_orders(catalog, orders)
    if include_zero:
        return bounds
    return np.minimum(bounds, np.diff(orders.offsets) + len(catalog.item_rows))
