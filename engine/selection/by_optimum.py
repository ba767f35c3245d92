"""Runs that decide a batch as a whole."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np

from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import PolicyError
from engine.kernels.optimum.bundles import Program, Weights
from engine.kernels.orders.bundles import ENDLESS, Terms, Work
from engine.optimum.batch import Batch
from engine.optimum.solve import solve, worth_of_unit
from engine.orders import OrderSet
from engine.policies.model import BATCH_RULE, ORDER_RULES
from engine.selection.bound import Bound, dropped_by_bound
from engine.selection.by_policy import ByPolicy
from engine.selection.deduction import Deduction
from engine.selection.plan import Plan
from engine.selection.ranking import RankedBlock, distinct_rankings
from engine.types import QTY_SCALE, BoolArray, IndexArray, IntArray, Lines, Picks, frozen

_MOST_SETS = 20_000
"""Sets of sources that are compared for one order at a time."""

_MOST_CELLS = 1 << 27
"""Rankings times sources whose costs are held at once, 3 GB."""

_MOST_MONEY = 1 << 60

_MOST_ORDERS = 1 << 40
"""A capacity of more orders is none."""


class _Piece(NamedTuple):
    """A part of a batch: its program, and the source item of each entry, (num_entries,)."""

    program: Program
    items: IntArray


class ByOptimum(ByPolicy):
    """A run whose policy has the order rule ``optimal``; each call decides all it is given.

    Parameters
    ----------
    catalog, plan
        As in `ByPolicy`.
    goes_on
        Asked now and then whether there is time left; see `engine.optimum.solve.solve`.

    Raises
    ------
    PolicyError
        If the policy asks for what the catalogue does not have, or has a soft constraint.

    Attributes
    ----------
    bounds
        One for each batch that was decided.
    """

    def __init__(
        self, catalog: Catalog, plan: Plan, goes_on: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(catalog, plan, independent=False)
        self._goes_on = goes_on
        self.bounds: list[Bound] = []

    def serve(self, orders: OrderSet, clock: Clock) -> Deduction:
        """Serve a batch; see `engine.selection.selection.Selection`."""
        return self.serve_parts([orders], clock)[0]

    def serve_parts(self, parts: list[OrderSet], clock: Clock) -> list[Deduction]:
        """Serve a batch that comes in parts; lines count from 0 in each."""
        with clock("rank"):
            supply = self._supply()
            pieces = [self._piece(part, supply) for part in parts]
            batch = self._batch(pieces, supply)
        with clock("optimize"):
            starts = [_given(found, pieces, self._num_items) for found in self._greedy(parts)]
            solved = solve(batch, starts, goes_on=self._goes_on)
        done, first = [], 0
        for part, piece in zip(parts, pieces, strict=True):
            given = solved.given[first : first + len(piece.items)]
            done.append(self._follow(part, piece, given, clock))
            first += len(piece.items)
        weights = batch.weights
        self.bounds.append(
            Bound(
                solved.cost,
                solved.bound,
                (weights.unit, weights.line, weights.order),
                dict(zip((*ORDER_RULES, BATCH_RULE), (*solved.starts, solved.cost), strict=True)),
                dropped_by_bound(self._policy),
                solved.is_whole,
                solved.cut_short,
            )
        )
        return done

    @property
    def _num_items(self) -> int:
        return len(self._start)

    def _greedy(self, parts: list[OrderSet]) -> list[list[Deduction]]:
        """Serve the batch by each rule that goes order by order; nothing of it is kept."""
        found = []
        for rule in ORDER_RULES:
            policy = msgspec.structs.replace(self._policy, order_rule=rule)
            plan = self._plan._replace(policy=policy)
            trial = ByPolicy(self._catalog, plan, independent=False)
            trial._stock = self._stock._replace(available=self._stock.available.copy())
            trial._of_source = self._of_source.copy()
            found.append([trial.serve(part, Clock()) for part in parts])
        return found

    def _follow(self, orders: OrderSet, piece: _Piece, given: IntArray, clock: Clock) -> Deduction:
        """Serve orders as it was decided, and say why what is short is."""
        from engine.kernels.orders.planned import serve_planned

        def serve(block: RankedBlock, lines: Lines, terms: Terms, work: Work, picks: Picks) -> int:
            first, last = orders.offsets[[block.start, block.stop]].tolist()
            offsets = piece.program.lines[first : last + 1]
            part = slice(int(offsets[0]), int(offsets[-1]))
            return serve_planned(
                frozen(offsets - offsets[0]),
                frozen(piece.items[part]),
                frozen(given[part]),
                self._rules,
                block.ranks,
                lines,
                self._stock,
                terms,
                self._of_source,
                work,
                picks,
            )

        return self._serve_blocks(orders, clock, serve)

    def _piece(self, orders: OrderSet, free: IntArray) -> _Piece:
        """Write down what each source could give of each line."""
        rankings = distinct_rankings(
            orders, by_destination=self.maker.by_destination, by_area=self.maker.by_area
        )
        num_sources = max(1, self._catalog.sources.num_rows)
        if len(rankings.stock) * num_sources > _MOST_CELLS:
            raise PolicyError(
                f"policy: order_rule optimal holds the costs of {_MOST_CELLS:,} pairs of a place "
                f"and a source at most, and the orders go to {len(rankings.stock):,} places from "
                f"{num_sources:,} sources; split the batch or choose another order_rule"
            )
        board = self.maker.make(orders, rankings, np.arange(len(rankings.stock)))
        line, item = _items_of_lines(self._catalog, orders.skus)
        source = self._catalog.items.sources[item]
        order = orders.order_of_line[line]
        ranking = rankings.of_order[order]
        terms = self._terms(orders, RankedBlock(0, len(orders.ids), board, rankings.of_order))
        serves = board.bars[0][ranking, source] == 0
        serves &= free[item] > 0
        serves &= ~_excluded(terms, order, source, orders.skus[line], self._catalog)
        line, item, source, ranking = (column[serves] for column in (line, item, source, ranking))
        managed = self._stock.skus.managed[orders.skus[line]] > 0
        return _Piece(
            Program(
                orders=frozen(orders.offsets.astype(np.int64)),
                lines=frozen(np.searchsorted(line, np.arange(len(orders.skus) + 1))),
                need=frozen(orders.quantity),
                same=frozen(_lines_since(orders)),
                item=frozen(np.where(managed, item, -1).astype(np.int32)),
                source=frozen(source),
                unit_cost=frozen(board.unit_cost[ranking, source]),
                ranking=frozen(rankings.of_order),
                shipment=board.shipment_cost,
                rates=board.rates,
                ship_policy=terms.ship_policy,
            ),
            item,
        )

    def _supply(self) -> IntArray:
        """(num_items,) what orders may take, 1e-4 units; 1 where stock is not managed."""
        managed = np.repeat(self._stock.skus.managed > 0, np.diff(self._catalog.items.offsets))
        free = self._stock.available
        if self._rules.safety_stock:
            free = np.where(managed, free - self._stock.held_back, free)
        free = np.where(managed, np.maximum(free, 0), self._stock.available > -ENDLESS)
        if self._rules.exclusion and len(self._stock.excluded):
            free = np.where(self._stock.excluded > 0, 0, free)
        return free.astype(np.int64)

    def _batch(self, pieces: list[_Piece], free: IntArray) -> Batch:
        program = _joined([piece.program for piece in pieces])
        num_sources = self._catalog.sources.num_rows
        supply, units_at, orders_at = [free], -1, -1
        if self._rules.capacity:
            units_at, orders_at = self._num_items, self._num_items + num_sources
            supply.append(np.maximum(self._of_source[:, 1], 0))
            places = np.clip(self._of_source[:, 0], 0, _MOST_ORDERS)
            supply.append(places * QTY_SCALE)
        weights = self._weights(program, units_at, orders_at)
        batch = Batch(program, weights, self.maker.rates, np.concatenate(supply))
        batch = batch._replace(weights=weights._replace(highest=64 * worth_of_unit(batch)))
        self._check(batch)
        return batch

    def _weights(self, program: Program, units_at: int, orders_at: int) -> Weights:
        """Return what is not served counts as the policy says, or more than all shipping."""
        rules = self._rules
        unit, line, order = rules.per_unserved_unit, 0, rules.per_unserved_order
        if unit == 0 and order == 0:
            dearest = int(program.shipment.max(initial=0)) + int(program.unit_cost.max(initial=0))
            unit, line, order = 100 * dearest, 10 * dearest, dearest
        return Weights(
            unit=unit,
            line=line,
            order=order,
            max_sources=rules.max_sources,
            least=rules.min_units_last,
            most_sets=_MOST_SETS,
            highest=0,
            units_at=units_at,
            orders_at=orders_at,
        )

    def _check(self, batch: Batch) -> None:
        """Refuse orders whose cost might not fit."""
        program, weights = batch.program, batch.weights
        units = np.add.reduceat(
            np.append(program.need, 0).astype(float),
            np.minimum(program.orders[:-1], len(program.need)),
        )
        units = np.where(np.diff(program.orders) > 0, units, 0.0) / QTY_SCALE + 1
        each = float(program.unit_cost.max(initial=0)) + weights.unit + 2.0 * weights.highest
        most = units.max(initial=0) * each
        most += float(np.diff(program.orders).max(initial=0)) * weights.line + weights.order
        most += program.shipment.shape[1] * (
            float(program.shipment.max(initial=0)) + weights.highest
        )
        if most > _MOST_MONEY:
            raise PolicyError(
                f"policy: an order could count more than {_MOST_MONEY // 10**6:,} with the prices "
                "that order_rule optimal puts on stock; lower the costs or correct the quantities"
            )


def _joined(programs: list[Program]) -> Program:
    """Put the parts of a batch one after the other."""
    columns = {
        name: np.concatenate([getattr(one, name) for one in programs])
        for name in Program._fields
        if name not in ("orders", "lines", "ranking")
    }
    for name, counted in (("orders", "need"), ("lines", "item")):
        counts = np.concatenate([np.diff(getattr(one, name)) for one in programs])
        columns[name] = np.append(0, np.cumsum(counts))
        assert columns[name][-1] == len(columns[counted])
    first = np.append(0, np.cumsum([len(one.shipment) for one in programs]))
    columns["ranking"] = np.concatenate(
        [one.ranking + at for one, at in zip(programs, first.tolist(), strict=False)]
    )
    return Program(**{name: frozen(column) for name, column in columns.items()})


def _items_of_lines(catalog: Catalog, skus: IndexArray) -> tuple[IntArray, IntArray]:
    """List the source items of each line's SKU: line and item, by both."""
    offsets = catalog.items.offsets
    counts = np.where(skus >= 0, np.diff(np.append(offsets, offsets[-1]))[skus], 0)
    line = np.repeat(np.arange(len(skus)), counts)
    first = np.append(0, np.cumsum(counts))[:-1]
    return line, offsets[skus[line]] + np.arange(len(line)) - first[line]


