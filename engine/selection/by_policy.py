"""Runs by a policy: orders as a whole, one after the other."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog, find_items, index_of
from engine.clock import Clock
from engine.errors import PolicyError
from engine.kernels.orders.bundles import (
    ENDLESS,
    NO_STOCK,
    NOT_ASKED,
    PLUGIN,
    Board,
    Rules,
    Stock,
    Terms,
    Trace,
    Work,
)
from engine.orders import OrderSet
from engine.policies.model import (
    BATCH_RULE,
    ORDER_RULES,
    Capacity,
    Exclusion,
    MinUnits,
    Policy,
    SafetyStock,
)
from engine.selection.areas import required_table
from engine.selection.asked_rule import AskedRule
from engine.selection.board import BoardMaker, check_costs
from engine.selection.costs import micro
from engine.selection.deduction import (
    BLOCK_PICKS,
    Buffers,
    Deduction,
    items_of_orders,
    joined,
    lines_of,
)
from engine.selection.layouts import flags_of_skus
from engine.selection.plan import Plan, rules_of
from engine.selection.ranking import RankedBlock, distinct_rankings, ranked_blocks
from engine.tables.quantity import column_units, decimal_to_units
from engine.tables.schema import SHIP_POLICIES
from engine.tables.whole import whole
from engine.types import QTY_SCALE, FlagArray, IndexArray, IntArray, Lines, Picks, frozen

_MOST_MONEY = 1 << 61

_Server = Callable[[RankedBlock, Lines, Terms, Work, Picks], int]


class ByPolicy:
    """A run by a policy.

    Parameters
    ----------
    catalog
        Unchanged; the run spends its own copy of the quantities.
    plan
        The policy.
    independent
        Every order sees the untouched snapshot and full capacity.

    Raises
    ------
    PolicyError
        If the policy asks for what the catalogue does not have.

    Attributes
    ----------
    maker
        Knows what holds between orders and sources.
    """

    def __init__(self, catalog: Catalog, plan: Plan, *, independent: bool) -> None:
        check_costs(plan, catalog)
        self._catalog = catalog
        self._plan, self._policy = plan, plan.policy
        self.maker = BoardMaker(catalog, plan)
        self._asked = AskedRule(catalog, plan) if plan.order_rule else None
        address = self._asked.address if self._asked else 0
        self._rules = _rules(plan.policy, address, independent)
        self._exclusions = _Exclusions(catalog, plan.policy)
        self._start = _available(catalog)
        self._stock = Stock(
            catalog.items,
            flags_of_skus(catalog),
            self._start.copy(),
            _safety_stock(catalog, plan.policy),
            self._exclusions.of_items,
        )
        self._of_source = _of_source(catalog, plan, self._start)
        self._marks = np.zeros(3, np.int64)
        self._row_of_sku = np.zeros(max(1, len(catalog.sku_names)), np.int64)
        self._buffers = Buffers()

    @property
    def left(self) -> IntArray:
        """(num_items,) recorded quantities after what was served so far, 1e-4 units."""
        return self._catalog.items.quantity - (self._start - self._stock.available)

    @property
    def in_stock(self) -> FlagArray:
        """(num_items,) statuses after what was served so far."""
        items, skus = self._catalog.items, self._stock.skus
        stays = np.repeat(skus.backorders > 0, np.diff(items.offsets))
        emptied = (self._start > self._stock.available) & (self.left == 0) & ~stays
        return np.where(emptied, 0, items.in_stock).astype(np.uint8)

    def trial(self, order_rule: str) -> "ByPolicy":
        """Return a run by another order rule that goes on from what is left, and takes nothing."""
        policy = msgspec.structs.replace(self._policy, order_rule=order_rule)
        plan = self._plan._replace(policy=policy)
        run = ByPolicy(self._catalog, plan, independent=False)
        run._stock = self._stock._replace(available=self._stock.available.copy())
        run._of_source = self._of_source.copy()
        # Marks of orders that drew on a source stand in it.
        run._marks = self._marks.copy()
        return run

    def serve(self, orders: OrderSet, clock: Clock) -> Deduction:
        """Serve the next orders; see `engine.selection.selection.Selection`."""
        return self._serve(orders, clock, no_trace())

    def serve_traced(self, orders: OrderSet) -> tuple[Deduction, Trace]:
        """Serve one order, and write down what its lines met."""
        trace = self._trace_for(orders)
        return self._serve(orders, Clock(), trace), trace

    def _trace_for(self, orders: OrderSet) -> Trace:
        """Return room for what the lines of an order meet."""
        counts = np.append(np.diff(self._catalog.items.offsets), 0)[orders.skus]
        offsets = np.append(0, np.cumsum(counts))
        return no_trace(int(offsets[-1]), self._num_keys)._replace(offsets=frozen(offsets))

    def _serve(self, orders: OrderSet, clock: Clock, trace: Trace) -> Deduction:
        from engine.kernels.orders.serve import serve_orders

        def serve(block: RankedBlock, lines: Lines, terms: Terms, work: Work, picks: Picks) -> int:
            if self._asked:
                self._asked.begin(orders, block.start, work)
            count = serve_orders(
                self.maker.kinds,
                self._rules,
                block.ranks,
                self.maker.rates,
                lines,
                self._stock,
                terms,
                self._of_source,
                work,
                picks,
                trace,
            )
            if self._asked:
                self._asked.raise_error()
            return count

        return self._serve_blocks(orders, clock, serve)

    def _serve_blocks(self, orders: OrderSet, clock: Clock, serve: _Server) -> Deduction:
        """Serve orders block by block; ``serve`` writes picks and returns how many."""
        bounds = self._rules.passes * items_of_orders(self._catalog, orders)
        rankings = distinct_rankings(
            orders, by_destination=self.maker.by_destination, by_area=self.maker.by_area
        )
        blocks = ranked_blocks(
            rankings,
            lambda rows: self.maker.make(orders, rankings, rows),
            self.maker.cells(),
            bounds,
            BLOCK_PICKS,
            clock,
        )
        parts = []
        for block in blocks:
            with clock("deduct"):
                lines = lines_of(orders, block)
                self._check_money(block.ranks, lines, orders.ids[block.start : block.stop])
                most = bounds[block.start : block.stop]
                picks = self._buffers.make_room(int(most.sum()), len(lines.skus))
                work = self._work(lines, int(most.max(initial=0)))
                count = serve(block, lines, self._terms(orders, block), work, picks)
                first_line = orders.offsets[block.start]
                parts.append(
                    self._buffers.written(self._catalog, count, len(lines.skus), first_line)
                )
        return joined(parts or [self._buffers.written(self._catalog, 0, 0, 0)])

    def _terms(self, orders: OrderSet, block: RankedBlock) -> Terms:
        policy = np.full(block.stop - block.start, SHIP_POLICIES.index(self._policy.ship_policy))
        if orders.ship_policy is not None:
            own = orders.ship_policy[block.start : block.stop]
            policy = np.where(own >= 0, own, policy)
        ids = orders.ids[block.start : block.stop]
        return Terms(frozen(policy.astype(np.uint8)), *self._exclusions.of_orders(ids))

    @property
    def _num_keys(self) -> int:
        return len(self.maker.kinds) + int("capacity_left" in self._plan.scores)  # has two

    def _work(self, lines: Lines, most_picks: int) -> Work:
        num_sources = max(1, self._catalog.sources.num_rows)
        most_lines = int(np.diff(lines.offsets).max(initial=0))
        most_items = int(np.diff(self._catalog.items.offsets).max(initial=0))
        sets = {"complete_first", "fewest_sources", "cheapest"}
        cells = most_lines * (min(num_sources, most_picks) + 1)
        if sets.isdisjoint(rules_of(self._policy)):
            cells = 0
        return Work(
            counts=self._marks,
            candidates=np.zeros((most_items, 4 + self._num_keys), np.int64),
            rows=np.empty((4, most_lines + 1), np.int64),
            row_of_sku=self._row_of_sku,
            entries=np.empty((most_picks, 2), np.int64),
            slots=np.zeros((num_sources, 10 + self._num_keys), np.int64),
            have=np.empty(cells, np.int64),
            most=np.empty(cells, np.int64),
            rest=np.empty(cells, np.int64),
            members=np.zeros((7, num_sources + 1), np.int64),
            merged=np.empty((4, most_picks), np.int64),
        )

    def _check_money(self, board: Board, lines: Lines, ids: pa.Array) -> None:
        """Refuse orders whose cost might not fit; nothing of the run is used then."""
        if not len(board.unit_cost) or not len(lines.skus):
            return
        num_sources, rates = board.unit_cost.shape[1], self.maker.rates
        # In floats, which cannot overflow; what is refused is far from where that might matter.
        total = np.zeros(len(lines.ranking))
        np.add.at(total, np.repeat(np.arange(len(total)), np.diff(lines.offsets)), lines.quantity)
        unit, shipment = (
            costs.max(axis=1, initial=0)[lines.ranking].astype(float)
            for costs in (board.unit_cost, board.shipment_cost)
        )
        most = (total / QTY_SCALE + 1) * (unit + self._rules.per_unserved_unit)
        most += num_sources * shipment + self._rules.per_unserved_order
        if len(rates.up_to):
            parcels = num_sources + total / rates.up_to[rates.offsets[1:] - 1].min()
            most += parcels * float(rates.cost.max())
        if most.max() > _MOST_MONEY:
            at = int(most.argmax())
            raise PolicyError(
                f"policy: order {ids[at].as_py()} of {total[at] / QTY_SCALE:,.0f} units could cost "
                f"more than {_MOST_MONEY // 10**6:,}; lower the costs or correct the quantities"
            )


def no_trace(num_cells: int = 0, num_keys: int = 0) -> Trace:
    """Return a trace that nothing is written to, as it has no offsets."""
    return Trace(
        offsets=frozen(np.empty(0, np.int64)),
        why=np.full((2, num_cells), NOT_ASKED, np.uint8),
        has=np.zeros((2, num_cells), np.int64),
        is_ranked=np.zeros((2, num_cells), np.uint8),
        keys=np.zeros((2, num_cells, num_keys), np.int64),
    )


class _Exclusions:
    """What the table ``exclusions`` says of single SKUs and single orders.

    ``of_items`` is (num_items,) 1 where every order is kept from an item, empty for none.
    """

    def __init__(self, catalog: Catalog, policy: Policy) -> None:
        self._ids = pa.array([], pa.string())
        self._offsets = np.zeros(1, np.int64)
        self._sources = self._skus = frozen(np.empty(0, np.int32))
        self.of_items = frozen(np.empty(0, np.uint8))
        if not any(isinstance(one, Exclusion) for one in policy.constraints):
            return
        table = required_table(catalog, "exclusions", "the exclusion constraint")
        source = index_of(table["source_code"], whole(catalog.sources["source_code"]))
        sku = catalog.sku_index.find(table["sku"])
        has_order, has_sku = (np.asarray(table[name].is_valid()) for name in ("order_id", "sku"))
        by_item = ~has_order & has_sku & (sku >= 0)
        if by_item.any():
            self.of_items = frozen(_marked(catalog, sku[by_item], source[by_item]))
        by_order = has_order & (~has_sku | (sku >= 0))
        rows = table.filter(pa.array(by_order))["order_id"].combine_chunks().dictionary_encode()
        self._ids = rows.dictionary
        order = np.asarray(rows.indices)
        at = np.argsort(order, kind="stable")
        self._offsets = np.searchsorted(order[at], np.arange(len(self._ids) + 1))
        self._sources = frozen(source[by_order][at])
        self._skus = frozen(np.where(has_sku, sku, -1)[by_order][at].astype(np.int32))

    def of_orders(self, ids: pa.Array) -> tuple[IntArray, IndexArray, IndexArray]:
        """Return the exclusions of some orders in CSR form; without any, no offsets."""
        if not len(self._ids):
            return frozen(np.empty(0, np.int64)), self._sources, self._skus
        known = index_of(ids.cast(pa.string()), self._ids)
        count = np.where(known >= 0, np.diff(self._offsets)[known], 0)
        offsets = np.append(0, np.cumsum(count))
        inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], count)
        rows = np.repeat(self._offsets[known], count) + inside
        return frozen(offsets), frozen(self._sources[rows]), frozen(self._skus[rows])


def _marked(catalog: Catalog, sku: IndexArray, source: IndexArray) -> FlagArray:
    """(num_items,) 1 for the items of some (SKU, source) pairs."""
    marked = np.zeros(len(catalog.item_rows), np.uint8)
    at, found = find_items(catalog.items, sku, source)
    marked[at[found]] = 1
    return marked


def _rules(policy: Policy, plugin: int, independent: bool) -> Rules:
    """Return the scalars of a policy."""
    has_soft = any(one.soft for one in policy.constraints)

    def passes(kind: type) -> int:
        """Return in how many passes the constraints of a kind hold."""
        given: list[Any] = [one for one in policy.constraints if isinstance(one, kind)]
        return (1 if given[0].soft else 2) if given else 0

    least = [one for one in policy.constraints if isinstance(one, MinUnits)]
    hard = max((_units(one) for one in least if not one.soft), default=0)
    own = "cheapest" if policy.order_rule == BATCH_RULE else policy.order_rule
    return Rules(
        order_rule=PLUGIN if plugin else ORDER_RULES.index(own),
        fallback=ORDER_RULES.index(policy.fallback),
        max_sources=policy.max_sources,
        passes=2 if has_soft else 1,
        safety_stock=passes(SafetyStock),
        capacity=passes(Capacity),
        exclusion=passes(Exclusion),
        min_units_first=max(map(_units, least), default=0),
        min_units_last=hard,
        per_unserved_unit=micro(policy.costs.per_unserved_unit),
        per_unserved_order=micro(policy.costs.per_unserved_order),
        independent=int(independent),
        plugin=plugin,
    )


def _units(one: MinUnits) -> int:
    return int(one.units * QTY_SCALE)


def _available(catalog: Catalog) -> IntArray:
    """(num_items,) as in `Stock.available`, before the run."""
    items = catalog.items
    managed = np.repeat(catalog.stock_items.manage_stock > 0, np.diff(items.offsets))
    free = np.where(managed, np.maximum(items.quantity - items.reserved, 0), items.quantity)
    return np.where(items.in_stock > 0, free, np.where(managed, 0, NO_STOCK))


def _safety_stock(catalog: Catalog, policy: Policy) -> IntArray:
    """(num_items,) units held back; empty if the policy holds none back."""
    if not any(isinstance(one, SafetyStock) for one in policy.constraints):
        return frozen(np.empty(0, np.int64))
    table = required_table(catalog, "safety_stock", "the safety_stock constraint")
    source = index_of(table["source_code"], whole(catalog.sources["source_code"]))
    quantity = column_units(table, "quantity")
    of_all = ~np.asarray(table["sku"].is_valid())
    by_source = np.zeros(catalog.sources.num_rows, np.int64)
    by_source[source[of_all]] = quantity[of_all]
    held_back = by_source[catalog.items.sources]
    sku = catalog.sku_index.find(table["sku"])
    own = ~of_all & (sku >= 0)
    at, found = find_items(catalog.items, sku[own], source[own])
    held_back[at[found]] = quantity[own][found]
    return frozen(held_back)


def _of_source(catalog: Catalog, plan: Plan, available: IntArray) -> IntArray:
    """(num_sources, 11) as `engine.kernels.orders.bundles` says."""
    num_sources = catalog.sources.num_rows
    of_source = np.zeros((num_sources, 11), np.int64)
    of_source[:, :2] = ENDLESS
    if "capacity_left" in plan.scores or any(
        isinstance(one, Capacity) for one in plan.policy.constraints
    ):
        orders = catalog.sources["capacity_orders"]
        units = decimal_to_units(whole(catalog.sources["capacity_units"]))
        of_source[:, 0] = np.asarray(pc.fill_null(orders, ENDLESS))
        of_source[:, 1] = np.asarray(pc.fill_null(units, ENDLESS))
    managed = np.repeat(catalog.stock_items.manage_stock > 0, np.diff(catalog.items.offsets))
    np.add.at(of_source[:, 2], catalog.items.sources[managed], available[managed])
    of_source[:, 3] = of_source[:, 2]
    return of_source
