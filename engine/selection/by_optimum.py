"""Runs that decide a batch as a whole."""

from math import inf
from time import perf_counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import PolicyError
from engine.kernels.optimum.bundles import UNREACHED, Program, Weights
from engine.kernels.orders.bundles import ENDLESS, Terms, Trace, Work
from engine.optimum.batch import Batch, dearest_unit, sums_between
from engine.optimum.solve import Solved, solve
from engine.optimum.waiting import Hold, with_waits
from engine.orders import OrderSet
from engine.policies.model import BATCH_RULE, ORDER_RULES
from engine.selection.bound import Bound, dropped_by_bound
from engine.selection.by_policy import ByPolicy, no_trace
from engine.selection.deduction import Deduction
from engine.selection.plan import Plan
from engine.selection.program import (
    Piece,
    excluded,
    given_by,
    highest_price,
    items_of_lines,
    join_programs,
    lines_since,
)
from engine.selection.ranking import RankedBlock, distinct_rankings
from engine.types import QTY_SCALE, BoolArray, IntArray, Lines, Picks, frozen

_MOST_SETS = 5_000
"""Sets of sources that are compared for one order at a time."""

_MOST_CELLS = 1 << 27
"""Rankings times sources whose costs are held at once, 3 GB."""

_MOST_PLACES = 1 << 40
"""A capacity of more orders, or of more units, is none."""


class _Planned(NamedTuple):
    """What lines get: ``given[lines[l]:lines[l + 1]]`` from these source items."""

    lines: IntArray
    items: IntArray
    given: IntArray

    def part(self, first: int, last: int) -> "_Planned":
        """Return what the lines ``first:last`` get."""
        offsets = self.lines[first : last + 1]
        part = slice(int(offsets[0]), int(offsets[-1]))
        return _Planned(offsets - offsets[0], self.items[part], self.given[part])


class DecidedBatch(NamedTuple):
    """A batch that is decided; ``planned`` has what each of its parts gets."""

    batch: Batch
    solved: Solved
    planned: list[_Planned]


