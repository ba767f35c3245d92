"""Algorithms of other distributions: found, used, and blamed by name when they fail."""

import csv
import json

import pytest

from tests.oracle.places import distance_mm

# Where two cost the same, the nearer one; "nowhere" is cheapest, but nobody knows how far it is.
SOURCES = {
    "antwerp": (51.2194, 4.4025, 2.0),
    "brussels": (50.8503, 4.3517, 2.0),
    "lille": (50.6292, 3.0573, 0.5),
    "paris": (48.8566, 2.3522, 7.0),
    "ghent": (51.0543, 3.7174, None),
    "nowhere": (None, None, 0.1),
}
PRIORITY = {code: 10 - at for at, code in enumerate(SOURCES)}
DESTINATIONS = {1: (51.2, 4.4), 2: (48.85, 2.35), 3: None}


def write(path, header, rows):
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture
def folders(tmp_path):
    """A catalogue and orders as CSV, and the folder to write."""
    catalog, orders = tmp_path / "catalog", tmp_path / "orders"
    write(
        catalog / "sources.csv",
        ("source_code", "latitude", "longitude", "handling_cost"),
        [(code, *values) for code, values in SOURCES.items()],
    )
    write(
        catalog / "stock_source_links.csv",
        ("stock_id", "source_code", "priority"),
        [(1, code, PRIORITY[code]) for code in SOURCES],
    )
    write(
        catalog / "source_items.csv",
        ("source_code", "sku", "quantity"),
        [(code, "tea", 1) for code in SOURCES],
    )
    write(
        orders / "orders.csv",
        ("order_id", "stock_id", "latitude", "longitude"),
        [(order, 1, *(place or (None, None))) for order, place in DESTINATIONS.items()],
    )
    write(
        orders / "order_lines.csv",
        ("order_id", "sku", "qty"),
        [(order, "tea", len(SOURCES)) for order in DESTINATIONS],  # all sources, to the last
    )
    return catalog, orders, tmp_path / "out"


def implied(place):
    """Source codes as the scores of the plug-in order them for a destination."""

    def key(code):
        latitude, longitude, cost = SOURCES[code]
        score = float("inf")
        if place is None or latitude is None:
            return True, 0.0, PRIORITY[code]
        if cost is not None:
            score = cost * 100_000 + distance_mm((latitude, longitude), place) / 1e6
        return False, score, PRIORITY[code]

    return sorted(SOURCES, key=key)


def arguments(folders, algorithm, *more):
    catalog, orders, out = folders
    return (
        *("allocate", catalog, orders, "--out", out, "--algorithm", algorithm),
        *("--mode", "independent", "--format", "csv", "--quiet", *more),
    )


def test_plugin_is_listed(ssa, handling_cost):
    done = ssa("algorithms", "--json", path=(handling_cost,))
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["code"]: row for row in json.loads(done.stdout)}
    assert rows["handling-cost"] == {
        "code": "handling-cost",
        "title": "Handling Cost Priority",
        "description": "Sources in the order of their handling cost, then of their distance",
        "origin": "handling-cost-first",
    }
    assert {code for code, row in rows.items() if row["origin"] == "ssa-engine"} == {
        *("distance", "priority")
    }
    table = ssa("algorithms", path=(handling_cost,))
    assert "handling-cost-first" in table.stdout
    assert "handling-cost" not in ssa("algorithms").stdout


def test_plugin_decides(ssa, handling_cost, folders):
    done = ssa(*arguments(folders, "handling-cost"), path=(handling_cost,))
    assert (done.returncode, done.stderr) == (0, "")
    found = {}
    with (folders[2] / "allocations.csv").open() as file:
        for row in csv.DictReader(file):
            found.setdefault(int(row["order_id"]), []).append(row["source_code"])
    assert found == {order: implied(place) for order, place in DESTINATIONS.items()}
    assert len({tuple(codes) for codes in found.values()}) == len(found)
    info = json.loads((folders[2] / "run.json").read_text())
    assert info["arguments"]["algorithm"] == "handling-cost"


def test_plugin_that_is_not_installed_is_unknown(ssa, folders):
    done = ssa(*arguments(folders, "handling-cost"))
    assert done.returncode == 2
    assert "'handling-cost' is unknown; installed: distance, priority" in done.stderr
    assert not folders[2].exists()


NAMES = """
import numpy as np

class Broken:
    code, title, description = "broken", "Broken", "Does not work."
"""
SCORES = NAMES + "    def scores(self, candidates):\n        return "
WRONG = {
    "short": (SCORES + "candidates.distance_km[1:]", "float64; one number per candidate is due"),
    "text": (SCORES + "candidates.column('source_code')", "type object"),
    "nan": (SCORES + "np.full(len(candidates), np.nan)", "gave NaN for 10 candidates"),
    "nan-by-stock": (
        NAMES + "    by_destination = False\n    scores = lambda self, c: c.distance_km",
        "gave NaN for 6 candidates, first source 'nowhere' of stock 1",
    ),
    "raises-lines": (
        NAMES + "    def scores(self, c): raise OSError('two\\n  lines')",
        "failed to score: OSError: two lines",
    ),
    "vandal": (SCORES + "candidates.priority.sort()", "failed to score: ValueError"),
    "import": ("import no_such_module", "cannot be loaded: ModuleNotFoundError"),
    "no-scores": (NAMES, "has no method scores(candidates)"),
    "other-code": (
        NAMES.replace('"broken"', '"other"') + "    scores = len",
        "calls itself 'other'",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_broken_plugin_is_named(ssa, install, folders, fault):
    body, words = WRONG[fault]
    path = (install("maker-of-broken", body),)
    done = ssa(*arguments(folders, "broken"), path=path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("ssa: algorithm 'broken' (maker_of_broken:Broken of maker-of-broken)")
    assert words in line
    assert sorted(each.name for each in folders[2].parent.iterdir()) == [
        *("catalog", "installed", "orders")
    ]


def test_two_plugins_of_one_code_are_both_named(ssa, install, folders):
    body = NAMES + "    scores = len"
    path = (install("maker-one", body), install("maker-two", body))
    done = ssa(*arguments(folders, "broken"), path=path[:1])
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line == (
        "ssa: algorithm 'broken' is there twice, from maker-one (maker_one:Broken), "
        "maker-two (maker_two:Broken); uninstall one of them"
    )
    assert not folders[2].exists()


def test_plugin_cannot_take_the_code_of_another(ssa, install, folders):
    body = NAMES.replace('"broken"', '"priority"') + "    scores = len"
    path = (install("maker-of-broken", body, code="priority"),)
    done = ssa(*arguments(folders, "priority"), path=path)
    assert done.returncode == 2
    assert "'priority' is there twice, from maker-of-broken" in done.stderr
    assert ssa(*arguments(folders, "distance"), path=path).returncode == 0


def test_broken_plugin_does_not_disturb_others(ssa, install, handling_cost, folders):
    path = (install("maker-of-broken", "raise RuntimeError('never imported')"), handling_cost)
    for algorithm in ("priority", "handling-cost"):
        done = ssa(*arguments(folders, algorithm, "--overwrite"), path=path)
        assert (done.returncode, done.stderr) == (0, "")
    assert (folders[2] / "run.json").exists()


def test_broken_plugin_is_listed_with_its_fault(ssa, install, handling_cost):
    path = (install("maker-of-broken", "import no_such_module"), handling_cost)
    done = ssa("algorithms", path=path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("ssa: algorithm 'broken' (maker_of_broken:Broken of maker-of-broken)")
    for code in ("distance", "handling-cost", "priority"):
        assert code in done.stdout
