"""Tables on terminals: everything stands there, nothing is cut, numbers stand below each other."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.cli.text import clean, table_lines

ROWS = [("7", 12345, "short"), ("abc", 1, "a text that is long enough to be folded")]
COLUMNS = ("key", "count", "about")
cells = st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text(max_size=30))


def shown(columns, rows, right=(), room=None):
    return list(table_lines(columns, rows, right, room, "-"))


def test_columns_are_aligned():
    assert shown(COLUMNS, ROWS, right=[1]) == [
        "key   count  about",
        "----------------------------------------------------",
        "7    12,345  short",
        "abc       1  a text that is long enough to be folded",
    ]


def test_the_last_column_folds():
    assert shown(COLUMNS, ROWS, right=[1], room=33) == [
        "key   count  about",
        "---------------------------------",
        "7    12,345  short",
        "abc       1  a text that is long",
        "             enough to be folded",
    ]


def test_rows_become_blocks_where_there_is_no_room():
    assert shown(COLUMNS, ROWS, right=[1], room=26) == [
        "key    7",
        "count  12,345",
        "about  short",
        "",
        "key    abc",
        "count  1",
        "about  a text that is long",
        "       enough to be folded",
    ]


def test_blanks_alone_are_a_row_too():
    assert shown(("a", "b"), [["x", " " * 50]], room=20)[2:] == ["x"]


def test_a_table_without_header():
    assert shown(["", ""], [["a", "1.5"], ["bcd", "12.5"]], right=[1]) == [
        "a     1.5",
        "bcd  12.5",
    ]


def test_a_table_without_rows():
    assert shown(("a", "b"), []) == ["a  b", "----"]
    assert shown(("", ""), []) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (1234567, "1,234,567"),
        (Decimal("1234.5000"), "1,234.5"),
        (Decimal("100.0000"), "100"),
        (Decimal("100"), "100"),
        (Decimal("-0.0001"), "-0.0001"),
        (Decimal("99999999999999.9999"), "99,999,999,999,999.9999"),
        ("1234567", "1234567"),
        ("a\tb\x1b[1m\u202e", r"a\tb\x1b[1m\u202e"),
        ("caf\udce9", "caf<E9>"),
    ],
)
def test_values_as_text(value, text):
    assert shown([""], [[value]]) == [text] or not text


@given(st.text())
def test_clean_text_prints_and_is_left_alone_if_it_did(text):
    assert clean(text).isprintable()
    assert not text.isprintable() or clean(text) == text


@given(
    st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=4),
    st.one_of(st.none(), st.integers(1, 100)),
)
def test_nothing_is_cut(rows, room):
    lines = shown(("one", "two", "three"), rows, right=[1], room=room)
    text = "".join("".join(lines).split())
    for row in rows:
        for value in row:
            if isinstance(value, str):
                assert "".join(clean(value).split()) in text or room is not None
            elif value is not None and value is not True and value is not False:
                assert f"{value:,}" in text
    for line in lines:
        assert line == line.rstrip()
        if room is not None and room >= 20 and line.isascii():
            assert len(line) <= room


@given(st.lists(st.tuples(st.text("a漢😀", max_size=5), st.integers()), min_size=1))
def test_wide_characters_stay_aligned(rows):
    ends = {cell_len(line) for line in shown(["name", "count"], rows, right=[1])}
    assert len(ends) == 1
