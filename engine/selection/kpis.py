"""Key figures of a run."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from engine.catalog import Catalog
from engine.earth import MM_PER_KM
from engine.orders import OrderSet
from engine.selection.deduction import Deduction
from engine.selection.totals import OrderTotals
from engine.types import QTY_SCALE, REASONS, BoolArray, IntArray


@dataclass(frozen=True)
class KPIs:
    """Key figures; None where there is nothing to divide by.

    Attributes
    ----------
    orders, lines, units
        What was asked for; units in whole units.
    units_allocated
        What was served.
    unit_fill_rate, line_fill_rate, order_fill_rate
        Units allocated / ordered; lines fully allocated / lines; orders shippable / orders.
    split_rate, split_rate_multi_line
        Orders served by more than one source / orders served; the same among orders with
        more than one line.
    shipments_per_order
        Distinct (order, source) pairs / orders served.
    distance_km, distance_km_by_unit
        Mean distance per shipment; the same weighted by units.
    shipments_without_distance
        Share of shipments whose distance is not known.
    cost_per_order
        None: no costs are given.
    source_utilisation
        source_code -> units allocated / units available at the start, of SKUs whose stock is
        managed; None where a source had none. None altogether in independent mode.
    balance
        Coefficient of variation over sources of the share of starting stock that remains;
        None in independent mode.
    """

    orders: int
    lines: int
    units: float
    units_allocated: float
    unit_fill_rate: float | None
    line_fill_rate: float | None
    order_fill_rate: float | None
    split_rate: float | None
    split_rate_multi_line: float | None
    shipments_per_order: float | None
    distance_km: float | None
    distance_km_by_unit: float | None
    shipments_without_distance: float | None
    cost_per_order: float | None
    source_utilisation: dict[str, float | None] | None
    balance: float | None


class Tally:
    """Adds up a run part by part, in exact integers, so that its parts do not show.

    Attributes
    ----------
    reasons
        Why lines are short -> how many.
    """

    def __init__(self, catalog: Catalog, *, independent: bool) -> None:
        self._catalog = catalog
        self._independent = independent
        self._counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def add(self, orders: OrderSet, done: Deduction, totals: OrderTotals, mm: IntArray) -> None:
        """Count a part in; ``mm`` is (num_picks,) distance in mm, -1 where not known."""
        served = totals.source_count > 0
        split = totals.source_count > 1
        multi = np.diff(orders.offsets) > 1
        opens = totals.opens_shipment
        known = (mm >= 0) & (done.quantity > 0)
        self._counts.update(
            orders=len(orders.ids),
            lines=len(orders.skus),
            units=_sum(totals.qty),
            allocated=_sum(totals.allocated),
            lines_served=_count(done.short == 0),
            shippable=_count(totals.short_lines == 0),
            served=_count(served),
            split=_count(split),
            multi_served=_count(served & multi),
            multi_split=_count(split & multi),
            shipments=_count(opens),
            shipments_known=_count(opens & known),
            shipments_mm=_sum(mm[opens & known]),
            known_units=_sum(done.quantity[known]),
            known_unit_mm=_sum_of_products(mm[known], done.quantity[known]),
        )
        short = np.bincount(done.reason[done.short > 0], minlength=len(REASONS)).tolist()
        self.reasons.update({REASONS[at]: count for at, count in enumerate(short) if count})

    def kpis(self, left: IntArray) -> KPIs:
        """Compute the key figures, each from exact sums and one division.

        Parameters
        ----------
        left
            (num_items,) inventory after the run, 1e-4 units.
        """
        n = self._counts
        utilisation, balance = None, None
        if not self._independent:
            utilisation, balance = _use_of_sources(self._catalog, left)
        return KPIs(
            orders=n["orders"],
            lines=n["lines"],
            units=n["units"] / QTY_SCALE,
            units_allocated=n["allocated"] / QTY_SCALE,
            unit_fill_rate=_ratio(n["allocated"], n["units"]),
            line_fill_rate=_ratio(n["lines_served"], n["lines"]),
            order_fill_rate=_ratio(n["shippable"], n["orders"]),
            split_rate=_ratio(n["split"], n["served"]),
            split_rate_multi_line=_ratio(n["multi_split"], n["multi_served"]),
            shipments_per_order=_ratio(n["shipments"], n["served"]),
            distance_km=_ratio(n["shipments_mm"], n["shipments_known"] * MM_PER_KM),
            distance_km_by_unit=_ratio(n["known_unit_mm"], n["known_units"] * MM_PER_KM),
            shipments_without_distance=_ratio(
                n["shipments"] - n["shipments_known"], n["shipments"]
            ),
            cost_per_order=None,
            source_utilisation=utilisation,
            balance=balance,
        )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _count(flags: BoolArray) -> int:
    return int(np.count_nonzero(flags))


def _sum(values: IntArray) -> int:
    """Add up beyond the range of int64: the two halves of each value apart."""
    return (int((values >> 32).sum()) << 32) + int((values & (2**32 - 1)).sum())


def _sum_of_products(mm: IntArray, quantity: IntArray) -> int:
    high, low = quantity >> 20, quantity & (2**20 - 1)
    return (_sum(mm * high) << 20) + _sum(mm * low)


def _use_of_sources(
    catalog: Catalog, left: IntArray
) -> tuple[dict[str, float | None], float | None]:
    """Utilisation by source, and the spread of what remains."""
    from engine.kernels.totals import use_of_sources

    start, taken = np.zeros((2, catalog.sources.num_rows), np.int64)
    managed = catalog.stock_items.manage_stock
    use_of_sources(catalog.items, managed, catalog.enabled, left, start, taken)
    codes = catalog.sources["source_code"].to_pylist()
    shares = [
        _ratio(part, whole) for part, whole in zip(taken.tolist(), start.tolist(), strict=True)
    ]
    remaining = np.array([1 - share for share in shares if share is not None])
    balance = None
    if len(remaining) and remaining.mean() > 0:
        balance = float(remaining.std() / remaining.mean())
    return dict(zip(codes, shares, strict=True)), balance
