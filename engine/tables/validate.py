"""Whole sets of tables: a catalogue, and the orders for one.

Every problem of every table is collected before anything stops. In quarantine, bad rows are
left out with all that hangs on them, unless that could promise more than there is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.columns import CheckedTable, check_columns, rows_finding, shown_values
from engine.tables.convert import plain_whole
from engine.tables.findings import Finding, shown_names, shown_text, whole_table
from engine.tables.items import ItemKeys, item_keys
from engine.tables.keys import check_known, check_unique
from engine.tables.order_rules import check_orders, complete_orders, orders_of_lines
from engine.tables.raw import RawTable
from engine.tables.schema import CATALOG_SCHEMAS, SCHEMAS, Schema
from engine.types import BoolArray

_LINKS = "stock_source_links"

REST_OF_ORDER = ("order has a rejected row", "correct that row")
"""Reason and remedy for the other rows of an order that has a bad one."""


class Validated(NamedTuple):
    """Tables whose rows all hold, canonical and in input order, if nothing is ``fatal``.

    ``fatal`` are the findings that must stop the run, ``rejects`` those that quarantine set
    aside, ``notes`` are for people. ``id_type`` is the type in which orders brought their ids,
    ``items`` the keys of ``source_items``.
    """

    tables: dict[str, pa.Table]
    fatal: list[Finding]
    rejects: list[Finding]
    notes: list[str]
    id_type: pa.DataType = pa.string()
    items: ItemKeys | None = None


def validate_catalog(
    raw: Mapping[str, RawTable], findings: Iterable[Finding] = (), *, quarantine: bool = False
) -> Validated:
    """Check a catalogue's tables.

    Parameters
    ----------
    raw
        Tables by name, as read; optional ones may be absent.
    findings
        What reading has already found.
    quarantine
        Leave bad rows out instead of stopping.

    Returns
    -------
    The canonical tables, with absent optional ones left out. Every finding is fatal; in
    quarantine only those that concern a whole table or one that restricts what may be promised.
    """
    found = list(findings)
    unread = {finding.table for finding in found}
    checked = {}
    for schema in CATALOG_SCHEMAS:
        if schema.name in raw:
            checked[schema.name] = check_columns(schema, raw[schema.name])
        elif schema.required and schema.name not in unread:
            found.append(missing(schema.name))
    # Millions of texts to look through: once, here and for the catalogue.
    items = item_keys(checked["source_items"].table) if "source_items" in checked else None
    for name, table in checked.items():
        found += table.findings
        if name != "source_items" or not (items and items.is_unique):
            found += check_unique(table)
        found += _check_references(table, checked, items if name == "source_items" else None)
    stops = fatal(found, raw, quarantine)
    left_out = found if quarantine else []
    for parent in ("sources", "stocks") if quarantine else ():
        left_out += _hanging_on(parent, checked, left_out)
    tables = {name: _good_rows(table, left_out) for name, table in checked.items()}
    notes = _notes(table for name, table in checked.items() if name != "sources")
    if "sources" in tables:
        tables["sources"], lost = _with_extra_columns(checked["sources"], raw["sources"], left_out)
        notes = lost + notes
    if items and tables["source_items"].num_rows < len(items.rows):
        items = None
    return Validated(tables, stops, left_out, notes, items=items)


def validate_orders(
    raw: Mapping[str, RawTable],
    catalog: Mapping[str, pa.Table],
    findings: Iterable[Finding] = (),
    *,
    quarantine: bool = False,
    lines: Schema = SCHEMAS["order_lines"],
) -> Validated:
    """Check an order set against a catalogue.

    Parameters
    ----------
    raw
        ``order_lines``, and ``orders`` unless the lines carry its columns themselves.
    catalog
        The catalogue's canonical tables.
    findings, quarantine
        As for `validate_catalog`. A bad order or line takes its whole order with it.
    lines
        What lines must hold: their schema, or a stricter one.

    Returns
    -------
    ``orders`` (position in input order, or of the first line) and ``order_lines``, canonical;
    ``orders`` has ``stock_id`` filled in from the sales channel. Fatal as in `validate_catalog`.
    """
    found = list(findings)
    unread = {finding.table for finding in found}
    if "order_lines" not in raw and "order_lines" not in unread:
        found.append(missing("order_lines"))
    header_name = "orders" if "orders" in raw or "orders" in unread else "order_lines"
    checked = _check_order_tables(raw, catalog, header_name, lines, found)
    stops = fatal(found, raw, quarantine)
    if stops:
        return Validated({}, stops, [], [])
    found += _rest_of_bad_orders(checked, found)
    tables = {name: _good_rows(table, found) for name, table in checked.items()}
    if "orders" not in tables:
        tables["orders"] = orders_of_lines(tables["order_lines"])
    tables["orders"] = complete_orders(tables["orders"], catalog)
    id_type = raw[header_name].table.schema.field("order_id").type
    return Validated(tables, [], found, _notes(checked.values()), printed_type(id_type))


class CheckedOrders(NamedTuple):
    """An ``orders`` table: all its rows, canonical, and which of them hold.

    ``usable`` says whether lines can be looked up in it at all. ``id_type`` is the type in which
    the ids came.
    """

    table: pa.Table
    good: BoolArray
    usable: bool
    findings: list[Finding]
    notes: list[str]
    id_type: pa.DataType


def check_order_table(
    raw: RawTable, checked: CheckedTable, catalog: Mapping[str, pa.Table]
) -> CheckedOrders:
    """Check an ``orders`` table by itself, whose lines come later.

    Parameters
    ----------
    raw, checked
        The table as read, and with its columns checked.
    catalog
        The catalogue's canonical tables.
    """
    found = checked.findings + check_orders(checked, catalog) + check_unique(checked)
    good = ~_bad("orders", checked.table.num_rows, found)
    usable = not any(not len(finding.rows) for finding in found)
    table = checked.table
    if usable:
        table = complete_orders(table, catalog)
    id_type = raw.table.schema.field("order_id").type if usable else pa.string()
    return CheckedOrders(table, good, usable, found, _notes([checked]), printed_type(id_type))


def printed_type(id_type: pa.DataType) -> pa.DataType:
    """Return the type in which ids are given back: integers as they came, else text."""
    return id_type if pa.types.is_integer(id_type) else pa.string()


def missing(table: str) -> Finding:
    """Return the finding that a table which must be there is not."""
    return whole_table(table, "missing table", f"add {table}.csv or {table}.parquet")


def with_order_columns(lines: Schema = SCHEMAS["order_lines"]) -> Schema:
    """Return the schema of lines that carry the columns of their orders."""
    orders = SCHEMAS["orders"]
    own = {column.name for column in lines.columns}
    more = tuple(column for column in orders.columns if column.name not in own)
    return Schema(lines.name, lines.about, lines.columns + more)


def _check_references(
    table: CheckedTable, checked: Mapping[str, CheckedTable], items: ItemKeys | None
) -> list[Finding]:
    findings = []
    for reference in table.schema.references:
        parent, where = reference.table, reference.table
        if parent == "stocks" and parent not in checked:
            # Without a stocks table, a stock is whatever has a link.
            parent, where = _LINKS, "stock_source_links or to a stocks table"
        if parent not in checked or checked[parent] is table:
            continue
        if not checked[parent].lacks(reference.columns):
            known = checked[parent].table.select(reference.columns)
            sources = items.sources if items and reference.columns == ("source_code",) else None
            findings += check_known(table, reference.columns, known, where, sources)
    return findings


def _check_order_tables(
    raw: Mapping[str, RawTable],
    catalog: Mapping[str, pa.Table],
    header_name: str,
    lines: Schema,
    found: list[Finding],
) -> dict[str, CheckedTable]:
    """Check the tables that are there, and add to what is found."""
    lines = lines if header_name == "orders" else with_order_columns(lines)
    schemas = {"orders": SCHEMAS["orders"], "order_lines": lines}
    checked = {name: check_columns(schemas[name], raw[name]) for name in schemas if name in raw}
    for table in checked.values():
        found += table.findings
    if len({table.table.schema.field("order_id").type for table in checked.values()}) > 1:
        checked = {name: _with_ids_as_text(table) for name, table in checked.items()}
    header = checked.get(header_name)
    if header is None:
        return checked
    found += check_orders(header, catalog) + check_unique(header)
    if "orders" in checked and "order_lines" in checked and not header.lacks(["order_id"]):
        known = header.table.select(["order_id"])
        found += check_known(checked["order_lines"], ["order_id"], known, "orders")
    return checked


def _with_ids_as_text(table: CheckedTable) -> CheckedTable:
    at = table.table.column_names.index("order_id")
    ids = table.table["order_id"].cast(pa.string())
    return table._replace(table=table.table.set_column(at, "order_id", ids))


def fatal(findings: list[Finding], raw: Collection[str], quarantine: bool) -> list[Finding]:
    """Return what must stop the run: all, or what would let quarantine promise more than there is.

    A table that could not be read as a whole is among it, whichever of its rows are named.
    """
    return [
        finding
        for finding in findings
        if not quarantine
        or not len(finding.rows)
        or finding.table not in raw
        or SCHEMAS[finding.table].restricts
    ]


def _bad(table: str, num_rows: int, findings: Iterable[Finding]) -> BoolArray:
    bad = np.zeros(num_rows, bool)
    for finding in findings:
        if finding.table == table:
            bad[finding.rows] = True
    return bad


def _good(table: CheckedTable, findings: Iterable[Finding]) -> pa.Array:
    return pa.array(~_bad(table.schema.name, table.table.num_rows, findings))


def _good_rows(table: CheckedTable, findings: Sequence[Finding]) -> pa.Table:
    if not any(finding.table == table.schema.name and len(finding.rows) for finding in findings):
        return table.table
    return table.table.filter(_good(table, findings))


def _with_extra_columns(
    sources: CheckedTable, raw: RawTable, findings: Sequence[Finding]
) -> tuple[pa.Table, list[str]]:
    """Let other fields of a source pass through: an algorithm may score by them."""
    good, notes = _good(sources, findings), []
    table = _good_rows(sources, findings)
    for name in sources.extra_columns:
        if raw.table.column_names.count(name) > 1:
            continue  # which is fatal
        try:
            table = table.append_column(name, plain_whole(raw.table[name]).filter(good))
        except pa.ArrowException:
            kind = shown_text(raw.table[name].type)
            notes.append(f"sources: column not used: {shown_names([name])} (its type is {kind})")
    return table, notes


def _hanging_on(
    parent: str, checked: Mapping[str, CheckedTable], findings: list[Finding]
) -> list[Finding]:
    """Reject the rows of every table that name a source or stock of which no row is left."""
    holder = checked.get(parent, checked.get(_LINKS) if parent == "stocks" else None)
    if holder is None:
        return []
    (key,) = SCHEMAS[parent].key
    good = _good(holder, findings)
    keys = holder.table[key]
    left = keys.filter(good).combine_chunks()
    gone = keys.filter(pc.invert(good)).drop_null().combine_chunks()
    gone = gone.filter(pc.invert(pc.is_in(gone, left)))
    more = []
    for name, child in checked.items():
        if any(reference.table == parent for reference in child.schema.references):
            hangs = np.asarray(pc.is_in(child.table[key], gone))
            hangs &= ~_bad(name, child.table.num_rows, findings)
            reason = f"its {parent[:-1]} has a rejected row"
            more += rows_finding(
                name, key, hangs, shown_values(child.table[key]), reason, "correct that row"
            )
    return more


def _rest_of_bad_orders(
    checked: Mapping[str, CheckedTable], findings: list[Finding]
) -> list[Finding]:
    bad = {name: _bad(name, table.table.num_rows, findings) for name, table in checked.items()}
    gone = pa.chunked_array(
        [
            chunk
            for name, table in checked.items()
            for chunk in table.table["order_id"].filter(pa.array(bad[name])).drop_null().chunks
        ],
        next(iter(checked.values())).table.schema.field("order_id").type,
    ).unique()
    more = []
    for name, table in checked.items():
        ids = table.table["order_id"]
        rest = np.asarray(pc.is_in(ids, gone)) & ~bad[name]
        more += rows_finding(name, "order_id", rest, shown_values(ids), *REST_OF_ORDER)
    return more


def _notes(checked: Iterable[CheckedTable]) -> list[str]:
    return [
        f"{table.schema.name}: columns not used: {shown_names(table.extra_columns)}"
        for table in checked
        if table.extra_columns
    ]
