from pathlib import Path

import pyarrow as pa
import pytest

from engine.io.write import write_table

from .conftest import Put, Read

STOCKS = "stock_id\n1\n"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("source_reservation.csv", "source_reservations.csv"),
        ("SourceReservations.csv", "source_reservations.csv"),
        ("Sources.csv", "sources.csv"),
        ("sources.CSV", "sources.csv"),
        ("sources.Csv.Gz", "sources.csv.gz"),
        ("oders.parquet", "orders.parquet"),
        ("stocks.part.feather", "stocks.feather"),
        ("stock.arrow", "stocks.arrow"),
    ],
)
def test_a_table_of_unknown_name_is_refused(put: Put, read: Read, name: str, nearest: str) -> None:
    put(name, STOCKS)
    put("stocks.csv", STOCKS)
    found = read()
    (finding,) = found.findings
    assert finding.reason.startswith(f"{name} bears the name of no table")
    assert f"rename it to {nearest};" in finding.remedy
    assert list(found.tables) == ["stocks"]


@pytest.mark.parametrize(
    ("name", "folder", "nearest"),
    [
        ("source_reservation/part.parquet", "source_reservation", "source_reservations"),
        ("Sources/a=1/b=2/part.arrow", "Sources", "sources"),
        ("sources.parquet/part-0.parquet", "sources.parquet", "sources"),
        ("Sources/part-0.parq", "Sources", "sources"),
        ("stockss/x.csv", "stockss", "stocks"),
        ("geoname/FR.txt", "geoname", "geonames"),
        ("Geonames/GB_full.csv.zip", "Geonames", "geonames"),
    ],
)
def test_a_folder_of_unknown_name_that_holds_tables_is_refused(
    put: Put, read: Read, name: str, folder: str, nearest: str
) -> None:
    put(name, "x")
    (finding,) = read().findings
    assert (finding.table, finding.reason.split()[0]) == (folder, f"{folder}/")
    assert f"rename it to {nearest}/;" in finding.remedy


@pytest.mark.parametrize(
    "name",
    [
        *("sources.xlsx", "Sources.json", "stocks.csv.zst", "orders.tsv", "stocks.csv.bak"),
        *("stocks.arrows", "stocks.parquet.gz", "stocks.csv.lz4", "stocks.sqlite", "stocks"),
        *("stocks-2.parq", "stocks (1).xlsx", "Stocks_2024.dat"),
    ],
)
def test_data_in_a_format_that_is_not_read_is_refused(put: Put, read: Read, name: str) -> None:
    put(name, "x")
    (finding,) = read().findings
    assert finding.table == ("stocks" if "tocks" in name else name.partition(".")[0].lower())
    assert finding.reason == f"{name} is in a format that is not read"


@pytest.mark.parametrize("target", ["/gone/source_reservations", "source_reservations"])
@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("source_reservations", "source_reservations"),
        ("source_reservation", "source_reservation"),
        ("Source_Reservations.d", "source_reservations"),
        ("backup", "backup"),
    ],
)
def test_a_link_to_a_folder_that_is_gone_is_refused(
    tmp_path: Path, read: Read, name: str, table: str, target: str
) -> None:
    (tmp_path / name).symlink_to(name if target == "source_reservations" else target)
    (finding,) = read().findings
    assert (finding.table, finding.reason) == (table, f"{name} is a link that leads nowhere")


def test_a_broken_link_to_something_else_is_ignored(tmp_path: Path, read: Read) -> None:
    for name in ("README.md", "notes.txt", ".#sources.csv", "_old"):
        (tmp_path / name).symlink_to("gone")
    assert read() == ({}, [], [], [])


def test_other_files_are_ignored(put: Put, read: Read) -> None:
    others = (
        *("README.md", "_SUCCESS", ".sources.csv.crc", "sources.csv.crc", "notes.txt"),
        *("._sources.csv", "_sources.csv", ".git/sources.csv", "_old/sources.csv", "docs/DE.md"),
        *("sources.sql", "report.xlsx", "stocks.csv~", "docs/_x/sources.csv", "orders.md"),
        *("stocks.csv.sha256", "sources_and_stocks.txt", ".DS_Store", "_metadata", "docs/x.json"),
    )
    for name in others:
        put(name, "x")
    assert read() == ({}, [], [], [])


