"""What the service writes: each function is one change of the store, in one transaction."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from engine.rest.changes import ItemRows
from engine.rest.errors import ApiError, Parameters, failed, unknown
from engine.rest.live import Effect
from engine.rest.store import FIELDS
from engine.tables.fold import fold_sku

DEFAULT_STOCK = 1
_REQUIRED = ("name", "country_id", "postcode")


class Link(NamedTuple):
    """A stock-source link."""

    stock_id: int
    source_code: str
    priority: int


class SourceItem(NamedTuple):
    """A source item; the quantity in 1e-4 units."""

    source_code: str
    sku: str
    quantity: int
    status: int


def save_links(db: sqlite3.Connection, links: Sequence[Link]) -> Effect:
    """Link sources to stocks; a link that is there gets the new priority.

    Raises
    ------
    ApiError
        If a stock or a source is unknown: no link is saved then.
    """
    _check_known(db, ((link.stock_id, link.source_code) for link in links))
    db.executemany("INSERT OR REPLACE INTO stock_source_links VALUES (?, ?, ?)", links)
    return Effect([], network=True)


def delete_links(db: sqlite3.Connection, pairs: Sequence[tuple[int, str]]) -> Effect:
    """Unlink sources from stocks; the priorities of others stay, a link that is not there too."""
    query = "DELETE FROM stock_source_links WHERE stock_id = ? AND source_code = ?"
    db.executemany(query, pairs)
    return Effect([], network=True)


def save_source(db: sqlite3.Connection, fields: Mapping[str, Any], *, is_new: bool) -> Effect:
    """Create or change a source; fields that are not given stay as they are.

    Parameters
    ----------
    fields
        By the names of `FIELDS`; ``carrier_links`` and ``extension_attributes`` as they are in
        JSON.
    is_new
        A source that is not there may be created.

    Raises
    ------
    ApiError
        If it is not there and may not be created, or what a source must have is empty.
    """
    row = {name: value for name, value in fields.items() if name in FIELDS}
    for name in ("carrier_links", "extension_attributes"):
        if row.get(name) is not None:
            row[name] = json.dumps(row[name])
        else:
            row.pop(name, None)
    code = row["source_code"]
    if not _exists(db, "sources", "source_code", code):
        if not is_new:
            raise unknown("Source", "code", code)
        _check_required(row, _REQUIRED)
        marks = ", ".join("?" * len(row))
        db.execute(f"INSERT INTO sources ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    else:
        _check_required(row, [name for name in _REQUIRED if name in row])
        changed = ", ".join(f"{name} = ?" for name in row)
        query = f"UPDATE sources SET {changed} WHERE source_code = ?"
        db.execute(query, [*row.values(), code])
    half = (
        "SELECT 1 FROM sources WHERE source_code = ? AND (latitude IS NULL) != (longitude IS NULL)"
    )
    if db.execute(half, [code]).fetchone():
        raise failed([("Give latitude and longitude, or neither.", ())])
    return Effect([], network=True)


def save_stock(
    db: sqlite3.Connection,
    stock_id: int | None,
    name: str | None,
    channels: Iterable[tuple[str, str]] | None,
) -> Effect:
    """Create or change a stock.

    Parameters
    ----------
    stock_id
        Of a stock that is there; None for a new one.
    name
        None leaves it as it is.
    channels
        Type and code of all its sales channels; None leaves them as they are. One that belongs
        to another stock moves here.

    Raises
    ------
    ApiError
        If the stock is unknown, or its name is empty.
    """
    if stock_id is None:
        _check_required({"name": name}, ("name",))
        stock_id = db.execute("INSERT INTO stocks (name) VALUES (?)", [name]).lastrowid
    elif not _exists(db, "stocks", "stock_id", stock_id):
        raise unknown("Stock", "id", stock_id)
    elif name is not None:
        _check_required({"name": name}, ("name",))
        db.execute("UPDATE stocks SET name = ? WHERE stock_id = ?", [name, stock_id])
    if channels is not None:
        db.execute("DELETE FROM sales_channels WHERE stock_id = ?", [stock_id])
        rows = [(*channel, stock_id) for channel in channels]
        db.executemany("INSERT OR REPLACE INTO sales_channels VALUES (?, ?, ?)", rows)
    return Effect(stock_id, network=True)


def delete_stock(db: sqlite3.Connection, stock_id: int) -> Effect:
    """Delete a stock with its links.

    Raises
    ------
    ApiError
        If it is unknown, the default stock, or a sales channel still sells from it.
    """
    if not _exists(db, "stocks", "stock_id", stock_id):
        raise unknown("Stock", "id", stock_id)
    if stock_id == DEFAULT_STOCK:
        raise ApiError(400, "Default Stock could not be deleted.")
    if _exists(db, "sales_channels", "stock_id", stock_id):
        raise ApiError(400, "Stock has at least one sales channel and could not be deleted.")
    if _is_reserved(db, stock_id):
        raise ApiError(400, "Stock has reservations and could not be deleted.")
    db.execute("DELETE FROM stocks WHERE stock_id = ?", [stock_id])
    return Effect([], network=True)


def save_items(db: sqlite3.Connection, items: Sequence[SourceItem]) -> Effect:
    """Save source items; of several for one source and SKU the last holds.

    Raises
    ------
    ApiError
        If a source is unknown: no item is saved then.
    """
    _check_known(db, ((None, item.source_code) for item in items))
    keys = _keys(item.sku for item in items)
    last = {(item.source_code, key): item for item, key in zip(items, keys, strict=True)}
    spelt = _spelling(db, {key for _, key in last})
    rows = []
    for (code, key), item in last.items():
        sku = spelt.setdefault(key, item.sku)
        rows.append((code, sku, key, item.quantity, item.status))
    db.executemany(
        "INSERT INTO source_items (source_code, sku, sku_key, quantity, status) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (sku_key, source_code) "
        "DO UPDATE SET quantity = excluded.quantity, status = excluded.status",
        rows,
    )
    codes, skus, _, quantity, status = map(list, zip(*rows, strict=True)) if rows else [[]] * 5
    return Effect([], items=ItemRows(codes, skus, quantity, status) if rows else None)


def delete_items(db: sqlite3.Connection, pairs: Sequence[tuple[str, str]]) -> Effect:
    """Delete source items, (source_code, sku) each; one that is not there is none already."""
    query = "DELETE FROM source_items WHERE sku_key = ? AND source_code = ?"
    keys = _keys(sku for _, sku in pairs)
    wanted = dict.fromkeys(zip(keys, (code for code, _ in pairs), strict=True))
    gone = [pair for pair in wanted if db.execute(query, pair).rowcount]
    skus, codes = [key for key, _ in gone], [code for _, code in gone]
    return Effect([], gone=(codes, skus) if gone else None)


def _keys(skus: Iterable[str]) -> list[str]:
    return fold_sku(pa.array(list(skus), pa.string())).to_pylist()


def _spelling(db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, str]:
    """Return how the store spells those SKUs that it has."""
    query = "SELECT sku FROM source_items WHERE sku_key = ? LIMIT 1"
    found = ((key, db.execute(query, [key]).fetchone()) for key in keys)
    return {key: row[0] for key, row in found if row}


def _exists(db: sqlite3.Connection, table: str, column: str, value: Any) -> bool:
    return db.execute(f"SELECT 1 FROM {table} WHERE {column} = ?", [value]).fetchone() is not None


def _check_known(db: sqlite3.Connection, pairs: Iterable[tuple[int | None, str]]) -> None:
    """Refuse pairs whose stock or source is unknown."""
    pairs = list(dict.fromkeys(pairs))
    errors: list[tuple[str, Parameters]] = []
    for stock_id in dict.fromkeys(one for one, _ in pairs if one is not None):
        if not _exists(db, "stocks", "stock_id", stock_id):
            errors.append(('Stock with id "%value" does not exist.', {"value": stock_id}))
    for code in dict.fromkeys(code for _, code in pairs):
        if not _exists(db, "sources", "source_code", code):
            errors.append(('Source with code "%value" does not exist.', {"value": code}))
    if errors:
        raise failed(errors)


def _check_required(row: Mapping[str, Any], names: Sequence[str]) -> None:
    missing = [name for name in names if not str(row.get(name) or "").strip()]
    if missing:
        raise failed([('"%field" can not be empty.', {"field": name}) for name in missing])


def _is_reserved(db: sqlite3.Connection, stock_id: int) -> bool:
    kept = db.execute("SELECT stream FROM kept WHERE name = 'reservations'").fetchone()
    if kept is None:
        return False
    ids = pa.ipc.open_stream(kept[0]).read_all()["stock_id"]
    return stock_id in ids.unique().to_pylist()
