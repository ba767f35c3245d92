"""Batches through time, slowly: each by the oracle of policies, on what the one before left.

Written from ``docs/scenarios.md``.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

from tests.oracle.policies import allocate
from tests.oracle.policy_costs import unserved_cost
from tests.oracle.reading import UNIT, Row, Tables, enabled_sources, fold, read_orders

DAY = timedelta(days=1)


def run(
    tables: Tables,
    policy: Row,
    every: str,
    patience: int,
    receipts: list[Row],
    rules: list[Row],
    decide: Callable[[Tables, Row], dict[str, Any]] = allocate,
) -> dict[str, Any]:
    """Serve all orders, each batch as decided; totals in whole units, figures by day, the items."""
    orders = {entry["order"]["order_id"]: entry for entry in read_orders(tables)}
    rank = {order_id: at for at, order_id in enumerate(orders)}
    wanted = {key: [line["qty"] for line in entry["lines"]] for key, entry in orders.items()}
    left = {key: list(asked) for key, asked in wanted.items()}
    time = {key: moment(entry["order"]["created_at"]) for key, entry in orders.items()}
    first = datetime.combine(min(time.values()).date(), datetime.min.time())
    hours = timedelta(hours=24 if every in ("night", "order") else int(every[:-1]))
    window = {key: (at - first) // hours for key, at in time.items()}
    day_of = {key: last_day(hours, window[key]) for key in orders}
    num_days = max(day_of.values()) + 1

    items = with_items_for(tables["source_items"], receipts)
    start = [row["quantity"] for row in items]
    under_way: list[tuple[int, int, Decimal]] = []
    received = [Decimal(0)] * len(items)
    lost = {key: [Decimal(0)] * len(asked) for key, asked in wanted.items()}
    waiting: list[Any] = []
    total: Counter[str] = Counter(cost=0)
    shipments: Counter[Any] = Counter()
    reasons: dict[tuple[Any, int], str] = {}
    days = []
    for day in range(num_days):
        today: Counter[str] = Counter()
        for key in [key for key in waiting if day_of[key] + patience < day]:
            waiting.remove(key)
            lost[key] = list(left[key])
            today["lost"] += sum(left[key])
        for row in receipts:
            if max(0, (moment(row["date"]) - first) // DAY) == day:
                at = item_of(items, row)
                items[at]["quantity"] += row["quantity"]
                items[at]["status"] = 1 if row["quantity"] else items[at]["status"]
                received[at] += row["quantity"]
        for _, at, quantity in [one for one in under_way if one[0] == day]:
            items[at]["quantity"] += quantity
            items[at]["status"] = 1
            received[at] += quantity
        under_way = [one for one in under_way if one[0] > day]
        used: Counter[tuple[str, str]] = Counter()
        for number in range(num_days * 24):
            new = [key for key in orders if window[key] == number]
            if last_day(hours, number) != day or not (new or waiting):
                continue
            tried = sorted([*waiting, *new], key=rank.__getitem__)
            if every == "order":
                tried = waiting + sorted(new, key=lambda key: (time[key], rank[key]))
            # A batch has the lines that are still open, and those that never asked for anything.
            real = {
                key: [at for at, qty in enumerate(left[key]) if qty or not wanted[key][at]]
                for key in tried
            }
            found = decide(tables_of(tables, items, orders, real, left, used), policy)
            opened = set()
            for row in found["allocations"]:
                key, code, qty = row["order_id"], row["source_code"], row["qty_to_deduct"]
                waited = day - day_of[key]
                left[key][real[key][row["line"]]] -= qty
                used[code, "units"] += qty
                total.update(allocated=qty, late=qty if waited else 0, unit_days=qty * waited)
                today["allocated"] += qty
                if (key, code) not in opened:
                    opened.add((key, code))
                    used[code, "orders"] += 1
                    shipments[key] += 1
            for row in found["shortfalls"]:
                reasons[row["order_id"], real[row["order_id"]][row["line"]]] = row["reason"]
            if found["cost"] is not None:
                total["cost"] += found["cost"] - unserved(policy, found["shortfalls"])
            items = [dict(row) for row in found["source_items"]]
            waiting = sorted((key for key in tried if any(left[key])), key=rank.__getitem__)
            today.update(orders=len(new), units=sum(sum(wanted[key]) for key in new))
        today["waiting"] = sum(sum(left[key]) for key in waiting)
        days.append(today)
        for at, row in enumerate(items):
            coming = sum(quantity for _, other, quantity in under_way if other == at)
            for rule in reversed(rules):
                if names(rule, row, tables):
                    missing = to_order(rule, start[at], row["quantity"] + coming)
                    if missing > 0:
                        under_way.append((day + rule["lead_days"], at, missing))
                    break
    return {
        "total": total,
        "shipments": shipments,
        "wanted": wanted,
        "left": left,
        "lost": lost,
        "reasons": reasons,
        "days": days,
        "items": items,
        "received": received,
    }


def tables_of(
    tables: Tables,
    items: list[Row],
    orders: dict[Any, Row],
    real: dict[Any, list[int]],
    left: dict[Any, list[Decimal]],
    used: Counter[tuple[str, str]],
) -> Tables:
    """The tables of a batch: what is left of stock and capacities, and what orders still lack."""
    sources = []
    for row in tables["sources"] or []:
        rest = {
            f"capacity_{what}": max(0, row[f"capacity_{what}"] - used[row["source_code"], what])
            for what in ("orders", "units")
            if row.get(f"capacity_{what}") is not None
        }
        sources.append(row | rest)
    # The sequence is that of the batch, whatever the orders' own priorities.
    heads = [
        orders[key]["order"] | {"priority": len(real) - at, "created_at": None}
        for at, key in enumerate(real)
    ]
    order_lines = [
        {"order_id": key, "sku": orders[key]["lines"][at]["sku"], "qty": left[key][at]}
        for key, lines in real.items()
        for at in lines
    ]
    more = {"sources": sources, "source_items": items, "orders": heads, "order_lines": order_lines}
    return dict(tables) | more


def with_items_for(held: list[Row], receipts: list[Row]) -> list[Row]:
    """The items, and an empty one for each receipt that has none."""
    items = [dict(row) for row in held]
    for receipt in receipts:
        code, sku = receipt["source_code"], receipt["sku"]
        if (code, fold(sku)) not in [(row["source_code"], fold(row["sku"])) for row in items]:
            empty = {"source_code": code, "sku": sku, "quantity": Decimal(0), "status": 0}
            items.append(empty)
    return items


def names(rule: Row, item: Row, tables: Tables) -> bool:
    """Whether a rule orders for an item: of that source and SKU, and the source is enabled."""
    enabled = enabled_sources(tables)
    return (
        item["source_code"] in enabled
        and rule.get("source") in (None, item["source_code"])
        and fnmatchcase(fold(item["sku"]), fold(rule.get("sku", "*")))
    )


def to_order(rule: Row, start: Decimal, position: Decimal) -> Decimal:
    """How much a rule orders, given what there is and what is under way."""
    if "up_to" in rule:
        up_to, level = Decimal(str(rule["up_to"])), rule.get("reorder_at", rule["up_to"])
        reorder = Decimal(str(level))
    else:
        reorder = multiple(start, rule.get("reorder_factor", rule["up_to_factor"]))
        up_to = multiple(start, rule["up_to_factor"])
    return max(Decimal(0), up_to - position) if position <= reorder else Decimal(0)


def multiple(quantity: Decimal, factor: float) -> Decimal:
    """A multiple of a quantity, whole for a whole one."""
    quantity = max(Decimal(0), quantity)
    unit = Decimal(1) if quantity == quantity.to_integral_value() else UNIT
    return (quantity * Decimal(str(factor)) / unit).to_integral_value(ROUND_HALF_EVEN) * unit


def item_of(items: list[Row], receipt: Row) -> int:
    """The item that a receipt goes to."""
    key = receipt["source_code"], fold(receipt["sku"])
    return [(row["source_code"], fold(row["sku"])) for row in items].index(key)


def moment(time: datetime) -> datetime:
    """The time in UTC."""
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)


def last_day(hours: timedelta, number: int) -> int:
    """The day in which a window ends."""
    return (number * hours + hours - timedelta(microseconds=1)) // DAY


def unserved(policy: Row, shortfalls: list[Row]) -> int:
    """What a batch charges for what it does not serve."""
    short: dict[Any, list[int]] = {}
    for row in shortfalls:
        short.setdefault(row["order_id"], []).append(int(row["qty_short"] / UNIT))
    priced: Any = SimpleNamespace(policy=policy)
    return sum(unserved_cost(priced, steps) for steps in short.values())
