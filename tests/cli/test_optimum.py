"""``ssa optimum``: how little the orders could cost."""

import json

from tests.cli.running import EXAMPLE, NORTHWIND, ssa

POLICY = """\
order_rule = "line"

[costs]
per_shipment = 8.759
per_unit = 0.423
per_unit_km = 0.000336
per_unserved_unit = 40
"""


def test_optimum_compares_the_order_rules_with_the_bound(tmp_path):
    policy = tmp_path / "p.toml"
    policy.write_text(POLICY)
    told = ssa("optimum", *NORTHWIND, "--policy", policy, "--json", "--quiet")
    found = json.loads(told.out)
    assert told.code == 0
    assert found["least"] <= found["cost"] == found["rules"]["optimal"]
    assert found["cost"] == min(found["rules"].values())
    assert found["per_unserved"] == {"unit": 40, "line": 0, "order": 0}
    printed = ssa("optimum", *NORTHWIND, "--policy", policy, "--quiet").out
    assert f"costs less than {found['least']:,.2f}" in printed
    rules = [line.split()[0] for line in printed.splitlines()[5:11]]
    assert rules == sorted(found["rules"], key=found["rules"].__getitem__)


def test_what_orders_cost_alone_is_the_least_where_nothing_is_scarce():
    found = json.loads(ssa("optimum", *EXAMPLE, "--json", "--quiet").out)
    assert found["least"] == found["cost"]
    assert found["gap"] == 0


def test_the_exact_bound_is_no_lower_and_one_in_a_hurry_no_higher():
    bounds = [
        json.loads(ssa("optimum", *NORTHWIND, *options, "--json", "--quiet").out)
        for options in (["--time-limit", "0.001"], [], ["--exact"])
    ]
    assert [it["is_whole"] for it in bounds] == [False, True, True]
    hurried, plain, exact = (it["least"] for it in bounds)
    assert hurried <= plain <= exact <= min(it["cost"] for it in bounds)
    told = ssa("optimum", *NORTHWIND, "--time-limit", "0.001", "--quiet")
    assert "the time limit ended the search" in told.out


def test_soft_constraints_are_refused_in_one_line(tmp_path):
    policy = tmp_path / "p.toml"
    policy.write_text(POLICY + '[[constraints]]\nkind = "capacity"\nsoft = true\n')
    told = ssa("optimum", *NORTHWIND, "--policy", policy)
    assert told.code == 2
    assert "make it hard" in told.err


def test_a_run_says_how_far_it_is_from_the_bound(tmp_path):
    policy, out = tmp_path / "p.toml", tmp_path / "out"
    policy.write_text(POLICY.replace("line", "optimal"))
    told = ssa("allocate", *NORTHWIND, "--policy", policy, "--out", out, "--quiet")
    assert told.code == 0
    bound = json.loads((out / "run.json").read_text())["bound"]
    assert f"{bound['gap']:.2%} above the bound: " in told.out
    assert f"costs less than {bound['least']:,.2f}\n" in told.out
