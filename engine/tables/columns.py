"""A raw table -> its canonical columns, and every rule that its values break by themselves."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.convert import WrongTypeError, convert
from engine.tables.findings import Finding, whole_table
from engine.tables.raw import RawTable
from engine.tables.schema import Column, Kind, Schema
from engine.types import QTY_SCALE, BoolArray


class CheckedTable(NamedTuple):
    """The canonical columns of a table, in schema order, and what is wrong with them.

    Each column of the schema is there; where the input has none, it holds the default.
    """

    schema: Schema
    table: pa.Table
    findings: list[Finding]
    extra_columns: list[str]


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
    findings: list[Finding] = []
    columns = {}
    for column in schema.columns:
        if names.count(column.name) == 1:
            values, found = _check_column(schema.name, column, raw)
        else:
            values, found = _absent(schema.name, column, raw.table.num_rows, names)
        columns[column.name] = values
        findings += found
    findings += _check_pairs(schema, columns, findings)
    known = {column.name for column in schema.columns}
    extra = [name for name in names if name not in known]
    return CheckedTable(schema, pa.table(columns), findings, extra)


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
        taken = values.take(pa.array(rows)).to_pylist()
        return [_printed(value) for value in taken]

    return shown


def _printed(value: object) -> str | None:
    if value is None:
        return None
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)


def _check_column(table: str, column: Column, raw: RawTable) -> tuple[pa.Array, list[Finding]]:
    values = raw.table[column.name].combine_chunks()
    try:
        converted = convert(column.kind, values, raw.is_text)
    except WrongTypeError as error:
        found, _, remedy = str(error).partition("; ")
        finding = whole_table(table, f"wrong type: {found}", remedy, column.name)
        return pa.nulls(len(values), _canonical_type(column.kind)), [finding]
    shown = shown_values(_printable(values))
    findings = []
    for problem in converted.problems:
        findings += rows_finding(
            table, column.name, problem.mask, shown, problem.reason, problem.remedy
        )
    bad = np.logical_or.reduce(
        [p.mask for p in converted.problems] or [np.zeros(len(values), bool)]
    )
    findings += _check_null(table, column, converted.values, bad)
    findings += _check_bounds(table, column, converted.values, bad, shown)
    filled = converted.values
    if column.default is not None:
        filled = pc.fill_null(filled, pa.scalar(column.default, filled.type))
    return filled, findings


def _printable(values: pa.Array) -> pa.Array:
    """Text as bytes, so that text which is not UTF-8 can still be shown."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string_view(values.type) or pa.types.is_large_string(values.type):
        values = values.cast(pa.large_binary())
    return values.cast(pa.binary()) if pa.types.is_string(values.type) else values


def _absent(
    table: str, column: Column, num_rows: int, names: list[str]
) -> tuple[pa.Array, list[Finding]]:
    kind = _canonical_type(column.kind)
    values = (
        pa.nulls(num_rows, kind)
        if column.default is None
        else pa.repeat(pa.scalar(column.default, kind), num_rows)
    )
    if column.name in names:
        finding = whole_table(
            table, "the column stands there twice", "keep one of them", column.name
        )
        return values, [finding]
    if not column.required:
        return values, []
    there = ", ".join(names) or "none"
    return values, [
        whole_table(table, "missing column", f"add it; the columns there: {there}", column.name)
    ]


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
        table, column.name, null, lambda rows: [None] * len(rows), "null", "give a value"
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
    number = np.asarray(pc.fill_null(values, 0 if low is None else max(low, 0) * scale))
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


def _check_pairs(
    schema: Schema, columns: dict[str, pa.Array], so_far: list[Finding]
) -> list[Finding]:
    """Coordinates come in pairs; a value already found wrong says nothing about its partner."""
    if "latitude" not in columns or schema.column("latitude").required:
        return []
    nulls = [
        columns[name].is_null().to_numpy(zero_copy_only=False) for name in ("latitude", "longitude")
    ]
    half = nulls[0] ^ nulls[1]
    for finding in so_far:
        if finding.column in ("latitude", "longitude"):
            half[finding.rows if len(finding.rows) else slice(None)] = False
    pair = pc.binary_join_element_wise(
        *(
            pc.fill_null(columns[name].cast(pa.string()), "null")
            for name in ("latitude", "longitude")
        ),
        ", ",
    )
    return rows_finding(
        schema.name,
        "latitude, longitude",
        half,
        shown_values(pair),
        "half a coordinate",
        "give latitude and longitude, or neither",
    )
