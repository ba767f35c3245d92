"""Rules of orders alone: who sells, and orders that stand in the lines themselves."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.columns import CheckedTable, rows_finding, shown_rows, shown_values
from engine.tables.findings import Finding
from engine.tables.keys import check_known, key_codes
from engine.tables.schema import SCHEMAS
from engine.types import BoolArray

_CHANNEL = ["sales_channel_type", "sales_channel_code"]


def check_orders(checked: CheckedTable, catalog: Mapping[str, pa.Table]) -> list[Finding]:
    """Find orders that name no stock, two ways to one, or an unknown one.

    Parameters
    ----------
    checked
        Orders, or order lines that carry the columns of orders.
    catalog
        The catalogue's canonical tables.

    Returns
    -------
    The findings, in the table of the schema.
    """
    orders, columns = checked.table, ["stock_id", *_CHANNEL]
    stock, kind, code = (np.asarray(orders[name].is_valid()) for name in columns)
    neither_nor_both = (kind != code) | (stock == (kind & code)) | (stock & (kind | code))
    findings = rows_finding(
        checked.schema.name,
        ", ".join(columns),
        neither_nor_both & ~checked.bad(columns),
        shown_rows(orders, columns),
        "not exactly one of stock and sales channel",
        "give stock_id, or both sales_channel_type and sales_channel_code",
    )
    holder = _stock_table(catalog)
    # Without any, or none that could be read, the catalogue has said so.
    if holder is not None and not _is_unusable(catalog[holder]["stock_id"]):
        stocks = pa.table({"stock_id": known_stocks(catalog)})
        findings += check_known(checked, ["stock_id"], stocks, f"the catalogue's {holder}")
    if (kind | code).any():
        findings += check_known(checked, _CHANNEL, _channels(catalog), "sales_channels")
    if checked.schema.name == "order_lines":
        findings += _check_agreement(checked)
    return findings


def orders_of_lines(lines: pa.Table) -> pa.Table:
    """Return one row per order from lines that carry the columns of orders, by first line."""
    names = [column.name for column in SCHEMAS["orders"].columns]
    return lines.select(names).take(pa.array(np.flatnonzero(_is_first(lines))))


def complete_orders(orders: pa.Table, catalog: Mapping[str, pa.Table]) -> pa.Table:
    """Fill ``stock_id`` of orders that name a sales channel; every channel is known by now."""
    if not orders["stock_id"].null_count:
        return orders
    channels = _channels(catalog)
    together = pa.concat_tables([orders.select(_CHANNEL), channels.rename_columns(_CHANNEL)])
    codes = key_codes(together, _CHANNEL)
    own, known = codes[: orders.num_rows], codes[orders.num_rows :]
    if not len(known):
        return orders
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known[order], own), len(known) - 1)]
    of_channel = catalog["sales_channels"]["stock_id"].take(pa.array(at))
    stock = pc.coalesce(orders["stock_id"], of_channel)
    return orders.set_column(orders.column_names.index("stock_id"), "stock_id", stock)


def known_stocks(catalog: Mapping[str, pa.Table]) -> pa.Array:
    """Return the stock ids of a catalogue: its stocks table, or without one the linked stocks."""
    holder = _stock_table(catalog)
    if holder is None:
        return pa.array([], pa.int64())
    return catalog[holder]["stock_id"].drop_null().unique()


def _stock_table(catalog: Mapping[str, pa.Table]) -> str | None:
    return next((name for name in ("stocks", "stock_source_links") if name in catalog), None)


def _is_unusable(column: pa.ChunkedArray) -> bool:
    return len(column) > 0 and column.null_count == len(column)


def _channels(catalog: Mapping[str, pa.Table]) -> pa.Table:
    if "sales_channels" in catalog:
        return catalog["sales_channels"].select(["type", "code"])
    return pa.table({"type": pa.array([], pa.string()), "code": pa.array([], pa.string())})


def _first_of_order(lines: pa.Table) -> np.ndarray:
    """(num_lines,) row of the first line of each line's order."""
    _, first, inverse = np.unique(
        key_codes(lines, ["order_id"]), return_index=True, return_inverse=True
    )
    return first[inverse]


def _is_first(lines: pa.Table) -> BoolArray:
    return _first_of_order(lines) == np.arange(lines.num_rows)


def _check_agreement(checked: CheckedTable) -> list[Finding]:
    """Every line of an order must carry the same order columns."""
    lines = checked.table
    first = _first_of_order(lines)
    findings = []
    for column in SCHEMAS["orders"].columns[1:]:
        codes = key_codes(lines, [column.name])
        out = checked.bad([column.name, "order_id"]) | np.asarray(lines["order_id"].is_null())
        findings += rows_finding(
            "order_lines",
            column.name,
            (codes != codes[first]) & ~out & ~out[first],
            shown_values(lines[column.name]),
            "differs from the first line of the order",
            "give every line of an order the same, or add an orders table",
        )
    return findings
