"""Cases of policies for hypothesis: small catalogues, orders, and a policy over them.

``policy_cases()`` gives (tables, policy): row dicts as ``tests.strategies.cases`` gives them, and
the policy as its TOML reads. ``to_arrow`` turns the tables into Arrow tables.
"""

from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pyarrow as pa
from hypothesis import strategies as st

from tests import schemas
from tests.oracle.places import country_key, name_key, postcode_key
from tests.schemas import ORDERS, QTY, REAL, SCHEMAS, TEXT, WHOLE, Row, Tables
from tests.strategies import (
    GEONAMES,
    GHOSTS,
    PLACES,
    PROMISED,
    REGIONS,
    SKUS,
    SOURCE_CODES,
    distances,
    exactly,
    joined,
    named,
    often,
    order_tables,
    places_of,
    settings,
    some_of,
    upto,
)

__all__ = ["policy_cases", "to_arrow", "whole_cases"]

LIMITS = {
    "capacity_orders": WHOLE,
    "capacity_units": QTY,
    "handling_cost": REAL,
    "max_distance_km": REAL,
}
POLICY_SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "sources": SCHEMAS["sources"] | LIMITS,
    "lanes": {"source_code": TEXT, "country_id": TEXT, "region": TEXT},
    "exclusions": {"source_code": TEXT, "order_id": WHOLE, "sku": TEXT, "reason": TEXT},
    "safety_stock": {"source_code": TEXT, "sku": TEXT, "quantity": QTY},
    "rates": {"source_zone": TEXT, "destination_zone": TEXT, "up_to_units": QTY, "cost": REAL},
    "zones": {
        "source_code": TEXT,
        "country_id": TEXT,
        "region": TEXT,
        "postcode_prefix": TEXT,
        "zone": TEXT,
    },
}

RULES = ["complete_first", "line", "fewest_sources", "cheapest", "balanced_split"]
SHIP_POLICIES = ["partial", "line", "order", "backorder"]
SCORES = ["priority", "distance", "cost", "stock_level", "balance", "capacity_left"]


def decimals(*texts: str) -> list[Decimal]:
    """Decimals as they are written."""
    return [Decimal(text) for text in texts]


# A degree is 111.194927 km: places around (0, 0) lie at a limit, or just beyond it.
KILOMETRES = [*decimals("111.194927", "111.194926", "0.5", "343.5"), 0, 1, 500, 6_000, 21_000]
NEAR = [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.0, 3.0), (3.0, 0.0)]
HELD = decimals("-3", "0", "0.0001", "0.5", "1", "2", "2.5", "3", "4", "5", "7.25", "10")
HELD += decimals("1", "2", "3", "4", "5", "6", "99999999.9999")
COUNTRIES = ["FR", "fr", " GB ", "GB", "NL", "US"]
PREFIXES = ["7", " 75 0", "75001", "sw1a", "S", "4", "", None, None]
ZONES = ["n", "s", "N"]
MIN_UNITS = [*decimals("0.5", "2.5"), 1, 2, 3, 5, 20]
CAPACITY_UNITS = decimals("0", "0.5", "1", "2.5", "4", "6", "10")
UP_TO_UNITS = decimals("0.5", "1", "2", "2.5", "5", "12")
AMOUNTS = [*decimals("0.423", "8.759", "2.5", "0.000001"), 0, 1, 3]
PER_KM = [*decimals("0.000336", "0.000001", "0.01"), 0]


