"""The registry of cases: what is timed, and the seeded files that it is timed on.

Every case is a catalogue folder and an orders folder in Parquet. `files` writes them once, a
million lines at a time, and finds them again after that. `CASES` are the shapes of work; `GROWTH`
are series of cases along one axis, the others fixed.
"""

import shutil
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.packaged import packaged
from engine.tables.quantity import units_to_decimal

CACHE = Path(__file__).parents[1] / ".benchmarks" / "cases"
_CHUNK = 1 << 20
_MAKER = 2
"""Raise it when the files of the cases change: those made before are made anew."""


@dataclass(frozen=True)
class Case:
    """A shape of work.

    Attributes
    ----------
    lines, skus, sources, stocks
        How many; each stock links every source, in an order of its own.
    items_per_sku
        Sources that hold a SKU.
    lines_per_order
        On average; an order has from 1 to twice that less 1, or always 2 for 2.
    destinations
        Distinct US postcodes that orders go to; 0 for orders that name no place.
    supply
        Units in stock for each unit ordered; of SKUs that are wanted little, where 1 is 4 units
        at each source, more.
    by_demand
        Each SKU has so many units for each that is ordered of it, and no more.
    hot
        Share of the lines that ask for the one most wanted SKU.
    in_lines
        The lines carry the columns of their orders, which have no table of their own.
    stores
        Sources stand where US_STORES has them, instead of at random postcodes.
    seed
        Of everything random.
    data_set
        Data of the package that are taken as they are; nothing is made then.
    """

    name: str
    about: str
    lines: int
    skus: int
    sources: int
    stocks: int = 1
    items_per_sku: int = 5
    lines_per_order: float = 2.5
    destinations: int = 0
    supply: float = 1.2
    by_demand: bool = False
    hot: float = 0.0
    in_lines: bool = False
    stores: bool = False
    seed: int = 7
    data_set: str = ""


class Files(NamedTuple):
    """Where the input of a case stands."""

    catalog: Path
    orders: Path


def _sized(lines: int, skus: int, sources: int, destinations: int = 1_000) -> Case:
    name = f"{_short(lines)}x{_short(skus)}x{sources}"
    about = f"{_short(lines)} lines, {_short(skus)} SKUs, {sources} sources"
    if destinations != 1_000:
        name += f"x{_short(destinations)}"
        about += f", {_short(destinations)} destinations"
    return Case(name, about, lines, skus, sources, destinations=destinations)


def _short(count: int) -> str:
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if count >= size and count % size == 0:
            return f"{count // size}{letter}"
    return str(count)


_ALL = [
    Case(
        "msi-xl",
        "MSI's own largest test profile",
        lines=300_000,
        skus=600_000,
        sources=25,
        stocks=5,
        lines_per_order=2,
    ),
    *(
        _sized(lines, skus, sources)
        for lines in (100_000, 1_000_000, 10_000_000)
        for skus in (100_000, 1_000_000)
        for sources in (50, 200)
    ),
    Case("hot-sku", "half of 1M lines want one SKU", 10**6, 10**5, 50, hot=0.5, destinations=1_000),
    Case(
        "all-short",
        "1M lines, hardly anything there",
        10**6,
        10**5,
        50,
        supply=0.01,
        destinations=1_000,
    ),
    Case(
        "one-source", "1M lines, one source", 10**6, 10**5, 1, items_per_sku=1, destinations=1_000
    ),
    Case("places", "1M lines to every US postcode", 10**6, 10**5, 50, destinations=42_000),
    Case(
        "stores",
        "a network of 2,000 US stores",
        10**6,
        10**5,
        2_000,
        items_per_sku=20,
        destinations=10_000,
        stores=True,
    ),
    Case(
        "year",
        "Online Retail's year",
        lines=518_385,
        skus=3_808,
        sources=8,
        stocks=2,
        data_set="online_retail/year",
    ),
    Case(
        "stream-50M",
        "50M lines streamed, their orders in them",
        50_000_000,
        1_000_000,
        50,
        destinations=1_000,
        in_lines=True,
    ),
]

CASES = {case.name: case for case in _ALL}

GROWTH = {
    "lines": [_sized(n, 10**5, 50) for n in (100_000, 300_000, 10**6, 3 * 10**6, 10**7)],
    "skus": [_sized(10**6, n, 50) for n in (10_000, 30_000, 10**5, 300_000, 10**6)],
    "sources": [_sized(10**6, 10**5, n) for n in (10, 50, 200, 1_000)],
    "destinations": [_sized(10**6, 10**5, 50, n) for n in (100, 1_000, 10_000, 40_000)],
}
"""Axis -> cases that differ in it alone; some are in `CASES` too."""

