"""What shipments and units cost, in whole steps of 0.000001, rounded half to even."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog
from engine.earth import MM_PER_KM
from engine.policies.model import Costs
from engine.types import QTY_SCALE, IntArray, frozen

MICRO = Decimal("0.000001")
_MOST = 1 << 62


class CostTable(NamedTuple):
    """Costs by source and distance band.

    ``up_to_mm`` is (num_bands,); ``shipment`` (num_bands, num_sources) in 1e-6; ``unit_nano``
    (num_bands,) in 1e-9; ``unit_km_nano`` in 1e-9 for each km; ``unknown_mm`` stands for an
    unknown distance.
    """

    up_to_mm: IntArray
    shipment: IntArray
    unit_nano: IntArray
    unit_km_nano: int
    unknown_mm: int


def shipping_costs(costs: Costs) -> tuple[Decimal, ...]:
    """Return all that a policy says of the costs of what is shipped."""
    bands = (part for band in costs.bands for part in (band.per_shipment, band.per_unit))
    return costs.per_shipment, costs.per_unit, costs.per_unit_km, *bands


def cost_table(catalog: Catalog, costs: Costs) -> CostTable:
    """Put a policy's costs and the sources' handling costs together."""
    handling = [_exact(cost) for cost in catalog.sources["handling_cost"].to_pylist()]
    bands = [(band.per_shipment, band.per_unit) for band in costs.bands] or [(Decimal(0),) * 2]
    shipment = [[micro(costs.per_shipment + extra + own) for own in handling] for extra, _ in bands]
    return CostTable(
        frozen(np.array([mm(band.up_to_km) for band in costs.bands] or [0], np.int64)),
        frozen(np.array(shipment, np.int64).reshape(len(bands), len(handling))),
        frozen(np.array([_nano(costs.per_unit + extra) for _, extra in bands], np.int64)),
        _nano(costs.per_unit_km),
        mm(costs.unknown_km),
    )


def unit_and_shipment_cost(
    table: CostTable, distance: IntArray, source: np.ndarray
) -> tuple[IntArray, IntArray]:
    """Return what a unit and a shipment cost, 1e-6.

    Parameters
    ----------
    table
        The costs.
    distance, source
        (n,) millimetres, -1 where not known, and source index.

    Returns
    -------
    Two (n,) int64, without what ``rates`` add to a shipment.
    """
    distance = np.where(distance < 0, table.unknown_mm, distance)
    band = np.minimum(np.searchsorted(table.up_to_mm, distance), len(table.up_to_mm) - 1)
    # In parts, each of which fits: cents of 1e-9, and 1e-9 for each km times millimetres.
    km, rest = np.divmod(distance, MM_PER_KM)
    by_km = table.unit_km_nano * km
    micros = table.unit_nano[band] // 1000 + by_km // 1000
    parts = (table.unit_nano[band] % 1000 + by_km % 1000) * MM_PER_KM + table.unit_km_nano * rest
    whole, left = np.divmod(parts, 10**9)
    micros += whole
    up = (left > 10**9 // 2) | ((left == 10**9 // 2) & (micros % 2 == 1))
    return micros + up, table.shipment[band, source]


def cost_of_quantity(unit_cost: IntArray | int, quantity: IntArray) -> IntArray:
    """Return what quantities of 1e-4 units cost, (n,) in 1e-6, rounded half to even.

    Beyond the range of int64 they are Python integers.
    """
    whole, part = np.divmod(quantity, QTY_SCALE)
    if int(np.max(unit_cost, initial=0)) * (int(whole.max(initial=0)) + 1) > _MOST:
        whole = whole.astype(object)
    cost, rest = np.divmod((unit_cost % QTY_SCALE) * part, QTY_SCALE)
    cost = cost + unit_cost * whole + (unit_cost // QTY_SCALE) * part
    half = QTY_SCALE // 2
    return cost + ((rest > half) | ((rest == half) & (cost % 2 == 1)))


def cost_of_parcels(
    quantity: IntArray, rate: np.ndarray, offsets: IntArray, up_to: IntArray, cost: IntArray
) -> IntArray:
    """Return what ``rates`` add to shipments, (n,) in 1e-6; several parcels where one is too small.

    Beyond the range of int64 they are Python integers.

    Parameters
    ----------
    quantity, rate
        (n,) units of 1e-4, and the pair of zones, -1 for none.
    offsets, up_to, cost
        As in `engine.selection.areas.RateTable`.
    """
    total: np.ndarray = np.zeros(len(quantity), np.int64)
    if int(quantity.max(initial=0)) * int(cost.max(initial=0)) > _MOST:
        total = total.astype(object)
    for pair in np.unique(rate[rate >= 0]):
        rows = slice(offsets[pair], offsets[pair + 1])
        here = np.flatnonzero((rate == pair) & (quantity > 0))
        largest = int(up_to[rows][-1])
        full = (quantity[here] - 1) // largest
        row = np.searchsorted(up_to[rows], quantity[here] - full * largest)
        total[here] = full.astype(total.dtype) * int(cost[rows][-1]) + cost[rows][row]
    return total


def micro(cost: Decimal) -> int:
    """Return a cost in 1e-6, rounded half to even."""
    return int(cost.quantize(MICRO, ROUND_HALF_EVEN).scaleb(6))


def mm(km: Decimal) -> int:
    """Return a distance of at most six decimals in millimetres."""
    return int(km * MM_PER_KM)


def exact(column: pa.ChunkedArray) -> list[Decimal]:
    """Return numbers as they print, which is what people wrote; null is 0."""
    return [_exact(value) for value in column.to_pylist()]


def _exact(value: float | None) -> Decimal:
    return Decimal(0) if value is None else Decimal(repr(value))


def _nano(cost: Decimal) -> int:
    return int(cost.scaleb(9))
