"""Search criteria as SQL for SQLite, which answers as Magento's database does.

Only the descriptions of columns become text of a statement; all that a client wrote is bound.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import pyarrow as pa

from engine.rest.search import Filter, SearchCriteria, values_of
from engine.rest.search_tree import SearchError, wrong_type
from engine.tables.fold import fold_sku
from engine.types import QTY_SCALE

Kind = Literal["text", "integer", "quantity", "real", "boolean"]

_COMPARISONS = {
    **{"eq": "=", "neq": "!=", "gt": ">", "lt": "<"},
    **{"gteq": ">=", "moreq": ">=", "from": ">=", "lteq": "<=", "to": "<="},
}
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?\s*", re.ASCII | re.IGNORECASE)
_LONGEST_NUMBER = 100
_TYPES = {"integer": "int", "quantity": "float", "real": "float", "boolean": "boolean"}
_LONGEST_PATTERN = 1_000
"""SQLite refuses those beyond 50,000 bytes; no text of a store is as long as this."""


@dataclass(frozen=True)
class Column:
    """Where a field of the API stands in the store.

    Parameters
    ----------
    sql
        Expression for its value.
    kind
        ``quantity`` is an integer of 1e-4 units, ``boolean`` 0 or 1.
    folded
        Expression for ``fold(value)``, such as an indexed column; without it the function is
        called for each row that is looked at. Only for text.
    values
        Query of one column, named ``value``, of all texts that ``sql`` may be, such as
        ``SELECT source_code AS value FROM sources``. Conditions are then asked of these few, and
        an index on ``sql`` serves. Only for text.
    """

    sql: str
    kind: Kind = "text"
    folded: str = ""
    values: str = ""

    @property
    def comparable(self) -> str:
        """Expression by which rows compare and sort."""
        return self.folded or (f"fold({self.sql})" if self.kind == "text" else self.sql)


class Clauses(NamedTuple):
    """Clauses of a SELECT and the values for their question marks; ``where`` may be empty.

    ``SELECT count(*) FROM table {where}`` with ``where_values`` is the total count,
    ``SELECT ... FROM table {where} {order} {limit}`` with both values the page.
    """

    where: str
    where_values: tuple[str | int | float, ...]
    order: str
    limit: str
    limit_values: tuple[int, ...]


class _Test(NamedTuple):
    """A condition on a row; null counts as not fulfilled, as in any WHERE."""

    sql: str
    values: tuple[str | int | float, ...] = ()


def fold(text: str) -> str:
    """Return a text as it compares, in lower case, code point by code point: as `fold_sku` does.

    Notes
    -----
    MySQL's ``utf8_general_ci`` also ignores accents and trailing blanks. SKUs that differ in them
    are different ones in this engine, and so they are here.

    Examples
    --------
    >>> fold("24-WB01"), fold("İSTANBUL ΟΔΟΣ")
    ('24-wb01', 'istanbul οδοσ')
    """
    return text.lower() if text.isascii() else fold_sku(pa.array([text]))[0].as_py()


def register_fold(connection: sqlite3.Connection) -> None:
    """Give a connection the SQL function ``fold``, which the clauses use; null stays null."""

    def fold_or_null(text: str | None) -> str | None:
        return None if text is None else fold(text)

    connection.create_function("fold", 1, fold_or_null, deterministic=True)


def select(criteria: SearchCriteria, columns: Mapping[str, Column], key: Sequence[str]) -> Clauses:
    """Turn search criteria into the clauses of a SELECT.

    Parameters
    ----------
    criteria
        What is asked for.
    columns
        Field of the API -> where it stands; there are no other fields.
    key
        Expressions that tell any two rows apart: they decide between equals, and alone where no
        order is asked for.

    Returns
    -------
    The clauses. Text compares and sorts without regard to case, quantities exactly. Nulls fulfil
    no condition but ``null`` and sort as the least. A page beyond the last one is empty.

    Raises
    ------
    SearchError
        If a field is unknown, or a value is no number where the column holds numbers.

    Notes
    -----
    A sort order without a direction is descending, of two for one field the last one counts, and
    one without a field is passed over (``SortingProcessor``, ``AbstractDb::_setOrder``). Pages
    beyond the last one were the last one again up to Magento 2.3; since 2.4 they are empty for
    REST, as ``Magento_Theme`` takes the correction away in the area ``webapi_rest``.
    ``like`` on a number looks at it as MySQL prints it, a quantity with four places.

    Examples
    --------
    >>> from engine.rest.search import parse
    >>> columns = {"stock_id": Column("stock_id", "integer"), "source_code": Column("source_code")}
    >>> asked = parse("searchCriteria[filter_groups][0][filters][0][field]=stock_id"
    ...     "&searchCriteria[filter_groups][0][filters][0][value]=4&searchCriteria[pageSize]=10")
    >>> clauses = select(asked, columns, ["stock_id", "source_code"])
    >>> clauses.where, clauses.where_values
    ('WHERE (stock_id = ?)', (4,))
    >>> clauses.order, clauses.limit, clauses.limit_values
    ('ORDER BY stock_id, source_code', 'LIMIT ? OFFSET ?', (10, 0))
    """
    groups = [
        [_test(one, _column(columns, one.field)) for one in group]
        for group in criteria.groups
        if group
    ]
    where = " AND ".join(f"({' OR '.join(test.sql for test in group)})" for group in groups)
    values = tuple(value for group in groups for test in group for value in test.values)
    where = f"WHERE {where}" if where else ""
    order = _order(criteria, columns, key)
    if not criteria.page_size:
        return Clauses(where, values, order, "", ())
    start = (max(criteria.current_page or 1, 1) - 1) * criteria.page_size
    return Clauses(where, values, order, "LIMIT ? OFFSET ?", (criteria.page_size, start))


def _column(columns: Mapping[str, Column], field: str) -> Column:
    if field not in columns:
        raise SearchError('The "%1" field does not exist. Fields: %2.', field, ", ".join(columns))
    return columns[field]


def _order(criteria: SearchCriteria, columns: Mapping[str, Column], key: Sequence[str]) -> str:
    directions: dict[str, str] = {}
    for one in criteria.sort_orders:
        if one.field is not None:
            expression = _column(columns, one.field).comparable
            directions.pop(expression, None)
            directions[expression] = f"{expression} {one.direction or 'DESC'}"
    return f"ORDER BY {', '.join([*directions.values(), *key])}"


def _test(one: Filter, column: Column) -> _Test:
    if one.condition_type == "null":
        return _Test(f"{column.sql} IS NULL")
    if one.condition_type == "notnull":
        return _Test(f"{column.sql} IS NOT NULL")
    if column.kind == "text" or one.condition_type in ("like", "nlike", "finset", "nfinset"):
        return _of_text(one, column)
    numbers = [_number(value, column.kind) for value in values_of(one)]
    if column.kind == "real":
        return _compared(one.condition_type, column.sql, list(map(float, numbers)))
    scale = QTY_SCALE if column.kind == "quantity" else 1
    return _exactly(one.condition_type, column.sql, [Fraction(text) * scale for text in numbers])


def _of_text(one: Filter, column: Column) -> _Test:
    values = [fold(value) for value in values_of(one)]
    if not column.values:
        return _text_test(one.condition_type, _printed(column), values)
    test = _text_test(one.condition_type, "fold(value)", values)
    listed = f"SELECT value FROM ({column.values}) WHERE {test.sql}"
    return _Test(f"{column.sql} IN ({listed})", test.values)


def _printed(column: Column) -> str:
    """Return an expression for a value as folded text, as MySQL prints it; null stays null."""
    sql = column.sql
    match column.kind:
        case "text":
            return column.comparable
        case "quantity":
            sign = f"CASE WHEN {sql} < 0 THEN '-' ELSE '' END"
            units, places = f"abs({sql}) / {QTY_SCALE}", f"abs({sql}) % {QTY_SCALE}"
            return _if_given(sql, f"printf('%s%d.%04d', {sign}, {units}, {places})")
        case "real":
            return _if_given(sql, f"printf('%.6f', {sql})")
        case _:
            return f"CAST({sql} AS TEXT)"


def _if_given(sql: str, form: str) -> str:
    return f"CASE WHEN {sql} IS NOT NULL THEN {form} END"


def _text_test(condition: str, text: str, values: list[str]) -> _Test:
    match condition:
        case "like":
            return _Test(f"{text} LIKE ? ESCAPE '\\'", (_pattern(values[0]),))
        case "nlike":
            return _Test(f"{text} NOT LIKE ? ESCAPE '\\'", (_pattern(values[0]),))
        case "finset" | "nfinset":
            return _in_set(condition, text, values[0])
        case _:
            return _compared(condition, text, values)


def _pattern(value: str) -> str:
    r"""Return a pattern that ends as in MySQL, where a last backslash stands for itself."""
    if len(value) > _LONGEST_PATTERN:
        raise SearchError(
            "A value for like has at most %1 characters. Shorten it and try again.",
            str(_LONGEST_PATTERN),
        )
    ending = len(value) - len(value.rstrip("\\"))
    return f"{value}\\" if ending % 2 else value


def _in_set(condition: str, text: str, value: str) -> _Test:
    """Look for a value among those that commas separate, as FIND_IN_SET does."""
    # Nothing is in the empty set, not even the empty text, and a value with a comma in none.
    found = f"({text} != '' AND instr(',' || {text} || ',', ?) > 0)"
    sought = "" if "," in value else f",{value},"
    if condition == "nfinset":
        return _Test(f"({text} IS NOT NULL AND (? = '' OR NOT {found}))", (sought, sought))
    return _Test(f"(? != '' AND {found})", (sought, sought))


def _compared(condition: str, sql: str, values: Sequence[str | float]) -> _Test:
    if condition in ("in", "nin"):
        marks = ", ".join("?" * len(values))
        return _Test(f"{sql} {'NOT ' * (condition == 'nin')}IN ({marks})", tuple(values))
    return _Test(f"{sql} {_COMPARISONS[condition]} ?", (values[0],))


def _number(value: str, kind: Kind) -> str:
    """Return a value as a number that prints in digits."""
    words = {"true": "1", "false": "0"} if kind == "boolean" else {}
    text = words.get(value.lower(), value)
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise wrong_type(value, _TYPES[kind])
    return text


def _exactly(condition: str, sql: str, numbers: Sequence[Fraction]) -> _Test:
    """Compare whole numbers with any numbers, exactly: between two whole ones lies none."""
    whole = [int(number) for number in numbers if number.denominator == 1 and _fits(number)]
    match condition:
        case "eq" | "in":
            return _compared("in", sql, whole) if len(whole) != 1 else _compared("eq", sql, whole)
        case "neq" | "nin":
            return _compared("nin", sql, whole) if whole else _Test(f"{sql} IS NOT NULL")
        case "gt" | "lteq" | "to":
            return _compared(condition, sql, [_bounded(numbers[0] // 1)])
        case _:
            return _compared(condition, sql, [_bounded(-(-numbers[0] // 1))])


def _fits(number: Fraction) -> bool:
    return number == _bounded(number // 1)


def _bounded(number: int) -> int:
    """Return the nearest number that SQLite holds; no value of a store is as far out."""
    return max(-(2**63), min(number, 2**63 - 1))
