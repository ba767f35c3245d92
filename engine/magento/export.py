"""A store's database as a folder of tables that stays."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from engine.clock import Clock
from engine.errors import UsageError
from engine.io.output import check_output, whole_folder
from engine.io.swap import RUN_FILE
from engine.io.write import format_ending, write_table
from engine.magento.location import find_store, is_store
from engine.magento.read import read_store
from engine.magento.tables import store_tables
from engine.tables.columns import check_columns
from engine.tables.findings import Finding, raise_findings
from engine.tables.raw import RawTable
from engine.tables.schema import SCHEMAS


def export_store(
    location: str,
    out: str | PathLike[str],
    *,
    format: str = "parquet",
    overwrite: bool = False,
    clock: Clock | None = None,
) -> dict[str, int]:
    """Write the tables of a store's database: its catalogue and its open orders, in one folder.

    Parameters
    ----------
    location
        The address of the database; see `engine.magento.location.find_store`.
    out
        Local folder that appears whole or not at all.
    format
        ``parquet``, ``csv`` or ``arrow``.
    overwrite
        Replace an existing folder if it holds an export or a run.
    clock
        Told of the phases ``read``, ``validate`` and ``write``.

    Returns
    -------
    The rows of each table.

    Raises
    ------
    InputError
        If a value cannot be what its column holds. What only another table can tell, such as a
        source that is not there, is for `ssa validate`.
    UsageError
        If the address is wrong or leads to no store, or the folder may not be written.
    OSError
        If the database refuses, or the disk.
    """
    clock = clock or Clock()
    ending = format_ending(format)
    target = check_output(out, overwrite, [])
    if not is_store(location):
        raise UsageError("no address of a database; write mysql://USER@HOST[:PORT]/DB")
    store = find_store(location)
    with clock("read"):
        tables = store_tables(read_store(store))
    with clock("validate"):
        typed = _typed(tables)
    rows = {name: table.num_rows for name, table in typed.items()}
    with whole_folder(target, overwrite) as draft, clock("write"):
        for name, table in typed.items():
            write_table(table, draft / f"{name}{ending}")
        _write_info(draft, {"store": store.shown, "out": str(out), "format": format}, rows)
    return rows


def _typed(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the tables with the types of their columns; text where there is no such column."""
    typed = {}
    findings: list[Finding] = []
    for name, table in tables.items():
        checked = check_columns(SCHEMAS[name], RawTable(table, is_text=True))
        findings += checked.findings
        columns = [
            table[column] if column in checked.extra_columns else checked.table[column]
            for column in table.column_names
        ]
        typed[name] = pa.Table.from_arrays(columns, names=table.column_names)
    raise_findings(findings)
    return typed


def _write_info(folder: Path, arguments: Mapping[str, Any], rows: Mapping[str, int]) -> None:
    """Write what says that the folder is ours, and may be replaced by another export."""
    info = {
        "arguments": arguments,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("ssa-engine", "connectorx", "pyarrow")},
        },
        "rows": rows,
    }
    text = msgspec.json.format(msgspec.json.encode(info), indent=2)
    (folder / RUN_FILE).write_bytes(text + b"\n")
