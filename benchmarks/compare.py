"""Whether two result folders say the same: ``python -m benchmarks.compare ONE OTHER``.

Compared are the columns that every peer writes, exactly, as sorted tables.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_QTY = pa.decimal128(12, 4)
_SUM = pa.decimal128(18, 4)
_TABLES = {
    "allocations": {
        "order_id": pa.int64(),
        "line": pa.int64(),
        "source_code": pa.string(),
        "sku": pa.string(),
        "qty_to_deduct": _QTY,
        "qty_available": _QTY,
    },
    "shortfalls": {
        "order_id": pa.int64(),
        "line": pa.int64(),
        "sku": pa.string(),
        "qty_short": _QTY,
    },
    "orders": {
        "order_id": pa.int64(),
        "shippable": pa.bool_(),
        "lines": pa.int64(),
        "source_count": pa.int64(),
        "qty": _SUM,
        "qty_allocated": _SUM,
    },
    "source_items": {
        "source_code": pa.string(),
        "sku": pa.string(),
        "quantity": _QTY,
        "status": pa.int8(),
    },
}
_KEYS = {
    "allocations": ("order_id", "line", "source_code"),
    "shortfalls": ("order_id", "line"),
    "orders": ("order_id",),
    "source_items": ("source_code", "sku"),
}


def first_difference(one: Path, other: Path) -> str | None:
    """Return where two results differ first, or None if they are the same.

    Parameters
    ----------
    one, other
        Folders with ``allocations``, ``shortfalls``, ``orders`` and ``source_items`` in Parquet,
        each a file or a folder of part files.
    """
    for name, columns in _TABLES.items():
        tables = [_read(folder, name, columns) for folder in (one, other)]
        if tables[0].equals(tables[1]):
            continue
        tables = [_sorted(table, _KEYS[name]) for table in tables]
        if not tables[0].equals(tables[1]):
            return f"{name}: {_differing_row(*tables)}"
    return None


def _read(folder: Path, name: str, columns: dict[str, pa.DataType]) -> pa.Table:
    file = folder / f"{name}.parquet"
    table = pq.read_table(file if file.exists() else folder / name, columns=list(columns))
    return table.select(list(columns)).cast(pa.schema(columns)).combine_chunks()


def _sorted(table: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """Sort by whole numbers, with the ranks of texts in their place."""
    columns = [_ranks(table[key].combine_chunks()) for key in reversed(keys)]
    return table.take(pa.array(np.lexsort(columns))).combine_chunks()


def _ranks(values: pa.Array) -> np.ndarray:
    if not pa.types.is_string(values.type):
        return np.asarray(values)
    encoded = values.dictionary_encode()
    rank = np.empty(len(encoded.dictionary), np.int64)
    rank[np.asarray(pc.sort_indices(encoded.dictionary))] = np.arange(len(rank))
    return rank[np.asarray(encoded.indices)]


def _differing_row(one: pa.Table, other: pa.Table) -> str:
    """Say the first row that differs; both tables are sorted."""
    shared = min(one.num_rows, other.num_rows)
    same = np.ones(shared, bool)
    for name in one.column_names:
        same &= np.asarray(pc.equal(*(table[name].slice(0, shared) for table in (one, other))))
    at = int(np.argmin(same)) if not same.all() else shared
    rows = [str((table.slice(at, 1).to_pylist() or ["no row"])[0]) for table in (one, other)]
    return f"{one.num_rows:,} rows against {other.num_rows:,}; row {at:,}: {' against '.join(rows)}"


if __name__ == "__main__":
    sys.exit(first_difference(*map(Path, sys.argv[1:3])))
