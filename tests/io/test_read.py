import os
from pathlib import Path

import pyarrow as pa
import pytest

from engine.errors import UsageError
from engine.io import faults
from engine.io.read import read_tables
from engine.io.write import write_table
from engine.tables.findings import describe

from .conftest import KNOWN, Put, Read

STOCKS = "stock_id\n1\n"


def test_read_tables_reads_what_is_wanted(tmp_path: Path, put: Put, read: Read) -> None:
    put("stocks.csv", STOCKS)
    put("orders.csv", "order_id\n")
    put("order_lines.csv", "not,read\n1\n")
    write_table(pa.table({"source_code": ["fr"]}), tmp_path / "sources.parquet")
    found = read("sources", "stocks", "source_items", "orders")
    assert found.findings == []
    assert list(found.tables) == ["sources", "stocks", "orders"]
    assert found.tables["stocks"].is_text
    assert not found.tables["sources"].is_text
    assert found.tables["orders"].table.num_rows == 0
    assert found.ignored == ["order_lines"]
    assert found.files == [
        str(tmp_path / name) for name in ("orders.csv", "sources.parquet", "stocks.csv")
    ]


@pytest.mark.parametrize("shape", ["str", "path", "slash", "uri", "relative"])
def test_read_tables_takes_any_spelling_of_a_folder(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    put("a b/stocks.csv", STOCKS)
    folder = tmp_path / "a b"
    monkeypatch.chdir(tmp_path)
    location = {
        "str": str(folder),
        "path": folder,
        "slash": f"{folder}/",
        "uri": folder.as_uri(),
        "relative": "a b",
    }[shape]
    found = read_tables(location, KNOWN, KNOWN)
    assert list(found.tables) == ["stocks"]
    assert [os.path.realpath(file) for file in found.files] == [str(folder / "stocks.csv")]


def test_read_tables_reads_from_another_machine(tmp_path: Path, put: Put, remote: str) -> None:
    put("stocks.csv", STOCKS)
    put("geonames/FR.txt", "FR\t75001\tParis\t\t\t\t\t\t\t48.8\t2.3\t5")
    (tmp_path / "sources" / "a b=1").mkdir(parents=True)
    write_table(pa.table({"source_code": ["fr"]}), tmp_path / "sources" / "a b=1" / "p.parquet")
    found = read_tables(remote, KNOWN, KNOWN)
    assert found.findings == []
    assert {name: raw.table.num_rows for name, raw in found.tables.items()} == {
        "sources": 1,
        "stocks": 1,
        "geonames": 1,
    }
    assert found.files == [
        f"{remote}/geonames/FR.txt",
        f"{remote}/sources/a%20b%3D1/p.parquet",
        f"{remote}/stocks.csv",
    ]


def test_read_tables_follows_links(tmp_path: Path, put: Put, read: Read) -> None:
    put("elsewhere.txt", STOCKS).rename(tmp_path.parent / f"{tmp_path.name}.txt")
    (tmp_path / "stocks.csv").symlink_to(tmp_path.parent / f"{tmp_path.name}.txt")
    (tmp_path / "sources.csv").symlink_to("nowhere")
    found = read()
    assert list(found.tables) == ["stocks"]
    assert [describe(finding) for finding in found.findings] == [
        "sources: sources.csv is no file any more, or a broken link; put it back"
    ]


def test_read_tables_does_not_wait_for_a_pipe(tmp_path: Path, read: Read) -> None:
    os.mkfifo(tmp_path / "stocks.csv")
    assert [finding.reason for finding in read().findings] == ["stocks.csv is no regular file"]


def test_read_tables_reports_every_table_at_fault(put: Put, read: Read) -> None:
    put("sources.parquet", "")
    put("stocks.csv", "stock_id\n1,2\n")
    put("orders.csv", "order_id\n7\n")
    put("order.csv", "order_id\n7\n")
    found = read()
    assert sorted(finding.table for finding in found.findings) == ["order", "sources", "stocks"]
    assert list(found.tables) == ["orders"]
    assert [Path(file).name for file in found.files] == ["orders.csv"]


@pytest.mark.parametrize("name", ["stocks.csv", "stocks.parquet", "geonames/FR.txt"])
def test_read_tables_lets_a_refusal_of_the_machine_through(
    put: Put, read: Read, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    put(name, STOCKS)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(faults, "open_binary", refuse)
    with pytest.raises(PermissionError):
        read()


@pytest.mark.parametrize("name", ["stocks.csv", "stocks.csv.gz", "stocks.parquet", "stocks.arrow"])
def test_read_tables_lets_a_failing_disk_through(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_table(pa.table({"stock_id": [str(at) for at in range(100_000)]}), tmp_path / name)
    read_bytes = faults.open_binary

    class Failing:
        """A file whose later parts cannot be read."""

        def __init__(self, location) -> None:
            self.file = read_bytes(location)
            self.reads = 0

        def read(self, *size: int) -> bytes:
            self.reads += 1
            if self.reads > 1:
                raise OSError(5, "Input/output error")
            return self.file.read(*size)

        def __getattr__(self, name: str):
            return getattr(self.file, name)

        def __enter__(self):
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

    monkeypatch.setattr(faults, "open_binary", Failing)
    with pytest.raises(OSError, match="Input/output error"):
        read()


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("gone", "the folder 'gone' does not exist; give a folder with one file per table"),
        ("", "the folder '' does not exist"),
        ("file.csv", "'file.csv' is no folder; give the folder that holds the table files"),
        ("ftp://a/b", "ftp://a/b cannot be opened"),
    ],
)
def test_read_tables_refuses_what_is_no_folder(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str, words: str
) -> None:
    put("file.csv", STOCKS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        read_tables(location, KNOWN, KNOWN)
    assert words in str(caught.value)


def test_read_tables_hides_the_password_of_what_is_no_folder(remote: str) -> None:
    with pytest.raises(UsageError, match=r"'test://\*\*\*@"):
        read_tables(remote.replace("test://", "test://key:secret@") + "/gone", KNOWN, KNOWN)
