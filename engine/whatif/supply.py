"""What comes in over time: receipts that are known, and what is ordered when stock runs low."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from engine.catalog import index_of, items_of_rows, spelling
from engine.errors import ScenarioError
from engine.tables.fold import fold_sku
from engine.tables.quantity import column_units
from engine.tables.whole import whole
from engine.types import MAX_QTY, QTY_SCALE, IntArray
from engine.whatif.calendar import DAY, Calendar, as_micros
from engine.whatif.case import Case, rebuilt, source_index
from engine.whatif.draws import Purpose, picks
from engine.whatif.rounding import scaled
from engine.whatif.steps import DelayReceipts, Replenish, days_of
from engine.whatif.stock import chosen_items, matching_skus, new_items

_TABLE = "receipts"


class Supply:
    """What is under way to each item.

    Parameters
    ----------
    case
        Its receipts, and the rules of its horizon; a later rule goes before an earlier one.
    calendar
        The days; what is due before the first one is there on it.
    number
        The replication, 0 for the run of the orders as they are.

    Attributes
    ----------
    received
        (num_items,) what has come in so far, 1e-4 units.
    unused
        Receipts that are due after the last day.
    """

    def __init__(self, case: Case, calendar: Calendar, number: int) -> None:
        items = case.catalog.items
        self._number = number
        self._receipts: dict[int, tuple[IntArray, IntArray]] = {}
        self._ordered: dict[int, list[tuple[IntArray, IntArray]]] = {}
        self._on_order = np.zeros(len(items.sources), np.int64)
        self.received = np.zeros(len(items.sources), np.int64)
        self.unused = self._plan_receipts(case, calendar)
        self._rules = case.horizon.replenish if case.horizon else ()
        self._rule, self._up_to, self._reorder = _levels(case, self._rules)

    def _plan_receipts(self, case: Case, calendar: Calendar) -> int:
        table = case.catalog.tables.get(_TABLE)
        if table is None or case.horizon is None:
            return 0
        at, _ = _items_of(case, table)
        quantity = column_units(table, "quantity")
        day = np.maximum(as_micros(table["date"]) // DAY - calendar.first, 0)
        for one in np.unique(day[day < calendar.days]).tolist():
            self._receipts[one] = at[day == one], quantity[day == one]
        return int((day >= calendar.days).sum())

    def receive(self, day: int) -> IntArray | None:
        """(num_items,) what comes in at the start of a day, 1e-4 units; None for nothing."""
        planned, ordered = self._receipts.pop(day, None), self._ordered.pop(day, [])
        if planned is None and not ordered:
            return None
        came = np.zeros(len(self.received), np.int64)
        for items, quantity in ordered:
            np.add.at(came, items, quantity)
        self._on_order -= came
        if planned is not None:
            np.add.at(came, *planned)
        self.received += came
        return came

    def due_in(self, day: int, most: int) -> IntArray:
        """(num_items,) days until something comes in, 0 where nothing does in so many days."""
        due = np.zeros(len(self.received), np.int64)
        for days in range(most, 0, -1):
            planned = [self._receipts[day + days]] if day + days in self._receipts else []
            for items, quantity in (*planned, *self._ordered.get(day + days, ())):
                due[items[quantity > 0]] = days
        return due

    def review(self, day: int, on_hand: IntArray) -> None:
        """Order at the end of a day what the rules ask for; ``on_hand`` is (num_items,)."""
        if not self._rules:
            return
        position = on_hand + self._on_order
        low = (position <= self._reorder) & (position < self._up_to)
        for number, rule in enumerate(self._rules):
            items = np.flatnonzero(low & (self._rule == number))
            quantity = self._up_to[items] - position[items]
            self._on_order[items] += quantity
            lead = self._lead_days(rule, number, day)[items]
            for days in np.unique(lead).tolist():
                now = lead == days
                self._ordered.setdefault(day + days, []).append((items[now], quantity[now]))

    def _lead_days(self, rule: Replenish, number: int, day: int) -> IntArray:
        """(num_items,) days until what is ordered on a day is there.

        Drawn for every item, so that scenarios that order otherwise wait alike.
        """
        fewest, most = days_of(rule.lead_days)
        if fewest == most:
            return np.full(len(self.received), fewest)
        seed = rule.seed, self._number, number, day, Purpose.LEAD
        return fewest + picks(most - fewest + 1, len(self.received), *seed)


def _levels(case: Case, rules: tuple[Replenish, ...]) -> tuple[IntArray, IntArray, IntArray]:
    """(num_items,) rule, level to order up to and level to order at; -1 where nothing is."""
    items = case.catalog.items
    of_item, all_up_to, all_reorder = np.full((3, len(items.sources)), -1, np.int64)
    start = np.maximum(items.quantity, 0)
    for number, rule in enumerate(rules):
        try:
            at, up_to, reorder = _levels_of(case, rule, start)
        except ScenarioError as error:
            raise ScenarioError(f"rule {number + 1} of replenish: {error}") from None
        of_item[at], all_up_to[at], all_reorder[at] = number, up_to, reorder
    return of_item, all_up_to, all_reorder


def _levels_of(case: Case, rule: Replenish, start: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the items that a rule is about, and the levels of each."""
    at = chosen_items(case, rule.source, rule.sku, rule.rank)
    at = at[case.catalog.enabled[case.catalog.items.sources[at]] > 0]
    if rule.up_to_factor is not None:
        up_to = scaled(start[at], rule.up_to_factor)
        factor = rule.reorder_factor
        return at, up_to, up_to if factor is None else scaled(start[at], factor)
    up_to = np.full(len(at), int((rule.up_to or 0) * QTY_SCALE))
    level = rule.reorder_at
    return at, up_to, up_to if level is None else np.full(len(at), int(level * QTY_SCALE))


