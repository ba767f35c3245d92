"""What the tests of files share."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.fs as fs
import pytest

from engine.io.read import TablesRead, read_tables

KNOWN = (
    *("sources", "stocks", "source_items", "reservations", "source_reservations"),
    *("geonames", "orders", "order_lines"),
)


def short(value: object) -> str:
    """Return the name of a test's parameter: long ones are cut, and bytes show no time."""
    return repr(value)[:24]


Put = Callable[[str, bytes | str], Path]
Read = Callable[..., TablesRead]


class Remote(NamedTuple):
    """A stand-in for a bucket: ``test://`` URIs that lead into a folder of this machine."""

    root: str

    def from_uri(self, uri: str) -> tuple[fs.FileSystem, str]:
        """Return the file system and the path in it, as pyarrow does."""
        if not uri.startswith("test://"):
            raise pa.ArrowInvalid(f"Unrecognized filesystem type in URI: {uri}")
        path = uri.removeprefix("test://").partition("?")[0].rpartition("@")[2]
        return fs.SubTreeFileSystem(self.root, fs.LocalFileSystem()), path.replace("%20", " ")


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URI under which ``tmp_path`` is read as if it were on another machine."""
    monkeypatch.setattr(fs, "FileSystem", Remote(str(tmp_path.parent)))
    return f"test://{tmp_path.name}"


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Return a function that writes a file below ``tmp_path``."""

    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads the tables named, all by default, from ``tmp_path``."""

    def tables(*wanted: str) -> TablesRead:
        return read_tables(tmp_path, wanted or KNOWN, KNOWN)

    return tables
