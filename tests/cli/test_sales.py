"""``ssa salable`` and ``ssa check``."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import engine
from tests.cli.running import EXAMPLE, RETAIL, add, names, refused, ssa

SALABLE = """\
stock_id  sku      quantity  is_salable  salable_qty
────────────────────────────────────────────────────
       2  24-WB01        70  yes                  70
       2  24-WB03        61  yes                  61
       2  24-MB01         5  yes                   5
       3  24-WB01        30  yes                  30
       3  24-WB03        12  yes                  12
       3  24-MB01         5  yes                   5
"""
READERS = {
    ".parquet": pq.read_table,
    ".arrow": lambda path: pa.ipc.open_file(path).read_all(),
    ".csv": pacsv.read_csv,
    ".csv.gz": pacsv.read_csv,
}


def test_salable_prints_a_table():
    outcome = ssa("salable", EXAMPLE[0])
    assert outcome.code == 0
    assert outcome.out == SALABLE
    assert re.findall(r"s  (.*)\n", outcome.err) == ["reading tables", "adding up"]
    assert ssa("salable", EXAMPLE[0], "--quiet") == (0, SALABLE, "")


def test_salable_as_json_is_exact(tables: tuple[Path, Path]):
    add(tables[0] / "source_items.csv", "hq,24-mb02,99999999.9999,1")
    rows = json.loads(ssa("salable", tables[0], "--json").out, parse_float=Decimal)
    assert [(row["stock_id"], row["sku"]) for row in rows].count((2, "24-mb02")) == 1
    row = next(row for row in rows if row["sku"] == "24-mb02")
    assert row == {
        "stock_id": 2,
        "sku": "24-mb02",
        "quantity": Decimal("99999999.9999"),
        "is_salable": True,
        "salable_qty": Decimal("99999999.9999"),
    }
    assert "99,999,999.9999" in ssa("salable", tables[0]).out


@pytest.mark.parametrize("ending", READERS)
def test_salable_into_a_file(tmp_path: Path, ending: str):
    out = tmp_path / f"out{ending}"
    assert ssa("salable", RETAIL[0], "--out", out, "--quiet").code == 0
    expected = engine.salable_quantity(engine.read_catalog(RETAIL[0]))
    found = READERS[ending](out)
    assert found.column_names == ["stock_id", "sku", "quantity", "is_salable", "salable_qty"]
    assert found.num_rows == expected.num_rows > 3000
    assert found["salable_qty"].cast(pa.decimal128(18, 4)).equals(expected["salable_qty"])
    assert names(tmp_path) == {out.name}


def test_salable_says_what_it_wrote(tmp_path: Path):
    out = tmp_path / "out.csv"
    assert ssa("salable", EXAMPLE[0], "--out", out).out == f"{out}: 6 rows\n"
    # A single file is replaced without being asked.
    shown = json.loads(ssa("salable", EXAMPLE[0], "--out", out, "--json").out)
    assert shown == {"out": str(out), "rows": 6}


def test_salable_of_nothing(tables: tuple[Path, Path]):
    items = tables[0] / "source_items.csv"
    items.write_text("source_code,sku,quantity\n")
    assert ssa("salable", tables[0], "-q").out.splitlines()[0].startswith("stock_id  sku")
    assert json.loads(ssa("salable", tables[0], "--json").out) == []


@pytest.mark.parametrize("ending", READERS)
def test_check_into_a_file(tmp_path: Path, ending: str):
    out = tmp_path / f"out{ending}"
    outcome = ssa("check", *RETAIL, "--out", out)
    expected = engine.check(engine.read_catalog(RETAIL[0]), *engine.read_orders(RETAIL[1]))
    found = READERS[ending](out)
    assert found.column_names == ["order_id", "line", "sku", "qty", "is_salable", "codes"]
    assert found["is_salable"].equals(expected["is_salable"])
    if ending in (".parquet", ".arrow"):
        assert found.equals(expected)
    refusals = expected["is_salable"].to_pylist().count(False)
    first = f"{out}: {expected.num_rows:,} lines, {refusals:,} could not be sold"
    assert outcome.out.splitlines()[0] == first
    assert names(tmp_path) == {out.name}


def test_check_counts_the_codes(tmp_path: Path):
    out = tmp_path / "out.parquet"
    shown = json.loads(ssa("check", *RETAIL, "--out", out, "--json").out)
    table = pq.read_table(out)
    codes = [code for codes in table["codes"].to_pylist() for code in codes]
    assert shown["codes"] == {code: codes.count(code) for code in set(codes)}
    assert list(shown["codes"].values()) == sorted(shown["codes"].values(), reverse=True)
    assert shown["rows"] == table.num_rows
    assert shown["refused"] == table["is_salable"].to_pylist().count(False)
    lines = ssa("check", *RETAIL, "--out", out).out.splitlines()[4:]
    assert [line.split() for line in lines] == [
        [str(count), code] for code, count in shown["codes"].items()
    ]


def test_check_of_lines_that_can_be_sold(tmp_path: Path):
    out = tmp_path / "out.csv"
    outcome = ssa("check", *EXAMPLE, "--out", out, "--quiet")
    assert outcome == (0, f"{out}: 2 lines, 0 could not be sold\n", "")


def test_check_stops_at_bad_rows(tmp_path: Path, tables: tuple[Path, Path]):
    add(tables[1] / "order_lines.csv", "1,24-WB01,-1")
    line = refused("check", *tables, "--out", tmp_path / "out.csv")
    assert line.startswith("ssa: order_lines.qty: negative in 1 row (row 2: '-1')")
    assert names(tmp_path) == {"catalog", "orders"}


@pytest.mark.parametrize("command", ["salable", "check"])
@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("", "'' cannot be written to"),
        ("out", "has no ending that can be written; use .parquet, .arrow"),
        ("out.txt", "has no ending that can be written"),
        (".csv", "has no ending that can be written"),
        ("catalog/sources.csv/out.csv", "lies inside the input"),
        ("catalog/out.csv", "lies inside the input"),
        ("catalog/sources.csv", "lies inside the input"),
        ("folder.csv", "is no regular file"),
        ("s3://bucket/out.csv", "is a URI"),
        ("/dev/null", "is no regular file"),
    ],
)
def test_out_in_a_wrong_place(tmp_path, tables, monkeypatch, command: str, out: str, reason: str):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    given = tables if command == "check" else tables[:1]
    assert reason in refused(command, *given, "--out", out, "--quiet")
    assert names(tmp_path) == {"catalog", "orders", "folder.csv"}
    assert (tmp_path / "catalog" / "sources.csv").stat().st_size > 100
