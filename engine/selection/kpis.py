"""Key figures of a run."""

from dataclasses import dataclass

import numpy as np

from engine.catalog import Catalog
from engine.earth import MM_PER_KM
from engine.orders import OrderSet
from engine.selection.deduction import Deduction
from engine.types import QTY_SCALE, BoolArray, IntArray


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


def summarise(
    catalog: Catalog,
    orders: OrderSet,
    done: Deduction,
    left: IntArray,
    mm: IntArray,
    *,
    independent: bool,
) -> KPIs:
    """Compute the key figures of a run.

    Parameters
    ----------
    catalog, orders, done
        The run.
    left
        (num_items,) what it left.
    mm
        (num_picks,) distance of each pick in mm, -1 where not known.
    independent
        Whether every order saw the untouched snapshot.

    Returns
    -------
    The figures, each from exact integer sums and one division.
    """
    given = done.quantity > 0
    order = orders.order_of_line[done.lines[given]]
    source = catalog.items.sources[done.items[given]]
    pairs, first = np.unique(order * catalog.sources.num_rows + source, return_index=True)
    sources_of_order = np.bincount(
        pairs // max(1, catalog.sources.num_rows), minlength=len(orders.ids)
    )
    multi = np.diff(orders.offsets) > 1
    short_orders = np.unique(orders.order_of_line[done.short > 0])
    served = int((sources_of_order > 0).sum())
    units, allocated = _sum(orders.quantity), _sum(done.quantity)
    known = mm[given][first] >= 0
    utilisation, balance = (None, None) if independent else _use_of_sources(catalog, left)
    return KPIs(
        orders=len(orders.ids),
        lines=len(orders.skus),
        units=units / QTY_SCALE,
        units_allocated=allocated / QTY_SCALE,
        unit_fill_rate=_ratio(allocated, units),
        line_fill_rate=_ratio(int((done.short == 0).sum()), len(orders.skus)),
        order_fill_rate=_ratio(len(orders.ids) - len(short_orders), len(orders.ids)),
        split_rate=_ratio(int((sources_of_order > 1).sum()), served),
        split_rate_multi_line=_split_rate(sources_of_order[multi]),
        shipments_per_order=_ratio(len(pairs), served),
        distance_km=_ratio(_sum(mm[given][first][known]), int(known.sum()) * MM_PER_KM),
        distance_km_by_unit=_by_unit(mm[given], done.quantity[given]),
        shipments_without_distance=_ratio(int((~known).sum()), len(pairs)),
        cost_per_order=None,
        source_utilisation=utilisation,
        balance=balance,
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _split_rate(sources_of_order: IntArray) -> float | None:
    return _ratio(int((sources_of_order > 1).sum()), int((sources_of_order > 0).sum()))


def _by_unit(mm: IntArray, quantity: IntArray) -> float | None:
    known = mm >= 0
    high, low = quantity[known] >> 20, quantity[known] & (2**20 - 1)
    weighted = (_sum(mm[known] * high) << 20) + _sum(mm[known] * low)
    return _ratio(weighted, _sum(quantity[known]) * MM_PER_KM)


def _sum(values: IntArray) -> int:
    """Add up beyond the range of int64: the two halves of each value apart."""
    return (int((values >> 32).sum()) << 32) + int((values & (2**32 - 1)).sum())


def _use_of_sources(
    catalog: Catalog, left: IntArray
) -> tuple[dict[str, float | None], float | None]:
    """Utilisation by source, and the spread of what remains."""
    items = catalog.items
    sku = np.repeat(np.arange(len(catalog.skus)), np.diff(items.offsets))
    usable = _usable(catalog, sku)
    start = _by_source(catalog, np.maximum(items.quantity - items.reserved, 0), usable)
    taken = _by_source(catalog, items.quantity - left, usable)
    codes = catalog.sources["source_code"].to_pylist()
    shares = [_ratio(part, whole) for part, whole in zip(taken, start, strict=True)]
    remaining = np.array([1 - share for share in shares if share is not None])
    balance = None
    if len(remaining) and remaining.mean() > 0:
        balance = float(remaining.std() / remaining.mean())
    return dict(zip(codes, shares, strict=True)), balance


def _usable(catalog: Catalog, sku: IntArray) -> BoolArray:
    """(num_items,) whether an item can be drawn on: managed, in stock, at an enabled source."""
    managed = catalog.stock_items.manage_stock[sku].astype(bool)
    return managed & (catalog.items.in_stock & catalog.enabled[catalog.items.sources]).astype(bool)


def _by_source(catalog: Catalog, quantity: IntArray, usable: BoolArray) -> list[int]:
    total = np.zeros(catalog.sources.num_rows, np.int64)
    np.add.at(total, catalog.items.sources[usable], quantity[usable])
    return total.tolist()