@st.composite
def policy_cases(draw: Any) -> tuple[Tables, Row]:
    """A catalogue, its orders and a policy that may be run on them."""
    codes = draw(some_of(SOURCE_CODES, least=1, most=6))
    stocks = draw(some_of([1, 2, 10], least=1))
    skus = draw(some_of(SKUS, least=1, most=3))
    spelt = st.sampled_from([spelling for sku in skus for spelling in sku] * 6 + GHOSTS)
    flags = draw(st.tuples(*[st.booleans()] * 6))
    with_channels, with_settings, with_promises, with_distances, with_orders, text_ids = flags

    tables = catalogue(draw, codes, stocks, skus)
    if with_channels:
        channels = [("website", f"site-{stock}", stock) for stock in stocks]
        tables["sales_channels"] = named("sales_channels", channels)
    if with_settings:
        tables["stock_items"] = settings(draw, skus)
    if with_promises:
        columns = st.sampled_from(codes), spelt, st.sampled_from(PROMISED)
        drawn = draw(st.lists(st.tuples(*columns), max_size=4))
        tables["source_reservations"] = named("source_reservations", drawn)
    if with_distances:
        tables["distances"] = distances(draw, codes)
    tables |= addressed(
        draw, order_tables(draw, stocks, spelt, with_channels, with_orders, text_ids)
    )
    tables |= limiting_tables(draw, codes, skus, spelt, tables)
    return tables, draw(policies(codes, stocks, tables))


def to_arrow(tables: Tables) -> dict[str, pa.Table]:
    """The tables as Arrow, with the columns and tables of policies."""
    with patch.dict(SCHEMAS, POLICY_SCHEMAS), patch.dict(ORDERS, {"ship_policy": TEXT}):
        return schemas.to_arrow(tables)


@st.composite
def whole_cases(draw: Any) -> tuple[Tables, Row]:
    """A catalogue, its orders and a policy that decides them together."""
    tables, policy = draw(policy_cases())
    hard = [one | {"soft": False} for one in policy.get("constraints", [])]
    policy = policy | {"order_rule": "optimal", "constraints": hard}
    if "costs" not in policy or not any(
        policy["costs"].get(name) for name in ("per_shipment", "per_unit", "rates")
    ):
        given = {"per_shipment": Decimal("2.5"), "per_unit": Decimal("0.423")}
        policy["costs"] = policy.get("costs", {}) | given
    return tables, policy


# ------------------------------------------------------------------- tables


def rows_of(name: str, tuples: list[tuple]) -> list[Row]:
    """Rows of a table of policies from tuples in the order of its columns."""
    return [dict(zip(POLICY_SCHEMAS[name], values, strict=True)) for values in tuples]


def catalogue(
    draw: Any, codes: list[str], stocks: list[int], skus: list[tuple[str, ...]]
) -> Tables:
    """Sources that mostly can serve: near, linked, enabled and in stock."""
    pairs = most_of(draw, [(stock, code) for stock in stocks for code in codes])
    linked = {stock for stock, _ in pairs}
    pairs += [(stock, codes[0]) for stock in stocks if stock not in linked]
    ranks = draw(exactly(len(pairs), st.sampled_from([0, 1, 1, 2, 2, 3, 65535])))
    cells = most_of(draw, [(code, sku) for code in codes for sku in skus])
    held = exactly(len(cells), st.sampled_from(HELD), st.sampled_from([1, 1, 1, 1, 1, None, 0]))
    spelt = [(code, draw(st.sampled_from(sku))) for code, sku in cells]
    return {
        "sources": sources(draw, codes),
        "stock_source_links": named("stock_source_links", joined(pairs, ranks)),
        "source_items": named("source_items", joined(spelt, draw(held))),
        "geonames": named("geonames", draw(some_of(GEONAMES))),
    }


