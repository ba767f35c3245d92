"""What is published is what was measured, and nothing around it changes."""

from benchmarks.report import BEGIN, END, page, with_table
from benchmarks.targets import targets

NOTHING = {"machine": {}, "versions": {}, "cases": {}}


def run(seconds):
    return {"median": seconds, "seconds": [seconds], "peak_bytes": 0, "phases": {"deduct": 0.1}}


def measured(**seconds):
    case = {"about": "a million", "lines": 10**6, "skus": 10**6, "sources": 50}
    runs = {f"{name} priority warm": run(spent) for name, spent in seconds.items()}
    return {**NOTHING, "cases": {"1Mx1Mx50": {"case": case, "runs": runs, "dropped": {}}}}


def test_with_table_changes_only_what_stands_between_the_markers():
    readme = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    new = with_table(readme, measured(ours=2.0, floor=1.0, duckdb=7.0))
    assert new.startswith(f"before\n{BEGIN}\n")
    assert new.endswith(f"\n{END}\nafter\n")
    assert "| a million | 2.00 | 2.0x | 3.5x |  |  |  |" in new
    assert "old" not in new
    assert with_table(new, measured(ours=2.0, floor=1.0, duckdb=7.0)) == new


def test_page_says_of_a_peer_that_differs_that_it_was_not_timed():
    results = measured(ours=2.0)
    results["cases"]["1Mx1Mx50"]["dropped"]["duckdb priority warm"] = "allocations: ..."
    assert "| duckdb priority warm | differs, not timed |" in page(results)


def test_targets_are_met_missed_or_not_measured():
    assert {row.met for row in targets(NOTHING)} == {None}
    rows = {row.what: row for row in targets(measured(ours=2.0, duckdb=7.0, pandas=20.0))}
    duckdb = rows["DuckDB SQL / ours, priority, 1Mx1Mx50, warm"]
    pandas = rows["pandas / ours, priority, 1Mx1Mx50, warm"]
    assert (duckdb.measured, duckdb.met) == ("3.50x", True)
    assert (pandas.measured, pandas.met) == ("10.00x", False)
