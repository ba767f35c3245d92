"""Whole sets of tables: a catalogue, and the orders for one.

Every problem of every table is collected before anything stops. In quarantine, bad rows are
left out with all that hangs on them, unless that could promise more than there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.columns import CheckedTable, check_columns, rows_finding, shown_values
from engine.tables.findings import Finding, whole_table
from engine.tables.keys import check_known, check_unique
from engine.tables.order_rules import check_orders, complete_orders, orders_of_lines
from engine.tables.raw import RawTable
from engine.tables.schema import CATALOG_SCHEMAS, ORDER_TABLES, SCHEMAS, Schema
from engine.types import BoolArray


class Validated(NamedTuple):
    """Tables whose rows all hold, canonical and in input order, if nothing is ``fatal``.

    ``fatal`` are the findings that must stop the run, ``rejects`` those that quarantine set
    aside, ``notes`` are for people. ``id_type`` is the type in which orders brought their ids.
    """

    tables: dict[str, pa.Table]
    fatal: list[Finding]
    rejects: list[Finding]
    notes: list[str]
    id_type: pa.DataType = pa.string()


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
            found.append(
                whole_table(schema.name, "missing table", f"add {schema.name}.csv or .parquet")
            )
    for name, table in checked.items():
        found += table.findings + _once(table, check_unique(SCHEMAS[name], table.table))
        found += _once(table, _check_references(SCHEMAS[name], checked))
    fatal = [finding for finding in found if not quarantine or _is_unsafe(finding)]
    for parent in ("sources", "stocks"):
        if quarantine and parent in checked:
            found += _hanging_on(parent, checked, found)
    tables = {name: _good_rows(table, found) for name, table in checked.items()}
    if "sources" in tables:
        tables["sources"] = _with_extra_columns(checked["sources"], raw["sources"], found)
    notes = _notes(table for name, table in checked.items() if name != "sources")
    return Validated(tables, fatal, found if quarantine else [], notes)


def validate_orders(
    raw: Mapping[str, RawTable],
    catalog: Mapping[str, pa.Table],
    findings: Iterable[Finding] = (),
    *,
    quarantine: bool = False,
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

    Returns
    -------
    ``orders`` (position in input order, or of the first line) and ``order_lines``, canonical;
    ``orders`` has ``stock_id`` filled in from the sales channel. Fatal as in `validate_catalog`.
    """
    found = list(findings)
    if "order_lines" not in raw:
        if "order_lines" not in {finding.table for finding in found}:
            found.append(
                whole_table("order_lines", "missing table", "add order_lines.csv or .parquet")
            )
        return Validated({}, found, [], [])
    schemas = {name: SCHEMAS[name] for name in ORDER_TABLES}
    if "orders" not in raw:
        schemas = {"order_lines": _with_order_columns()}
    checked = {name: check_columns(schemas[name], raw[name]) for name in schemas}
    for table in checked.values():
        found += table.findings
    header = checked.get("orders", checked["order_lines"])
    found += _once(header, check_orders(header.table, header.schema, catalog))
    if "orders" in checked:
        found += _once(header, check_unique(header.schema, header.table))
        found += check_known(
            SCHEMAS["order_lines"],
            checked["order_lines"].table,
            ["order_id"],
            header.table.select(["order_id"]),
            "orders",
        )
    fatal = [finding for finding in found if not quarantine or _is_unsafe(finding)]
    if fatal:
        return Validated({}, fatal, [], [])
    found += _rest_of_bad_orders(checked, found)
    tables = {name: _good_rows(table, found) for name, table in checked.items()}
    if "orders" not in tables:
        tables["orders"] = orders_of_lines(tables["order_lines"])
    tables["orders"] = complete_orders(tables["orders"], catalog)
    id_type = raw[header.schema.name].table.schema.field("order_id").type
    if not pa.types.is_integer(id_type):
        id_type = pa.string()
    return Validated(tables, [], found, _notes(checked.values()), id_type)


def _with_order_columns() -> Schema:
    lines, orders = SCHEMAS["order_lines"], SCHEMAS["orders"]
    own = {column.name for column in lines.columns}
    more = tuple(column for column in orders.columns if column.name not in own)
    return Schema(lines.name, lines.about, lines.columns + more)


def _check_references(schema: Schema, checked: Mapping[str, CheckedTable]) -> list[Finding]:
    findings = []
    for reference in schema.references:
        columns = list(reference.columns)
        if reference.table in checked:
            known, where = checked[reference.table].table, reference.table
        elif reference.table == "stocks" and "stock_source_links" in checked:
            # Without a stocks table, a stock is whatever has a link.
            known, where = (
                checked["stock_source_links"].table,
                "stock_source_links, or to a stocks table,",
            )
        else:
            continue
        findings += check_known(
            schema, checked[schema.name].table, columns, known.select(columns), where
        )
    return findings


def _once(table: CheckedTable, findings: list[Finding]) -> list[Finding]:
    """Leave out findings on columns that are missing or mistyped: that is said already."""
    broken = {finding.column for finding in table.findings if not len(finding.rows)}
    return [finding for finding in findings if not broken & set(finding.column.split(", "))]


def _is_unsafe(finding: Finding) -> bool:
    """Without the rows of such a finding, more might be promised than there is."""
    return not len(finding.rows) or SCHEMAS[finding.table].restricts


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
) -> pa.Table:
    """Let other fields of a source pass through: an algorithm may score by them."""
    extra = raw.table.select(sources.extra_columns).filter(_good(sources, findings))
    table = _good_rows(sources, findings)
    for name in extra.column_names:
        table = table.append_column(name, extra[name])
    return table


def _hanging_on(
    parent: str, checked: Mapping[str, CheckedTable], findings: list[Finding]
) -> list[Finding]:
    """Reject the rows of every table that name a rejected source or stock."""
    (key,) = SCHEMAS[parent].key
    table = checked[parent].table
    gone = table[key].filter(pa.array(_bad(parent, table.num_rows, findings))).drop_null()
    more = []
    for name, child in checked.items():
        if any(reference.table == parent for reference in SCHEMAS[name].references):
            hangs = np.asarray(pc.is_in(child.table[key], gone.combine_chunks()))
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
        pa.string(),
    ).unique()
    more = []
    for name, table in checked.items():
        ids = table.table["order_id"]
        rest = np.asarray(pc.is_in(ids, gone)) & ~bad[name]
        reason = "order has a rejected row"
        more += rows_finding(name, "order_id", rest, shown_values(ids), reason, "correct that row")
    return more


def _notes(checked: Iterable[CheckedTable]) -> list[str]:
    return [
        f"{table.schema.name}: columns not used: {', '.join(table.extra_columns)}"
        for table in checked
        if table.extra_columns
    ]
