"""The two ways in which a run holds the quantities that it spends.

Both decide the same; the packed one is many times as fast, and does not serve every run.
"""

from typing import Protocol

import numpy as np

from engine.catalog import Catalog
from engine.types import (
    FlagArray,
    IndexArray,
    IntArray,
    Lines,
    PackedItems,
    Picks,
    Places,
    Skus,
    frozen,
)


class Layout(Protocol):
    """Quantities under way; both arrays are (num_items,), in the catalogue's order."""

    @property
    def left(self) -> IntArray:
        """Recorded quantities after what was served so far, 1e-4 units."""
        ...

    @property
    def in_stock(self) -> FlagArray:
        """Statuses after what was served so far."""
        ...

    def deduct(
        self, ranks: IndexArray, places: Places, lines: Lines, by_distance: bool, picks: Picks
    ) -> int:
        """Serve a block; see `engine.kernels.deduct.deduct_orders`."""
        ...


def choose_layout(catalog: Catalog, *, independent: bool, include_zero: bool) -> Layout:
    """Copy the catalogue's quantities into the fastest layout that serves a run.

    Parameters
    ----------
    catalog
        Unchanged.
    independent, include_zero
        As in `engine.kernels.deduct.deduct_orders`.

    Returns
    -------
    The packed layout for sequential runs without picks that give nothing, if every quantity and
    the number of sources are within its limits; else the plain one.
    """
    if independent or include_zero or not _can_be_packed(catalog):
        return PlainLayout(catalog, independent=independent, include_zero=include_zero)
    return PackedLayout(catalog)


class PlainLayout:
    """One array for each property of an item; serves every run."""

    def __init__(self, catalog: Catalog, *, independent: bool, include_zero: bool) -> None:
        self._independent = independent
        self._include_zero = include_zero
        self._skus = flags_of_skus(catalog)
        self._heap = _heap(catalog)
        self._items = catalog.items._replace(
            quantity=catalog.items.quantity.copy(), in_stock=catalog.items.in_stock.copy()
        )

    @property
    def left(self) -> IntArray:
        """See `Layout`."""
        return self._items.quantity.copy()

    @property
    def in_stock(self) -> FlagArray:
        """See `Layout`."""
        return self._items.in_stock.copy()

    def deduct(
        self, ranks: IndexArray, places: Places, lines: Lines, by_distance: bool, picks: Picks
    ) -> int:
        """See `Layout`."""
        # Importing numba costs half a second, which a command that runs nothing need not pay.
        from engine.kernels.deduct import deduct_orders

        return deduct_orders(
            ranks,
            places,
            self._skus,
            lines,
            by_distance,
            self._independent,
            self._include_zero,
            self._heap,
            self._items,
            picks,
        )


class PackedLayout:
    """One number for each item; see `engine.kernels.packing`."""

    def __init__(self, catalog: Catalog) -> None:
        from engine.kernels.packing import pack

        self._skus = flags_of_skus(catalog)
        self._heap = _heap(catalog)
        self._start = catalog.items
        spans = np.empty(len(catalog.sku_names), np.int64)
        values = np.empty(len(catalog.item_rows), np.int64)
        pack(self._start, self._skus, spans, values)
        self._items = PackedItems(frozen(spans), values)
        self._known: tuple[IntArray, FlagArray] | None = None

    @property
    def left(self) -> IntArray:
        """See `Layout`."""
        return self._unpacked()[0]

    @property
    def in_stock(self) -> FlagArray:
        """See `Layout`."""
        return self._unpacked()[1]

    def deduct(
        self, ranks: IndexArray, places: Places, lines: Lines, by_distance: bool, picks: Picks
    ) -> int:
        """See `Layout`."""
        from engine.kernels.packed import deduct_orders

        self._known = None
        return deduct_orders(ranks, places, lines, by_distance, self._heap, self._items, picks)

    def _unpacked(self) -> tuple[IntArray, FlagArray]:
        from engine.kernels.packing import unpack

        # Kept until something is deducted: a night of a simulation asks three times, which was 30 %
        # of its time with a million SKUs.
        if self._known is None:
            quantity = np.empty(len(self._items.values), np.int64)
            in_stock = np.empty(len(quantity), np.uint8)
            unpack(self._start, self._skus, self._items.values, quantity, in_stock)
            self._known = frozen(quantity), frozen(in_stock)
        return self._known


def _can_be_packed(catalog: Catalog) -> bool:
    from engine.kernels.packing import MAX_PACKED, MAX_SOURCES

    quantity = catalog.items.quantity
    return bool(
        catalog.sources.num_rows < MAX_SOURCES
        and quantity.max(initial=0) < MAX_PACKED
        and quantity.min(initial=0) >= -MAX_PACKED
    )


def flags_of_skus(catalog: Catalog) -> Skus:
    """Return what the configuration of SKUs says to the kernels."""
    takes_backorders = frozen((catalog.stock_items.backorders > 0).astype(np.uint8))
    return Skus(catalog.stock_items.manage_stock, takes_backorders)


def _heap(catalog: Catalog) -> IntArray:
    return np.empty((2, catalog.sources.num_rows), np.int64)
