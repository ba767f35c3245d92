"""Lists with search criteria: what can be asked of each table, and the answer."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.rest import answers
from engine.rest.errors import ApiError
from engine.rest.search import SearchCriteria, echo
from engine.rest.search_sql import Column, select
from engine.rest.settings import Limits

_CODES = "SELECT source_code AS value FROM sources"


class Listed(NamedTuple):
    """A table that can be listed: its fields, its key, and how its rows are answered."""

    table: str
    columns: Mapping[str, Column]
    key: Sequence[str]
    answer: Callable[[sqlite3.Connection, Sequence[sqlite3.Row]], list[dict[str, Any]]]


def _columns(texts: str, **others: str) -> dict[str, Column]:
    found = {name: Column(name) for name in texts.split()}
    return {**found, **{name: Column(name, kind) for name, kind in others.items()}}  # type: ignore[arg-type]


SOURCES = Listed(
    "sources",
    _columns(
        "source_code name email contact_name description country_id region city street postcode "
        "phone fax",
        enabled="boolean",
        latitude="real",
        longitude="real",
        region_id="integer",
        use_default_carrier_config="boolean",
    ),
    ["source_code"],
    answers.each(answers.source),
)
STOCKS = Listed("stocks", _columns("name", stock_id="integer"), ["stock_id"], answers.stocks)
LINKS = Listed(
    "stock_source_links",
    _columns("source_code", stock_id="integer", priority="integer"),
    ["stock_id", "priority", "source_code"],
    answers.each(answers.link),
)
SOURCE_ITEMS = Listed(
    "source_items",
    {
        "source_item_id": Column("source_item_id", "integer"),
        "source_code": Column("source_code", values=_CODES),
        "sku": Column("sku", folded="sku_key"),
        "quantity": Column("quantity", "quantity"),
        "status": Column("status", "integer"),
    },
    ["source_item_id"],
    answers.each(answers.source_item),
)


def find(
    db: sqlite3.Connection, listed: Listed, criteria: SearchCriteria, limits: Limits
) -> dict[str, Any]:
    """Return what search criteria ask for, as Magento's search results.

    Parameters
    ----------
    db
        Inside a transaction.
    listed
        The table.
    criteria
        What is asked for.
    limits
        Of a page.

    Returns
    -------
    ``items``, ``search_criteria`` as given, and ``total_count`` before paging.

    Raises
    ------
    ApiError
        If a page is larger than the limit, or all rows are without one.
    SearchError
        If the criteria name no field of the table.
    """
    clauses = select(criteria, listed.columns, listed.key)
    if (criteria.page_size or 0) > limits.page_size:
        raise ApiError(400, "Maximum SearchCriteria pageSize is %1", [limits.page_size])
    count = f"SELECT count(*) FROM {listed.table} {clauses.where}"
    total = db.execute(count, clauses.where_values).fetchone()[0]
    if not criteria.page_size and total > limits.page_size:
        message = (
            "The result has %1 rows. Ask for pages with searchCriteria[pageSize], of at most %2."
        )
        raise ApiError(400, message, [total, limits.page_size])
    query = f"SELECT * FROM {listed.table} {clauses.where} {clauses.order} {clauses.limit}"
    rows = db.execute(query, (*clauses.where_values, *clauses.limit_values)).fetchall()
    return {
        "items": listed.answer(db, rows),
        "search_criteria": echo(criteria),
        "total_count": total,
    }
