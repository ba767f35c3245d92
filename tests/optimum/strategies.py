"""Tiny batches, drawn by hypothesis or by a seed: few units, many ties, every feature now and then.

Quantities are whole units, or whole multiples of a fraction.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from engine.kernels.optimum.bundles import UNREACHED, Program, Weights
from engine.kernels.orders.bundles import BACKORDER, PARTIAL, WHOLE_LINES, WHOLE_ORDERS, Rates
from engine.optimum.batch import Batch
from engine.types import QTY_SCALE, IndexArray, IntArray, frozen

MILLION = 1_000_000
COSTS = {
    "ties": [0, 1, 1, 2, 2, 3, 10],
    "cents": [0.05, 1.99, 2.49, 3, 4.8, 7.25],
    "wild": [0, 0.000001, 0.333333, 1, 17.003, 1_000, 99_999.99],
}
FEATURES = (
    *("capacity_units", "capacity_orders", "max_sources", "least", "rates"),
    *("unmanaged", "same", "whole_lines", "whole_orders", "mixed_policies", "nothing_wanted"),
    "waits",
)


class Tiny(NamedTuple):
    """A batch, the features that it has, and the step that all its quantities are multiples of."""

    batch: Batch
    features: frozenset[str]
    step: int


class Line(NamedTuple):
    """A line of an order, with its entries: (source, item)."""

    sku: int
    need: int
    entries: list[tuple[int, int]]


def tiny_batches(
    features: Sequence[str] = FEATURES, steps: Sequence[int] = (QTY_SCALE,)
) -> st.SearchStrategy[Tiny]:
    """Tiny batches with some of these features, in these steps."""
    return st.randoms(use_true_random=False).map(lambda chance: tiny(chance, features, steps))


def tiny(
    chance: Random, features: Sequence[str] = FEATURES, steps: Sequence[int] = (QTY_SCALE,)
) -> Tiny:
    """One tiny batch, by chance."""
    has = frozenset(feature for feature in features if chance.random() < 0.2)
    step = chance.choice(steps)
    num_orders, num_sources = chance.randint(1, 4), chance.randint(1, 4)
    num_rankings, num_skus = chance.randint(1, 2), chance.randint(1, 3)
    prices = [round(cost * MILLION) for cost in COSTS[chance.choice(list(COSTS))]]
    held, supply = _stock(chance, num_skus, num_sources, step, "unmanaged" in has)
    orders = [_lines(chance, held, step, has) for _ in range(num_orders)]
    shape = num_rankings, num_sources
    program = program_of(
        orders,
        ranking=[chance.randrange(num_rankings) for _ in orders],
        unit_cost=_table(chance, prices, shape),
        shipment=_table(chance, prices, shape),
        rates=_table(chance, [-1, 0, 1] if "rates" in has else [-1], shape),
        ship_policy=_policies(chance, num_orders, has),
        wait=[_wait(chance, prices) for _ in orders] if "waits" in has else None,
    )
    capacities = []
    units_at = orders_at = -1
    if "capacity_units" in has:
        units_at = len(supply)
        capacities += [chance.randint(0, 6) * step for _ in range(num_sources)]
    if "capacity_orders" in has:
        orders_at = len(supply) + len(capacities)
        capacities += [chance.randint(0, 3) * QTY_SCALE for _ in range(num_sources)]
    weights = Weights(
        unit=chance.choice([0, 1, 5, 100, 1_000_000]) * MILLION,
        line=chance.choice([0, 0, 2, 100_000]) * MILLION,
        order=chance.choice([0, 0, 3, 20, 10_000]) * MILLION,
        max_sources=chance.randint(1, 2) if "max_sources" in has else 0,
        least=chance.randint(2, 3) * step if "least" in has else 0,
        most_sets=10_000,
        highest=1 << 44,
        units_at=units_at,
        orders_at=orders_at,
    )
    batch = Batch(program, weights, _rates(chance, prices, step), whole(supply + capacities))
    return Tiny(batch, has, step)


def program_of(
    orders: list[list[Line]],
    ranking: list[int],
    unit_cost: list[list[int]],
    shipment: list[list[int]],
    rates: list[list[int]],
    ship_policy: list[int],
    wait: list[int] | None = None,
) -> Program:
    """Orders as arrays; costs and rates are by ranking and source, entries by source.

    Without ``wait`` no order may wait.
    """
    lines = [line for order in orders for line in order]
    entries = [entry for line in lines for entry in line.entries]
    return Program(
        orders=_offsets([len(order) for order in orders]),
        lines=_offsets([len(line.entries) for line in lines]),
        need=whole([line.need for line in lines]),
        same=whole(
            [
                at - [line.sku for line in order].index(line.sku)
                for order in orders
                for at, line in enumerate(order)
            ]
        ),
        item=indices([item for _, item in entries]),
        source=indices([source for source, _ in entries]),
        unit_cost=whole(
            [
                unit_cost[row][source]
                for row, order in zip(ranking, orders, strict=True)
                for line in order
                for source, _ in line.entries
            ]
        ),
        ranking=indices(ranking),
        shipment=whole(shipment),
        rates=indices(rates),
        ship_policy=frozen(np.array(ship_policy, np.uint8)),
        wait=whole([UNREACHED] * len(orders) if wait is None else wait),
    )


def _stock(
    chance: Random, num_skus: int, num_sources: int, step: int, unmanaged: bool
) -> tuple[dict[int, dict[int, int]], list[int]]:
    """Which source has which SKU as which item, and what there is of each item."""
    held: dict[int, dict[int, int]] = {sku: {} for sku in range(num_skus)}
    supply: list[int] = []
    for items in held.values():
        for source in range(num_sources):
            if chance.random() < 0.3:
                continue
            if unmanaged and chance.random() < 0.3:
                items[source] = -1
                continue
            items[source] = len(supply)
            supply.append(chance.choice([0, 1, 1, 1, 2, 2, 3, 4]) * step)
    return held, supply


def _lines(
    chance: Random, held: dict[int, dict[int, int]], step: int, has: frozenset[str]
) -> list[Line]:
    """Lines of one order, 1 to 3; a source is there for all lines of a SKU or for none."""
    count = chance.randint(1, 3)
    if "same" in has:
        skus = [chance.choice(list(held)) for _ in range(count)]
    else:
        skus = chance.sample(list(held), min(count, len(held)))
    open_to = {
        sku: [entry for entry in sorted(items.items()) if chance.random() < 0.9]
        for sku, items in held.items()
    }
    wanted = [1, 1, 2, 2, 3] if len(skus) < 3 else [1, 1, 2]
    if "nothing_wanted" in has:
        wanted = [0, *wanted]
    return [Line(sku, chance.choice(wanted) * step, open_to[sku]) for sku in skus]


def _policies(chance: Random, num_orders: int, has: frozenset[str]) -> list[int]:
    if "mixed_policies" in has:
        policies = [PARTIAL, WHOLE_LINES, WHOLE_ORDERS, BACKORDER]
        return [chance.choice(policies) for _ in range(num_orders)]
    if "whole_orders" in has:
        return [WHOLE_ORDERS] * num_orders
    return [WHOLE_LINES if "whole_lines" in has else PARTIAL] * num_orders


def _wait(chance: Random, prices: list[int]) -> int:
    """What waiting costs an order: one or some of the prices, or it may not wait."""
    return chance.choice([UNREACHED, sum(chance.choices(prices, k=chance.randint(1, 4)))])


def _rates(chance: Random, prices: list[int], step: int) -> Rates:
    """Two rates, of one and of two rows."""
    up_to = [chance.randint(1, 3), chance.randint(1, 2), chance.randint(3, 5)]
    return Rates(
        offsets=whole([0, 1, 3]),
        up_to=whole([units * step for units in up_to]),
        cost=whole([chance.choice(prices) for _ in up_to]),
    )


def _table(chance: Random, values: list[int], shape: tuple[int, int]) -> list[list[int]]:
    rows, columns = shape
    return [[chance.choice(values) for _ in range(columns)] for _ in range(rows)]


def _offsets(counts: list[int]) -> IntArray:
    return whole([0, *np.cumsum(counts, dtype=np.int64).tolist()])


def whole(numbers: list) -> IntArray:
    """Whole numbers as the kernels take them."""
    return frozen(np.array(numbers, np.int64))


def indices(numbers: list) -> IndexArray:
    """Positions as the kernels take them."""
    return frozen(np.array(numbers, np.int32))
