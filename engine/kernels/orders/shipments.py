"""Shipments of an order that grow: what that adds to their cost, and whether they hold enough."""

from engine.kernels.jit import inlined, int64
from engine.kernels.orders.bundles import DRAWN_BY, SHIPPED, Board, Rates
from engine.kernels.orders.money import cost_of_shipment
from engine.types import IntArray


@inlined
def added_shipment(
    source: int,
    units: int,
    ranking: int,
    token: int,
    board: Board,
    rates: Rates,
    of_source: IntArray,
) -> int:
    """Return what so many more units add to the cost of the order's shipment from a source."""
    shipped = of_source[source, SHIPPED] if of_source[source, DRAWN_BY] == token else 0
    after = cost_of_shipment(
        ranking,
        source,
        shipped + units,
        board.shipment_cost,
        board.rates,
        rates.offsets,
        rates.up_to,
        rates.cost,
    )
    if shipped == 0:
        return after
    return after - cost_of_shipment(
        ranking,
        source,
        shipped,
        board.shipment_cost,
        board.rates,
        rates.offsets,
        rates.up_to,
        rates.cost,
    )


@inlined
def holds_enough(source: int, units: int, token: int, least: int, of_source: IntArray) -> bool:
    """Tell whether the order's shipment from a source holds enough with so many units more."""
    shipped = of_source[source, SHIPPED] if of_source[source, DRAWN_BY] == token else 0
    return units == 0 or shipped + units >= least


@inlined
def least_shipment(
    source: int, ranking: int, token: int, board: Board, rates: Rates, of_source: IntArray
) -> int:
    """Return the least that any units add to the cost of the order's shipment from a source."""
    costs, rate = rates.cost, board.rates[ranking, source]
    least = board.shipment_cost[ranking, source]
    if rate >= 0:
        lowest = costs[rates.offsets[rate]]
        for row in range(rates.offsets[rate], rates.offsets[rate + 1]):
            lowest = min(lowest, costs[row])
        least += lowest
    if of_source[source, DRAWN_BY] == token:  # more units may even cost less than those before
        units = of_source[source, SHIPPED]
        least -= added_shipment(source, units, ranking, int64(0), board, rates, of_source)
    return least
