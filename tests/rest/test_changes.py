"""A changed catalogue is the one that encoding the changed rows anew would give."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.catalog import Catalog
from engine.errors import InputError
from engine.rest.changes import NETWORK, ItemRows, laid_out, with_items, with_network, without_items
from tests.oracle.reading import fold, spellings
from tests.schemas import Row, Tables
from tests.strategies import (
    QUANTITIES,
    SKUS,
    SOURCE_CODES,
    cases,
    exactly,
    named,
    places_of,
    some_of,
    to_arrow,
    upto,
)
from tests.whatif.test_apply import arrays

NEW_SKUS = [("new-1", "NEW-1"), ("\u2126", "\u03c9"), ("a", "A")]  # the ohm sign is an omega
SPELT = [spelling for sku in (*SKUS, *NEW_SKUS) for spelling in sku]
MORE_SOURCES = [*SOURCE_CODES, "0", "aa", "m", "ß", "\uffff"]
MORE_STOCKS = [1, 2, 3, 10, 11]
ORDER_TABLES = ("orders", "order_lines")


def encoded(tables: Tables) -> Catalog:
    arrow = to_arrow(tables)
    return Catalog.from_tables({name: arrow[name] for name in arrow if name not in ORDER_TABLES})


def begun(case: Tables) -> tuple[Tables, Catalog]:
    """Return a case with all that a store knows, each SKU spelt one way; and its catalogue."""
    tables = deepcopy(case)
    names = spellings(tables)
    for row in tables["source_items"]:
        row["sku"] = names[fold(row["sku"])]
        row["status"] = 1 if row["status"] is None else row["status"]
    linked = {row["stock_id"] for row in tables["stock_source_links"]}
    tables.setdefault("stocks", named("stocks", [(one, None) for one in sorted(linked)]))
    tables.setdefault("sales_channels", [])
    return tables, laid_out(encoded(case))


@st.composite
def upserts(draw: Any, tables: Tables) -> Row:
    """Some items, known and new, in any spelling."""
    codes = [row["source_code"] for row in tables["sources"]]
    keys = draw(some_of([(code, sku) for code in codes for sku in SPELT], least=1, most=6))
    keys = list({(code, fold(sku)): (code, sku) for code, sku in keys}.values())
    held = draw(exactly(len(keys), st.sampled_from(QUANTITIES), st.sampled_from([0, 1])))
    return {"rows": [(*key, *one) for key, one in zip(keys, held, strict=True)]}


@st.composite
def deletions(draw: Any, tables: Tables) -> Row:
    """Some of the items that are there, in any spelling."""
    there = [(row["source_code"], row["sku"]) for row in tables["source_items"]]
    chosen = draw(some_of(there, most=min(5, len(there)))) if there else []
    respelt = [draw(st.sampled_from([sku, sku.upper(), sku.lower()])) for _, sku in chosen]
    same = zip(chosen, respelt, strict=True)
    return {"pairs": [(code, new if fold(new) == fold(sku) else sku) for (code, sku), new in same]}


@st.composite
def networks(draw: Any, tables: Tables) -> Row:
    """Other sources beside those that are there, other stocks, channels and links."""
    there = {row["source_code"]: row for row in tables["sources"]}
    codes = [*there, *draw(some_of([code for code in MORE_SOURCES if code not in there], most=3))]
    flags = draw(exactly(len(codes), st.booleans(), st.booleans()))
    sources = []
    for code, place, (enabled, moved) in zip(
        codes, places_of(draw, len(codes)), flags, strict=True
    ):
        drawn = named("sources", [(code, enabled, None, *place)])[0]
        sources.append(drawn if moved or code not in there else {**there[code], "enabled": enabled})
    reserved = {row["stock_id"] for row in tables.get("reservations", [])}
    stocks = sorted(reserved | set(draw(some_of(MORE_STOCKS))))
    pairs = [(stock, code) for stock in stocks for code in codes]
    pairs = draw(some_of(pairs, most=min(20, len(pairs)))) if pairs else []
    ranks = draw(exactly(len(pairs), st.sampled_from([0, 1, 2, 65535])))
    channels = [("website", f"site-{one}", one) for one in stocks if draw(st.booleans())]
    return {
        "sources": sources,
        "stocks": named("stocks", [(one, f"stock {one}") for one in stocks]),
        "sales_channels": named("sales_channels", channels),
        "stock_source_links": named(
            "stock_source_links", [(*pair, *rank) for pair, rank in zip(pairs, ranks, strict=True)]
        ),
    }


def changed(tables: Tables, catalog: Catalog, change: Row) -> tuple[Tables, Catalog]:
    """Make a change twice: plainly in the rows, and in the catalogue."""
    items = {(row["source_code"], fold(row["sku"])): row for row in tables["source_items"]}
    names = spellings(tables)
    if "rows" in change:
        for code, sku, quantity, status in change["rows"]:
            name = names.setdefault(fold(sku), sku)
            items[code, fold(sku)] = named("source_items", [(code, name, quantity, status)])[0]
        units = [(*row[:2], int(row[2] * 10_000), row[3]) for row in change["rows"]]
        catalog = with_items(catalog, ItemRows(*map(list, zip(*units, strict=True))))
    elif "pairs" in change:
        for code, sku in change["pairs"]:
            del items[code, fold(sku)]
        columns = map(list, zip(*change["pairs"], strict=True))
        catalog = without_items(catalog, *columns) if change["pairs"] else catalog
    else:
        tables = tables | change
        arrow = to_arrow(change)
        catalog = with_network(catalog, {name: arrow[name] for name in NETWORK})
    return {**tables, "source_items": list(items.values())}, catalog


def held(catalog: Catalog) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return quantity, what is reserved and the status of each item, by SKU and source code."""
    codes = catalog.sources["source_code"].to_pylist()
    names = catalog.sku_names.to_pylist()
    of_item = np.repeat(np.arange(len(names)), np.diff(catalog.items.offsets))
    columns = zip(of_item, *catalog.items[1:], strict=True)
    return {
        (names[sku], codes[source]): tuple(map(int, numbers)) for sku, source, *numbers in columns
    }


