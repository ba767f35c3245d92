"""The catalogue: numbering, layout, read-only arrays."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from engine.catalog import Catalog, find_items
from engine.errors import InputError
from engine.tables.fold import fold_sku
from tests.strategies import cases, to_arrow

ORDER_TABLES = ("orders", "order_lines")
TABLES = {
    "sources": pa.table({"source_code": ["b", "é", "a", "Z"], "colour": ["1", "2", "3", "4"]}),
    "stock_source_links": pa.table(
        {
            "stock_id": [5, 5, 2, 5],
            "source_code": ["b", "a", "b", "é"],
            "priority": [1, 1, 7, 0],
        }
    ),
    "source_items": pa.table(
        {
            "source_code": ["b", "a", "Z", "a"],
            "sku": ["Two", "one", "TWO", "two"],
            "quantity": [Decimal("1.5"), Decimal("2"), Decimal("-3"), Decimal("0.0001")],
            "status": [1, 0, 1, None],
        }
    ),
}


def load(case):
    """Return the catalogue of a case."""
    return Catalog.from_tables(
        {name: table for name, table in to_arrow(case).items() if name not in ORDER_TABLES}
    )


def test_catalog_numbers_sources_in_byte_order():
    catalog = Catalog.from_tables(TABLES)
    assert catalog.sources["source_code"].to_pylist() == ["Z", "a", "b", "é"]
    assert catalog.sources["colour"].to_pylist() == ["4", "3", "1", "2"]


def test_catalog_links_by_stock_priority_and_source():
    links = Catalog.from_tables(TABLES).links
    assert links.offsets.tolist() == [0, 1, 4]
    assert links.sources.tolist() == [2, 3, 1, 2]
    assert links.priority.tolist() == [7, 0, 1, 1]


def test_catalog_items_by_sku_and_source():
    catalog = Catalog.from_tables(TABLES)
    assert fold_sku(catalog.sku_names).to_pylist() == ["two", "one"]
    assert catalog.sku_names.to_pylist() == ["TWO", "one"]  # the smallest spelling in byte order
    assert catalog.items.offsets.tolist() == [0, 3, 4]
    assert catalog.items.sources.tolist() == [0, 1, 2, 1]
    assert catalog.items.quantity.tolist() == [-30_000, 1, 15_000, 20_000]
    assert catalog.items.in_stock.tolist() == [1, 1, 1, 0]
    assert catalog.item_rows.tolist() == [2, 3, 0, 1]


def test_catalog_source_reservations_add_up_by_item():
    reserved = pa.table(
        {
            "source_code": ["a", "a", "b", "é"],
            "sku": ["TWO", "two", "two", "two"],
            "quantity": [1, 2, 4, 8],
        }
    )
    catalog = Catalog.from_tables({**TABLES, "source_reservations": reserved})
    assert catalog.items.reserved.tolist() == [0, 30_000, 40_000, 0]
    assert catalog.notes == [
        "source_reservations: 1 rows name an item that no row of source_items holds"
    ]


def test_catalog_distances_are_rounded_half_even_to_millimetres():
    distances = pa.table(
        {
            "source_code": ["b", "a"],
            "country_id": ["fr", "FR"],
            "postcode": ["75 001", "75001"],
            "km": [2.5 / 1_000_000, 1.0],
        }
    )
    catalog = Catalog.from_tables({**TABLES, "distances": distances})
    assert len(catalog.places) == 1
    assert catalog.known.keys.tolist() == [1, 2]
    assert catalog.known.mm.tolist() == [1_000_000, 2]


@given(cases())
def test_catalog_tables_go_in_again_as_they_are(case):
    catalog = load(case)
    again = Catalog.from_tables(catalog.tables)
    for name, table in catalog.tables.items():
        assert again.tables[name].equals(table), name
    for one, other in zip(catalog.items, again.items, strict=True):
        assert one.tolist() == other.tolist()


def test_catalog_prints_as_a_short_summary():
    text = repr(Catalog.from_tables(TABLES))
    assert text == "Catalog(4 sources, 2 stocks, 4 links, 2 SKUs, 4 source items)"


def test_catalog_lists_the_problems_of_all_tables():
    broken = {
        "sources": pa.table({"source_code": ["a", "a"]}),
        "stock_source_links": pa.table({"stock_id": [1], "source_code": ["x"], "priority": [-1]}),
        "source_item": pa.table({"sku": ["a"]}),
    }
    with pytest.raises(InputError) as error:
        Catalog.from_tables(broken)
    lines = str(error.value).splitlines()
    starts = (
        "source_item:",
        "source_items:",
        "sources",
        "stock_source_links",
        "stock_source_links",
    )
    assert len(lines) == len(starts) + 1
    assert lines[-1] == "(rows count from 0, a header not included)"
    for start in starts:
        assert any(line.startswith(start) for line in lines), start


@given(cases())
def test_catalog_arrays_are_read_only(case):
    catalog = load(case)
    bundles = (
        catalog.items,
        catalog.links,
        catalog.stock_items,
        catalog.known,
        catalog.source_points,
    )
    arrays = [array for bundle in bundles for array in bundle]
    arrays += [catalog.stock_ids, catalog.enabled, catalog.item_rows]
    for array in arrays:
        assert isinstance(array, np.ndarray)
        assert not array.flags.writeable
        assert array.flags.c_contiguous


@given(cases())
def test_catalog_items_hold_every_row_once(case):
    catalog = load(case)
    assert sorted(catalog.item_rows.tolist()) == list(range(len(case["source_items"])))
    codes = catalog.sources["source_code"].to_pylist()
    for sku, (start, stop) in enumerate(
        zip(catalog.items.offsets, catalog.items.offsets[1:], strict=False)
    ):
        sources = catalog.items.sources[start:stop].tolist()
        assert sources == sorted(set(sources))
        for item in range(start, stop):
            row = case["source_items"][int(catalog.item_rows[item])]
            assert row["source_code"] == codes[catalog.items.sources[item]]
            assert fold_sku(pa.array([row["sku"]]))[0] == fold_sku(catalog.sku_names)[int(sku)]
            assert int(row["quantity"] * 10_000) == catalog.items.quantity[item]


@given(cases())
def test_find_items_finds_each_pair(case):
    catalog = load(case)
    items, num_skus = catalog.items, len(catalog.sku_names)
    pairs = [
        (sku, source)
        for sku in range(-1, num_skus + 2)
        for source in range(-1, catalog.sources.num_rows + 1)
    ]
    sku, source = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    of_item = np.repeat(np.arange(num_skus), np.diff(items.offsets))
    there = {pair: at for at, pair in enumerate(zip(of_item, items.sources, strict=True))}
    at, found = find_items(items, sku, source)
    for pair, where, has_one in zip(pairs, at, found, strict=True):
        assert has_one == (pair in there)
        # Where it stands, or where it would have to.
        assert where == (there[pair] if has_one else sum(one < pair for one in there))
