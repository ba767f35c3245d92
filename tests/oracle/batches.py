"""The cheapest way to decide a tiny batch as a whole: every way to serve it in whole steps.

Quantities move in steps, units if nothing else is said, and everything must be in whole steps.
That is the optimum of all if there are neither rates nor least shipments: with the shipments
settled, what is left is a flow from sources, by items, to lines, and flows have whole optima
where limits are whole. Rates and least shipments tie the lines of an order together across the
items; then it is the optimum of all allocations in whole steps, such as `solve` returns where all
it is given is whole. In fractions of units, costs have to divide by them: else splitting a pick
rounds money away.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np

from engine.kernels.orders.bundles import WHOLE_LINES, WHOLE_ORDERS
from engine.optimum.batch import Batch
from engine.types import QTY_SCALE

Gives = tuple[int, ...]
"""What each entry of an order gives."""

Drawn = tuple[int, ...]
"""What is taken of each resource."""

INFINITE = 1 << 62


class Order:
    """One order of a batch, in plain numbers."""

    def __init__(self, batch: Batch, order: int) -> None:
        program = batch.program
        self.batch = batch
        self.weights = batch.weights
        self.policy = int(program.ship_policy[order])
        self.ranking = int(program.ranking[order])
        self.wait = int(program.wait[order])
        lines = range(program.orders[order], program.orders[order + 1])
        self.need = program.need[lines.start : lines.stop].tolist()
        entries = [range(program.lines[line], program.lines[line + 1]) for line in lines]
        self.begin, self.end = program.lines[[lines.start, lines.stop]].tolist()
        self.line = [at for at, those in enumerate(entries) for _ in those]
        mine = slice(self.begin, self.end)
        self.item, self.source = program.item[mine].tolist(), program.source[mine].tolist()
        self.unit_cost = program.unit_cost[mine].tolist()

    def short(self, gives: Gives) -> list[int]:
        """What each line lacks."""
        lacks = list(self.need)
        for line, units in zip(self.line, gives, strict=True):
            lacks[line] -= units
        return lacks

    def shipments(self, gives: Gives) -> dict[int, int]:
        """What each source ships, of those that ship anything."""
        shipped: dict[int, int] = {}
        for source, units in zip(self.source, gives, strict=True):
            if units:
                shipped[source] = shipped.get(source, 0) + units
        return shipped

    def drawn(self, gives: Gives) -> Drawn:
        """What is taken of each resource."""
        drawn = [0] * len(self.batch.supply)
        for item, units in zip(self.item, gives, strict=True):
            if item >= 0:
                drawn[item] += units
        for source, units in self.shipments(gives).items():
            if self.weights.units_at >= 0:
                drawn[self.weights.units_at + source] += units
            if self.weights.orders_at >= 0:
                drawn[self.weights.orders_at + source] += QTY_SCALE
        return tuple(drawn)

    def is_allowed(self, gives: Gives) -> bool:
        """Whether the order may be served so, whatever there is."""
        short, shipped = self.short(gives), self.shipments(gives)
        whole = [lacks in (0, need) for lacks, need in zip(short, self.need, strict=True)]
        most = self.weights.max_sources or INFINITE
        return (
            min(gives, default=0) >= 0
            and min(short) >= 0
            and (self.policy != WHOLE_LINES or all(whole))
            and (self.policy != WHOLE_ORDERS or not any(short) or short == self.need)
            and len(shipped) <= most
            and min(shipped.values(), default=INFINITE) >= min(self.weights.least, sum(self.need))
        )

    def cost(self, gives: Gives) -> int:
        """What the order costs, 1e-6."""
        short = self.short(gives)
        cost = sum(map(units_cost, self.unit_cost, gives))
        for source, units in self.shipments(gives).items():
            cost += self.shipment_cost(source, units)
        for lacks in short:
            if lacks:
                cost += units_cost(self.weights.unit, lacks) + self.weights.line
        cost += self.weights.order if any(short) else 0
        return cost if any(gives) else min(cost, self.wait)

    def shipment_cost(self, source: int, units: int) -> int:
        """A shipment's cost and, if there are rates, that of as many full ones as it needs."""
        cost = int(self.batch.program.shipment[self.ranking, source])
        rate = int(self.batch.program.rates[self.ranking, source])
        if rate < 0:
            return cost
        offsets, up_to, rate_cost = self.batch.rates
        rows = list(range(offsets[rate], offsets[rate + 1]))
        while units > up_to[rows[-1]]:
            cost += int(rate_cost[rows[-1]])
            units -= int(up_to[rows[-1]])
        return cost + int(next(rate_cost[row] for row in rows if units <= up_to[row]))

    def ways(self, step: int, supply: list[int]) -> Iterator[Gives]:
        """Every way to serve the order from a supply, in whole steps."""
        by_line = []
        for line, need in enumerate(self.need):
            items = [self.item[at] for at, of in enumerate(self.line) if of == line]
            mosts = [min(need, supply[item]) if item >= 0 else need for item in items]
            choices = product(*(range(0, most + 1, step) for most in mosts))
            by_line.append([choice for choice in choices if sum(choice) <= need])
        for parts in product(*by_line):
            gives = sum(parts, ())
            if self.is_allowed(gives):
                yield gives


