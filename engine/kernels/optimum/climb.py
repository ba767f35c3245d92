"""Prices of stock that climb: each order answers to them, and moves them a step.

The orders' cheapest ways at prices, less what all stock is worth, cost no more than any allocation
(weak duality), and the prices that make most of this are looked for by incremental subgradients
(Nedic and Bertsekas, SIAM Journal on Optimization 12(1), 2001, doi:10.1137/S1052623499362111): an
order that takes more than its share of a resource raises its price, one that takes less lowers it,
and steps shrink from pass to pass. All in whole numbers.
"""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import boolean, inlined, int64, jit
from engine.kernels.optimum.bundles import (
    MARK,
    PACE_BITS,
    SHARE_BITS,
    Market,
    Program,
    Weights,
    Work,
)
from engine.kernels.optimum.way import best_way
from engine.kernels.orders.bundles import Rates
from engine.types import QTY_SCALE, IntArray


@jit
def climb(
    sequence: IntArray,
    pace: IntArray,
    program: Program,
    weights: Weights,
    rates: Rates,
    market: Market,
    work: Work,
) -> None:
    """Let orders answer to prices one after the other, and move the prices.

    Parameters
    ----------
    sequence
        (n,) orders.
    pace
        (num_resources,) what a price moves by, in 1e-6 and 2**-20, for 1e-4 units too much.
    market
        Output ``price``.
    """
    program, rates, market = borrowed(program), borrowed(rates), borrowed(market)
    work, pace = borrowed(work), borrowed(pace)
    for order in sequence:
        best_way(order, boolean(True), program, weights, rates, market.supply, market.price, work)
        move_prices(order, work.gives, 0, pace, program, weights, market, work)


@jit
def floors(
    sequence: IntArray,
    program: Program,
    weights: Weights,
    rates: Rates,
    market: Market,
    floor: IntArray,
    work: Work,
) -> None:
    """Write what each order costs at least at prices, (num_orders,) in 1e-6, for those named."""
    program, rates, market = borrowed(program), borrowed(rates), borrowed(market)
    work = borrowed(work)
    for order in sequence:
        _, least = best_way(
            order, boolean(True), program, weights, rates, market.supply, market.price, work
        )
        floor[order] = max(least - rounding(order, program, weights, market.supply), 0)


@inlined
def rounding(order: int, program: Program, weights: Weights, supply: IntArray) -> int:
    """Return what rounding of fractions of units may take off an order's cost."""
    first, stop = program.orders[order], program.orders[order + 1]
    fractions = int64(0)
    for line in range(first, stop):
        fractions |= program.need[line] % QTY_SCALE
        for entry in range(program.lines[line], program.lines[line + 1]):
            item = int64(program.item[entry])
            if item >= 0:
                fractions |= supply[item] % QTY_SCALE
            if weights.units_at >= 0:
                fractions |= supply[weights.units_at + int64(program.source[entry])] % QTY_SCALE
    if fractions == 0:
        return int64(0)
    return stop - first + program.lines[stop] - program.lines[first]


@inlined
def move_prices(
    order: int,
    gives: IntArray,
    begin: int,
    pace: IntArray,
    program: Program,
    weights: Weights,
    market: Market,
    work: Work,
) -> None:
    """Move the prices of what an order could draw on by what it takes beside its shares.

    ``gives[begin:]`` are what its entries give.
    """
    marks, share = work.marks, market.share
    work.counts[MARK] += 2
    mark = work.counts[MARK]
    first, at = program.orders[order], begin
    for line in range(first, program.orders[order + 1]):
        for entry in range(program.lines[line], program.lines[line + 1]):
            item, source, units = (
                int64(program.item[entry]),
                int64(program.source[entry]),
                gives[at],
            )
            at += 1
            most = program.need[line]
            if item >= 0:
                most = min(most, market.supply[item])
                _move(item, units, most, weights.highest, pace, market)
            if weights.units_at >= 0:
                _move(weights.units_at + source, units, most, weights.highest, pace, market)
            if weights.orders_at < 0:
                continue
            resource = weights.orders_at + source
            if marks[source, 0] < mark - 1:
                marks[source, 0] = mark - 1
                _move(resource, int64(0), int64(QTY_SCALE), weights.highest, pace, market)
            if units > 0 and marks[source, 0] < mark:
                marks[source, 0] = mark
                if share[resource] > 0:
                    moved = pace[resource] * QTY_SCALE >> PACE_BITS
                    market.price[resource] = min(market.price[resource] + moved, weights.highest)


@inlined
def _move(
    resource: int, units: int, most: int, highest: int, pace: IntArray, market: Market
) -> None:
    if market.share[resource] == 0:
        return
    beside = units - (most * market.share[resource] >> SHARE_BITS)
    price = market.price[resource] + (pace[resource] * beside >> PACE_BITS)
    market.price[resource] = min(max(price, 0), highest)