def configured(catalog: Catalog) -> dict[str, tuple[int, ...]]:
    rows = zip(*(column.tolist() for column in catalog.stock_items), strict=True)
    return dict(zip(catalog.sku_names.to_pylist(), rows, strict=True))


def found(catalog: Catalog, spelt: list[str]) -> list[str | None]:
    """Return under which name a catalogue finds each SKU."""
    names = catalog.sku_names.to_pylist()
    return [
        None if at < 0 else names[at] for at in catalog.sku_index.find(pa.array(spelt)).tolist()
    ]


def check_same(catalog: Catalog, anew: Catalog) -> None:
    """Check that two catalogues say the same, however they number SKUs."""
    assert held(catalog) == held(anew)
    assert configured(catalog) == configured(anew)
    assert found(catalog, SPELT) == found(anew, SPELT)
    assert catalog.sources.to_pylist() == anew.sources.to_pylist()
    for name in ("stock_ids", "enabled", "source_points", "links", "known"):
        there, expected = (dict(arrays(getattr(one, name), name)) for one in (catalog, anew))
        assert there.keys() == expected.keys()
        for path, array in there.items():
            assert array.dtype == expected[path].dtype, path
            assert np.array_equal(array, expected[path], equal_nan=array.dtype.kind == "f"), path
    assert catalog.places.to_pylist() == anew.places.to_pylist()


def check_whole(catalog: Catalog) -> None:
    """Check that a catalogue is what encoding its own tables gives, and that it is frozen."""
    anew = Catalog.from_tables(catalog.tables)
    # The hash table of SKUs depends on how they are spelt on the way, not on what it finds.
    there = {path: it for path, it in arrays(catalog) if "sku_index" not in path}
    expected = {path: it for path, it in arrays(anew) if "sku_index" not in path}
    assert there.keys() == expected.keys()
    for path, array in there.items():
        assert array.dtype == expected[path].dtype, path
        assert np.array_equal(array, expected[path], equal_nan=array.dtype.kind == "f"), path
    assert catalog.sku_names.to_pylist() == anew.sku_names.to_pylist()
    assert catalog.spelt_alike
    assert not [path for path, array in arrays(catalog) if array.flags.writeable]


def orders_of(tables: Tables) -> dict[str, pa.Table]:
    """Return the orders of a case whose stock or sales channel is still there."""
    stocks = {row["stock_id"] for row in tables["stocks"]}
    channels = {(row["type"], row["code"]) for row in tables["sales_channels"]}
    kept = {
        name: [
            row
            for row in tables[name]
            if "stock_id" not in row
            or row["stock_id"] in stocks
            or (row["sales_channel_type"], row["sales_channel_code"]) in channels
        ]
        for name in ORDER_TABLES
        if name in tables
    }
    if "orders" in kept:
        ids = {row["order_id"] for row in kept["orders"]}
        kept["order_lines"] = [row for row in kept["order_lines"] if row["order_id"] in ids]
    return to_arrow(kept)


def check_orders(catalog: Catalog, anew: Catalog, tables: Tables) -> None:
    """Check that both catalogues serve orders alike."""
    orders = orders_of(tables)
    if not orders["order_lines"].num_rows:
        return
    for algorithm in ("priority", "distance"):
        one, other = (
            engine.allocate(which, orders.get("orders"), orders["order_lines"], algorithm=algorithm)
            for which in (catalog, anew)
        )
        for name in ("allocations", "orders", "shortfalls"):
            assert getattr(one, name).equals(getattr(other, name)), name