@cache
def units_cost(unit_cost: int, quantity: int) -> int:
    """What a quantity costs, rounded half to even."""
    return round(Fraction(unit_cost * quantity, QTY_SCALE))


def orders_of(batch: Batch) -> list[Order]:
    """The orders of a batch."""
    return [Order(batch, order) for order in range(batch.num_orders)]


def cost_of_all(batch: Batch, given: np.ndarray) -> int:
    """What a batch costs if it is served as given, (num_entries,)."""
    return sum(
        order.cost(tuple(given[order.begin : order.end].tolist())) for order in orders_of(batch)
    )


def is_feasible(batch: Batch, given: np.ndarray) -> bool:
    """Whether a batch may be served as given, (num_entries,)."""
    orders = orders_of(batch)
    gives = [tuple(given[order.begin : order.end].tolist()) for order in orders]
    drawn = [order.drawn(units) for order, units in zip(orders, gives, strict=True)]
    return all(order.is_allowed(units) for order, units in zip(orders, gives, strict=True)) and all(
        sum(those) <= has for those, has in zip(zip(*drawn, strict=True), batch.supply, strict=True)
    )


def cheapest_ways(
    order: Order, supply: list[int], step: int = QTY_SCALE, promised: Sequence[int] | None = None
) -> Mapping[Drawn, int]:
    """What an order costs at least, by what it draws; each draws no more than there is."""
    cheapest: dict[Drawn, int] = {}
    for gives in order.ways(step, supply):
        drawn = order.drawn(gives)
        lacks = zip(order.short(gives), order.need, promised or [0] * len(order.need), strict=True)
        if all(short <= need - least for short, need, least in lacks) and all(
            units <= has for units, has in zip(drawn, supply, strict=True)
        ):
            cost = order.cost(gives)
            cheapest[drawn] = min(cost, cheapest.get(drawn, cost))
    return cheapest


def optimum(batch: Batch, step: int = QTY_SCALE, promised: np.ndarray | None = None) -> int:
    """What the batch costs at least, 1e-6, over all allocations in whole steps.

    ``promised`` is (num_lines,) what lines get at least, if anything is promised.
    """
    supply = batch.supply.tolist()
    least = np.zeros(len(batch.program.need), np.int64) if promised is None else promised
    promises = np.split(least, batch.program.orders[1:-1])
    all_ways = [
        cheapest_ways(order, supply, step, mine.tolist())
        for order, mine in zip(orders_of(batch), promises, strict=True)
    ]
    mosts = [[max(units) for units in zip(*ways, strict=True)] for ways in all_ways]
    # What suffices for all, whatever they do, need not be kept account of.
    scarce = [at for at, has in enumerate(supply) if sum(most[at] for most in mosts) > has]
    spent = {tuple(supply[at] for at in scarce): 0}
    for done, ways in enumerate(all_ways, 1):
        # Nor need what is beyond all that the orders after it could draw.
        later = [sum(most[at] for most in mosts[done:]) for at in scarce]
        spent = _after(spent, _only(ways, scarce), later)
    return min(spent.values())


def _only(ways: Mapping[Drawn, int], scarce: list[int]) -> Mapping[Drawn, int]:
    """The cheapest ways by what they draw of some resources."""
    cheapest: dict[Drawn, int] = {}
    for drawn, cost in ways.items():
        some = tuple(drawn[at] for at in scarce)
        cheapest[some] = min(cost, cheapest.get(some, cost))
    return cheapest


def _after(
    spent: Mapping[Drawn, int], ways: Mapping[Drawn, int], later: list[int]
) -> dict[Drawn, int]:
    """What is spent at least, by what is left, once one more order is served."""
    cheapest: dict[Drawn, int] = {}
    for left, before in spent.items():
        for drawn, cost in ways.items():
            rest = [has - units for has, units in zip(left, drawn, strict=True)]
            if min(rest, default=0) >= 0:
                key = tuple(map(min, rest, later))
                cheapest[key] = min(before + cost, cheapest.get(key, before + cost))
    return cheapest
