import pyarrow as pa
import pytest
from hypothesis import given

from engine.errors import InputError
from engine.tables.findings import raise_findings, whole_table
from engine.tables.raw import RawTable, as_raw
from engine.tables.schema import CATALOG_SCHEMAS, CATALOG_TABLES, ORDER_TABLES, SCHEMAS
from engine.tables.validate import validate_catalog, validate_orders
from tests.strategies import cases, to_arrow

from .small import (
    CATALOG,
    ORDERS,
    catalog,
    checked_catalog,
    checked_orders,
    fewer,
    orders,
    places,
    said,
    text_table,
)


def typed(tables):
    return {name: RawTable(table) for name, table in tables.items()}


def without_rows(columns):
    return {name: [] for name in columns}


@pytest.mark.parametrize("quarantine", [False, True])
def test_validate_catalog_takes_a_good_one(quarantine):
    valid = checked_catalog(quarantine=quarantine)
    assert (valid.fatal, valid.rejects, valid.notes) == ([], [], [])
    assert {name: table.num_rows for name, table in valid.tables.items()} == {
        name: len(next(iter(columns.values()))) for name, columns in CATALOG.items()
    }


@fewer
@given(cases())
def test_validate_finds_nothing_in_valid_cases(case):
    tables = typed(to_arrow(case))
    for quarantine in (False, True):
        valid = validate_catalog(
            {it: tables[it] for it in CATALOG_TABLES if it in tables}, quarantine=quarantine
        )
        ordered = validate_orders(
            {it: tables[it] for it in ORDER_TABLES if it in tables},
            valid.tables,
            quarantine=quarantine,
        )
        assert said([*valid.fatal, *valid.rejects, *ordered.fatal, *ordered.rejects]) == ""
        for name, table in (valid.tables | ordered.tables).items():
            if name in tables:
                assert table.num_rows == tables[name].table.num_rows


@pytest.mark.parametrize("table", CATALOG)
def test_validate_catalog_takes_header_only_tables(table):
    valid = checked_catalog(**{table: without_rows(CATALOG[table])})
    hanging = {name for name in CATALOG if table in {it.table for it in SCHEMAS[name].references}}
    assert {it.table for it in valid.fatal} == hanging
    assert all(it.reason.startswith("unknown ") for it in valid.fatal)


def test_validate_catalog_of_nothing_but_headers():
    raw = {name: text_table(without_rows(columns)) for name, columns in CATALOG.items()}
    valid = validate_catalog(raw)
    assert valid.fatal == []
    empty = {name: text_table(without_rows(columns)) for name, columns in ORDERS.items()}
    for tables in (empty, {"order_lines": empty["order_lines"]}):
        ordered = validate_orders(tables, valid.tables)
        assert ordered.fatal == []
        assert ordered.tables["orders"].num_rows == ordered.tables["order_lines"].num_rows == 0


@pytest.mark.parametrize("schema", CATALOG_SCHEMAS, ids=CATALOG_TABLES)
def test_validate_catalog_misses_tables_that_must_be_there(schema):
    valid = checked_catalog(schema.name)
    missing = (schema.name, "", "missing table", [])
    assert (missing in places(valid.fatal)) == schema.required
    if schema.required:
        assert f"add {schema.name}.csv or {schema.name}.parquet" in said(valid.fatal)
    else:
        assert valid.fatal == []


def test_validate_catalog_does_not_miss_what_could_not_be_read():
    unread = [whole_table("sources", "is cut short", "copy it again")]
    valid = validate_catalog(catalog("sources"), unread)
    assert places(valid.fatal) == [("sources", "", "is cut short", [])]


@pytest.mark.parametrize(
    ("table", "column", "values", "rows"),
    [
        ("stock_source_links", "source_code", ["a", "z", "B"], [1, 2]),
        ("stock_source_links", "stock_id", ["1", "9", "2"], [1]),
        ("sales_channels", "stock_id", ["9"], [0]),
        ("source_items", "source_code", ["a", "b", " b"], [2]),
        ("reservations", "stock_id", ["0"], [0]),
        ("source_reservations", "source_code", ["c"], [0]),
        ("distances", "source_code", ["A"], [0]),
    ],
)
def test_validate_catalog_finds_unknown_references(table, column, values, rows):
    valid = checked_catalog(**{table: {column: values}})
    assert places(valid.fatal) == [(table, column, f"unknown {column}", rows)]
    parent = "sources" if column == "source_code" else "stocks"
    assert said(valid.fatal).endswith(f"add it to {parent}, or correct it")


def test_validate_catalog_without_stocks_knows_the_linked_ones():
    valid = checked_catalog(
        "stocks", reservations={"stock_id": ["9"]}, sales_channels={"stock_id": ["2"]}
    )
    assert places(valid.fatal) == [("reservations", "stock_id", "unknown stock_id", [0])]
    assert "add it to stock_source_links or to a stocks table, or correct it" in said(valid.fatal)


