"""``ssa allocate``: what it writes, when it refuses, and what it says."""

import csv
import hashlib
import json
import re
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import engine
from engine.io.write import write_table
from tests.cli.running import (
    DATA,
    ENDINGS,
    EXAMPLE,
    NORTHWIND,
    RETAIL,
    TABLES,
    YEAR,
    add,
    names,
    on_screen,
    refused,
    ssa,
    table_bytes,
    terminal,
)


@pytest.mark.parametrize("algorithm", ["priority", "distance"])
def test_the_documents_answer(tmp_path: Path, algorithm: str):
    out = tmp_path / "out"
    args = ("--include-zero", "--algorithm", algorithm, "--format", "csv", "--out", out)
    assert ssa("allocate", *EXAMPLE, *args).code == 0
    with (out / "allocations.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    with (DATA / "msi_example" / "expected.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    assert len(expected) == 5
    columns = list(expected[0])
    exact = [{name: row[name].removesuffix(".0000") for name in columns} for row in found]
    assert exact == expected
    assert {row["order_id"] for row in found} == {"1"}


@pytest.mark.parametrize("format", ENDINGS)
@pytest.mark.parametrize(
    "options",
    [(), ("--algorithm", "distance", "--include-zero"), ("--mode", "independent", "--quarantine")],
)
def test_a_run_reads_back_as_it_was_in_memory(tmp_path: Path, format: str, options: tuple):
    out = tmp_path / "out"
    assert ssa("allocate", *NORTHWIND, "--out", out, "--format", format, *options).code == 0
    expected = engine.allocate(
        engine.read_catalog(NORTHWIND[0]),
        *engine.read_orders(NORTHWIND[1]),
        algorithm="distance" if "distance" in options else "priority",
        mode="independent" if "independent" in options else "sequential",
        include_zero="--include-zero" in options,
        quarantine="--quarantine" in options,
    )
    found = engine.read_result(out)
    written = TABLES | ({"rejects"} if "--quarantine" in options else set())
    assert names(out) == {f"{name}{ENDINGS[format]}" for name in written} | {"run.json"}
    for name in written:
        assert found.tables[name].equals(expected.tables[name]), name
    assert found.kpis == expected.kpis


@pytest.mark.parametrize("format", ENDINGS)
def test_whole_order_ids_stay_whole(tmp_path: Path, format: str):
    orders = tmp_path / "orders"
    orders.mkdir()
    ids = pa.array([10, 9], pa.int64())
    pq.write_table(pa.table({"order_id": ids, "stock_id": [2, 2]}), orders / "orders.parquet")
    lines = pa.table({"order_id": ids, "sku": ["24-WB01", "none"], "qty": [1, 2]})
    pq.write_table(lines, orders / "order_lines.parquet")
    out = tmp_path / "out"
    assert ssa("allocate", EXAMPLE[0], orders, "--out", out, "--format", format).code == 0
    result = engine.read_result(out)
    assert result.allocations["order_id"].equals(pa.chunked_array([[10]], pa.int64()))
    assert result.orders["order_id"].equals(pa.chunked_array([[10, 9]], pa.int64()))
    assert result.shortfalls["order_id"].equals(pa.chunked_array([[9]], pa.int64()))


@pytest.mark.needs_jit
@pytest.mark.parametrize("format", ENDINGS)
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, format: str):
    copies = []
    for folder in RETAIL:
        copies.append(tmp_path / folder.name)
        copies[-1].mkdir()
        for path in folder.iterdir():
            write_table(pq.read_table(path), copies[-1] / f"{path.stem}.csv")
    for out, given in [("one", RETAIL), ("two", RETAIL), ("three", copies)]:
        args = ("--algorithm", "distance", "--format", format, "--out", tmp_path / out)
        assert ssa("allocate", *given, *args).code == 0
    one, two, three = (table_bytes(tmp_path / out) for out in ("one", "two", "three"))
    assert len(one) == 4
    assert one == two == three


