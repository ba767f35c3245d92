"""What it costs to serve an order, in whole steps of 0.000001."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.oracle.places import country_key, name_key, postcode_key, whole
from tests.oracle.policy_order import (
    UNIT_STEPS,
    Order,
    drawn,
    millimetres,
    missing,
    still_wanted,
    units,
)
from tests.oracle.reading import Row, given

MONEY_STEPS = 1_000_000
FARTHEST_KM = 20_015


def number(value: Any) -> Decimal:
    """A number as it is written; a missing one is 0."""
    return Decimal(str(given(value, 0)))


def money(value: Any) -> int:
    """An amount in steps of 0.000001, half to even."""
    return whole(number(value) * MONEY_STEPS)


def costs_of(order: Order) -> Row:
    """The policy's table of costs."""
    return order.policy.get("costs", {})


def distance_that_costs(order: Order, code: str) -> int:
    """The distance in mm that is paid for."""
    distance = order.distances[code]
    unknown = millimetres(costs_of(order).get("unknown_km", FARTHEST_KM))
    return unknown if distance is None else distance


def band(order: Order, code: str) -> Row:
    """The first band that the distance does not exceed, beyond all of them the last."""
    bands = costs_of(order).get("bands", [])
    distance = distance_that_costs(order, code)
    fitting = [row for row in bands if distance <= millimetres(row["up_to_km"])]
    return (fitting or bands[-1:] or [{}])[0]


def unit_cost(order: Order, code: str) -> int:
    """What a unit costs from a source to the destination."""
    costs = costs_of(order)
    km = Decimal(distance_that_costs(order, code)) / 1_000_000
    by_distance = number(costs.get("per_unit_km")) * km
    return money(
        number(costs.get("per_unit")) + by_distance + number(band(order, code).get("per_unit"))
    )


def goods_cost(order: Order, code: str, qty: int) -> int:
    """What it costs to take so much from a source, without the shipment."""
    return whole(Decimal(qty * unit_cost(order, code)) / UNIT_STEPS)


def shipment_cost(order: Order, code: str, qty: int) -> int:
    """What a shipment of so much from a source costs, without its units."""
    fixed = money(
        number(costs_of(order).get("per_shipment"))
        + number(order.shop["sources"][code].get("handling_cost"))
        + number(band(order, code).get("per_shipment"))
    )
    return fixed + rate(order, code, qty)


def rate(order: Order, code: str, qty: int) -> int:
    """What the table of rates asks for a shipment, in several parcels if it must be."""
    if not costs_of(order).get("rates"):
        return 0
    steps = rate_steps(order, code)
    largest, price = steps[-1]
    parcels, rest = divmod(qty, largest)
    return parcels * price + (next(cost for upto, cost in steps if rest <= upto) if rest else 0)


def rate_steps(order: Order, code: str) -> list[tuple[int, int]]:
    """(Most units, cost) of the rates between a source and the destination, smallest first."""
    zones = source_zone(order, code), destination_zone(order)
    return sorted(
        (units(row["up_to_units"]), money(row["cost"]))
        for row in order.shop["rates"]
        if (row["source_zone"], row["destination_zone"]) == zones
    )


def no_rate(order: Order, code: str, _sku: str) -> bool:
    """Whether a rate is asked for and there is none."""
    return bool(costs_of(order).get("rates")) and not rate_steps(order, code)


def source_zone(order: Order, code: str) -> str | None:
    """The zone of a source."""
    zones = order.shop["zones"]
    return next((row["zone"] for row in zones if row.get("source_code") == code), None)


def destination_zone(order: Order) -> str | None:
    """The zone of the destination: longest prefix first, then with the region, then without."""
    fitting = [row for row in order.shop["zones"] if lies_in(order.row, row)]
    best = max(fitting, key=narrowness, default={"zone": None})
    return best["zone"]


def lies_in(address: Row, zone: Row) -> bool:
    """Whether an address has a zone row's country, its region and its prefix."""
    country, region = country_key(zone.get("country_id")), name_key(zone.get("region"))
    prefix = postcode_key(zone.get("postcode_prefix"))
    return (
        zone.get("source_code") is None
        and country == country_key(address.get("country_id")) != ""
        and region in ("", name_key(address.get("region")))
        and postcode_key(address.get("postcode")).startswith(prefix)
    )


def narrowness(zone: Row) -> tuple[int, bool]:
    """How much of an address a zone row names."""
    return len(postcode_key(zone.get("postcode_prefix"))), name_key(zone.get("region")) != ""


def unserved_cost(order: Order, missing: Iterable[int]) -> int:
    """What it costs not to serve so much of each line, or of each SKU."""
    costs, short = costs_of(order), [qty for qty in missing if qty]
    each = money(costs.get("per_unserved_unit"))
    units = sum(whole(each * Decimal(qty) / UNIT_STEPS) for qty in short)
    return units + (money(costs.get("per_unserved_order")) if short else 0)


def order_cost(order: Order) -> int:
    """What an order costs: what its lines take from sources, its shipments, what is missing."""
    taken: dict[tuple[int, str], int] = {}
    for pick in order.picks:
        taken[pick.line, pick.source] = taken.get((pick.line, pick.source), 0) + pick.qty
    goods = sum(goods_cost(order, code, qty) for (_, code), qty in taken.items())
    shipments = sum(shipment_cost(order, code, qty) for code, qty in drawn(order).items())
    return goods + shipments + unserved_cost(order, [missing(order, line) for line in order.lines])


def added_cost(order: Order, trial: Order) -> int:
    """What a trial costs more than the order did: goods, new or larger shipments, the missing."""
    new = trial.picks[len(order.picks) :]
    before, after = drawn(order), drawn(trial)
    goods = sum(goods_cost(order, pick.source, pick.qty) for pick in new)
    shipments = sum(
        shipment_cost(order, code, after[code])
        - (shipment_cost(order, code, before[code]) if code in before else 0)
        for code in {pick.source for pick in new}
    )
    wanted = still_wanted(order)
    for pick in new:
        wanted[pick.sku] -= pick.qty
    return goods + shipments + unserved_cost(order, wanted.values())
