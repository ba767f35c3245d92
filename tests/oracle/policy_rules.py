"""Order rules: how an order is put together from sources. Sets of sources are all looked at."""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from math import comb
from typing import Any

from tests.oracle.policy_costs import added_cost, money, unit_cost
from tests.oracle.policy_limits import available, least_units, obstacle, reason, there
from tests.oracle.policy_order import (
    UNIT_STEPS,
    Line,
    Order,
    Pick,
    copied,
    drawn,
    managed,
    missing,
    recorded,
    still_wanted,
)
from tests.oracle.policy_ranking import ranking
from tests.oracle.reading import given

MOST_SETS = 4096  # as many as are looked at; after that the best of them is improved
OF_A_SET = -1  # the line of what a trial takes

Sources = tuple[str, ...]


def ship_policy(order: Order) -> str:
    """The ship policy of the order, else the policy's."""
    return given(order.row.get("ship_policy"), order.policy.get("ship_policy", "partial"))


def draw(order: Order, number: int, sku: str, wanted: int, sources: Iterable[str]) -> None:
    """Let sources in turn give what they have available, until nothing is wanted."""
    for code in sources:
        qty = min(available(order, code, sku, wanted), wanted)
        take(order, number, sku, code, qty)
        wanted -= qty


def take(order: Order, number: int, sku: str, code: str, qty: int) -> None:
    """Take so much from a source for a line, and note what was available."""
    if qty > 0:
        held = (
            available(order, code, sku, qty) if managed(order, sku) else recorded(order, code, sku)
        )
        order.picks.append(Pick(number, code, sku, qty, held))


def serve_lines(order: Order, serve: Callable[[Line], None]) -> None:
    """Serve in turn the lines of which something is wanted."""
    for line in order.lines:
        if missing(order, line):
            items = [code for code, sku in order.state.quantity if sku == line.sku]
            order.had[line.number] = {code: there(order, code, line.sku) for code in items}
            serve(line)
            order.met[line.number] = {code: obstacle(order, code, line.sku) for code in items}
            close(order, line)


def close(order: Order, line: Line) -> None:
    """A line's turn is over: note why it is short; give back what must ship whole and is not."""
    if missing(order, line):
        order.reasons[line.number] = reason(order, line.sku)
        if order.is_last and ship_policy(order) == "line":
            order.picks = [pick for pick in order.picks if pick.line != line.number]


# ------------------------------------------------------------------ by line


def by_line(order: Order) -> None:
    """Sources in ranking order give what they have."""
    serve_lines(order, lambda line: rank_and_draw(order, line))


def rank_and_draw(order: Order, line: Line) -> None:
    """Rank the sources for a line and let them give what they have."""
    wanted = missing(order, line)
    draw(order, line.number, line.sku, wanted, ranking(order, {line.sku: wanted}))


def balanced_split(order: Order) -> None:
    """Each line takes from sources in proportion to what they have."""
    serve_lines(order, lambda line: split(order, line))


