"""Components are a partition, and nothing that is short joins two."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.optimum.batch import competing, demand_of, market_of
from engine.optimum.components import components_of, draws_of, joined
from tests.optimum.batches import SHELVES, drawn

SEEDS = range(10)
NODES = 12


def share_of(batch):
    return market_of(batch, demand_of(batch)).share


@given(st.lists(st.tuples(*[st.integers(0, NODES - 1)] * 2), max_size=2 * NODES))
def test_joined_is_the_least_node_that_a_walk_reaches(edges):
    one, other = np.array(edges, np.int64).reshape(-1, 2).T
    reached = {node: {node} for node in range(NODES)}
    for _ in range(NODES):
        for a, b in edges:
            reached[a] = reached[b] = reached[a] | reached[b]
            for node in reached[a]:
                reached[node] = reached[a]
    assert joined(one, other, NODES).tolist() == [min(reached[node]) for node in range(NODES)]


@pytest.mark.parametrize("capacity", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_components_hold_all_that_competes_once(seed, capacity):
    batch = drawn(seed, capacity=capacity)
    share = share_of(batch)
    found = components_of(batch, share)
    assert ((found.of_order >= 0) == competing(batch, share)).all()
    drawn_on = np.zeros(len(share), bool)
    drawn_on[draws_of(batch, share)[1]] = True
    assert ((found.of_resource >= 0) == drawn_on).all()
    _, first = np.unique(found.of_order[found.of_order >= 0], return_index=True)
    assert len(first) == found.num_components
    assert (np.diff(first) > 0).all()


@pytest.mark.parametrize("capacity", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_short_joins_two_components(seed, capacity):
    batch = drawn(seed, capacity=capacity)
    program, share = batch.program, share_of(batch)
    found = components_of(batch, share)
    for order in range(batch.num_orders):
        start, stop = program.lines[program.orders[order : order + 2]]
        for entry in range(start, stop):
            drawn_on = [program.item[entry]]
            if capacity:
                drawn_on.append(batch.weights.units_at + program.source[entry])
                drawn_on.append(batch.weights.orders_at + program.source[entry])
            for resource in drawn_on:
                if share[resource] > 0:
                    assert found.of_resource[resource] == found.of_order[order]


@pytest.mark.parametrize("seed", SEEDS)
def test_components_do_not_join_what_shares_nothing(seed):
    batch = drawn(seed)
    found = components_of(batch, share_of(batch))
    assert found.num_components > 1
    shelf = batch.program.item[batch.program.lines[batch.program.orders[:-1]]] // 12
    assert len(set(shelf.tolist())) <= SHELVES
    for component in range(found.num_components):
        assert len(set(shelf[found.of_order == component].tolist())) == 1
