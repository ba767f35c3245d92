"""Addresses to positions, offline, from GeoNames postal-code rows.

The rule is that of MSI's offline provider (``InventoryDistanceBasedSourceSelection``,
``GetLatLngFromAddress``): the first row in file order by country and postcode; else by
country and the beginning of the city's name; else by country and region.
"""

from bisect import bisect_left
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.packaged import packaged
from engine.tables.fold import fold_country, fold_name, fold_postcode
from engine.tables.whole import whole
from engine.types import FloatArray, IntArray

ADDRESS = ("country_id", "postcode", "city", "region")

_REMEMBERED = 100_000
"""Addresses that are kept before all are forgotten, 45 MB; a stream may go to many more."""

_REMEMBERED_BYTES = 64 << 20
"""Of their text: what a client calls a city may be a book."""

OUTWARD = {
    "CA": r"^(.{3}).+$",
    "GB": r"^(.+?)[0-9][A-Z]{2}$",
    "NL": r"^(.{4}).+$",
    "US": r"^(.{5}).+$",
}
"""Countries whose people print more of a postcode than GeoNames holds, and the part it holds."""


@cache
def packaged_geonames() -> pa.Table:
    """Return the GeoNames rows that come with the package, as the ``geonames`` table."""
    return pq.read_table(packaged("geonames/geonames.parquet"), memory_map=False)


def geocode(addresses: pa.Table, geonames: pa.Table | None) -> tuple[FloatArray, FloatArray]:
    """Locate addresses.

    Parameters
    ----------
    addresses
        (num_addresses,) rows with country_id, postcode, city, region; null or empty where
        not known.
    geonames
        Postal-code rows in file order, as the ``geonames`` table; None for the packaged ones.

    Returns
    -------
    Latitude and longitude, each (num_addresses,) degrees; NaN where no row matches.

    Notes
    -----
    Postcodes compare in upper case without blanks; where none matches in CA, GB, NL and US,
    the first part counts, which is all that GeoNames has there. City and region compare
    without case and accents.

    Examples
    --------
    >>> rows = pa.table({"country_code": ["GB"], "postcode": ["EC1A"], "city": ["London"],
    ...     "region": ["England"], "region_code": ["ENG"], "latitude": [51.5], "longitude": [-0.1]})
    >>> wanted = pa.table({"country_id": ["GB"], "postcode": ["ec1a 4sd"], "city": [""],
    ...     "region": [None]})
    >>> [float(degrees[0]) for degrees in geocode(wanted, rows)]
    [51.5, -0.1]
    """
    country = clean(fold_country(_strings(addresses, "country_id")))
    latitude = np.full(addresses.num_rows, np.nan)
    longitude = np.full(addresses.num_rows, np.nan)
    asked = country.drop_null().unique()
    if not len(asked):
        return latitude, longitude
    rows = packaged_geonames() if geonames is None else geonames
    rows = rows.filter(pc.is_in(fold_country(rows["country_code"]), asked)).combine_chunks()
    found = _match(country, addresses, rows)
    located = found >= 0
    at = pa.array(found[located])
    latitude[located] = np.asarray(rows["latitude"].take(at))
    longitude[located] = np.asarray(rows["longitude"].take(at))
    return latitude, longitude


class Locator:
    """Locates addresses, most only once: the next orders go to the same places as the last.

    ``geonames`` are the postal-code rows as for `geocode`.
    """

    def __init__(self, geonames: pa.Table | None) -> None:
        self._geonames = geonames
        self._known: dict[tuple[str | None, ...], tuple[float, float]] = {}
        self._bytes = 0

    def locate(self, addresses: pa.Table) -> tuple[FloatArray, FloatArray]:
        """Return latitude and longitude of (num_addresses,) addresses, as `geocode` does."""
        if len(self._known) > _REMEMBERED or self._bytes > _REMEMBERED_BYTES:
            self._known.clear()
            self._bytes = 0
        keys = list(zip(*(addresses[name].to_pylist() for name in ADDRESS), strict=True))
        new = [row for row, key in enumerate(keys) if key not in self._known]
        if new:
            unknown = addresses.take(pa.array(new))
            self._bytes += unknown.nbytes
            found = self._find(unknown)
            pairs = zip(*(degrees.tolist() for degrees in found), strict=True)
            self._known.update(zip((keys[row] for row in new), pairs, strict=True))
        degrees = np.array([self._known[key] for key in keys], np.float64).reshape(-1, 2)
        return degrees[:, 0], degrees[:, 1]

    def _find(self, addresses: pa.Table) -> tuple[FloatArray, FloatArray]:
        return geocode(addresses, self._geonames)


