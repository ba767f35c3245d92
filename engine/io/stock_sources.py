"""Magento's own export of source items, as System > Data Transfer > Export writes it."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from engine.io.csv import read_csv
from engine.io.faults import TableFile

STOCK_SOURCES = "stock_sources"
"""What Magento calls the table ``source_items`` in its files."""

_NAME = re.compile(rf"{STOCK_SOURCES}(_[0-9]{{8}}_[0-9]{{6}})?\.csv(\.gz)?")
_GUARDED = "^ [-=+]"
"""How Magento writes what a spreadsheet would take for a formula: with a blank before it."""


def is_stock_sources(name: str) -> bool:
    """Return whether Magento calls its exports of source items so.

    Examples
    --------
    >>> [is_stock_sources(f"stock_sources{rest}.csv") for rest in ("", "_20261122_031500", "_2")]
    [True, True, False]
    """
    return _NAME.fullmatch(name) is not None


def read_stock_sources(file: TableFile) -> pa.Table:
    """Return an export as a table of text columns, its values as they stand in the database.

    Raises
    ------
    UnreadableError
        As `read_csv`.
    """
    table = read_csv(file)
    columns = [_unguarded(column) for column in table.columns]
    return pa.Table.from_arrays(columns, table.column_names)


def _unguarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    guarded = pc.match_substring_regex(column, _GUARDED)
    if not pc.any(guarded).as_py():
        return column
    return pc.if_else(guarded, pc.utf8_slice_codeunits(column, 1), column)
