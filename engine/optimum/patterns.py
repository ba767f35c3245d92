"""Prices by a linear program over allocation patterns: of all prices they prove the highest bound.

A pattern is one way to serve an order: what each source gives of each line. The program mixes
patterns of each kind of order so that they cost least and no resource is overdrawn; its dual
prices prove as much as it costs. Only patterns that matter are in it: they are found by the prices
that it puts on resources (column generation). From the best prices so far to these, more prices are
tried, since those of a program with few patterns jump (Wentges, "Weighted Dantzig-Wolfe
decomposition for linear mixed-integer programming", International Transactions in Operational
Research 4(2), 1997, doi:10.1111/j.1475-3995.1997.tb00071.x).

The solver computes in floating point, and other versions of it may find other prices. No bound
rests on that: any prices from 0 on prove one, which is added up in whole numbers.
"""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from engine.errors import UsageError
from engine.kernels.optimum.bundles import Market, Work
from engine.optimum.batch import Batch, demand_of, market_of, work_for
from engine.optimum.components import Components, components_of
from engine.optimum.kinds import Kinds, kinds_of
from engine.types import QTY_SCALE, FloatArray, IntArray

MOST_ROWS = 5_000
"""Kinds of orders and resources of the largest component that is solved. The week of Online Retail
is one of 697 and 3,901: in 19 rounds it comes within 0.007 % of the end, in 25 within 0.004 %,
which is 40 to 50 s, nearly all of it HiGHS."""

_PACK = 1_000
"""Kinds of orders from which on no more components share a program. The 30,361 components of
`msi-xl` take 28 s in 93 programs."""

_ROUNDS = 25
_CLOSE = 1e-9
"""A program is done after so many rounds, or if so small a part of its cost is unproven. Those of
docs/quality.md and of `msi-xl` need 3 to 8."""

_PARTS = 1, 2, 4, 8
"""What parts of the way from the best prices to the program's are tried."""

_WIDER = 4
"""What the highest prices are raised by where they turn out too low."""


def improve_prices(
    batch: Batch,
    price: IntArray,
    *,
    most_rows: int = MOST_ROWS,
    goes_on: Callable[[], bool] = lambda: True,
) -> IntArray:
    """Return prices that prove a bound as good as the best there is, or nearly so.

    Parameters
    ----------
    batch
        Orders, sources and stock.
    price
        (num_resources,) in 1e-6 for a unit or an order: where to start from.
    most_rows
        Components with more kinds of orders and resources keep the prices they have.
    goes_on
        Asked now and then whether there is time left.

    Returns
    -------
    (num_resources,) prices, in 1e-6. Their bound is not below that of ``price``, but for what the
    solver's arithmetic may hide: compare.

    Raises
    ------
    UsageError
        If highspy is not installed.
    """
    check_solver()
    market = market_of(batch, demand_of(batch))._replace(price=price.copy())
    components = components_of(batch, market.share)
    kinds = kinds_of(batch, np.flatnonzero(components.of_order >= 0))
    space = _Space(
        np.zeros(len(batch.program.item), np.int64),
        np.zeros(batch.num_orders, np.int64),
        np.zeros(batch.num_orders, np.int64),
        work_for(batch),
    )
    for pack in _packs(components, kinds, most_rows):
        _Pricing(batch, market, pack, space).improve(goes_on)
    return market.price


def check_solver() -> None:
    """Raise `UsageError` if highspy is not installed."""
    if find_spec("highspy") is None:
        raise UsageError(
            "the exact bound takes highspy, which is not installed; "
            "pip install 'ssa-engine[optimum]'"
        )


class _Pack(NamedTuple):
    """Components that share a program.

    ``orders`` and ``size`` are (num_kinds,) as `Kinds` has them, ``resources`` (num_short,);
    ``part_of_kind`` and ``part_of_resource`` tell which of ``num_parts`` components.
    """

    orders: IntArray
    size: IntArray
    resources: IntArray
    part_of_kind: IntArray
    part_of_resource: IntArray
    num_parts: int


class _Space(NamedTuple):
    """Outputs of `engine.kernels.optimum.ways.ways`, for the whole batch."""

    gives: IntArray
    cost: IntArray
    floor: IntArray
    work: Work


def _packs(components: Components, kinds: Kinds, most_rows: int) -> Iterator[_Pack]:
    """Put neighbouring components together until there is work for the solver."""
    of_kind = components.of_order[kinds.first]
    num_kinds = np.bincount(of_kind, minlength=components.num_components)
    of_resource = components.of_resource
    rows = num_kinds + np.bincount(
        of_resource[of_resource >= 0], minlength=components.num_components
    )
    fits = np.flatnonzero(rows <= most_rows)
    number = np.cumsum(num_kinds[fits]) // _PACK
    for parts in np.split(fits, np.flatnonzero(np.diff(number)) + 1):
        place = np.full(components.num_components + 1, -1)
        place[parts] = np.arange(len(parts))
        mine = np.flatnonzero(place[of_kind] >= 0)
        resources = np.flatnonzero(place[of_resource] >= 0)
        yield _Pack(
            kinds.first[mine],
            kinds.size[mine],
            resources,
            place[of_kind[mine]],
            place[of_resource[resources]],
            len(parts),
        )


