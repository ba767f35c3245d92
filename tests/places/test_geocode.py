"""Addresses to positions: each rule by itself, the oracle's answers, and the packaged rows."""

import random
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.places.distance import great_circle_mm, points
from engine.places.geocode import ADDRESS, Locator, geocode, packaged_geonames
from tests.oracle.places import geocode as oracle_geocode
from tests.schemas import SCHEMAS
from tests.strategies import CITIES, COUNTRIES, GEONAMES, POSTCODES, REGIONS

# The number of its row is each row's latitude, and its longitude below zero.
PLACES = [
    ("FR", "75001", "Paris 01", "Île-de-France", "11"),
    ("FR", "75001", "Paris 01 bis", "Île-de-France", "11"),
    ("FR", "42000", "Saint-Étienne", "Auvergne-Rhône-Alpes", "84"),
    ("FR", " 42 100 ", "  SAINT-ÉTIENNE Nord ", " Rhône ", None),
    ("GB", "SW1A", "London", "England", "ENG"),
    ("GB", "SW1A 1AA", "London Palace", "England", "ENG"),
    ("GB", "1AA", "One", "", ""),
    ("GB", "B1", "Birmingham", None, None),
    ("NL", "1012", "Amsterdam", "Noord-Holland", "07"),
    ("CA", "M5V", "Toronto (Downtown)", "Ontario", "ON"),
    ("CA", "K1A", "Ottawa", "ON", "Capital"),
    ("US", "10001", "New York", "New York", "NY"),
    ("US", "1001", "Agawam", "Massachusetts", "MA"),
    ("DE", "10115", "Berlin", "Berlin", "BE"),
    ("GR", "26221", "Πάτρας", "Αχαΐα", None),
    ("de", "01945", "Groß Kroppen", None, None),
    ("FR", "", "", "", ""),
    ("FR", None, None, None, None),
    (None, "75001", "Paris", "Île-de-France", "11"),
]
PACKAGED = ("AT", "AU", "BE", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "US")
ROWS = [(*place, float(row), -float(row)) for row, place in enumerate(PLACES)]


def table(names, rows):
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    kinds = SCHEMAS["geonames"] | SCHEMAS["orders"]
    return pa.table(
        {name: pa.array(column, kinds[name]) for name, column in zip(names, columns, strict=True)}
    )


def located(addresses, rows):
    """What the engine finds: a position or None for each (country, postcode, city, region)."""
    geonames = None if rows is None else table(SCHEMAS["geonames"], rows)
    degrees = geocode(table(ADDRESS, addresses), geonames)
    assert [column.dtype for column in degrees] == [np.float64] * 2
    pairs = zip(*(column.tolist() for column in degrees), strict=True)
    return [
        None if latitude != latitude else (latitude, longitude) for latitude, longitude in pairs
    ]


