"""``ssa explain``."""

import json

import pytest

from tests.cli.running import EXAMPLE, on_screen, refused, ssa

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
