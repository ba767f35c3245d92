"""The laws that every run must obey, checked on its own arrays before anything is written."""

import numpy as np

from engine.catalog import Catalog
from engine.orders import OrderSet
from engine.selection.deduction import Deduction
from engine.types import BoolArray, FlagArray, IntArray

_BLOCK = 1 << 16
"""Source items looked at together: their sums stay in the cache."""


class ConservationError(Exception):
    """A fault of this program: units would be lost or promised twice. Never the user's."""


class Audit:
    """Keeps the books of a run apart from the selection itself.

    Parameters
    ----------
    catalog
        What the run started from.
    independent
        Quantities hold order by order instead of over the whole run.
    """

    def __init__(self, catalog: Catalog, *, independent: bool) -> None:
        self._catalog = catalog
        self._independent = independent
        self._taken: IntArray = np.zeros(len(catalog.item_rows), np.int64)
        self._may_ship = _may_ship(catalog)

    def check(self, orders: OrderSet, done: Deduction) -> None:
        """Check that no unit is lost, promised twice or taken from where it may not be taken.

        Raises
        ------
        ConservationError
            Naming the law that is broken. Nothing of the run may be used then.
        """
        from engine.kernels.audit import audit_picks

        law, at = audit_picks(
            self._independent,
            orders.offsets,
            orders.skus,
            orders.quantity,
            orders.stock,
            self._catalog.stock_items.manage_stock,
            self._may_ship,
            self._catalog.items,
            done.lines,
            done.items,
            done.sources,
            done.quantity,
            done.available,
            done.short,
            self._taken,
        )
        if law:
            raise _broken(_LAWS[law], at)

    def check_end(self, left: IntArray) -> None:
        """Check what is left of each source item, (num_items,) 1e-4 units, after the last order.

        Raises
        ------
        ConservationError
            If a unit is missing or there is one too many.
        """
        items = self._catalog.items
        for start in range(0, len(left), _BLOCK):
            part = slice(start, start + _BLOCK)
            before, taken = items.quantity[part], self._taken[part]
            _law("before = after + deducted", before == left[part] + taken, start)
            _law(_LAWS[5], (items.in_stock[part] > 0) | (taken == 0), start)
            most = np.maximum(before - items.reserved[part], 0)
            _law(_LAWS[6], taken <= most, start)


_LAWS = {
    1: "wanted = deducted + short",
    2: "nothing negative",
    3: "nothing beyond what is available",
    4: "the picked item is of the line's SKU",
    5: "only from linked, enabled, in-stock sources",
    6: "nothing beyond what there was",
    7: "picks in the order of lines",
    8: "the picked item is at the pick's source",
}
"""Names of the laws by their numbers in `engine.kernels.audit`."""


def _law(name: str, holds: BoolArray, start: int) -> None:
    if not holds.all():
        raise _broken(name, start + int(np.flatnonzero(~holds)[0]))


def _broken(name: str, at: int) -> ConservationError:
    return ConservationError(f"conservation check failed: {name} (first at {at:,})")


def _may_ship(catalog: Catalog) -> FlagArray:
    """(num_stocks, num_sources) 1 where a source is linked and enabled."""
    linked = np.zeros((len(catalog.stock_ids), catalog.sources.num_rows), np.uint8)
    stock_of_link = np.repeat(np.arange(len(catalog.stock_ids)), np.diff(catalog.links.offsets))
    linked[stock_of_link, catalog.links.sources] = 1
    return linked & catalog.enabled
