"""The run against the oracle, against MSI's own answers, and against its laws."""

import gzip
import json
import random
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.errors import UsageError
from engine.tables.fold import fold_sku
from tests import oracle
from tests.strategies import cases, to_arrow

VECTORS = sorted((Path(__file__).parent.parent / "data" / "vectors").glob("*.json.gz"))
ORDER_TABLES = ("orders", "order_lines")
algorithms = st.sampled_from(["priority", "distance"])
modes = st.sampled_from(["sequential", "independent"])


def run(tables, **options):
    """Run the engine on a case in Arrow tables."""
    catalog = {name: table for name, table in tables.items() if name not in ORDER_TABLES}
    return engine.allocate(
        engine.Catalog.from_tables(catalog),
        tables.get("orders"),
        tables["order_lines"],
        **options,
    )


def rows(result):
    """Return a result's tables as lists of dicts."""
    return {name: table.to_pylist() for name, table in result.tables.items()}


def read_vector(path):
    """Return a vector's tables, options and expected answers."""
    case = json.loads(gzip.decompress(path.read_bytes()))
    given = case["input"]
    tables = {
        "sources": given["sources"],
        "stock_source_links": given["links"],
        "source_items": given["source_items"],
        "orders": [
            {
                "order_id": order["order_id"],
                "stock_id": order["stock_id"],
                "latitude": order["lat"],
                "longitude": order["lng"],
            }
            for order in given["orders"]
        ],
        "order_lines": [
            {"order_id": order["order_id"], **item}
            for order in given["orders"]
            for item in order["items"]
        ],
    }
    arrow = {name: pa.Table.from_pylist(table) for name, table in tables.items()}
    return arrow, {"algorithm": given["algorithm"], "mode": given["mode"]}, case["expected"]


@given(cases(), algorithms, modes, st.booleans())
def test_allocate_equals_oracle(case, algorithm, mode, include_zero):
    options = {"algorithm": algorithm, "mode": mode, "include_zero": include_zero}
    expected = oracle.allocate(case, **options)
    found = rows(run(to_arrow(case), **options))
    for name in ("allocations", "orders", "shortfalls", "source_items"):
        assert found[name] == expected[name], name


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_allocate_equals_msi(path):
    tables, options, expected = read_vector(path)
    result = run(tables, **options, include_zero=True)
    found = defaultdict(list)
    for row in result.allocations.to_pylist():
        item = row["source_code"], row["sku"], row["qty_to_deduct"], row["qty_available"]
        found[row["order_id"]].append(item)
    shippable = {row["order_id"]: row["shippable"] for row in result.orders.to_pylist()}
    assert len(expected) == result.orders.num_rows
    for order in expected:
        items = [(code, sku, *map(exact, numbers)) for code, sku, *numbers in order["items"]]
        # MSI lists the items source by source.
        assert sorted(found[order["order_id"]]) == sorted(items)
        assert shippable[order["order_id"]] is order["shippable"]


def exact(number):
    """Return a JSON number as the decimal it prints."""
    return Decimal(str(number))


def test_vectors_are_all_there():
    assert len(VECTORS) == 8


@given(cases(), algorithms)
def test_sequential_conserves_every_unit(case, algorithm):
    tables = to_arrow(case)
    result = run(tables, algorithm=algorithm)
    deducted = Counter()
    unmanaged = unmanaged_skus(case)
    for row in result.allocations.to_pylist():
        assert row["qty_to_deduct"] > 0
        if folded(row["sku"]) not in unmanaged:
            assert row["qty_to_deduct"] <= row["qty_available"]
            deducted[row["source_code"], folded(row["sku"])] += row["qty_to_deduct"]
    before = tables["source_items"].to_pylist()
    for start, end in zip(before, result.source_items.to_pylist(), strict=True):
        key = start["source_code"], folded(start["sku"])
        assert start["quantity"] == end["quantity"] + deducted.pop(key, 0)
        assert end["quantity"] >= min(start["quantity"], 0)
    assert not deducted


@given(cases(), algorithms, modes)
def test_every_line_is_served_or_short(case, algorithm, mode):
    result = run(to_arrow(case), algorithm=algorithm, mode=mode)
    covered = Counter()
    for table, column in ((result.allocations, "qty_to_deduct"), (result.shortfalls, "qty_short")):
        for row in table.to_pylist():
            covered[str(row["order_id"]), row["line"]] += row[column]
    position = Counter()
    for line in case["order_lines"]:
        order = str(line["order_id"])
        assert covered.pop((order, position[order]), 0) == line["qty"]
        position[order] += 1
    assert not covered