def test_run_json(tmp_path: Path):
    out = tmp_path / "out"
    assert ssa("allocate", *NORTHWIND, "--out", out, "--quarantine", "--format", "csv").code == 0
    info = json.loads((out / "run.json").read_text())
    assert info["arguments"] == {
        "catalog": str(NORTHWIND[0]),
        "orders": str(NORTHWIND[1]),
        "out": str(out),
        "algorithm": "priority",
        "policy": None,
        "mode": "sequential",
        "include_zero": False,
        "quarantine": True,
        "part_files": 1,
        "magento": False,
        "format": "csv",
    }
    assert info["versions"]["ssa-engine"] == version("ssa-engine")
    inputs = sorted(path for folder in NORTHWIND for path in folder.iterdir())
    assert [file["path"] for file in info["inputs"]] == [str(path) for path in inputs]
    for file, path in zip(info["inputs"], inputs, strict=True):
        assert file["size"] == path.stat().st_size
        assert file["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    for name, num_rows in info["rows"].items():
        assert pacsv.read_csv(out / f"{name}.csv").num_rows == num_rows
    assert info["rows"].keys() == TABLES | {"rejects"}
    assert info["kpis"]["orders"] == 830
    assert info["kpis"]["lines"] == 2155
    phases = ["read", "validate", "encode", "rank", "deduct", "check", "decode", "write", "hash"]
    assert set(info["seconds"]) == set(phases)
    assert all(seconds >= 0 for seconds in info["seconds"].values())
    assert 10**7 < info["peak_memory_bytes"] < 10**12


def test_json_agrees_with_what_was_written(tmp_path: Path):
    out = tmp_path / "out"
    outcome = ssa("allocate", *NORTHWIND, "--out", out, "--json")
    shown = json.loads(outcome.out)
    info = json.loads((out / "run.json").read_text())
    assert shown["out"] == str(out)
    for part in ("rows", "kpis", "notes"):
        assert shown[part] == info[part]
    assert sum(shown["shortfalls"].values()) == info["rows"]["shortfalls"]


def test_the_summary_agrees_with_the_key_figures(tmp_path: Path):
    outcome = ssa("allocate", *NORTHWIND, "--out", tmp_path / "out")
    kpis = engine.read_result(tmp_path / "out").kpis
    assert outcome.out.startswith(
        f"{tmp_path / 'out'}: 830 orders, 2,155 lines, priority, sequential\n\n"
    )
    shown = dict(line.rsplit("  ", 1) for line in outcome.out.split("\n\n")[1].splitlines() if line)
    shown = {name.strip(): value for name, value in shown.items()}
    assert shown["units ordered"] == f"{kpis.units:,.0f}"
    assert shown["units served"] == f"{kpis.units_allocated:,.0f}"
    assert shown["unit fill rate"] == f"{kpis.unit_fill_rate:.1%}"
    assert shown["km per unit"] == f"{kpis.distance_km_by_unit:,.1f}"
    assert shown["balance of sources"] == f"{kpis.balance:.3f}"
    assert len(shown) == 12


def test_progress_is_plain_lines_away_from_a_terminal(tmp_path: Path):
    outcome = ssa("allocate", *EXAMPLE, "--out", tmp_path / "out")
    steps = [line.partition(" s  ") for line in outcome.err.splitlines()]
    assert [step for _, _, step in steps] == [
        *("reading tables", "checking rows", "encoding", "ranking sources", "deducting"),
        *("checking totals", "building tables", "writing", "hashing inputs"),
    ]
    seconds = [float(number) for number, _, _ in steps]
    assert seconds == sorted(seconds)
    assert "\x1b" not in outcome.err + outcome.out


def test_progress_is_a_bar_on_a_terminal(tmp_path: Path):
    shown = terminal("allocate", *EXAMPLE, "--out", tmp_path / "one").out
    assert "━" in shown
    assert "deducting" in shown
    # At the end the bar is wiped out, and the summary stands where it was.
    assert shown.rpartition("\x1b[2K")[2].startswith(f"{tmp_path / 'one'}: 1 order, 2 lines")


def test_progress_follows_the_terminal(tmp_path: Path):
    plain = on_screen("allocate", *EXAMPLE, "--out", tmp_path / "two", TERM="dumb")
    assert "s  deducting\n" in plain.err
    assert "\x1b" not in plain.err + plain.out
    coloured, without = (
        on_screen("allocate", *EXAMPLE, "--out", tmp_path / f"three{no}", **no_color).err
        for no, no_color in enumerate(({}, {"NO_COLOR": "1"}))
    )
    assert "━" in coloured
    assert "━" in without
    colours = r"\x1b\[(3|9)[0-9]m"
    assert re.search(colours, coloured)
    assert not re.search(colours, without)


def test_quiet_says_nothing_on_stderr(tmp_path: Path, tables: tuple[Path, Path]):
    (tables[1] / "orders.csv").write_text("order_id,stock_id,colour\n1,2,red\n")
    loud = ssa("allocate", *tables, "--out", tmp_path / "one")
    assert loud.err.endswith("note: orders: columns not used: colour\n")
    quiet = ssa("allocate", *tables, "--out", tmp_path / "two", "--quiet")
    assert not quiet.err
    assert quiet.out.replace("two", "one") == loud.out
    assert not on_screen("allocate", *tables, "--out", tmp_path / "three", "-q").err


def test_no_orders_tonight_is_no_fault(tmp_path: Path, tables: tuple[Path, Path]):
    for path in tables[1].iterdir():
        path.write_text(path.read_text().splitlines(keepends=True)[0])
    outcome = ssa("allocate", *tables, "--out", tmp_path / "out", "--quarantine")
    assert outcome.code == 0
    assert "0 orders, 0 lines" in outcome.out
    assert engine.read_result(tmp_path / "out").orders.num_rows == 0


def test_quarantine_sets_bad_rows_aside(tmp_path: Path, tables: tuple[Path, Path]):
    add(tables[1] / "orders.csv", "2,2,,,,,")
    add(tables[1] / "order_lines.csv", "2,24-WB01,1\n2,24-WB01,many")
    out = tmp_path / "out"
    line = refused("allocate", *tables, "--out", out)
    assert line.startswith("ssa: order_lines.qty: not a number in 1 row (row 3: 'many')")
    assert not out.exists()
    outcome = ssa("allocate", *tables, "--out", out, "--quarantine")
    assert outcome.code == 3
    assert outcome.out.endswith("\nrows set aside: 3\n")
    result = engine.read_result(out)
    assert result.orders["order_id"].to_pylist() == ["1"]
    rows = [
        (row["table"], row["row"], row["column"], row["value"], row["reason"])
        for row in result.rejects.to_pylist()
    ]
    assert rows == [
        ("orders", 1, "order_id", "2", "order has a rejected row"),
        ("order_lines", 2, "order_id", "2", "order has a rejected row"),
        ("order_lines", 3, "qty", "many", "not a number"),
    ]


def test_quarantine_of_nothing_is_exit_0(tmp_path: Path):
    outcome = ssa("allocate", *EXAMPLE, "--out", tmp_path / "out", "--quarantine", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["rows"]["rejects"] == 0
    rejects = engine.read_result(tmp_path / "out").rejects
    assert rejects.column_names == ["table", "row", "column", "value", "reason"]
    assert rejects.num_rows == 0


def test_quarantine_never_drops_a_restriction(tmp_path: Path, tables: tuple[Path, Path]):
    text = "source_code,sku,quantity\nhq,24-MB01,-1\n"
    (tables[0] / "source_reservations.csv").write_text(text)
    line = refused("allocate", *tables, "--out", tmp_path / "out", "--quarantine")
    assert line.startswith("ssa: source_reservations.quantity: negative")
    assert not (tmp_path / "out").exists()


def test_an_unknown_algorithm_is_said_before_anything_is_read(tmp_path: Path):
    line = refused("allocate", "none", "none", "--out", tmp_path / "out", "--algorithm", "nearest")
    assert line == "ssa: algorithm 'nearest' is unknown; installed: distance, priority"


def test_a_policy_whose_name_no_file_could_have_is_unknown(tmp_path: Path):
    line = refused("allocate", *EXAMPLE, "--policy", "x" * 300, "--out", tmp_path / "out")
    assert "xxx' is unknown; Presets: msi_priority" in line


@pytest.mark.needs_jit
def test_a_year_of_orders(tmp_path: Path):
    outcome = ssa("allocate", *YEAR, "--out", tmp_path / "out", "--json")
    assert outcome.code == 0
    shown = json.loads(outcome.out)
    assert shown["kpis"]["orders"] == 20_538
    assert shown["kpis"]["lines"] == 518_385
