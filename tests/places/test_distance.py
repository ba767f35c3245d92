"""Distances against the haversine formula in 50 digits, and their laws, to the millimetre."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import numpy as np
import pyarrow as pa
import pytest

from engine.catalog import Catalog
from engine.places.distance import (
    KnownDistances,
    Points,
    distance_matrix,
    great_circle_mm,
    override_mm,
    points,
)
from tests.oracle.places import DIGITS, PI, RADIUS_MM, arctan, sin_cos

RNG = np.random.default_rng(6371)
CORNERS = [
    *((0.0, 0.0), (0.0, 180.0), (0.0, -180.0), (0.0, 90.0), (0.0, -90.0)),
    *((90.0, 0.0), (90.0, 123.0), (-90.0, 0.0), (-90.0, -45.0), (89.9999, 10.0)),
    *((52.0, 179.9999), (52.0, -179.9999), (-52.0, -0.0001), (45.0, 45.0), (-45.0, -135.0)),
]


def seeded(count: int) -> np.ndarray:
    """(count, 2) places as people note them: four decimals, evenly over latitude and longitude."""
    return np.round(RNG.uniform([-90, -180], [90, 180], (count, 2)), 4)


def near_and_far() -> tuple[np.ndarray, np.ndarray]:
    """Pairs of places: any two, two near each other, nearly opposite ones, and all corners."""
    here, steps = seeded(150), RNG.uniform(-1, 1, (150, 2)) * 10.0 ** -RNG.integers(1, 7, (150, 1))
    near = np.clip(here + steps, [-90, -180], [90, 180])
    opposite = np.column_stack([-here[:, 0], here[:, 1] - np.copysign(180, here[:, 1])])
    across = np.clip(opposite + steps, [-90, -180], [90, 180])
    corners = np.array(CORNERS)
    one = np.concatenate([here, here, here, here, np.repeat(corners, len(corners), axis=0)])
    other = np.concatenate([seeded(150), near, across, opposite, np.tile(corners, (15, 1))])
    return one, other


def on_sphere(places: np.ndarray) -> Points:
    return points(places[:, 0], places[:, 1])


def some(places: Points, at) -> Points:
    return Points(*(axis[at] for axis in places))


def haversine_mm(here: tuple[float, float], there: tuple[float, float]) -> int:
    """The formula as every textbook has it, in 50 digits: 2 R asin(sqrt(h))."""
    radian = PI / 180
    (lat, lon), (lat2, lon2) = (map(Decimal, place) for place in (here, there))
    across = sin_cos((lat2 - lat) * radian / 2)[0], sin_cos((lon2 - lon) * radian / 2)[0]
    cosines = sin_cos(lat * radian)[1] * sin_cos(lat2 * radian)[1]
    h = min(across[0] ** 2 + cosines * across[1] ** 2, Decimal(1))
    half = arctan((h / (1 - h)).sqrt()) if h <= 1 - h else PI / 2 - arctan(((1 - h) / h).sqrt())
    return int((2 * RADIUS_MM * half).quantize(Decimal(1), ROUND_HALF_EVEN))


def test_great_circle_mm_equals_exact_haversine():
    here, there = near_and_far()
    found = great_circle_mm(on_sphere(here), on_sphere(there))
    assert found.dtype == np.int64
    with localcontext() as context:
        context.prec = DIGITS
        pairs = zip(here.tolist(), there.tolist(), strict=True)
        assert found.tolist() == [haversine_mm(*pair) for pair in pairs]


def test_great_circle_mm_where_the_answer_is_known():
    quarter = 10_007_543_398  # a quarter of the equator: 6,371 km * pi / 2
    places = on_sphere(np.array([(0, 0), (0, 90), (0, 180), (90, 77), (-90, 0), (0, -90)], float))
    assert great_circle_mm(some(places, slice(1)), places).tolist() == [
        *(0, quarter, 2 * quarter, quarter, quarter, quarter)
    ]


def test_great_circle_mm_is_symmetric():
    here, there = (on_sphere(places) for places in near_and_far())
    assert np.array_equal(great_circle_mm(here, there), great_circle_mm(there, here))


def test_great_circle_mm_of_mirrored_places():
    here, there = near_and_far()
    straight = great_circle_mm(on_sphere(here), on_sphere(there))
    for mirror in ([-1, 1], [1, -1], [-1, -1]):
        mirrored = great_circle_mm(on_sphere(here * mirror), on_sphere(there * mirror))
        assert np.array_equal(mirrored, straight), mirror


def test_equal_places_are_0_apart_and_equally_far():
    names = [
        ((90.0, 0.0), (90.0, 45.0)),
        ((-90.0, 0.0), (-90.0, -170.5)),
        ((0.0, 180.0), (0.0, -180.0)),
        ((52.3, 180.0), (52.3, -180.0)),
        ((0.0, 0.0), (-0.0, -0.0)),
    ]
    others = on_sphere(seeded(200))
    for one, other in names:
        here, again = (on_sphere(np.array([place])) for place in (one, other))
        assert great_circle_mm(here, again).tolist() == [0]
        assert np.array_equal(great_circle_mm(here, others), great_circle_mm(again, others))
    assert not great_circle_mm(others, others).any()


def test_no_way_round_is_shorter():
    places = on_sphere(np.concatenate([seeded(40), CORNERS]))
    column = some(places, np.s_[:, None])
    mm = great_circle_mm(column, places)
    round_about = mm[:, :, None] + mm[None, :, :]
    assert (mm[:, None, :] <= round_about + 1).all()  # each of the three is rounded
    assert mm.max() <= 20_015_086_796  # half way round


def test_unknown_places_are_minus_1_apart():
    places = points(np.array([48.8, np.nan, 45.7]), np.array([2.3, np.nan, 4.8]))
    column = some(places, np.s_[:, None])
    mm = great_circle_mm(column, places)
    assert (mm == -1).tolist() == [[False, True, False], [True] * 3, [False, True, False]]


def test_one_pair_at_a_time_gives_the_same_mm():
    here, there = (on_sphere(places) for places in near_and_far())
    together = great_circle_mm(here, there).tolist()
    for form in (lambda at: at, lambda at: slice(at, at + 1)):
        pairs = ((some(here, form(at)), some(there, form(at))) for at in range(len(together)))
        assert [int(great_circle_mm(*pair).item()) for pair in pairs] == together


def problem(num_destinations: int, num_sources: int, num_places: int):
    """Destinations, their places, sources and known distances; some of each are not known."""
    spots = [seeded(count) for count in (num_destinations, num_sources)]
    for spot in spots:
        spot[RNG.random(len(spot)) < 0.2] = np.nan
    places = RNG.integers(-1, num_places, num_destinations).astype(np.int32)
    cells = RNG.random(num_places * num_sources) < 0.4
    keys = np.flatnonzero(cells).astype(np.int64)
    known = KnownDistances(keys, RNG.integers(0, 20_000_000_000, len(keys)))
    return on_sphere(spots[0]), places, on_sphere(spots[1]), known


SHAPES = [(40, 12, 9), (1, 1, 1), (30, 1, 4), (1, 30, 0), (0, 5, 2), (5, 0, 2), (25, 8, 0)]


@pytest.mark.parametrize("shape", SHAPES)
def test_distance_matrix_takes_known_distances_first(shape):
    destinations, places, sources, known = problem(*shape)
    table = dict(zip(known.keys.tolist(), known.mm.tolist(), strict=True))
    mm = distance_matrix(destinations, places, sources, known)
    assert mm.shape == shape[:2]
    assert mm.dtype == np.int64
    for row, place in enumerate(places.tolist()):
        for source in range(shape[1]):
            computed = int(great_circle_mm(some(destinations, row), some(sources, source)))
            given = table.get(place * shape[1] + source) if place >= 0 else None
            assert mm[row, source] == (computed if given is None else given)


def test_override_mm_finds_the_first_and_the_last_key():
    known = KnownDistances(np.array([2, 5, 9]), np.array([20, 50, 90]))
    keys = np.array([-1, 0, 2, 3, 5, 8, 9, 10])
    assert override_mm(np.full(8, 7), keys, known).tolist() == [7, 7, 20, 7, 50, 7, 90, 7]


@pytest.mark.parametrize(
    ("km", "mm"),
    [
        (0.0, 0),
        (1 / 128, 7812),  # 7812.5: the even one below
        (3 / 128, 23438),  # 23437.5: the even one above
        (0.000001, 1),
        (391.498932, 391_498_932),
        (12742.123456, 12_742_123_456),
        (0.0000004, 0),
        (0.0000006, 1),
    ],
)
def test_known_km_become_whole_mm(km, mm):
    catalog = Catalog.from_tables(
        {
            "sources": pa.table({"source_code": ["a"], "latitude": [1.0], "longitude": [1.0]}),
            "stock_source_links": pa.table(
                {"stock_id": [1], "source_code": ["a"], "priority": [1]}
            ),
            "source_items": pa.table({"source_code": ["a"], "sku": ["x"], "quantity": [1]}),
            "distances": pa.table(
                {"source_code": ["a"], "country_id": ["FR"], "postcode": ["75001"], "km": [km]}
            ),
        }
    )
    assert catalog.known.mm.tolist() == [mm]
    assert catalog.known.mm.dtype == np.int64
