"""GeoNames' postal-code files: tab-separated, without header and without quoting."""

import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.csv as pacsv

from engine.errors import UsageError
from engine.io.faults import (
    COPY_AGAIN,
    TableFile,
    UnreadableError,
    fault,
    opened,
    show_bytes,
    wrong_format,
)
from engine.io.find import GEONAMES, part_files
from engine.io.lent import LentStream
from engine.io.location import hide_password, kind, locate

_FIELDS = (
    *("country_code", "postcode", "city", "region", "region_code"),
    *("admin2", "admin2_code", "admin3", "admin3_code", "latitude", "longitude", "accuracy"),
)
_DEGREES = ("latitude", "longitude")
_KEPT = (*_FIELDS[:5], *_DEGREES)
_TYPES = {name: pa.float64() if name in _DEGREES else pa.string() for name in _FIELDS}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_BLOCKS = (1 << 22, 2**31 - 1)


def read_geonames(paths: Iterable[str | os.PathLike[str]]) -> pa.Table:
    """Return GeoNames' postal-code rows as the ``geonames`` table.

    Parameters
    ----------
    paths
        ``CC.txt`` or ``CC.zip`` files as GeoNames offers them, or folders of such files, as
        local paths or URIs. The rows keep the order of the paths (of the names in a folder),
        then that of each file: the first row of a postcode is the one that counts.

    Returns
    -------
    country_code, postcode, city, region, region_code (text, null where empty), latitude and
    longitude (float64, degrees).

    Raises
    ------
    InputError
        If a file is not of GeoNames' form; names the file and the line.
    UsageError
        If a path does not exist or there is none.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise UsageError("no GeoNames file was named; give CC.txt or CC.zip files")
    return read_geonames_files(files)


def _files(path: str | os.PathLike[str]) -> list[TableFile]:
    location = locate(path)
    found, shown = kind(location), hide_password(location.text)
    if found == "missing":
        raise UsageError(f"{shown} does not exist; give GeoNames' CC.txt or CC.zip files")
    if found != "folder":
        return [TableFile(GEONAMES, shown, location)]
    files, findings = part_files(GEONAMES, location)
    if not any(map(is_geonames_file, files)):
        raise UsageError(f"{shown} holds no GeoNames file; give CC.txt or CC.zip files")
    if findings:
        raise UnreadableError(findings)
    return files


def is_geonames_file(file: TableFile) -> bool:
    """Return whether the ending is one that GeoNames uses."""
    return file.name.lower().endswith((".txt", ".zip"))


def read_geonames_files(files: Iterable[TableFile]) -> pa.Table:
    """Return the rows of GeoNames files that are known to be there."""
    tables = [table for file in files for table in _read_file(file)]
    return pa.concat_tables(tables).select(_KEPT)


def _read_file(file: TableFile) -> Iterator[pa.Table]:
    with opened(file) as (stream, head):
        if not head.startswith(b"PK"):
            if file.name.lower().endswith(".zip"):
                raise wrong_format(file, head, "a zip archive")
            yield _read_rows(file, stream)
            return
        try:
            with zipfile.ZipFile(stream) as archive:
                yield from _read_members(file, archive)
        # A password is a RuntimeError, an unknown compression a NotImplementedError of it.
        except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError) as error:
            raise fault(file, f"is a damaged zip archive ({error})", COPY_AGAIN) from error


def _read_members(file: TableFile, archive: zipfile.ZipFile) -> Iterator[pa.Table]:
    names = [
        name
        for name in archive.namelist()
        if name.lower().endswith((".txt", ".csv"))
        and not name.lower().endswith("readme.txt")
        and not name.startswith(("__MACOSX/", "."))
    ]
    if not names:
        raise fault(file, "holds no CC.txt", "give a zip archive of GeoNames' postal codes")
    for name in names:
        member = TableFile(file.table, f"{file.name}/{name}", file.location)
        content = archive.read(name)
        if not content:
            raise fault(member, "is empty (0 bytes)", COPY_AGAIN)
        yield _read_rows(member, io.BytesIO(content))


def _read_rows(file: TableFile, stream: BinaryIO) -> pa.Table:
    parse = pacsv.ParseOptions(delimiter="\t", quote_char=False)
    convert = pacsv.ConvertOptions(column_types=_TYPES, null_values=[""], strings_can_be_null=True)
    for block in _BLOCKS:
        read = pacsv.ReadOptions(column_names=list(_FIELDS), block_size=block)
        try:
            with closing(LentStream(stream)) as lent:
                return pacsv.read_csv(cast(BinaryIO, lent), read, parse, convert)
        except pa.ArrowInvalid as error:
            stream.seek(0)
            if problem := _first_bad_line(stream):
                remedy = "give a postal-code file of GeoNames, with 12 fields separated by tabs"
                raise fault(file, problem, remedy) from error
    raise fault(file, f"holds a line of more than {_BLOCKS[-1]:,} bytes", COPY_AGAIN)


def _first_bad_line(stream: BinaryIO) -> str:
    """Return what is wrong with the first line that is not of GeoNames' form, "" if none is."""
    for number, line in enumerate(stream.read().splitlines(), 1):
        if line and (problem := _problem(line)):
            return f"line {number} {problem}"
    return ""


def _problem(line: bytes) -> str:
    fields = [show_bytes(field) for field in line.split(b"\t")]
    if len(fields) != len(_FIELDS):
        return f"has {len(fields)} field{'s' if len(fields) > 1 else ''}, not {len(_FIELDS)}"
    if "\t".join(fields).encode() != line:
        return f"holds bytes that are not UTF-8, shown as <XX>: {', '.join(fields[:3])}"
    for name, text in zip(_FIELDS, fields, strict=True):
        if name in _DEGREES and text and not _NUMBER.fullmatch(text):
            return f"holds {text!r} as {name}, which is no number"
    return ""