def _match(country: pa.Array, addresses: pa.Table, rows: pa.Table) -> IntArray:
    """(num_addresses,) row that locates each address, -1 for none."""
    of_row = whole(fold_country(rows["country_code"]))
    postcode = clean(fold_postcode(_strings(addresses, "postcode")))
    known = _pairs(of_row, fold_postcode(_strings(rows, "postcode")))
    found = _first(_pairs(country, postcode), known)
    short = _pairs(country, _outward(country, postcode))
    found = np.where(found < 0, _first(short, known), found)
    left = np.flatnonzero(found < 0)
    if len(left):
        some = pa.array(left)
        city = clean(fold_name(_strings(addresses, "city").take(some)))
        region = clean(fold_name(_strings(addresses, "region").take(some)))
        found[left] = _first_city(
            country.take(some), city, of_row, fold_name(_strings(rows, "city"))
        )
        by_name = _first(
            _pairs(country.take(some), region), _pairs(of_row, fold_name(_strings(rows, "region")))
        )
        by_code = _first(
            _pairs(country.take(some), region),
            _pairs(of_row, fold_name(_strings(rows, "region_code"))),
        )
        last = np.iinfo(np.int64).max
        either = np.minimum(
            np.where(by_name < 0, last, by_name), np.where(by_code < 0, last, by_code)
        )
        found[left] = np.where(found[left] < 0, np.where(either == last, -1, either), found[left])
    return found


def _strings(table: pa.Table, name: str) -> pa.Array:
    values = whole(table[name])
    return values.cast(pa.string())


def clean(values: pa.Array) -> pa.Array:
    """Trim texts; nothing left is as good as null."""
    values = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(values, ""), None, values)


def _pairs(country: pa.Array, value: pa.Array) -> pa.Array:
    """Join country and value into one key; null if either is."""
    return pc.binary_join_element_wise(country, value, "\n")


def _first(wanted: pa.Array, known: pa.Array) -> IntArray:
    """(num_wanted,) first position of each wanted key among the known ones, -1 for none."""
    encoded = known.dictionary_encode()
    codes = np.asarray(pc.fill_null(encoded.indices, -1))
    present, first = np.unique(codes, return_index=True)
    first = first[present >= 0]
    at = pc.index_in(wanted, encoded.dictionary, skip_nulls=True)
    at = np.asarray(pc.fill_null(at, -1))
    return np.where(at < 0, -1, first[at] if len(first) else -1).astype(np.int64)


def _outward(country: pa.Array, postcode: pa.Array) -> pa.Array:
    short = pa.nulls(len(postcode), pa.string())
    for code, pattern in OUTWARD.items():
        cut = pc.and_(pc.equal(country, code), pc.match_substring_regex(postcode, pattern))
        short = pc.if_else(
            pc.fill_null(cut, False), pc.replace_substring_regex(postcode, pattern, r"\1"), short
        )
    return short


def _first_city(country: pa.Array, city: pa.Array, of_row: pa.Array, names: pa.Array) -> IntArray:
    """(num_addresses,) first row of the country whose city begins with the one asked for."""
    keys = np.asarray(pc.fill_null(_pairs(of_row, names), ""), object)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order].tolist()

    @cache
    def first(prefix: str) -> int:
        start = bisect_left(ordered, prefix)
        stop = bisect_left(ordered, prefix + "\U0010ffff", start)
        return int(order[start:stop].min()) if stop > start else -1

    wanted = _pairs(country, city).to_pylist()
    return np.array([-1 if prefix is None else first(prefix) for prefix in wanted], np.int64)
