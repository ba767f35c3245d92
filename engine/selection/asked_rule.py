"""An order rule of a plug-in, as a function that the kernel can call."""

import ctypes
from typing import Any

import numpy as np

from engine.algorithms.registry import fault
from engine.catalog import Catalog
from engine.earth import MM_PER_KM
from engine.errors import PolicyError
from engine.kernels.orders.bundles import FAILED, NO_SET, Work
from engine.kernels.orders.layout import (
    BEST,
    ENTRY_HAVE,
    ENTRY_SLOT,
    KEYS,
    ROW_NEED,
    ROW_SKU,
    ROW_START,
    SLOT_SOURCE,
    SORTED,
)
from engine.orders import OrderSet
from engine.policies.registry import OrderView
from engine.selection.board import distances
from engine.selection.plan import Plan
from engine.tables.findings import shown_text
from engine.types import FloatArray, IntArray, frozen

_Function = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 3)


class AskedRule:
    """Asks a plug-in for the sources of one order at a time.

    Parameters
    ----------
    catalog, plan
        The sources, and the rule.

    Attributes
    ----------
    address
        Of a function that the kernel calls with an order's place in its block and how many rows
        and slots `Work` holds; it leaves a set there and returns its size, `NO_SET` or `FAILED`.
    """

    def __init__(self, catalog: Catalog, plan: Plan) -> None:
        assert plan.order_rule is not None
        self._catalog = catalog
        self._name, self._rule = plan.policy.order_rule, plan.order_rule
        self._function = _Function(self._answer)  # lives as long as its address is used
        self.address = ctypes.cast(self._function, ctypes.c_void_p).value or 0
        self._error: BaseException | None = None

    def begin(self, orders: OrderSet, first: int, work: Work) -> None:
        """Be ready for the orders of a block, which begins with ``first``."""
        self._orders, self._first, self._work = orders, first, work
        self._km: dict[int, FloatArray] = {}

    def raise_error(self) -> None:
        """Raise what made the function fail, if anything did."""
        error, self._error = self._error, None
        if error:
            try:
                raise error
            finally:
                del error  # or it would hold this frame, which holds it

    def _answer(self, order: int, num_rows: int, num_slots: int) -> int:
        try:
            return self._choose(self._first + order, num_rows, num_slots)
        except BaseException as error:  # none may pass through the kernel
            self._error = error
            return FAILED

    def _choose(self, order: int, num_rows: int, num_slots: int) -> int:
        work = self._work
        slots = work.slots[:num_slots]
        ranked = np.lexsort(slots[:, KEYS:].T[::-1])
        try:
            chosen = self._rule.choose(self._view(order, num_rows, slots, ranked))
            places, shown = _positions(chosen), shown_text(repr(chosen))
        except Exception as error:  # a plug-in may raise anything, and is named for it
            raise PolicyError(
                f"policy: order_rule {self._name!r} failed for order "
                f"{self._orders.ids[order].as_py()!r}: {shown_text(fault(error))}"
            ) from error
        if chosen is None:
            return NO_SET
        if places is None or ((places < 0) | (places >= num_slots)).any():
            raise PolicyError(
                f"policy: order_rule {self._name!r} chose {shown} for order "
                f"{self._orders.ids[order].as_py()!r}; distinct positions from 0 to "
                f"{num_slots - 1} are due"
            )
        size = len(places)
        work.members[SORTED, :size] = ranked[places]
        work.members[BEST, :size] = np.arange(size)
        return size

    def _view(self, order: int, num_rows: int, slots: IntArray, ranked: IntArray) -> OrderView:
        rows, entries = self._work.rows, self._work.entries
        starts = rows[ROW_START, : num_rows + 1]
        row = np.repeat(np.arange(num_rows), np.diff(starts))
        given = entries[: starts[-1]]
        available = np.zeros((num_rows, len(slots)), np.int64)
        available[row, np.argsort(ranked)[given[:, ENTRY_SLOT]]] = given[:, ENTRY_HAVE]
        source = slots[ranked, SLOT_SOURCE]
        skus = rows[ROW_SKU, :num_rows].tolist()
        return OrderView(
            order_id=self._orders.ids[order : order + 1].cast(self._orders.id_type)[0].as_py(),
            stock_id=int(self._catalog.stock_ids[self._orders.stock[order]]),
            sources=self._catalog.sources,
            source=frozen(source),
            distance_km=frozen(self._distances(order)[source]),
            skus=tuple(self._catalog.sku_names[sku].as_py() if sku >= 0 else "" for sku in skus),
            wanted=frozen(rows[ROW_NEED, :num_rows].copy()),
            available=frozen(available),
        )

    def _distances(self, order: int) -> FloatArray:
        destination = int(self._orders.destinations.of_order[order])
        if destination not in self._km:
            mm = distances(self._catalog, self._orders, np.array([destination], np.int32))[0]
            self._km[destination] = np.where(mm < 0, np.nan, mm / MM_PER_KM)
        return self._km[destination]


def _positions(chosen: Any) -> IntArray | None:
    """Return distinct whole numbers as an array, None for anything else."""
    places = np.ma.filled(np.asanyarray(() if chosen is None else chosen), -1)
    if places.ndim != 1 or (places.size and places.dtype.kind not in "iu"):
        return None
    return places.astype(np.int64) if len(set(places.tolist())) == places.size else None
