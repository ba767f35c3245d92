"""Steps on quantities, and which items they are about."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import translate

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog, find_items
from engine.errors import ScenarioError
from engine.tables.fold import fold_sku
from engine.tables.quantity import sum_by_group, units_to_decimal
from engine.types import MAX_QTY, BoolArray, FlagArray, IntArray, frozen
from engine.whatif.case import Case, rebuilt, source_index, unknown
from engine.whatif.rounding import scaled
from engine.whatif.steps import MoveStock, ScaleStock


def scale_stock(case: Case, step: ScaleStock) -> Case:
    """Multiply the quantities of items."""
    items = case.catalog.items
    at = chosen_items(case, step.source, step.sku, step.rank)
    quantity = items.quantity.copy()
    quantity[at] = scaled(quantity[at], step.factor)
    if np.array_equal(quantity, items.quantity):
        return case
    return case._replace(catalog=_with_quantities(case.catalog, quantity, items.in_stock))


def move_stock(case: Case, step: MoveStock) -> Case:
    """Move what is free of in-stock items; rows that the other source lacks are added."""
    catalog, items = case.catalog, case.catalog.items
    to = source_index(case, step.to)
    at = chosen_items(case, step.source, step.sku, step.rank)
    at = at[items.in_stock[at] > 0]
    moved = scaled(np.maximum(items.quantity[at] - items.reserved[at], 0), step.share)
    at, moved = at[moved > 0], moved[moved > 0]
    if not len(at):
        return case
    quantity, in_stock = items.quantity.copy(), items.in_stock.copy()
    quantity[at] -= moved
    sku = np.searchsorted(items.offsets, at, side="right") - 1
    there, has_one = find_items(items, sku.astype(np.int32), np.full(len(at), to, np.int32))
    there = there[has_one]
    # What was below 0 counts as 0, or units would be lost.
    quantity[there] = np.maximum(quantity[there], 0) + moved[has_one]
    if quantity.max() > MAX_QTY:
        raise ScenarioError(f"a quantity at {step.to!r} exceeds 99999999.9999; move less")
    in_stock[there] = 1
    changed = case._replace(catalog=_with_quantities(catalog, quantity, in_stock))
    if has_one.all():
        return changed
    rows = pa.array(catalog.item_rows[at[~has_one]])
    skus = items_table(catalog)["sku"].take(rows).to_pylist()
    added = moved[~has_one]
    table = new_items(changed.catalog, [step.to] * len(skus), skus, added, [1] * len(skus))
    return rebuilt(changed, {**catalog.tables, "source_items": table})


def _with_quantities(catalog: Catalog, quantity: IntArray, in_stock: FlagArray) -> Catalog:
    """Return a catalogue with other quantities and statuses, in its arrays and in its table."""
    items = catalog.items._replace(quantity=frozen(quantity), in_stock=frozen(in_stock))
    table = catalog.tables["source_items"]
    by_row = np.empty(table.num_rows, np.int64)
    by_row[catalog.item_rows] = quantity
    status = np.empty(table.num_rows, np.uint8)
    status[catalog.item_rows] = in_stock
    columns = {"quantity": units_to_decimal(by_row), "status": pa.array(status)}
    for name, values in columns.items():
        at = table.column_names.index(name)
        table = table.set_column(at, table.field(at), values.cast(table.field(at).type))
    return replace(catalog, items=items, tables={**catalog.tables, "source_items": table})


def items_table(catalog: Catalog) -> pa.Table:
    """Return the table of the items with its texts as they are."""
    table = catalog.tables["source_items"]
    return table.cast(
        pa.schema(
            field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field
            for field in table.schema
        )
    )


def new_items(
    catalog: Catalog,
    sources: Sequence[str],
    skus: Sequence[str],
    quantity: IntArray,
    status: Sequence[int],
) -> pa.Table:
    """Return the table of the items with more rows at its end, where they number nothing anew."""
    table = items_table(catalog)
    rows = pa.table(
        {
            "source_code": pa.array(sources, pa.string()),
            "sku": pa.array(skus, pa.string()),
            "quantity": units_to_decimal(quantity),
            "status": pa.array(status, pa.int8()),
        }
    )
    return pa.concat_tables([table, rows.select(table.column_names).cast(table.schema)])


def chosen_items(
    case: Case, source: str | None, sku: str | None, rank: tuple[int, int] | None
) -> IntArray:
    """Return the items of a source, or of all, whose SKUs a pattern and a rank name."""
    items = case.catalog.items
    chosen = np.repeat(matching_skus(case, sku, rank), np.diff(items.offsets))
    if source is not None:
        chosen &= items.sources == source_index(case, source)
    if rank is None and not chosen.any():
        who = "there is" if source is None else f"source {source!r} has"
        what = "no item" if sku is None else f"no item of SKU {sku!r}"
        raise ScenarioError(f"{who} {what}; give another source or SKU")
    return np.flatnonzero(chosen)


def matching_skus(case: Case, sku: str | None, rank: tuple[int, int] | None) -> BoolArray:
    """(num_skus,) whether a pattern and a rank by ordered units name a SKU.

    Raises
    ------
    ScenarioError
        If the pattern matches nothing, or the rank begins beyond the last SKU.
    """
    names = case.catalog.sku_names
    chosen = np.ones(len(names), bool)
    if sku is not None:
        matches = re.compile(translate(fold_sku(pa.array([sku]))[0].as_py())).match
        folded = fold_sku(names).to_pylist()
        chosen = np.array([matches(one) is not None for one in folded], bool)
        if not chosen.any():
            raise unknown("SKU", sku, sorted(names.to_pylist()))
    if rank is not None:
        first, last = rank
        if first > len(names):
            raise ScenarioError(f"rank {first:,}: there are {len(names):,} SKUs; begin earlier")
        by_units = np.argsort(-ordered_units(case), kind="stable")
        ranked = np.zeros(len(names), bool)
        ranked[by_units[first - 1 : last]] = True
        chosen &= ranked
    return chosen


def ordered_units(case: Case) -> IntArray:
    """(num_skus,) units that the orders ask for of each SKU, 1e-4 units."""
    known = case.orders.skus >= 0
    return sum_by_group(
        case.orders.skus[known],
        case.orders.quantity[known],
        len(case.catalog.sku_names),
        "order_lines.qty",
    )
