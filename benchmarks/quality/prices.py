"""What shipping and not shipping cost, in whole steps of 0.000001, and the bill of a result.

Written apart from the engine's own costs, so that each checks the other.
"""

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from benchmarks.quality.instance import Instance
from engine import Result
from engine.policies.model import Costs

PER_SHIPMENT = Decimal("8.759")
PER_UNIT = Decimal("0.423")
PER_UNIT_KM = Decimal("0.000336162")
"""0.000541 per mile, in the nine decimals that a policy can hold."""


class Prices(NamedTuple):
    """In 1e-6: a box; (num_cities, num_centres) a unit; an order, and a unit, not served."""

    box: int
    unit: np.ndarray
    missing_order: int
    missing_unit: int


def prices(mm: np.ndarray, times: int = 1) -> Prices:
    """Return the prices for distances, (num_cities, num_centres) in mm.

    ``times`` multiplies those of what is not served.

    A unit that is not served costs twice the dearest way to send one, from any centre to any city:
    a policy holds one such price, and the papers have one for each city.
    """
    nano = int(PER_UNIT.scaleb(9)) * 10**6 + int(PER_UNIT_KM.scaleb(9)) * mm
    unit, rest = np.divmod(nano, 10**9)
    half = 10**9 // 2
    unit += (rest > half) | ((rest == half) & (unit % 2 == 1))
    box = int(PER_SHIPMENT.scaleb(6))
    return Prices(box, unit, 2 * box * times, 2 * int(unit.max()) * times)


def policy_costs(prices: Prices) -> Costs:
    """Return the prices for a policy."""
    return Costs(
        per_shipment=PER_SHIPMENT,
        per_unit=PER_UNIT,
        per_unit_km=PER_UNIT_KM,
        per_unserved_order=Decimal(prices.missing_order).scaleb(-6),
        per_unserved_unit=Decimal(prices.missing_unit).scaleb(-6),
    )


class Served(NamedTuple):
    """What a result comes to: what was sent, 1e-6; orders that lack anything; units they lack."""

    shipped: int
    short_orders: int
    short_units: int

    def cost(self, prices: Prices) -> int:
        """Return the whole bill, 1e-6."""
        short = self.short_orders * prices.missing_order + self.short_units * prices.missing_unit
        return self.shipped + short


def served(instance: Instance, result: Result, prices: Prices) -> Served:
    """Add up a result from its allocations alone."""
    rows = result.allocations
    order = rows["order_id"].to_numpy()
    units = _whole(rows["qty_to_deduct"])
    centre = pc.utf8_slice_codeunits(rows["source_code"], len("centre-")).cast("int64").to_numpy()
    boxes = len(np.unique(order * len(instance.network.centres) + centre))
    carried = int((prices.unit[instance.order_city[order], centre] * units).sum())
    size = np.array([len(items) for items in instance.sets])
    short = size[instance.order_set]
    np.subtract.at(short, order, units)
    if (short < 0).any():
        raise AssertionError("an order got more than it wants")
    return Served(boxes * prices.box + carried, int(np.count_nonzero(short)), int(short.sum()))


def _whole(quantity: Any) -> np.ndarray:
    return quantity.cast("float64").to_numpy().astype(np.int64)
