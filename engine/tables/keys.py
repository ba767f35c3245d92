"""Rules between rows: keys that must be unique, and keys that must be known."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.columns import CheckedTable, rows_finding, shown_rows
from engine.tables.findings import Finding
from engine.tables.fold import FOLDS
from engine.tables.texts import Numbered, number_keys
from engine.tables.whole import whole
from engine.types import BoolArray, IntArray


def check_unique(checked: CheckedTable) -> list[Finding]:
    """Find rows that share their key with another row.

    Parameters
    ----------
    checked
        Its schema names the key; SKUs compare folded, postcodes without blanks and case. Rows
        whose key is null or already found wrong are left out.

    Returns
    -------
    At most one finding; it holds every row of every duplicated key, since nothing says which
    of them is right.
    """
    schema, table = checked.schema, checked.table
    if not schema.key:
        return []
    required = [name for name in schema.key if schema.column(name).required]
    out = _any_null(table, required) | checked.bad(schema.key)
    if len(schema.key) == 1 and _ascends(table[schema.key[0]]):
        return []
    codes = key_codes(table, schema.key)
    ranked = np.sort(codes[~out])
    if not (ranked[1:] == ranked[:-1]).any():
        return []
    _, inverse, counts = np.unique(
        np.where(out, -1, codes), return_inverse=True, return_counts=True
    )
    return rows_finding(
        schema.name,
        ", ".join(schema.key),
        (counts[inverse] > 1) & ~out,
        shown_rows(table, schema.key),
        "duplicate key",
        "keep one row of each key",
    )


def check_known(
    checked: CheckedTable,
    columns: Sequence[str],
    known: pa.Table,
    where: str,
    numbered: Numbered | None = None,
) -> list[Finding]:
    """Find rows whose reference names no row of another table.

    Parameters
    ----------
    checked
        The table that refers.
    columns
        Its columns that name the key; rows with a null among them are left out.
    known
        The columns of the key in the other table, in the same order.
    where
        The other table's name, for the message.
    numbered
        The numbers of the keys of the one column, where they are known already.

    Returns
    -------
    At most one finding.
    """
    table = checked.table
    if len(columns) == 1:
        column, there = (_folded(columns[0], it.column(columns[0])) for it in (table, known))
        if numbered:
            column = column.take(pa.array(numbered.keys.first_row))
        unknown = ~np.asarray(pc.is_in(column, there.unique()))
        unknown = unknown[numbered.of_row] if numbered else unknown
    else:
        together = pa.concat_tables([table.select(columns), known.rename_columns(list(columns))])
        codes = key_codes(together, columns)
        unknown = ~np.isin(codes[: table.num_rows], codes[table.num_rows :])
    return rows_finding(
        checked.schema.name,
        ", ".join(columns),
        unknown & ~_any_null(table, columns) & ~checked.bad(columns),
        shown_rows(table, columns),
        f"unknown {', '.join(columns)}",
        f"add it to {where}, or correct it",
    )


def _ascends(values: pa.ChunkedArray) -> bool:
    """Whether the values are whole numbers, each above the one before: then none is there twice."""
    if not pa.types.is_int64(values.type) or values.null_count:
        return False
    numbers = np.asarray(values)
    return bool((numbers[1:] > numbers[:-1]).all())


def key_codes(table: pa.Table, columns: Sequence[str]) -> IntArray:
    """(num_rows,) number of each row's key; two rows have the same number if their keys agree."""
    codes = np.zeros(table.num_rows, np.int64)
    for name in columns:
        numbers, count = _numbers(name, table[name])
        # Fewer than 2**31 numbers each: the product fits.
        codes = _renumbered(codes) if codes.max(initial=0) >= 2**31 else codes
        codes = codes * count + numbers
    return codes


def _numbers(name: str, values: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    """Give each distinct value of a column a number, null too; return how many there are."""
    if name == "sku":
        numbered = number_keys(whole(values), fold=True)
        return numbered.of_row + 1, len(numbered.keys.first_row) + 1
    encoded = whole(_folded(name, values)).dictionary_encode(null_encoding="encode")
    return np.asarray(encoded.indices), len(encoded.dictionary)


def _folded(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return FOLDS.get(name, lambda same: same)(values)


def _renumbered(codes: IntArray) -> IntArray:
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _any_null(table: pa.Table, columns: Sequence[str]) -> BoolArray:
    null = np.zeros(table.num_rows, bool)
    for name in columns:
        null |= np.asarray(table[name].is_null())
    return null
