"""Which file or folder of a location holds which table, and what has no place there."""

import os
import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from engine.io.faults import TableFile, UnreadableError, printable
from engine.io.formats import READERS
from engine.io.location import Entry, Location, child, entries
from engine.io.stock_sources import STOCK_SOURCES, is_stock_sources
from engine.tables.findings import Finding, whole_table

GEONAMES = "geonames"
_GEONAMES_ENDINGS = (".txt", ".zip")
_PART_ENDINGS = (".parquet", ".arrow", ".feather")
# May stand beside tables and their parts. Anything else may be data: never overlooked silently.
_ASIDE = re.compile(
    r"(readme|notes|licen[cs]e)\b.*|.*(~|\.(crc|md|md5|sha[0-9]+|sql))", re.IGNORECASE | re.DOTALL
)


class Found(NamedTuple):
    """A file or folder that bears the name of a table."""

    name: str
    is_folder: bool


def find_tables(
    folder: Location, known: Collection[str]
) -> tuple[dict[str, list[Found]], list[Finding]]:
    """Return what holds each known table, and the findings on tables of unknown name.

    Magento's export of source items holds the table ``source_items``.
    """
    found: dict[str, list[Found]] = {}
    findings = []
    takes_export = "source_items" in known and STOCK_SOURCES not in known
    for name, kind in entries(folder):
        stem, ending = _split(name, tuple(READERS)) if kind != "folder" else (name, "")
        table = _table_in(name)
        if takes_export and table == STOCK_SOURCES:
            table = "source_items"
        if kind == "folder" and name in known:
            found.setdefault(name, []).append(Found(name, True))
        elif kind == "folder":
            if table in known or _holds_tables(child(folder, name)):
                findings.append(_unknown(f"{name}/", name, known))
        elif stem in known and ending in READERS:
            found.setdefault(stem, []).append(Found(name, False))
        elif takes_export and is_stock_sources(name):
            found.setdefault("source_items", []).append(Found(name, False))
        elif ending:
            is_text = takes_export and ending.lower().startswith(".csv")
            findings.append(_unknown(name, stem, [*known, *([STOCK_SOURCES] if is_text else [])]))
        elif kind == "missing" and (table in known or "." not in name):
            findings.append(_broken_link(name, table if table in known else printable(name)))
        elif table in known and not _ASIDE.fullmatch(name):
            findings.append(_foreign(name, table))
    return found, findings


def _table_in(name: str) -> str:
    """Return the word that a name begins with: ``orders`` of ``Orders-2.xlsx``."""
    return re.split("[^a-z_]", name.lower())[0].rstrip("_")


def _split(name: str, endings: tuple[str, ...]) -> tuple[str, str]:
    """Return the name without its ending, and the ending as written; empty if not among these."""
    ending = next((ending for ending in endings if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)], name[len(name) - len(ending) :]


def _holds_tables(folder: Location) -> bool:
    return any(
        _split(path, tuple(READERS))[1] or _is_geonames(path.rpartition("/")[2])
        for path, _ in _walk(folder)
    )


def _is_geonames(name: str) -> bool:
    """Return whether GeoNames calls its own files so: ``FR.txt``, ``GB_full.csv.zip``."""
    stem = _split(name, (".txt", ".csv.zip", ".zip"))[0].removesuffix("_full")
    is_code = len(stem) == 2 and stem.isascii() and stem.isupper()
    return stem != name and (is_code or stem == "allCountries")


def _unknown(shown: str, stem: str, known: Collection[str]) -> Finding:
    near = get_close_matches(stem.lower(), sorted(known), n=1, cutoff=0.0)
    ending = shown[len(stem) :].lower()
    nearest = f", rename it to {near[0]}{ending}" if near else ""
    reason = f"{printable(shown)} bears the name of no table"
    if near and near[0] != stem:
        reason += f"; the nearest is {near[0]}"
    remedy = f"if it is meant{nearest}; if not, move it out of the folder"
    return whole_table(printable(stem), reason, remedy)


