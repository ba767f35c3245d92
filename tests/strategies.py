"""Whole cases for hypothesis: small catalogues and orders, rich in ties and corner values.

``cases()`` gives a mapping of table name to a list of row dicts, every column of the table's
schema in every row. Optional tables may be absent. ``to_arrow`` turns a case into Arrow tables.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.schemas import SCHEMAS, Row, Tables, to_arrow

__all__ = ["cases", "to_arrow"]

SOURCE_CODES = ["a", "A", "B", "eu-1", "eu-10", "eu-2", "z", "é", "ж"]

# The spellings on one line are one SKU; one with a trailing space is another SKU.
SKUS = [
    ("SKU-1", "sku-1", "Sku-1"),
    ("x", "X"),
    ("x ", "X "),
    ("Übergröße", "übergröße"),
    ("é1", "É1"),
    ("Ж", "ж"),
    ("NULL", "null"),
    ("1e3", "1E3"),
]
GHOSTS = ["ghost", "Ghost"]  # no source carries it

QUANTITIES = [
    Decimal(text)
    for text in ("-3", "0", "0", "0.0001", "1", "2", "2.5", "5", "7.25", "10", "99999999.9999")
]
WANTED = [Decimal(text) for text in ("0", "0.0001", "0.5", "1", "2", "3", "4.5", "7", "10", "12")]
PROMISED = [Decimal(text) for text in ("0", "0.0001", "0.5", "1", "2", "5", "20")]
MIN_QTY = [Decimal(text) for text in ("-3", "-0.5", "0", "0.5", "5")]
LIMITS = [Decimal(text) for text in ("0", "0.5", "1", "2", "3", "5")]
SIGNED = [Decimal(text) for text in ("-20", "-5", "-1.5", "-0.0001", "0", "1", "3.5")]

# Around (0, 0) four places are equally far; a pole and the date line have many names.
POSITIONS = [
    (0.0, 0.0),
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, 1.0),
    (0.0, -1.0),
    (0.0, 180.0),
    (0.0, -180.0),
    (90.0, 0.0),
    (90.0, 45.0),
    (48.8566, 2.3522),
    (51.5074, -0.1278),
    (40.7128, -74.006),
    (-33.8688, 151.2093),
]

GEONAMES = [
    ("FR", "75001", "Paris 01", "Île-de-France", "11", 48.8592, 2.3417),
    ("FR", "75002", "Paris 02", "Île-de-France", "11", 48.8655, 2.3426),
    ("FR", "42000", "Saint-Étienne", "Auvergne-Rhône-Alpes", "84", 45.4339, 4.39),
    ("FR", "42100", "Saint-Étienne", "Auvergne-Rhône-Alpes", "84", 45.41, 4.4),
    ("FR", "99000", None, None, None, 46.0, 2.0),
    ("GB", "SW1A", "London", "England", "ENG", 51.5, -0.13),
    ("GB", "SW1A 1AA", "London Palace", "England", "ENG", 51.501, -0.1416),
    ("GB", "M1", "Manchester", "England", "ENG", 53.48, -2.23),
    ("NL", "1012", "Amsterdam", "Noord-Holland", "07", 52.3733, 4.8937),
    ("CA", "M5V", "Toronto (Downtown)", "Ontario", "ON", 43.6404, -79.3995),
    ("US", "10001", "New York", "New York", "NY", 40.7484, -73.9967),
    ("US", "01001", "Agawam", "Massachusetts", "MA", 42.0702, -72.6227),
]
COUNTRIES = ["FR", "FR", "GB", "GB", "NL", "CA", "US", "fr", " GB ", "DE", "", None]
POSTCODES = [
    *("75001", "75 002", " 42000 ", "99000", "SW1A 1AA", "sw1a1ab", "SW1A", "m1 1ae", "1012 AB"),
    *("M5V 2T6", "m5v", "10001-1234", "01001", "1001", "00000", "", None, None),
]
PLACES = [("FR", "75001"), ("FR", "75002"), ("fr", "42 000"), ("GB", "SW1A 1AA"), ("GB", "m1")]
CITIES = ["Paris", "PARIS 02", "saint-etienne", " Saint", "London", "Lon", "New", "x", "", None]
REGIONS = ["ile-de-france", "AUVERGNE-RHÔNE-ALPES", "ENG", "england", "11", "ny", "On", "", None]

# Seconds apart, half of them equal, around a day's end.
MOMENTS = [
    datetime(2024, 2, 29, 23, 59, 59),
    datetime(2024, 2, 29, 23, 59, 59),
    datetime(2024, 2, 29, 23, 59, 59, 1),
    datetime(2024, 3, 1),
    None,
]


def often(values: list[Any], default: Any = None) -> st.SearchStrategy[Any]:
    """The default about every other time, else one of the values."""
    return st.one_of(st.just(default), st.sampled_from(values))


def exactly(count: int, *columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple]]:
    """So many tuples, one strategy per column."""
    return st.lists(st.tuples(*columns), min_size=count, max_size=count)


def upto(most: int, least: int = 0) -> st.SearchStrategy[int]:
    """A count, more often a large one: most rules show only in full tables."""
    full = st.integers((least + most + 1) // 2, most)
    return st.one_of(st.integers(least, most), full, full)


def some_of(
    values: list[Any], least: int = 0, most: int | None = None
) -> st.SearchStrategy[list[Any]]:
    """Some of the values, each at most once, in any order."""
    chosen = st.sampled_from(values)
    return upto(len(values) if most is None else most, least).flatmap(
        lambda n: st.lists(chosen, unique=True, min_size=n, max_size=n)
    )


def named(name: str, tuples: list[tuple]) -> list[Row]:
    """Rows of a table from tuples in the order of its columns."""
    return [dict(zip(SCHEMAS[name], values, strict=True)) for values in tuples]


def joined(keys: list[tuple], values: list[tuple]) -> list[tuple]:
    """Key and value columns side by side."""
    return [(*key, *value) for key, value in zip(keys, values, strict=True)]


positions = st.one_of(
    st.sampled_from(POSITIONS),
    st.sampled_from(POSITIONS),
    st.tuples(
        st.integers(-900_000, 900_000).map(lambda n: n / 10_000),
        st.integers(-1_800_000, 1_800_000).map(lambda n: n / 10_000),
    ),
)
addresses = st.one_of(
    st.just((None, None, None, None)),
    st.tuples(*map(st.sampled_from, (COUNTRIES, REGIONS, CITIES, POSTCODES))),
)
# Whole millimetres, or an exact half of one: n / 128 km is 7812.5 n mm.
kilometres = st.one_of(
    st.sampled_from([0.0, 1 / 128, 3 / 128, 111.194927, 250.0]),
    st.integers(0, 20_000_000_000).map(lambda mm: mm / 1e6),
)


def places_of(draw: Any, count: int) -> list[tuple]:
    """(country_id, region, city, postcode, latitude, longitude) of so many sources or orders."""
    own = st.one_of(st.just((None, None)), positions, positions)
    return [(*address, *where) for address, where in draw(exactly(count, addresses, own))]


@st.composite
def cases(draw: Any) -> Tables:
    """A catalogue and its orders, valid by the contract."""
    codes = draw(some_of(SOURCE_CODES, least=1, most=6))
    stocks = draw(some_of([1, 2, 10], least=1))
    skus = draw(some_of(SKUS, least=1))
    flags = draw(st.tuples(*[st.booleans()] * 8))
    with_stocks, with_channels, with_settings, with_reservations = flags[:4]
    with_promises, with_distances, with_orders, text_ids = flags[4:]

    tables = catalogue(draw, codes, stocks, skus, every_stock_linked=not with_stocks)
    if with_stocks:
        tables["stocks"] = named("stocks", [(stock, f"stock {stock}") for stock in stocks])
    if with_channels:
        channels = [("website", f"site-{stock}", stock) for stock in stocks]
        tables["sales_channels"] = named("sales_channels", channels)
    if with_settings:
        tables["stock_items"] = settings(draw, skus)
    spelt = st.sampled_from([spelling for sku in skus for spelling in sku] * 3 + GHOSTS)
    if with_reservations:
        columns = st.sampled_from(stocks), spelt, st.sampled_from(SIGNED)
        drawn = draw(st.lists(st.tuples(*columns), max_size=8))
        tables["reservations"] = named("reservations", drawn)
    if with_promises:
        columns = st.sampled_from(codes), spelt, st.sampled_from(PROMISED)
        drawn = draw(st.lists(st.tuples(*columns), max_size=8))
        tables["source_reservations"] = named("source_reservations", drawn)
    if with_distances:
        tables["distances"] = distances(draw, codes)
    return tables | order_tables(draw, stocks, spelt, with_channels, with_orders, text_ids)


def catalogue(
    draw: Any,
    codes: list[str],
    stocks: list[int],
    skus: list[tuple[str, ...]],
    every_stock_linked: bool,
) -> Tables:
    """The tables that every case has, but the orders."""
    heads = draw(exactly(len(codes), often([True, False], True), st.none()))
    sources = [
        (code, *head, *place)
        for code, head, place in zip(codes, heads, places_of(draw, len(codes)), strict=True)
    ]
    pairs = draw(some_of([(stock, code) for stock in stocks for code in codes]))
    linked = {stock for stock, _ in pairs}
    if every_stock_linked:  # without a stocks table a stock exists by its links
        pairs += [(stock, codes[0]) for stock in stocks if stock not in linked]
    ranks = draw(exactly(len(pairs), st.sampled_from([0, 1, 1, 2, 2, 3, 65535])))
    cells = draw(some_of([(code, sku) for code in codes for sku in skus], least=1))
    held = exactly(len(cells), st.sampled_from(QUANTITIES), st.sampled_from([1, 1, 1, None, 0]))
    spelt = [(code, draw(st.sampled_from(sku))) for code, sku in cells]
    return {
        "sources": named("sources", sources),
        "stock_source_links": named("stock_source_links", joined(pairs, ranks)),
        "source_items": named("source_items", joined(spelt, draw(held))),
        "geonames": named("geonames", draw(some_of(GEONAMES))),
    }


def settings(draw: Any, skus: list[tuple[str, ...]]) -> list[Row]:
    """Stock item rows: maybe the default row, some SKUs, many fields null."""
    names = draw(some_of([None, *(sku[-1] for sku in skus)]))
    drawn = exactly(
        len(names),
        often([True, False, False]),
        often(MIN_QTY),
        often([0, 1, 2]),
        often(LIMITS),
        often([Decimal(text) for text in ("0", "2", "4.5", "10")]),
        often(LIMITS),
        often([True, True, False]),
    )
    return named("stock_items", joined([(name,) for name in names], draw(drawn)))


def distances(draw: Any, codes: list[str]) -> list[Row]:
    """Known distances, to places that orders like to name."""
    pairs = draw(some_of([(code, place) for code in codes for place in PLACES]))
    drawn = draw(exactly(len(pairs), kilometres))
    return named("distances", joined([(code, *place) for code, place in pairs], drawn))


def order_tables(
    draw: Any,
    stocks: list[int],
    spelt: st.SearchStrategy[str],
    with_channels: bool,
    with_orders: bool,
    text_ids: bool,
) -> Tables:
    """Orders and their lines, or the lines alone with the orders' columns."""
    count = draw(upto(6))
    columns = (
        st.sampled_from(stocks),
        st.booleans(),
        st.sampled_from(MOMENTS),
        st.sampled_from([None, 0, 0, 1, 5, -1]),
    )
    zone = draw(st.sampled_from([None, UTC]))
    heads = draw(exactly(count, *columns))
    orders = []
    for number, (head, place) in enumerate(zip(heads, places_of(draw, count), strict=True)):
        stock, by_channel, created, priority = head
        order_id = f"#{9 - number}" if text_ids else 9 - number
        seller = (stock, None, None)
        if by_channel and with_channels:
            seller = (None, "website", f"site-{stock}")
        moment = created and created.replace(tzinfo=zone)
        orders.append((order_id, *seller, moment, priority, *place))
    rows = named("orders", orders)
    drawn = []
    if rows:
        columns = st.sampled_from(range(count)), spelt, st.sampled_from(WANTED)
        drawn = draw(upto(16).flatmap(lambda n: exactly(n, *columns)))
    lines = [{"order_id": rows[at]["order_id"], "sku": sku, "qty": qty} for at, sku, qty in drawn]
    if with_orders:
        return {"orders": rows, "order_lines": lines}
    return {"order_lines": [rows[at] | line for (at, *_), line in zip(drawn, lines, strict=True)]}
