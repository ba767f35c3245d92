"""A batch as the kernels see it, and which of its orders and resources compete."""

from typing import NamedTuple

import numpy as np

from engine.kernels.optimum.bundles import SHARE_BITS, Holders, Market, Program, Weights, Work
from engine.kernels.orders.bundles import Rates
from engine.types import QTY_SCALE, BoolArray, IntArray, exact_sum, frozen


class Batch(NamedTuple):
    """Orders that are decided together; ``supply`` is (num_resources,) as in `Market`."""

    program: Program
    weights: Weights
    rates: Rates
    supply: IntArray

    @property
    def num_orders(self) -> int:
        """How many orders there are."""
        return len(self.program.ranking)

    @property
    def of_entry(self) -> tuple[IntArray, IntArray]:
        """(num_entries,) the line and the order of each entry."""
        line = np.repeat(np.arange(len(self.program.need)), np.diff(self.program.lines))
        order = np.repeat(np.arange(self.num_orders), np.diff(self.program.orders))
        return line, order[line]


def market_of(batch: Batch, demand: IntArray) -> Market:
    """Return the resources of a batch, all prices 0.

    A resource of which all orders together cannot want more than there is has no share, and
    keeps the price 0.
    """
    is_short = (demand > batch.supply) & (batch.supply > 0)
    share = np.zeros(len(demand), np.int64)
    # In Python's integers: a supply of 1e12 leaves no room for 22 more binary places.
    share[is_short] = [
        (int(supply) << SHARE_BITS) // int(wanted)
        for supply, wanted in zip(batch.supply[is_short], demand[is_short], strict=True)
    ]
    # At least 1, which tells that there is not enough.
    share[is_short] = np.maximum(share[is_short], 1)
    # A copy that may be written to: for a read-only array the kernels would be compiled once more.
    return Market(np.array(batch.supply), frozen(share), np.zeros(len(demand), np.int64))


def demand_of(batch: Batch) -> IntArray:
    """(num_resources,) what all orders could want of each."""
    program, weights = batch.program, batch.weights
    line, order = batch.of_entry
    demand = np.zeros(len(batch.supply), np.int64)
    has_item = program.item >= 0
    item = program.item[has_item]
    wanted = program.need[line]
    np.add.at(demand, item, np.minimum(wanted[has_item], batch.supply[item]))
    if weights.units_at >= 0:
        np.add.at(demand, weights.units_at + program.source, wanted)
    if weights.orders_at >= 0:
        num_sources = program.shipment.shape[1]
        pairs = np.unique(order * num_sources + program.source)
        np.add.at(demand, weights.orders_at + pairs % num_sources, QTY_SCALE)
    return demand


def sums_between(values: IntArray, offsets: IntArray) -> IntArray:
    """(len(offsets) - 1,) the sum of ``values[offsets[i]:offsets[i + 1]]`` for each ``i``."""
    return np.diff(np.append(0, np.cumsum(values))[offsets])


def crowd_of(batch: Batch) -> IntArray:
    """(num_resources,) how many entries draw on each."""
    program, weights = batch.program, batch.weights
    crowd = np.zeros(len(batch.supply), np.int64)
    np.add.at(crowd, program.item[program.item >= 0], 1)
    for first in (weights.units_at, weights.orders_at):
        if first >= 0:
            np.add.at(crowd, first + program.source, 1)
    return crowd


def competing(batch: Batch, share: IntArray) -> BoolArray:
    """(num_orders,) which could draw on something of which there is not enough for all."""
    program, weights = batch.program, batch.weights
    _, order = batch.of_entry
    short = np.append(share > 0, False)[program.item]
    for first in (weights.units_at, weights.orders_at):
        if first >= 0:
            short = short | (share[first + program.source] > 0)
    found = np.zeros(batch.num_orders, bool)
    found[order[short]] = True
    return found


def holders_of(batch: Batch, share: IntArray) -> Holders:
    """Return the orders that could draw on each resource of which there is not enough for all."""
    program, weights = batch.program, batch.weights
    _, order = batch.of_entry
    short = np.append(share > 0, False)
    first_of_capacities = [at for at in (weights.units_at, weights.orders_at) if at >= 0]
    drawn = np.concatenate([program.item, *(at + program.source for at in first_of_capacities)])
    order = np.tile(order, 1 + len(first_of_capacities))[short[drawn]]
    pairs = np.unique(drawn[short[drawn]].astype(np.int64) * batch.num_orders + order)
    resource, orders = np.divmod(pairs, max(1, batch.num_orders))
    offsets = np.searchsorted(resource, np.arange(len(share) + 1))
    return Holders(frozen(offsets), frozen(orders.astype(np.int32)))


def work_for(batch: Batch) -> Work:
    """Return space for the largest order of a batch."""
    program = batch.program
    num_sources = program.shipment.shape[1]
    lines = np.diff(program.orders)
    entries = np.diff(program.lines[program.orders])
    slots = np.minimum(entries, num_sources)
    most_slots, most_entries = int(slots.max(initial=0)), int(entries.max(initial=0))
    cells = int((lines * (slots + 2)).max(initial=0))
    return Work(
        counts=np.zeros(2, np.int64),
        marks=np.zeros((num_sources, 2), np.int64),
        slots=np.zeros((most_slots + 1, 9), np.int64),
        stack=np.zeros(most_slots + 2, np.int64),
        entries=np.zeros((most_entries + 1, 4), np.int64),
        found=np.zeros((int(lines.max(initial=0)) + 1, 3), np.int64),
        ahead=np.zeros(cells + 1, np.int64),
        open=np.zeros(cells + 1, np.int64),
        gives=np.zeros(most_entries + 1, np.int64),
        taken=np.zeros(most_entries + 1, np.int64),
    )


def worth_of_unit(batch: Batch) -> int:
    """Return what a unit is worth about, 1e-6.

    That is what the dearest costs, or one that is not served, and the prices of lines and orders
    that are not, with a shipment each, spread over all units.
    """
    program, weights = batch.program, batch.weights
    units = max(exact_sum(program.need) // QTY_SCALE, 1)
    shipment = dearest_shipment(program, batch.rates)
    lines = int(np.count_nonzero(program.need))
    lost = lines * weights.line + batch.num_orders * (weights.order + shipment)
    dearest = int(program.unit_cost.max(initial=0))
    return max(weights.unit, dearest) + lost // units


def dearest_shipment(program: Program, rates: Rates) -> int:
    """Return what the dearest shipment of one parcel costs, 1e-6, of all that could be."""
    return int(_shipments(program, rates).max(initial=0))


def dearest_unit(program: Program, rates: Rates) -> int:
    """Return what the dearest unit costs that is sent alone, 1e-6."""
    return int((_shipments(program, rates) + program.unit_cost).max(initial=0))


def _shipments(program: Program, rates: Rates) -> IntArray:
    """(num_entries,) what a shipment costs at most that one parcel holds."""
    order = np.repeat(np.arange(len(program.ranking)), np.diff(program.lines[program.orders]))
    ranking = program.ranking[order]
    cost = program.shipment[ranking, program.source]
    if not len(rates.cost):
        return cost
    rate = program.rates[ranking, program.source]
    dearest = np.maximum.reduceat(rates.cost, rates.offsets[:-1])
    return cost + np.where(rate >= 0, dearest[rate], 0)
