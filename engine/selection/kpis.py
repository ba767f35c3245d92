"""Key figures of a run."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from engine.catalog import Catalog
from engine.earth import MM_PER_KM
from engine.orders import OrderSet
from engine.selection.bill import Bill, is_priced
from engine.selection.deduction import Deduction
from engine.selection.plan import Plan
from engine.selection.totals import OrderTotals
from engine.types import QTY_SCALE, REASONS, BoolArray, FlagArray, IntArray, Items, exact_sum


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
    cost, cost_unserved
        What everything costs, and what of it is for units and orders that were not served; None
        where no costs are given.
    cost_per_order
        Cost / orders served.
    shortfalls
        Reason -> ``lines`` that are short for it and ``units`` that they lack.
    capacity_use
        source_code -> ``orders`` and ``units`` it ships / its capacity in a run, None where that is
        0 or not given; only of sources that have one. None in independent mode.
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
    cost: float | None
    cost_unserved: float | None
    cost_per_order: float | None
    shortfalls: dict[str, dict[str, float]]
    capacity_use: dict[str, dict[str, float | None]] | None
    source_utilisation: dict[str, float | None] | None
    balance: float | None


class Tally:
    """Adds up a run part by part, in exact integers, so that its parts do not show.

    Attributes
    ----------
    reasons
        Why lines are short -> how many.
    """

    def __init__(self, catalog: Catalog, plan: Plan, *, independent: bool) -> None:
        self._catalog = catalog
        self._independent = independent
        self._counts: Counter[str] = Counter()
        self._bill = Bill(catalog, plan.policy) if is_priced(plan) else None
        self._units_short: Counter[str] = Counter()
        self._has_capacity = any(
            catalog.sources[name].null_count < catalog.sources.num_rows
            for name in ("capacity_orders", "capacity_units")
        )
        self._orders_of_source, self._units_of_source = np.zeros(
            (2, catalog.sources.num_rows), np.int64
        )
        self.reasons: Counter[str] = Counter()

    def add(self, orders: OrderSet, done: Deduction, totals: OrderTotals, mm: IntArray) -> None:
        """Count a part in; ``mm`` is (num_picks,) distance in mm, -1 where not known."""
        self.add_orders(orders, done.short, done.reason, totals)
        self.add_picks(orders, done, totals, mm)

    def add_orders(
        self, orders: OrderSet, short: IntArray, reason: FlagArray, totals: OrderTotals
    ) -> None:
        """Count in what orders asked for and lack; ``short``, ``reason`` as in `Deduction`."""
        served = totals.source_count > 0
        split = totals.source_count > 1
        multi = np.diff(orders.offsets) > 1
        self._counts.update(
            orders=len(orders.ids),
            lines=len(orders.skus),
            units=exact_sum(totals.qty),
            allocated=exact_sum(totals.allocated),
            lines_served=_count(short == 0),
            shippable=_count(totals.short_lines == 0),
            served=_count(served),
            split=_count(split),
            multi_served=_count(served & multi),
            multi_split=_count(split & multi),
        )
        self._count_short(reason[short > 0], short[short > 0])
        if self._bill:
            self._bill.add_short(short, totals)

    def add_picks(
        self, orders: OrderSet, done: Deduction, totals: OrderTotals, mm: IntArray
    ) -> None:
        """Count in what is shipped; ``mm`` as in `add`."""
        opens = totals.opens_shipment
        known = (mm >= 0) & (done.quantity > 0)
        self._counts.update(
            shipments=_count(opens),
            shipments_known=_count(opens & known),
            shipments_mm=exact_sum(mm[opens & known]),
            known_units=exact_sum(done.quantity[known]),
            known_unit_mm=_sum_of_products(mm[known], done.quantity[known]),
        )
        if self._has_capacity:
            np.add.at(self._orders_of_source, done.sources[opens], 1)
            np.add.at(self._units_of_source, done.sources, done.quantity)
        if self._bill:
            self._bill.add_shipped(orders, done, totals, mm)

    def _count_short(self, reason: FlagArray, short: IntArray) -> None:
        for at in np.unique(reason).tolist():
            units = short[reason == at]
            self.reasons[REASONS[at]] += len(units)
            self._units_short[REASONS[at]] += exact_sum(units)

    def kpis(self, left: IntArray, *, items: Items | None = None, days: int = 1) -> KPIs:
        """Compute the key figures, each from exact sums and one division.

        Parameters
        ----------
        left
            (num_items,) inventory after the run, 1e-4 units.
        items
            What there was for the run, if more has come in than the catalogue holds.
        days
            How often the sources had their capacity.
        """
        n = self._counts
        utilisation, balance = None, None
        if not self._independent:
            utilisation, balance = _use_of_sources(self._catalog, items, left)
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
            **self._costs(),
            shortfalls={
                reason: {"lines": count, "units": self._units_short[reason] / QTY_SCALE}
                for reason, count in sorted(self.reasons.items())
            },
            capacity_use=None if self._independent else self._capacity_use(days),
            source_utilisation=utilisation,
            balance=balance,
        )

    def _costs(self) -> dict[str, float | None]:
        if not self._bill:
            return dict.fromkeys(("cost", "cost_unserved", "cost_per_order"))
        unserved = self._bill.total["unserved"]
        cost = unserved + self._bill.total["shipped"]
        return {
            "cost": cost / 10**6,
            "cost_unserved": unserved / 10**6,
            "cost_per_order": _ratio(cost, self._counts["served"] * 10**6),
        }

    def _capacity_use(self, days: int) -> dict[str, dict[str, float | None]]:
        sources = self._catalog.sources
        use = {}
        for at, code in enumerate(sources["source_code"].to_pylist()):
            orders, units = (
                sources[name][at].as_py() for name in ("capacity_orders", "capacity_units")
            )
            if orders is not None or units is not None:
                shipped = int(self._units_of_source[at])
                use[code] = {
                    "orders": _ratio(int(self._orders_of_source[at]), (orders or 0) * days),
                    "units": _ratio(shipped, int((units or 0) * QTY_SCALE) * days),
                }
        return use


def difference(a: float | None, b: float | None) -> float | None:
    """Subtract ``a`` from ``b`` as the figures are written; None where one is not known.

    Examples
    --------
    >>> difference(0.1, 0.3)
    0.2
    """
    if a is None or b is None:
        return None
    return float(Decimal(repr(b)) - Decimal(repr(a)))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _count(flags: BoolArray) -> int:
    return int(np.count_nonzero(flags))


def _sum_of_products(mm: IntArray, quantity: IntArray) -> int:
    high, low = quantity >> 20, quantity & (2**20 - 1)
    return (exact_sum(mm * high) << 20) + exact_sum(mm * low)


def _use_of_sources(
    catalog: Catalog, items: Items | None, left: IntArray
) -> tuple[dict[str, float | None], float | None]:
    """Utilisation by source, and the spread of what remains."""
    from engine.kernels.totals import use_of_sources

    start, taken = np.zeros((2, catalog.sources.num_rows), np.int64)
    managed = catalog.stock_items.manage_stock
    use_of_sources(items or catalog.items, managed, catalog.enabled, left, start, taken)
    codes = catalog.sources["source_code"].to_pylist()
    shares = [
        _ratio(part, whole) for part, whole in zip(taken.tolist(), start.tolist(), strict=True)
    ]
    remaining = np.array([1 - share for share in shares if share is not None])
    balance = None
    if len(remaining) and remaining.mean() > 0:
        balance = float(remaining.std() / remaining.mean())
    return dict(zip(codes, shares, strict=True)), balance
