"""A raw table -> its canonical columns, and every rule that its values break by themselves."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.convert import convert, is_string, plain_whole
from engine.tables.converted import Converted, WrongTypeError
from engine.tables.findings import Finding, shown_text, whole_table
from engine.tables.quantity import QTY_TYPE, units_to_decimal
from engine.tables.raw import RawTable, nearest
from engine.tables.schema import Column, Kind, Schema
from engine.tables.whole import whole
from engine.types import QTY_SCALE, BoolArray


class CheckedTable(NamedTuple):
    """The canonical columns of a table, in schema order, and what is wrong with them.

    Each column of the schema is there; where the input has none, it holds the default.
    """

    schema: Schema
    table: pa.Table
    findings: list[Finding]
    extra_columns: list[str]

    def bad(self, columns: Sequence[str]) -> BoolArray:
        """(num_rows,) rows whose value in one of the columns is already found to be wrong."""
        bad = np.zeros(self.table.num_rows, bool)
        for finding in self.findings:
            if set(columns) & set(finding.column.split(", ")):
                bad[finding.rows if len(finding.rows) else slice(None)] = True
        return bad

    def lacks(self, columns: Sequence[str]) -> bool:
        """Whether one of the columns is missing or cannot be used."""
        broken = {finding.column for finding in self.findings if not len(finding.rows)}
        return bool(broken & set(columns))


def check_columns(schema: Schema, raw: RawTable) -> CheckedTable:
    """Convert every column of a table and collect the values that break its rules.

    Parameters
    ----------
    schema
        What the table must hold.
    raw
        The table as read.

    Returns
    -------
    The canonical table, one row for each input row in the same order, with the findings.
    A value with a finding is null or not to be used.

    Examples
    --------
    >>> from engine.tables.schema import SCHEMAS
    >>> raw = RawTable(pa.table({"stock_id": ["1", "x"]}), is_text=True)
    >>> checked = check_columns(SCHEMAS["stocks"], raw)
    >>> checked.table["stock_id"].to_pylist()
    [1, None]
    >>> checked.findings[0].reason
    'not a whole number'
    """
    names = raw.table.column_names
    findings = _repeated(schema.name, names)
    columns = {}
    for column in schema.columns:
        if names.count(column.name) == 1:
            values, found = _check_column(schema.name, column, raw)
        else:
            values, found = _absent(schema.name, column, raw.table.num_rows, names)
        columns[column.name] = values
        findings += found
    known = {column.name for column in schema.columns}
    extra = [name for name in names if name not in known]
    wrong = {finding.column for finding in findings}
    for column in schema.columns:
        if column.kind is Kind.QUANTITY:
            is_clean = column.name not in wrong
            columns[column.name] = _as_decimal(column, columns[column.name], raw, is_clean)
    table = pa.table(columns)
    checked = CheckedTable(schema, table, findings, extra)
    findings += _check_pairs(checked)
    findings += _check_one_of(checked)
    return checked


def _as_decimal(column: Column, values: pa.Array, raw: RawTable, is_clean: bool) -> pa.Array:
    """Give a quantity its decimal type, so that a canonical table can go in again as it is."""
    if is_clean and column.default is None and column.name in raw.table.column_names:
        given = raw.table[column.name]
        if given.type == QTY_TYPE:
            return whole(given)
    units = np.asarray(pc.fill_null(values, 0))
    return units_to_decimal(units, null=np.asarray(values.is_null()))


def _repeated(table: str, names: Sequence[str]) -> list[Finding]:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    remedy = "rename or remove all but one of them"
    return [whole_table(table, "two or more columns of this name", remedy, it) for it in repeated]


def rows_finding(
    table: str,
    column: str,
    mask: BoolArray,
    shown: Callable[[np.ndarray], Sequence[str | None]],
    reason: str,
    remedy: str,
) -> list[Finding]:
    """Return one finding for the rows under the mask, or none; ``shown`` gives their values."""
    rows = np.flatnonzero(mask).astype(np.int64)
    return [Finding(table, column, reason, remedy, rows, shown(rows))] if len(rows) else []


def shown_values(values: pa.Array | pa.ChunkedArray) -> Callable[[np.ndarray], list[str | None]]:
    """Return a function that prints the values at given rows as text."""

    def shown(rows: np.ndarray) -> list[str | None]:
        return [_printed(value) for value in _printable(values.take(pa.array(rows))).to_pylist()]

    return shown


def _printable(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return values that Python can hold: not all text is UTF-8, nor all times in its range."""
    if is_string(values.type):
        return values.cast(pa.large_binary())
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp(values.type.unit)).cast(pa.string())
    return values


def _printed(value: object) -> str | None:
    if value is None:
        return None
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)


def _check_column(table: str, column: Column, raw: RawTable) -> tuple[pa.Array, list[Finding]]:
    given = raw.table[column.name]
    try:
        values = plain_whole(given)
        converted = convert(column.kind, values, raw.is_text)
    except WrongTypeError as error:
        reason, remedy = error.args
    except pa.ArrowException as error:
        reason = f"cannot be read: {shown_text(given.type)} (Arrow: {shown_text(error)})"
        remedy = "write it as plain text (of at most 2 GiB), numbers, booleans or timestamps"
    else:
        return _check_values(table, column, values, converted)
    finding = whole_table(table, reason, remedy, column.name)
    return pa.nulls(len(given), _canonical_type(column.kind)), [finding]


