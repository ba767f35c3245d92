"""The frozen, encoded inventory: what every run, simulation and service starts from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.earth import MM_PER_KM
from engine.places.distance import KnownDistances, Points, points
from engine.places.geocode import ADDRESS, Locator
from engine.tables.findings import Finding, raise_findings
from engine.tables.fold import fold_country, fold_postcode, fold_sku
from engine.tables.items import ItemKeys, item_keys
from engine.tables.order_rules import known_stocks
from engine.tables.quantity import column_units, sum_by_group
from engine.tables.raw import as_raw
from engine.tables.schema import CATALOG_TABLES
from engine.tables.settings import StockItems, encode_stock_items
from engine.tables.texts import KeyIndex, Numbered
from engine.tables.validate import Validated, validate_catalog
from engine.tables.whole import whole
from engine.types import BoolArray, FlagArray, IndexArray, IntArray, Items, frozen


class Links(NamedTuple):
    """Stock-source links in CSR form: those of stock ``s`` are ``offsets[s]:offsets[s + 1]``.

    ``sources`` and ``priority`` are (num_links,), by priority and then source; links to
    disabled sources are among them.
    """

    offsets: IntArray
    sources: IndexArray
    priority: IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Catalog:
    """A catalogue whose rows all hold, as Arrow tables and as arrays.

    Sources are numbered by source_code in byte order, so that the smaller index wins a tie;
    stocks by stock_id; SKUs by first appearance in ``source_items``. Arrays are read-only, so
    that scenarios may share them.

    Attributes
    ----------
    tables
        The canonical tables, by name; texts of ``source_items`` that repeat as dictionaries.
    sources
        (num_sources,) rows of the ``sources`` table by source index.
    stock_ids
        (num_stocks,) int64, ascending.
    sku_index
        The table that finds the number of an SKU in any case.
    sku_names
        (num_skus,) SKUs as the catalogue spells them (the smallest spelling in byte order if
        there are several).
    spelt_alike
        All items of a SKU spell it the same. Where false, they may or may not.
    enabled
        (num_sources,) flags.
    source_points
        (num_sources,) positions; NaN where a source cannot be located.
    links, items
        Stock-source links by stock, source items by SKU.
    item_rows
        (num_items,) row of each item in ``tables["source_items"]``.
    stock_items
        (num_skus,) configuration of each SKU.
    places, known
        Distinct (country, postcode) keys of ``distances``, and the distances themselves.
    rejects, notes
        What quarantine set aside; what a person should know.
    """

    tables: Mapping[str, pa.Table]
    sources: pa.Table
    stock_ids: IntArray
    sku_index: KeyIndex
    sku_names: pa.Array
    spelt_alike: bool
    enabled: FlagArray
    source_points: Points
    links: Links
    items: Items
    item_rows: IndexArray
    stock_items: StockItems
    places: pa.Array
    known: KnownDistances
    rejects: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], *, quarantine: bool = False) -> "Catalog":
        """Build a catalogue from tables in memory.

        Parameters
        ----------
        tables
            Table name -> anything with the Arrow PyCapsule interface (pyarrow, pandas, polars,
            duckdb); ``sources``, ``stock_source_links`` and ``source_items`` are due.
        quarantine
            Leave bad rows out, with all that hangs on them, instead of stopping.

        Raises
        ------
        InputError
            Listing every problem of every table.

        Examples
        --------
        >>> Catalog.from_tables({
        ...     "sources": pa.table({"source_code": ["lyon", "paris"]}),
        ...     "stock_source_links": pa.table({"stock_id": [1, 1], "priority": [1, 2],
        ...         "source_code": ["paris", "lyon"]}),
        ...     "source_items": pa.table({"source_code": ["paris"], "sku": ["A"], "quantity": [3]}),
        ... })
        Catalog(2 sources, 1 stock, 2 links, 1 SKU, 1 source item)
        """
        raw, findings = as_raw(tables, CATALOG_TABLES)
        valid = validate_catalog(raw, findings, quarantine=quarantine)
        raise_findings(valid.fatal)
        return encode_catalog(valid)

    @property
    def geonames(self) -> pa.Table | None:
        """The catalogue's own GeoNames rows, or None for the packaged ones."""
        return self.tables.get("geonames")

    def __repr__(self) -> str:
        counts = (
            (self.sources.num_rows, "source"),
            (len(self.stock_ids), "stock"),
            (len(self.links.sources), "link"),
            (len(self.sku_names), "SKU"),
            (len(self.item_rows), "source item"),
        )
        parts = [f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts]
        return f"Catalog({', '.join(parts)})"