def test_a_table_in_two_formats_is_refused(put: Put, read: Read) -> None:
    for name in ("stocks.csv", "stocks.csv.gz", "stocks.arrow"):
        put(name, STOCKS)
    found = read()
    (finding,) = found.findings
    assert finding.reason == (
        "stands there more than once: stocks.arrow and stocks.csv and stocks.csv.gz"
    )
    assert found.tables == {}
    assert read("sources").findings == []


def test_a_table_in_a_file_and_a_folder_is_refused(put: Put, read: Read) -> None:
    put("stocks.csv", STOCKS)
    put("stocks/README.md", "x")
    (finding,) = read().findings
    assert finding.reason == "stands there more than once: stocks/ and stocks.csv"


def test_an_empty_folder_named_as_a_table_file_is_refused(tmp_path: Path, read: Read) -> None:
    (tmp_path / "orders.csv").mkdir()
    (finding,) = read().findings
    assert finding.reason.startswith("orders.csv/ bears the name of no table")


def test_links_that_lead_back_are_not_followed(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "stocks"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).symlink_to(".")
    write_table(pa.table({"stock_id": [1]}), folder / "part.parquet")
    assert read().tables["stocks"].table.num_rows == 1


@pytest.mark.parametrize("name", ["README.md", "_SUCCESS", ".part.parquet", "_x/part.parquet"])
def test_a_folder_without_part_files_is_refused(put: Put, read: Read, name: str) -> None:
    put(f"stocks/{name}", "x")
    (finding,) = read().findings
    assert finding.reason == "stocks/ holds no part files"


def test_an_empty_folder_is_refused(tmp_path: Path, read: Read) -> None:
    (tmp_path / "stocks").mkdir()
    assert read().findings[0].reason == "stocks/ holds no part files"


@pytest.mark.parametrize(
    "name",
    [
        *("part.csv", "a=1/part.csv.gz", "part.PARQUET", "b.parq", "a=1/b.json", "b.parquet.gz"),
        *("b.txt", "b.arrows", "000000_0"),
    ],
)
def test_a_folder_with_other_part_files_is_refused(
    tmp_path: Path, put: Put, read: Read, name: str
) -> None:
    put(f"stocks/{name}", STOCKS)
    write_table(pa.table({"stock_id": [1]}), tmp_path / "stocks" / "x.parquet")
    (finding,) = read().findings
    assert finding.reason == f"stocks/{name} is no part file"


@pytest.mark.parametrize("name", ["part=2", "x.parquet", "0"])
def test_a_broken_link_among_part_files_is_refused(tmp_path: Path, read: Read, name: str) -> None:
    (tmp_path / "stocks" / "a=1").mkdir(parents=True)
    write_table(pa.table({"stock_id": [1]}), tmp_path / "stocks" / "a.parquet")
    (tmp_path / "stocks" / "a=1" / name).symlink_to("gone")
    (finding,) = read().findings
    assert finding.table == "stocks"
    assert finding.reason == f"stocks/a=1/{name} is a link that leads nowhere"


def test_other_files_among_part_files_are_ignored(tmp_path: Path, put: Put, read: Read) -> None:
    others = ("README.md", "notes.txt", "LICENSE", "a.parquet.crc", ".DS_Store", "_SUCCESS")
    for name in (*others, "SHA256SUMS.sha256"):
        put(f"stocks/{name}", "x")
    write_table(pa.table({"stock_id": [1]}), tmp_path / "stocks" / "a.parquet")
    found = read()
    assert (found.findings, found.tables["stocks"].table.num_rows) == ([], 1)


def test_a_folder_of_parts_in_two_formats_is_refused(tmp_path: Path, read: Read) -> None:
    (tmp_path / "stocks").mkdir()
    for name in ("a.parquet", "b.arrow", "c.feather"):
        write_table(pa.table({"stock_id": [1]}), tmp_path / "stocks" / name)
    (finding,) = read().findings
    assert finding.reason == "stocks/ holds part files of different formats: Arrow, Parquet"


def test_a_name_that_is_not_utf8_can_be_printed(tmp_path: Path, read: Read) -> None:
    (tmp_path / b"caf\xe9.csv".decode("utf-8", "surrogateescape")).write_text("x")
    (finding,) = read().findings
    assert finding.table == "caf<E9>"
    assert finding.reason.startswith("caf<E9>.csv bears the name of no table")
