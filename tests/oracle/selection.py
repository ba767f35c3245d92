"""Selection: which source gives how much to each order line."""

from decimal import Decimal
from typing import Any

from tests.oracle.places import (
    country_key,
    distance_mm,
    known_distances,
    position,
    postcode_key,
)
from tests.oracle.reading import (
    UNIT,
    ZERO,
    Row,
    Tables,
    enabled_sources,
    fold,
    item_settings,
    linked_sources,
    quantity,
    read_items,
    read_orders,
    rows,
    settings_of,
    spellings,
    sums,
)


def allocate(
    tables: Tables,
    algorithm: str = "priority",
    mode: str = "sequential",
    include_zero: bool = False,
) -> dict[str, list[Row]]:
    """Allocate every order; rows and their order are those a run writes."""
    shop = read_shop(tables)
    result: dict[str, list[Row]] = {"allocations": [], "orders": [], "shortfalls": []}
    for order in read_orders(tables):
        distances, located = distances_to(order["order"], order["stock_id"], shop)
        sources = candidates(order["stock_id"], algorithm, distances, shop)
        left: dict[tuple[str, str], Decimal] = {}
        picks, short = [], []
        for number, line in enumerate(order["lines"]):
            served, missing = serve(line, sources, left, shop)
            name = {"order_id": order["order"]["order_id"], "line": number}
            picks += [name | pick | distance_km(pick, distances) for pick in served]
            if missing:
                short.append(name | shortfall(line, missing, order["stock_id"], shop))
        result["orders"].append(order_row(order, picks, short, located))
        result["allocations"] += [p for p in picks if include_zero or p["qty_to_deduct"] > 0]
        result["shortfalls"] += short
        if mode == "sequential":
            take(left, shop)
    return result | {"source_items": list(shop["items"].values())}


def read_shop(tables: Tables) -> dict[str, Any]:
    """Everything but the orders, by its key."""
    return {
        "sources": {s["source_code"]: s for s in rows(tables, "sources")},
        "enabled": enabled_sources(tables),
        "linked": linked_sources(tables),
        "items": read_items(tables),
        "reserved": sums(tables, "source_reservations", "source_code"),
        "settings": item_settings(tables),
        "spellings": spellings(tables),
        "geonames": rows(tables, "geonames"),
        "known": known_distances(tables),
        "places": {},
    }


def distances_to(
    order: Row, stock_id: int, shop: dict[str, Any]
) -> tuple[dict[str, int | None], bool]:
    """Distance in mm of each of the stock's sources, and whether the order could be located."""
    country, postcode = country_key(order.get("country_id")), postcode_key(order.get("postcode"))
    known = shop["known"].get((country, postcode), {})
    there = position(order, shop["geonames"])
    result: dict[str, int | None] = {}
    for code in shop["linked"].get(stock_id, []):
        if code not in shop["places"]:
            shop["places"][code] = position(shop["sources"][code], shop["geonames"])
        here = shop["places"][code]
        haversine = None if here is None or there is None else distance_mm(here, there)
        result[code] = known.get(code, haversine)
    return result, there is not None or bool(known)


def candidates(
    stock_id: int, algorithm: str, distances: dict[str, int | None], shop: dict[str, Any]
) -> list[str]:
    """The stock's enabled sources in the order they are tried."""
    sources = [code for code in shop["linked"].get(stock_id, []) if code in shop["enabled"]]
    if algorithm == "distance":  # stable: ties and unknown distances stay in priority order
        sources.sort(key=lambda code: (distances[code] is None, distances[code] or 0))
    return sources


def serve(
    line: Row, sources: list[str], left: dict[tuple[str, str], Decimal], shop: dict[str, Any]
) -> tuple[list[Row], Decimal]:
    """What each source gives to a line, and what is missing; `left` is lowered."""
    sku = fold(line["sku"])
    managed = settings_of(sku, shop["settings"])["manage_stock"]
    wanted = quantity(line["qty"])
    picks = []
    for code in sources:
        item = shop["items"].get((code, sku))
        if item is None or item["status"] == 0:
            continue
        recorded = left.get((code, sku), item["quantity"])
        if managed:
            available = max(ZERO, recorded - shop["reserved"].get((code, sku), ZERO))
            given = min(available, wanted)
        else:
            available, given = recorded, wanted
        if managed and given > 0:
            left[code, sku] = recorded - given
        wanted -= given
        picks.append(
            {
                "sku": item["sku"],
                "source_code": code,
                "qty_to_deduct": given.quantize(UNIT),
                "qty_available": available.quantize(UNIT),
            }
        )
    return picks, wanted


def take(left: dict[tuple[str, str], Decimal], shop: dict[str, Any]) -> None:
    """Book an order's deductions; an item that they empty goes out of stock."""
    for (code, sku), rest in left.items():
        item = shop["items"][code, sku]
        item["quantity"] = rest
        if rest == 0 and not settings_of(sku, shop["settings"])["backorders"]:
            item["status"] = 0


def shortfall(line: Row, missing: Decimal, stock_id: int, shop: dict[str, Any]) -> Row:
    """The shortfall of a line and its reason."""
    sku = fold(line["sku"])
    linked = shop["linked"].get(stock_id, [])
    holding = [code for code in linked if (code, sku) in shop["items"]]
    open_items = [shop["items"][code, sku] for code in holding if code in shop["enabled"]]
    if sku not in shop["spellings"]:
        reason = "unknown_sku"
    elif any(item["status"] for item in open_items):
        reason = "insufficient_qty"
    elif open_items:
        reason = "out_of_stock"
    elif holding:
        reason = "disabled"
    else:
        reason = "not_assigned"
    name = shop["spellings"].get(sku, line["sku"])
    return {"sku": name, "qty_short": missing.quantize(UNIT), "reason": reason}


def distance_km(pick: Row, distances: dict[str, int | None]) -> Row:
    """The distance column of a pick."""
    mm = distances[pick["source_code"]]
    return {"distance_km": None if mm is None else mm / 1e6}


def order_row(order: Row, picks: list[Row], short: list[Row], located: bool) -> Row:
    """The summary of an order."""
    shipped = [pick for pick in picks if pick["qty_to_deduct"] > 0]
    return {
        "order_id": order["order"]["order_id"],
        "shippable": not short,
        "located": located,
        "lines": len(order["lines"]),
        "source_count": len({pick["source_code"] for pick in shipped}),
        "qty": sum((quantity(line["qty"]) for line in order["lines"]), ZERO).quantize(UNIT),
        "qty_allocated": sum((p["qty_to_deduct"] for p in shipped), ZERO).quantize(UNIT),
    }
