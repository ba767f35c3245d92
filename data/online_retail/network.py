"""The made part of the Online Retail data set: the network, its stock and its promises.

The cities, postcodes and coordinates are real. That a warehouse stands there is made, and so is
all that it holds. Every choice hangs on its own key, not on a running generator: a new choice
elsewhere moves nothing here.
"""

import hashlib
from collections.abc import Iterable
from math import ceil, gcd
from typing import NamedTuple

import pyarrow as pa

SEED = "online_retail/1"
QUANTITY = pa.decimal128(12, 4)

UK, EUROPE = 1, 2
CHANNEL = {UK: "uk", EUROPE: "europe"}
STOCKS = [(UK, "UK"), (EUROPE, "Europe")]

# source_code, name, enabled, latitude, longitude, country_id, city, postcode. A source without
# coordinates is placed by its address.
SOURCES = [
    ("birmingham", "Birmingham", True, 52.4862, -1.8904, "GB", "Birmingham", "B7"),
    ("bristol", "Bristol, closed for refitting", False, 51.4545, -2.5879, "GB", "Bristol", "BS11"),
    ("glasgow", "Glasgow", True, None, None, "GB", "Glasgow", "G51"),
    ("leipzig", "Leipzig", True, 51.3397, 12.3731, "DE", "Leipzig", "04158"),
    ("london", "London", True, 51.5074, -0.1278, "GB", "London", "E16"),
    ("manchester", "Manchester", True, None, None, "GB", "Manchester", "M17"),
    ("paris", "Paris", True, None, None, "FR", "Paris", "75018"),
    ("rotterdam", "Rotterdam", True, 51.9244, 4.4777, "NL", "Rotterdam", "3089"),
]
# Birmingham, London and Rotterdam serve both stocks, at different ranks.
LINKS = {
    UK: ["birmingham", "london", "manchester", "glasgow", "bristol", "rotterdam"],
    EUROPE: ["rotterdam", "leipzig", "paris", "london", "birmingham"],
}
# Where the units for each stock's demand lie: source, share of the units, chance to carry a SKU.
# The first source of a stock carries every SKU of that stock.
POOLS = {
    UK: [
        ("birmingham", 0.60, 1.0),
        ("london", 0.17, 0.60),
        ("manchester", 0.12, 0.45),
        ("glasgow", 0.07, 0.35),
        ("bristol", 0.04, 0.25),
    ],
    EUROPE: [("rotterdam", 0.60, 1.0), ("leipzig", 0.25, 0.45), ("paris", 0.15, 0.35)],
}
# Units stocked of a SKU as a multiple of its demand, lowest and highest.
WEEK_COVER = (0.45, 1.80)
YEAR_COVER = (0.75, 1.60)
# SKUs out of the ordinary: what becomes of them, and the share of SKUs up to which it does.
ODD_SKUS = [
    ("not carried", 0.004),
    ("only at the closed source", 0.008),
    ("only in the north", 0.016),
    ("sold out", 0.024),
]
NORTH = ("manchester", "glasgow")
PICKING = 0.3  # share of the open lines that are being picked
BLOCKED = 0.005  # share of source items out of stock although units lie there
REMNANT = 12  # most units of a SKU without demand
MIN_LINES_FOR_PACK, MIN_PACK = 15, 4


class Item(NamedTuple):
    """Units of a SKU at a source; status 1 is in stock."""

    quantity: int
    status: int


Stocked = dict[tuple[str, str], Item]  # (folded SKU, source code)


