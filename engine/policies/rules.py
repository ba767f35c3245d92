"""What must hold between the parts of a policy, whatever the catalogue."""

from collections import Counter
from collections.abc import Iterator
from decimal import Context, Decimal
from difflib import get_close_matches

from engine.policies.model import (
    ALL_RULES,
    BATCH_RULE,
    FIRST,
    ORDER_RULES,
    MaxDistance,
    MinUnits,
    Policy,
)
from engine.policies.registry import installed_order_rules
from engine.tables.schema import SHIP_POLICIES

MOST_MONEY = Decimal(10) ** 6
MOST_KM = Decimal(10) ** 6
MOST_BY_KM = Decimal(1000)
MOST_DECIMALS = 9
MOST_SECONDS = Decimal(86_400)
MOST_SEED = 2**31 - 1
MOST_UNITS = Decimal("99999999.9999")

_EXACT = Context(prec=40)  # whatever the caller's own says

Problem = tuple[str, str]


def check_policy(policy: Policy) -> Iterator[Problem]:
    """Find what is wrong with a policy by itself.

    Parameters
    ----------
    policy
        Its parts have the right types.

    Yields
    ------
    Where, as a path such as ``$.costs.per_unit``, and what, with what is allowed.
    """
    yield from _check_names(policy)
    yield from _check_numbers(policy)
    yield from _check_costs(policy)
    yield from _check_optimal(policy)
    yield from _check_constraints(policy)


def _check_names(policy: Policy) -> Iterator[Problem]:
    known: tuple[str, ...] = ALL_RULES
    if policy.order_rule not in ALL_RULES:
        known = *ALL_RULES, *installed_order_rules()
    yield from _unknown("$.order_rule", "order_rule", policy.order_rule, known)
    yield from _unknown("$.fallback", "fallback", policy.fallback, ORDER_RULES)
    yield from _unknown("$.ship_policy", "ship_policy", policy.ship_policy, SHIP_POLICIES)
    if policy.fallback == "complete_first":
        yield "$.fallback", "complete_first is no fallback; give another order rule"
    if not policy.ranking:
        yield "$.ranking", "ranking is empty; give at least one score, such as priority"
    for score, count in Counter(policy.ranking).items():
        if count > 1:
            yield "$.ranking", f"ranking names {score!r} twice; leave one of them out"


def _unknown(path: str, key: str, name: str, allowed: tuple[str, ...]) -> Iterator[Problem]:
    if name not in allowed:
        close = get_close_matches(name, allowed, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        yield path, f"{key} {name!r} is unknown; {hint}Allowed: {', '.join(sorted(allowed))}"


def _check_numbers(policy: Policy) -> Iterator[Problem]:
    if not 0 <= policy.max_sources < 2**31:
        yield (
            "$.max_sources",
            f"max_sources {policy.max_sources} is out of range; give 0 (no limit) to {2**31 - 1:,}",
        )
    yield from _check_number(
        "$.distance_bucket_km", "distance_bucket_km", policy.distance_bucket_km, MOST_KM, 6
    )


def _check_number(
    path: str, key: str, value: Decimal, most: Decimal, decimals: int
) -> Iterator[Problem]:
    if not value.is_finite() or not 0 <= value <= most:
        yield path, f"{key} {value} is out of range; give a number from 0 to {most:,}"
    elif value != value.quantize(Decimal(1).scaleb(-decimals), context=_EXACT):
        yield path, f"{key} {value} has more than {decimals} decimals; round it"


def _check_costs(policy: Policy) -> Iterator[Problem]:
    costs = policy.costs
    for name in ("per_shipment", "per_unit", "per_unserved_order", "per_unserved_unit"):
        yield from _check_number(
            f"$.costs.{name}", name, getattr(costs, name), MOST_MONEY, MOST_DECIMALS
        )
    yield from _check_number(
        "$.costs.per_unit_km", "per_unit_km", costs.per_unit_km, MOST_BY_KM, MOST_DECIMALS
    )
    yield from _check_number("$.costs.unknown_km", "unknown_km", costs.unknown_km, MOST_KM, 6)
    before = Decimal(-1)
    for at, band in enumerate(costs.bands):
        path = f"$.costs.bands[{at}]"
        yield from _check_number(f"{path}.up_to_km", "up_to_km", band.up_to_km, MOST_KM, 6)
        for name in ("per_shipment", "per_unit"):
            yield from _check_number(
                f"{path}.{name}", name, getattr(band, name), MOST_MONEY, MOST_DECIMALS
            )
        if band.up_to_km <= before:
            yield f"{path}.up_to_km", "bands must stand by rising up_to_km; sort them"
        before = band.up_to_km


def _check_optimal(policy: Policy) -> Iterator[Problem]:
    optimal, costs = policy.optimal, policy.costs
    if optimal.first is not None:
        yield from _unknown("$.optimal.first", "first", optimal.first, FIRST)
    if optimal.first == "cost" and not costs.per_unserved_unit and not costs.per_unserved_order:
        yield (
            "$.optimal.first",
            "to serve nothing costs least: with first = 'cost' give costs.per_unserved_unit or "
            "costs.per_unserved_order",
        )
    if not 0 <= optimal.seed <= MOST_SEED:
        yield "$.optimal.seed", f"seed {optimal.seed} is out of range; give 0 to {MOST_SEED:,}"
    yield from _check_number(
        "$.optimal.time_limit", "time_limit", optimal.time_limit, MOST_SECONDS, 3
    )


def _check_constraints(policy: Policy) -> Iterator[Problem]:
    seen = set()
    for at, one in enumerate(policy.constraints):
        path = f"$.constraints[{at}]"
        if one.kind in seen and not one.repeats:
            yield path, f"a second {one.kind} constraint; leave one of them out"
        seen.add(one.kind)
        if one.soft and policy.order_rule == BATCH_RULE:
            yield (
                f"{path}.soft",
                f"order_rule {BATCH_RULE} drops no constraint in a second pass; "
                "make it hard (soft = false) or leave it out",
            )
        if isinstance(one, MaxDistance) and one.km is not None:
            yield from _check_number(f"{path}.km", "km", one.km, MOST_KM, 6)
        if isinstance(one, MinUnits):
            yield from _check_number(f"{path}.units", "units", one.units, MOST_UNITS, 4)
