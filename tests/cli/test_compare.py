"""``ssa compare``: what is shown, what is written, what is refused."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

import engine
from engine.io.read import read_tables
from tests.cli.running import EXAMPLE, NORTHWIND, add, names, on_screen, refused, ssa


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs on Northwind."""
    place = tmp_path_factory.mktemp("runs")
    for code in ("priority", "distance"):
        args = ("--algorithm", code, "--out", place / code, "--quiet")
        assert ssa("allocate", *NORTHWIND, *args).code == 0
    return place / "priority", place / "distance"


def test_compare_says_what_differs(runs):
    outcome = ssa("compare", *runs, "--limit", 3, "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    found = engine.compare(*runs)
    parts = outcome.out.split("\n\n")
    kind, most = next(iter(found.changes.items()))
    assert parts[0] == f"{found.orders.num_rows} of 830 orders changed, {most} of them: {kind}"
    assert parts[1] == f"A  {runs[0]}\nB  {runs[1]}"
    kpis = engine.read_result(runs[0]).kpis, engine.read_result(runs[1]).kpis
    figures = {line[:20].strip(): line[20:].split() for line in parts[2].splitlines()[2:]}
    more = (kpis[1].split_rate - kpis[0].split_rate) * 100
    expected = [*(f"{one.split_rate:.1%}" for one in kpis), f"{more:+.2f}", "pp"]
    assert figures["orders split"] == expected
    assert figures["units ordered"] == ["51,317", "51,317"]  # no difference, none is shown
    assert parts[3].splitlines()[2].split() == ["algorithm", "priority", "distance"]
    assert parts[4] == "both runs read the same files"
    shown = [line.split(maxsplit=1) for line in parts[5].splitlines()[2:]]
    assert {kind: int(count) for count, kind in shown} == found.changes
    listed, last = parts[6].splitlines()[2:], parts[7].rstrip()
    assert [line.split()[0] for line in listed] == found.orders["order_id"].to_pylist()[:3]
    for line, row in zip(listed, found.orders.to_pylist(), strict=False):
        assert line.endswith(row["why"])
        assert row["change"] in line
    assert last == f"and {found.orders.num_rows - 3} more; --out FILE writes all"


def test_a_run_compared_with_itself(runs):
    lines = ssa("compare", runs[0], runs[0]).out.splitlines()
    assert lines[0] == "none of 830 orders changed"
    assert lines[-1] == "both runs read the same files"
    assert not [line for line in lines if "asked for" in line or "why" in line]


def test_progress_goes_to_stderr(tmp_path, runs):
    told = ssa("compare", *runs, "--out", tmp_path / "x.csv").err.splitlines()
    assert [line.partition(" s  ")[2] for line in told] == [
        "reading tables",
        "matching orders",
        "writing",
    ]


def test_compare_as_json(runs):
    shown = json.loads(ssa("compare", *runs, "--json", "--limit", 2).out, parse_float=Decimal)
    found = engine.compare(*runs)
    assert (shown["orders"], shown["changed"]) == (830, found.orders.num_rows)
    assert shown["changes"] == found.changes
    assert shown["changed_orders"] == found.orders.slice(0, 2).to_pylist()
    assert shown["arguments"] == {"algorithm": {"a": "priority", "b": "distance"}}
    assert (shown["inputs"], shown["out"]) == ({}, None)
    assert [row["name"] for row in shown["kpis"]] == found.kpis["name"].to_pylist()


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".csv", ".csv.gz"])
def test_all_changed_orders_go_to_a_file(tmp_path, runs, ending):
    out = tmp_path / f"orders{ending}"
    outcome = ssa("compare", *runs, "--limit", 0, "--out", out)
    assert outcome.code == 0
    found = engine.compare(*runs).orders
    assert outcome.out.endswith(f"\n\n{out}: {found.num_rows} changed orders\n")
    assert "why" not in outcome.out
    assert names(tmp_path) == {out.name}
    if ending.startswith(".csv"):
        rows = pacsv.read_csv(out).to_pylist()
        assert len(rows) == found.num_rows
        assert rows[0]["sources_a"] == ";".join(found["sources_a"][0].as_py())
    else:
        table = read_tables(tmp_path, ["orders"], ["orders"]).tables["orders"].table
        assert table.cast(found.schema).equals(found)


