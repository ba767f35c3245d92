"""What Magento is to ship, said slowly, from the rule in docs/magento.md."""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

Row = dict[str, Any]


def slow_shipments(
    orders: Sequence[Row], allocations: Sequence[Row], lines: Sequence[Row]
) -> tuple[list[Row], list[Row]]:
    """Return the bodies in sequence with their orders, and what is left out with the reason."""
    shipments, left = [], []
    for order in orders:
        order_id = order["order_id"]
        own = [line for line in lines if str(line["order_id"]) == str(order_id)]
        given = [row for row in allocations if row["order_id"] == order_id]
        given = [row for row in given if row["qty_to_deduct"]]
        reasons = {}
        for row in given:
            item = own[row["line"]]["order_item_id"]
            if item not in reasons:
                reasons[item] = _reason(order_id, item, own, given)
        calls: dict[str, dict[int, Decimal]] = {}
        for row in given:
            item = own[row["line"]]["order_item_id"]
            if reasons[item] is None:
                of_source = calls.setdefault(row["source_code"], {})
                of_source[item] = _shipped(item, row["source_code"], own, given)
        shipments += [
            {
                "order_id": int(order_id),
                "path": f"/V1/order/{order_id}/ship",
                "body": {
                    "items": [{"order_item_id": item, "qty": qty} for item, qty in items.items()],
                    "notify": False,
                    "arguments": {"extension_attributes": {"source_code": source}},
                },
            }
            for source, items in calls.items()
        ]
        left += [
            {"order_id": order_id, "order_item_id": item, "reason": reason}
            for item, reason in reasons.items()
            if reason
        ]
    return shipments, left


def _reason(order_id: Any, item: int, own: list[Row], given: list[Row]) -> str | None:
    if not re.fullmatch("[1-9][0-9]{0,17}", str(order_id)) or item < 1:
        return "no_entity_id"
    places = [at for at, line in enumerate(own) if line["order_item_id"] == item]
    units = [row for row in given if row["line"] in places]
    if any(_per(own[at]) == 0 for at in places):
        return "zero_qty_per_item"
    sources = {row["source_code"] for row in units}
    made = {
        source: {
            at: Fraction(_sum(row for row in units if (row["line"], row["source_code"]) == one))
            / Fraction(_per(own[at]))
            for at in places
            for one in [(at, source)]
        }
        for source in sources
    }
    numbers = [number for of_line in made.values() for number in of_line.values()]
    if any((number * 10000).denominator > 1 for number in numbers):
        return "not_whole"
    if not _are_parts(places, own):
        return None
    is_set = len(places) > 1 or _per(own[places[0]]) != 1
    if is_set and any(number.denominator > 1 for number in numbers):
        return "not_whole"
    if any(len(set(of_line.values())) > 1 for of_line in made.values()):
        return "parts_differ"
    return None


def _are_parts(places: list[int], own: list[Row]) -> bool:
    is_said = any(own[at].get("qty_per_item") is not None for at in places)
    return is_said or len({own[at]["sku"].lower() for at in places}) > 1


def _per(line: Row) -> Decimal:
    given = line.get("qty_per_item")
    return Decimal(1) if given is None else given


def _sum(rows: Any) -> Decimal:
    return sum((row["qty_to_deduct"] for row in rows), Decimal(0))


def _shipped(item: int, source: str, own: list[Row], given: list[Row]) -> Decimal:
    places = [at for at, line in enumerate(own) if line["order_item_id"] == item]
    units = [row for row in given if row["line"] in places and row["source_code"] == source]
    if not _are_parts(places, own):
        return _sum(units)
    one = units[0]["line"]
    return _sum(row for row in units if row["line"] == one) / _per(own[one])