def split(order: Order, line: Line) -> None:
    """Split a line over sources; in whole units if it wants a whole number of them."""
    wanted = missing(order, line)
    step = 1 if wanted % UNIT_STEPS else UNIT_STEPS
    held = {
        code: available(order, code, line.sku, wanted) // step
        for code in ranking(order, {line.sku: wanted})
    }
    held = permitted(order, {code: count for code, count in held.items() if count})
    if not managed(order, line.sku) or sum(held.values()) <= wanted // step:
        rank_and_draw(order, line)
        return
    for code, count in shares(wanted // step, held).items():
        take(order, line.number, line.sku, code, count * step)


def permitted(order: Order, held: dict[str, int]) -> dict[str, int]:
    """The sources that the order draws on already, and as many others as it still may."""
    limit = order.policy.get("max_sources", 0)
    if limit == 0:
        return held
    others = [code for code in held if code not in drawn(order)]
    beyond = others[max(0, limit - len(drawn(order))) :]
    return {code: count for code, count in held.items() if code not in beyond}


def shares(wanted: int, held: dict[str, int]) -> dict[str, int]:
    """So many things in proportion to what each has: whole parts, then largest remainders."""
    total = sum(held.values())
    result = {code: wanted * count // total for code, count in held.items()}
    # A stable sort: of equal remainders the first in ranking order comes first.
    by_remainder = sorted(held, key=lambda code: -(wanted * held[code] % total))
    for code in by_remainder[: wanted - sum(result.values())]:
        result[code] += 1
    return result


# ----------------------------------------------------------------- by order


def complete_first(order: Order) -> None:
    """The first source that can give all gives it; where there is none, the fallback serves."""
    wanted = still_wanted(order)
    for code in ranking(order, wanted):
        trial = tried(order, (code,))
        if given_units(order, trial) == sum(wanted.values()) and ships_enough(order, trial):
            serve_set(order, (code,))
            return
    RULES[order.policy.get("fallback", "line")](order)


def fewest_sources(order: Order) -> None:
    """The set that gives the most units; of these the smallest; of these the first."""
    ranked = ranking(order, still_wanted(order))

    def worth(members: Sources) -> tuple[Any, ...]:
        return -given_units(order, tried(order, members)), len(members), places(members, ranked)

    serve_set(order, best_set(order, ranked, list, worth))


def cheapest(order: Order) -> None:
    """The set of the lowest cost; of these the smallest; of these the first."""
    ranked = ranking(order, still_wanted(order))
    costs = order.policy.get("costs", {})
    is_free = not any(money(costs.get(f"per_unserved_{what}")) for what in ("unit", "order"))

    def by_unit_cost(members: Iterable[str]) -> list[str]:
        return sorted(members, key=lambda code: (unit_cost(order, code), ranked.index(code)))

    def worth(members: Sources) -> tuple[Any, ...]:
        trial = tried(order, by_unit_cost(members))
        # Where it costs nothing not to serve, serving comes first.
        served = given_units(order, trial) if is_free else 0
        return -served, added_cost(order, trial), len(members), places(members, ranked)

    serve_set(order, by_unit_cost(best_set(order, ranked, by_unit_cost, worth)))


def best_set(
    order: Order,
    ranked: list[str],
    in_turn: Callable[[Iterable[str]], list[str]],
    worth: Callable[[Sources], tuple[Any, ...]],
) -> Sources:
    """The best of the sets that are few enough to be looked at; improved if there are more."""
    largest = 0
    while largest < len(ranked) and looked_at(len(ranked), largest + 1) <= MOST_SETS:
        largest += 1
    best = min(
        (
            members
            for size in range(largest + 1)
            for members in combinations(ranked, size)
            if is_allowed(order, members, in_turn)
        ),
        key=worth,
    )
    return best if largest == len(ranked) else improved(order, best, ranked, in_turn, worth)


def looked_at(sources: int, largest: int) -> int:
    """How many sets of up to so many sources there are, the empty one not counted."""
    return sum(comb(sources, size) for size in range(1, largest + 1))


def improved(
    order: Order,
    best: Sources,
    ranked: list[str],
    in_turn: Callable[[Iterable[str]], list[str]],
    worth: Callable[[Sources], tuple[Any, ...]],
) -> Sources:
    """Add the source that improves the set most, then leave out what it can do without; repeat."""
    while True:
        before = best
        while True:
            larger = [
                tuple(sorted((*best, code), key=ranked.index))
                for code in ranked
                if code not in best
            ]
            larger = [members for members in larger if is_allowed(order, members, in_turn)]
            # All but size and places: more sources must give more, or cost less.
            gains = [members for members in larger if worth(members)[:-2] < worth(best)[:-2]]
            if not gains:
                break
            best = min(gains, key=lambda members: worth(members)[:-2])
        for code in sorted(best, key=ranked.index, reverse=True):
            smaller = tuple(other for other in best if other != code)
            if is_allowed(order, smaller, in_turn) and worth(smaller)[:-1] < worth(best)[:-1]:
                best = smaller
        if best == before:
            return best


def is_allowed(
    order: Order, members: Sources, in_turn: Callable[[Iterable[str]], list[str]]
) -> bool:
    """Whether a set keeps to `max_sources` and `min_units`."""
    limit = order.policy.get("max_sources", 0)
    if limit and len({*drawn(order), *members}) > limit:
        return False
    return ships_enough(order, tried(order, in_turn(members)))


def places(members: Sources, ranked: list[str]) -> tuple[int, ...]:
    """The places of a set's sources in the ranking, the best first."""
    return tuple(sorted(ranked.index(code) for code in members))


def tried(order: Order, sources: Iterable[str]) -> Order:
    """A copy of the order to which sources in turn give each SKU that is still wanted."""
    trial = copied(order)
    for sku, wanted in still_wanted(order).items():
        draw(trial, OF_A_SET, sku, wanted, sources)
    return trial


def given_units(order: Order, trial: Order) -> int:
    """What a trial gives to the order."""
    return sum(pick.qty for pick in trial.picks[len(order.picks) :])


def ships_enough(order: Order, trial: Order) -> bool:
    """Whether each source that gives in a trial then ships what `min_units` asks."""
    giving = {pick.source for pick in trial.picks[len(order.picks) :]}
    return all(drawn(trial)[code] >= least_units(order) for code in giving)


def serve_set(order: Order, sources: Sequence[str]) -> None:
    """Lines draw in turn on the sources of a set, in the stated order."""
    order.chosen = set(sources)
    serve_lines(
        order,
        lambda line: draw(order, line.number, line.sku, missing(order, line), sources),
    )


RULES: dict[str, Callable[[Order], None]] = {
    "line": by_line,
    "balanced_split": balanced_split,
    "complete_first": complete_first,
    "fewest_sources": fewest_sources,
    "cheapest": cheapest,
}
