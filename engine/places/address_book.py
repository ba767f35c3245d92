"""One address at a time: what `geocode` does for many, from indexes that are made once."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.places.distance import points
from engine.places.geocode import ADDRESS, OUTWARD, Locator, clean, packaged_geonames
from engine.tables.fold import Strings, fold_country, fold_name, fold_postcode
from engine.tables.whole import whole
from engine.types import FloatArray

_FEW = 1_000
"""Addresses that are looked up one by one, at 50 us each."""


class Address(NamedTuple):
    """Where something goes; None or nothing but blanks where it is not known."""

    country_id: str | None
    postcode: str | None = None
    city: str | None = None
    region: str | None = None


class Position(NamedTuple):
    """Degrees, and x, y and z on the unit sphere; NaN where not known."""

    latitude: float
    longitude: float
    x: float
    y: float
    z: float


NOWHERE = Position(*[float("nan")] * 5)


class _Country(NamedTuple):
    """The rows of a country: their positions, and where a key stands first.

    ``cities`` ascends, and ``of_city`` is the row of each; ``columns`` are the folded postcodes,
    cities, regions and region codes, row by row.
    """

    positions: list[Position]
    postcodes: dict[str, int]
    cities: list[str]
    of_city: list[int]
    regions: dict[str, int]
    columns: tuple[list[str | None], ...]


class AddressBook:
    """Locates addresses by GeoNames rows as `engine.places.geocode.geocode` does.

    Parameters
    ----------
    geonames
        Postal-code rows in file order, as the ``geonames`` table; None for the packaged ones.

    Examples
    --------
    >>> rows = pa.table({"country_code": ["GB"], "postcode": ["EC1A"], "city": ["London"],
    ...     "region": ["England"], "region_code": ["ENG"], "latitude": [51.5], "longitude": [-0.1]})
    >>> book = AddressBook(rows)
    >>> book.locate(Address("gb", "ec1a 4sd"))[:2]
    (51.5, -0.1)
    >>> book.locate(Address("FR")) is None
    True
    """

    def __init__(self, geonames: pa.Table | None) -> None:
        self._rows = packaged_geonames() if geonames is None else geonames
        self._of_row = fold_country(self._rows["country_code"])
        self._countries: dict[str, _Country] = {}

    def locate(self, address: Address) -> Position | None:
        """Return the position of the first row that matches, or None."""
        rows = self._matches(address, every=False)
        return rows[0] if rows else None

    def locate_all(self, address: Address) -> list[Position]:
        """Return the distinct positions of all rows that match by the first rule that finds any.

        Notes
        -----
        MSI: ``GetLatsLngsFromAddress``.
        """
        return list(dict.fromkeys(self._matches(address, every=True)))

    def _matches(self, address: Address, *, every: bool) -> list[Position]:
        country_id = _folded(fold_country, address.country_id)
        if country_id is None:
            return []
        country = self._country(country_id)
        postcode = _folded(fold_postcode, address.postcode)
        codes, _, regions, region_codes = country.columns
        for key in (postcode, _outward(country_id, postcode)):
            if key is not None and key in country.postcodes:
                return _found(country, country.postcodes[key], codes, key, every)
        city, region = (_folded(fold_name, value) for value in (address.city, address.region))
        if city is not None and (found := _by_city(country, city)):
            rows = sorted(found) if every else [min(found)]
            return [country.positions[row] for row in rows]
        if region is not None and region in country.regions:
            if not every:
                return [country.positions[country.regions[region]]]
            both = zip(regions, region_codes, strict=True)
            return [country.positions[row] for row, pair in enumerate(both) if region in pair]
        return []

    def _country(self, country_id: str) -> _Country:
        if country_id not in self._countries:
            rows = self._rows.filter(pc.equal(self._of_row, country_id))
            made = _index(rows)
            if not rows.num_rows:  # or anybody could fill the memory with countries
                return made
            self._countries[country_id] = made
        return self._countries[country_id]


class LastingLocator(Locator):
    """Locates the addresses of one call after the other, from any thread.

    Parameters
    ----------
    geonames
        Postal-code rows, as for `Locator`.
    book
        Of the same rows; a few addresses are found there, many by `geocode`, which begins with
        0.1 s for the rows of a country.
    """

    def __init__(self, geonames: pa.Table | None, book: AddressBook) -> None:
        super().__init__(geonames)
        self._book = book
        self._lock = Lock()

    def locate(self, addresses: pa.Table) -> tuple[FloatArray, FloatArray]:
        """Return latitude and longitude of (num_addresses,) addresses, as `geocode` does."""
        with self._lock:
            return super().locate(addresses)

    def _find(self, addresses: pa.Table) -> tuple[FloatArray, FloatArray]:
        if addresses.num_rows > _FEW:
            return super()._find(addresses)
        rows = zip(*(addresses[name].to_pylist() for name in ADDRESS), strict=True)
        found = [self._book.locate(Address(*row)) or NOWHERE for row in rows]
        positions = np.array(found, np.float64).reshape(-1, 5)
        return positions[:, 0], positions[:, 1]


def _index(rows: pa.Table) -> _Country:
    degrees = [rows[name].to_numpy() for name in ("latitude", "longitude")]
    # All of a country at once: one at a time it would be 60 us for each address.
    axes = [axis.tolist() for axis in (*degrees, *points(*degrees))]
    columns = tuple(
        fold(whole(rows[name]).cast(pa.string())).to_pylist()
        for name, fold in (
            ("postcode", fold_postcode),
            ("city", fold_name),
            ("region", fold_name),
            ("region_code", fold_name),
        )
    )
    cities = sorted((city, row) for row, city in enumerate(columns[1]) if city is not None)
    return _Country(
        [Position(*row) for row in zip(*axes, strict=True)],
        _first(columns[0]),
        [city for city, _ in cities],
        [row for _, row in cities],
        _first([name for pair in zip(columns[2], columns[3], strict=True) for name in pair], 2),
        columns,
    )


def _first(keys: Sequence[str | None], width: int = 1) -> dict[str, int]:
    """Return the row where each key stands first; ``width`` keys belong to a row."""
    first: dict[str, int] = {}
    for at, key in enumerate(keys):
        if key is not None:
            first.setdefault(key, at // width)
    return first


def _by_city(country: _Country, prefix: str) -> list[int]:
    start = bisect_left(country.cities, prefix)
    stop = bisect_left(country.cities, prefix + "\U0010ffff", start)
    return country.of_city[start:stop]


def _found(
    country: _Country, first: int, keys: list[str | None], key: str, every: bool
) -> list[Position]:
    if not every:
        return [country.positions[first]]
    return [country.positions[row] for row, one in enumerate(keys) if one == key]


def _outward(country: str, postcode: str | None) -> str | None:
    pattern = OUTWARD.get(country)
    match = re.match(pattern, postcode) if pattern and postcode else None
    return match[1] if match else None


def _folded(fold: Callable[[Strings], Strings], value: str | None) -> str | None:
    if value is None:
        return None
    if value.isascii() and value.isprintable():  # 1 us, where Arrow's functions take 100
        return _PLAIN[fold](value) or None
    return clean(fold(pa.array([value], pa.string())))[0].as_py()


_PLAIN: dict[Callable[[Strings], Strings], Callable[[str], str]] = {
    fold_country: lambda value: value.strip().upper(),
    fold_postcode: lambda value: value.replace(" ", "").upper(),
    fold_name: lambda value: value.strip().lower(),
}
"""What folding comes to for letters, digits, signs and blanks of ASCII."""
