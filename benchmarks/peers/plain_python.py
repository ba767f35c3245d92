"""Plain Python: MSI's algorithm as it is written, order by order, with dicts and whole numbers.

As MSI's offline provider does, it locates each address once, and computes and sorts the distances
of all sources for every order anew. Any number of stocks.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.peers.command import main

_GEONAMES = Path(__file__).parents[2] / "data" / "geonames" / "geonames.parquet"
_UNIT = pa.scalar(Decimal("0.0001"), pa.decimal128(4, 4))

Columns = dict[str, list[Any]]
Ranker = Callable[[int], dict[str, int]]


def run(catalog: Path, orders: Path, out: Path, algorithm: str) -> None:
    """Allocate by priority or distance, from any number of stocks."""
    out.mkdir(parents=True, exist_ok=True)
    items = _read(catalog / "source_items.parquet")
    asked = _read(orders / "orders.parquet")
    lines = _read(orders / "order_lines.parquet")
    linked = _linked(_read(catalog / "stock_source_links.parquet"))
    if algorithm == "distance":
        ranks = _by_distance(asked, linked, _read(catalog / "sources.parquet"))
    else:
        ranks = _by_priority(asked, linked)
    tables = _serve(asked, lines, items, ranks)
    for name, columns in {**tables, "source_items": items}.items():
        _write(columns, out / f"{name}.parquet")


def _read(path: Path) -> Columns:
    """Read a table as lists, quantities in units of 0.0001."""
    table = pq.read_table(path)
    for at, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            units = pc.multiply(table[field.name], pa.scalar(10_000)).cast(pa.int64())
            table = table.set_column(at, field.name, units)
    return table.to_pydict()


def _write(columns: Columns, path: Path) -> None:
    arrays = {}
    for name, values in columns.items():
        arrays[name] = pa.array(values)
        if name.startswith("qty") or name == "quantity":
            units = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
            digits = 18 if name in ("qty", "qty_allocated") else 12
            arrays[name] = pc.multiply(units, _UNIT).cast(pa.decimal128(digits, 4))
    pq.write_table(pa.table(arrays), path)


def _linked(links: Columns) -> dict[int, list[str]]:
    """Sources of each stock, by priority."""
    result: dict[int, list[str]] = {}
    rows = zip(links["priority"], links["source_code"], links["stock_id"], strict=True)
    for _, source, stock in sorted(rows):
        result.setdefault(stock, []).append(source)
    return result


def _by_priority(orders: Columns, linked: dict[int, list[str]]) -> Ranker:
    """Return what gives the place of each source for an order."""
    places = {
        stock: {source: place for place, source in enumerate(sources)}
        for stock, sources in linked.items()
    }
    stocks = orders["stock_id"]
    return lambda order: places[stocks[order]]


def _by_distance(orders: Columns, linked: dict[int, list[str]], sources: Columns) -> Ranker:
    """Return what gives the place of each source for an order, by distance, then priority."""
    located = zip(sources["latitude"], sources["longitude"], strict=True)
    position = dict(zip(sources["source_code"], located, strict=True))
    known = _places()

    def ranks(order: int) -> dict[str, int]:
        here = known[orders["country_id"][order], orders["postcode"][order]]
        sources = linked[orders["stock_id"][order]]
        # A stable sort: equal distances stay in order of priority.
        ordered = sorted(sources, key=lambda source: _haversine_mm(*position[source], *here))
        return {source: place for place, source in enumerate(ordered)}

    return ranks


@cache
def _places() -> dict[tuple[str, str], tuple[float, float]]:
    """Position of the first row of each country and postcode."""
    rows = _read(_GEONAMES)
    places: dict[tuple[str, str], tuple[float, float]] = {}
    for country, postcode, latitude, longitude in zip(
        *(rows[name] for name in ("country_code", "postcode", "latitude", "longitude")),
        strict=True,
    ):
        places.setdefault((country, postcode), (latitude, longitude))
    return places


def _haversine_mm(lat1: float, lon1: float, lat2: float, lon2: float) -> int:
    lat1, lon1, lat2, lon2 = radians(lat1), radians(lon1), radians(lat2), radians(lon2)
    a = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * 6_371_000_000 * asin(min(1.0, sqrt(a))))


def _serve(orders: Columns, lines: Columns, items: Columns, ranks: Ranker) -> dict[str, Columns]:
    """Serve every order in turn; spend the quantities of the items."""
    of_sku: dict[str, list[tuple[str, int]]] = {}
    for item, (sku, source) in enumerate(zip(items["sku"], items["source_code"], strict=True)):
        of_sku.setdefault(sku, []).append((source, item))
    of_order: dict[Any, list[tuple[str, int]]] = {}
    for order_id, sku, wanted in zip(lines["order_id"], lines["sku"], lines["qty"], strict=True):
        of_order.setdefault(order_id, []).append((sku, wanted))

    quantity, status = items["quantity"], items["status"]
    picks: list[tuple] = []
    shorts: list[tuple] = []
    totals: list[tuple] = []
    for order, order_id in enumerate(orders["order_id"]):
        place = ranks(order)
        used = set()
        total = missing = 0
        for line, (sku, wanted) in enumerate(of_order[order_id]):
            need = wanted
            candidates = [
                (place[source], source, item)
                for source, item in of_sku.get(sku, ())
                if source in place and status[item]
            ]
            candidates.sort()
            for _, source, item in candidates:
                available = quantity[item]
                deduct = min(available, need)
                if deduct > 0:
                    picks.append((order_id, line, sku, source, deduct, available))
                    quantity[item] = available - deduct
                    if deduct == available:
                        status[item] = 0
                    used.add(source)
                    need -= deduct
                if not need:
                    break
            if need:
                shorts.append((order_id, line, sku, need))
            total += wanted
            missing += need
        num_lines = len(of_order[order_id])
        totals.append((order_id, not missing, num_lines, len(used), total, total - missing))

    columns = {
        "allocations": (picks, "order_id line sku source_code qty_to_deduct qty_available"),
        "shortfalls": (shorts, "order_id line sku qty_short"),
        "orders": (totals, "order_id shippable lines source_count qty qty_allocated"),
    }
    return {
        table: {name: [row[at] for row in rows] for at, name in enumerate(names.split())}
        for table, (rows, names) in columns.items()
    }


if __name__ == "__main__":
    main(run)
