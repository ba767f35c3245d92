"""Steps of scenarios on tables as row dicts, from docs/scenarios.md and nothing of the engine.

Each function takes tables and the keys of a step, and returns other tables. Orders stand in the
sequence in which they are served. What is drawn is for the caller to say.
"""

from collections import Counter
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any

from tests.oracle.reading import UNIT, fold, given, quantity, rows

Row = dict[str, Any]
Tables = dict[str, list[Row]]
NO_PLACE = dict.fromkeys(
    ("name", "country_id", "region", "city", "postcode", "latitude", "longitude")
)
LIMITS = dict.fromkeys(("capacity_orders", "capacity_units", "handling_cost", "max_distance_km"))


def with_stocks(tables: Tables) -> Tables:
    """Stocks are those of the links where no table names them; steps on links keep them."""
    ids = sorted({row["stock_id"] for row in tables["stock_source_links"]})
    return {"stocks": [{"stock_id": one, "name": None} for one in ids]} | tables


def changed(tables: Tables, name: str, keys: Row, values: Row) -> Tables:
    """The tables with other values in the rows that have these keys."""
    new = [row | values if keys.items() <= row.items() else row for row in tables[name]]
    return tables | {name: new}


def without(tables: Tables, name: str, keys: Row) -> Tables:
    """The tables without the rows that have these keys."""
    left = [row for row in tables.get(name, []) if not keys.items() <= row.items()]
    return tables | {name: left} if name in tables else tables


def times(value: Any, factor: Any) -> Decimal:
    """A quantity times a factor, half to even: whole ones to whole ones, others to 0.0001."""
    value = quantity(value)
    if value <= 0:
        return value
    unit = Decimal(1) if value % 1 == 0 else UNIT
    return round(Fraction(value) / Fraction(unit) * Fraction(str(factor))) * unit


def close_source(tables: Tables, source: str) -> Tables:
    """Disable it."""
    return changed(tables, "sources", {"source_code": source}, {"enabled": False})


def open_source(tables: Tables, source: str) -> Tables:
    """Enable it."""
    return changed(tables, "sources", {"source_code": source}, {"enabled": True})


def add_source(
    tables: Tables,
    source: str,
    links: dict[int, int],
    stock: dict[str, Any] | None = None,
    stock_of: str | None = None,
    factor: Any = 1,
    **place: Any,
) -> Tables:
    """Add an enabled source with links and items."""
    row = {"source_code": source, "enabled": True} | NO_PLACE | LIMITS | place
    more = [{"stock_id": one, "source_code": source, "priority": n} for one, n in links.items()]
    items = [
        {"source_code": source, "sku": sku, "quantity": quantity(held), "status": 1}
        for sku, held in (stock or {}).items()
    ] + [
        item | {"source_code": source, "quantity": times(item["quantity"], factor)}
        for item in tables["source_items"]
        if item["source_code"] == stock_of
    ]
    return with_stocks(tables) | {
        "sources": [*tables["sources"], row],
        "stock_source_links": [*tables["stock_source_links"], *more],
        "source_items": [*tables["source_items"], *items],
    }


def link_source(tables: Tables, source: str, stock_id: int, priority: int) -> Tables:
    """Add a link."""
    row = {"stock_id": stock_id, "source_code": source, "priority": priority}
    return with_stocks(tables) | {"stock_source_links": [*tables["stock_source_links"], row]}


def unlink_source(tables: Tables, source: str, stock_id: int) -> Tables:
    """Take a link away."""
    keys = {"stock_id": stock_id, "source_code": source}
    return without(with_stocks(tables), "stock_source_links", keys)


def set_priority(tables: Tables, source: str, stock_id: int, priority: int) -> Tables:
    """Change a link."""
    keys = {"stock_id": stock_id, "source_code": source}
    return changed(tables, "stock_source_links", keys, {"priority": priority})


def named(tables: Tables, sku: str | None, rank: tuple[int, int] | None) -> set[str]:
    """Folded SKUs of ``source_items`` that a pattern and a rank name."""
    all_skus = list(dict.fromkeys(fold(row["sku"]) for row in tables["source_items"]))
    found = {one for one in all_skus if sku is None or fnmatchcase(one, fold(sku))}
    if rank is not None:
        units: Counter[str] = Counter()
        for line in tables["order_lines"]:
            units[fold(line["sku"])] += quantity(line["qty"])
        ranked = sorted(all_skus, key=lambda one: -units[one])
        found &= set(ranked[rank[0] - 1 : rank[1]])
    return found


