import numpy as np
import pyarrow as pa
import pytest

from engine.tables.columns import check_columns, shown_rows, shown_values
from engine.tables.quantity import QTY_TYPE
from engine.tables.raw import RawTable
from engine.tables.schema import SCHEMAS, Kind

from .odd import odd_columns, odd_texts
from .small import places, said, text_table

CANONICAL = {
    Kind.KEY: pa.string(),
    Kind.ORDER_KEY: pa.string(),
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.QUANTITY: QTY_TYPE,
    Kind.NUMBER: pa.float64(),
    Kind.LATITUDE: pa.float64(),
    Kind.LONGITUDE: pa.float64(),
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_check_columns_survives_whatever_a_column_holds(schema):
    odd = [(values, False) for values in odd_columns()]
    odd += [(pa.array(values), True) for values in odd_texts()]
    for column in schema.columns:
        for values, is_text in odd:
            raw = RawTable(pa.table({column.name: values}), is_text)
            checked = check_columns(schema, raw)
            checked.table.validate(full=True)
            assert checked.table.num_rows == 3
            assert checked.table.column_names == [it.name for it in schema.columns]
            kind = checked.table.schema.field(column.name).type
            number = kind == pa.int64() and column.kind is Kind.ORDER_KEY
            assert pa.types.is_timestamp(kind) or number or kind == CANONICAL[column.kind]
            assert all(line.isprintable() for line in said(checked.findings).split("\n"))


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
@pytest.mark.parametrize("num_rows", [0, 2])
def test_check_columns_finds_each_missing_column(schema, num_rows):
    checked = check_columns(schema, RawTable(pa.table({"other": [1] * num_rows})))
    missing = [it.name for it in schema.columns if it.required]
    assert places(checked.findings) == [(schema.name, it, "missing column", []) for it in missing]
    assert checked.table.num_rows == num_rows
    assert checked.extra_columns == ["other"]


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_check_columns_takes_a_table_of_only_a_header(schema):
    for kind in (pa.string(), pa.null()):
        header = pa.table({it.name: pa.array([], kind) for it in schema.columns})
        for is_text in (True, False):
            if kind == pa.string() and not is_text:
                continue  # text has the wrong type for numbers, with or without rows
            checked = check_columns(schema, RawTable(header, is_text))
            assert checked.findings == []
            assert checked.table.num_rows == 0


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_check_columns_finds_nulls_where_a_value_is_due(schema):
    columns = {it.name: pa.nulls(2) for it in schema.columns}
    checked = check_columns(schema, RawTable(pa.table(columns)))
    due = [it.name for it in schema.columns if it.required]
    assert places(checked.findings) == [(schema.name, it, "null", [0, 1]) for it in due]
    assert all(finding.values == [None, None] for finding in checked.findings)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_check_columns_puts_defaults_for_null_and_absent(schema):
    names = [it.name for it in schema.columns if not it.required and it.default is not None]
    given = check_columns(
        schema, RawTable(pa.table({it: pa.nulls(2) for it in names} | {"z": [1, 2]}))
    )
    absent = check_columns(schema, RawTable(pa.table({"z": [1, 2]})))
    for name in names:
        expected = [schema.column(name).default] * 2
        assert given.table[name].to_pylist() == absent.table[name].to_pylist() == expected


def test_check_columns_says_what_is_there_when_a_column_is_missing():
    checked = check_columns(SCHEMAS["stocks"], text_table({"stock_idd": ["1"], "nom\n": ["x"]}))
    assert said(checked.findings) == (
        "stocks.stock_id: missing column; add it; did you mean stock_idd? "
        r"Columns there: 'nom\n', stock_idd"
    )


def test_check_columns_of_a_table_without_columns():
    checked = check_columns(SCHEMAS["stocks"], RawTable(pa.table({})))
    assert said(checked.findings) == "stocks.stock_id: missing column; add it; Columns there: none"


def test_check_columns_finds_two_columns_of_one_name():
    table = pa.table([[1], [2], [3], [4]], names=["stock_id", "stock_id", "z", "z"])
    checked = check_columns(SCHEMAS["stocks"], RawTable(table))
    reason = "two or more columns of this name"
    assert places(checked.findings) == [
        ("stocks", "stock_id", reason, []),
        ("stocks", "z", reason, []),
    ]
    assert checked.table["stock_id"].null_count == 1


def test_check_columns_keeps_the_other_columns_apart():
    checked = check_columns(SCHEMAS["stocks"], text_table({"b": [], "stock_id": [], "a": []}))
    assert checked.extra_columns == ["b", "a"]
    assert checked.table.column_names == ["stock_id", "name"]


def test_check_columns_shows_each_bad_value_as_it_was():
    quantity = ["1", "x", None, " y ", "-0.00001", "z" * 100]
    table = text_table({"source_code": ["a"] * 6, "sku": ["A"] * 6, "quantity": quantity})
    first, second, third = check_columns(SCHEMAS["source_items"], table).findings
    assert (first.rows.tolist(), list(first.values)) == ([1, 3, 5], ["x", " y ", "z" * 100])
    assert (second.rows.tolist(), list(second.values)) == ([4], ["-0.00001"])
    assert (third.rows.tolist(), list(third.values)) == ([2], [None])


def test_check_columns_shows_text_that_is_not_utf8():
    sku = pa.array([b"a", b"caf\xe9"]).cast(pa.string(), safe=False)
    table = pa.table({"source_code": ["a", "a"], "sku": sku, "quantity": [1, 1]})
    checked = check_columns(SCHEMAS["source_items"], RawTable(table))
    assert places(checked.findings) == [("source_items", "sku", "not UTF-8", [1])]
    assert checked.findings[0].values == ["caf\\xe9"]


def test_check_columns_of_a_wrong_type_says_so_once():
    table = pa.table({"order_id": [7], "postcode": [75001], "priority": ["1"], "stock_id": [1.5]})
    checked = check_columns(SCHEMAS["orders"], RawTable(table))
    assert said(checked.findings).splitlines() == [
        "orders.stock_id: not a whole number in 1 row (row 0: '1.5'); "
        "give a whole number of at most 18 digits",
        "orders.priority: wrong type: string where a whole number is due; "
        "write the column as integers",
        "orders.postcode: wrong type: int64 where text is due; "
        "write the column as text where it comes from: a number has no leading zeros",
    ]


def test_check_columns_of_a_column_that_arrow_cannot_read():
    words = pa.DictionaryArray.from_arrays(pa.array([9]), pa.array(["a"]), safe=False)
    checked = check_columns(SCHEMAS["stocks"], RawTable(pa.table({"stock_id": [1], "name": words})))
    (found,) = checked.findings
    assert found.reason.startswith("cannot be read: dictionary<")
    assert checked.table["name"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("table", "column", "good", "bad", "reason"),
    [
        ("sources", "latitude", ["-90", "90", "0"], ["-90.0000001", "91"], "out of range"),
        ("sources", "longitude", ["-180", "180", "-0"], ["180.1", "-1e9"], "out of range"),
        ("stock_source_links", "priority", ["0", "65535"], ["-1", "65536"], "out of range"),
        ("stock_items", "backorders", ["0", "1", "2"], ["-1", "3"], "out of range"),
        ("stock_items", "min_sale_qty", ["0", "0.0001"], ["-0.0001", "-5"], "negative"),
        ("stock_items", "min_qty", ["-5", "5"], [], ""),
        ("source_items", "quantity", ["-5", "0"], [], ""),
        ("reservations", "quantity", ["-5", "5"], [], ""),
        ("source_reservations", "quantity", ["0", "5"], ["-1"], "negative"),
        ("distances", "km", ["0", "1e6"], ["-0.001", "1000000.1"], "out of range"),
        (
            "orders",
            "priority",
            ["-2147483648", "2147483647"],
            ["2147483648", "-1e10"],
            "out of range",
        ),
        ("order_lines", "qty", ["0", "99999999.9999"], ["-1", "-0.0001"], "negative"),
    ],
)
def test_check_columns_bounds_values(table, column, good, bad, reason):
    checked = check_columns(SCHEMAS[table], text_table({column: [*good, *bad, None]}))
    found = [it for it in checked.findings if it.column == column and it.reason == reason]
    rows = [row for it in found for row in it.rows.tolist()]
    assert rows == list(range(len(good), len(good) + len(bad)))
    assert not any(
        it.column == column and set(it.rows) & set(range(len(good))) for it in checked.findings
    )


def test_check_columns_bounds_say_the_bounds():
    checked = check_columns(
        SCHEMAS["sources"],
        text_table({"source_code": ["a"], "latitude": ["91"], "longitude": ["1"]}),
    )
    assert said(checked.findings) == (
        "sources.latitude: out of range in 1 row (row 0: '91'); give a value from -90 to 90"
    )


def test_check_columns_finds_one_fault_in_a_value():
    columns = {"source_code": ["a"] * 4, "country_id": ["FR"] * 4, "postcode": list("1234")}
    km = [float("inf"), float("-inf"), float("nan"), -1.0]
    checked = check_columns(SCHEMAS["distances"], RawTable(pa.table(columns | {"km": km})))
    assert places(checked.findings) == [
        ("distances", "km", "not a number", [0, 1, 2]),
        ("distances", "km", "out of range", [3]),
    ]


@pytest.mark.parametrize("table", ["sources", "orders"])
def test_check_columns_finds_half_a_coordinate(table):
    key = SCHEMAS[table].key[0]
    columns = {
        key: list("abcdef"),
        "latitude": ["1", None, None, "x", "nan", "95"],
        "longitude": [None, "0", None, None, None, None],
    }
    checked = check_columns(SCHEMAS[table], text_table(columns))
    half = checked.findings[-1]
    assert places([half]) == [(table, "latitude, longitude", "half a coordinate", [0, 1])]
    assert half.values == ["1, null", "null, 0"]
    assert [(it.column, it.rows.tolist()) for it in checked.findings[:-1]] == [
        ("latitude", [3, 4]),
        ("latitude", [5]),
    ]


def test_check_columns_finds_half_a_coordinate_where_the_other_column_is_absent():
    checked = check_columns(
        SCHEMAS["sources"], text_table({"source_code": ["a", "b"], "longitude": ["0", None]})
    )
    assert places(checked.findings) == [
        ("sources", "latitude, longitude", "half a coordinate", [0])
    ]


def test_check_columns_says_nothing_of_halves_beside_a_wrong_type():
    table = pa.table({"source_code": ["a"], "latitude": ["1"], "longitude": [1.0]})
    checked = check_columns(SCHEMAS["sources"], RawTable(table))
    assert [it.column for it in checked.findings] == ["latitude"]


def test_bad_rows_are_those_of_the_columns_asked_for():
    columns = {
        "source_code": ["a", None, "c"],
        "latitude": ["1", "1", "x"],
        "longitude": [None, "1", "1"],
    }
    checked = check_columns(SCHEMAS["sources"], text_table(columns))
    assert checked.bad(["source_code"]).tolist() == [False, True, False]
    assert checked.bad(["longitude"]).tolist() == [True, False, False]
    assert checked.bad(["name", "latitude"]).tolist() == [True, False, True]
    assert not checked.lacks(["latitude"])


def test_bad_rows_are_all_where_the_column_is_missing():
    checked = check_columns(SCHEMAS["stocks"], text_table({"name": ["a", "b"]}))
    assert checked.bad(["stock_id"]).all()
    assert not checked.bad(["name"]).any()
    assert checked.lacks(["name", "stock_id"])
    assert not checked.lacks(["name"])


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_shown_values_prints_times_beyond_those_of_python(unit):
    for kind in (pa.timestamp(unit), pa.timestamp(unit, "UTC"), pa.timestamp(unit, "Mars/Base")):
        values = pa.array([2**62, 1, None], kind)
        shown = shown_values(values)(np.array([0, 1, 2]))
        assert shown[1].startswith("1970-01-01 00:00:0")
        assert shown[2] is None


def test_shown_rows_prints_columns_together():
    table = pa.table({"a": [1, None, 3], "b": ["x", None, "z"], "c": [True, None, False]})
    assert shown_rows(table, ["a", "b"])(np.array([2, 1])) == ["3, z", "null, null"]


def test_zones_are_of_a_source_or_of_a_place():
    zones = pa.table(
        {"source_code": ["a", None, "b"], "country_id": [None, None, "FR"], "zone": ["n"] * 3}
    )
    checked = check_columns(SCHEMAS["zones"], RawTable(zones))
    assert said(checked.findings).split("\n")[0] == (
        "zones.source_code, country_id: not exactly one of source_code and country_id in 2 rows "
        "(row 1: 'null, null', row 2: 'b, FR'); give one of them"
    )
