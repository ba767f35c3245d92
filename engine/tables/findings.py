"""What is wrong with the input: collected table by table, reported together."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.errors import InputError
from engine.types import IntArray

REJECTS_SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
    ]
)


class Finding(NamedTuple):
    """One rule that one table breaks.

    ``rows`` are the 0-based positions of the rows that break it, ``values`` what they hold,
    one for each row (None where null); both are empty where the table as a whole is at fault.
    """

    table: str
    column: str
    reason: str
    remedy: str
    rows: IntArray
    values: Sequence[str | None]


def whole_table(table: str, reason: str, remedy: str, column: str = "") -> Finding:
    """Return the finding that a table as a whole cannot be used."""
    return Finding(table, column, reason, remedy, np.empty(0, np.int64), ())


def describe(finding: Finding) -> str:
    """Return a finding as one line: table, column, how many rows, the first three, what to do."""
    place = f"{finding.table}.{finding.column}" if finding.column else finding.table
    if not len(finding.rows):
        return f"{place}: {finding.reason}; {finding.remedy}"
    shown = ", ".join(
        f"row {row}: {'null' if value is None else repr(value)}"
        for row, value in zip(finding.rows[:3].tolist(), finding.values[:3], strict=False)
    )
    more = ", ..." if len(finding.rows) > 3 else ""
    count = f"{len(finding.rows):,} row{'s' if len(finding.rows) > 1 else ''}"
    return f"{place}: {finding.reason} in {count} ({shown}{more}); {finding.remedy}"


def raise_findings(findings: Iterable[Finding]) -> None:
    """Raise one error that lists every finding; return if there is none.

    Raises
    ------
    InputError
        If there is any finding.
    """
    lines = [describe(finding) for finding in findings]
    if lines:
        raise InputError("\n".join(lines))


def rejects_table(findings: Sequence[Finding], order: Sequence[str]) -> pa.Table:
    """Return the rows of the findings as the ``rejects`` table, by table in ``order``, then row."""
    rows = [
        (order.index(finding.table), row, at, finding.table, finding.column, value, finding.reason)
        for at, finding in enumerate(findings)
        for row, value in zip(finding.rows.tolist(), finding.values, strict=True)
    ]
    rows.sort(key=lambda row: row[:3])
    columns = [[row[at] for row in rows] for at in (3, 1, 4, 5, 6)]
    return pa.table(
        [
            pa.array(column, field.type)
            for column, field in zip(columns, REJECTS_SCHEMA, strict=True)
        ],
        schema=REJECTS_SCHEMA,
    )