def encode_catalog(valid: Validated, locator: Locator | None = None) -> Catalog:
    """Lay valid tables out as arrays, with a number for each key.

    Parameters
    ----------
    valid
        What `validate_catalog` returned, with nothing fatal.
    locator
        Knows where addresses lie; without one the catalogue's geonames tell.

    Returns
    -------
    The catalogue; its arrays are read-only.
    """
    tables = valid.tables
    sources = tables["sources"]
    sources = sources.take(pc.sort_indices(sources["source_code"])).combine_chunks()
    codes = whole(sources["source_code"])
    stock_ids = np.sort(np.asarray(known_stocks(tables)))
    keys = valid.items or item_keys(tables["source_items"])
    if keys is None:
        raise ValueError("source_items: a key is null; validate the tables first")
    index, sku_names, spelt_alike = _encode_skus(whole(tables["source_items"]["sku"]), keys.skus)
    items, source_of_row = _encode_items(tables["source_items"], codes, keys)
    names = {"source_code": (source_of_row, codes)}
    if spelt_alike:
        names["sku"] = (keys.skus.of_row, sku_names)
    tables = dict(tables, source_items=_with_dictionaries(tables["source_items"], names))
    reserved, lost = encode_reserved(tables.get("source_reservations"), codes, index, items)
    places, known = _encode_distances(tables.get("distances"), codes)
    return Catalog(
        tables=tables,
        sources=sources,
        stock_ids=frozen(stock_ids),
        sku_index=index,
        sku_names=sku_names,
        spelt_alike=spelt_alike,
        enabled=frozen(np.asarray(sources["enabled"]).astype(np.uint8)),
        source_points=_locate_sources(sources, locator or Locator(tables.get("geonames"))),
        links=encode_links(tables["stock_source_links"], codes, stock_ids),
        items=items._replace(reserved=reserved),
        item_rows=frozen(keys.rows.astype(np.int32)),
        stock_items=encode_stock_items(tables.get("stock_items"), fold_sku(sku_names)),
        places=places,
        known=known,
        rejects=valid.rejects,
        notes=valid.notes + lost,
    )


def index_of(values: pa.ChunkedArray | pa.Array, axis: pa.Array) -> IndexArray:
    """(num_rows,) int32 position of each value on an axis of distinct keys, -1 if not there."""
    at = pc.fill_null(pc.index_in(values, axis, skip_nulls=True), -1)
    return np.asarray(at).astype(np.int32, copy=False)


def _encode_skus(spelt: pa.Array, numbered: Numbered) -> tuple[KeyIndex, pa.Array, bool]:
    """Return the table of the SKUs, how they are spelt, and whether all rows agree on that."""
    index, of_row, varied = numbered
    if not varied:
        return index, spelt.take(pa.array(index.first_row)), True
    ranked = np.asarray(pc.sort_indices(spelt))
    _, first = np.unique(of_row[ranked], return_index=True)
    return index, spelt.take(pa.array(ranked[first])), False


def _encode_items(table: pa.Table, codes: pa.Array, keys: ItemKeys) -> tuple[Items, IndexArray]:
    """Return the items by SKU and source, nothing reserved; and the source of each row."""
    present = whole(table["source_code"]).take(pa.array(keys.sources.keys.first_row))
    source_of_row = index_of(present, codes)[keys.sources.of_row]
    items = Items(
        offsets=frozen(keys.offsets),
        sources=frozen(source_of_row[keys.rows]),
        quantity=frozen(column_units(table, "quantity")[keys.rows]),
        reserved=frozen(np.zeros(len(keys.rows), np.int64)),
        in_stock=frozen(np.asarray(table["status"])[keys.rows].astype(np.uint8)),
    )
    return items, source_of_row


def _with_dictionaries(
    table: pa.Table, columns: Mapping[str, tuple[IndexArray, pa.Array]]
) -> pa.Table:
    """Let texts of few values stand once, and the rows say which: a third of the memory."""
    for name, (index, texts) in columns.items():
        values = pa.DictionaryArray.from_arrays(pa.array(index), texts)
        table = table.set_column(table.column_names.index(name), name, values)
    return table


