"""The worst input ends in one clear message, or in a whole result; never in a traceback."""

import gzip
import json
import os
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import engine
from tests.cli.running import ENDINGS, names, refused, ssa

GARBAGE = random.Random(1).randbytes(5000)
HEADER = b"order_id,sku,qty\n"

BAD_LINES = {
    "nothing": (b"", "is empty (0 bytes)"),
    "garbage": (GARBAGE, "has a header row that is not UTF-8"),
    "blank lines": (b"\n\r\n\n", "holds no header row"),
    "zero bytes": (b"order_id,sku\0,qty\n1,a,1\n", "is not text"),
    "another table": (b"a,b,c\n1,2,3\n", "has no header row"),
    "semicolons": (b"order_id;sku;qty\n1;a;1\n", "is not separated by commas"),
    "Latin-1": (HEADER + b"1,caf\xe9,1\n", "not UTF-8, shown as <XX>, in 1 row (row 0: 'caf<E9>')"),
    "UTF-16": ("order_id,sku,qty\n1,a,1\n".encode("utf-16"), "looks like UTF-16 text"),
    "a spreadsheet": (b"PK\3\4 and so on", "looks like a zip archive or a spreadsheet"),
    "Parquet": (b"PAR1 and so on", "looks like Parquet"),
    "an open quote": (HEADER + b'1,"a,1\n1,b,1\n', "opens a quote that it never closes"),
    "too few fields": (HEADER + b"1,a\n", "has not the 3 fields of its header in 1 row"),
    "a column twice": (b"order_id,sku,qty,qty\n1,a,1,1\n", "two or more columns named 'qty'"),
    "a huge number": (HEADER + b"1,a,1e308\n", "order_lines.qty: "),
    "no number": (HEADER + b"1,a,nan\n", "order_lines.qty: not a number in 1 row"),
    "escapes": (HEADER + b"1,a,\x1b[31m\n", r"(row 0: '\x1b[31m')"),
    "a long value": (HEADER + b"1,a," + b"9" * 1_000_000 + b"\n", "order_lines.qty: "),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_bad_order_lines(tmp_path: Path, tables: tuple[Path, Path], case: str):
    content, reason = BAD_LINES[case]
    (tables[1] / "order_lines.csv").write_bytes(content)
    lines = {
        refused("validate", *tables, "--quiet"),
        refused("allocate", *tables, "--out", tmp_path / "out", "--quiet"),
        refused("check", *tables, "--out", tmp_path / "out.csv", "--quiet"),
    }
    (line,) = lines
    assert line.startswith("ssa: order_lines")
    assert reason in line
    assert line.isprintable()
    assert names(tmp_path) == {"catalog", "orders"}


BAD_SOURCES = {
    "garbage.parquet": (GARBAGE, "is not Parquet"),
    "cut.parquet": (b"PAR1" + GARBAGE + b"PAR1", "is cut short, damaged or not Parquet"),
    "garbage.arrow": (GARBAGE, "Arrow"),
    "cut.arrow": (b"ARROW1\0\0" + GARBAGE + b"ARROW1", "is cut short, damaged or not Arrow"),
    "cut.feather": (b"ARROW1\0\0", "Arrow"),
    "garbage.csv.gz": (GARBAGE, "is not gzip"),
    "cut.csv.gz": (gzip.compress(GARBAGE)[:-9], "is cut short or damaged"),
    "garbage.csv": (GARBAGE, "is not UTF-8"),
}


@pytest.mark.parametrize("case", BAD_SOURCES)
def test_bad_sources(tmp_path: Path, tables: tuple[Path, Path], case: str):
    content, reason = BAD_SOURCES[case]
    (tables[0] / "sources.csv").unlink()
    (tables[0] / f"sources.{case.partition('.')[2]}").write_bytes(content)
    lines = {
        refused("sources", tables[0], 2, "--quiet"),
        refused("salable", tables[0], "--out", tmp_path / "out.csv", "--quiet"),
        refused("allocate", *tables, "--out", tmp_path / "out", "--quiet", "--quarantine"),
    }
    (line,) = lines
    assert line.startswith(f"ssa: sources: sources.{case.partition('.')[2]} ")
    assert reason in line
    assert line.isprintable()
    assert names(tmp_path) == {"catalog", "orders"}


def test_a_pipe_in_place_of_a_table_is_not_waited_for(tables: tuple[Path, Path]):
    (tables[1] / "orders.csv").unlink()
    os.mkfifo(tables[1] / "orders.csv")
    assert "orders.csv is no regular file" in ssa("validate", *tables).err


def test_a_link_to_nowhere_is_named(tables: tuple[Path, Path]):
    (tables[1] / "orders.csv").unlink()
    (tables[1] / "orders.csv").symlink_to("elsewhere.csv")
    outcome = ssa("validate", *tables)
    assert outcome.code == 2
    assert "orders: orders.csv is no file any more, or a broken link" in outcome.err


@pytest.mark.parametrize("target", ["/gone/source_reservations", "source_reservations"])
def test_a_link_to_a_table_folder_that_is_gone_is_named(tables: tuple[Path, Path], target: str):
    (tables[0] / "source_reservations").symlink_to(target)
    line = refused("allocate", *tables, "--out", tables[0].parent / "out", "--quiet")
    assert "source_reservations is a link that leads nowhere" in line
    assert names(tables[0].parent) == {"catalog", "orders"}


def test_a_folder_that_holds_itself_is_named(tables: tuple[Path, Path]):
    (tables[0] / "more").mkdir()
    (tables[0] / "more" / "again").symlink_to("..")
    assert "more/ bears the name of no table" in refused("validate", *tables, "--quiet")


def test_an_export_that_is_a_folder_is_named(tables: tuple[Path, Path]):
    """Spark writes so."""
    part = tables[1] / "orders.csv" / "part-0000.csv"
    text = (tables[1] / "orders.csv").read_text()
    (tables[1] / "orders.csv").unlink()
    part.parent.mkdir()
    part.write_text(text)
    assert "orders.csv/ bears the name of no table" in ssa("validate", *tables).err


@pytest.mark.parametrize("format", ENDINGS)
def test_odd_skus_come_through_unchanged(tmp_path, tables: tuple[Path, Path], format: str):
    skus = ["\x1b[31mred\x1b[0m", "two\r\nlines", "😀\u202e\u200b", '"', "a,b;c", " ", "NA", "a\0b"]
    skus += ["x" * 70_000, "=1+1", "-", "null"]
    quoted = ['"' + sku.replace('"', '""') + '"' for sku in skus]
    with (tables[0] / "source_items.csv").open("a", newline="", encoding="utf-8") as file:
        file.writelines(f"hq,{sku},5,1\n" for sku in quoted)
    with (tables[1] / "order_lines.csv").open("w", newline="", encoding="utf-8") as file:
        file.write("order_id,sku,qty\n")
        file.writelines(f"1,{sku},{at}\n" for at, sku in enumerate(quoted))
    outcome = ssa("allocate", *tables, "--out", tmp_path / "out", "--format", format)
    assert outcome.code == 0
    result = engine.read_result(tmp_path / "out")
    assert result.allocations["sku"].to_pylist() == skus[1:]
    assert result.shortfalls["sku"].to_pylist() == skus[6:]


def test_odd_skus_cannot_steer_the_terminal(tmp_path: Path, tables: tuple[Path, Path]):
    with (tables[0] / "source_items.csv").open("a") as file:
        file.write('hq,"\x1b[2J\nx",5,1\n')
    with (tables[0] / "sources.csv").open("a") as file:
        file.write('bell,1,"ring\x07\x1b]0;title\x07",,,,,\n')
    with (tables[0] / "stock_source_links.csv").open("a") as file:
        file.write("2,bell,9\n")
    shown = ssa("salable", tables[0], "--quiet").out
    assert r"\x1b[2J\nx" in shown
    assert all(line.isprintable() for line in shown.splitlines())
    named = ssa("sources", tables[0], 2, "--quiet").out
    assert named.endswith("ring\\x07\\x1b]0;title\\x07\n")
    rows = json.loads(ssa("salable", tables[0], "--json").out)
    assert "\x1b[2J\nx" in [row["sku"] for row in rows]


def test_a_column_that_nobody_knows_is_noted_readably(tables: tuple[Path, Path]):
    text = 'order_id,sku,qty,"\x1b[31m\nred"\n1,24-WB01,1,2\n'
    (tables[1] / "order_lines.csv").write_text(text)
    outcome = ssa("validate", *tables)
    assert outcome.code == 0
    last = outcome.err.splitlines()[-1]
    assert last.startswith("note: order_lines: columns not used: ")
    assert last.isprintable()
    assert r"\x1b[31m\nred" in last


def test_empty_and_one_row_tables(tmp_path: Path):
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    (catalog / "sources.csv").write_text("source_code\n")
    (catalog / "stock_source_links.csv").write_text("stock_id,source_code,priority\n")
    (catalog / "source_items.csv").write_text("source_code,sku,quantity\n")
    (catalog / "order_lines.csv").write_text("order_id,sku,qty,stock_id\n")
    out = tmp_path / "out"
    assert ssa("validate", catalog, catalog).code == 0
    assert refused("sources", catalog, 1).endswith("stocks of this catalogue: none")
    assert ssa("allocate", catalog, catalog, "--out", out, "--algorithm", "distance").code == 0
    assert ssa("check", catalog, catalog, "--out", tmp_path / "check.parquet").code == 0
    assert pq.read_table(tmp_path / "check.parquet").num_rows == 0
    assert engine.read_result(out).kpis.orders == 0
