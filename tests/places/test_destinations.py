"""Distinct destinations: each place once, whatever names it, and none mixed with another."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.places.geocode as geocoding
from engine.places.destinations import find_destinations
from engine.places.distance import points
from engine.places.geocode import Locator, geocode
from tests.oracle import places as oracle
from tests.schemas import ORDERS, SCHEMAS
from tests.strategies import GEONAMES, places_of, some_of, upto

COLUMNS = ("country_id", "postcode", "city", "region", "latitude", "longitude")
PARIS, NOWHERE = (48.8592, 2.3417), (np.nan, np.nan)


def table(schema, rows):
    named = [dict(zip(schema, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(named, pa.schema(schema))


def orders(*rows):
    return table({name: ORDERS[name] for name in COLUMNS}, rows)


def found(*rows, places=None):
    numbers = np.full(len(rows), -1, np.int32) if places is None else np.array(places, np.int32)
    return find_destinations(orders(*rows), numbers, Locator(table(SCHEMAS["geonames"], GEONAMES)))


def at(position):
    """(3,) coordinates on the unit sphere."""
    return np.array([axis[0] for axis in points(*(np.array([degrees]) for degrees in position))])


def position_of(result, order):
    return np.array([axis[result.of_order[order]] for axis in result.points])


def same(one, other):
    return np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize(
    ("order", "position"),
    [
        (("FR", "75001", None, None, None, None), PARIS),
        ((" fr", "75 001", "", "", None, None), PARIS),
        (("FR", None, "PARIS", None, None, None), PARIS),
        (("FR", "75001", "Paris", None, 1.5, -2.5), (1.5, -2.5)),
        ((None, None, None, None, 0.0, 0.0), (0.0, 0.0)),
        ((None, None, None, None, -0.0, 0.0), (0.0, 0.0)),
        (("FR", "99999", "", "", None, None), NOWHERE),
        ((None, None, None, None, None, None), NOWHERE),
        (("", "", "", "", None, None), NOWHERE),
    ],
)
def test_find_destinations_position(order, position):
    result = found(order)
    assert same(position_of(result, 0), at(position))
    assert result.located.tolist() == [position is not NOWHERE]
    assert result.of_order.tolist() == [0]
    assert result.places.tolist() == [-1]


def test_find_destinations_lists_each_place_once():
    result = found(
        ("FR", "75001", None, None, None, None),
        ("GB", "SW1A 1AA", None, None, None, None),
        ("fr", " 75001", "Lyon", "", None, None),
        (None, None, None, None, *PARIS),
        ("FR", "?", None, None, None, None),
        (None, None, None, None, None, None),
        (None, None, None, None, 0.0, 0.0),
        (None, None, None, None, -0.0, -0.0),
    )
    one, london, *others = result.of_order.tolist()
    assert others[:2] == [one, one]
    assert others[2] == others[3]
    assert others[4] == others[5]
    assert {one, london, others[2], others[4]} == {0, 1, 2, 3}
    assert [len(axis) for axis in result.points] == [4, 4, 4]
    assert result.located.sum() == 3


def test_find_destinations_keeps_places_of_the_distances_table_apart():
    paris = ("FR", "75001", None, None, None, None)
    unknown = ("XX", "1", None, None, None, None)
    result = found(paris, paris, unknown, unknown, paris, unknown, places=[4, -1, 4, -1, 4, 0])
    assert result.places[result.of_order].tolist() == [4, -1, 4, -1, 4, 0]
    assert result.of_order[0] == result.of_order[4]
    assert len(result.places) == 5
    located = [order in (0, 1, 2, 4, 5) for order in range(6)]
    assert result.located[result.of_order].tolist() == located


def test_find_destinations_does_not_mix_up_addresses_with_line_breaks():
    result = found(
        ("FR", "75001\nParis", "", "", None, None),
        ("FR", "75001", "Paris", "\n", None, None),
        ("FR\n75001", "Paris", "", "", None, None),
    )
    assert [same(position_of(result, order), at(PARIS)) for order in range(3)] == [
        False,
        True,
        False,
    ]


def test_find_destinations_of_no_orders():
    result = found()
    assert [len(axis) for axis in (*result.points, result.places, result.of_order)] == [0] * 5
    assert result.located.tolist() == []


def test_find_destinations_gives_read_only_arrays_of_fixed_types():
    result = found(("FR", "75001", None, None, None, None))
    arrays = [*result.points, result.places, result.of_order]
    assert [array.dtype.name for array in arrays] == ["float64"] * 3 + ["int32"] * 2
    assert not any(array.flags.writeable for array in arrays)


def test_find_destinations_geocodes_each_address_once(monkeypatch):
    asked = []

    def counted(addresses, geonames):
        asked.extend(addresses.to_pylist())
        return geocode(addresses, geonames)

    monkeypatch.setattr(geocoding, "geocode", counted)
    paris = ("FR", "75001", None, None, None, None)
    found(paris, ("GB", "SW1A", None, "", None, None), paris, (*paris[:4], 1.0, 2.0), paris)
    assert [row["postcode"] for row in asked] == ["75001", "SW1A"]


@st.composite
def destined(draw):
    """Orders that go to some places, with the numbers of their places, and geonames rows."""
    drawn = places_of(draw, draw(upto(12)))
    rows = [(country, code, city, region, *own) for country, region, city, code, *own in drawn]
    numbers = draw(st.lists(st.integers(-1, 2), min_size=len(rows), max_size=len(rows)))
    return rows, numbers, draw(some_of(GEONAMES))


@given(destined())
def test_find_destinations_equals_oracle(case):
    rows, numbers, geonames = case
    known = table(SCHEMAS["geonames"], geonames)
    result = find_destinations(orders(*rows), np.array(numbers, np.int32), Locator(known))
    lookup = [dict(zip(SCHEMAS["geonames"], row, strict=True)) for row in geonames]
    expected = [oracle.position(dict(zip(COLUMNS, row, strict=True)), lookup) for row in rows]
    for order, position in enumerate(expected):
        assert same(position_of(result, order), at(position or NOWHERE))
    assert result.places[result.of_order].tolist() == numbers
    located = [place is not None or at >= 0 for place, at in zip(expected, numbers, strict=True)]
    assert result.located[result.of_order].tolist() == located
    # Each place and number once: 0.0 and -0.0 are one, and nothing is listed that is not asked.
    distinct = {(place, number) for place, number in zip(expected, numbers, strict=True)}
    assert len(result.places) == len(distinct)
    assert set(result.of_order.tolist()) == set(range(len(distinct)))
