"""The run of a case: batch after batch, each on what the ones before it left."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace as with_fields

from engine.catalog import Catalog
from engine.clock import Clock
from engine.orders import OrderSet
from engine.policies.model import BATCH_RULE
from engine.selection.kpis import KPIs, Tally
from engine.selection.plan import Plan
from engine.selection.run import Run
from engine.selection.totals import OrderTotals
from engine.tables.quantity import decimal_to_units, sum_by_group, units_to_decimal
from engine.tables.whole import whole
from engine.types import IntArray, exact_sum, frozen
from engine.whatif.calendar import calendar_of
from engine.whatif.case import Case, lines_of
from engine.whatif.hold import hold_of
from engine.whatif.ledger import Ledger
from engine.whatif.supply import Supply, put_in


class Days(NamedTuple):
    """What happens day by day, (num_days,) each, units in 1e-4.

    ``orders``, ``units`` are those that a batch serves for the first time; ``allocated`` what is
    served; ``lost`` what has waited too long by the start of the day; ``waiting`` what waits at its
    end. ``of_source`` is (4, num_days, num_sources): shipments, units shipped, units that came in,
    and units on hand at the end.
    """

    orders: IntArray
    units: IntArray
    allocated: IntArray
    lost: IntArray
    waiting: IntArray
    of_source: IntArray


class Course:
    """The run of a case: its orders in the batches of its horizon, or in one.

    Each batch is a run of `engine.allocate` in sequential mode, on what is in stock then and on
    what is left of the sources' capacity that day.

    Parameters
    ----------
    case
        What is run.
    number
        The replication; lead times are drawn for it.

    Attributes
    ----------
    calendar, supply, ledger, days
        When what was done; what came in; where units went; what happened day by day.
    tally
        The key figures of all that was shipped.
    open, lost
        (num_lines,) what each line was not served of, and what of it has waited too long,
        1e-4 units.
    reason
        (num_lines,) why, at its last batch.
    late, unit_days
        Units that were served later than on the day of their first batch, 1e-4, and these units
        times the days.
    quantity
        (num_items,) what is left, 1e-4 units.

    Raises
    ------
    ScenarioError
        If an order has no ``created_at``, or too much comes in.
    PolicyError
        If the policy asks for what the catalogue does not have.
    """

    def __init__(self, case: Case, number: int) -> None:
        self.calendar = calendar_of(case)
        self.supply = Supply(case, self.calendar, number)
        self.ledger = Ledger(case)
        self.tally = Tally(case.catalog, case.plan, independent=False)
        num_days, num_sources = self.calendar.days, case.catalog.sources.num_rows
        orders, units, allocated, lost, waiting = np.zeros((5, num_days), np.int64)
        of_source = np.zeros((4, num_days, num_sources), np.int64)
        self.days = Days(orders, units, allocated, lost, waiting, of_source)
        self.open = case.orders.quantity.copy()
        self.lost = np.zeros(len(self.open), np.int64)
        self.late = self.unit_days = 0
        self.quantity = case.catalog.items.quantity
        self._in_stock = case.catalog.items.in_stock
        self._case = case
        self.reason = np.zeros(len(self.open), np.uint8)
        self._allocated, self._shipments = np.zeros((2, len(case.orders.ids)), np.int64)
        self._backlog = np.zeros(0, np.int64)
        if not len(case.orders.ids):
            begin(case, case.catalog)  # or nobody would be told of a policy that cannot run
        for day in range(num_days):
            self._lose(day)
            self._receive(day)
            spent = np.zeros((2, num_sources), np.int64)
            for new in self.calendar.batches(day):
                self._serve(day, new, spent)
            self.days.of_source[:2, day] = spent
            self._close(day)
        self.tally.add_orders(case.orders, self.open, self.reason, self._totals())

    @property
    def kpis(self) -> KPIs:
        """The key figures of the whole course."""
        items, received = self._case.catalog.items, self.supply.received
        began = items._replace(
            quantity=frozen(items.quantity + received),
            in_stock=frozen((items.in_stock > 0) | (received > 0)).view(np.uint8),
        )
        return self.tally.kpis(self.quantity, items=began, days=max(1, self.calendar.days))

    def _lose(self, day: int) -> None:
        """Give up what has waited for longer than orders wait."""
        if self._case.horizon is None:
            return
        is_over = self.calendar.day[self._backlog] + self._case.horizon.patience < day
        lines, _ = lines_of(self._case.orders, self._backlog[is_over])
        self.lost[lines] = self.open[lines]
        self.days.lost[day] = self.open[lines].sum()
        self._backlog = self._backlog[~is_over]

    def _receive(self, day: int) -> None:
        came = self.supply.receive(day)
        if came is not None:
            self.quantity = put_in(self._case, self.quantity, came)
            self._in_stock = self._in_stock | (came > 0)
            np.add.at(self.days.of_source[2, day], self._case.catalog.items.sources, came)

    def _serve(self, day: int, new: IntArray, spent: IntArray) -> None:
        """Run a batch of what is new and what waits; ``spent`` is of the day so far."""
        rows = np.concatenate([self._backlog, new])
        if self._case.horizon is None or self._case.horizon.every != "order":
            rows.sort()
        if not len(rows):
            return
        lines, orders = _open_part(self._case.orders, rows, self.open)
        run = begin(self._case, self._catalog(spent))
        decided = run.decide(orders, hold_of(self._case, self.calendar, self.supply, day, rows))
        totals, mm = run.check(decided)
        run.check_end()
        done = decided.done
        self.quantity, self._in_stock = run.left
        self.tally.add_picks(orders, done, totals, mm)
        self.ledger.add(rows, orders, done, totals, mm)
        np.add.at(spent[0], done.sources[totals.opens_shipment], 1)
        np.add.at(spent[1], done.sources, done.quantity)

        served = self.open[lines] - done.short
        waited = (day - self.calendar.day[rows])[orders.order_of_line]
        self.late += exact_sum(served[waited > 0])
        self.unit_days += exact_sum(served * waited)
        self.open[lines] = done.short
        self.reason[lines] = done.reason
        self._allocated[rows] += totals.allocated
        self._shipments[rows] += totals.source_count
        self._backlog = np.sort(rows[totals.short_lines > 0])
        of_new, _ = lines_of(self._case.orders, new)
        self.days.orders[day] += len(new)
        self.days.units[day] += self._case.orders.quantity[of_new].sum()
        self.days.allocated[day] += served.sum()

    def _catalog(self, spent: IntArray) -> Catalog:
        """Return the catalogue as it stands."""
        catalog = self._case.catalog
        items = catalog.items._replace(
            quantity=frozen(self.quantity), in_stock=frozen(self._in_stock)
        )
        return replace(catalog, items=items, sources=_with_rest(catalog.sources, spent))

    def _close(self, day: int) -> None:
        items = self._case.catalog.items
        np.add.at(self.days.of_source[3, day], items.sources, np.maximum(self.quantity, 0))
        waiting, _ = lines_of(self._case.orders, self._backlog)
        self.days.waiting[day] = self.open[waiting].sum()
        self.supply.review(day, self.quantity)

    def _totals(self) -> OrderTotals:
        orders = self._case.orders
        qty = sum_by_group(
            orders.order_of_line, orders.quantity, len(orders.ids), "order_lines.qty"
        )
        short = np.bincount(orders.order_of_line[self.open > 0], minlength=len(orders.ids))
        return OrderTotals(qty, self._allocated, self._shipments, short, np.zeros(0, bool))


def begin(case: Case, catalog: Catalog) -> Run:
    """Begin a run by the plan of a case; raises as `engine.selection.run.Run` does."""
    return Run(catalog, plan=_plan(case), mode="sequential", include_zero=False, clock=Clock())


def _plan(case: Case) -> Plan:
    """Return what a batch is decided by: orders that are served as they come, one by one."""
    policy, horizon = case.plan.policy, case.horizon
    if policy.order_rule != BATCH_RULE or horizon is None or horizon.every != "order":
        return case.plan
    return case.plan._replace(policy=with_fields(policy, order_rule="cheapest"))


def _open_part(orders: OrderSet, rows: IntArray, open: IntArray) -> tuple[IntArray, OrderSet]:
    """Return the lines of some orders that are not served yet, and the orders with these alone."""
    lines, offsets = lines_of(orders, rows)
    if np.array_equal(rows, np.arange(len(orders.ids))) and np.array_equal(open, orders.quantity):
        return lines, orders
    # What asks for nothing is there, be it for the rules that count lines.
    keep = (open[lines] > 0) | (orders.quantity[lines] == 0)
    offsets = np.append(0, np.cumsum(keep))[offsets]
    lines = lines[keep]
    part = replace(
        orders,
        headers=orders.headers.take(rows),
        offsets=frozen(offsets),
        skus=frozen(orders.skus[lines]),
        sku_names=orders.sku_names.take(pa.array(lines)),
        quantity=frozen(open[lines]),
    )
    return lines, part


def _with_rest(sources: pa.Table, spent: IntArray) -> pa.Table:
    """Return the sources with what is left of their capacity; ``spent`` is (2, num_sources)."""
    if not spent.any():
        return sources
    for name, used in zip(("capacity_orders", "capacity_units"), spent, strict=True):
        column = whole(sources[name])
        if column.null_count == len(column):
            continue
        if name == "capacity_units":
            column = decimal_to_units(column)
        rest = np.maximum(np.asarray(pc.fill_null(column, 0)) - used, 0)
        left = pa.array(rest) if name == "capacity_orders" else units_to_decimal(rest)
        values = pc.if_else(pc.is_valid(column), left, None)
        at = sources.column_names.index(name)
        field = sources.field(at)
        sources = sources.set_column(at, field, values.cast(field.type))
    return sources
