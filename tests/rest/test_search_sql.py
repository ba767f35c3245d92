"""Search criteria as SQL, beside filters in plain Python."""

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rest.search import CONDITIONS, parse, values_of
from engine.rest.search_sql import Clauses, Column, fold, register_fold, select
from engine.rest.search_tree import SearchError
from engine.tables.fold import fold_sku
from tests.rest.test_search import DOCUMENTED, one_filter

COLUMNS = {
    "id": Column("id", "integer"),
    "sku": Column("sku", folded="sku_key"),
    "name": Column("name"),
    "source_code": Column("source_code", values="SELECT DISTINCT source_code AS value FROM items"),
    "priority": Column("priority", "integer"),
    "quantity": Column("quantity", "quantity"),
    "latitude": Column("latitude", "real"),
    "enabled": Column("enabled", "boolean"),
}
TABLE = """
    CREATE TABLE items (
        id INTEGER PRIMARY KEY, sku TEXT, sku_key TEXT, name TEXT, source_code TEXT,
        priority INTEGER, quantity INTEGER, latitude REAL, enabled INTEGER
    )
"""
Row = dict[str, Any]


def stored(rows: list[Row]) -> sqlite3.Connection:
    """Return a store with these rows; numbers are as the API has them, quantities decimals."""
    connection = sqlite3.connect(":memory:")
    register_fold(connection)
    connection.execute(TABLE)
    for row in rows:
        units = None if row["quantity"] is None else int(row["quantity"] * 10_000)
        key = fold_sku(pa.array([row["sku"]], pa.string()))[0].as_py()
        values = {**row, "quantity": units, "sku_key": key}
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(f"INSERT INTO items ({', '.join(values)}) VALUES ({marks})", values)
    return connection


def asked(connection: sqlite3.Connection, query: str) -> tuple[list[int], int]:
    """Return the ids that a query string gets, and the total count."""
    clauses = select(parse(query), COLUMNS, ["id"])
    count = f"SELECT count(*) FROM items {clauses.where}"
    page = f"SELECT id FROM items {clauses.where} {clauses.order} {clauses.limit}"
    ids = [at for (at,) in connection.execute(page, clauses.where_values + clauses.limit_values)]
    return ids, connection.execute(count, clauses.where_values).fetchone()[0]


# ------------------------------------------------------------ the slow twin


def slow_fold(text: str) -> str:
    return "".join(letter.lower()[0] for letter in text)


def slow_like(text: str, pattern: str) -> bool:
    """Whether a pattern of MySQL fits; the backslash takes the next character as it is."""
    if not pattern:
        return not text
    first, rest = pattern[0], pattern[1:]
    if first == "%":
        return any(slow_like(text[at:], rest) for at in range(len(text) + 1))
    if first == "\\" and rest:
        first, rest = rest[0], rest[1:]
    elif first == "_":
        return bool(text) and slow_like(text[1:], rest)
    return text[:1] == first and slow_like(text[1:], rest)


def printed(field: str, value: Any) -> str:
    """Return a value as MySQL prints it, in lower case."""
    if field == "quantity":
        return f"{value:.4f}"
    return f"{value:.6f}" if field == "latitude" else slow_fold(str(value))


def comparable(field: str, text: str) -> Any:
    """Return the value of a filter as it compares with those of a row."""
    if COLUMNS[field].kind == "text":
        return slow_fold(text)
    return Decimal({"true": "1", "false": "0"}.get(text.lower(), text))


def fulfils(row: Row, field: str, condition: str, values: tuple[str, ...]) -> bool:
    """Whether a row fulfils a filter."""
    value = row[field]
    if condition in ("null", "notnull"):
        return (value is None) == (condition == "null")
    if value is None:
        return False
    text, sought = printed(field, value), slow_fold(values[0])
    match condition:
        case "like" | "nlike":
            return slow_like(text, sought) == (condition == "like")
        case "finset" | "nfinset":
            found = bool(text) and "," not in sought and sought in text.split(",")
            return found == (condition == "finset")
    here = text if COLUMNS[field].kind == "text" else Decimal(str(value))
    there = [comparable(field, one) for one in values]
    match condition:
        case "eq" | "in":
            return here in there
        case "neq" | "nin":
            return here not in there
        case "gt":
            return here > there[0]
        case "lt":
            return here < there[0]
        case "gteq" | "moreq" | "from":
            return here >= there[0]
    return here <= there[0]


