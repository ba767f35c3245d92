"""The rule of `geocode`, one address at a time: both are held against each other."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.places import address_book
from engine.places.address_book import Address, AddressBook, LastingLocator
from engine.places.distance import points
from engine.places.geocode import ADDRESS, geocode, packaged_geonames

_WORDS = st.sampled_from(["", " ", "Paris", "PARIS 2", "Saint-Étienne", "saint", "ß", "1012", None])
_CODES = st.sampled_from(
    ["75001", "ec1a 4sd", "EC1A", "10001-1234", "10001", "1012AB", "1012", None]
)
_COUNTRIES = st.sampled_from(["FR", "fr ", "GB", "US", "NL", "XX"])
_ROWS = st.lists(st.tuples(_COUNTRIES, _CODES, _WORDS, _WORDS, _WORDS), max_size=12)
_NAMES = ("country_code", "postcode", "city", "region", "region_code")


def _both(rows: pa.Table | None, address: Address) -> tuple:
    asked = dict(zip(ADDRESS, ([value] for value in address), strict=True))
    kinds = pa.schema([(name, pa.string()) for name in ADDRESS])
    degrees = [float(axis[0]) for axis in geocode(pa.table(asked, schema=kinds), rows)]
    found = AddressBook(rows).locate(address)
    if found is not None:
        there = points(*(np.array([axis]) for axis in found[:2]))
        assert [axis[0] for axis in there] == list(found[2:])
    return degrees, found and found[:2]


def _degrees(book: AddressBook, address: Address) -> list[tuple[float, float]]:
    return [(found.latitude, found.longitude) for found in book.locate_all(address)]


def _table(rows: list[tuple]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in _NAMES]
    named = {
        name: pa.array(column, pa.string()) for name, column in zip(_NAMES, columns, strict=True)
    }
    numbers = pa.array([float(row) for row in range(len(rows))], pa.float64())
    return pa.table({**named, "latitude": numbers, "longitude": numbers})


@given(_ROWS, st.builds(Address, st.one_of(st.none(), _COUNTRIES), _CODES, _WORDS, _WORDS))
def test_locate_is_geocode(rows, address):
    (latitude, longitude), found = _both(_table(rows), address)
    assert found == (None if latitude != latitude else (latitude, longitude))


@pytest.mark.parametrize(
    "address",
    [
        Address("US", "10577", "Purchase", "43"),
        Address("US", "10577-0001"),
        Address("GB", "SW1A 1AA"),
        Address("DE", None, "Leip"),
        Address("FR", "x", "y", "ILE-DE-FRANCE"),
        Address("DE", "01945"),
        Address("ZZ", "1"),
    ],
)
def test_locate_in_packaged_rows(address):
    (latitude, longitude), found = _both(None, address)
    assert found == (None if latitude != latitude else (latitude, longitude))


def test_locate_all_gives_every_place_once_in_file_order():
    rows = _table(
        [
            ("GB", "EC1A", "London", "England", "ENG"),
            ("GB", "EC1A", "London East", "England", "ENG"),
            ("FR", "EC1A", "Paris", "X", "ENG"),
            ("GB", "B1", "Londonderry", None, "ENG"),
            ("GB", "EC1A", "London", "England", "ENG"),
        ]
    )
    again = pa.concat_tables([rows, rows[:1]])  # the same position a second time
    book = AddressBook(again)
    assert _degrees(book, Address("GB", "ec1a 4sd")) == [(0.0, 0.0), (1.0, 1.0), (4.0, 4.0)]
    assert _degrees(book, Address("GB", "B1")) == [(3.0, 3.0)]
    by_city = [(0.0, 0.0), (1.0, 1.0), (3.0, 3.0), (4.0, 4.0)]
    assert _degrees(book, Address("GB", None, "london")) == by_city
    assert _degrees(book, Address("GB", None, "Nowhere", "eng")) == by_city
    assert _degrees(book, Address("GB", None, None, "england")) == by_city[:2] + by_city[3:]
    assert _degrees(book, Address("GB")) == []


def test_packaged_rows_serve_where_there_are_none():
    rows = packaged_geonames()
    book, first = AddressBook(None), rows.slice(0, 1).to_pylist()[0]
    found = book.locate(Address(first["country_code"], first["postcode"]))
    assert found[:2] == (first["latitude"], first["longitude"])


@pytest.mark.parametrize("few", [0, 1_000])
def test_a_lasting_locator_is_geocode(few, monkeypatch):
    monkeypatch.setattr(address_book, "_FEW", few)
    locator = LastingLocator(None, AddressBook(None))
    asked = pa.table(
        {
            "country_id": ["US", "GB", "DE", "XX", "US"],
            "postcode": ["10577", "SW1A 1AA", None, "1", "10577"],
            "city": [None, "", "Leip", "x", None],
            "region": pa.nulls(5, pa.string()),
        }
    )
    expected = [axis.tolist() for axis in geocode(asked, None)]
    for _ in range(2):
        found = [axis.tolist() for axis in locator.locate(asked)]
        assert str(found) == str(expected)  # NaN is not equal to itself
    assert [axis.tolist() for axis in locator.locate(asked.slice(0, 0))] == [[], []]
