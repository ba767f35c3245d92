"""Prices that nearly clear the stock, an allocation at these prices, and its improvement.

In whole numbers from end to end, and all that is random comes from one seed: the same batch gives
the same allocation on every machine.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from engine.kernels.optimum.bundles import CUT_SHORT, PACE_BITS, Market, Work
from engine.optimum.batch import (
    Batch,
    competing,
    crowd_of,
    demand_of,
    holders_of,
    market_of,
    sums_between,
    work_for,
    worth_of_unit,
)
from engine.types import QTY_SCALE, IntArray, exact_sum

_PASSES = 80
"""Passes over all orders that look for prices; the last moves them a thousandth of the first."""

_BOUND_EVERY, _SETTLED = 5, 10_000
"""Passes between two looks at the bound. If in the second half a look gains less than a part in so
many, prices have settled: on the instance that saves a third of the passes, for 0.02 %."""

_FIRST_STEP = 40
"""What a price moves in the first pass if twice as much is wanted as there is, in what an average
unit is worth. Where the price of a unit not served is high and little is short, prices have far
to go: with 2 the bound of docs/quality.md's instance, serving first, is 20 % lower. Where fewer
lines than that could draw on something, its price moves as much less: no line moves it by more than
what a unit is worth. Else prices swing for half of the passes where SKUs are wanted by few, and the
gap of Online Retail's week is 0.78 % instead of 0.59 %, serving first 1.03 % instead of 0.57 %."""

_FARTHEST = 1 << 42
"""No step is longer, in 1e-6: a quarter of the highest price, and int64 holds it as a pace."""

_FOR_PRICES = 0.6
"""Of a time limit; the rest is for an allocation at these prices."""

_DEALS = 2, 8
"""Stock is dealt out with prices that move by so many parts of that worth, or less as in
`_FIRST_STEP`; the best deal counts."""

_GROUP = 6
"""Orders that choose anew together, at most."""

_ROUNDS = 100
_ENOUGH = 50_000
"""Rounds of exchange end after so many, or when one gains less than a part in so many."""

_AT_LEAST = 1_000
"""Groups that a small batch tries, whatever they gain, unless the bound is met. Of batches of 8
orders that get in each other's way 99 % then reach their optimum; with 300 groups 96 %."""

_FEW_SETS = 500
"""Sets of sources that are compared for an order while prices and allocations are looked for. Only
orders that need many sources at once have more; the bound compares up to `Weights.most_sets`."""

_CHUNK, _HARD_CHUNK = 1_024, 16
"""Orders between two looks at the clock, and where they may have many sets."""


class Allotment(NamedTuple):
    """What each entry gives (num_entries,), what is left of each resource, what orders cost."""

    given: IntArray
    left: IntArray
    cost: IntArray

    @property
    def total(self) -> int:
        """What all orders cost, 1e-6."""
        return exact_sum(self.cost)


class Solved(NamedTuple):
    """An allocation of a batch, and how low any other could be.

    ``given`` is (num_entries,) 1e-4 units; ``cost`` and ``bound`` are in 1e-6, as is what each of
    the ``starts`` costs; ``price`` is (num_resources,) in 1e-6 for a unit or an order.
    ``is_whole`` tells that no time limit ended it; ``cut_short`` counts the orders of which not all
    sets of sources were compared for the bound, of those that there was time to look at.
    """

    given: IntArray
    cost: int
    bound: int
    starts: tuple[int, ...]
    price: IntArray
    is_whole: bool
    cut_short: int


def solve(
    batch: Batch,
    starts: Iterable[IntArray] = (),
    *,
    promised: IntArray | None = None,
    seed: int = 0,
    exact: bool = False,
    spent: Callable[[], float] = lambda: 0.0,
    tell: Callable[[int, int | None], None] = lambda bound, cost: None,
) -> Solved:
    """Decide a batch as a whole.

    Parameters
    ----------
    batch
        Orders, sources and stock.
    starts
        (num_entries,) allocations that are known; what is returned costs no more than any that
        keeps to what is promised.
    promised
        (num_lines,) 1e-4 units that lines get at least, one of the ``starts`` gives them; or none.
    seed
        Of what is random.
    exact
        Go on to the best prices that a linear program finds: the bound gets better, and the
        allocation is found at these prices. See `engine.optimum.patterns`.
    spent
        Asked now and then for the part of the time that is spent; at 1 the search ends.
    tell
        Told now and then of the bound, and once there is an allocation of its cost, in 1e-6.

    Returns
    -------
    The allocation and the bound. The same batch, starts and seed always give the same, unless time
    ran out or, with ``exact``, the solver is another version.

    Raises
    ------
    UsageError
        If the bound is to be exact and highspy is not installed.

    Notes
    -----
    The bound is that of weak duality (Geoffrion, "Lagrangean relaxation for integer programming",
    Mathematical Programming Study 2, 1974, doi:10.1007/BFb0120690). Where needs, stock and
    capacities are in whole units, it is that of allocations in whole units: what rounding takes off
    the cost of units that are split is not allowed for.
    """
    run = _Run(batch, promised, seed, spent, tell)
    bound, price = run.climb()
    if exact:
        bound, price = run.sharpen(bound, price)
    known = [run.known(given) for given in starts]
    totals = tuple(one.total for one in known)
    tries = sorted(filter(run.keeps, known), key=lambda one: one.total)
    # What is known is mostly a worse place to start from: tried where it is the better of the two.
    if promised is None:
        tries.insert(0, min((run.deal(price, part) for part in _DEALS), key=lambda one: one.total))
    best = tries[0]
    run.exchange(best, price, bound)
    for other in tries[1:]:
        if other.total < best.total:
            run.exchange(other, price, bound)
            best = other
    bound, cut_short = run.search_on(bound, price)
    return Solved(best.given, best.total, bound, totals, price, not run.is_late, cut_short)