def test_validate_catalog_does_not_require_reserved_items_to_exist():
    valid = checked_catalog(source_reservations={"sku": ["ghost"]}, stock_items={"sku": ["ghost"]})
    assert valid.fatal == []


@pytest.mark.parametrize(("parent", "key"), [("sources", "source_code"), ("stocks", "stock_id")])
def test_validate_catalog_blames_no_row_for_a_missing_column(parent, key):
    valid = checked_catalog(**{parent: {key: None, "name": ["a", "b"]}})
    assert places(valid.fatal) == [(parent, key, "missing column", [])]


def test_validate_collects_everything_before_it_stops():
    valid = validate_catalog(
        catalog(
            "source_items",
            sources={"source_code": ["a", "a"], "latitude": ["95", None]},
            stock_source_links={"priority": ["1", "70000", None], "source_code": ["a", "b", "b"]},
            stock_items={"min_qty": ["nan"], "backorders": ["3"]},
        )
        | {"geonames": RawTable(pa.table({"country_code": [1]}))},
        [whole_table("sourcse", "unknown table", "rename it")],
    )
    with pytest.raises(InputError) as error:
        raise_findings(valid.fatal)
    starts = [line.partition(" in ")[0].partition(";")[0] for line in str(error.value).splitlines()]
    assert starts == [
        "sourcse: unknown table",
        "source_items: missing table",
        "sources.latitude: out of range",
        "sources.source_code: duplicate key",
        "stock_source_links.priority: null",
        "stock_source_links.priority: out of range",
        "stock_source_links.source_code: unknown source_code",
        "stock_items.min_qty: not a number",
        "stock_items.backorders: out of range",
        "source_reservations.source_code: unknown source_code",
        "geonames.country_code: wrong type: int64 where text is due",
        "geonames.latitude: missing column",
        "geonames.longitude: missing column",
        "(rows count from 0, a header not included)",
    ]


def test_validate_says_once_which_columns_it_leaves_alone():
    valid = checked_catalog(
        stocks={"b": ["1", "2"], "a\n": ["1", "2"]}, sources={"own": ["1", "2"]}
    )
    assert valid.notes == [r"stocks: columns not used: b, 'a\n'"]
    ordered = checked_orders(orders={"qty": ["1", "2"]}, order_lines={"stock_id": ["1"] * 3})
    assert ordered.notes == [
        "orders: columns not used: qty",
        "order_lines: columns not used: stock_id",
    ]


def test_validate_catalog_lets_fields_of_sources_pass_through():
    extra = {
        "a": pa.array(["x", None], pa.string_view()),
        "b": pa.array([1.5, 2.5]),
        "c": pa.array([[1], []]),
        "d": pa.array(["x", "y"], pa.string_view()).cast(pa.string()).dictionary_encode(),
    }
    valid = checked_catalog(sources=extra)
    assert (valid.fatal, valid.notes) == ([], [])
    table = valid.tables["sources"]
    assert table.column_names[-4:] == ["a", "b", "c", "d"]
    assert table.select(list("abcd")).to_pylist()[0] == {"a": "x", "b": 1.5, "c": [1], "d": "x"}
    assert table.take([1])["a"].to_pylist() == [None]


def test_validate_catalog_leaves_out_fields_that_arrow_cannot_handle():
    odd = pa.array([{"a": "x"}, None], pa.struct([("a", pa.list_(pa.string_view()))]))
    broken = pa.DictionaryArray.from_arrays(pa.array([0, 9]), pa.array(["a"]), safe=False)
    valid = checked_catalog(sources={"odd": odd, "broken": broken, "good": ["1", "2"]})
    assert valid.fatal == []
    assert "broken" not in valid.tables["sources"].column_names
    assert valid.tables["sources"]["good"].to_pylist() == ["1", "2"]
    assert valid.notes[-1].startswith("sources: column not used: broken (its type is dictionary<")


def test_validate_catalog_finds_a_field_that_is_there_twice():
    table = pa.table([["a"], [1], [2]], names=["source_code", "own", "own"])
    valid = validate_catalog(catalog() | {"sources": RawTable(table)})
    assert ("sources", "own", "two or more columns of this name", []) in places(valid.fatal)


def test_validate_takes_tables_in_chunks():
    raw = {}
    for name, table in (catalog() | orders()).items():
        rows = table.table
        parts = [rows[:0], *(rows[at : at + 1] for at in range(rows.num_rows)), rows[:0]]
        raw[name] = RawTable(pa.concat_tables(parts), True)
    valid = validate_catalog({name: raw[name] for name in CATALOG})
    assert valid.fatal == []
    assert validate_orders({name: raw[name] for name in ORDERS}, valid.tables).fatal == []


def test_validate_takes_its_own_tables_again():
    valid = checked_catalog()
    again, findings = as_raw(valid.tables, CATALOG_TABLES)
    assert findings == []
    assert validate_catalog(again).tables == valid.tables