def put_in(case: Case, quantity: IntArray, came: IntArray) -> IntArray:
    """Return (num_items,) quantities with what came in.

    Raises
    ------
    ScenarioError
        If one no longer fits decimal(12,4).
    """
    total = quantity + came
    if total.max(initial=0) > MAX_QTY:
        item = int(total.argmax())
        code = case.catalog.sources["source_code"][int(case.catalog.items.sources[item])]
        raise ScenarioError(
            f"with what comes in, a quantity at {code.as_py()!r} exceeds 99999999.9999; "
            "lower the receipts or the levels"
        )
    return total


def with_received_items(case: Case) -> Case:
    """Return a case with an item, empty and out of stock, for each receipt that has none."""
    table = case.catalog.tables.get(_TABLE)
    if table is None or case.horizon is None:
        return case
    _, has_one = _items_of(case, table)
    if has_one.all():
        return case
    rows = table.filter(pa.array(~has_one))
    given, skus = whole(rows["sku"]), case.catalog.sku_index.find(rows["sku"])
    names = {"sku": spelling(case.catalog.sku_names, skus, given), "folded": fold_sku(given)}
    missing = pa.table({"source_code": rows["source_code"], **names})
    missing = missing.group_by(["source_code", "folded"], use_threads=False)
    missing = missing.aggregate([("sku", "first")])
    nothing = np.zeros(missing.num_rows, np.int64)
    codes, skus = (missing[name].to_pylist() for name in ("source_code", "sku_first"))
    added = new_items(case.catalog, codes, skus, nothing, nothing.tolist())
    return rebuilt(case, {**case.catalog.tables, "source_items": added})


def delay_receipts(case: Case, step: DelayReceipts) -> Case:
    """Move rows of ``receipts`` by some days."""
    table = case.catalog.tables.get(_TABLE)
    if table is None:
        raise ScenarioError("the catalogue has no table receipts")
    chosen = np.ones(table.num_rows, bool)
    if step.source is not None:
        source_index(case, step.source)
        codes = whole(table["source_code"])
        chosen &= np.asarray(index_of(codes, pa.array([step.source], codes.type))) == 0
    if step.sku is not None:
        sku = case.catalog.sku_index.find(whole(table["sku"]))
        chosen &= np.append(matching_skus(case, step.sku, None), False)[sku]
    if not chosen.any() and table.num_rows:
        parts = ("source", step.source), ("SKU", step.sku)
        named = " and ".join(f"{what} {value!r}" for what, value in parts if value is not None)
        raise ScenarioError(f"no row of receipts is of {named}; give another one")
    micros = as_micros(table["date"]) + chosen * step.days * DAY
    at = table.column_names.index("date")
    moved = table.set_column(at, "date", pa.array(micros, pa.timestamp("us")))
    tables = {**case.catalog.tables, _TABLE: moved}
    return case._replace(catalog=replace(case.catalog, tables=tables))


def _items_of(case: Case, table: pa.Table) -> tuple[IntArray, np.ndarray]:
    """Return the item of each row of ``receipts``, and whether there is one."""
    catalog = case.catalog
    codes = whole(catalog.sources["source_code"])
    return items_of_rows(table, codes, catalog.sku_index, catalog.items)
