"""Steps on links and stocks."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import encode_links
from engine.errors import ScenarioError
from engine.tables.whole import whole
from engine.types import frozen
from engine.whatif.case import Case, source_index, stock_index, take_orders, unknown
from engine.whatif.steps import LinkSource, RemoveStock, SetPriority, UnlinkSource

_LINKS = "stock_source_links"


def links_table(case: Case) -> pa.Table:
    """Return the table of the links."""
    return case.catalog.tables[_LINKS]


def with_stocks(case: Case) -> dict[str, pa.Table]:
    """Return the tables, one of the stocks among them.

    Without one a stock is whatever has a link, and would go with its last one.
    """
    tables = dict(case.catalog.tables)
    if "stocks" not in tables:
        ids = case.catalog.stock_ids
        tables["stocks"] = pa.table(
            {"stock_id": pa.array(ids), "name": pa.nulls(len(ids), pa.string())}
        )
    return tables


def link_source(case: Case, step: LinkSource) -> Case:
    """Add a link."""
    rows = _rows(case, step.source, step.stock_id)
    if any(rows):
        raise ScenarioError(
            f"source {step.source!r} is linked to stock {step.stock_id} already; "
            "set_priority changes its priority"
        )
    table = links_table(case)
    row = {"stock_id": step.stock_id, "source_code": step.source, "priority": step.priority}
    added = pa.Table.from_pylist([row], schema=table.schema)
    return _with_links(case, pa.concat_tables([table, added]))


def unlink_source(case: Case, step: UnlinkSource) -> Case:
    """Take a link away; the priorities of others stay."""
    rows = _linked(case, step)
    return _with_links(case, links_table(case).filter(pa.array([not one for one in rows])))


def set_priority(case: Case, step: SetPriority) -> Case:
    """Change the priority of a link; those of others stay."""
    rows = _linked(case, step)
    table = links_table(case)
    at = table.column_names.index("priority")
    was = whole(table["priority"])
    priority = pc.if_else(pa.array(rows), pa.scalar(step.priority, was.type), was)
    return _with_links(case, table.set_column(at, table.field(at), priority))


def remove_stock(case: Case, step: RemoveStock) -> Case:
    """Take a stock away with all that names it; its orders are gone."""
    stock = stock_index(case, step.stock_id)
    case = take_orders(case, np.flatnonzero(case.orders.stock != stock))
    later = case.orders.stock - (case.orders.stock > stock)
    headers = case.orders.headers._replace(stock=frozen(later.astype(np.int32)))
    tables = {
        name: table.filter(pc.not_equal(table["stock_id"], step.stock_id))
        if "stock_id" in table.column_names and name != "sources"
        else table
        for name, table in with_stocks(case).items()
    }
    catalog = replace(case.catalog, stock_ids=frozen(np.delete(case.catalog.stock_ids, stock)))
    case = case._replace(catalog=catalog, orders=replace(case.orders, headers=headers))
    return _encoded(case, tables)


def _rows(case: Case, code: str, stock_id: int) -> list[bool]:
    """Return which rows of the links are of a source and a stock, both of which there are."""
    source_index(case, code)
    stock_index(case, stock_id)
    table = links_table(case)
    pairs = zip(table["source_code"].to_pylist(), table["stock_id"].to_pylist(), strict=True)
    return [pair == (code, stock_id) for pair in pairs]


def _linked(case: Case, step: Any) -> list[bool]:
    rows = _rows(case, step.source, step.stock_id)
    if not any(rows):
        links = zip(*(links_table(case)[name].to_pylist() for name in _PAIR), strict=True)
        of_stock = [code for stock_id, code in links if stock_id == step.stock_id]
        raise unknown(f"link of stock {step.stock_id} to source", step.source, of_stock)
    return rows


_PAIR = ("stock_id", "source_code")


def _with_links(case: Case, table: pa.Table) -> Case:
    return _encoded(case, {**with_stocks(case), _LINKS: table})


def _encoded(case: Case, tables: dict[str, pa.Table]) -> Case:
    """Lay the links out again; all other arrays are shared."""
    catalog = case.catalog
    codes = whole(catalog.sources["source_code"])
    links = encode_links(tables[_LINKS], codes, catalog.stock_ids)
    return case._replace(catalog=replace(catalog, tables=tables, links=links))
