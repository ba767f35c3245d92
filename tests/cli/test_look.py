"""``ssa validate``, ``ssa sources``, ``ssa algorithms``, ``ssa demo``."""

import json
import re
import shlex
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from engine.algorithms import registry
from tests.cli.running import (
    EXAMPLE,
    NORTHWIND,
    RETAIL,
    add,
    names,
    on_screen,
    refused,
    ssa,
    terminal,
)

VALID = """\
valid: every row of every table holds

table               rows
────────────────────────
sources                6
stocks                 2
stock_source_links     7
source_items           8
orders                 1
order_lines            2
"""
SOURCES = """\
priority  source_code   state    position     skus  units  name
──────────────────────────────────────────────────────────────────────────────
       1  baltimore_wh  enabled  coordinates     2     54  Baltimore Warehouse
       2  austin_wh     enabled  coordinates     1     10  Austin Warehouse
       3  reno_wh       enabled  address         2     67  Reno Warehouse
       4  hq            enabled  address         1      5  HQ
"""
ALGORITHMS = """\
code      title              origin      description
──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
distance  Distance Priority  ssa-engine  Algorithm which provides Source Selections based on shipping address distance from the source
priority  Source Priority    ssa-engine  Algorithm which provides Source Selections based on predefined priority of Source
"""  # noqa: E501


def test_validate():
    assert ssa("validate", *EXAMPLE, "--quiet") == (0, VALID, "")
    catalogue = ssa("validate", EXAMPLE[0])
    assert catalogue.out == "".join(VALID.splitlines(keepends=True)[:-2])
    assert catalogue.err.endswith("  reading tables\n")


def test_validate_as_json():
    shown = json.loads(ssa("validate", *EXAMPLE, "--json").out)
    assert shown["valid"] is True
    assert shown["rows"]["order_lines"] == 2
    assert len(shown["rows"]) == 6


def test_validate_reports_what_it_does_not_use(tables: tuple[Path, Path]):
    (tables[0] / "stocks.csv").write_text("stock_id,name,colour\n2,a,red\n3,b,blue\n")
    outcome = ssa("validate", tables[0])
    assert outcome.err.endswith("note: stocks: columns not used: colour\n")


def test_validate_lists_the_problems_of_all_tables(tables: tuple[Path, Path]):
    add(tables[0] / "sources.csv", "hq,2,,,,,,")
    add(tables[0] / "stock_source_links.csv", "2,nowhere,70000")
    add(tables[1] / "order_lines.csv", "9,24-WB01,1e-9")
    before = [path.stat().st_mtime_ns for path in (*tables[0].iterdir(), *tables[1].iterdir())]
    outcome = ssa("validate", *tables)
    assert (outcome.code, outcome.out) == (2, "")
    places = re.findall(r"^  ([\w.]+): ", outcome.err, re.M)
    assert set(places) == {
        *("sources.enabled", "sources.source_code"),
        *("stock_source_links.source_code", "stock_source_links.priority"),
        *("order_lines.order_id", "order_lines.qty"),
    }
    assert f"ssa: {len(places)} problems, nothing was written\n" in outcome.err
    after = [path.stat().st_mtime_ns for path in (*tables[0].iterdir(), *tables[1].iterdir())]
    assert after == before


def test_errors_fold_between_words_on_a_terminal(tables: tuple[Path, Path]):
    (tables[0] / "source.csv").write_text("source_code\n")
    add(tables[1] / "order_lines.csv", "9,24-WB01,1")
    shown = on_screen("validate", *tables, "--quiet", columns=60)
    assert shown.code == 2
    lines = shown.err.splitlines()
    assert max(map(len, lines)) <= 60
    whole = ssa("validate", *tables, "--quiet").err
    assert " ".join(shown.err.split()) == " ".join(whole.split())
    assert [line for line in lines if not line.startswith("    ")] == [
        "ssa: 2 problems, nothing was written",
        *(line for line in lines if re.match("  (source|order_lines|[(]rows count)", line)),
    ]


def test_sources():
    assert ssa("sources", EXAMPLE[0], "2", "--quiet") == (0, SOURCES, "")


def test_sources_tells_state_and_position(tables: tuple[Path, Path]):
    add(tables[0] / "sources.csv", "mars,0,Mars,,,XX,Olympus,\nmoon,1,,,,,,")
    add(tables[0] / "stock_source_links.csv", "2,mars,0\n2,moon,9")
    add(tables[0] / "source_items.csv", "mars,x,0.5,1\nmars,y,7,0\nmars,z,-3,1")
    rows = json.loads(ssa("sources", tables[0], 2, "--json").out, parse_float=Decimal)
    assert [row["source_code"] for row in rows][::5] == ["mars", "moon"]
    assert rows[0] == {
        "priority": 0,
        "source_code": "mars",
        "state": "disabled",
        "position": "unknown",
        "skus": 2,
        "units": Decimal("0.5"),
        "name": "Mars",
    }
    assert rows[5]["name"] is None
    assert (rows[5]["skus"], rows[5]["units"]) == (0, 0)
    shown = ssa("sources", tables[0], 2).out.splitlines()
    assert shown[2].split() == ["0", "mars", "disabled", "unknown", "2", "0.5", "Mars"]


