import numpy as np
import pytest

from engine.errors import InputError
from engine.tables.findings import (
    REJECTS_SCHEMA,
    describe,
    raise_findings,
    rejects_table,
    shown_names,
    shown_text,
    shown_value,
    whole_table,
)

from .small import finding


def test_describe_one_row():
    found = finding("stocks", "stock_id", [4], ["x"])
    assert describe(found) == "stocks.stock_id: odd in 1 row (row 4: 'x'); mend it"


def test_describe_shows_three_rows_of_many():
    found = finding("stocks", "stock_id", range(1234), [None, "", *("x" for _ in range(1232))])
    assert describe(found) == (
        "stocks.stock_id: odd in 1,234 rows (row 0: null, row 1: '', row 2: 'x', ...); mend it"
    )


def test_describe_three_rows_are_all():
    found = finding("stocks", "stock_id", [0, 1, 2], ["a", "b", "c"])
    assert describe(found).endswith("in 3 rows (row 0: 'a', row 1: 'b', row 2: 'c'); mend it")


def test_describe_whole_table():
    assert describe(whole_table("stocks", "odd", "mend it")) == "stocks: odd; mend it"
    assert describe(whole_table("stocks", "odd", "mend it", "x")) == "stocks.x: odd; mend it"


def test_describe_is_one_short_line_whatever_the_value():
    values = ["a\nb\r\0\x1b[31m\u202e", "y" * 10**6, "\U0010ffff" * 1000]
    line = describe(finding("stocks", "name", [0, 1, 2], values))
    assert line.isprintable()
    assert len(line) < 300
    assert r"'a\nb\r\x00\x1b[31m\u202e'" in line
    assert f"'{'y' * 57}...'" in line


def test_shown_value_at_the_limit():
    assert shown_value("y" * 60) == repr("y" * 60)
    assert shown_value("y" * 61) == f"'{'y' * 57}...'"


def test_shown_names_are_few_and_printable():
    assert shown_names(["a", "b c"]) == "a, b c"
    assert shown_names(["a\n", ""]) == r"'a\n', ''"
    assert shown_names([str(at) for at in range(1020)]).endswith("18, 19, and 1,000 more")
    assert len(shown_names(["z" * 10_000])) == 60


def test_shown_text_is_one_short_line():
    assert shown_text(ValueError("a\n  b")) == "a b"
    assert len(shown_text("x" * 10_000)) == 243


def test_raise_findings_lists_all_and_says_how_rows_count():
    found = [whole_table("stocks", "odd", "mend it"), finding("orders", "qty", [0], ["x"])]
    with pytest.raises(InputError) as error:
        raise_findings(iter(found))
    assert str(error.value).splitlines() == [
        "stocks: odd; mend it",
        "orders.qty: odd in 1 row (row 0: 'x'); mend it",
        "(rows count from 0, a header not included)",
    ]


def test_raise_findings_without_rows_needs_no_counting():
    with pytest.raises(InputError) as error:
        raise_findings([whole_table("stocks", "odd", "mend it")])
    assert str(error.value) == "stocks: odd; mend it"


def test_raise_findings_of_none():
    raise_findings([])


def test_rejects_table_by_table_then_row_then_finding():
    found = [
        finding("b", "x", [3, 1], ["p", None]),
        finding("a", "y", [9], ["q"]),
        finding("b", "w", [1], ["r" * 1000]),
    ]
    table = rejects_table(found, ("a", "b"))
    assert table.schema == REJECTS_SCHEMA
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("a", 9, "y", "q", "odd"),
        ("b", 1, "x", None, "odd"),
        ("b", 1, "w", "r" * 1000, "odd"),
        ("b", 3, "x", "p", "odd"),
    ]


def test_rejects_table_of_none():
    table = rejects_table([], ("a",))
    assert table.schema == REJECTS_SCHEMA
    assert table.num_rows == 0


def test_rejects_table_of_a_million_rows():
    rows = np.arange(10**6)[::-1]
    found = finding("a", "x", rows, [str(row) for row in rows])
    table = rejects_table([found], ("a",))
    assert table["row"].to_pylist()[:3] == [0, 1, 2]
    assert table["value"].to_pylist()[-1] == "999999"