@given(cases(), algorithms, modes)
def test_nothing_comes_from_where_it_may_not(case, algorithm, mode):
    enabled = {row["source_code"]: row.get("enabled") in (None, True, 1) for row in case["sources"]}
    linked = {(row["stock_id"], row["source_code"]) for row in case["stock_source_links"]}
    in_stock = {
        (row["source_code"], folded(row["sku"]))
        for row in case["source_items"]
        if row.get("status") in (None, 1, True)
    }
    stock = stock_of_order(case)
    for row in run(to_arrow(case), algorithm=algorithm, mode=mode).allocations.to_pylist():
        assert enabled[row["source_code"]]
        assert (stock[str(row["order_id"])], row["source_code"]) in linked
        assert (row["source_code"], folded(row["sku"])) in in_stock


@given(cases(), algorithms, modes, st.randoms(use_true_random=False))
def test_shuffled_catalogue_rows_change_nothing(case, algorithm, mode, shuffle: random.Random):
    tables = to_arrow(case)
    shuffled = dict(tables)
    # The first matching row of geonames counts, so its order has a meaning.
    for name in set(tables) - {"geonames", *ORDER_TABLES}:
        order = list(range(tables[name].num_rows))
        shuffle.shuffle(order)
        shuffled[name] = tables[name].take(pa.array(order, pa.int64()))
    one, other = (run(case, algorithm=algorithm, mode=mode) for case in (tables, shuffled))
    for name in ("allocations", "orders", "shortfalls"):
        assert one.tables[name].equals(other.tables[name]), name
    by_key = [("source_code", "ascending"), ("sku", "ascending")]
    assert one.source_items.sort_by(by_key).equals(other.source_items.sort_by(by_key))


@given(cases(), algorithms, modes)
def test_renamed_keys_change_nothing(case, algorithm, mode):
    tables = to_arrow(case)
    renamed = {name: rename(table) for name, table in tables.items()}
    one, other = (run(case, algorithm=algorithm, mode=mode) for case in (tables, renamed))
    for name, table in one.tables.items():
        assert rename(table).to_pylist() == other.tables[name].to_pylist(), name


def rename(table):
    """Put a prefix before every key; that keeps their order, by which ties are broken."""
    for name in {"source_code", "sku", "order_id"} & set(table.column_names):
        prefixed = pc.binary_join_element_wise("k-", table[name].cast(pa.string()), "")
        table = table.set_column(table.column_names.index(name), name, prefixed)
    if "stock_id" in table.column_names:
        at = table.column_names.index("stock_id")
        table = table.set_column(at, "stock_id", pc.add(table["stock_id"], 1000))
    return table


@given(cases(), algorithms, modes)
def test_work_split_by_sku_gives_the_whole(case, algorithm, mode):
    tables = to_arrow(case)
    if "orders" not in tables:
        return
    lines = tables["order_lines"]
    parts = []
    for sku in pc.unique(fold_sku(lines["sku"])):
        own = lines.filter(pc.equal(fold_sku(lines["sku"]), sku))
        parts += allocated(run({**tables, "order_lines": own}, algorithm=algorithm, mode=mode))
    assert Counter(parts) == Counter(allocated(run(tables, algorithm=algorithm, mode=mode)))


@given(cases(), algorithms)
def test_sequential_is_one_order_after_the_other(case, algorithm):
    tables = to_arrow(case)
    whole = run(tables, algorithm=algorithm)
    parts, left = [], tables["source_items"]
    for order in whole.orders["order_id"]:
        alone = only(tables, order)
        result = run({**alone, "source_items": left}, algorithm=algorithm)
        parts += result.allocations.to_pylist()
        left = result.source_items
    assert parts == whole.allocations.to_pylist()
    if parts:
        assert left.to_pylist() == whole.source_items.to_pylist()


@given(cases(), algorithms)
def test_independent_is_each_order_alone(case, algorithm):
    tables = to_arrow(case)
    whole = run(tables, algorithm=algorithm, mode="independent")
    parts = []
    for order in whole.orders["order_id"]:
        parts += run(only(tables, order), algorithm=algorithm).allocations.to_pylist()
    assert parts == whole.allocations.to_pylist()
    assert rows(whole)["source_items"] == oracle.allocate(case, mode="independent")["source_items"]


def only(tables, order):
    """Return the tables with one order."""
    return {
        name: table.filter(pc.equal(table["order_id"].cast(pa.string()), str(order)))
        if name in ORDER_TABLES
        else table
        for name, table in tables.items()
    }


def allocated(result):
    """Return what was allocated, without the positions of lines."""
    return [tuple(row.values()) for row in result.allocations.drop_columns("line").to_pylist()]


def folded(sku):
    """Return a SKU as it compares."""
    return fold_sku(pa.array([sku]))[0].as_py()


