"""What a store's database says -> the tables of a catalogue and of its open orders, as text."""

from collections.abc import Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from engine.magento.sql import CONFIG

_PLAIN = ("sources", "stocks", "sales_channels", "stock_source_links", "source_items")
_NOT_OURS = ("link_id", "source_item_id", "entity_id", "item_id")
"""Keys of Magento that only put rows in order."""
_CONFIGURABLE = ("manage_stock", "min_qty", "backorders", "min_sale_qty", "max_sale_qty")
_ALL_GROUPS = "32000"
"""Magento's number for customers of every group."""


def store_tables(read: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Turn what was read into the tables that ``docs/tables.md`` describes.

    Parameters
    ----------
    read
        What `read_store` returns.

    Returns
    -------
    Name -> table, every column text. ``geonames`` is there only if it has rows: Magento makes it
    empty, and the packaged countries serve as long as nobody has filled it. ``orders`` are those
    that have lines.
    """
    tables = {name: read[name].drop_columns(_there(read[name])) for name in _PLAIN}
    tables["reservations"] = read["reservations"]
    tables["stock_items"] = _stock_items(read["config"], read["stock_items"])
    if "geonames" in read and read["geonames"].num_rows:
        tables["geonames"] = read["geonames"].drop_columns(["entity_id"])
    if "source_reservations" in read:
        promised = _short(read["source_reservations"], ["qty"])
        tables["source_reservations"] = pa.table(
            [promised[name] for name in ("source_code", "sku", "qty")],
            names=["source_code", "sku", "quantity"],
        )
    if "order_lines" in read:
        lines = _short(read["order_lines"].drop_columns(["item_id"]), ["qty", "qty_per_item"])
        has_lines = pc.is_in(read["orders"]["order_id"], lines["order_id"].combine_chunks())
        tables["orders"] = read["orders"].filter(has_lines)
        tables["order_lines"] = lines
    return tables


def _short(table: pa.Table, columns: list[str]) -> pa.Table:
    """Return decimals without the zeros at their end, of which a division leaves twenty."""
    for name in columns:
        text = pc.replace_substring_regex(table[name], r"(\.[0-9]*[1-9])0+$|\.0+$", r"\1")
        table = table.set_column(table.column_names.index(name), name, text)
    return table


def _there(table: pa.Table) -> list[str]:
    return [name for name in _NOT_OURS if name in table.column_names]


def _stock_items(config: pa.Table, rows: pa.Table) -> pa.Table:
    """Return the configuration: the store's own as the row without a SKU, then that of SKUs."""
    names = [path.removeprefix(CONFIG) for path in config["path"].to_pylist()]
    values = dict(zip(names, map(_setting, config["value"].to_pylist()), strict=True))
    minimum = values.get("min_sale_qty")
    if minimum is not None:
        values["min_sale_qty"] = _of_all_groups(minimum)
    enabled = values.get("enable_qty_increments") not in (None, "0")
    default = {name: values.get(name) for name in _CONFIGURABLE}
    default["qty_increments"] = values.get("qty_increments") if enabled else None
    own = rows.select(["sku", *_CONFIGURABLE, "is_qty_decimal"])
    increments = _increments(rows, enabled, values.get("qty_increments") or "0")
    own = own.append_column("qty_increments", increments)
    first = {name: [default.get(name)] for name in own.column_names}
    return pa.concat_tables([pa.table(first, schema=own.schema), own])


def _setting(value: str | None) -> str | None:
    """Return a value of the configuration; one that is empty counts as not set."""
    return (value or "").strip() or None


def _of_all_groups(value: str) -> str | None:
    """Return the fewest in an order for customers of every group, where groups differ."""
    try:
        by_group = msgspec.json.decode(value, type=dict[str, str | int | float | None])
    except msgspec.DecodeError:
        return value
    found = by_group.get(_ALL_GROUPS)
    return None if found is None else _setting(str(found))


def _increments(rows: pa.Table, enabled: bool, store_value: str) -> pa.ChunkedArray:
    """Return in what multiples each SKU is sold: 0 for any, null where it says nothing itself.

    Notes
    -----
    Magento has two settings, each of which a product may leave to the store: whether increments
    count, and their size.
    """
    flag, size = rows["enable_qty_increments"], rows["qty_increments"]
    counts = pc.fill_null(pc.not_equal(flag, "0"), enabled)
    value = pc.if_else(counts, pc.fill_null(size, store_value), "0")
    says_nothing = pc.and_(flag.is_null(), size.is_null())
    return pc.if_else(says_nothing, pa.scalar(None, pa.string()), value)
