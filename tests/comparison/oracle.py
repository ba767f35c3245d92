"""What differs between two results, order by order in plain Python."""

from collections import Counter
from typing import Any

Row = dict[str, Any]
COLUMNS = ("change", "qty_a", "qty_b", "sources_a", "sources_b", "reasons_a", "reasons_b")


def changed_orders(a: Any, b: Any) -> list[Row]:
    """Return the rows of the changed orders, without their words."""
    one, other = _orders(a), _orders(b)
    ids = [*one, *(key for key in other if key not in one)]
    rows = []
    for key in ids:
        kind = _kind(one.get(key), other.get(key))
        if kind:
            rows.append({"order_id": key, **_row(kind, one.get(key), other.get(key))})
    return rows


def _orders(result: Any) -> dict[str, Row]:
    orders = {
        str(row["order_id"]): {"qty": row["qty_allocated"], "got": Counter(), "lacks": Counter()}
        for row in result.orders.to_pylist()
    }
    for row in result.allocations.to_pylist():
        if row["qty_to_deduct"]:
            got = (row["line"], row["sku"].lower(), row["source_code"])
            orders[str(row["order_id"])]["got"][got] += row["qty_to_deduct"]
    for row in result.shortfalls.to_pylist():
        lacks = (row["line"], row["sku"].lower(), row["reason"])
        orders[str(row["order_id"])]["lacks"][lacks] += row["qty_short"]
    return orders


def _names(counter: Counter) -> list[str]:
    return sorted({name for *_, name in counter}, key=str.encode)


def _kind(one: Row | None, other: Row | None) -> str | None:
    if other is None:
        return "only in A"
    if one is None:
        return "only in B"
    if one["got"] == other["got"] and one["lacks"] == other["lacks"]:
        return None
    if one["qty"] != other["qty"]:
        return "more served" if one["qty"] < other["qty"] else "less served"
    if _names(one["got"]) != _names(other["got"]):
        return "other sources"
    short = [
        {(line, sku): qty for (line, sku, _), qty in it["lacks"].items()} for it in (one, other)
    ]
    return (
        "other reason"
        if one["got"] == other["got"] and short[0] == short[1]
        else ("other quantities")
    )


def _row(kind: str, one: Row | None, other: Row | None) -> Row:
    nothing = {"qty": None, "got": Counter(), "lacks": Counter()}
    one, other = one or nothing, other or nothing
    values = (
        *(kind, one["qty"], other["qty"]),
        *(_names(it["got"]) for it in (one, other)),
        *(_names(it["lacks"]) for it in (one, other)),
    )
    return dict(zip(COLUMNS, values, strict=True))
