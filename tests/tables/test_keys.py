import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tables.columns import check_columns
from engine.tables.keys import check_known, check_unique, key_codes
from engine.tables.raw import RawTable
from engine.tables.schema import SCHEMAS

from .small import places, said, text_table

words = st.sampled_from([None, "a", "A", "b", " a", "7", "07", "İ", "i", "ΑΣ", "ας", "ασ"])


def checked(table, **columns):
    return check_columns(SCHEMAS[table], text_table(columns))


def duplicates(table, **columns):
    return [
        (row, value)
        for it in check_unique(checked(table, **columns))
        for row, value in zip(it.rows.tolist(), it.values, strict=True)
    ]


@given(st.lists(st.tuples(words, words, words)))
def test_key_codes_agree_where_the_keys_do(rows):
    table = pa.table(
        {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate("abc")}
    )
    codes = key_codes(table, ["a", "b", "c"]).tolist()
    for one, code in zip(rows, codes, strict=True):
        assert [code == other for other in codes] == [one == other for other in rows]


def test_key_codes_of_many_columns_do_not_come_round():
    """Five columns of 2**16 values each have 2**80 keys; 64 bits would lose the first."""
    count = 2**16
    table = pa.table({name: np.arange(count) for name in "abcde"})
    twin = pa.table({name: [1 if name == "a" else 0] for name in "abcde"})
    codes = key_codes(pa.concat_tables([table, twin]), list("abcde"))
    assert len(np.unique(codes)) == count + 1


def test_key_codes_of_nothing():
    assert key_codes(pa.table({"a": pa.array([], pa.string())}), ["a"]).tolist() == []


@pytest.mark.parametrize(
    ("table", "columns", "rows"),
    [
        ("sources", {"source_code": ["a", "A", "a ", "a", "b"]}, [0, 3]),
        ("stocks", {"stock_id": ["1", "01", "1.0", "1e0", "2"]}, [0, 1, 2, 3]),
        (
            "sales_channels",
            {"type": ["w", "w", "W"], "code": ["x", "x", "x"], "stock_id": ["1", "2", "1"]},
            [0, 1],
        ),
        (
            "stock_source_links",
            {"stock_id": ["1", "1", "2"], "source_code": ["a"] * 3, "priority": ["1", "2", "1"]},
            [0, 1],
        ),
        (
            "source_items",
            {"source_code": ["a", "a", "b"], "sku": ["x", "X", "x"], "quantity": ["1"] * 3},
            [0, 1],
        ),
        (
            "source_items",
            {"source_code": ["a"] * 4, "sku": ["İ", "i", "ẞ", "ß"], "quantity": ["1"] * 4},
            [0, 1, 2, 3],
        ),
        (
            "source_items",
            {"source_code": ["a"] * 3, "sku": ["É", "E\u0301", "é "], "quantity": ["1"] * 3},
            [],
        ),
        (
            "source_items",
            {"source_code": ["a"] * 3, "sku": ["ΑΣ", "ας", "ασ"], "quantity": ["1"] * 3},
            [0, 2],
        ),
        ("stock_items", {"sku": [None, "a", None, "", "A"]}, [0, 1, 2, 3, 4]),
        ("stock_items", {"sku": [None, "null"]}, []),
        (
            "distances",
            {
                "source_code": ["a"] * 3,
                "country_id": ["fr", "FR ", "GB"],
                "postcode": ["7 5", "75", "75"],
                "km": ["1"] * 3,
            },
            [0, 1],
        ),
        ("orders", {"order_id": ["7", "07", "7", "7 "]}, [0, 2]),
    ],
)
def test_check_unique_finds_every_row_of_a_duplicated_key(table, columns, rows):
    assert [row for row, _ in duplicates(table, **columns)] == rows


@pytest.mark.parametrize(
    "table", ["reservations", "source_reservations", "order_lines", "geonames"]
)
def test_check_unique_lets_tables_without_a_key_repeat(table):
    columns = {it.name: ["1", "1"] for it in SCHEMAS[table].columns}
    assert duplicates(table, **columns) == []


def test_check_unique_leaves_null_and_bad_keys_alone():
    links = {
        "stock_id": ["1", "x", "x", None],
        "source_code": [None, "a", "a", "a"],
        "priority": ["1"] * 4,
    }
    assert duplicates("stock_source_links", **links) == []


def test_check_unique_is_not_the_default_row_where_a_sku_cannot_be_read():
    sku = pa.array([None, b"\xff"], pa.binary()).cast(pa.string(), safe=False)
    raw = RawTable(pa.table({"sku": sku}))
    assert check_unique(check_columns(SCHEMAS["stock_items"], raw)) == []


def test_check_unique_of_a_missing_key_says_nothing():
    assert duplicates("sources", name=["a", "a"]) == []


def test_check_unique_names_the_whole_key():
    found = check_unique(
        checked("source_items", source_code=["a", "a"], sku=["x", "X"], quantity=["1", "2"])
    )
    assert said(found) == (
        "source_items.source_code, sku: duplicate key in 2 rows (row 0: 'a, x', row 1: 'a, X'); "
        "keep one row of each key"
    )


def known(table, columns, wanted, known_rows):
    names = SCHEMAS[table].columns
    rows = {it.name: ["1"] * len(wanted[columns[0]]) for it in names} | wanted
    return check_known(checked(table, **rows), columns, pa.table(known_rows), "there")


def test_check_known_finds_rows_without_a_partner():
    found = known(
        "source_items",
        ["source_code"],
        {"source_code": ["a", "A", None, "b", " a"]},
        {"source_code": ["a", "c"]},
    )
    assert places(found) == [("source_items", "source_code", "unknown source_code", [1, 3, 4])]
    assert said(found) == (
        "source_items.source_code: unknown source_code in 3 rows (row 1: 'A', row 3: 'b', "
        "row 4: ' a'); add it to there, or correct it"
    )


def test_check_known_of_two_columns_takes_them_together():
    wanted = {
        "sales_channel_type": ["w", "w", "x", None],
        "sales_channel_code": ["1", "2", "1", "9"],
    }
    found = known("orders", list(wanted), wanted, {"type": ["w", "x"], "code": ["1", "2"]})
    assert [it.rows.tolist() for it in found] == [[1, 2]]


def test_check_known_takes_no_null_for_a_partner():
    nothing = pa.array([None], pa.string())
    found = known(
        "source_items", ["source_code"], {"source_code": ["a", None]}, {"source_code": nothing}
    )
    assert [it.rows.tolist() for it in found] == [[0]]


def test_check_known_leaves_bad_values_alone():
    stocks = pa.table({"stock_id": [1]})
    assert (
        known("reservations", ["stock_id"], {"stock_id": ["x", "1", "1.5"]}, {"stock_id": [1]})
        == []
    )
    raw = RawTable(pa.table({"stock_id": [1.5, 1.0], "sku": ["a", "a"], "quantity": [1, 1]}))
    bad = check_columns(SCHEMAS["reservations"], raw)
    assert len(bad.findings) == 1
    assert check_known(bad, ["stock_id"], stocks, "there") == []


def test_check_known_of_nothing():
    nothing = pa.array([], pa.string())
    assert (
        known("source_items", ["source_code"], {"source_code": []}, {"source_code": nothing}) == []
    )
