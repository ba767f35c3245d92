"""Build the Online Retail data set: one peak week and the whole year.

Real: orders, lines, quantities, dates, countries and product codes (UCI Online Retail), postcodes
and places (GeoNames), the cities of the sources and their coordinates.
Made, with a fixed seed: which place of its country an order goes to, the network (sources, stocks,
links, sales channels), every stocked quantity and status, most of `stock_items`, picks in progress.

Usage: python data/online_retail/build.py

It reads `online_retail_orders_clean.csv.xz` beside it and `../geonames/geonames.parquet`.
A rerun gives the same bytes, as long as the version of pyarrow is the same.
"""

import io
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import network
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
from network import QUANTITY, columns, draw

HERE = Path(__file__).resolve().parent
RAW = HERE / "online_retail_orders_clean.csv.xz"
GEONAMES = HERE.parent / "geonames" / "geonames.parquet"

YEAR = (datetime(2010, 12, 1), datetime(2011, 12, 10))
WEEK = (datetime(2011, 11, 14), datetime(2011, 11, 21))
# The week's catalogue is sized from the week and the one after it: stock does not end on a Sunday.
HORIZON = (WEEK[0], WEEK[0] + timedelta(days=14))
SHIPPED_DAY, OPEN_DAY = datetime(2011, 11, 11), datetime(2011, 11, 13)  # Friday, Sunday

# ISO 3166 codes of the countries as the raw file names them; its two names of no country are
# left without a code. "Channel Islands" does not say which bailiwick: Jersey is the larger.
COUNTRY_ID = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Channel Islands": "JE",
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",
    "European Community": None,
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
    "Unspecified": None,
}
# GeoNames files the Crown dependencies under GB; the raw file does not count them to the UK.
NOT_UK = re.compile(r"(GY|IM|JE)\d")


class Line(NamedTuple):
    """One line of the raw file."""

    order_id: str
    sku: str
    qty: int
    at: datetime
    customer: str
    country: str


class Order(NamedTuple):
    """One order, and its lines in file order."""

    order_id: str
    created_at: datetime
    stock_id: int
    country_id: str | None
    city: str | None
    postcode: str | None
    lines: list[Line]


def main() -> None:
    """Build both sets and print the counts that the README quotes."""
    orders = read_orders(read_places())
    year = between(orders, *YEAR)
    stocked = network.stock_up(demand(year), network.YEAR_COVER, "year")
    write_catalog(HERE / "year" / "catalog", stocked, year)
    write_orders(HERE / "year" / "orders", year)

    week = between(orders, *WEEK)
    known = dict.fromkeys(demand(between(orders, YEAR[0], HORIZON[1])), (0, 0))
    wanted = known | demand(between(orders, *HORIZON))
    stocked = network.stock_up(wanted, network.WEEK_COVER, "week")
    write_catalog(HERE / "catalog", stocked, year)
    write_promises(HERE / "catalog", stocked, orders)
    write_orders(HERE / "orders", week)


def read_places() -> dict[str, list[tuple[str, str]]]:
    """(city, postcode) of each GeoNames row, by country, in file order."""
    columns = pq.read_table(GEONAMES, columns=["country_code", "city", "postcode"]).to_pydict()
    places = defaultdict(list)
    for country, city, postcode in zip(*columns.values(), strict=True):
        if not (country == "GB" and NOT_UK.match(postcode)):
            places[country].append((city, postcode))
    return dict(places)


def read_lines() -> Iterator[Line]:
    """Yield the raw lines in file order; codes stay text."""
    names = ["InvoiceNo", "StockCode", "CustomerID", "Country"]
    types = dict.fromkeys(names, pa.string()) | {"Quantity": pa.int64()}
    table = pv.read_csv(
        io.BytesIO(lzma.decompress(RAW.read_bytes())),
        convert_options=pv.ConvertOptions(column_types=types | {"InvoiceDate": pa.timestamp("s")}),
    )
    order = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "CustomerID", "Country"]
    return map(Line._make, zip(*(table[name].to_pylist() for name in order), strict=True))


def read_orders(places: dict[str, list[tuple[str, str]]]) -> list[Order]:
    """Return the orders in file order; an order's time is that of its first line."""
    lines_of: dict[str, list[Line]] = defaultdict(list)
    for line in read_lines():
        lines_of[line.order_id].append(line)
    return [make_order(lines, places) for lines in lines_of.values()]


