"""Magento's export of source items in place of the table, as PHP writes it."""

import gzip
from pathlib import Path

import pytest

from engine.io.read import read_tables
from engine.io.stock_sources import is_stock_sources

from .conftest import Put, Read

# From the test fixtures of MSI's own import.
EXPORT = """\
source_code,sku,status,quantity
eu-1,SKU-1,1,6.8800
eu-2,SKU-1,1,5.0000
us-1,SKU-2,1,15
eu-1,SKU-2,1,33
"""


def rows(read: Read) -> list[tuple[str | None, ...]]:
    found = read()
    assert found.findings == []
    return [tuple(row.values()) for row in found.tables["source_items"].table.to_pylist()]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", ["stock_sources.csv", "stock_sources_20261122_031500.csv"])
def test_an_export_stands_for_the_table(put: Put, read: Read, name: str, mark: str) -> None:
    put(name, mark + EXPORT)
    assert rows(read)[0] == ("eu-1", "SKU-1", "1", "6.8800")
    assert len(rows(read)) == 4
    assert [Path(file).name for file in read().files] == [name]
    assert read().tables["source_items"].is_text


def test_an_export_may_be_compressed(put: Put, read: Read) -> None:
    put("stock_sources.csv.gz", gzip.compress(EXPORT.encode()))
    assert len(rows(read)) == 4


@pytest.mark.parametrize(
    ("written", "sku"),
    [
        # fputcsv with "\0" for an escape, as Magento calls it: a quote is doubled, always.
        ('"24-WB01 ""Voyage"""', '24-WB01 "Voyage"'),
        ('"a\\""b"', 'a\\"b'),
        ("a\\b", "a\\b"),
        ('"end\\"""', 'end\\"'),
        ('"one,\ntwo"', "one,\ntwo"),
        ('"tab\there"', "tab\there"),
        # A blank before what a spreadsheet would take for a formula is Magento's.
        ('" =SUM(A1)"', "=SUM(A1)"),
        ('" +49"', "+49"),
        ('" -1"', "-1"),
        ('" plain"', " plain"),
        ('"  =x"', "  =x"),
        ("=x", "=x"),
        ("NULL", "NULL"),
        ("Übergröße-😀", "Übergröße-😀"),
        # No value has a meaning of its own in this import.
        ("__EMPTY__VALUE__", "__EMPTY__VALUE__"),
    ],
)
def test_what_php_writes_is_read(put: Put, read: Read, written: str, sku: str) -> None:
    put("stock_sources.csv", f"source_code,sku,status,quantity\neu-1,{written},1,10.0000\n")
    assert rows(read) == [("eu-1", sku, "1", "10.0000")]


def test_a_table_of_our_own_is_read_as_it_stands(put: Put, read: Read) -> None:
    put("source_items.csv", "source_code,sku,quantity\neu-1, =x,1\n")
    assert rows(read) == [("eu-1", " =x", "1")]


def test_a_negative_quantity_has_a_blank_too(put: Put, read: Read) -> None:
    put("stock_sources.csv", 'source_code,sku,status,quantity\neu-1,A,0," -3.5000"\n')
    assert rows(read) == [("eu-1", "A", "0", "-3.5000")]


@pytest.mark.parametrize(
    "others",
    [
        ["source_items.csv"],
        ["source_items.parquet"],
        ["stock_sources_20261122_031500.csv"],
        ["source_items.csv", "stock_sources_20261122_031500.csv"],
        ["stock_sources.csv.gz"],
    ],
)
def test_two_of_them_are_refused(put: Put, read: Read, others: list[str]) -> None:
    names = sorted(["stock_sources.csv", *others])
    for name in names:
        put(name, EXPORT)
    (finding,) = read().findings
    assert finding.table == "source_items"
    assert finding.reason == f"stands there more than once: {' and '.join(names)}"


def test_beside_a_folder_of_parts_it_is_refused(put: Put, read: Read) -> None:
    put("stock_sources.csv", EXPORT)
    put("source_items/part-0.parquet", "x")
    (finding,) = read().findings
    assert finding.reason == "stands there more than once: source_items/ and stock_sources.csv"


@pytest.mark.parametrize(
    "name",
    [
        *("stock_sources (1).csv", "stock_sources.CSV", "stock_source.csv", "Stock_Sources.csv"),
        *("stock_sources_20261122.csv", "stock_sources_20261122_031500 (1).csv"),
    ],
)
def test_a_name_like_it_is_refused(put: Put, read: Read, name: str) -> None:
    put(name, EXPORT)
    (finding,) = read().findings
    assert finding.reason.startswith(f"{name} bears the name of no table")
    assert "rename it to stock_sources.csv;" in finding.remedy
    assert not is_stock_sources(name)


def test_in_another_format_it_is_refused(put: Put, read: Read) -> None:
    put("stock_sources_20261122_031500.xlsx", "x")
    (finding,) = read().findings
    assert finding.table == "source_items"
    assert finding.reason.endswith("is in a format that is not read")


def test_a_broken_link_is_named(put: Put, read: Read, tmp_path: Path) -> None:
    (tmp_path / "stock_sources.csv").symlink_to("gone")
    (finding,) = read().findings
    assert finding.reason == "stock_sources.csv is no file any more, or a broken link"


def test_where_no_source_items_are_known_it_stands_for_nothing(put: Put, tmp_path: Path) -> None:
    put("stock_sources.csv", EXPORT)
    (finding,) = read_tables(tmp_path, ["orders"], ["orders"]).findings
    assert "bears the name of no table" in finding.reason
    # In the result of a run, which writes one, it is a file of its own.
    assert not read_tables(tmp_path, ["source_items"], ["source_items", "stock_sources"]).findings


def test_without_columns_it_is_no_export(put: Put, read: Read) -> None:
    put("stock_sources.csv", "eu-1,SKU-1,1,6.8800\n")
    (finding,) = read().findings
    assert "no header row" in finding.reason
