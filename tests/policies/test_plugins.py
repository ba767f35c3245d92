"""Constraints, scores and order rules of other distributions, as the documents show them."""

import csv
import json
import re
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given

from engine.errors import OutputError, PolicyError
from tests.policy_cases import policy_cases, to_arrow
from tests.selection.test_policies import FEWER, SHOP, rows, run, taken

ROOT = Path(__file__).parents[2]


def shown(page, name):
    """Return a class as a page shows it, with its imports."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S)
    (body,) = [block for block in blocks if f"class {name}" in block]
    assert len(body.splitlines()) <= 15
    return body


def entry_point(page, name):
    """Return group and code of a class as a page shows its entry point."""
    found = re.search(rf'entry-points\."([a-z_.]+)"\]\n([\w-]+) = "my_package:{name}"', page)
    return found[1], found[2]


def install_from(install, page, name):
    """Install a class of a page; return the folder and the code."""
    group, code = entry_point((ROOT / page).read_text(), name)
    return install("my-package", shown(page, name), code=code, name=name, group=group), code


@pytest.fixture
def folders(tmp_path):
    """Two orders of two stocks over three sources, as CSV."""

    def write(place, header, *table):
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header, *table])

    write(
        "catalog/sources.csv",
        ("source_code", "latitude", "longitude", "handling_cost"),
        *[("a", 0, 1, 90), ("b", 0, 2, 1), ("c", 0, 3, 2)],
    )
    links = [(stock, code, at) for stock in (1, 2) for at, code in enumerate("abc")]
    write("catalog/stock_source_links.csv", ("stock_id", "source_code", "priority"), *links)
    items = [(code, sku, 3 + 2 * at) for at, code in enumerate("abc") for sku in ("A", "B")]
    write("catalog/source_items.csv", ("source_code", "sku", "quantity"), *items)
    orders = [(1, 1, 0, 0), (2, 2, 0, 0)]
    write("orders/orders.csv", ("order_id", "stock_id", "latitude", "longitude"), *orders)
    lines = [(1, "A", 9), (1, "B", 1), (2, "A", 2)]
    write("orders/order_lines.csv", ("order_id", "sku", "qty"), *lines)
    return tmp_path


def allocated(ssa, folders, policy, path):
    """Run a policy; return what each order takes from where."""
    (folders / "policy.toml").write_text(policy)
    out = folders / "out"
    done = ssa(
        *("allocate", folders / "catalog", folders / "orders", "--out", out, "--format", "csv"),
        *("--policy", folders / "policy.toml", "--quiet"),
        path=(path,),
    )
    assert (done.returncode, done.stderr) == (0, "")
    with (out / "allocations.csv").open() as file:
        return [
            (int(row["order_id"]), row["sku"], row["source_code"], float(row["qty_to_deduct"]))
            for row in csv.DictReader(file)
        ]


def test_a_constraint_of_the_documents_runs_as_a_package(ssa, install, folders):
    path, code = install_from(install, "docs/policies.md", "OddStocksOnly")
    policy = f"[[constraints]]\nkind = '{code}'\nremainder = 0"
    assert allocated(ssa, folders, policy, path) == [(2, "A", "a", 2.0)]
    info = json.loads((folders / "out" / "run.json").read_text())
    assert info["arguments"]["policy"]["constraints"] == [
        {"kind": code, "soft": False, "remainder": 0}
    ]
    explained = ssa("explain", folders / "out", 1, "--quiet", path=(path,))
    assert explained.returncode == 0
    assert explained.stdout.count("  constraint\n") == 6


def test_a_score_of_the_documents_runs_as_a_package(ssa, install, folders):
    path, code = install_from(install, "README.md", "NearestCheap")
    policy = f"ranking = ['{code}']\nmax_sources = 3"
    assert allocated(ssa, folders, policy, path) == [
        *[(1, "A", "b", 5.0), (1, "A", "c", 4.0), (1, "B", "b", 1.0)],
        (2, "A", "c", 2.0),
    ]
    explained = json.loads(ssa("explain", folders / "out", 1, "--json", path=(path,)).stdout)
    first = explained["lines"][0]["candidates"][0]
    assert first["scores"] == {code: pytest.approx(first["distance_km"] + 10)}


def test_an_order_rule_of_the_documents_runs_as_a_package(ssa, install, folders):
    path, code = install_from(install, "docs/policies.md", "LargestFirst")
    policy = f"order_rule = '{code}'\nfallback = 'line'"
    assert allocated(ssa, folders, policy, path) == [
        *[(1, "A", "c", 7.0), (1, "A", "a", 2.0), (1, "B", "c", 1.0)],
        (2, "A", "b", 2.0),  # one is left at a; of equals the first in ranking order
    ]
    explained = ssa("explain", folders / "out", 1, "--quiet", path=(path,))
    assert "order rule largest_first, else line" in explained.stdout


# ------------------------------------------------------------------ in this process


def installed(rule):
    """Have a class of this module as the order rule `mine`."""
    point = EntryPoint("mine", f"{__name__}:{rule.__name__}", "ssa_engine.order_rules")

    def points(*, group, name="mine"):
        return [point] if (group, name) == (point.group, point.name) else []

    return patch("engine.policies.registry.entry_points", points)


class FirstComplete:
    """The rule ``complete_first``, once more."""

    def choose(self, order):
        has_all = (order.available >= order.wanted[:, None]).all(axis=0)
        return np.flatnonzero(has_all)[:1] if has_all.any() else None


@given(policy_cases())
@FEWER
def test_an_order_rule_that_does_as_complete_first_gives_what_it_gives(case):
    tables, policy = case
    kinds = [one["kind"] for one in policy.get("constraints", [])]
    if {"capacity", "min_units"} & {*kinds}:
        return  # a rule of a plug-in is not told of these
    if policy.get("max_sources"):
        return
    expected = run(to_arrow(tables), policy=policy | {"order_rule": "complete_first"})
    with installed(FirstComplete):
        found = run(to_arrow(tables), policy=policy | {"order_rule": "mine"})
    assert rows(found) == rows(expected)


class Seen:
    """Takes all candidates, last first, and keeps what it was shown."""

    orders: ClassVar = []

    def choose(self, order):
        self.orders.append(order)
        return range(len(order.source) - 1, -1, -1)


def test_an_order_rule_sees_the_order_and_its_candidates():
    Seen.orders.clear()
    with installed(Seen):
        found = run(SHOP, policy={"order_rule": "mine", "ranking": ["stock_level"]})
    assert taken(found) == [(1, "near", 2), (1, "far", 1), (2, "far", 4)]
    first, second = Seen.orders
    assert (first.order_id, first.stock_id, first.skus) == (1, 1, ("A",))
    assert first.column("source_code").tolist() == ["far", "near"]
    assert first.wanted.tolist() == [30_000]
    assert first.available.tolist() == [[30_000, 20_000]]
    assert np.isnan(first.distance_km).all()
    assert second.available.tolist() == [[40_000]]
    with pytest.raises(ValueError, match="read-only"):
        first.wanted[0] = 0


class Raises:
    def choose(self, order):
        raise OSError("two\n  lines")


class Beyond:
    def choose(self, order):
        return [0, 9]


class Twice:
    def choose(self, order):
        return [0, 0]


class Words:
    def choose(self, order):
        return "no"


class Ragged:
    def choose(self, order):
        return [[0], [1, 2]]


class Large:
    def choose(self, order):
        return list(range(200_000))


class Unfit:
    pass


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Raises, r"order_rule 'mine' failed for order 1: OSError: two lines"),
        (Beyond, r"chose \[0, 9\] for order 1; distinct positions from 0 to 1 are due"),
        (Twice, r"chose \[0, 0\]"),
        (Words, r"chose 'no'"),
        (Ragged, r"failed for order 1: ValueError"),
        (Large, r"chose \[0, 1, 2, .{0,300} are due"),
        (Unfit, r"has no method choose\(order\)"),
    ],
)
def test_order_rules_that_answer_wrongly_are_named(rule, words):
    with installed(rule), pytest.raises(PolicyError, match=words):
        run(SHOP, policy={"order_rule": "mine"})


class Alternates:
    def __init__(self):
        self.asked = 0

    def choose(self, order):
        self.asked += 1
        return [self.asked % len(order.source)]


def test_the_rule_of_a_replay_is_made_anew():
    with installed(Alternates):
        found = run(SHOP, policy={"order_rule": "mine"})
        for _ in range(2):
            assert [line.qty_short for line in found.explain(2).lines] == [
                row["qty_short"] for row in found.shortfalls.to_pylist() if row["order_id"] == 2
            ]


class Wavers:
    asked = 0

    def choose(self, order):
        Wavers.asked += 1
        return [Wavers.asked % len(order.source)]


def test_a_rule_that_does_not_answer_alike_is_not_explained():
    with installed(Wavers):
        found = run(SHOP, policy={"order_rule": "mine"})
        Wavers.asked += 1
        with pytest.raises(OutputError, match="does not answer alike each time"):
            found.explain(1)


class Interrupts:
    def choose(self, order):
        raise KeyboardInterrupt


def test_an_interrupt_passes_through_an_order_rule():
    with installed(Interrupts), pytest.raises(KeyboardInterrupt):
        run(SHOP, policy={"order_rule": "mine"})


class Nobody:
    def choose(self, order):
        return []


def test_an_order_rule_may_choose_nobody():
    with installed(Nobody):
        found = run(SHOP, policy={"order_rule": "mine"})
    assert len(found.allocations) == 0
    assert set(found.shortfalls["reason"].to_pylist()) == {"order_rule"}


class Masked:
    def allows(self, candidates):
        return np.ma.masked_all(len(candidates), bool)


def test_what_a_constraint_masks_it_does_not_allow():
    point = EntryPoint("mine", f"{__name__}:Masked", "ssa_engine.constraints")
    with patch("engine.policies.registry.entry_points", lambda **_: [point]):
        found = run(SHOP, policy={"constraints": [{"kind": "mine"}]})
    assert len(found.allocations) == 0
