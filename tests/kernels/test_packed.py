"""The packed kernel against the definition, at its limits, and to the millimetre."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.packing import MAX_PACKED
from engine.places.distance import points
from engine.types import frozen
from tests.kernels.deduction import (
    MILLIMETRE,
    NOWHERE,
    one_sku,
    outcome,
    plain,
    problems,
    run,
    run_packed,
    told,
)


@given(problems(), st.booleans())
def test_packed_deduct_orders_equals_definition(problem, by_distance):
    ranks, places, skus, lines, items = problem
    found = run_packed(ranks, places, skus, lines, by_distance, items)
    assert told(*found) == plain(ranks, places, skus, lines, by_distance, False, False, items)


def test_packed_deduct_orders_at_its_limits():
    most = MAX_PACKED - 1
    outcome(one_sku([most, -MAX_PACKED, most], [most, most], reserved=[0, 0, 1]))
    outcome(one_sku([-MAX_PACKED, most], [most], managed=0))


def cluster(rng, spread_mm):
    """Twelve places around any one, so many millimetres apart; some of them the same place."""
    centre = rng.uniform([-90, -180], [90, 180])
    places = centre + rng.integers(-3, 4, (12, 2)) * spread_mm * MILLIMETRE
    return np.clip(places, [-90, -360], [90, 360])


@pytest.mark.needs_jit
@pytest.mark.parametrize("spread_mm", [0.1, 0.3, 0.5, 1, 2, 3, 5, 1e4, 1e9])
def test_packed_deduct_orders_finds_the_nearest_to_the_millimetre(spread_mm):
    rng = np.random.default_rng(7)
    for _ in range(40):
        sources = cluster(rng, spread_mm)
        near = sources[rng.integers(0, 12, 20)] + rng.integers(-4, 5, (20, 2)) * MILLIMETRE
        across = near * [-1, 1] + [0, 180]
        anywhere = rng.uniform([-90, -180], [90, 180], (40, 2))
        destinations = np.concatenate([near, across, anywhere])
        ranks, _, skus, lines, items = one_sku(
            *([10] * 12, [25] * 80), ranks=rng.permutation(12), orders=80
        )
        places = NOWHERE._replace(
            destinations=frozen(np.column_stack(points(*destinations.T))),
            sources=frozen(np.column_stack(points(*sources.T))),
            numbers=frozen(np.full(80, -1, np.int32)),
        )
        for order in range(80):
            one = lines._replace(
                offsets=frozen(np.array([0, 1])),
                ranking=lines.ranking[:1],
                destination=frozen(np.array([order], np.int32)),
                skus=lines.skus[:1],
                quantity=lines.quantity[:1],
            )
            plainly = run(ranks, places, skus, one, True, False, False, items)
            assert told(*run_packed(ranks, places, skus, one, True, items)) == told(*plainly)