def slow_answer(rows: list[Row], query: str) -> tuple[list[int], int]:
    """Return the ids and the total count that a query string must get."""
    criteria = parse(query)
    found = [
        row
        for row in rows
        if all(
            any(fulfils(row, one.field, one.condition_type, values_of(one)) for one in group)
            for group in criteria.groups
        )
    ]
    found.sort(key=lambda row: row["id"])
    for order in reversed(criteria.sort_orders):
        name, down = order.field, order.direction != "ASC"

        def rank(row: Row, name: str = name) -> tuple:
            value = row[name]
            if value is None:
                return (0,)
            return 1, printed(name, value) if COLUMNS[name].kind == "text" else value

        found.sort(key=rank, reverse=down)  # which keeps the sequence of equals
    ids = [row["id"] for row in found]
    if criteria.page_size:
        start = (max(criteria.current_page or 1, 1) - 1) * criteria.page_size
        ids = ids[start : start + criteria.page_size]
    return ids, len(found)


# --------------------------------------------------------------- generators

TEXTS = st.text("aAbBéÉİσΣß%_\\,' \"☃", max_size=4)
NUMBERS = {
    "integer": st.integers(-3, 12).map(str),
    "quantity": st.decimals(-2, 2, places=4).map(str),
    "real": st.decimals(-2, 2, places=6).map(str),
    "boolean": st.sampled_from(["0", "1", "true", "FALSE", "2"]),
}
ODD_NUMBERS = st.sampled_from(
    ["1.5", "+1", " 1 ", ".5", "1.", "1e0", "10E-1", "1.00005", "-0", "1e30"]
)
PATTERNS = st.text("aAbé0123.-%_\\", max_size=4)


def or_none(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | values


ROW = st.fixed_dictionaries(
    {
        "sku": TEXTS,
        "name": or_none(TEXTS),
        "source_code": TEXTS,
        "priority": or_none(st.integers(-3, 12)),
        "quantity": or_none(st.decimals(-2, 2, places=4)),
        "latitude": or_none(st.decimals(-2, 2, places=6).map(float).map(lambda x: x + 0.0)),
        "enabled": or_none(st.integers(0, 1)),
    }
)


@st.composite
def queries(draw: Callable, rows: list[Row]) -> str:
    """Draw a query string; half of the values of text are those of rows."""
    pairs: dict[str, str] = {}
    for group in range(draw(st.integers(0, 3))):
        for at in range(draw(st.integers(1, 3))):
            field = draw(st.sampled_from(sorted(COLUMNS)))
            condition = draw(st.sampled_from(CONDITIONS))
            key = f"searchCriteria[filterGroups][{group}][filters][{at}]"
            pairs |= {f"{key}[field]": field, f"{key}[condition_type]": condition}
            kind = COLUMNS[field].kind
            own = [str(row[field]) for row in rows if row[field] is not None] or ["1"]
            if condition in ("like", "nlike"):
                value = PATTERNS
            elif kind == "text" or condition in ("finset", "nfinset"):
                value = TEXTS | st.sampled_from(own)
            else:
                value = NUMBERS[kind] | ODD_NUMBERS | st.sampled_from(own)
            if condition in ("in", "nin"):
                for place in range(draw(st.integers(1, 3))):
                    pairs[f"{key}[value][{place}]"] = draw(value)
            else:
                pairs[f"{key}[value]"] = draw(value)
    fields = draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=3, unique=True))
    for at, field in enumerate(fields):
        pairs[f"searchCriteria[sort_orders][{at}][field]"] = field
        if direction := draw(st.sampled_from(["ASC", "desc", None])):
            pairs[f"searchCriteria[sort_orders][{at}][direction]"] = direction
    if size := draw(st.sampled_from([None, 0, 1, 2, 3])):
        pairs["searchCriteria[pageSize]"] = str(size)
        pairs["searchCriteria[currentPage]"] = str(draw(st.integers(-1, 5)))
    return urlencode(pairs)


