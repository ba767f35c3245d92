"""The oracle's own rules: facts worked out by hand, and laws on generated cases."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from tests.oracle import allocate, check, salable
from tests.oracle.places import distance_mm, geocode, known_distances
from tests.oracle.reading import quantity
from tests.strategies import GEONAMES, cases, named, to_arrow

DEFAULT = {"sku": None}


def shop(items, lines, **tables):
    """One stock of enabled sources in the given order of (source, sku, quantity[, status])."""
    codes = list(dict.fromkeys(code for code, *_ in items))
    columns = ("source_code", "sku", "quantity", "status")
    return {
        "sources": [{"source_code": code} for code in codes],
        "stock_source_links": [
            {"stock_id": 1, "source_code": code, "priority": rank}
            for rank, code in enumerate(codes)
        ],
        "source_items": [dict(zip(columns, item, strict=False)) for item in items],
        "orders": [{"order_id": order, "stock_id": 1} for order in sorted({o for o, *_ in lines})],
        "order_lines": [{"order_id": o, "sku": sku, "qty": qty} for o, sku, qty in lines],
    } | tables


def picks(result):
    """Order, line, source, deducted and available quantity of each allocation."""
    columns = ("order_id", "line", "source_code", "qty_to_deduct", "qty_available")
    return [tuple(row[name] for name in columns) for row in result["allocations"]]


def stock_left(result):
    return [(row["source_code"], row["quantity"], row["status"]) for row in result["source_items"]]


@pytest.mark.parametrize(
    ("here", "there", "mm"),
    [
        ((0.0, 0.0), (0.0, 90.0), 10_007_543_398),
        ((0.0, 0.0), (0.0, 180.0), 20_015_086_796),
        ((90.0, 0.0), (-90.0, 77.0), 20_015_086_796),
        ((12.5, 180.0), (12.5, -180.0), 0),
        ((90.0, 10.0), (90.0, -50.0), 0),
        ((-0.0, 0.0), (0.0, -1.0), 111_194_927),
        ((0.0, 0.0), (1.0, 0.0), 111_194_927),
    ],
)
def test_distance_of_known_arcs(here, there, mm):
    assert distance_mm(here, there) == distance_mm(there, here) == mm


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ((48.8566, 2.3522), (51.5074, -0.1278)),
        ((40.7128, -74.006), (-33.8688, 151.2093)),
        ((48.8566, 2.3522), (48.85661, 2.35221)),
        ((-54.8, -68.3), (64.15, -21.94)),
    ],
)
def test_distance_is_the_haversine_distance(here, there):
    lat1, lon1, lat2, lon2 = map(math.radians, (*here, *there))
    square = math.sin((lat2 - lat1) / 2) ** 2
    square += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    assert distance_mm(here, there) == round(2 * 6_371_000_000 * math.asin(math.sqrt(square)))


def test_known_distances_round_half_to_even():
    row = {"source_code": "a", "country_id": " fr", "postcode": "75 001"}
    for km, mm in ((1 / 128, 7812), (3 / 128, 23438), (Decimal("0.0000005"), 0)):
        known = known_distances({"distances": [row | {"km": km}]})
        assert known == {("FR", "75001"): {"a": mm}}


@pytest.mark.parametrize(
    ("country", "postcode", "city", "region", "match"),
    [
        ("FR", "75 002", "Agawam", None, "75002"),
        ("fr", "00000", "PARIS 02", "84", "75002"),
        ("FR", None, " paris", None, "75001"),
        ("FR", "", "saint-etienne", None, "42000"),
        ("FR", "SW1A", "x", "ile-de-france", "75001"),
        ("FR", None, "", "84", "42000"),
        ("FR", None, None, "Auvergne", None),
        ("GB", "sw1a1aa", None, None, "SW1A 1AA"),
        ("GB", "SW1A 2AA", None, None, "SW1A"),
        ("GB", "SW1A 2A", None, None, None),
        ("NL", "1012 AB", None, None, "1012"),
        ("CA", "m5v 2t6", None, None, "M5V"),
        ("US", "10001-1234", None, None, "10001"),
        ("DE", "75001", "Paris", "11", None),
        (None, "75001", "Paris", "11", None),
    ],
)
def test_geocode_first_match(country, postcode, city, region, match):
    rows = named("geonames", GEONAMES)
    address = {"country_id": country, "postcode": postcode, "city": city, "region": region}
    found = {row["postcode"]: (row["latitude"], row["longitude"]) for row in rows}
    assert geocode(address, rows) == found.get(match)


def test_lines_of_one_sku_share_what_is_there():
    tables = shop([("a", "X", 5), ("b", "x", 1)], [(1, "x", 5), (1, "X", 2), (2, "x", 1)])
    result = allocate(tables, include_zero=True)
    assert picks(result) == [
        (1, 0, "a", 5, 5),
        (1, 0, "b", 0, 1),
        (1, 1, "a", 0, 0),
        (1, 1, "b", 1, 1),
    ]
    assert stock_left(result) == [("a", 0, 0), ("b", 0, 0)]
    short = [(s["order_id"], s["line"], s["qty_short"], s["reason"]) for s in result["shortfalls"]]
    assert short == [(1, 1, 1, "insufficient_qty"), (2, 0, 1, "out_of_stock")]
    alone = allocate(tables, mode="independent")
    assert picks(alone)[2:] == [(2, 0, "a", 1, 5)]
    assert stock_left(alone) == [("a", 5, 1), ("b", 1, 1)]


def test_distance_ranks_known_roads_then_arcs_then_the_unknown():
    items = [(code, "X", 1) for code in ("far", "é", "z", "lost", "road")]
    places = {"far": (0.0, 9.0), "é": (0.0, 1.0), "z": (-1.0, 0.0), "road": (50.0, 50.0)}
    home = {"country_id": "fr", "postcode": "75 001", "latitude": 0.0, "longitude": 0.0}
    tables = shop(items, [(1, "X", 9)])
    for source in tables["sources"]:
        source["latitude"], source["longitude"] = places.get(source["source_code"], (None, None))
    for link in tables["stock_source_links"]:
        link["priority"] = 0 if link["source_code"] == "lost" else 7
    tables["orders"][0] |= home
    road = {"source_code": "road", "country_id": "FR", "postcode": "75001", "km": 0.5}
    result = allocate(tables | {"distances": [road]}, "distance")
    assert [(row["source_code"], row["distance_km"]) for row in result["allocations"]] == [
        ("road", 0.5),
        ("z", 111.194927),
        ("é", 111.194927),
        ("far", 1000.754340),
        ("lost", None),
    ]
    tables["orders"][0] |= {"latitude": None, "longitude": None}
    by_road = allocate(tables | {"distances": [road]}, "distance")
    nowhere = allocate(tables, "distance")
    assert [row[2] for row in picks(by_road)] == ["road", "lost", "far", "z", "é"]
    assert [row[2] for row in picks(nowhere)] == ["lost", "far", "road", "z", "é"]
    assert by_road["orders"][0]["located"]
    assert not nowhere["orders"][0]["located"]


def test_reason_of_a_shortfall():
    items = [("open", "In", 1), ("open", "out", 1, 0), ("shut", "in", 9), ("shut", "Only", 9)]
    skus = ("IN", "OUT", "ONLY", "ELSEWHERE", "None")
    tables = shop([*items, ("other", "elsewhere", 9)], [(1, sku, 5) for sku in skus])
    tables["sources"][1]["enabled"] = False
    del tables["stock_source_links"][2]
    short = [(row["sku"], row["reason"]) for row in allocate(tables)["shortfalls"]]
    assert short == [
        ("In", "insufficient_qty"),
        ("out", "out_of_stock"),
        ("Only", "disabled"),
        ("elsewhere", "not_assigned"),
        ("None", "unknown_sku"),
    ]
    tables["source_items"].reverse()
    assert [row["sku"] for row in allocate(tables)["shortfalls"]] == [sku for sku, _ in short]


def test_negative_min_qty_limits_backorders():
    settings = [DEFAULT | {"backorders": 2, "min_qty": -3}]
    tables = shop([("a", "X", 1)], [(1, "x", 4), (1, "x", 5)], stock_items=settings)
    assert [row["is_salable"] for row in check(tables)] == [True, False]
    assert salable(tables) == [
        {"stock_id": 1, "sku": "X", "quantity": 1, "is_salable": True, "salable_qty": 4}
    ]


def test_promised_units_are_not_available():
    promised = [{"source_code": "a", "sku": "x", "quantity": n} for n in (1, 2)]
    result = allocate(shop([("a", "X", 5)], [(1, "X", 9)], source_reservations=promised))
    assert picks(result) == [(1, 0, "a", 2, 2)]
    assert stock_left(result) == [("a", 3, 1)]


def test_backorders_keep_an_emptied_item_in_stock():
    settings = [DEFAULT | {"backorders": 1}]
    result = allocate(shop([("a", "X", 2)], [(1, "X", 2)], stock_items=settings))
    assert stock_left(result) == [("a", 0, 1)]


def test_unmanaged_sku_is_given_by_the_first_candidate():
    settings = [DEFAULT | {"manage_stock": False}]
    items = [("a", "X", 9, 0), ("b", "X", -4, 1), ("c", "X", 9, 1)]
    result = allocate(shop(items, [(1, "X", 7)], stock_items=settings), include_zero=True)
    assert picks(result) == [(1, 0, "b", 7, -4), (1, 0, "c", 0, 9)]
    assert stock_left(result) == [(code, qty, status) for code, _, qty, status in items]


def test_orders_go_by_priority_then_time_then_position():
    noon, later = datetime(2024, 1, 1, 12), datetime(2024, 1, 1, 12, 0, 0, 1)
    heads = [(None, None), (0, later), (0, noon), (None, noon), (1, None), (-1, noon)]
    orders = [
        {"order_id": n, "stock_id": 1, "priority": priority, "created_at": created}
        for n, (priority, created) in enumerate(heads)
    ]
    tables = shop([("a", "X", 1)], [], orders=orders)
    assert [row["order_id"] for row in allocate(tables)["orders"]] == [4, 2, 3, 1, 0, 5]
    for order in orders:
        order["created_at"] = order["created_at"] and order["created_at"].replace(tzinfo=UTC)
    assert [row["order_id"] for row in allocate(tables)["orders"]] == [4, 2, 3, 1, 0, 5]
    assert all(row["shippable"] for row in allocate(tables)["orders"])


def test_check_reports_both_required_conditions_or_all_sufficient_ones():
    tables = shop([("a", "X", 1, 0), ("a", "y", 1)], [(1, "x", "0.5"), (1, "Y", 2), (1, "z", 1)])
    assert [(row["sku"], row["codes"]) for row in check(tables)] == [
        (
            "X",
            ["is_correct_qty-min_sale_qty", "is_any_source_item_in_stock-no_source_items_in_stock"],
        ),
        (
            "y",
            [
                "back_order-disabled",
                "manage_stock-enabled",
                "is_salable_with_reservations-not_enough_qty",
            ],
        ),
        ("z", ["requested-sku-is-not-assigned-to-given-stock"]),
    ]


@given(cases())
def test_quantity_is_conserved(tables):
    result = allocate(tables, "distance")
    unmanaged = allocate(without_stock_items(tables), "distance")
    taken = {}
    for row in unmanaged["allocations"]:
        key = row["source_code"], row["sku"]
        taken[key] = taken.get(key, 0) + row["qty_to_deduct"]
    for before, after in zip(tables["source_items"], unmanaged["source_items"], strict=True):
        key = before["source_code"], before["sku"]
        assert quantity(before["quantity"]) == after["quantity"] + taken.get(key, 0)
        assert after["quantity"] >= min(0, before["quantity"])
    wanted = sum(row["qty"] for row in tables["order_lines"])
    given_out = sum(row["qty_to_deduct"] for row in result["allocations"])
    assert wanted == given_out + sum(row["qty_short"] for row in result["shortfalls"])


def without_stock_items(tables):
    return {name: rows for name, rows in tables.items() if name != "stock_items"}


@given(cases())
def test_sequential_is_one_order_after_the_other(tables):
    whole = allocate(tables, "distance", include_zero=True)
    parts = {"allocations": [], "orders": [], "shortfalls": [], "source_items": None}
    items = tables["source_items"]
    for order in whole["orders"]:
        alone = tables | {"source_items": items}
        for name in ("orders", "order_lines"):
            if name in tables:
                own = [row for row in tables[name] if row["order_id"] == order["order_id"]]
                alone[name] = own
        result = allocate(alone, "distance", include_zero=True)
        items = result.pop("source_items")
        for name, rows in result.items():
            parts[name] += rows
    if whole["orders"]:
        assert whole == parts | {"source_items": items}


@given(cases())
def test_arrow_tables_hold_the_same_rows(tables):
    arrow = to_arrow(tables)
    assert {name: table.to_pylist() for name, table in arrow.items()} == tables
    stocked = {(row["stock_id"], row["sku"]) for row in salable(tables)}
    assert len(stocked) == len(salable(tables))
