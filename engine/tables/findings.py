"""What is wrong with the input: collected table by table, reported together."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.errors import InputError
from engine.types import IntArray

_LONGEST = 60
_MOST = 20

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
        f"row {row}: {shown_value(value)}"
        for row, value in zip(finding.rows[:3].tolist(), finding.values[:3], strict=False)
    )
    more = ", ..." if len(finding.rows) > 3 else ""
    count = f"{len(finding.rows):,} row{'s' if len(finding.rows) > 1 else ''}"
    return f"{place}: {finding.reason} in {count} ({shown}{more}); {finding.remedy}"


def shown_value(value: str | None) -> str:
    """Return a value as it stands in a message: in quotes, on one line, not too long."""
    if value is None:
        return "null"
    text = repr(value[: _LONGEST + 1])
    return text if len(text) <= _LONGEST + 2 else f"{text[: _LONGEST - 2]}...{text[0]}"


def shown_names(names: Sequence[str]) -> str:
    """Return names of columns or tables as they stand in a message."""
    shown = [name if name.isprintable() and name else repr(name) for name in names[:_MOST]]
    more = [f"and {len(names) - _MOST:,} more"] if len(names) > _MOST else []
    return ", ".join([*(name[:_LONGEST] for name in shown), *more])


def shown_text(error: object) -> str:
    """Return what another library said, on one line and not too long."""
    text = " ".join(str(error).split())
    return text if len(text) <= 4 * _LONGEST else f"{text[: 4 * _LONGEST]}..."


def raise_findings(findings: Iterable[Finding]) -> None:
    """Raise one error that lists every finding; return if there is none.

    Raises
    ------
    InputError
        If there is any finding.
    """
    found = list(findings)
    # A folder that is both catalogue and orders is looked through twice.
    lines = list(dict.fromkeys(describe(finding) for finding in found))
    if any(len(finding.rows) for finding in found):
        lines.append("(rows count from 0, a header not included)")
    if lines:
        raise InputError("\n".join(lines))


def rejects_table(findings: Sequence[Finding], order: Sequence[str]) -> pa.Table:
    """Return the rows of the findings as the ``rejects`` table, by table in ``order``, then row."""
    counts = [len(finding.rows) for finding in findings]
    rows = np.concatenate([np.empty(0, np.int64), *(finding.rows for finding in findings)])
    of_table = np.repeat([order.index(finding.table) for finding in findings], counts)
    sequence = pa.array(np.lexsort((rows, of_table)))

    def column(texts: list[str]) -> pa.Array:
        at = pa.array(np.repeat(np.arange(len(findings)), counts))
        return pa.array(texts, pa.string()).take(at).take(sequence)

    values = [value for finding in findings for value in finding.values]
    return pa.table(
        [
            column([finding.table for finding in findings]),
            pa.array(rows).take(sequence),
            column([finding.column for finding in findings]),
            pa.array(values, pa.string()).take(sequence),
            column([finding.reason for finding in findings]),
        ],
        schema=REJECTS_SCHEMA,
    )