def move_stock(
    tables: Tables,
    source: str,
    to: str,
    share: Any = 1,
    sku: str | None = None,
    rank: tuple[int, int] | None = None,
) -> Tables:
    """Move a share of what is free."""
    chosen = named(tables, sku, rank)
    promised: Counter[str] = Counter()
    for row in rows(tables, "source_reservations"):
        if row["source_code"] == source:
            promised[fold(row["sku"])] += quantity(row["quantity"])
    moved = {}
    for row in tables["source_items"]:
        one = fold(row["sku"])
        if row["source_code"] == source and one in chosen and given(row["status"], 1):
            free = max(quantity(row["quantity"]) - promised[one], Decimal(0))
            if amount := times(free, share):
                moved[one] = (row["sku"], amount)
    items, lacking = [], dict(moved)
    for row in tables["source_items"]:
        one, held = fold(row["sku"]), quantity(row["quantity"])
        if one in moved and row["source_code"] == source:
            row = row | {"quantity": held - moved[one][1]}
        elif one in moved and row["source_code"] == to:
            row = row | {"quantity": max(held, Decimal(0)) + moved[one][1], "status": 1}
            del lacking[one]
        items.append(row)
    items += [
        {"source_code": to, "sku": spelt, "quantity": amount, "status": 1}
        for spelt, amount in lacking.values()
    ]
    return tables | {"source_items": items}


def scale_stock(
    tables: Tables,
    factor: Any,
    source: str | None = None,
    sku: str | None = None,
    rank: tuple[int, int] | None = None,
) -> Tables:
    """Multiply quantities."""
    chosen = named(tables, sku, rank)
    items = [
        row | {"quantity": times(row["quantity"], factor)}
        if fold(row["sku"]) in chosen and source in (None, row["source_code"])
        else row
        for row in tables["source_items"]
    ]
    return tables | {"source_items": items}


def set_safety_stock(tables: Tables, source: str, quantity: Any, sku: str | None = None) -> Tables:
    """Replace the source's own row, or those of SKUs."""
    chosen = {None} if sku is None else named(tables, sku, None)
    kept = [
        row
        for row in rows(tables, "safety_stock")
        if row["source_code"] != source or (row["sku"] and fold(row["sku"])) not in chosen
    ]
    kept += [{"source_code": source, "sku": one, "quantity": quantity} for one in chosen]
    return tables | {"safety_stock": kept}


def set_capacity(
    tables: Tables, source: str, orders: int | None = None, units: Any = None
) -> Tables:
    """Replace both."""
    values = {"capacity_orders": orders, "capacity_units": units}
    return changed(tables, "sources", {"source_code": source}, values)


def remove_stock(tables: Tables, stock_id: int) -> Tables:
    """Take the stock away with all that names it."""
    tables = with_stocks(tables)
    channels = {
        (row["type"], row["code"])
        for row in rows(tables, "sales_channels")
        if row["stock_id"] == stock_id
    }
    for name in ("stocks", "stock_source_links", "sales_channels", "reservations"):
        tables = without(tables, name, {"stock_id": stock_id})
    kept = [
        row
        for row in tables["orders"]
        if row["stock_id"] != stock_id
        and (row["sales_channel_type"], row["sales_channel_code"]) not in channels
    ]
    return with_orders(tables, kept)


def with_orders(tables: Tables, orders: list[Row]) -> Tables:
    """The tables with some of the orders, and their lines alone."""
    ids = {row["order_id"] for row in orders}
    lines = [row for row in tables["order_lines"] if row["order_id"] in ids]
    return tables | {"orders": orders, "order_lines": lines}


def copied(tables: Tables, counts: list[int]) -> Tables:
    """Each order as often as is said, copies behind it under ids that nobody has."""
    orders = tables["orders"]
    ids = [row["order_id"] for row in orders]
    copies = [(at, n) for at, count in zip(ids, counts, strict=True) for n in range(2, count + 1)]
    if all(isinstance(one, int) for one in ids):
        names = dict(zip(copies, range(max(ids, default=0) + 1, 2**63), strict=False))
    else:
        mark = "#"
        while {f"{at}{mark}{n}" for at, n in copies} & set(ids):
            mark += "#"
        names = {(at, n): f"{at}{mark}{n}" for at, n in copies}
    new_orders, new_lines = [], []
    for row, count in zip(orders, counts, strict=True):
        lines = [line for line in tables["order_lines"] if line["order_id"] == row["order_id"]]
        for n in range(1, count + 1):
            own = {"order_id": row["order_id"] if n == 1 else names[row["order_id"], n]}
            new_orders.append(row | own)
            new_lines += [line | own for line in lines]
    return tables | {"orders": new_orders, "order_lines": new_lines}


def between(tables: Tables, start: Any, end: Any) -> Tables:
    """The orders of some days in UTC."""
    kept = [
        row
        for row in tables["orders"]
        if row["created_at"] is not None and start <= row["created_at"].date() <= end
    ]
    return with_orders(tables, kept)
