"""Money in steps of 0.000001, rounded half to even."""

from engine.kernels.jit import inlined
from engine.types import QTY_SCALE, IndexArray, IntArray

_HALF = QTY_SCALE // 2


@inlined
def cost_of_units(unit_cost: int, quantity: int) -> int:
    """Return what a quantity of 1e-4 units costs."""
    whole, part = quantity // QTY_SCALE, quantity % QTY_SCALE
    fraction = (unit_cost % QTY_SCALE) * part
    cost = unit_cost * whole + (unit_cost // QTY_SCALE) * part
    cost += fraction // QTY_SCALE
    rest = fraction % QTY_SCALE
    if rest > _HALF or (rest == _HALF and cost & 1):
        cost += 1
    return cost


@inlined
def cost_of_shipment(
    ranking: int,
    source: int,
    quantity: int,
    shipment_cost: IntArray,
    rates: IndexArray,
    offsets: IntArray,
    up_to: IntArray,
    rate_cost: IntArray,
) -> int:
    """Return what a shipment of a quantity costs, 0 if it is empty."""
    if quantity == 0:
        return 0
    cost = shipment_cost[ranking, source]
    rate = rates[ranking, source]
    if rate >= 0:
        start, last = offsets[rate], offsets[rate + 1] - 1
        full = (quantity - 1) // up_to[last]
        cost += full * rate_cost[last]
        rest = quantity - full * up_to[last]
        while up_to[start] < rest:
            start += 1
        cost += rate_cost[start]
    return cost