def draw(*key: str) -> float:
    """Return a number in [0, 1) that depends on the seed and the key alone."""
    digest = hashlib.sha256("/".join((SEED, *key)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def stock_up(demand: dict[str, tuple[int, int]], cover: tuple[float, float], run: str) -> Stocked:
    """Decide what each source holds of each SKU, from its demand at the stocks UK and Europe."""
    stocked: Stocked = {}
    for sku, (uk, europe) in demand.items():
        units = {
            UK: target(sku, UK, uk, cover, run),
            EUROPE: target(sku, EUROPE, europe, cover, run),
        }
        for source, count in holdings(sku, units).items():
            blocked = draw("blocked", run, sku, source) < BLOCKED
            stocked[sku, source] = Item(count, 0 if blocked or count <= 0 else 1)
    return stocked


def target(sku: str, stock: int, wanted: int, cover: tuple[float, float], run: str) -> int:
    """Units stocked for one stock's demand of a SKU."""
    value = draw("cover", run, sku, CHANNEL[stock])
    if not wanted:  # no demand: a remnant in the UK, nothing on the continent
        return int(value * (REMNANT + 1)) if stock == UK else 0
    low, high = cover
    return ceil(wanted * (low + (high - low) * value))


def holdings(sku: str, units: dict[int, int]) -> dict[str, int]:
    """Units of a SKU by source."""
    total = sum(units.values())
    match kind(sku):
        case "not carried":
            return {}
        case "only at the closed source":
            return {"bristol": total}
        case "only in the north":
            return dict(zip(NORTH, (total - total // 3, total // 3), strict=True))
        case "sold out":
            oversold = int(draw("oversold", sku) * REMNANT) if backorders(sku) else 0
            return {"birmingham": -oversold, "rotterdam": 0}
    return spread(sku, UK, units[UK]) | (
        spread(sku, EUROPE, units[EUROPE]) if units[EUROPE] else {}
    )


def spread(sku: str, stock: int, units: int) -> dict[str, int]:
    """Split units over the sources that carry the SKU; the first takes what rounding leaves."""
    pool = POOLS[stock]
    weights = {
        source: share * (0.5 + draw("share", sku, source))
        for source, share, chance in pool
        if draw("carried", sku, source) < chance
    }
    whole = sum(weights.values())
    counts = {source: int(units * weight / whole) for source, weight in weights.items()}
    counts[pool[0][0]] += units - sum(counts.values())
    return counts


def kind(sku: str) -> str:
    """Return what is odd about a SKU, or "ordinary"."""
    value = draw("kind", sku)
    return next((name for name, limit in ODD_SKUS if value < limit), "ordinary")


def backorders(sku: str) -> int:
    """MSI's backorder setting of a SKU: 0 no, 1 yes, 2 yes and notify."""
    share = 0.5 if kind(sku) == "sold out" else 0.008
    value = draw("backorders", sku)
    return 0 if value >= share else 1 if value < share / 2 else 2


def min_qty(sku: str) -> int:
    """Return the out-of-stock threshold of a SKU; most have none."""
    return 5 if draw("min_qty", sku) < 0.01 else 0


def pack_sizes(quantities: dict[str, list[int]]) -> dict[str, int]:
    """Greatest common divisor of a SKU's line quantities, where it says something."""
    sizes = {
        sku: gcd(*values) for sku, values in quantities.items() if len(values) >= MIN_LINES_FOR_PACK
    }
    return {sku: size for sku, size in sizes.items() if size >= MIN_PACK}


def fixed_tables() -> dict[str, pa.Table]:
    """Return the tables that do not hang on demand."""
    links = [
        (stock, source, rank)
        for stock, codes in LINKS.items()
        for rank, source in enumerate(codes, start=1)
    ]
    channels = [("website", code, stock) for stock, code in CHANNEL.items()]
    return {
        "sources": columns(
            SOURCES,
            source_code=pa.string(),
            name=pa.string(),
            enabled=pa.bool_(),
            latitude=pa.float64(),
            longitude=pa.float64(),
            country_id=pa.string(),
            city=pa.string(),
            postcode=pa.string(),
        ),
        "stocks": columns(STOCKS, stock_id=pa.int64(), name=pa.string()),
        "sales_channels": columns(
            channels, type=pa.string(), code=pa.string(), stock_id=pa.int64()
        ),
        "stock_source_links": columns(
            links, stock_id=pa.int64(), source_code=pa.string(), priority=pa.int64()
        ),
    }


def source_items(stocked: Stocked, spelling: dict[str, str]) -> pa.Table:
    """Return the table `source_items`, by SKU and source."""
    rows = [
        (source, spelling[sku], item.quantity, item.status)
        for (sku, source), item in sorted(stocked.items())
    ]
    return columns(
        rows, source_code=pa.string(), sku=pa.string(), quantity=QUANTITY, status=pa.int64()
    )


def stock_items(stocked: Stocked, spelling: dict[str, str], packs: dict[str, int]) -> pa.Table:
    """Return the table `stock_items`: MSI's defaults, then the SKUs that differ from them."""
    rows: list[tuple[object, ...]] = [(None, True, 0, 0, 1, 10000, None, False)]
    for sku in sorted({sku for sku, _ in stocked}):
        setting = (min_qty(sku), backorders(sku), packs.get(sku))
        if setting != (0, 0, None):
            rows.append((spelling[sku], True, *setting[:2], 1, 10000, setting[2], False))
    return columns(
        rows,
        sku=pa.string(),
        manage_stock=pa.bool_(),
        min_qty=QUANTITY,
        backorders=pa.int64(),
        min_sale_qty=QUANTITY,
        max_sale_qty=QUANTITY,
        qty_increments=QUANTITY,
        is_qty_decimal=pa.bool_(),
    )


def picks_in_progress(stocked: Stocked, promised: list[tuple[int, str, int]]) -> pa.Table:
    """Return `source_reservations`: the open lines that are being picked.

    Each is at the stock's first source that holds enough. What is being picked is still on its
    shelf, so the picks of a SKU never exceed what lies there.
    """
    closed = {source[0] for source in SOURCES if not source[2]}
    left = {key: item.quantity for key, item in stocked.items() if item.status}
    rows = []
    for at, (stock, sku, qty) in enumerate(promised):
        if draw("picking", str(at)) >= PICKING:
            continue
        for source in LINKS[stock]:
            key = (sku.lower(), source)
            if source not in closed and left.get(key, 0) >= -qty:
                left[key] += qty
                rows.append((source, sku, -qty))
                break
    return columns(rows, source_code=pa.string(), sku=pa.string(), quantity=QUANTITY)


def columns(rows: Iterable[tuple[object, ...]], **types: pa.DataType) -> pa.Table:
    """Turn rows into a table with the given columns."""
    values = zip(*rows, strict=True)
    return pa.table({name: pa.array(v, types[name]) for name, v in zip(types, values, strict=True)})
