"""From a folder of files to tables as they came in."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from engine.errors import UsageError
from engine.io.faults import TableFile, UnreadableError
from engine.io.find import Found, choose, find_tables, part_files
from engine.io.formats import READERS, read_file, read_parts
from engine.io.geonames import is_geonames_file, read_geonames_files
from engine.io.location import Location, child, hash_files, hide_password, kind, locate
from engine.tables.findings import Finding
from engine.tables.raw import RawTable

__all__ = ["TablesRead", "hash_files", "read_tables"]


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
    folder = _folder(location)
    everything = {*known, *wanted}
    found, findings = find_tables(folder, everything)
    tables: dict[str, RawTable] = {}
    files: list[str] = []
    for name in dict.fromkeys(wanted):
        if name not in found:
            continue
        one = choose(name, found[name])
        if isinstance(one, Finding):
            findings.append(one)
            continue
        parts, wrong = _files(folder, name, one)
        findings += wrong
        if wrong:
            continue
        try:
            tables[name] = _read(name, parts, one.is_folder)
            files += [part.location.text for part in parts]
        except UnreadableError as error:
            findings += error.findings
    return TablesRead(tables, findings, sorted(files), sorted(set(found) - set(wanted)))


def _folder(location: str | os.PathLike[str]) -> Location:
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


def _files(folder: Location, table: str, found: Found) -> tuple[list[TableFile], list[Finding]]:
    """Return the files that make up a table, and what is wrong with their folder."""
    place = child(folder, found.name)
    if found.is_folder:
        return part_files(table, place)
    return [TableFile(table, found.name, place)], []


def _read(table: str, files: list[TableFile], is_folder: bool) -> RawTable:
    if not is_folder:
        return read_file(files[0])
    if is_geonames_file(files[0]):
        return RawTable(read_geonames_files(files))
    return RawTable(read_parts(table, files))
