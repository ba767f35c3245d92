"""Orders priced one by one: the best way of each, kept, and what it costs at least."""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import boolean, jit
from engine.kernels.optimum.bundles import Market, Program, Weights, Work
from engine.kernels.optimum.climb import rounding
from engine.kernels.optimum.way import best_way
from engine.kernels.orders.bundles import Rates
from engine.types import IntArray


@jit
def ways(
    sequence: IntArray,
    program: Program,
    weights: Weights,
    rates: Rates,
    market: Market,
    gives: IntArray,
    cost: IntArray,
    floor: IntArray,
    work: Work,
) -> None:
    """Write the best way of each order named, shipments counted at the least that any costs.

    Parameters
    ----------
    sequence
        (n,) orders.
    gives
        Output, (num_entries,) in 1e-4 units: what each entry gives.
    cost, floor
        Outputs, (num_orders,) in 1e-6: what the way costs with prices, and what none undercuts;
        as in `engine.kernels.optimum.climb.floors`.
    """
    program, rates, market = borrowed(program), borrowed(rates), borrowed(market)
    work, gives = borrowed(work), borrowed(gives)
    for order in sequence:
        best, least = best_way(
            order, boolean(True), program, weights, rates, market.supply, market.price, work
        )
        cost[order] = best
        floor[order] = max(least - rounding(order, program, weights, market.supply), 0)
        begin = program.lines[program.orders[order]]
        for entry in range(begin, program.lines[program.orders[order + 1]]):
            gives[entry] = work.gives[entry - begin]
