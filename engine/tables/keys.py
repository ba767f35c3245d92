"""Rules between rows: keys that must be unique, and keys that must be known."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.columns import rows_finding, shown_values
from engine.tables.findings import Finding
from engine.tables.fold import FOLDS
from engine.tables.schema import Schema
from engine.types import BoolArray, IntArray


def check_unique(schema: Schema, table: pa.Table) -> list[Finding]:
    """Find rows that share their key with another row.

    Parameters
    ----------
    schema
        Names the key; SKUs compare folded, postcodes without blanks and case.
    table
        Canonical columns.

    Returns
    -------
    At most one finding; it holds every row of every duplicated key, since nothing says which
    of them is right.
    """
    if not schema.key:
        return []
    codes = key_codes(table, schema.key)
    required = [name for name in schema.key if schema.column(name).required]
    codes = np.where(_any_null(table, required), -1, codes)
    _, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return rows_finding(
        schema.name,
        ", ".join(schema.key),
        (counts[inverse] > 1) & (codes >= 0),
        shown_values(joined(table, schema.key)),
        "duplicate key",
        "keep one row of each key",
    )


def check_known(
    schema: Schema, table: pa.Table, columns: Sequence[str], known: pa.Table, where: str
) -> list[Finding]:
    """Find rows whose reference names no row of another table.

    Parameters
    ----------
    schema, table
        The table that refers, canonical.
    columns
        Its columns that name the key; rows with a null among them are left out.
    known
        The columns of the key in the other table, in the same order.
    where
        The other table's name, for the message.

    Returns
    -------
    At most one finding.
    """
    together = pa.concat_tables([table.select(columns), known.rename_columns(list(columns))])
    codes = key_codes(together, columns)
    unknown = ~np.isin(codes[: table.num_rows], codes[table.num_rows :])
    return rows_finding(
        schema.name,
        ", ".join(columns),
        unknown & ~_any_null(table, columns),
        shown_values(joined(table, columns)),
        f"unknown {', '.join(columns)}",
        f"add it to {where} or correct it",
    )


def key_codes(table: pa.Table, columns: Sequence[str]) -> IntArray:
    """(num_rows,) number of each row's key; two rows have the same number if their keys agree."""
    codes = np.zeros(table.num_rows, np.int64)
    for name in columns:
        values = FOLDS.get(name, lambda same: same)(table[name])
        encoded = pc.dictionary_encode(values.combine_chunks(), null_encoding="encode")
        codes = codes * len(encoded.dictionary) + np.asarray(encoded.indices, np.int64)
    return codes


def joined(table: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    """Print several columns as one, for messages."""
    texts = [pc.fill_null(table[name].cast(pa.string()), "null") for name in columns]
    return pc.binary_join_element_wise(*texts, ", ")


def _any_null(table: pa.Table, columns: Sequence[str]) -> BoolArray:
    null = np.zeros(table.num_rows, bool)
    for name in columns:
        null |= np.asarray(table[name].is_null())
    return null
