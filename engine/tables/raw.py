"""A table as it came in, before anything is known about it."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import pyarrow as pa

from engine.tables.findings import Finding, shown_names, shown_text, whole_table


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
            remedy = nearest(str(name), known, "Known tables")
            findings.append(whole_table(shown_names([str(name)]), "unknown table", remedy))
        elif isinstance(given, RawTable):
            raw[name] = given
        elif given is not None:
            try:
                raw[name] = RawTable(_sound(pa.table(given)))
            except (OSError, MemoryError):
                raise
            except Exception as error:  # whatever the maker of a foreign table raises
                reason = f"cannot be read as an Arrow table ({shown_text(error)})"
                findings.append(
                    whole_table(name, reason, "give a pyarrow, pandas, polars or duckdb table")
                )
    return raw, findings


def _sound(table: pa.Table) -> pa.Table:
    """Return a foreign table without its empty batches, on which Arrow's concatenation fails."""
    _ = table.column_names  # a name that is not UTF-8 is found out only when it is looked at
    return pa.Table.from_batches((it for it in table.to_batches() if it.num_rows), table.schema)


def nearest(name: str, known: Sequence[str], title: str) -> str:
    """Return a remedy for an unknown name: the nearest known one, and all of them."""
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {shown_names(close)}? " if close else ""
    return f"{hint}{title}: {shown_names(sorted(known)) or 'none'}"