SHORT_XL = replace(
    CASES["msi-xl"],
    name="msi-xl-90",
    about="msi-xl to 1,000 places, with stock for 90 %",
    destinations=1_000,
    supply=0.9,
    by_demand=True,
)
"""Looked at for its quality alone: units of a SKU that are wanted hardly ever lie together."""


def reduced(case: Case, by: int) -> Case:
    """Return a case with as many times fewer lines, SKUs and destinations.

    A network keeps its sources, and a data set of the package its rows.
    """
    if case.data_set:
        return case
    return replace(
        case,
        name=f"{case.name}-by-{by}",
        about=f"{case.about}, {by:,} times smaller",
        lines=max(case.lines // by, 2),
        skus=max(case.skus // by, 1),
        destinations=-(-case.destinations // by),
    )


def files(case: Case) -> Files:
    """Return the files of a case; write them if they are not there."""
    if case.data_set:
        return Files(*(packaged(f"{case.data_set}/{name}") for name in Files._fields))
    folder = CACHE / f"{case.name}-{_MAKER}"
    if not folder.exists():
        draft = folder.with_suffix(".tmp")
        shutil.rmtree(draft, ignore_errors=True)
        (draft / "catalog").mkdir(parents=True)
        (draft / "orders").mkdir()
        _write_orders(case, draft / "orders")
        _write_catalog(case, draft / "catalog", draft / "orders")
        draft.rename(folder)
    return Files(folder / "catalog", folder / "orders")


def _write_catalog(case: Case, folder: Path, orders: Path) -> None:
    rng = np.random.default_rng([case.seed, 0])
    codes = [f"src-{at:04d}" for at in range(case.sources)]
    latitude, longitude = _positions_of_sources(case, rng)
    sources = {"source_code": codes, "latitude": latitude, "longitude": longitude}
    _write(folder / "sources.parquet", pa.table(sources))
    priority = [rng.permutation(case.sources) + 1 for _ in range(case.stocks)]
    links = {
        "stock_id": np.repeat(np.arange(1, case.stocks + 1), case.sources),
        "source_code": codes * case.stocks,
        "priority": np.concatenate(priority),
    }
    _write(folder / "stock_source_links.parquet", pa.table(links))
    _write(folder / "source_items.parquet", _source_items(case, rng, codes, orders))


def _source_items(case: Case, rng: np.random.Generator, codes: list[str], orders: Path) -> pa.Table:
    """Return each SKU at ``items_per_sku`` sources, in file order by round and then SKU."""
    first = rng.integers(0, case.sources, case.skus)
    step = case.sources // case.items_per_sku
    source = (first + step * np.arange(case.items_per_sku)[:, None]) % case.sources
    wanted = 3.0 * case.lines / case.skus
    mean = case.supply * max(wanted / case.items_per_sku, 4.0)
    if case.by_demand:
        quantity = _shared_out(case, rng, _wanted(case, orders))
    else:
        quantity = rng.poisson(mean, source.shape)
    if case.hot:
        quantity[:, 0] += int(case.hot * case.supply * 3.0 * case.lines / case.items_per_sku)
    return pa.table(
        {
            "source_code": pa.array(codes).take(pa.array(source.ravel())),
            "sku": _skus(np.tile(np.arange(case.skus), case.items_per_sku)),
            "quantity": units_to_decimal(quantity.ravel() * 10_000),
            "status": pa.array((quantity.ravel() > 0).astype(np.int8)),
        }
    )


def _wanted(case: Case, orders: Path) -> np.ndarray:
    """(num_skus,) units that are ordered of each SKU."""
    lines = pq.read_table(orders / "order_lines.parquet", columns=["sku", "qty"])
    sku = np.asarray(pc.index_in(lines["sku"], _skus(np.arange(case.skus))))
    units = np.zeros(case.skus, np.int64)
    np.add.at(units, sku, np.asarray(lines["qty"].cast(pa.int64())))
    return units


def _shared_out(case: Case, rng: np.random.Generator, wanted: np.ndarray) -> np.ndarray:
    """(items_per_sku, num_skus) units, each at one of the SKU's sources by chance."""
    share = case.supply * wanted
    units = np.floor(share).astype(np.int64)
    units += rng.random(len(units)) < share - units
    quantity = np.zeros((case.items_per_sku, case.skus), np.int64)
    sku = np.repeat(np.arange(case.skus), units)
    np.add.at(quantity, (rng.integers(0, case.items_per_sku, len(sku)), sku), 1)
    return quantity


def _positions_of_sources(case: Case, rng: np.random.Generator) -> tuple[pa.Array, pa.Array]:
    if case.stores:
        import pyarrow.csv as pacsv

        stores = pacsv.read_csv(US_STORES)
        rows = pa.array(np.sort(rng.permutation(stores.num_rows)[: case.sources]))
    else:
        stores = _us_places()
        rows = pa.array(rng.integers(0, stores.num_rows, case.sources))
    return tuple(stores[name].combine_chunks().take(rows) for name in ("latitude", "longitude"))


US_STORES = Path(__file__).parents[1] / "data" / "us_stores" / "us_stores.csv.gz"


@cache
def _us_places() -> pa.Table:
    rows = pq.read_table(packaged("geonames") / "geonames.parquet")
    rows = rows.filter(pc.equal(rows["country_code"], "US")).combine_chunks()
    first = np.unique(
        np.asarray(rows["postcode"].combine_chunks().dictionary_encode().indices), return_index=True
    )[1]
    return rows.take(pa.array(np.sort(first)))


def _write_orders(case: Case, folder: Path) -> None:
    places = None
    if case.destinations:
        rng = np.random.default_rng([case.seed, 1])
        chosen = rng.permutation(_us_places().num_rows)[: case.destinations]
        places = _us_places()["postcode"].combine_chunks().take(pa.array(chosen))
    writers: dict[str, pq.ParquetWriter] = {}
    first_order = 1
    try:
        for at in range(0, case.lines, _CHUNK):
            num_lines = min(_CHUNK, case.lines - at)
            rng = np.random.default_rng([case.seed, 2, at])
            sizes = _order_sizes(case, rng, num_lines)
            ids = np.arange(first_order, first_order + len(sizes))
            first_order += len(sizes)
            orders = _orders(case, rng, ids, places)
            lines = _lines(case, rng, np.repeat(ids, sizes))
            tables = {"orders": orders, "order_lines": lines}
            if case.in_lines:
                of_line = orders.take(pa.array(np.repeat(np.arange(len(ids)), sizes)))
                for column in ("sku", "qty"):
                    of_line = of_line.append_column(column, lines[column])
                tables = {"order_lines": of_line}
            for name, table in tables.items():
                if name not in writers:
                    writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", table.schema)
                writers[name].write_table(table)
    finally:
        for writer in writers.values():
            writer.close()


def _order_sizes(case: Case, rng: np.random.Generator, num_lines: int) -> np.ndarray:
    if case.lines_per_order == 2:
        return np.full(num_lines // 2, 2)
    largest = int(2 * case.lines_per_order - 1)
    sizes = rng.integers(1, largest + 1, num_lines)
    stop = int(np.searchsorted(np.cumsum(sizes), num_lines))
    sizes = sizes[: stop + 1]
    sizes[-1] -= sizes.sum() - num_lines
    return sizes


def _orders(
    case: Case, rng: np.random.Generator, ids: np.ndarray, places: pa.Array | None
) -> pa.Table:
    columns = {"order_id": ids, "stock_id": rng.integers(1, case.stocks + 1, len(ids))}
    if places is not None:
        columns["country_id"] = pa.repeat(pa.scalar("US"), len(ids))
        columns["postcode"] = places.take(pa.array(rng.integers(0, len(places), len(ids))))
    return pa.table(columns)


def _lines(case: Case, rng: np.random.Generator, ids: np.ndarray) -> pa.Table:
    sku = rng.integers(0, case.skus, len(ids))
    if case.hot:
        sku[rng.random(len(ids)) < case.hot] = 0
    quantity = rng.integers(1, 6, len(ids))
    return pa.table(
        {"order_id": ids, "sku": _skus(sku), "qty": units_to_decimal(quantity * 10_000)}
    )


def _skus(index: np.ndarray) -> pa.Array:
    """(num_rows,) texts such as ``SKU-0001234``, made as bytes: 30 times as fast as by text."""
    digits = (index[:, None] // 10 ** np.arange(6, -1, -1)) % 10 + ord("0")
    rows = np.empty((len(index), 11), np.uint8)
    rows[:, :4] = np.frombuffer(b"SKU-", np.uint8)
    rows[:, 4:] = digits
    offsets = np.arange(0, 11 * (len(index) + 1), 11, dtype=np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(rows)]
    text = pa.Array.from_buffers(pa.large_string(), len(index), buffers)
    return text.cast(pa.string())


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path)