def test_other_input_is_said(tmp_path, runs, tables):
    shown = []
    for name in ("one", "two"):
        assert ssa("allocate", *tables, "--out", tmp_path / name).code == 0
        add(tables[1] / "order_lines.csv", "9,24-WB01,1")
        add(tables[1] / "orders.csv", (tables[1] / "orders.csv").read_text().splitlines()[1])
        text = (tables[1] / "orders.csv").read_text().splitlines()
        first, _, rest = text[-1].partition(",")
        (tables[1] / "orders.csv").write_text("\n".join([*text[:-1], f"9,{rest}", ""]))
        shown.append(first)
    lines = ssa("compare", tmp_path / "one", tmp_path / "two").out.splitlines()
    assert lines[0] == "1 of 2 orders changed: only in B"
    at = next(at for at, line in enumerate(lines) if line.startswith("the runs read different"))
    assert lines[at + 1 : at + 3] == [
        "  orders/order_lines.csv: changed",
        "  orders/orders.csv: changed",
    ]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_compare_fits_the_terminal(runs, columns, monkeypatch):
    monkeypatch.chdir(runs[0].parent)
    shown = on_screen("compare", runs[0].name, runs[1].name, columns=columns).out
    assert max(map(len, shown.splitlines())) <= columns


def test_what_is_no_run_is_one_line(tmp_path, runs):
    none = tmp_path / "none"
    assert refused("compare", runs[0], none).startswith(f"ssa: {none} does not hold a run: there")
    assert "it has no run.json" in refused("compare", EXAMPLE[0], runs[0])
    os.mkfifo(tmp_path / "run.json")  # not waited for
    assert "its run.json is no file" in refused("compare", tmp_path, runs[0])


def test_a_damaged_table_is_one_line(tmp_path, runs):
    bad = tmp_path / "bad"
    bad.mkdir()
    for file in runs[0].iterdir():
        (bad / file.name).write_bytes(file.read_bytes())
    (bad / "orders.parquet").write_bytes(b"PAR1 no more")
    line = refused("compare", runs[1], bad)
    assert line.startswith(f"ssa: {bad}: orders: orders.parquet is cut short")


@pytest.mark.parametrize("name", ["x.xlsx", "x"])
def test_other_endings_are_refused(tmp_path, runs, name):
    assert "has no ending that can be written" in refused(
        "compare", *runs, "--out", tmp_path / name
    )
    assert not names(tmp_path)


def test_nothing_is_written_into_a_run(runs):
    before = names(runs[0])
    assert "lies inside the input" in refused("compare", *runs, "--out", runs[0] / "x.csv")
    assert names(runs[0]) == before


def test_ids_are_shown_as_they_are(tmp_path):
    tables = {
        "sources": "source_code\nlyon\nparis\n",
        "stock_source_links": "stock_id,source_code,priority\n1,lyon,1\n1,paris,2\n",
        "source_items": "source_code,sku,quantity\nlyon,x,1\nparis,x,5\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    catalog = engine.read_catalog(tmp_path)
    written = []
    for qty in (1, 3):
        lines = pa.table({"order_id": [1234567], "stock_id": [1], "sku": ["x"], "qty": [qty]})
        result = engine.allocate(catalog, None, lines)
        written.append(engine.write_result(result, tmp_path / f"out-{qty}"))
    assert ssa("compare", *written).out.splitlines()[-1] == (
        "1234567   more served        1        3  3 ordered instead of 1; now served by paris"
    )
    shown = ssa("compare", *written).out
    assert shown.splitlines()[0] == "1 of 1 order changed: more served"
    assert "what the runs read is not known" in shown
    assert "more; --out" not in shown


def test_policies_are_compared_key_by_key(tmp_path, runs):
    other = tmp_path / "other"
    other.mkdir()
    for file in runs[0].iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    info = json.loads((other / "run.json").read_text())
    policy = {"ranking": ["distance", "cost"], "max_sources": 3, "constraints": [{"kind": "lane"}]}
    info["arguments"] |= {"algorithm": None, "policy": policy}
    (other / "run.json").write_text(json.dumps(info))
    shown = ssa("compare", runs[0], other).out.partition("asked for")[2].partition("\n\n")[0]
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in shown.splitlines()[2:]}
    assert rows["ranking"] == ["priority", "distance, cost"]
    assert rows["max_sources"] == ["0", "3"]
    assert rows["constraints"] == ["[]", '[{"kind":"lane"}]']
    assert rows["order_rule"] == ["line", "-"]