def _check_values(
    table: str, column: Column, values: pa.Array, converted: Converted
) -> tuple[pa.Array, list[Finding]]:
    shown = shown_values(values)
    findings = []
    bad = np.zeros(len(values), bool)
    for problem in converted.problems:
        bad |= problem.mask
        findings += rows_finding(
            table, column.name, problem.mask, shown, problem.reason, problem.remedy
        )
    findings += _check_null(table, column, converted.values, bad)
    findings += _check_bounds(table, column, converted.values, bad, shown)
    findings += _check_choices(table, column, converted.values, shown)
    filled = converted.values
    if column.default is not None:
        filled = pc.fill_null(filled, pa.scalar(column.default, filled.type))
    return filled, findings


def _absent(
    table: str, column: Column, num_rows: int, names: list[str]
) -> tuple[pa.Array, list[Finding]]:
    kind = _canonical_type(column.kind)
    values = (
        pa.nulls(num_rows, kind)
        if column.default is None
        else pa.repeat(pa.scalar(column.default, kind), num_rows)
    )
    if not column.required or column.name in names:
        return values, []
    remedy = nearest(column.name, names, "Columns there")
    return values, [whole_table(table, "missing column", f"add it; {remedy}", column.name)]


def _canonical_type(kind: Kind) -> pa.DataType:
    return {
        Kind.INTEGER: pa.int64(),
        Kind.QUANTITY: pa.int64(),
        Kind.FLAG: pa.bool_(),
        Kind.NUMBER: pa.float64(),
        Kind.LATITUDE: pa.float64(),
        Kind.LONGITUDE: pa.float64(),
        Kind.TIME: pa.timestamp("us"),
    }.get(kind, pa.string())


def _check_null(table: str, column: Column, values: pa.Array, bad: BoolArray) -> list[Finding]:
    if not column.required:
        return []
    null = values.is_null().to_numpy(zero_copy_only=False) & ~bad
    return rows_finding(
        table, column.name, null, lambda rows: [None] * len(rows), "null", "give every row a value"
    )


def _check_bounds(
    table: str,
    column: Column,
    values: pa.Array,
    bad: BoolArray,
    shown: Callable[[np.ndarray], Sequence[str | None]],
) -> list[Finding]:
    low, high = column.low, column.high
    if column.kind in (Kind.LATITUDE, Kind.LONGITUDE):
        high = 90 if column.kind is Kind.LATITUDE else 180
        low = -high
    if low is None and high is None:
        return []
    scale = QTY_SCALE if column.kind is Kind.QUANTITY else 1
    number = np.asarray(pc.fill_null(values, 0))
    outside = np.zeros(len(number), bool)
    if low is not None:
        outside |= number < low * scale
    if high is not None:
        outside |= number > high * scale
    if low == 0 and high is None:
        reason, remedy = "negative", "give a value of 0 or more"
    else:
        reason, remedy = "out of range", f"give a value from {low} to {high}"
    return rows_finding(table, column.name, outside & ~bad, shown, reason, remedy)


def _check_choices(
    table: str,
    column: Column,
    values: pa.Array,
    shown: Callable[[np.ndarray], Sequence[str | None]],
) -> list[Finding]:
    if not column.choices or values.null_count == len(values):
        return []
    other = np.asarray(pc.invert(pc.is_in(values, pa.array(column.choices)))) & np.asarray(
        values.is_valid()
    )
    remedy = f"give {', '.join(column.choices[:-1])} or {column.choices[-1]}"
    return rows_finding(table, column.name, other, shown, "unknown value", remedy)


def _check_pairs(checked: CheckedTable) -> list[Finding]:
    """Coordinates come in pairs; a value already found wrong says nothing about its partner."""
    names = ["latitude", "longitude"]
    if any(column.name in names and column.required for column in checked.schema.columns):
        return []
    if names[0] not in checked.table.column_names:
        return []
    pair = checked.table.select(names)
    nulls = [np.asarray(column.is_null()) for column in pair.columns]
    half = (nulls[0] ^ nulls[1]) & ~checked.bad(names)
    return rows_finding(
        checked.schema.name,
        ", ".join(names),
        half,
        shown_rows(pair, names),
        "half a coordinate",
        "give latitude and longitude, or neither",
    )


def _check_one_of(checked: CheckedTable) -> list[Finding]:
    names = checked.schema.one_of
    if not names or not all(len(finding.rows) for finding in checked.findings):
        return []  # without a column nothing can be said
    given = sum(np.asarray(checked.table[name].is_valid()).astype(np.int64) for name in names)
    return rows_finding(
        checked.schema.name,
        ", ".join(names),
        (given != 1) & ~checked.bad([column.name for column in checked.schema.columns]),
        shown_rows(checked.table, names),
        f"not exactly one of {' and '.join(names)}",
        "give one of them",
    )


def shown_rows(table: pa.Table, columns: Sequence[str]) -> Callable[[np.ndarray], list[str | None]]:
    """Return a function that prints several columns at given rows as one text."""

    def shown(rows: np.ndarray) -> list[str | None]:
        taken = table.select(columns).take(pa.array(rows))
        texts = [pc.fill_null(column.cast(pa.string()), "null") for column in taken.columns]
        return pc.binary_join_element_wise(*texts, ", ").to_pylist()

    return shown