@given(cases(), st.data())
def test_a_changed_catalogue_is_the_one_of_the_changed_rows(case, data):
    tables, catalog = begun(case)
    check_same(catalog, encoded(tables))
    kinds = data.draw(upto(5, 1).flatmap(lambda n: exactly(n, st.sampled_from("iiidn"))))
    for (kind,) in kinds:
        draw = {"i": upserts, "d": deletions, "n": networks}[kind]
        tables, catalog = changed(tables, catalog, data.draw(draw(tables)))
        check_same(catalog, encoded(tables))
    check_whole(catalog)
    check_orders(catalog, encoded(tables), tables)


SMALL: Tables = {
    "sources": named("sources", [(code, True, None, *[None] * 6) for code in ("b", "d")]),
    "stocks": named("stocks", [(1, "one")]),
    "sales_channels": named("sales_channels", [("website", "base", 1)]),
    "stock_source_links": named("stock_source_links", [(1, "d", 1), (1, "b", 2)]),
    "source_items": named(
        "source_items",
        [("b", "x", Decimal(5), 1), ("d", "x", Decimal(7), 1), ("d", "y", Decimal(1), 0)],
    ),
    "source_reservations": named(
        "source_reservations", [("b", "X", Decimal(2)), ("b", "Y", Decimal(3))]
    ),
}


def small() -> Catalog:
    return begun(SMALL)[1]


def touched(old: Catalog, new: Catalog) -> set[str]:
    """Return the arrays of a changed catalogue that are not those of the old one."""
    pairs = zip(arrays(old), arrays(new), strict=True)
    return {path for (path, was), (_, now) in pairs if was.size and not np.shares_memory(was, now)}


def test_a_new_quantity_touches_the_quantities_alone():
    changed = with_items(small(), ItemRows(["d"], ["X"], [90_000], [0]))
    assert held(changed) == {
        ("x", "b"): (50_000, 20_000, 1),
        ("x", "d"): (90_000, 0, 0),
        ("y", "d"): (10_000, 0, 0),
    }
    old = small()
    new = with_items(old, ItemRows(["d"], ["X"], [90_000], [0]))
    assert touched(old, new) == {".items.quantity", ".items.in_stock"}
    assert new.sku_names is old.sku_names
    assert new.sources is old.sources


def test_an_item_may_have_been_promised_before_it_is_there():
    new = with_items(small(), ItemRows(["b"], ["Y"], [40_000], [1]))
    assert held(new)["y", "b"] == (40_000, 30_000, 1)
    assert held(without_items(new, ["b"], ["y"])) == held(small())


def test_the_old_catalogue_stays():
    old = small()
    before = {path: array.copy() for path, array in arrays(old)}
    rows = old.tables["source_items"].to_pylist()
    with_items(old, ItemRows(["b", "d"], ["new", "x"], [1, 2], [1, 0]))
    without_items(old, ["d", "d"], ["x", "Y"])
    tables = {name: SMALL[name] for name in NETWORK}
    more = named("sources", [("c", False, None, *[None] * 6)])
    with_network(old, to_arrow({**tables, "sources": tables["sources"] + more}))
    for path, array in arrays(old):
        assert np.array_equal(array, before[path], equal_nan=array.dtype.kind == "f"), path
    assert old.tables["source_items"].to_pylist() == rows


def test_a_source_in_the_middle_leaves_the_numbers_of_skus():
    old, tables = small(), {name: SMALL[name] for name in NETWORK}
    more = named("sources", [("c", False, None, *[None] * 6)])
    new = with_network(old, to_arrow({**tables, "sources": tables["sources"] + more}))
    assert new.sources["source_code"].to_pylist() == ["b", "c", "d"]
    assert new.items.sources.tolist() == [0, 2, 2]
    assert held(new) == held(old)
    own = touched(old, new)
    assert not own & {".items.offsets", ".items.quantity", ".items.reserved", ".items.in_stock"}
    assert not {path for path in own if "sku_index" in path or "stock_items" in path}


def test_the_last_item_goes_and_comes_again():
    none = without_items(small(), ["b", "d", "d"], ["X", "x", "y"])
    assert repr(none) == "Catalog(2 sources, 1 stock, 2 links, 0 SKUs, 0 source items)"
    assert found(none, ["x", "y"]) == [None, None]
    again = with_items(none, ItemRows(["d"], ["X"], [1], [1]))
    assert found(again, ["x", "y"]) == ["X", None]
    check_whole(again)


def test_a_network_that_breaks_a_rule_is_refused():
    tables = {name: SMALL[name] for name in NETWORK}
    lost = named("stock_source_links", [(9, "b", 1)])
    with pytest.raises(InputError, match="stock_source_links"):
        with_network(small(), to_arrow({**tables, "stock_source_links": lost}))
