"""In which order sources are tried: scores in turn, then link priority, then source_code."""

from collections.abc import Callable
from typing import Any

from tests.oracle.policy_costs import goods_cost, shipment_cost
from tests.oracle.policy_limits import available, excluded, safety_stock
from tests.oracle.policy_order import (
    Order,
    drawn,
    managed,
    millimetres,
    orders_left,
    recorded,
    reserved,
    units_left,
)

Wanted = dict[str, int]  # SKU -> units: those of one line, or of all that the order lacks

MILLION = 1_000_000


def ranking(order: Order, wanted: Wanted) -> list[str]:
    """The sources that have something available of what is wanted, the best first."""
    sources = [
        code
        for code in order.shop["linked"].get(order.stock_id, [])
        if any(available(order, code, sku, qty) > 0 for sku, qty in wanted.items())
    ]
    scores = [SCORES[name] for name in order.policy.get("ranking", ["priority"])]

    def place(code: str) -> tuple[Any, ...]:
        by_score = tuple(score(order, code, wanted) for score in scores)
        return by_score, order.shop["priority"][order.stock_id, code], code.encode()

    return sorted(sources, key=place)


def by_priority(order: Order, code: str, _wanted: Wanted) -> int:
    """The lowest link priority first."""
    return order.shop["priority"][order.stock_id, code]


def by_distance(order: Order, code: str, _wanted: Wanted) -> tuple[bool, int]:
    """The nearest first, in steps of the bucket; an unknown distance last."""
    distance, bucket = order.distances[code], millimetres(order.policy.get("distance_bucket_km", 0))
    if distance is None:
        return True, 0
    if bucket == 0:
        return False, distance
    return False, max(1, -(-distance // bucket))  # rounded up; at the source is near, too


def by_cost(order: Order, code: str, wanted: Wanted) -> int:
    """The lowest cost of all that is wanted first."""
    goods = sum(goods_cost(order, code, qty) for qty in wanted.values())
    shipped = drawn(order).get(code, 0)
    after = shipment_cost(order, code, shipped + sum(wanted.values()))
    return goods + after - (shipment_cost(order, code, shipped) if shipped else 0)


def by_stock_level(order: Order, code: str, wanted: Wanted) -> int:
    """The most units of the wanted SKUs first."""
    total = 0
    for sku in wanted:
        if (code, sku) in order.state.in_stock and not excluded(order, code, sku):
            held = recorded(order, code, sku)
            if managed(order, sku):
                held -= reserved(order, code, sku) + safety_stock(order, code, sku)
            total += max(0, held)
    return -total


def by_balance(order: Order, code: str, _wanted: Wanted) -> int:
    """The largest share of the source's stock at the start first, in millionths."""
    began = sum(
        max(0, quantity - reserved(order, code, sku))
        for (holder, sku), quantity in order.start.quantity.items()
        if holder == code and (holder, sku) in order.start.in_stock and managed(order, sku)
    )
    remains = sum(
        max(0, recorded(order, code, sku) - reserved(order, code, sku))
        for holder, sku in order.state.in_stock
        if holder == code and managed(order, sku)
    )
    return -(remains * MILLION // began) if began else 0


def by_capacity_left(order: Order, code: str, _wanted: Wanted) -> tuple[Any, ...]:
    """The most orders left first, then the most units left; without a limit before all."""
    return most_first(orders_left(order, code)), most_first(units_left(order, code))


def most_first(left: int | None) -> tuple[bool, int]:
    """Sort key of a capacity; one that a soft constraint let be overdrawn counts as 0."""
    return (False, 0) if left is None else (True, -max(0, left))


SCORES: dict[str, Callable[[Order, str, Wanted], Any]] = {
    "priority": by_priority,
    "distance": by_distance,
    "cost": by_cost,
    "stock_level": by_stock_level,
    "balance": by_balance,
    "capacity_left": by_capacity_left,
}
