"""A table as it came in, before anything is known about it."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import pyarrow as pa

from engine.tables.findings import Finding, whole_table


class RawTable(NamedTuple):
    """A table as read.

    ``is_text`` says that every column is text still to be parsed (CSV), so that numbers
    count by value there, while a typed format must bring the right type.
    """

    table: pa.Table
    is_text: bool = False


def as_raw(
    tables: Mapping[str, Any], known: Sequence[str]
) -> tuple[dict[str, RawTable], list[Finding]]:
    """Take tables in memory as they are.

    Parameters
    ----------
    tables
        Name -> anything with the Arrow PyCapsule interface, or None for a table that is not
        there.
    known
        The names that tables may have.

    Returns
    -------
    The tables by name, and a finding for each that is unknown or no table.

    Examples
    --------
    >>> as_raw({"source_item": pa.table({"sku": ["A"]})}, ["source_items"])[1][0].remedy
    'did you mean source_items? Known tables: source_items'
    """
    raw, findings = {}, []
    for name, given in tables.items():
        if name not in known:
            findings.append(
                whole_table(name, "unknown table", nearest(name, known, "Known tables"))
            )
        elif isinstance(given, RawTable):
            raw[name] = given
        elif given is not None:
            try:
                raw[name] = RawTable(pa.table(given))
            except (TypeError, ValueError, pa.ArrowException) as error:
                reason = f"cannot be read as an Arrow table ({error})"
                findings.append(
                    whole_table(name, reason, "give a pyarrow, pandas, polars or duckdb table")
                )
    return raw, findings


def nearest(name: str, known: Sequence[str], title: str) -> str:
    """Return a remedy for an unknown name: the nearest known one, and all of them."""
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}{title}: {', '.join(sorted(known))}"