def _lines_since(orders: OrderSet) -> IntArray:
    """(num_lines,) how many lines before it an order asks for the same SKU first."""
    line = np.arange(len(orders.skus))
    key = orders.order_of_line * (int(orders.skus.max(initial=0)) + 2) + orders.skus + 1
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return np.where(orders.skus >= 0, line - first[which], 0)


def _excluded(
    terms: Terms, order: IntArray, source: IndexArray, sku: IndexArray, catalog: Catalog
) -> BoolArray:
    """(num_entries,) which an order's own exclusions name."""
    if not len(terms.offsets):
        return np.zeros(len(order), bool)
    num_sources, num_skus = catalog.sources.num_rows, len(catalog.sku_names) + 1
    of_row = np.repeat(np.arange(len(terms.offsets) - 1), np.diff(terms.offsets))
    pair, named = order * num_sources + source, of_row * num_sources + terms.sources
    of_all = terms.skus < 0
    found = np.isin(pair, named[of_all])
    one = named[~of_all] * num_skus + terms.skus[~of_all]
    return found | np.isin(pair * num_skus + sku, one)


def _given(found: list[Deduction], pieces: list[_Piece], num_items: int) -> IntArray:
    """(num_entries,) what a run that is over gave."""
    given = []
    for done, piece in zip(found, pieces, strict=True):
        line = np.repeat(np.arange(len(piece.program.need)), np.diff(piece.program.lines))
        column = np.zeros(len(piece.items), np.int64)
        at = np.searchsorted(line * num_items + piece.items, done.lines * num_items + done.items)
        np.add.at(column, at, done.quantity)
        given.append(column)
    return np.concatenate(given)
