"""``ssa explain``."""

import json
import re

import pytest

import engine
from engine.batch import allocate_folders
from tests.cli.running import EXAMPLE, on_screen, refused, ssa
from tests.selection.test_explain_whole import HANDLED, OPTIMAL
from tests.test_batch import put

EXPLAINED = """\
Order 1 gets all 70 units from baltimore_wh (39) and reno_wh (31). Decided by distance, each line on its own.

line 0: 20 of 24-WB01
source        place       km  available  gives  because
────────────────────────────────────────────────────────────
baltimore_wh      1    313.5         35     20
austin_wh         2  2,467.3         10         ranked lower
reno_wh           3  3,865.8         25         ranked lower
berlin_wh            6,340.5         30         not assigned
1 more source of the stock does not carry it

line 1: 50 of 24-WB03
source        place       km  available  gives  because
────────────────────────────────────────────────────────────
baltimore_wh      1    313.5         19     19
reno_wh           2  3,865.8         42     31
frankfurt_wh         6,159.2         12         not assigned
2 more sources of the stock do not carry it
"""  # noqa: E501


@pytest.fixture
def out(tmp_path):
    """A run on the example of MSI's documents, by distance."""
    done = ssa("allocate", *EXAMPLE, "--out", tmp_path / "out", "-q", "--algorithm", "distance")
    assert done.code == 0
    return tmp_path / "out"


def test_explain(out):
    assert ssa("explain", out, 1, "--quiet") == (0, EXPLAINED, "")


def test_explain_as_json(out):
    found = json.loads(ssa("explain", out, 1, "--json", "-q").out)
    assert list(found)[:2] == ["sentence", "order_id"]
    assert found["sentence"] == EXPLAINED.splitlines()[0]
    assert [len(line["candidates"]) for line in found["lines"]] == [4, 3]
    reno = found["lines"][0]["candidates"][2]
    assert reno["scores"]["distance"] == reno["distance_km"]
    assert (reno["reason"], reno["qty_to_deduct"], reno["qty_available"]) == ("ranked_lower", 0, 25)


@pytest.mark.parametrize("columns", [80, 40])
def test_explain_fits_the_terminal(out, columns):
    shown = on_screen("explain", out, 1, "-q", columns=columns).out
    assert max(map(len, shown.splitlines())) <= columns
    assert "because" in shown


def test_explain_names_orders_that_are_not_there(out):
    assert refused("explain", out, 2).startswith("ssa: the run has no order 2; give an order_id")


def test_explain_of_no_run(tmp_path):
    assert "does not hold a run" in refused("explain", tmp_path, 1)


@pytest.fixture
def whole(tmp_path):
    """A run that decided two orders together."""
    folder = put(tmp_path / "in", HANDLED)
    allocate_folders(folder, folder, tmp_path / "whole", policy=OPTIMAL)
    return tmp_path / "whole"


def test_explain_orders_decided_together(whole):
    sentence, _, _, header, _, *rows, last = ssa("explain", whole, 1, "-q").out.splitlines()
    left, both = (one.price for one in engine.explain(whole, 1).lines[0].candidates)
    assert sentence.startswith("Order 1 gets 1 unit from left. On its own it would get 1 unit from")
    columns = ["source", "unit cost", "shipment", "price", "available", "on its own", "gives"]
    assert re.split("  +", header) == [*columns, "because"]
    assert [re.split("  +", row) for row in rows] == [
        ["left", "1", "12", f"{left:.2f}", "1", "1"],
        ["both", "1", "10", f"{both:.2f}", "1", "1", "left to others"],
    ]
    assert last == "1 more source of the stock does not carry it"


def test_explain_orders_decided_together_as_json(whole):
    left, both = json.loads(ssa("explain", whole, 1, "--json", "-q").out)["lines"][0]["candidates"]
    assert (left["qty_on_its_own"], both["qty_on_its_own"]) == (0, 1)
    assert both["price"] >= 2
    assert both["capacity_orders_price"] is None


@pytest.mark.parametrize("columns", [100, 60])
def test_explain_of_orders_decided_together_fits_the_terminal(whole, columns):
    outcome = on_screen("explain", whole, 1, columns=columns)
    assert "deciding all orders together" in outcome.err
    assert max(map(len, outcome.out.splitlines())) <= columns
    assert "left to others" in outcome.out
