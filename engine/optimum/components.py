"""Which orders compete with which: parts of a batch that share nothing that is short.

What one part does leaves the others as they are, so a bound of each is a bound of all.
"""

from typing import NamedTuple

import numpy as np

from engine.optimum.batch import Batch
from engine.types import IntArray


class Components(NamedTuple):
    """Which of ``num_components`` (num_orders,) orders and (num_resources,) resources belong to.

    -1 stands for an order that competes with none, and a resource of which there is enough for
    all. Components are numbered by their first order.
    """

    of_order: IntArray
    of_resource: IntArray
    num_components: int


def components_of(batch: Batch, share: IntArray) -> Components:
    """Join the orders that could draw on the same resource of which there is not enough.

    ``share`` is (num_resources,) as in `engine.kernels.optimum.bundles.Market`.
    """
    order, resource = draws_of(batch, share)
    node = joined(order, batch.num_orders + resource, batch.num_orders + len(share))
    # A label is the least node that it joins, and orders come before resources.
    roots = np.unique(node[order])
    number = np.full(len(node), -1, np.int64)
    number[roots] = np.arange(len(roots))
    of_order = np.full(batch.num_orders, -1, np.int64)
    of_order[order] = number[node[order]]
    of_resource = np.full(len(share), -1, np.int64)
    of_resource[resource] = of_order[order]
    return Components(of_order, of_resource, len(roots))


def draws_of(batch: Batch, share: IntArray) -> tuple[IntArray, IntArray]:
    """Return (num_draws,) each an order and a resource with a share that it could draw on.

    Draws may come several times.
    """
    program, weights = batch.program, batch.weights
    _, order = batch.of_entry
    drawn = [program.item.astype(np.int64)]
    drawn += [
        first + program.source.astype(np.int64)
        for first in (weights.units_at, weights.orders_at)
        if first >= 0
    ]
    resource = np.concatenate(drawn)
    is_short = np.append(share > 0, False)[resource]
    return np.tile(order, len(drawn))[is_short], resource[is_short]


def joined(one: IntArray, other: IntArray, num_nodes: int) -> IntArray:
    """Return (num_nodes,) the least node that each is joined with by (num_edges,) edges.

    Trees that an edge joins are hung under the lower root, then made flat (Shiloach and Vishkin,
    Journal of Algorithms 3(1), 1982, doi:10.1016/0196-6774(82)90008-6).
    """
    root = np.arange(num_nodes)
    while True:
        a, b = root[one], root[other]
        if np.array_equal(a, b):
            return root
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(root, flat := root[root]):
            root = flat
