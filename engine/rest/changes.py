"""A catalogue with changes: only what a write touched is encoded anew.

Each function leads from one frozen catalogue to another, which is what encoding its tables anew
would give but for the numbers of SKUs. In all of them the rows of ``source_items`` stand as the
items do: by SKU, then source.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog, encode_catalog, encode_reserved, find_items, index_of
from engine.places.geocode import Locator
from engine.tables.findings import raise_findings
from engine.tables.fold import fold_sku
from engine.tables.quantity import units_to_decimal
from engine.tables.raw import RawTable
from engine.tables.settings import encode_stock_items, take_settings
from engine.tables.texts import number_keys
from engine.tables.validate import validate_catalog
from engine.tables.whole import whole
from engine.types import BoolArray, IndexArray, IntArray, Items, frozen

NETWORK = ("sources", "stocks", "sales_channels", "stock_source_links")
"""The tables that say where things are, but not how many."""

_NO_ITEMS = pa.table(
    {
        "source_code": pa.array([], pa.string()),
        "sku": pa.array([], pa.string()),
        "quantity": pa.array([], pa.decimal128(12, 4)),
    }
)


class ItemRows(NamedTuple):
    """Rows of ``source_items``, each (num_rows,), no (source, SKU) twice.

    ``quantity`` is in 1e-4 units, ``status`` 0 or 1.
    """

    source_codes: Sequence[str]
    skus: Sequence[str]
    quantity: Sequence[int]
    status: Sequence[int]


def laid_out(catalog: Catalog) -> Catalog:
    """Return a catalogue whose rows of items stand as the items do, each SKU spelt one way.

    Parameters
    ----------
    catalog
        Any; where its rows spell a SKU in several ways, ``sku_names`` has the one that stays.
    """
    named = _with_names(catalog, catalog.sku_names)
    return replace(_with_items(named, catalog.items), spelt_alike=True)


def with_network(
    catalog: Catalog, tables: Mapping[str, pa.Table], locator: Locator | None = None
) -> Catalog:
    """Return a catalogue with other sources, stocks, channels and links.

    Parameters
    ----------
    catalog
        All of its sources must be among the new ones.
    tables
        `NETWORK`, each of them whole.
    locator
        Remembers where sources lie from one change to the next; by the catalogue's geonames.

    Raises
    ------
    InputError
        Listing every row that breaks a rule of its table.
    """
    raw = {**tables, "source_items": _NO_ITEMS, "distances": catalog.tables.get("distances")}
    valid = validate_catalog({name: RawTable(one) for name, one in raw.items() if one is not None})
    raise_findings(valid.fatal)
    bare = encode_catalog(valid, locator or Locator(catalog.geonames))
    now = index_of(whole(catalog.sources["source_code"]), whole(bare.sources["source_code"]))
    changed = replace(
        catalog,
        tables={**other_tables(catalog), **{name: bare.tables[name] for name in tables}},
        sources=bare.sources,
        stock_ids=bare.stock_ids,
        enabled=bare.enabled,
        source_points=bare.source_points,
        links=bare.links,
        places=bare.places,
        known=bare.known,
    )
    # Codes keep their order, so items stay sorted by source inside a SKU.
    return _with_items(changed, catalog.items._replace(sources=frozen(now[catalog.items.sources])))


def with_items(catalog: Catalog, rows: ItemRows) -> Catalog:
    """Return a catalogue with other quantities and statuses, and with items it did not have.

    Parameters
    ----------
    catalog
        Holds the sources of all rows.
    rows
        What the items are from now on. A SKU that is there keeps its spelling.
    """
    sku, source = _numbers(catalog, rows.source_codes, rows.skus)
    at, known = find_items(catalog.items, sku, source)
    units, status = np.array(rows.quantity, np.int64), np.array(rows.status, np.uint8)
    if known.any():
        quantity, in_stock = catalog.items.quantity.copy(), catalog.items.in_stock.copy()
        quantity[at[known]] = units[known]
        in_stock[at[known]] = status[known]
        items = catalog.items._replace(quantity=frozen(quantity), in_stock=frozen(in_stock))
        # The rows stand where they stood.
        catalog = replace(catalog, tables=_tables(catalog, items), items=items)
    if known.all():
        return catalog
    new = np.flatnonzero(~known)
    sku, names = _new_skus(catalog, sku[new], pa.array(rows.skus, pa.string()).take(pa.array(new)))
    order = np.lexsort((source[new], sku))
    new, sku = new[order], sku[order]
    items = catalog.items
    at, _ = find_items(items, sku, source[new])
    count = np.zeros(len(names), np.int64)
    count[: len(items.offsets) - 1] = np.diff(items.offsets)
    np.add.at(count, sku, 1)
    items = Items(
        offsets=_offsets(count),
        sources=frozen(np.insert(items.sources, at, source[new])),
        quantity=frozen(np.insert(items.quantity, at, units[new])),
        reserved=frozen(np.zeros(len(items.sources) + len(at), np.int64)),
        in_stock=frozen(np.insert(items.in_stock, at, status[new])),
    )
    if len(names) > len(catalog.sku_names):
        catalog = _with_names(catalog, names)
    # Units may have been promised of an item before there was one.
    codes, promised = (
        whole(catalog.sources["source_code"]),
        catalog.tables.get("source_reservations"),
    )
    reserved, _ = encode_reserved(promised, codes, catalog.sku_index, items)
    return _with_items(catalog, items._replace(reserved=reserved))


def without_items(catalog: Catalog, source_codes: Sequence[str], skus: Sequence[str]) -> Catalog:
    """Return a catalogue without some items, (num_rows,) each; all of them must be there.

    A SKU whose last item goes is unknown from then on.
    """
    sku, source = _numbers(catalog, source_codes, skus)
    at, _ = find_items(catalog.items, sku, source)
    items = catalog.items
    count = np.diff(items.offsets)
    np.subtract.at(count, sku, 1)
    carried = count > 0
    rest = (frozen(np.delete(column, at)) for column in items[1:])
    catalog = _with_names(catalog, catalog.sku_names.filter(pa.array(carried)), carried)
    return _with_items(catalog, Items(_offsets(count[carried]), *rest))


def _numbers(
    catalog: Catalog, source_codes: Sequence[str], skus: Sequence[str]
) -> tuple[IndexArray, IndexArray]:
    codes = whole(catalog.sources["source_code"])
    source = index_of(pa.array(source_codes, pa.string()), codes)
    return catalog.sku_index.find(pa.array(skus, pa.string())), source


def _new_skus(catalog: Catalog, sku: IndexArray, given: pa.Array) -> tuple[IndexArray, pa.Array]:
    """Give numbers to the SKUs that have none (-1), and return the names of all."""
    names, sku = catalog.sku_names, sku.copy()
    fresh = given.filter(pa.array(sku < 0))
    if len(fresh):
        numbered = number_keys(fresh, fold=True)
        sku[sku < 0] = len(names) + numbered.of_row
        names = pa.concat_arrays([names, fresh.take(pa.array(numbered.keys.first_row))])
    return sku, names


def _with_names(catalog: Catalog, names: pa.Array, kept: BoolArray | None = None) -> Catalog:
    """Return a catalogue of other SKUs, whose items are still those of the old ones."""
    if kept is not None and kept.all():
        return catalog
    if kept is None:
        settings = encode_stock_items(catalog.tables.get("stock_items"), fold_sku(names))
    else:
        settings = take_settings(catalog.stock_items, kept)
    index = number_keys(names, fold=True).keys
    return replace(catalog, sku_names=names, sku_index=index, stock_items=settings)


def _offsets(count: IntArray) -> IntArray:
    return frozen(np.append(0, np.cumsum(count)))


def _with_items(catalog: Catalog, items: Items) -> Catalog:
    """Return a catalogue with other items of its SKUs, in its arrays and in its table."""
    rows = frozen(np.arange(len(items.sources), dtype=np.int32))
    return replace(catalog, tables=_tables(catalog, items), items=items, item_rows=rows)


class _Tables(Mapping[str, pa.Table]):
    """Tables of a catalogue, of which ``source_items`` is made when somebody asks for it.

    Few do, and it costs more than all else in a write: 16 MB for 500,000 items.
    """

    def __init__(self, others: Mapping[str, pa.Table], make: Callable[[], pa.Table]) -> None:
        self._others, self._make = others, make
        self._items: pa.Table | None = None

    def __getitem__(self, name: str) -> pa.Table:
        if name != "source_items":
            return self._others[name]
        if self._items is None:
            self._items = self._make()
        return self._items

    def __iter__(self) -> Iterator[str]:
        yield from self._others
        yield "source_items"

    def __len__(self) -> int:
        return len(self._others) + 1


def other_tables(catalog: Catalog) -> dict[str, pa.Table]:
    """Return all tables but ``source_items``, which is not made for that."""
    return {name: catalog.tables[name] for name in catalog.tables if name != "source_items"}


def _tables(catalog: Catalog, items: Items) -> _Tables:
    codes, names = whole(catalog.sources["source_code"]), catalog.sku_names
    return _Tables(other_tables(catalog), lambda: _items_table(items, codes, names))


def _items_table(items: Items, codes: pa.Array, names: pa.Array) -> pa.Table:
    of_item = np.repeat(np.arange(len(names), dtype=np.int32), np.diff(items.offsets))
    return pa.table(
        {
            "source_code": pa.DictionaryArray.from_arrays(pa.array(items.sources), codes),
            "sku": pa.DictionaryArray.from_arrays(pa.array(of_item), names),
            "quantity": units_to_decimal(items.quantity),
            "status": pa.array(items.in_stock.astype(bool)),
        }
    )