class _Pricing:
    """A pack under way: its program, and the best prices of each of its components."""

    def __init__(self, batch: Batch, market: Market, pack: _Pack, space: _Space) -> None:
        from engine.optimum.mixture import Mixture

        self.batch, self.market, self.pack, self.space = batch, market, pack, space
        program = batch.program
        begin, end = program.lines[program.orders[pack.orders]], program.orders[pack.orders + 1]
        size = program.lines[end] - begin
        past = np.cumsum(size)
        self.kind_of_entry = np.repeat(np.arange(len(size)), size)
        self.entries = np.arange(len(self.kind_of_entry)) + np.repeat(begin + size - past, size)
        self.place = np.full(len(batch.supply) + 1, -1)
        self.place[pack.resources] = np.arange(len(pack.resources))
        self.supply = batch.supply[pack.resources]
        self.bound = np.full(pack.num_parts, -np.inf)
        self.best = market.price[pack.resources]
        self.seen: set[tuple[int, bytes, bytes]] = set()
        self.mixture = Mixture(pack.size, self.supply)
        self._leave_all_out()

    def improve(self, goes_on: Callable[[], bool]) -> None:
        """Find better prices, and put them on the market."""
        self.price(self.best)
        worthy = self.best[self.best > 0]
        typical = int(worthy.mean()) if len(worthy) else 10**6
        reach = np.maximum(self.best, typical)
        for _ in range(_ROUNDS):
            if not goes_on():
                break
            best, highest = self.best, self.batch.weights.highest
            mixed = self.mixture.solve(np.minimum(best + reach, highest))
            if mixed is None:
                break
            new = [self.price(best + (mixed.price - best) // part) for part in _PARTS]
            if any(new) and mixed.cost - self.bound.sum() > _CLOSE * mixed.cost:
                continue
            if not mixed.has_bought:
                break
            reach = np.minimum(reach * _WIDER, highest)
        self.market.price[self.pack.resources] = self.best

    def price(self, price: IntArray) -> int:
        """Have each kind answer to prices; return how many patterns are new."""
        from engine.kernels.optimum.ways import ways

        batch, space = self.batch, self.space
        self.market.price[self.pack.resources] = price
        three = batch.program, batch.weights, batch.rates
        ways(self.pack.orders, *three, self.market, *space)
        self._keep_best(price)
        return self._add_patterns(price)

    def _keep_best(self, price: IntArray) -> None:
        """Keep the prices of each component that prove more than any before."""
        pack = self.pack
        floor = self.space.floor[pack.orders].astype(float) * pack.size
        worth = price * (self.supply / QTY_SCALE)
        bound = np.bincount(pack.part_of_kind, floor, pack.num_parts)
        bound -= np.bincount(pack.part_of_resource, worth, pack.num_parts)
        is_better = bound > self.bound
        self.bound = np.where(is_better, bound, self.bound)
        self.best = np.where(is_better[pack.part_of_resource], price, self.best)

    def _leave_all_out(self) -> None:
        """Add for each kind the pattern that serves nothing, so that there is a mixture."""
        program, weights, orders = self.batch.program, self.batch.weights, self.pack.orders
        units = np.append(0, np.cumsum(program.need / QTY_SCALE))[program.orders]
        lines = np.append(0, np.cumsum(program.need > 0))[program.orders]
        cost = weights.order + weights.unit * (units[orders + 1] - units[orders])
        cost += weights.line * (lines[orders + 1] - lines[orders]).astype(float)
        cost = np.minimum(cost, program.wait[orders])
        none = np.zeros(0, np.int64)
        offsets = np.zeros(len(orders) + 1, np.int64)
        self.mixture.add(np.arange(len(orders)), cost, offsets, none, none)

    def _add_patterns(self, price: IntArray) -> int:
        kind, resource, qty = self._drawn()
        num_kinds = len(self.pack.orders)
        worth = np.bincount(kind, price[resource] * (qty / QTY_SCALE), num_kinds)
        cost: FloatArray = self.space.cost[self.pack.orders].astype(float) - worth
        offsets = np.searchsorted(kind, np.arange(num_kinds + 1))
        new = [
            one
            for one, (begin, end) in enumerate(pairwise(offsets))
            if self._is_new(one, resource[begin:end], qty[begin:end])
        ]
        is_new = np.zeros(num_kinds, bool)
        is_new[new] = True
        size = np.diff(offsets)[is_new]
        drawn = is_new[kind]
        self.mixture.add(
            np.array(new, np.int64),
            cost[is_new],
            np.append(0, np.cumsum(size)),
            resource[drawn],
            qty[drawn],
        )
        return len(new)

    def _is_new(self, kind: int, resource: IntArray, qty: IntArray) -> bool:
        """Whether a kind has no pattern yet that draws the same: the first is the cheapest."""
        pattern = kind, resource.tobytes(), qty.tobytes()
        if pattern in self.seen:
            return False
        self.seen.add(pattern)
        return True

    def _drawn(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return what kinds draw, by kind and resource of the pack: both, and 1e-4 of it."""
        program, weights = self.batch.program, self.batch.weights
        gives = self.space.gives[self.entries]
        on = np.flatnonzero(gives)
        entry, kind, gives = self.entries[on], self.kind_of_entry[on], gives[on]
        source, num_sources = program.source[entry], program.shipment.shape[1]
        draws = [(kind, program.item[entry], gives)]
        if weights.units_at >= 0:
            draws.append((kind, weights.units_at + source, gives))
        if weights.orders_at >= 0:
            by, of = np.divmod(np.unique(kind * num_sources + source), num_sources)
            draws.append((by, weights.orders_at + of, np.full(len(by), QTY_SCALE)))
        kind, resource, qty = (np.concatenate(column) for column in zip(*draws, strict=True))
        place = self.place[resource]
        key = (kind * len(self.place) + place)[place >= 0]
        drawn, of = np.unique(key, return_inverse=True)
        total = np.zeros(len(drawn), np.int64)
        np.add.at(total, of, qty[place >= 0])
        return *np.divmod(drawn, len(self.place)), total
