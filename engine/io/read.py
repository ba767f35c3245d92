"""From a folder of files to tables as they came in."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from engine.errors import UsageError
from engine.io.faults import TableFile, UnreadableError
from engine.io.find import Found, files_of, find_tables
from engine.io.formats import READERS, read_file, read_parts
from engine.io.geonames import is_geonames_file, read_geonames_files
from engine.io.location import Location, hide_password, kind, locate
from engine.io.stock_sources import is_stock_sources, read_stock_sources
from engine.tables.findings import Finding
from engine.tables.raw import RawTable


class TablesRead(NamedTuple):
    """What a folder of tables gave.

    A table that could not be read stands in ``findings`` and not in ``tables``. ``files`` are
    the paths or URIs of every file that these came from, sorted; ``ignored`` the tables that are
    there and were not wanted, sorted.
    """

    tables: dict[str, RawTable]
    findings: list[Finding]
    files: list[str]
    ignored: list[str]


def read_tables(
    location: str | os.PathLike[str], wanted: Sequence[str], known: Sequence[str]
) -> TablesRead:
    r"""Return the tables in a folder, one file or sub-folder of part files for each.

    Parameters
    ----------
    location
        A local path, or any URI that pyarrow.fs opens.
    wanted
        The tables to read. One that is not there is no finding: that is for the caller to say.
    known
        Every table that may stand in such a folder.

    Raises
    ------
    UsageError
        If the location is no folder.
    OSError
        If the machine fails or refuses, for want of permission for instance.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "stocks.csv").write_text("stock_id,name\n007,Europe\n")
    ...     read = read_tables(folder, ["stocks"], ["sources", "stocks"])
    >>> read.tables["stocks"].table.to_pylist()
    [{'stock_id': '007', 'name': 'Europe'}]
    """
    folder = table_folder(location)
    found, findings = find_tables(folder, {*known, *wanted})
    tables: dict[str, RawTable] = {}
    files: list[str] = []
    for name in dict.fromkeys(wanted):
        if name in found:
            try:
                tables[name], read = _read(folder, name, found[name])
                files += [file.location.text for file in read]
            except UnreadableError as error:
                findings += error.findings
    return TablesRead(tables, findings, sorted(files), sorted(set(found) - set(wanted)))


def table_folder(location: str | os.PathLike[str]) -> Location:
    """Return the folder at a location; see `read_tables` for what is raised."""
    folder = locate(location)
    found, shown = kind(folder), hide_password(folder.text)
    if found == "missing" or not folder.path:
        raise UsageError(
            f"the folder {shown!r} does not exist; give a folder with one file per table, "
            f"such as sources.parquet (endings read: {', '.join(READERS)})"
        )
    if found != "folder":
        raise UsageError(f"{shown!r} is no folder; give the folder that holds the table files")
    return folder


def _read(folder: Location, table: str, found: list[Found]) -> tuple[RawTable, list[TableFile]]:
    """Return a table and the files that it was read from."""
    files = files_of(folder, table, found)
    if table == "source_items" and is_stock_sources(files[0].name):
        return RawTable(read_stock_sources(files[0]), is_text=True), files
    if not found[0].is_folder:
        return read_file(files[0]), files
    if is_geonames_file(files[0]):
        return RawTable(read_geonames_files(files)), files
    return RawTable(read_parts(table, files)), files
