"""What was decided for orders, and what the wrappers of the kernels share."""

from typing import NamedTuple

import numpy as np

from engine.catalog import Catalog
from engine.orders import OrderSet
from engine.places.destinations import Destinations
from engine.selection.ranking import RankedBlock
from engine.types import FlagArray, IndexArray, IntArray, Lines, Picks, Places, frozen

BLOCK_PICKS = 1 << 22
"""Picks that a block may write, 128 MB of buffers."""


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


def places_of(catalog: Catalog, destinations: Destinations) -> Places:
    """Put destinations and sources side by side for the kernels."""
    return Places(
        destinations=destinations.positions,
        sources=frozen(np.column_stack(catalog.source_points)),
        numbers=destinations.places,
        known_keys=catalog.known.keys,
        known_mm=catalog.known.mm,
    )


def items_of_orders(catalog: Catalog, orders: OrderSet) -> IntArray:
    """(num_orders,) source items of the SKUs of an order's lines, one after the other."""
    per_sku = np.append(np.diff(catalog.items.offsets), 0)
    total = np.zeros(len(orders.skus) + 1, np.int64)
    np.cumsum(per_sku[orders.skus], out=total[1:])
    return total[orders.offsets[1:]] - total[orders.offsets[:-1]]


def lines_of(orders: OrderSet, block: RankedBlock) -> Lines:
    """Return the orders of a block; its lines are counted from 0."""
    first, last = orders.offsets[[block.start, block.stop]].tolist()
    return Lines(
        frozen(orders.offsets[block.start : block.stop + 1] - first),
        frozen(block.of_order),
        orders.destinations.of_order[block.start : block.stop],
        orders.skus[first:last],
        orders.quantity[first:last],
    )


class Buffers:
    """What the kernels write into; where the pages of the last block do, they are used again."""

    def __init__(self) -> None:
        self.picks = _empty_picks(0, 0)

    def make_room(self, capacity: int, num_lines: int) -> Picks:
        """Return buffers that hold so many picks and lines."""
        held = len(self.picks.lines), len(self.picks.short)
        if held[0] < capacity or held[1] < num_lines:
            self.picks = _empty_picks(max(held[0], capacity), max(held[1], num_lines))
        return self.picks

    def written(
        self, catalog: Catalog, count: int, num_lines: int, first_line: int
    ) -> tuple[np.ndarray, ...]:
        """Copy what a block wrote: its part of the arrays of a `Deduction`."""
        picks = self.picks
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
        sources = catalog.items.sources[items]
        return picks.lines[:count] + first_line, items, sources, quantity, available, short, reason


def joined(parts: list[tuple[np.ndarray, ...]]) -> Deduction:
    """Put the parts of blocks together, of which there is at least one."""
    columns = zip(*parts, strict=True)
    return Deduction(
        *(column[0] if len(column) == 1 else np.concatenate(column) for column in columns)
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