@pytest.mark.parametrize(
    ("address", "row"),
    [
        # By country and postcode: the first row in file order.
        (("FR", "75001", None, None), 0),
        (("FR", "75001", "Saint-Étienne", "Rhône"), 0),
        (("DE", "75001", None, None), None),
        # Postcodes without case and blanks, on both sides; countries without blanks around.
        (("fr", " 75 0 01 ", "", ""), 0),
        (("FR", "42100", "", ""), 3),
        (("GB", "sw1a1aa", "", ""), 5),
        (("\tgb ", "Sw1A 1aa", "", ""), 5),
        (("De", "01945", "", ""), 15),
        # A postcode is text: no zero more or less.
        (("US", "01001", "", ""), None),
        (("US", "1001", "", ""), 12),
        (("FR", "7500", "", ""), None),
        # The first part where GeoNames has no more: GB, CA, NL, US.
        (("GB", "SW1A 2AB", "", ""), 4),
        (("GB", "B1 1AA", "", ""), 7),
        (("GB", "B11AA", "", ""), 7),
        (("GB", "1AA", "", ""), 6),
        (("GB", "SW1A 1A", "", ""), None),
        (("GB", "SW1A 11A", "", ""), None),
        (("CA", "M5V 2T6", "", ""), 9),
        (("CA", "m5v", "", ""), 9),
        (("CA", "M5", "", ""), None),
        (("NL", "1012 AB", "", ""), 8),
        (("NL", "1012", "", ""), 8),
        (("US", "10001-1234", "", ""), 11),
        (("US", "10001", "", ""), 11),
        (("US", "100011234", "", ""), 11),
        (("CA", "m5v2t6", "", ""), 9),
        # Nowhere else, and never the other way round.
        (("FR", "75001-1234", "", ""), None),
        (("FR", "42000 AB", "", ""), None),
        (("FR", "420001", "", ""), None),
        (("DE", "10115 BE", "", ""), None),
        # Else by the beginning of the city's name, without case and accents, in file order.
        (("FR", None, "Paris", None), 0),
        (("FR", "99999", "PARIS 01 B", None), 1),
        (("FR", "", "saint-etienne", ""), 2),
        (("FR", "", "Saint-E\N{COMBINING ACUTE ACCENT}tienne", ""), 2),
        (("FR", "", "sÂInt-étIenne n", ""), 3),
        (("FR", "", " Saint-Étienne Nord ", ""), 3),
        (("FR", "", "tienne", ""), None),
        (("FR", "", "Paris 01 bis nord", ""), None),
        (("US", "", "new", ""), 11),
        (("GB", "", "london p", ""), 5),
        (("GR", "", "ΠΑΤΡΑΣ", ""), 14),
        (("GR", "", "πατρα", ""), 14),
        (("DE", "", "GROẞ", ""), 15),
        (("DE", "", "Berlin (Mitte)", ""), None),
        (("FR", "", "Paris.*", ""), None),
        (("FR", "", "Amsterdam", "Rhone"), 3),
        # Else by the region's name or code: whole, whichever row comes first.
        (("FR", "", "", "ILE-DE-FRANCE"), 0),
        (("FR", "", "Nowhere", "auvergne-rhône-alpes "), 2),
        (("FR", "", "", "84"), 2),
        (("FR", "", "", "Auvergne"), None),
        (("CA", "", "", "on"), 9),
        (("CA", "", "", "capital"), 10),
        (("GB", "", "", "eng"), 4),
        (("US", "", "", "ma"), 12),
        # Nothing, or nothing but blanks and accents, matches nothing.
        (("FR", None, None, None), None),
        (("FR", "", "", ""), None),
        (("FR", "  ", " \t", " "), None),
        (("FR", "", "\N{COMBINING ACUTE ACCENT}", "\N{COMBINING ACUTE ACCENT}"), None),
        ((None, "75001", "Paris", "11"), None),
        (("", "75001", "Paris", "11"), None),
        ((" ", "75001", "Paris", "11"), None),
        (("XX", "75001", "Paris", "11"), None),
        (("F", "75001", "Paris", "11"), None),
    ],
)
def test_geocode_rule(address, row):
    expected = None if row is None else (float(row), -float(row))
    assert located([address], ROWS) == [expected]
    assert located([address] * 3, ROWS) == [expected] * 3


def test_geocode_takes_many_addresses_at_once_in_any_order():
    wanted = [
        ("FR", "75001", "", ""),
        ("XX", "1", "", ""),
        ("CA", "", "", "on"),
        ("FR",) + ("",) * 3,
    ]
    found = [(0.0, -0.0), None, (9.0, -9.0), None]
    assert located(wanted, ROWS) == found
    assert located(wanted[::-1], ROWS) == found[::-1]


def test_geocode_without_addresses_or_rows():
    assert located([], ROWS) == []
    assert located([("FR", "75001", "Paris", "11")], []) == [None]
    assert located([], []) == []


def test_geocode_of_a_part_of_a_table():
    addresses = table(ADDRESS, [("XX", "", "", ""), ("FR", "42000", "", ""), ("FR", "", "", "84")])
    rows = pa.concat_tables([table(SCHEMAS["geonames"], ROWS[at : at + 3]) for at in range(3)])
    latitude, _ = geocode(addresses.slice(1), rows.slice(2))
    assert latitude.tolist() == [2.0, 2.0]
    nulls = pa.table({name: pa.nulls(2) for name in ADDRESS})
    assert np.isnan(geocode(nulls, rows)).all()


def maybe_odd(values):
    """One of the values, or some short text of letters that are hard to compare."""
    odd = st.text(st.sampled_from("aAeEßéÉ\u0301 \t1-сСй\u0306"), max_size=4)
    return st.one_of(st.sampled_from(values), st.sampled_from(values), odd)


addresses = st.tuples(*map(maybe_odd, (COUNTRIES, POSTCODES, CITIES, REGIONS)))
degrees = st.integers(-90, 90).map(float)
geonames_rows = st.one_of(
    st.sampled_from(GEONAMES),
    st.tuples(
        st.sampled_from(["FR", "GB", "NL", "CA", "US", "fr"]),
        maybe_odd(POSTCODES),
        *map(maybe_odd, (CITIES, REGIONS, REGIONS)),
        *(degrees, degrees),
    ),
)