@pytest.mark.parametrize("stock", [9, 0, 10**25])
def test_sources_of_an_unknown_stock(stock: int):
    line = refused("sources", EXAMPLE[0], stock)
    assert line == f"ssa: stock {stock} is unknown; stocks of this catalogue: 2, 3"


def test_sources_of_a_negative_stock():
    assert ssa("sources", EXAMPLE[0], "--", "-1").code == 2


def test_sources_on_a_narrow_terminal():
    shown = terminal("sources", RETAIL[0], 1, "--quiet", columns=40)
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[:3] == ["priority     1", "source_code  birmingham", "state        enabled"]
    assert lines[7:9] == ["", "priority     2"]
    assert lines[38:40] == ["name         Bristol, closed for", "             refitting"]


@pytest.mark.parametrize(("columns", "whole"), [(80, False), (120, True)])
def test_sources_on_wider_terminals(columns: int, whole: bool):
    shown = on_screen("sources", RETAIL[0], 1, "--quiet", columns=columns).out
    lines = shown.splitlines()
    assert max(map(len, lines)) <= columns
    assert len(lines) == 8 + (not whole)
    assert ("Bristol, closed for refitting" in shown) == whole
    assert "for refitting" in shown


def test_algorithms():
    assert ssa("algorithms") == (0, ALGORITHMS, "")
    shown = json.loads(ssa("algorithms", "--json").out)
    assert [row["code"] for row in shown] == ["distance", "priority"]
    assert {row["origin"] for row in shown} == {"ssa-engine"}
    assert all(row["title"] and row["description"] for row in shown)


def test_a_broken_algorithm_is_named_and_the_others_listed(monkeypatch: pytest.MonkeyPatch):
    found = list(registry.entry_points(group=registry.GROUP))
    found.append(EntryPoint("broken", "no_such_module:Thing", registry.GROUP))

    def points(group: str, name: str | None = None) -> list[EntryPoint]:
        return [point for point in found if name in (None, point.name)]

    monkeypatch.setattr(registry, "entry_points", points)
    outcome = ssa("algorithms")
    assert (outcome.code, outcome.out) == (2, ALGORITHMS)
    assert outcome.err.startswith("ssa: algorithm 'broken' (no_such_module:Thing of")
    assert outcome.err.count("\n") == 1
    assert ssa("allocate", *EXAMPLE, "--out", "x", "--algorithm", "broken").code == 2


def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    outcome = ssa("demo")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[1] == "724 orders, 20,066 lines, 8 sources"
    assert lines[3].split() == ["priority", "distance"]
    figures = {line[:20].strip(): line[20:].split() for line in lines[5:17]}
    assert figures["units ordered"] == ["187,188", "187,188"]
    shown = json.loads(ssa("demo", "--json").out)
    for at, code in enumerate(("priority", "distance")):
        assert figures["unit fill rate"][at] == f"{shown[code]['unit_fill_rate']:.1%}"
        assert figures["km per unit"][at] == f"{shown[code]['distance_km_by_unit']:,.1f}"
    assert "  running distance\n" in outcome.err
    assert ssa("demo", "--quiet") == (0, outcome.out, "")
    assert not names(tmp_path)


@pytest.mark.parametrize("folder", [NORTHWIND[0].parents[2], Path("/")])
def test_the_next_step_after_the_demo_works(tmp_path, monkeypatch, folder: Path):
    monkeypatch.chdir(folder)
    last = ssa("demo", "--quiet").out.splitlines()[-1]
    words = shlex.split(last.removeprefix("Next: "))
    assert words[0] == "ssa"
    assert words[-2] == "--out"
    assert ssa(*words[1:-1], tmp_path / words[-1]).code == 0
    if folder != Path("/"):
        expected = "ssa allocate data/northwind/catalog data/northwind/orders --out allocated"
        assert last == f"Next: {expected}"
        assert len(last) <= 80


def test_demo_fits_a_narrow_terminal():
    shown = on_screen("demo", "--quiet", columns=40).out
    assert shown == ssa("demo", "--quiet").out
    table = shown.partition("\nNext: ")[0]
    assert max(map(len, table.splitlines())) <= 40