class _Run:
    """One batch under way: its work space and its chance."""

    def __init__(
        self,
        batch: Batch,
        promised: IntArray | None,
        seed: int,
        spent: Callable[[], float],
        tell: Callable[[int, int | None], None],
    ) -> None:
        self.weights = batch.weights
        few = min(batch.weights.most_sets, _FEW_SETS)
        self.batch = batch._replace(weights=batch.weights._replace(most_sets=few))
        self.promised = np.empty(0, np.int64) if promised is None else promised
        self.demand = demand_of(batch)
        self.crowd = crowd_of(batch)
        self.market: Market = market_of(batch, self.demand)
        is_competing = competing(batch, self.market.share)
        self.alone = np.flatnonzero(~is_competing)
        self.orders = np.flatnonzero(is_competing)
        self.work: Work = work_for(batch)
        self.chance = np.array([(seed + 1) * 0x9E3779B97F4A7C1 % (1 << 63)], np.int64)
        self.spent = spent
        self.tell = tell
        self.is_late = False
        self.no_prices = np.zeros(len(self.demand), np.int64)
        self.worth = worth_of_unit(batch)

    def late(self, until: float = 1.0) -> bool:
        """Tell whether a part of the time is spent."""
        is_over = self.spent() >= until
        self.is_late |= is_over
        return is_over

    def in_time(
        self, orders: IntArray, most: int = _CHUNK, until: float = 1.0
    ) -> Iterator[IntArray]:
        """Yield orders, so many at a time, as long as there is time."""
        for start in range(0, len(orders), most):
            if self.late(until):
                return
            yield orders[start : start + most]

    def unhappy(self, dealt: Allotment, price: IntArray) -> IntArray:
        """Return orders that would choose otherwise at these prices if they were alone."""
        each = np.append(price, 0)[self.batch.program.item]
        whole, part = np.divmod(dealt.given, QTY_SCALE)
        on = each * whole + each // QTY_SCALE * part
        entries = self.batch.program.lines[self.batch.program.orders]
        return self.orders[(dealt.cost + sums_between(on, entries) > self.floor)[self.orders]]

    def shuffled(self, orders: IntArray) -> IntArray:
        from engine.kernels.optimum.chance import shuffle

        sequence = orders.copy()
        shuffle(sequence, self.chance)
        return sequence

    def pace(self, step: int) -> IntArray:
        """(num_resources,) what prices move by; see `engine.kernels.optimum.climb.climb`."""
        steps = min(step, _FARTHEST) // _FIRST_STEP * np.minimum(self.crowd, _FIRST_STEP)
        return (steps << PACE_BITS) // np.maximum(self.demand, 1)

    def climb(self) -> tuple[int, IntArray]:
        """Return the best bound, and the prices that prove it."""
        from engine.kernels.optimum.climb import climb, floors

        batch, market = self.batch, self.market
        three = batch.program, batch.weights, batch.rates
        floor = np.zeros(batch.num_orders, np.int64)
        # However little time there is: what orders cost without prices is a bound.
        floors(self.alone, *three, market, floor, self.work)
        floors(self.orders, *three, market, floor, self.work)
        best, price, self.floor = exact_sum(floor), market.price.copy(), floor.copy()
        step = self.worth * _FIRST_STEP
        for done in range(1, _PASSES + 1):
            if not len(self.orders) or self.late(_FOR_PRICES):
                break
            for some in self.in_time(self.shuffled(self.orders), until=_FOR_PRICES):
                climb(some, self.pace(step), *three, market, self.work)
            step = step * 10 // 11
            if done % _BOUND_EVERY == 0:
                for some in self.in_time(self.orders, until=_FOR_PRICES):
                    floors(some, *three, market, floor, self.work)
                if self.late(_FOR_PRICES):
                    break  # what orders cost at two prices bounds nothing
                bound = exact_sum(floor) - _worth_of_stock(market)
                gain = bound - best
                if gain > 0:
                    best, price, self.floor = bound, market.price.copy(), floor.copy()
                self.tell(best, None)
                if done > _PASSES // 2 and 0 < gain * _SETTLED < best:
                    break
        return best, price

    def search_on(self, bound: int, price: IntArray) -> tuple[int, int]:
        """Compare more sets of sources of those orders that have them.

        Returns the bound, and how many orders still have more.
        """
        from engine.kernels.optimum.climb import floors

        batch, work, cut_short = self.batch, self.work, 0
        if not work.counts[CUT_SHORT]:
            return bound, 0
        market = self.market._replace(price=price)
        floor = self.floor.copy()
        for some in self.in_time(np.concatenate([self.alone, self.orders]), _HARD_CHUNK):
            for weights in (batch.weights, self.weights):
                work.counts[CUT_SHORT] = 0
                floors(some, batch.program, weights, batch.rates, market, floor, work)
                if not work.counts[CUT_SHORT]:
                    break
            cut_short += int(work.counts[CUT_SHORT])
        bound += exact_sum(np.maximum(floor, self.floor)) - exact_sum(self.floor)
        return bound, cut_short

    def sharpen(self, bound: int, price: IntArray) -> tuple[int, IntArray]:
        """Return the bound of the linear program and its prices, if that is the better one."""
        from engine.kernels.optimum.climb import floors
        from engine.optimum.patterns import improve_prices

        batch = self.batch
        market = self.market._replace(
            price=improve_prices(batch, price, goes_on=lambda: not self.late(_FOR_PRICES))
        )
        floor = self.floor.copy()
        for some in self.in_time(self.orders):
            floors(some, batch.program, batch.weights, batch.rates, market, floor, self.work)
        sharper = exact_sum(floor) - _worth_of_stock(market)
        if self.late() or sharper <= bound:
            return bound, price
        self.floor = floor
        return sharper, market.price

    def nothing_given(self) -> Allotment:
        """Return an allocation in which no order has anything, to be filled in."""
        batch = self.batch
        return Allotment(
            np.zeros(len(batch.program.item), np.int64),
            batch.supply.copy(),
            np.zeros(batch.num_orders, np.int64),
        )

    def deal(self, price: IntArray, part: int) -> Allotment:
        """Deal the stock out at prices; orders that compete with none come first."""
        from engine.kernels.optimum.allot import allot

        batch = self.batch
        three = batch.program, batch.weights, batch.rates
        dealt = self.nothing_given()
        for orders, pace in (
            (self.alone, self.no_prices),
            (self.shuffled(self.orders), self.pace(self.worth // part)),
        ):
            market = self.market._replace(price=price.copy())
            allot(orders, pace, *three, market, dealt.left, dealt.given, dealt.cost, self.work)
        return dealt

    def known(self, given: IntArray) -> Allotment:
        """Return an allocation with what it leaves and costs."""
        from engine.kernels.optimum.allot import book

        batch = self.batch
        booked = self.nothing_given()
        three = batch.program, batch.weights, batch.rates
        book(given, *three, booked.left, booked.given, booked.cost, self.work)
        return booked

    def keeps(self, dealt: Allotment) -> bool:
        """Tell whether each line has what it was promised."""
        if not len(self.promised):
            return True
        of_lines = sums_between(dealt.given, self.batch.program.lines)
        return bool((of_lines >= self.promised).all())

    def exchange(self, dealt: Allotment, price: IntArray, bound: int) -> None:
        """Improve an allocation in place, until nothing is to be expected."""
        from engine.kernels.optimum.allot import exchange

        batch, total = self.batch, dealt.total
        if total == bound or not len(self.orders):
            return
        holders = holders_of(batch, self.market.share)
        group = np.zeros((2, _GROUP), np.int64)
        saved = np.zeros(_GROUP * len(self.work.gives), np.int64)
        rounds = -(-_AT_LEAST // len(self.orders))
        for done in range(max(rounds, _ROUNDS)):
            seeds = [self.shuffled(self.unhappy(dealt, price)), self.shuffled(self.orders)]
            sequence, gained = np.concatenate(seeds), 0
            for some in self.in_time(sequence):
                gained += exchange(
                    some,
                    _GROUP,
                    batch.program,
                    batch.weights,
                    batch.rates,
                    self.market.supply,
                    price,
                    self.no_prices,
                    holders,
                    self.promised,
                    dealt.left,
                    dealt.given,
                    dealt.cost,
                    group,
                    saved,
                    self.chance,
                    self.work,
                )
            total -= gained
            if self.late():
                return
            self.tell(bound, total)
            if total == bound or (done + 1 >= rounds and gained * _ENOUGH <= total):
                return


def _worth_of_stock(market: Market) -> int:
    """Return what all supply is worth at its prices, rounded up resource by resource."""
    priced = np.flatnonzero(market.price)
    pairs = zip(market.price[priced].tolist(), market.supply[priced].tolist(), strict=True)
    return sum(-(-price * supply // QTY_SCALE) for price, supply in pairs)
