"""The compiled distance is that of `engine.places.distance`, to the bit."""

import numpy as np
import pytest

from engine.kernels.sphere import mm_of_pairs
from engine.places.distance import Points, distance_matrix, great_circle_mm, points
from engine.types import Places, frozen
from tests.places.test_distance import SHAPES, near_and_far, problem

NOTHING = frozen(np.empty(0, np.int64))


def side_by_side(places: Points) -> np.ndarray:
    return frozen(np.column_stack(places))


def measured(destinations, numbers, sources, known, destination, source):
    """What the kernel says of pairs of indices."""
    places = Places(
        side_by_side(destinations), side_by_side(sources), frozen(numbers), *map(frozen, known)
    )
    mm = np.full(len(destination), 77)
    mm_of_pairs(frozen(destination.astype(np.int32)), frozen(source.astype(np.int32)), places, mm)
    return mm


def pairwise_mm(here: Points, there: Points):
    """What the kernel says of places side by side."""
    every = np.arange(len(here.x))
    return measured(
        here, np.full(len(every), -1, np.int32), there, (NOTHING, NOTHING), every, every
    )


def random_pairs(count: int) -> tuple[Points, Points]:
    """Pairs of positions: any two, near ones, equal ones and antipodes; some not known."""
    rng = np.random.default_rng(1)
    here = rng.uniform([-90, -180], [90, 180], (count, 2))
    there = rng.uniform([-90, -180], [90, 180], (count, 2))
    steps = rng.uniform(-1, 1, (count, 2)) * 10.0 ** -rng.integers(0, 12, (count, 1))
    kind = rng.integers(0, 6, count)
    opposite = np.column_stack([-here[:, 0], here[:, 1] + 180])
    for number, other in enumerate([here + steps, here, opposite + steps, opposite]):
        there[kind == number] = other[kind == number]
    here[rng.random(count) < 0.01] = np.nan
    there[rng.random(count) < 0.01] = np.nan
    return points(*here.T), points(*there.T)


@pytest.mark.needs_jit
def test_mm_of_pairs_equals_great_circle_of_many():
    here, there = random_pairs(200_000)
    assert np.array_equal(pairwise_mm(here, there), great_circle_mm(here, there))


def test_mm_of_pairs_equals_great_circle_of_odd_places():
    here, there = (points(*places.T) for places in near_and_far())
    assert np.array_equal(pairwise_mm(here, there), great_circle_mm(here, there))


def test_mm_of_pairs_of_unknown_places_is_minus_1():
    known, unknown = (points(np.array([degrees]), np.array([2.0])) for degrees in (1.0, np.nan))
    for here, there in ((known, unknown), (unknown, known), (unknown, unknown)):
        assert pairwise_mm(here, there).tolist() == [-1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("given", [True, False])
def test_mm_of_pairs_takes_known_distances_first(shape, given):
    destinations, places, sources, known = problem(*shape)
    known = known if given else type(known)(NOTHING, NOTHING)
    matrix = distance_matrix(destinations, places, sources, known)
    row, source = (at.ravel() for at in np.indices(shape[:2]))
    found = measured(destinations, places, sources, known, row, source)
    assert np.array_equal(found, matrix[row, source])


@pytest.mark.needs_jit
def test_mm_of_pairs_is_compiled_for_one_signature():
    here, there = random_pairs(10)
    pairwise_mm(here, there)
    assert len(mm_of_pairs.signatures) == 1