def most_of(draw: Any, values: list[Any]) -> list[Any]:
    """The values in any order, up to a third of them left out."""
    return draw(some_of(values, least=max(1, len(values) - len(values) // 3)))


def sources(draw: Any, codes: list[str]) -> list[Row]:
    """Sources, some with capacities, handling costs and distance limits."""
    drawn = exactly(
        len(codes),
        st.sampled_from([True, True, True, None, None, None, None, False]),
        often(NEAR),
        often([0, 1, 2, 3]),
        often(CAPACITY_UNITS),
        often([0.0, 0.5, 2.75, 8.759]),
        often([float(km) for km in KILOMETRES]),
    )
    rows = []
    places = places_of(draw, len(codes))
    for code, place, (enabled, near, *limits) in zip(codes, places, draw(drawn), strict=True):
        *address, latitude, longitude = place
        where = near or (latitude, longitude)
        (row,) = named("sources", [(code, enabled, None, *address, *where)])
        rows.append(row | dict(zip(LIMITS, limits, strict=True)))
    return rows


def addressed(draw: Any, tables: Tables) -> Tables:
    """Orders, many of them near or at places that tables know, some with a ship policy."""
    name = "orders" if "orders" in tables else "order_lines"
    ids = list(dict.fromkeys(row["order_id"] for row in tables[name]))
    ship_policies = st.sampled_from([None, None, *SHIP_POLICIES])
    drawn = draw(exactly(len(ids), often(PLACES), often(NEAR), ship_policies))
    own = dict(zip(ids, drawn, strict=True))
    rows = []
    for row in tables[name]:
        place, near, ship_policy = own[row["order_id"]]
        address = dict(zip(("country_id", "postcode"), place, strict=True)) if place else {}
        position = dict(zip(("latitude", "longitude"), near, strict=True)) if near else {}
        rows.append(row | address | position | {"ship_policy": ship_policy})
    return tables | {name: rows}


def limiting_tables(
    draw: Any,
    codes: list[str],
    skus: list[tuple[str, ...]],
    spelt: st.SearchStrategy[str],
    tables: Tables,
) -> Tables:
    """The tables that only policies use; each may be absent."""
    result: Tables = {}
    with_lanes, with_exclusions, with_safety, with_rates = draw(
        st.tuples(*[st.sampled_from([True, True, False])] * 4)
    )
    source = st.sampled_from(codes)
    if with_lanes:
        columns = source, st.sampled_from(COUNTRIES), often(REGIONS)
        result["lanes"] = rows_of("lanes", draw(lists_of(12, *columns)))
    if with_exclusions:
        ids = [row["order_id"] for row in tables.get("orders", tables["order_lines"])]
        if draw(st.booleans()) or any(isinstance(order_id, str) for order_id in ids):
            ids = [str(order_id) for order_id in ids]  # text that prints as a number is one key
        columns = source, often(ids or [None]), st.one_of(st.none(), spelt), st.none()
        drawn = draw(lists_of(6, *columns))
        result["exclusions"] = rows_of("exclusions", drawn)
    if with_safety:
        names = [None, *(sku[0] for sku in skus), GHOSTS[0]]
        pairs = draw(some_of([(code, name) for code in codes for name in names]))
        kept = draw(exactly(len(pairs), st.sampled_from(PROMISED)))
        drawn = [(*pair, *quantity) for pair, quantity in zip(pairs, kept, strict=True)]
        result["safety_stock"] = rows_of("safety_stock", drawn)
    if with_rates:
        result |= rate_tables(draw, codes)
    return result


def lists_of(most: int, *columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple]]:
    """Up to so many tuples, one strategy per column."""
    return upto(most).flatmap(lambda count: exactly(count, *columns))


def rate_tables(draw: Any, codes: list[str]) -> Tables:
    """Zones of most sources and of some places, and what shipments between zones cost."""
    zone = st.sampled_from(ZONES)
    of_sources = [(code, None, None, None, draw(zone)) for code in most_of(draw, codes)]
    place = st.sampled_from(COUNTRIES), often(REGIONS), st.sampled_from(PREFIXES)
    of_places = {place_key(row): (None, *row) for row in draw(lists_of(8, *place))}
    keys = [(a, b, upto) for a in ZONES for b in ZONES for upto in UP_TO_UNITS]
    steps = draw(some_of(keys, most=20))
    costs = draw(exactly(len(steps), st.sampled_from([0.0, 0.5, 3.0, 4.25, 10.0])))
    drawn = [(*step, *cost) for step, cost in zip(steps, costs, strict=True)]
    places = [(*row, draw(zone)) for row in of_places.values()]
    return {"rates": rows_of("rates", drawn), "zones": rows_of("zones", of_sources + places)}


def place_key(row: tuple) -> tuple[str, str, str]:
    """What two zone rows of one place have in common."""
    country, region, prefix = row
    return country_key(country), name_key(region), postcode_key(prefix)


# ----------------------------------------------------------------- policies


@st.composite
def policies(draw: Any, codes: list[str], stocks: list[int], tables: Tables) -> Row:
    """A policy that names no table which is not there."""
    optional = {
        "ranking": some_of(SCORES, least=1, most=3),
        "distance_bucket_km": st.sampled_from(KILOMETRES),
        "ship_policy": st.sampled_from(SHIP_POLICIES),
        "max_sources": st.sampled_from([0, 1, 1, 2, 2, 3]),
    }
    rules = {"order_rule": st.sampled_from([*RULES, None])}
    rules["fallback"] = st.sampled_from([*RULES[1:], None])
    drawn = draw(st.fixed_dictionaries(rules, optional=optional))
    policy = {key: value for key, value in drawn.items() if value is not None}
    policy["constraints"] = draw(constraints(codes, stocks, tables))
    if not policy["constraints"]:
        del policy["constraints"]
    if decides_by_cost(policy) or draw(st.booleans()):
        policy["costs"] = draw(costs("rates" in tables, decides_by_cost(policy)))
    return policy


def decides_by_cost(policy: Row) -> bool:
    """Whether the policy is refused without costs."""
    rules = policy.get("order_rule"), policy.get("fallback")
    return "cheapest" in rules or "cost" in policy.get("ranking", [])


@st.composite
def constraints(draw: Any, codes: list[str], stocks: list[int], tables: Tables) -> list[Row]:
    """A few constraints, in any order, more than one only of the kinds that may."""
    kinds = ["safety_stock", "capacity", "exclusion", "lane"]
    needs = {"lane": "lanes", "exclusion": "exclusions", "safety_stock": "safety_stock"}
    kinds = [kind for kind in kinds if needs.get(kind, "sources") in tables]
    kinds += ["max_distance", "max_distance", "min_units", "min_units"]
    kinds += ["channel", "channel"] if "sales_channels" in tables else []
    site = st.sampled_from([f"site-{stock}" for stock in stocks])
    few = some_of(codes, least=1, most=(len(codes) + 1) // 2)
    keys: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "max_distance": {"km": often(KILOMETRES)},
        "min_units": {"units": st.sampled_from(MIN_UNITS)},
        "channel": {"type": st.just("website"), "code": site, "sources": few},
    }
    result = []
    for at in draw(some_of(list(range(len(kinds))), most=3)):
        drawn = st.fixed_dictionaries(
            {"kind": st.just(kinds[at]), "soft": st.sampled_from([True, True, False, None])}
            | keys.get(kinds[at], {})
        )
        result.append({key: value for key, value in draw(drawn).items() if value is not None})
    return result


@st.composite
def costs(draw: Any, with_rates: bool, decide: bool) -> Row:
    """Costs of a policy; where they decide, serving is not free."""
    amount, up_to = st.sampled_from(AMOUNTS), some_of(KILOMETRES, least=1, most=3)
    optional = {
        "per_shipment": amount,
        "per_unit": amount,
        "per_unit_km": st.sampled_from(PER_KM),
        "per_unserved_order": st.sampled_from([0, 1, Decimal("17.518")]),
        "per_unserved_unit": st.sampled_from([0, 4, Decimal("0.5"), 100]),
        "unknown_km": st.sampled_from([0, 300, Decimal("111.194927"), 20_015]),
        "bands": up_to.flatmap(lambda limits: bands(sorted(limits))),
    }
    if with_rates:
        optional["rates"] = st.booleans()
    drawn = draw(st.fixed_dictionaries({}, optional=optional))
    if decide and not any(drawn.get(key) for key in ("per_shipment", "per_unit", "per_unit_km")):
        drawn["per_shipment"] = Decimal("8.759")
    return drawn


def bands(limits: list[Any]) -> st.SearchStrategy[list[Row]]:
    """Bands up to these distances."""
    amount = st.sampled_from(AMOUNTS)
    return st.tuples(
        *(
            st.fixed_dictionaries(
                {"up_to_km": st.just(limit), "per_shipment": amount, "per_unit": amount}
            )
            for limit in limits
        )
    ).map(list)