class ByOptimum(ByPolicy):
    """A run whose policy has the order rule ``optimal``; each call decides all it is given.

    Parameters
    ----------
    catalog, plan
        As in `ByPolicy`.

    Raises
    ------
    PolicyError
        If the policy asks for what the catalogue does not have, or has a soft constraint.
    UsageError
        If the bound is to be exact and highspy is not installed.

    Attributes
    ----------
    bounds
        One for each batch that was decided.
    """

    def __init__(self, catalog: Catalog, plan: Plan) -> None:
        super().__init__(catalog, plan, independent=False)
        if self._policy.optimal.exact:  # lest it be told only after the prices have climbed
            from engine.optimum.patterns import check_solver

            check_solver()
        self.bounds: list[Bound] = []

    def serve(self, orders: OrderSet, clock: Clock, hold: Hold | None = None) -> Deduction:
        """Serve a batch; see `engine.selection.selection.Selection`."""
        return self.serve_parts([orders], clock, hold)[0]

    def serve_parts(
        self, parts: list[OrderSet], clock: Clock, hold: Hold | None = None
    ) -> list[Deduction]:
        """Serve a batch that comes in parts; lines count from 0 in each, ``hold`` is of all."""
        decided = self.decide(parts, clock, hold)
        solved, weights = decided.solved, decided.batch.weights
        done = [
            self._follow(part, planned, clock, no_trace())
            for part, planned in zip(parts, decided.planned, strict=True)
        ]
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

    def decide(self, parts: list[OrderSet], clock: Clock, hold: Hold | None = None) -> DecidedBatch:
        """Decide a batch that comes in parts; nothing is taken from stock."""
        with clock("rank"):
            supply = self._supply()
            # What orders may wait for need not be there yet.
            drawn_on = supply if hold is None else self._supply(hold.is_due)
            pieces = [self._piece(part, drawn_on) for part in parts]
            ids = pa.chunked_array([part.ids for part in parts])
            batch = self._batch(pieces, supply, ids)
            if hold is not None:
                batch = with_waits(batch, hold)
        with clock("optimize"):
            solved = self._solve(batch, parts, pieces, clock)
        planned, first = [], 0
        for piece in pieces:
            given = solved.given[first : first + len(piece.items)]
            planned.append(_Planned(piece.program.lines, piece.items, given))
            first += len(piece.items)
        return DecidedBatch(batch, solved, planned)

    def follow_to(
        self, parts: list[OrderSet], decided: DecidedBatch, which: int, at: int
    ) -> tuple[Deduction, Trace]:
        """Serve a batch as decided up to order ``at`` of part ``which``, and trace that one."""
        clock = Clock()
        for part, planned in zip(parts[:which], decided.planned, strict=False):
            self._follow(part, planned, clock, no_trace())
        part, planned = parts[which], decided.planned[which]
        first, last = part.offsets[[at, at + 1]].tolist()
        if at:
            self._follow(part.part(0, at), planned.part(0, first), clock, no_trace())
        order = part.part(at, at + 1)
        trace = self._trace_for(order)
        return self._follow(order, planned.part(first, last), clock, trace), trace

    @property
    def _num_items(self) -> int:
        return len(self._start)

    def _solve(
        self, batch: Batch, parts: list[OrderSet], pieces: list[Piece], clock: Clock
    ) -> Solved:
        optimal, start = self._policy.optimal, perf_counter()
        limit = float(optimal.time_limit) or inf
        starts = [given_by(found, pieces, self._num_items) for found in self._greedy(parts)]
        promised = None
        if optimal.keep_promises:
            alone = starts[ORDER_RULES.index("cheapest")]
            promised = sums_between(alone, batch.program.lines)
        return solve(
            batch,
            starts,
            promised=promised,
            seed=optimal.seed,
            exact=optimal.exact,
            spent=lambda: (perf_counter() - start) / limit,
            tell=lambda bound, cost: clock.word(_so_far(bound, cost)),
        )

    def _greedy(self, parts: list[OrderSet]) -> list[list[Deduction]]:
        """Serve the batch by each rule that goes order by order; nothing of it is kept."""
        trials = map(self.trial, ORDER_RULES)
        return [[trial.serve(part, Clock()) for part in parts] for trial in trials]

    def _follow(self, orders: OrderSet, planned: _Planned, clock: Clock, trace: Trace) -> Deduction:
        """Serve orders as it was decided, and say why what is short is."""
        from engine.kernels.orders.planned import serve_planned

        def serve(block: RankedBlock, lines: Lines, terms: Terms, work: Work, picks: Picks) -> int:
            part = planned.part(*orders.offsets[[block.start, block.stop]].tolist())
            return serve_planned(
                frozen(part.lines),
                frozen(part.items),
                frozen(part.given),
                self._rules,
                block.ranks,
                lines,
                self._stock,
                terms,
                self._of_source,
                work,
                picks,
                trace,
            )

        return self._serve_blocks(orders, clock, serve)

    def _piece(self, orders: OrderSet, drawn_on: IntArray) -> Piece:
        """Write down what each source could give of each line; ``drawn_on`` as in `_supply`."""
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
        line, item = items_of_lines(self._catalog, orders.skus)
        source = self._catalog.items.sources[item]
        order = orders.order_of_line[line]
        ranking = rankings.of_order[order]
        terms = self._terms(orders, RankedBlock(0, len(orders.ids), board, rankings.of_order))
        serves = board.bars[0][ranking, source] == 0
        serves &= drawn_on[item] > 0
        serves &= ~excluded(terms, order, source, orders.skus[line], self._catalog)
        line, item, source, ranking = (column[serves] for column in (line, item, source, ranking))
        managed = self._stock.skus.managed[orders.skus[line]] > 0
        return Piece(
            Program(
                orders=frozen(orders.offsets.astype(np.int64)),
                lines=frozen(np.searchsorted(line, np.arange(len(orders.skus) + 1))),
                need=frozen(orders.quantity),
                same=frozen(lines_since(orders)),
                item=frozen(np.where(managed, item, -1).astype(np.int32)),
                source=frozen(source),
                unit_cost=frozen(board.unit_cost[ranking, source]),
                ranking=frozen(rankings.of_order),
                shipment=board.shipment_cost,
                rates=board.rates,
                ship_policy=terms.ship_policy,
                wait=frozen(np.full(len(orders.ids), UNREACHED)),
            ),
            item,
        )

    def _supply(self, is_due: BoolArray | None = None) -> IntArray:
        """(num_items,) what orders may take, 1e-4 units; 1 where stock is not managed.

        Above 0, too, wherever stock that is managed is due.
        """
        managed = np.repeat(self._stock.skus.managed > 0, np.diff(self._catalog.items.offsets))
        free = self._stock.available
        if self._rules.safety_stock:
            free = np.where(managed, free - self._stock.held_back, free)
        free = np.where(managed, np.maximum(free, 0), self._stock.available > -ENDLESS)
        if is_due is not None:
            free = np.where(managed & is_due, np.maximum(free, 1), free)
        if self._rules.exclusion and len(self._stock.excluded):
            free = np.where(self._stock.excluded > 0, 0, free)
        return free.astype(np.int64)

    def _batch(self, pieces: list[Piece], free: IntArray, ids: pa.ChunkedArray) -> Batch:
        program = join_programs([piece.program for piece in pieces])
        num_sources = self._catalog.sources.num_rows
        supply, units_at, orders_at = [free], -1, -1
        if self._rules.capacity:
            units_at, orders_at = self._num_items, self._num_items + num_sources
            units = np.clip(self._of_source[:, 1], 0, _MOST_PLACES * QTY_SCALE)
            supply.append(units)
            places = np.clip(self._of_source[:, 0], 0, _MOST_PLACES)
            supply.append(places * QTY_SCALE)
        weights = self._weights(program, units_at, orders_at)
        batch = Batch(program, weights, self.maker.rates, np.concatenate(supply))
        return batch._replace(weights=weights._replace(highest=highest_price(batch, ids)))

    def _weights(self, program: Program, units_at: int, orders_at: int) -> Weights:
        """Return what is not served counts: as the policy says, or more than all shipping."""
        rules = self._rules
        unit, line, order = rules.per_unserved_unit, 0, rules.per_unserved_order
        if self._policy.optimal.first == "service" or (unit == 0 and order == 0):
            dearest = dearest_unit(program, self.maker.rates)
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


def _so_far(bound: int, cost: int | None) -> str:
    if cost is None or bound <= 0:
        return f"bound {bound / 10**6:,.2f}"
    return f"{(cost - bound) / bound:.2%} above the bound"
