"""Where things are: geocoding of addresses, exact great-circle distances, known distances."""

import re
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from typing import Any

from tests.oracle.reading import Row, Tables, rows

Position = tuple[float, float]

DIGITS = 50
PI = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899863"
)
RADIUS_MM = Decimal(6_371_000_000)


def stripped(value: Any) -> str:
    """An address part without outer white space; missing is the empty string."""
    return (value or "").strip()


def country_key(value: Any) -> str:
    """How countries compare."""
    return stripped(value).upper()


def postcode_key(value: Any) -> str:
    """How postcodes compare: upper case, no white space at all."""
    return "".join((value or "").split()).upper()


def name_key(value: Any) -> str:
    """How city and region names compare: without case and accents."""
    letters = unicodedata.normalize("NFKD", stripped(value))
    return "".join(c for c in letters if not unicodedata.combining(c)).lower()


def outward_part(country: str, postcode: str) -> str:
    """The part of a postcode that GeoNames lists where it does not list whole codes."""
    if country == "GB":
        return re.sub("[0-9][A-Z][A-Z]$", "", postcode)
    return postcode[: {"CA": 3, "NL": 4, "US": 5}.get(country, len(postcode))]


def geocode(address: Row, geonames: list[Row]) -> Position | None:
    """First match of an address: by postcode, then by city, then by region."""
    country = country_key(address.get("country_id"))
    here = [row for row in geonames if country and country_key(row["country_code"]) == country]
    postcode = postcode_key(address.get("postcode"))
    city = name_key(address.get("city"))
    region = name_key(address.get("region"))
    for code in (postcode, outward_part(country, postcode)):
        for row in here:
            if code and postcode_key(row["postcode"]) == code:
                return row["latitude"], row["longitude"]
    for row in here:
        if city and name_key(row["city"]).startswith(city):
            return row["latitude"], row["longitude"]
    for row in here:
        if region and region in (name_key(row["region"]), name_key(row["region_code"])):
            return row["latitude"], row["longitude"]
    return None


def position(row: Row, geonames: list[Row]) -> Position | None:
    """Where a source or an order is: its own coordinates when both are given, else its address."""
    if row.get("latitude") is not None and row.get("longitude") is not None:
        return row["latitude"], row["longitude"]
    return geocode(row, geonames)


def known_distances(tables: Tables) -> dict[tuple[str, str], dict[str, int]]:
    """Distances in mm that the catalogue states: (country, postcode) -> source -> mm."""
    result: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows(tables, "distances"):
        place = country_key(row["country_id"]), postcode_key(row["postcode"])
        mm = whole(Decimal(row["km"]) * 1_000_000)
        result.setdefault(place, {})[row["source_code"]] = mm
    return result


def whole(value: Decimal) -> int:
    """The nearest whole number, a tie to the even one."""
    return int(value.quantize(Decimal(1), ROUND_HALF_EVEN))


@cache
def distance_mm(here: Position, there: Position) -> int:
    """Great-circle distance in whole mm on a sphere of 6371 km.

    The angle between unit vectors u and v is 2 atan2(|u - v|, |u + v|). It is the haversine
    formula (|u - v| / 2 is the square root of its argument), exact at both ends of the range.
    """
    with localcontext() as context:
        context.prec = DIGITS
        apart = sum((u - v) ** 2 for u, v in zip(unit(here), unit(there), strict=True))
        along = sum((u + v) ** 2 for u, v in zip(unit(here), unit(there), strict=True))
        if apart <= along:
            angle = 2 * arctan((apart / along).sqrt())
        else:
            angle = PI - 2 * arctan((along / apart).sqrt())
        return whole(RADIUS_MM * angle)


@cache
def unit(place: Position) -> tuple[Decimal, Decimal, Decimal]:
    """The unit vector of a position."""
    sin_lat, cos_lat = sin_cos(Decimal(place[0]) * PI / 180)
    sin_lon, cos_lon = sin_cos(Decimal(place[1]) * PI / 180)
    return cos_lat * cos_lon, cos_lat * sin_lon, sin_lat


def sin_cos(x: Decimal) -> tuple[Decimal, Decimal]:
    """Sine and cosine by their series; x is at most pi."""
    totals = [Decimal(0), Decimal(0)]
    term, power = Decimal(1), 0
    while abs(term) > Decimal(10) ** -DIGITS:
        totals[power % 2] += term if power % 4 < 2 else -term
        power += 1
        term = term * x / power
    return totals[1], totals[0]


def arctan(t: Decimal) -> Decimal:
    """Arc tangent for 0 <= t <= 1: the angle is halved four times, then the series."""
    for _ in range(4):
        t = t / (1 + (1 + t * t).sqrt())
    total, power, step = Decimal(0), t, 1
    while abs(power) > Decimal(10) ** -DIGITS:
        total += power / step if step % 4 == 1 else -power / step
        power, step = power * t * t, step + 2
    return 16 * total
