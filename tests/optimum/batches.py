"""Batches of some size, drawn from a seed or made of a quality instance."""

import numpy as np

from engine.kernels.optimum.bundles import UNREACHED, Program, Weights
from engine.kernels.orders.bundles import Rates
from engine.optimum.batch import Batch
from engine.types import QTY_SCALE, frozen

MILLION = 1_000_000
SHELVES = 6
"""Orders of the drawn batches want SKUs of one shelf only."""


def drawn(seed, *, num_orders=40, capacity=False, waits=False, unit=QTY_SCALE):
    """A batch of short stock: 1 to 3 SKUs an order, 3 on a shelf; quantities in ``unit``."""
    rng = np.random.default_rng(seed)
    num_sources = 4
    supply = rng.integers(0, 5, (3 * SHELVES, num_sources)) * unit
    orders = [
        [
            (int(sku), int(rng.integers(1, 3)) * unit)
            for sku in np.sort(rng.choice(3, rng.integers(1, 4), replace=False))
            + 3 * rng.integers(SHELVES)
        ]
        for _ in range(num_orders)
    ]
    capacities = rng.integers(1, num_orders // 2, 2 * num_sources) * QTY_SCALE
    at = supply.size
    batch = batch_of(
        orders,
        rng.integers(0, 2, num_orders),
        np.append(supply.ravel(), capacities) if capacity else supply.ravel(),
        rng.integers(0, 3 * MILLION, (2, num_sources)),
        rng.integers(MILLION, 6 * MILLION, (2, num_sources)),
        unit=7 * MILLION,
        order=int(rng.integers(0, 4)) * MILLION,
        units_at=at if capacity else -1,
        orders_at=at + num_sources if capacity else -1,
    )
    if not waits:
        return batch
    wait = frozen(rng.integers(MILLION, 15 * MILLION, num_orders))
    return batch._replace(program=batch.program._replace(wait=wait))


def of_instance(instance, prices):
    """The batch of a quality instance."""
    return batch_of(
        [
            [(item, QTY_SCALE) for item in instance.sets[which]]
            for which in instance.order_set.tolist()
        ],
        instance.order_city,
        instance.stock.ravel() * QTY_SCALE,
        prices.unit,
        np.full(prices.unit.shape, prices.box),
        unit=prices.missing_unit,
        order=prices.missing_order,
    )


def batch_of(
    orders, ranking, supply, unit_cost, shipment, *, unit, order, units_at=-1, orders_at=-1
):
    """A batch of orders as lists of (SKU, quantity); item ``sku * num_sources + source``."""
    num_sources = shipment.shape[1]
    lines = [
        (sku, need, int(row)) for row, of in zip(ranking, orders, strict=True) for sku, need in of
    ]
    entries = [
        (sku * num_sources + source, source, int(unit_cost[row, source]))
        for sku, _, row in lines
        for source in range(num_sources)
    ]
    item, source, cost = np.array(entries).T
    program = Program(
        orders=frozen(np.append(0, np.cumsum([len(of) for of in orders]))),
        lines=frozen(np.arange(len(lines) + 1) * num_sources),
        need=frozen(np.array([need for _, need, _ in lines])),
        same=frozen(np.zeros(len(lines), np.int64)),
        item=frozen(item.astype(np.int32)),
        source=frozen(source.astype(np.int32)),
        unit_cost=frozen(cost),
        ranking=frozen(np.asarray(ranking).astype(np.int32)),
        shipment=frozen(shipment.astype(np.int64)),
        rates=frozen(np.full(shipment.shape, -1, np.int32)),
        ship_policy=frozen(np.zeros(len(orders), np.uint8)),
        wait=frozen(np.full(len(orders), UNREACHED)),
    )
    none = frozen(np.zeros(0, np.int64))
    weights = Weights(unit, 0, order, 0, 0, 10_000, 1 << 44, units_at, orders_at)
    rates = Rates(frozen(np.zeros(1, np.int64)), none, none)
    return Batch(program, weights, rates, frozen(supply))