def _foreign(name: str, table: str) -> Finding:
    reason = f"{printable(name)} is in a format that is not read"
    remedy = f"write it as {', '.join(READERS)}, or move it out of the folder"
    return whole_table(table, reason, remedy)


def _broken_link(name: str, table: str) -> Finding:
    reason = f"{printable(name)} is a link that leads nowhere"
    return whole_table(table, reason, "put back what it leads to, or remove the link")


def choose(table: str, found: list[Found]) -> Found | Finding:
    """Return the one file or folder of a table, or the finding that there are several."""
    if len(found) == 1:
        return found[0]
    shown = " and ".join(f"{one.name}/" if one.is_folder else one.name for one in found)
    return whole_table(table, f"stands there more than once: {shown}", "keep one of them")


def files_of(folder: Location, table: str, found: list[Found]) -> list[TableFile]:
    """Return the file of a table, or its part files by path, from what bears its name.

    Raises
    ------
    UnreadableError
        If it is there more than once, or its part files do not go together.
    """
    one = choose(table, found)
    if isinstance(one, Finding):
        raise UnreadableError([one])
    place = child(folder, one.name)
    if not one.is_folder:
        return [TableFile(table, one.name, place)]
    files, findings = part_files(table, place)
    if findings:
        raise UnreadableError(findings)
    return files


def part_files(table: str, folder: Location) -> tuple[list[TableFile], list[Finding]]:
    """Return the part files of a table's folder by path, and what is wrong with the folder.

    For ``geonames`` these may be GeoNames' own files.
    """
    endings = (*_PART_ENDINGS, *_GEONAMES_ENDINGS) if table == GEONAMES else _PART_ENDINGS
    files, unfit, broken = [], [], []
    for path, kind in _walk(folder):
        name = path.rpartition("/")[2]
        if kind == "missing" and not _ASIDE.fullmatch(name):
            broken.append(_broken_link(f"{table}/{path}", table))
        elif name.endswith(endings) and name.lower() != "readme.txt":
            files.append(TableFile(table, f"{table}/{path}", child(folder, path)))
        elif not _ASIDE.fullmatch(name):
            unfit.append(f"{table}/{path}")
    files.sort(key=lambda file: file.name)
    return files, broken[:1] or [*_folder_findings(table, files, unfit)]


def _folder_findings(table: str, files: list[TableFile], unfit: list[str]) -> Iterator[Finding]:
    kinds = " or ".join(_PART_ENDINGS)
    if unfit:
        reason = f"{printable(unfit[0])} is no part file"
        remedy = f"parts end in {kinds}, one CSV is {table}.csv; move anything else out"
        yield whole_table(table, reason, remedy)
    elif not files:
        remedy = f"put its part files there ({kinds}), or remove the folder"
        yield whole_table(table, f"{table}/ holds no part files", remedy)
    formats = {_format(file.name) for file in files}
    if len(formats) > 1:
        reason = f"{table}/ holds part files of different formats: {', '.join(sorted(formats))}"
        yield whole_table(table, reason, "keep one format")
    stems = [file.name.rpartition(".")[0] for file in files]
    if formats == {"GeoNames"} and len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        yield whole_table(table, f"{printable(twice)} is there twice", "keep .txt or .zip")


def _format(name: str) -> str:
    ending = name[name.rfind(".") :]
    return {".feather": "Arrow", ".arrow": "Arrow", ".parquet": "Parquet"}.get(ending, "GeoNames")


def _walk(folder: Location, prefix: str = "", above: tuple[str, ...] = ()) -> Iterator[Entry]:
    """Yield all below a folder that is none, its path with ``/`` and relative to that folder.

    A link that leads back to a folder above it is not followed.
    """
    here = folder.path if folder.filesystem else os.path.realpath(folder.path)
    if here in above:
        return
    for name, kind in entries(folder):
        if kind == "folder":
            yield from _walk(child(folder, name), f"{prefix}{name}/", (*above, here))
        else:
            yield Entry(f"{prefix}{name}", kind)
