"""Steps on sources: close, open, add, capacity, safety stock."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from engine.catalog import spelling
from engine.errors import ScenarioError
from engine.tables.fold import fold_sku
from engine.tables.schema import SCHEMAS, Kind
from engine.types import frozen
from engine.whatif.case import (
    Case,
    rebuilt,
    source_index,
    stock_index,
    with_source_value,
)
from engine.whatif.links import links_table, with_stocks
from engine.whatif.rounding import scaled
from engine.whatif.steps import AddSource, CloseSource, OpenSource, SetCapacity, SetSafetyStock
from engine.whatif.stock import items_table, matching_skus, new_items

_PLACE = (*("name", "latitude", "longitude", "country_id", "region", "city", "postcode"),)


def close_source(case: Case, step: CloseSource) -> Case:
    """Disable a source; if it is closed already, nothing changes."""
    return _switched(case, step.source, False)


def open_source(case: Case, step: OpenSource) -> Case:
    """Enable a source."""
    return _switched(case, step.source, True)


def _switched(case: Case, code: str, enabled: bool) -> Case:
    source = source_index(case, code)
    if bool(case.catalog.enabled[source]) == enabled:
        return case
    flags = case.catalog.enabled.copy()
    flags[source] = enabled
    catalog = with_source_value(case.catalog, source, "enabled", enabled)
    return case._replace(catalog=replace(catalog, enabled=frozen(flags)))


def add_source(case: Case, step: AddSource) -> Case:
    """Add a source; sources are numbered anew, so the tables are encoded anew."""
    catalog = case.catalog
    codes = catalog.sources["source_code"].to_pylist()
    if step.source in codes:
        raise ScenarioError(f"source {step.source!r} is there already; give another source_code")
    sources = catalog.tables["sources"]
    row: dict[str, Any] = dict.fromkeys(sources.column_names)
    row |= {"source_code": step.source, "enabled": True}
    row |= {name: getattr(step, name) for name in _PLACE}
    added = pa.Table.from_pylist([row], schema=sources.schema)
    links = links_table(case)
    stock_ids = [int(catalog.stock_ids[stock_index(case, one)]) for one in step.links]
    more = {
        "stock_id": stock_ids,
        "source_code": [step.source] * len(stock_ids),
        "priority": list(step.links.values()),
    }
    tables = {
        **with_stocks(case),
        "sources": pa.concat_tables([sources, added]),
        "stock_source_links": pa.concat_tables([links, pa.table(more, schema=links.schema)]),
        "source_items": _stocked(case, step),
    }
    return rebuilt(case, tables)


def _stocked(case: Case, step: AddSource) -> pa.Table:
    """Return the table of the items with those of a new source."""
    catalog = case.catalog
    if step.stock_of is not None:
        items = catalog.items
        at = np.flatnonzero(items.sources == source_index(case, step.stock_of))
        rows = catalog.item_rows[at]
        quantity = scaled(items.quantity[at], step.factor)
        skus = items_table(catalog)["sku"].take(pa.array(rows)).to_pylist()
        status = items.in_stock[at].tolist()
    else:
        given = pa.array(list(step.stock), pa.string())
        skus = spelling(catalog.sku_names, catalog.sku_index.find(given), given).to_pylist()
        quantity = scaled(np.array([int(one * 10_000) for one in step.stock.values()], np.int64))
        status = [1] * len(skus)
    return new_items(catalog, [step.source] * len(skus), skus, quantity, status)


def set_capacity(case: Case, step: SetCapacity) -> Case:
    """Set what a source can handle; policies read it from the catalogue's sources."""
    source = source_index(case, step.source)
    catalog = with_source_value(case.catalog, source, "capacity_orders", step.orders)
    return case._replace(catalog=with_source_value(catalog, source, "capacity_units", step.units))


def set_safety_stock(case: Case, step: SetSafetyStock) -> Case:
    """Set rows of ``safety_stock``: the source's own, or those of SKUs."""
    catalog = case.catalog
    source_index(case, step.source)
    skus: list[str | None] = [None]
    if step.sku is not None:
        skus = catalog.sku_names.filter(pa.array(matching_skus(case, step.sku, None))).to_pylist()
    table = catalog.tables.get("safety_stock", _no_safety_stock())
    replaced = set(fold_sku(pa.array(skus, pa.string())).to_pylist())
    kept = [
        row
        for row, sku in zip(table.to_pylist(), fold_sku(table["sku"]).to_pylist(), strict=True)
        if row["source_code"] != step.source or sku not in replaced
    ]
    kept += [{"source_code": step.source, "sku": sku, "quantity": step.quantity} for sku in skus]
    changed = pa.Table.from_pylist(kept, schema=table.schema)
    return case._replace(
        catalog=replace(catalog, tables={**catalog.tables, "safety_stock": changed})
    )


def _no_safety_stock() -> pa.Table:
    types = {Kind.KEY: pa.string(), Kind.QUANTITY: pa.decimal128(12, 4)}
    columns = SCHEMAS["safety_stock"].columns
    return pa.schema([(one.name, types[one.kind]) for one in columns]).empty_table()