@given(st.data())
def test_select_equals_filters_in_python(data):
    rows = [{**row, "id": at} for at, row in enumerate(data.draw(st.lists(ROW, max_size=8)))]
    connection = stored(rows)
    for _ in range(5):
        query = data.draw(queries(rows))
        assert asked(connection, query) == slow_answer(rows, query)
    connection.close()


# ------------------------------------------------------------ by hand


def row(at: int, **values: Any) -> Row:
    """Return a row; what is not given is null."""
    return {**dict.fromkeys(COLUMNS), "id": at, **values}


def ids(rows: list[Row], query: str) -> list[int]:
    connection = stored(rows)
    found, count = asked(connection, query)
    connection.close()
    assert count == len(found)
    return found


def test_the_documented_query():
    columns = {"stock_id": Column("stock_id", "integer")}
    clauses = select(parse(DOCUMENTED), columns, ["stock_id", "source_code"])
    assert clauses == Clauses(
        "WHERE (stock_id = ?)", (4,), "ORDER BY stock_id, source_code", "", ()
    )


def test_pages_beyond_the_last_are_empty():
    connection = stored([row(at) for at in range(5)])
    page = "searchCriteria[pageSize]=2&searchCriteria[currentPage]={}".format
    assert asked(connection, page(0)) == asked(connection, page(1)) == ([0, 1], 5)
    assert asked(connection, page(3)) == ([4], 5)
    assert asked(connection, page(4)) == asked(connection, page(2**31 - 1)) == ([], 5)
    assert asked(connection, "searchCriteria[currentPage]=9") == ([0, 1, 2, 3, 4], 5)
    connection.close()


def test_magentos_second_page_by_priority():
    # Its own API test: links of stock 30, page 2 of 2 by priority descending.
    sources = [("eu-1", 3), ("eu-2", 2), ("eu-3", 1)]
    links = [row(at, source_code=code, priority=rank) for at, (code, rank) in enumerate(sources)]
    order = "searchCriteria[sortOrders][0][field]=priority&searchCriteria[sortOrders][0][direction]"
    page = "&searchCriteria[pageSize]=2&searchCriteria[currentPage]=2"
    connection = stored(links)
    assert asked(connection, f"{order}=DESC{page}") == ([2], 3)
    assert asked(connection, f"{order}=asc{page}") == ([0], 3)
    connection.close()


def test_of_two_orders_for_one_field_the_last_counts():
    key = "searchCriteria[sortOrders][{}][{}]={}".format
    orders = [("priority", "ASC"), ("name", "ASC"), ("priority", "DESC")]
    query = "&".join(
        f"{key(at, 'field', name)}&{key(at, 'direction', way)}"
        for at, (name, way) in enumerate(orders)
    )
    assert (
        select(parse(query), COLUMNS, ["id"]).order == "ORDER BY fold(name) ASC, priority DESC, id"
    )
    nameless = select(parse(key(0, "direction", "ASC")), COLUMNS, ["id"])
    assert nameless.order == "ORDER BY id"


