"""What stands between an order and a source: each obstacle, in the order in which it counts."""

from collections.abc import Callable

from tests.oracle.places import country_key, name_key
from tests.oracle.policy_costs import no_rate
from tests.oracle.policy_order import (
    Order,
    drawn,
    managed,
    millimetres,
    orders_left,
    recorded,
    reserved,
    units,
    units_left,
)
from tests.oracle.reading import Row, fold


def active(order: Order, kind: str) -> list[Row]:
    """The constraints of a kind that hold in this pass."""
    return [constraint for constraint in order.constraints if constraint["kind"] == kind]


def not_assigned(order: Order, code: str, _sku: str) -> bool:
    """The source is not linked to the stock."""
    return (order.stock_id, code) not in order.shop["priority"]


def disabled(order: Order, code: str, _sku: str) -> bool:
    """The source is disabled."""
    return code not in order.shop["enabled"]


def out_of_stock(order: Order, code: str, sku: str) -> bool:
    """The item was out of stock when the order's turn came."""
    return (code, sku) not in order.state.in_stock


def nothing_left(order: Order, code: str, sku: str) -> bool:
    """All of the item is gone or promised."""
    return managed(order, sku) and recorded(order, code, sku) <= reserved(order, code, sku)


def excluded(order: Order, code: str, sku: str) -> bool:
    """A row of `exclusions` names the source for this order, or for all; for this SKU, or all."""
    if not active(order, "exclusion"):
        return False
    return any(
        row["source_code"] == code
        and (row.get("order_id") is None or str(row["order_id"]) == str(order.row["order_id"]))
        and (row.get("sku") is None or fold(row["sku"]) == sku)
        for row in order.shop["exclusions"]
    )


def not_on_channel(order: Order, code: str, _sku: str) -> bool:
    """The order came by a sales channel whose sources are listed, and this is none of them."""
    if order.row.get("stock_id") is not None:
        return False
    channel = order.row["sales_channel_type"], order.row["sales_channel_code"]
    return any(
        (constraint["type"], constraint["code"]) == channel and code not in constraint["sources"]
        for constraint in active(order, "channel")
    )


def off_lane(order: Order, code: str, _sku: str) -> bool:
    """No lane of the source goes to the destination's country, and to its region or all."""
    country, region = country_key(order.row.get("country_id")), name_key(order.row.get("region"))
    return bool(active(order, "lane")) and not any(
        row["source_code"] == code
        and country_key(row["country_id"]) == country != ""
        and name_key(row.get("region")) in ("", region)
        for row in order.shop["lanes"]
    )


def too_far(order: Order, code: str, _sku: str) -> bool:
    """The destination is beyond a constraint's limit or the source's own."""
    constraints = active(order, "max_distance")
    limits = [constraint.get("km") for constraint in constraints]
    if constraints:
        limits.append(order.shop["sources"][code].get("max_distance_km"))
    distance = order.distances[code]
    return any(
        distance is None or distance > millimetres(limit) for limit in limits if limit is not None
    )


def safety_stock(order: Order, code: str, sku: str) -> int:
    """Units that the source keeps back in this pass."""
    if not active(order, "safety_stock"):
        return 0
    kept = order.shop["safety_stock"]
    return kept.get((code, sku), kept.get((code, None), 0))


def only_safety_stock(order: Order, code: str, sku: str) -> bool:
    """What is left of the item is safety stock."""
    return managed(order, sku) and spare(order, code, sku) <= 0


def spare(order: Order, code: str, sku: str) -> int:
    """The recorded quantity without what is promised or kept back; may be negative."""
    kept = reserved(order, code, sku) + safety_stock(order, code, sku)
    return recorded(order, code, sku) - kept


def used_up(order: Order, code: str, _sku: str) -> bool:
    """The source may serve no more orders, or ship no more units."""
    if not active(order, "capacity"):
        return False
    more_orders, more_units = orders_left(order, code), units_left(order, code)
    if more_orders is not None and more_orders <= 0 and code not in drawn(order):
        return True
    return more_units is not None and more_units <= 0


def too_many_sources(order: Order, code: str, _sku: str) -> bool:
    """The order may draw on no more sources than it does, or than were chosen for it."""
    limit, taken = order.policy.get("max_sources", 0), {*drawn(order), *order.chosen}
    return limit > 0 and code not in taken and len(taken) >= limit


def barred(order: Order, code: str, _sku: str) -> bool:
    """The source shipped too little in an earlier try of this pass."""
    return code in order.barred


# From the first that is asked to the last; the names are the reasons of a shortfall.
OBSTACLES: dict[str, Callable[[Order, str, str], bool]] = {
    "not_assigned": not_assigned,
    "disabled": disabled,
    "out_of_stock": out_of_stock,
    "insufficient_qty": nothing_left,
    "excluded": excluded,
    "channel": not_on_channel,
    "lane": off_lane,
    "too_far": too_far,
    "no_rate": no_rate,
    "safety_stock": only_safety_stock,
    "capacity": used_up,
    "max_sources": too_many_sources,
    "min_units": barred,
}
REASONS = [*OBSTACLES, "order_rule"]


def obstacle(order: Order, code: str, sku: str) -> str | None:
    """The first obstacle between the order and a source item, if there is any."""
    return next((name for name, holds in OBSTACLES.items() if holds(order, code, sku)), None)


def available(order: Order, code: str, sku: str, wanted: int) -> int:
    """What a source has for a line that wants so much; an unmanaged SKU is there as wanted."""
    if (code, sku) not in order.state.quantity or obstacle(order, code, sku):
        return 0
    there = spare(order, code, sku) if managed(order, sku) else wanted
    limit = units_left(order, code) if active(order, "capacity") else None
    return there if limit is None else min(there, limit)


def there(order: Order, code: str, sku: str) -> int:
    """What an item has left above promises, safety stock and capacity, whoever may have it."""
    if out_of_stock(order, code, sku):
        return 0
    if not managed(order, sku):
        return max(recorded(order, code, sku), 0)
    limit = units_left(order, code) if active(order, "capacity") else None
    left = max(spare(order, code, sku), 0)
    return left if limit is None else min(left, limit)


def reason(order: Order, sku: str) -> str:
    """Why a line is short: of the source items of its SKU the one that came farthest tells."""
    met = [
        obstacle(order, code, sku) or "order_rule"
        for code, held in order.state.quantity
        if held == sku
    ]
    return max(met, key=REASONS.index, default="unknown_sku")


def least_units(order: Order) -> int:
    """The units that a source must ship to the order in this pass."""
    asked = [units(constraint["units"]) for constraint in active(order, "min_units")]
    return min(max(asked, default=0), sum(line.qty for line in order.lines))
