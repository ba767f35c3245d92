"""Build the Northwind data set: readable CSV tables for a first look.

From Microsoft's sample (fictitious, but published): orders with their ship addresses and dates,
order lines, and how many units of each product are in stock.
Made, with a fixed seed: the five warehouses in real cities, the two stocks and their links, and
the split of the units over the warehouses. The units are scaled up by SCALE, because the sample's
stock is one day's and its orders are 22 months'.

Usage: python data/northwind/build.py

It reads `raw/` beside it. A rerun gives the same bytes.
"""

import csv
import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = "northwind/1"
SCALE = 50

AMERICAS, EUROPE = 1, 2
STOCKS = [(AMERICAS, "Americas"), (EUROPE, "Europe")]
# source_code, name, latitude, longitude, country_id, city, postcode. Marseille is placed by its
# address.
SOURCES = [
    ("hamburg", "Hamburg", 53.5439, 10.0133, "DE", "Hamburg", "20457"),
    ("london", "London", 51.5074, -0.1278, "GB", "London", "E16"),
    ("marseille", "Marseille", "", "", "FR", "Marseille", "13002"),
    ("sao_paulo", "São Paulo", -23.5505, -46.6333, "BR", "São Paulo", "01000-000"),
    ("seattle", "Seattle", 47.6062, -122.3321, "US", "Seattle", "98134"),
]
# London serves both stocks, at different ranks.
LINKS = {AMERICAS: ["seattle", "sao_paulo", "london"], EUROPE: ["hamburg", "london", "marseille"]}
# Source, share of a product's units, chance to carry it.
SHARES = [
    ("hamburg", 0.25, 0.90),
    ("london", 0.20, 0.80),
    ("marseille", 0.15, 0.60),
    ("sao_paulo", 0.15, 0.60),
    ("seattle", 0.25, 0.90),
]
# Country as printed in the sample: ISO 3166 code, stock.
COUNTRIES = {
    "Argentina": ("AR", AMERICAS),
    "Austria": ("AT", EUROPE),
    "Belgium": ("BE", EUROPE),
    "Brazil": ("BR", AMERICAS),
    "Canada": ("CA", AMERICAS),
    "Denmark": ("DK", EUROPE),
    "Finland": ("FI", EUROPE),
    "France": ("FR", EUROPE),
    "Germany": ("DE", EUROPE),
    "Ireland": ("IE", EUROPE),
    "Italy": ("IT", EUROPE),
    "Mexico": ("MX", AMERICAS),
    "Norway": ("NO", EUROPE),
    "Poland": ("PL", EUROPE),
    "Portugal": ("PT", EUROPE),
    "Spain": ("ES", EUROPE),
    "Sweden": ("SE", EUROPE),
    "Switzerland": ("CH", EUROPE),
    "UK": ("GB", EUROPE),
    "USA": ("US", AMERICAS),
    "Venezuela": ("VE", AMERICAS),
}
SOURCE_COLUMNS = ["source_code", "name", "latitude", "longitude", "country_id", "city", "postcode"]
ITEM_COLUMNS = ["source_code", "sku", "quantity", "status"]
ORDER_COLUMNS = [
    "order_id",
    "stock_id",
    "created_at",
    "country_id",
    "region",
    "city",
    "postcode",
    "street",
]


def main() -> None:
    """Write the catalogue and the orders, and print the counts that the README quotes."""
    write("catalog/sources", SOURCE_COLUMNS, SOURCES)
    write("catalog/stocks", ["stock_id", "name"], STOCKS)
    write("catalog/stock_source_links", ["stock_id", "source_code", "priority"], links())
    write("catalog/source_items", ITEM_COLUMNS, source_items())
    write("orders/orders", ORDER_COLUMNS, map(order, read("orders")))
    write("orders/order_lines", ["order_id", "sku", "qty"], map(line, read("order_details")))


def read(name: str) -> Iterable[dict[str, str]]:
    """Yield the rows of a raw file."""
    with (HERE / "raw" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def write(name: str, header: list[str], rows: Iterable[Iterable[object]]) -> None:
    """Write one table and print its length."""
    path = HERE / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    print(f"{name}: {len(rows):,} rows")


def links() -> Iterable[tuple[int, str, int]]:
    """Yield stock, source and rank."""
    for stock, sources in LINKS.items():
        for rank, source in enumerate(sources, start=1):
            yield stock, source, rank


def source_items() -> Iterable[tuple[str, str, int, int]]:
    """Yield source, SKU, quantity and status, by SKU."""
    for product in read("products"):
        sku = sku_of(product)
        for source, units in split(sku, int(product["UnitsInStock"]) * SCALE):
            yield source, sku, units, int(units > 0)


def split(sku: str, units: int) -> list[tuple[str, int]]:
    """Split units over the sources that carry a SKU; Hamburg or else Seattle takes the rest."""
    weights = {
        source: share * (0.5 + draw("share", sku, source))
        for source, share, chance in SHARES
        if draw("carried", sku, source) < chance
    }
    weights = weights or {"hamburg": 1.0}
    whole = sum(weights.values())
    counts = {source: int(units * weight / whole) for source, weight in weights.items()}
    home = next((source for source in ("hamburg", "seattle") if source in counts), min(counts))
    counts[home] += units - sum(counts.values())
    return list(counts.items())


def draw(*key: str) -> float:
    """Return a number in [0, 1) that depends on the seed and the key alone."""
    digest = hashlib.sha256("/".join((SEED, *key)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def order(raw: dict[str, str]) -> tuple[object, ...]:
    """Return one row of `orders`; the address stays as printed, except for the country."""
    country, stock = COUNTRIES[raw["ShipCountry"]]
    day = datetime.strptime(raw["OrderDate"], "%m/%d/%Y").date().isoformat()
    address = [raw[name] for name in ("ShipRegion", "ShipCity", "ShipPostalCode", "ShipAddress")]
    return raw["OrderID"], stock, day, country, *address


def line(raw: dict[str, str]) -> tuple[str, str, str]:
    """Return one row of `order_lines`."""
    return raw["OrderID"], sku_of(raw), raw["Quantity"]


def sku_of(raw: dict[str, str]) -> str:
    """Return the product's number as a SKU, four digits: 11 is `0011`."""
    return raw["ProductID"].zfill(4)


if __name__ == "__main__":
    main()