def find_items(items: Items, sku: IndexArray, source: IndexArray) -> tuple[IntArray, BoolArray]:
    """Return where the item of each (SKU, source) pair stands or would, and whether there is one.

    Both are (num_pairs,); a SKU of -1 has none, nor one beyond the last.
    """
    # All pairs at once by bisection, each among the items of its SKU.
    num_skus, last = len(items.offsets) - 1, len(items.sources) - 1
    low, stop = (items.offsets[np.clip(sku + step, 0, num_skus)] for step in (0, 1))
    high = stop
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (low + high) // 2
        before = (low < high) & (items.sources[np.minimum(middle, last)] < source)
        low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
    there = low < stop
    there[there] = items.sources[low[there]] == source[there]
    return low, there


def items_of_rows(
    table: pa.Table, codes: pa.Array, index: KeyIndex, items: Items
) -> tuple[IntArray, BoolArray]:
    """Return where the item of each row stands, and whether there is one; see `find_items`.

    Parameters
    ----------
    table
        (num_rows,) ``source_code`` and ``sku``.
    codes, index, items
        The source codes in order, the numbers of the SKUs, and the items.
    """
    source = index_of(table["source_code"], codes)
    return find_items(items, index.find(table["sku"]), source)


def spelling(sku_names: pa.Array, skus: IndexArray, given: pa.Array) -> pa.Array:
    """(n,) SKUs as the catalogue spells them, or as they are given where it has none (-1)."""
    known = pa.array(np.where(skus < 0, 0, skus), mask=skus < 0)
    return pc.coalesce(sku_names.take(known), given)


def encode_reserved(
    table: pa.Table | None, codes: pa.Array, index: KeyIndex, items: Items
) -> tuple[IntArray, list[str]]:
    """(num_items,) units already promised at each item, and a note on those of no item."""
    if table is None:
        return items.reserved, []
    at, held = items_of_rows(table, codes, index, items)
    quantity = column_units(table, "quantity")
    what = "source_reservations.quantity"
    reserved = sum_by_group(at[held], quantity[held], len(items.sources), what)
    lost = int((~held).sum())
    note = f"source_reservations: {lost:,} rows name an item that no row of source_items holds"
    return frozen(reserved), [note] if lost else []


def encode_links(table: pa.Table, codes: pa.Array, stock_ids: IntArray) -> Links:
    """Put the rows of ``stock_source_links`` by stock, priority and source."""
    stock = np.searchsorted(stock_ids, np.asarray(table["stock_id"]))
    source = index_of(table["source_code"], codes)
    priority = np.asarray(table["priority"])
    rows = np.lexsort((source, priority, stock))
    offsets = np.searchsorted(stock[rows], np.arange(len(stock_ids) + 1)).astype(np.int64)
    return Links(frozen(offsets), frozen(source[rows]), frozen(priority[rows]))


def _locate_sources(sources: pa.Table, locator: Locator) -> Points:
    latitude, longitude = (
        np.asarray(pc.fill_null(sources[name], np.nan)).copy() for name in ("latitude", "longitude")
    )
    missing = np.flatnonzero(np.isnan(latitude))
    found = locator.locate(sources.select(ADDRESS).take(pa.array(missing)))
    latitude[missing], longitude[missing] = found
    return Points(*(frozen(axis) for axis in points(latitude, longitude)))


def place_keys(countries: pa.ChunkedArray, postcodes: pa.ChunkedArray) -> pa.ChunkedArray:
    """Join folded country and postcode into the key by which ``distances`` names a place."""
    return pc.binary_join_element_wise(fold_country(countries), fold_postcode(postcodes), "\n")


def _encode_distances(table: pa.Table | None, codes: pa.Array) -> tuple[pa.Array, KnownDistances]:
    if table is None:
        empty = frozen(np.empty(0, np.int64))
        return pa.array([], pa.string()), KnownDistances(empty, empty)
    encoded = whole(place_keys(table["country_id"], table["postcode"])).dictionary_encode()
    keys = np.asarray(encoded.indices).astype(np.int64) * len(codes)
    keys += index_of(table["source_code"], codes)
    mm = np.rint(np.asarray(table["km"]) * MM_PER_KM).astype(np.int64)
    order = np.argsort(keys)
    return encoded.dictionary, KnownDistances(frozen(keys[order]), frozen(mm[order]))
