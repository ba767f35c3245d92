"""Where a file or folder stands: a local path, or any URI that pyarrow.fs opens."""

import hashlib
import io
import os
import re
from collections.abc import Iterable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from engine.errors import UsageError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_BLOCK = 1 << 20


class Location(NamedTuple):
    """A file or folder; ``filesystem`` is None for a local one.

    ``path`` is what the file system calls it, ``text`` what the user calls it: ``locate(text)``
    gives the same location again.
    """

    filesystem: "FileSystem | None"
    path: str
    text: str


class Entry(NamedTuple):
    """A name in a folder and what it is: ``file``, ``folder``, ``missing`` or ``other``."""

    name: str
    kind: str


def locate(location: str | os.PathLike[str]) -> Location:
    """Return the location that a path or URI names.

    Raises
    ------
    UsageError
        If it is a URI of a kind that cannot be opened.
    """
    text = os.fsdecode(location)
    path = local_path(text)
    if path is not None:
        return Location(None, path, path)
    import pyarrow.fs as fs

    try:
        filesystem, path = fs.FileSystem.from_uri(text)
    except ValueError as error:
        shown = hide_password(text)
        raise UsageError(
            f"{shown} cannot be opened ({str(error).replace(text, shown)}); "
            "give a local path or a URI such as s3://bucket/folder"
        ) from None
    return Location(filesystem, path, text)


def local_path(location: str | os.PathLike[str]) -> str | None:
    """Return the local path that a path or ``file:`` URI names, None for any other URI.

    Examples
    --------
    >>> local_path("file:///data/night%20run")
    '/data/night run'
    >>> local_path("s3://bucket/catalog") is None
    True
    """
    text = os.fsdecode(location)
    if not is_uri(text):
        return text
    parts = urlsplit(text)
    if parts.scheme.lower() != "file" or parts.netloc not in ("", "localhost"):
        return None
    return unquote(parts.path)


def is_uri(text: str) -> bool:
    """Return whether a location is written as a URI."""
    return _URI.match(text) is not None


def child(folder: Location, name: str) -> Location:
    """Return the location of a name (or a relative path) inside a folder."""
    if folder.filesystem is None:
        path = str(Path(folder.path) / name)
        return Location(None, path, path)
    base, mark, query = folder.text.partition("?")
    text = f"{base.rstrip('/')}/{quote(name)}{mark}{query}"
    return Location(folder.filesystem, f"{folder.path.rstrip('/')}/{name}", text)


def kind(location: Location) -> str:
    """Return what stands there: ``file``, ``folder``, ``missing`` or ``other``."""
    if location.filesystem is not None:
        return _remote_kind(location.filesystem.get_file_info(location.path))
    path = Path(location.path)
    if path.is_dir():
        return "folder"
    if path.is_file():
        return "file"
    return "other" if path.exists() else "missing"


def entries(folder: Location) -> list[Entry]:
    """Return what a folder holds, by name; names that start with ``_`` or ``.`` are left out."""
    if folder.filesystem is None:
        found = [
            Entry(path.name, kind(Location(None, str(path), str(path))))
            for path in Path(folder.path).iterdir()
        ]
    else:
        import pyarrow.fs as fs

        infos = folder.filesystem.get_file_info(fs.FileSelector(folder.path))
        found = [Entry(info.base_name, _remote_kind(info)) for info in infos]
    return sorted(entry for entry in found if not entry.name.startswith(("_", ".")))


def _remote_kind(info: Any) -> str:
    name = info.type.name
    return {"File": "file", "Directory": "folder", "NotFound": "missing"}.get(name, "other")


def open_binary(location: Location) -> BinaryIO:
    """Open a file for reading; one on another machine is fetched as a whole first.

    Fetching first keeps a lost connection (an error of the machine) apart from a damaged file.
    """
    if location.filesystem is None:
        return Path(location.path).open("rb")
    with location.filesystem.open_input_stream(location.path, compression=None) as stream:
        return io.BytesIO(stream.read())


def hash_files(files: Iterable[str], is_over: Event | None = None) -> list[dict[str, str | int]]:
    """Return path, size in bytes and SHA-256 of each file, in the order given.

    Parameters
    ----------
    files
        Local paths or URIs. A password inside a URI is not repeated in the answer.
    is_over
        Nobody waits for the answer any more once it is set; what is returned then means nothing.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    return [_hash_file(locate(file), is_over or Event()) for file in files]


def _hash_file(file: Location, is_over: Event) -> dict[str, str | int]:
    digest, size = hashlib.sha256(), 0
    with _opened(file) as stream:
        while not is_over.is_set() and (block := stream.read(_BLOCK)):
            digest.update(block)
            size += len(block)
    path = file.text if file.filesystem is None else hide_password(file.text)
    return {"path": path, "size": size, "sha256": digest.hexdigest()}


def _opened(file: Location) -> Any:
    if file.filesystem is None:
        return Path(file.path).open("rb")
    return file.filesystem.open_input_stream(file.path, compression=None)


def hide_password(uri: str) -> str:
    """Return a URI without the user and password it may carry, fit for messages and reports.

    Examples
    --------
    >>> hide_password("s3://key:secret@bucket/catalog")
    's3://***@bucket/catalog'
    """
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]+://)[^/@]*@", r"\1***@", uri)