def make_order(lines: list[Line], places: dict[str, list[tuple[str, str]]]) -> Order:
    """Give an order its stock and its address."""
    first = lines[0]
    country = COUNTRY_ID[first.country]
    # One customer, one address; eight customers order from two countries and have two. An order
    # without a customer has its own.
    key = first.customer or f"order {first.order_id}"
    rows = places.get(country or "", [(None, None)])
    city, postcode = rows[int(draw("address", key, first.country) * len(rows))]
    stock = network.UK if country == "GB" else network.EUROPE
    return Order(first.order_id, first.at, stock, country, city, postcode, lines)


def between(orders: list[Order], start: datetime, end: datetime) -> list[Order]:
    """Return the orders placed from `start` until before `end`."""
    return [order for order in orders if start <= order.created_at < end]


def demand(orders: list[Order]) -> dict[str, tuple[int, int]]:
    """Units wanted of each folded SKU, by the stocks UK and Europe."""
    units: dict[int, Counter[str]] = {network.UK: Counter(), network.EUROPE: Counter()}
    for order in orders:
        for line in order.lines:
            units[order.stock_id][line.sku.lower()] += line.qty
    skus = sorted(units[network.UK] | units[network.EUROPE])
    return {sku: (units[network.UK][sku], units[network.EUROPE][sku]) for sku in skus}


def write_catalog(folder: Path, stocked: network.Stocked, year: list[Order]) -> None:
    """Write the network, its stock and the SKU settings."""
    spelling = first_spelling(year)
    items = network.source_items(stocked, spelling)
    settings = network.stock_items(stocked, spelling, pack_sizes(year))
    for name, table in network.fixed_tables().items():
        write(folder, name, table)
    write(folder, "source_items", items)
    write(folder, "stock_items", settings)


def first_spelling(orders: list[Order]) -> dict[str, str]:
    """The spelling in which each SKU is first ordered: `15056BL` and `15056bl` are one SKU."""
    spelling: dict[str, str] = {}
    for order in orders:
        for line in order.lines:
            spelling.setdefault(line.sku.lower(), line.sku)
    return spelling


def pack_sizes(orders: list[Order]) -> dict[str, int]:
    """Pack sizes seen in the data: what divides every line of a SKU."""
    quantities = defaultdict(list)
    for order in orders:
        for line in order.lines:
            quantities[line.sku.lower()].append(line.qty)
    return network.pack_sizes(quantities)


def write_promises(folder: Path, stocked: network.Stocked, orders: list[Order]) -> None:
    """Write what Monday morning has promised already.

    Friday's orders have shipped: each reservation is compensated. Sunday's are open, and some
    of their lines are being picked.
    """
    spelling = first_spelling(orders)
    shipped = reserve(between(orders, SHIPPED_DAY, SHIPPED_DAY + timedelta(days=1)), spelling)
    waiting = reserve(between(orders, OPEN_DAY, OPEN_DAY + timedelta(days=1)), spelling)
    rows = shipped + [(stock, sku, -qty) for stock, sku, qty in shipped] + waiting
    table = columns(rows, stock_id=pa.int64(), sku=pa.string(), quantity=QUANTITY)
    write(folder, "reservations", table)
    write(folder, "source_reservations", network.picks_in_progress(stocked, waiting))


def reserve(orders: list[Order], spelling: dict[str, str]) -> list[tuple[int, str, int]]:
    """(stock, SKU, negative quantity) of each line."""
    return [
        (order.stock_id, spelling[line.sku.lower()], -line.qty)
        for order in orders
        for line in order.lines
    ]


def write_orders(folder: Path, orders: list[Order]) -> None:
    """Write the tables `orders` and `order_lines`."""
    heads = columns(
        ((o.order_id, "website", network.CHANNEL[o.stock_id], *o[1:2], *o[3:6]) for o in orders),
        order_id=pa.string(),
        sales_channel_type=pa.string(),
        sales_channel_code=pa.string(),
        created_at=pa.timestamp("us"),
        country_id=pa.string(),
        city=pa.string(),
        postcode=pa.string(),
    )
    lines = columns(
        ((line.order_id, line.sku, line.qty) for order in orders for line in order.lines),
        order_id=pa.string(),
        sku=pa.string(),
        qty=QUANTITY,
    )
    write(folder, "orders", heads)
    write(folder, "order_lines", lines)
    units = sum(line.qty for order in orders for line in order.lines)
    unplaced = sum(order.postcode is None for order in orders)
    print(f"{folder.relative_to(HERE)}: {units:,} units, {unplaced:,} orders without a postcode")


def write(folder: Path, name: str, table: pa.Table) -> None:
    """Write one table and print its length."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / f"{name}.parquet", compression="zstd", compression_level=19)
    print(f"{(folder / name).relative_to(HERE)}: {table.num_rows:,} rows")


if __name__ == "__main__":
    main()