def unmanaged_skus(case):
    """Return the folded SKUs whose stock is not managed, by a plain reading of the rules."""
    settings = {row["sku"] and folded(row["sku"]): row for row in case.get("stock_items", [])}
    default = settings.get(None, {}).get("manage_stock")
    skus = {folded(row["sku"]) for row in case["source_items"]}
    unmanaged = set()
    for sku in skus:
        own = settings.get(sku, {}).get("manage_stock")
        managed = next((value for value in (own, default) if value is not None), True)
        if not managed:
            unmanaged.add(sku)
    return unmanaged


def stock_of_order(case):
    """Return the stock of each order by its printed id."""
    channels = {
        (row["type"], row["code"]): row["stock_id"] for row in case.get("sales_channels", [])
    }
    return {
        str(row["order_id"]): row["stock_id"]
        if row.get("stock_id") is not None
        else channels[row["sales_channel_type"], row["sales_channel_code"]]
        for row in case.get("orders", case["order_lines"])
    }


def test_allocate_unknown_mode_is_refused():
    catalog = engine.Catalog.from_tables(SMALL)
    with pytest.raises(UsageError, match="mode 'parallel' is unknown; known: sequential"):
        engine.allocate(catalog, ORDERS, LINES, mode="parallel")


def test_allocate_leaves_the_catalogue_unchanged():
    catalog = engine.Catalog.from_tables(SMALL)
    first = engine.allocate(catalog, ORDERS, LINES)
    second = engine.allocate(catalog, ORDERS, LINES)
    assert rows(first) == rows(second)
    assert catalog.items.quantity.tolist() == [30_000, 50_000]


def test_allocate_no_orders_gives_empty_tables():
    result = engine.allocate(
        engine.Catalog.from_tables(SMALL), ORDERS.slice(0, 0), LINES.slice(0, 0)
    )
    assert result.allocations.num_rows == result.orders.num_rows == 0
    assert result.source_items.num_rows == 2
    assert result.kpis.unit_fill_rate is None


def test_allocate_no_sources_gives_shortfalls():
    empty = {name: table.slice(0, 0) for name, table in SMALL.items()}
    empty["stocks"] = pa.table({"stock_id": [1]})
    result = engine.allocate(engine.Catalog.from_tables(empty), ORDERS, LINES)
    assert result.shortfalls["reason"].to_pylist() == ["unknown_sku"]


@pytest.mark.parametrize("kind", [pa.int64(), pa.string(), pa.int32(), pa.uint64()])
def test_allocate_keeps_the_type_of_order_ids(kind):
    orders = ORDERS.set_column(0, "order_id", ORDERS["order_id"].cast(kind))
    result = engine.allocate(engine.Catalog.from_tables(SMALL), orders, LINES)
    assert {table.schema.field("order_id").type for table in list(result.tables.values())[:3]} == {
        kind
    }


SMALL = {
    "sources": pa.table({"source_code": ["lyon", "paris"]}),
    "stock_source_links": pa.table(
        {"stock_id": [1, 1], "source_code": ["paris", "lyon"], "priority": [1, 2]}
    ),
    "source_items": pa.table(
        {"source_code": ["paris", "lyon"], "sku": ["A", "A"], "quantity": [5, 3]}
    ),
}
ORDERS = pa.table({"order_id": [7], "stock_id": [1]})
LINES = pa.table({"order_id": [7], "sku": ["a"], "qty": [4]})


def out_of_line(column):
    """The same column in memory where no number begins at a multiple of its size."""
    buffers = [
        buffer and pa.py_buffer(b"\0" * 3 + buffer.to_pybytes()).slice(3)
        for buffer in column.buffers()
    ]
    return pa.Array.from_buffers(column.type, len(column), buffers)


def test_memory_of_others_need_not_be_aligned():
    skus = pa.array([f"A{at}" for at in range(50)])
    columns = {"source_code": pa.array(["lyon"] * 50), "sku": skus, "quantity": pa.array([5] * 50)}
    catalog = engine.Catalog.from_tables(
        {
            "sources": pa.table({"source_code": ["lyon"]}),
            "stock_source_links": pa.table(
                {"stock_id": [1], "priority": [1], "source_code": ["lyon"]}
            ),
            "source_items": pa.table({name: out_of_line(it) for name, it in columns.items()}),
        }
    )
    orders = pa.table({"order_id": out_of_line(pa.array(range(25))), "stock_id": [1] * 25})
    lines = {"order_id": pa.array([at // 2 for at in range(50)]), "sku": skus}
    lines = pa.table({name: out_of_line(it) for name, it in lines.items()} | {"qty": [7] * 50})
    result = engine.allocate(catalog, orders, lines)
    assert result.allocations["sku"].combine_chunks().equals(skus)
    assert result.shortfalls["qty_short"].to_pylist() == [2] * 50