@pytest.mark.parametrize(
    ("condition", "value", "found"),
    [
        ("eq", "10.5", [1]),
        ("eq", "10.5000", [1]),
        ("eq", "10.50001", []),
        ("neq", "10.50001", [0, 1, 2]),
        ("gt", "10.49999", [1, 2]),
        ("gteq", "10.50001", [2]),
        ("lt", "10.50001", [0, 1]),
        ("lteq", "10.49999", [0]),
        ("in", "10.5,-0.0001", [0, 1]),
        ("nin", "10.5,9e99", [0, 2]),
        ("lt", "9e999", [0, 1, 2]),
        ("gt", "-9e999", [0, 1, 2]),
        ("eq", "9e999", []),
        ("like", "10.5000", [1]),
        ("like", "-0.000_", [0]),
        ("null", "", [3]),
    ],
)
def test_quantities_compare_exactly(condition: str, value: str, found: list[int]):
    quantities = ("-0.0001", "10.5", "99999999.9999")
    rows = [row(at, quantity=Decimal(text)) for at, text in enumerate(quantities)]
    assert ids([*rows, row(3)], one_filter(condition, value, "quantity")) == found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("24-wb%", [0]),
        ("24_WB01", [0, 1]),
        ("24\\_%", [1]),
        ("%\\%", [2]),
        ("%\\\\", [3]),
        ("a\\", [3]),
        ("", []),
        ("%", [0, 1, 2, 3]),
        ("\\a_", [3]),
    ],
)
def test_patterns_of_mysql(pattern: str, found: list[int]):
    rows = [row(at, sku=sku) for at, sku in enumerate(["24-WB01", "24_wb01", "5%", "A\\"])]
    assert ids(rows, one_filter("like", pattern)) == found


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", '"; DROP TABLE items; --', "?", ":id", "\\", "%", "sku) OR (1=1"]
)
def test_nothing_of_a_client_becomes_sql(text: str):
    rows = [row(0, sku=text, name=text), row(1, sku="a", name="b")]
    for field in ("sku", "name"):
        for condition in ("eq", "in", "finset"):
            assert ids(rows, one_filter(condition, text, field)) == [0]
    connection = stored(rows)
    for query in (
        one_filter("eq", "1", text),
        urlencode({"searchCriteria[sortOrders][0][field]": text}),
    ):
        with pytest.raises(
            SearchError, match=r"does not exist\. Fields: id, sku, name, source_code,"
        ):
            asked(connection, query)
    assert asked(connection, "searchCriteria") == ([0, 1], 2)
    connection.close()


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("priority", "not_numeric", "int"),
        ("priority", "", "int"),
        ("priority", "0x10", "int"),
        ("priority", "1_000", "int"),
        ("priority", "٣", "int"),
        ("priority", "1/2", "int"),
        ("quantity", "nan", "float"),
        ("quantity", "inf", "float"),
        ("quantity", "1e1000", "float"),
        ("quantity", "9" * 101, "float"),
        ("latitude", "1,5", "float"),
        ("enabled", "yes", "boolean"),
    ],
)
def test_numbers_are_asked_for_with_numbers(field: str, value: str, kind: str):
    with pytest.raises(SearchError) as caught:
        select(parse(one_filter("eq", value, field)), COLUMNS, ["id"])
    assert caught.value.parameters == [value, kind]


def test_a_very_long_pattern_is_refused():
    with pytest.raises(SearchError, match="has at most 1000 characters"):
        select(parse(one_filter("like", "%" * 1_001)), COLUMNS, ["id"])
    assert ids([row(0, sku="a" * 64)], one_filter("like", "%a" * 65)) == []


def test_as_many_filters_and_values_as_are_allowed():
    key = "searchCriteria[filter_groups][{1}][filters][{0}]"
    one = f"{key}[field]={{2}}&{key}[value]=1&{key}[condition_type]=like".format
    many = [one(at, at % 2, field) for at in range(200) for field in ["quantity"]]
    assert ids([row(0, quantity=Decimal(1))], "&".join(many)) == []
    assert ids([row(7, sku="A")], one_filter("in", "," * 4_998 + "a")) == [7]


@given(st.text(max_size=6))
def test_fold_is_that_of_skus(text: str):
    expected = fold_sku(pa.array([text]))[0].as_py()
    assert fold(text) == expected


def test_fold_as_a_function_of_sql():
    connection = sqlite3.connect(":memory:")
    register_fold(connection)
    ask = partial(connection.execute, "SELECT fold(?)")
    assert [ask((text,)).fetchone()[0] for text in ("ÀB", "", None)] == ["àb", "", None]
    connection.close()