@given(st.lists(addresses, max_size=6), st.lists(geonames_rows, max_size=8))
def test_geocode_equals_oracle(wanted, rows):
    lookup = [dict(zip(SCHEMAS["geonames"], row, strict=True)) for row in rows]
    named = [dict(zip(ADDRESS, address, strict=True)) for address in wanted]
    assert located(wanted, rows) == [oracle_geocode(address, lookup) for address in named]


@cache
def packaged_rows():
    """Packaged rows of each country, in file order."""
    result = {}
    for row in packaged_geonames().to_pylist():
        result.setdefault(row["country_code"], []).append(row)
    return result


def as_a_person_writes(country, row, chance):
    """An address of a packaged row: one part of it, in another case, cut short, or wrong."""
    postcode, city, region = (row[name] or "" for name in ("postcode", "city", "region"))
    shape = chance.choice([str.lower, str.upper, str.title, lambda text: f" {text} "])
    ending = chance.choice(["1AB", " 2B3", "XY", "-12", "7"])
    return chance.choice(
        [
            (country, shape(postcode), "", ""),
            (country, postcode + ending, shape(city), None),
            (country, "?", shape(city[: chance.randint(1, 12)]), shape(region)),
            (country, None, shape(city), shape(row["region_code"] or "")),
            (country, None, "?", shape(region)),
            (country, "", "", shape(row["region_code"] or "")),
        ]
    )


def test_packaged_countries():
    assert tuple(packaged_rows()) == PACKAGED


@pytest.mark.parametrize("country", PACKAGED)
def test_geocode_equals_oracle_on_packaged_rows(country):
    # Every so many rows of the country, so that the slow twin answers in time.
    rows = packaged_rows()[country]
    rows = rows[:: len(rows) // 800]
    chance = random.Random(country)
    wanted = [as_a_person_writes(country, chance.choice(rows), chance) for _ in range(20)]
    named = [dict(zip(ADDRESS, address, strict=True)) for address in wanted]
    found = located(wanted, [tuple(row.values()) for row in rows])
    assert found == [oracle_geocode(address, rows) for address in named]
    assert sum(place is not None for place in found) > 10


@pytest.mark.parametrize(
    ("country", "postcode", "city", "latitude", "longitude"),
    [
        ("AT", "1010", "Wien", 48.208, 16.373),
        ("AU", "2000", "Sydney", -33.868, 151.209),
        ("BE", "1000", "Bruxelles", 50.847, 4.352),
        ("BR", "01000 -000", "São Paulo", -23.551, -46.633),
        ("CA", "M5V 2T6", "Downtown Toronto", 43.642, -79.387),
        ("CH", "8001", "Zürich", 47.377, 8.541),
        ("DE", "10115", "Berlin", 52.520, 13.405),
        ("ES", "28013", "Madrid", 40.417, -3.704),
        ("FR", "75001", "Paris", 48.857, 2.352),
        ("GB", "SW1A 1AA", "Westminster", 51.501, -0.142),
        ("IT", "00184", "Roma", 41.903, 12.496),
        ("NL", "1012 JS", "Amsterdam", 52.373, 4.893),
        ("US", "10001-2062", "New York", 40.713, -74.006),
    ],
)
def test_packaged_rows_know_the_capital(country, postcode, city, latitude, longitude):
    (by_postcode,) = located([(country, postcode, "", "")], None)
    cities = [
        row["city"]
        for row in packaged_rows()[country]
        if (row["latitude"], row["longitude"]) == by_postcode
    ]
    assert any(name.startswith(city) for name in cities)
    found, centre = (
        points(np.array([north]), np.array([east]))
        for north, east in (by_postcode, (latitude, longitude))
    )
    assert great_circle_mm(found, centre) < 15_000_000  # 15 km


def test_locator_forgets_and_finds_the_same(monkeypatch):
    monkeypatch.setattr("engine.places.geocode._REMEMBERED", 3)
    rows = table(SCHEMAS["geonames"], ROWS)
    locator = Locator(rows)
    chance = random.Random(7)
    for _ in range(20):
        some = chance.choices([(place[0], place[1], "", "") for place in PLACES], k=4)
        addresses = table(ADDRESS, some)
        np.testing.assert_array_equal(locator.locate(addresses), geocode(addresses, rows))
        assert len(locator._known) <= 3 + 4
