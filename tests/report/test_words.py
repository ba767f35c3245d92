"""Sentences and tables of key figures, by hand."""

import pytest

from engine.report.distances import distances
from engine.report.key_figures import all_scenarios, key_figures, tiles
from engine.report.shortfalls import regions, shortfalls, skus
from engine.report.sources import sources
from engine.report.view import view_of
from engine.report.words import compact, furthest, minus, spread, worst
from engine.selection.shown import share, shown_figures
from tests.report.made import NAMES, made


@pytest.fixture(scope="module")
def view():
    return view_of(made(NAMES[:2], runs=20))


def test_what_differs_most():
    values = {("b", "x"): 5.0, ("b", "y"): 1.0, ("s", "x"): 1.0, ("s", "y"): 4.0, ("t", "z"): 2.0}
    assert furthest(values, "b") == ("s", "x", -4)
    assert worst(values, "b") == ("s", "y", 3)
    assert furthest({("b", "x"): 1.0, ("s", "x"): 1.0}, "b") is None
    assert worst({("b", "x"): 1.0, ("s", "x"): 0.5}, "b") is None
    assert furthest({}, "b") is worst({}, "b") is None


def test_a_true_minus():
    assert minus("-1.5 to +2") == "−1.5 to +2"
    assert minus("-") == "-"


def test_round_numbers_of_scales():
    numbers = [0, 0.5, 750, 5000, 10000, 250000, 1500000]
    assert [compact(it) for it in numbers] == ["0", "0.5", "750", "5,000", "10k", "250k", "1.5M"]


def test_spread(view):
    by_name = {one.name: one for one in shown_figures(list(view.kpis.values()))}
    told = spread(view, by_name["split_rate"])
    assert told == f"Orders split: 12.0% (baseline) to 16.0% ({NAMES[1]!r})."
    assert spread(view, by_name["shipments_without_distance"]) == "Km unknown is 1.3% throughout."


def test_cells_of_key_figures(view):
    rows = {row.title: row for row in key_figures(view)}
    split = rows["orders split"].cells
    assert [it.value for it in split] == ["12.0%", "14.0%", "16.0%"]
    assert [it.difference for it in split] == ["", "+2.00 pp", "+4.00 pp"]
    assert [it.verdict for it in split] == ["", "worse", "worse"]
    # The interval is made to be 0.6 % of the figure to both sides.
    assert [it.mean for it in split] == ["", "+2.00 ± 0.08 pp", "+4.00 ± 0.10 pp"]
    assert [it.verdict for it in rows["units ordered"].cells] == ["", "", ""]
    assert rows["of several lines"].part
    assert rows["unit fill rate"].cells[1].verdict == "worse"


def test_what_may_be_chance_is_said():
    tables = made(NAMES[:1], runs=20)
    rows = tables["intervals"].to_pylist()
    for row in rows:
        if row["difference"] is not None:
            row |= {"difference_low": row["difference"] - 1e9}
            row |= {"difference_high": row["difference"] + 1e9}
    tables["intervals"] = tables["intervals"].from_pylist(rows, tables["intervals"].schema)
    (split,) = [it for it in key_figures(view_of(tables)) if it.title == "orders split"]
    assert split.cells[1].verdict == "unsure"


def test_tiles_say_where_all_scenarios_lie():
    view = view_of(made([f"s{at}" for at in range(9)]))
    assert view.names == ["baseline", *(f"s{at}" for at in range(6))]
    split = [it for it in tiles(view) if it.title == "orders split"]
    assert split == [("orders split", "12.0%", "12.0% to 24.0% in scenarios")]
    table = all_scenarios(view)
    assert [row[0] for row in table.rows] == ["baseline", *(f"s{at}" for at in range(9))]
    assert all_scenarios(view_of(made(NAMES))) is None


def test_findings_name_what_the_tables_hold(view):
    rows = [it for it in view.rows("sources") if it["scenario"] == "baseline"]
    most = max(rows, key=lambda it: it["utilisation"])
    told = sources(view).finding
    assert told.startswith(f"In the baseline {most['source_code']} is used most")
    assert share(most["utilisation"]) in told
    short = {}
    for row in view.rows("regions"):
        short[row["scenario"], row["country_id"]] = float(row["units"] - row["units_allocated"])
    name, region, _ = worst({k: v for k, v in short.items() if k[1] != "US"}, "baseline")
    assert regions(view).finding.startswith(f"Hit hardest: {region} with {name!r}")


def test_rows_are_ranked_by_what_a_scenario_takes(view):
    for section in (regions(view), skus(view)):
        (table,) = section.tables
        taken = []
        for _, *cells in table.rows:
            base, *others = (float(it.replace(",", "") or 0) for it in cells)
            taken.append(max(0, *(it - base for it in others)))
        assert taken == sorted(taken, reverse=True)


def test_reasons_add_up(view):
    lines, _ = shortfalls(view).tables
    assert lines.rows[0][0] == "all reasons"
    for column in range(1, len(lines.columns)):
        total, *parts = (int(row[column].replace(",", "")) for row in lines.rows)
        assert total == sum(parts)


def test_shares_of_distances_add_up(view):
    (table,) = distances(view).tables
    assert table.rows[-1][0] == "unknown"
    for column in range(1, len(table.columns)):
        shares = [float(row[column].partition("(")[2].rstrip("%)")) for row in table.rows]
        assert abs(sum(shares) - 100) < 0.06 * len(shares)  # each is rounded to 0.1
