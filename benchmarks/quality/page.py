"""The tables of `docs/quality.md`: ``python -m benchmarks.quality.page`` writes them."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.markdown import table, where
from benchmarks.quality.results import load
from benchmarks.quality.whole_page import whole_tables

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
BEGIN, END = "<!-- tables: written by benchmarks/quality/page.py -->", "<!-- end of tables -->"

Row = dict[str, Any]


def main() -> None:
    """Write the tables and the pictures of what was measured."""
    from benchmarks.quality.plots import plot_whole

    results = load()
    PAGE.write_text(with_tables(PAGE.read_text(), results))
    if results.get("policies"):
        plot_whole(results, PAGE.parent)


def with_tables(text: str, results: dict[str, Any]) -> str:
    """Return the page with the tables of these results between its markers."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{tables(results)}\n{END}{rest.split(END)[1]}"


def tables(results: dict[str, Any]) -> str:
    """Return where it was measured, a table for each case, and those of batches as a whole."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    sections = [*_sections(results["rows"]), *whole_tables(results)]
    return "\n\n".join([f"{where(results)}; {versions}.", *sections])


def _sections(rows: list[Row]) -> Iterator[str]:
    for case, of_case in groupby(rows, lambda row: (row["metros"], row["n_max"], row["periods"])):
        yield "### {} metros, n_max {}, T {:,}".format(*case)
        yield case_table(list(of_case))
    yield "### Decided as a whole"
    yield whole_table(rows)


def case_table(rows: list[Row]) -> str:
    """Return the table of a case, policies in the order in which they come first."""
    titles = dict.fromkeys(row["policy"] for row in rows)
    return table(
        [
            "policy",
            "above bound %",
            "at x 10 %",
            "a unit sent",
            "unit fill %",
            "split %",
            "lines/s",
        ],
        [_cells(title, [row for row in rows if row["policy"] == title]) for title in titles],
    )


def _cells(title: str, rows: list[Row]) -> list[str]:
    speed = sum(row["lines"] for row in rows) / sum(row["seconds"] for row in rows)
    return [
        title,
        _spread([100 * (row["cost"] / row["bound"] - 1) for row in rows]),
        _spread([100 * (row["cost_raised"] / row["bound_raised"] - 1) for row in rows]),
        f"{mean(row['sent'] for row in rows):.2f}",
        _spread([100 * row["unit_fill_rate"] for row in rows]),
        _spread([100 * row["split_rate"] for row in rows]),
        f"{round(speed, -3):,.0f}",
    ]


def whole_table(rows: list[Row]) -> str:
    """Return how near ``optimal`` comes to three bounds, and in what time, case by case."""
    columns = ["metros", "n_max", "T", "own bound %", "bound %", "weak bound %", "seconds"]
    cells = []
    for case, of_case in groupby(rows, lambda row: (row["metros"], row["n_max"], row["periods"])):
        found = [row for row in of_case if row["policy"] == "optimal"]
        cells.append(
            [
                *(f"{size:,}" for size in case),
                _spread([100 * row["own_gap"] for row in found], 2),
                _spread([100 * (row["cost"] / row["bound"] - 1) for row in found], 2),
                _spread([100 * (row["cost"] / row["weak_bound"] - 1) for row in found], 2),
                _spread([row["seconds"] for row in found]),
            ]
        )
    return table(columns, cells)


def _spread(values: list[float], places: int = 1) -> str:
    """Return the mean and the standard deviation over seeds."""
    shown = [mean(values), stdev(values)] if len(values) > 1 else values
    return " ± ".join(f"{value:.{places}f}" for value in shown)


if __name__ == "__main__":
    main()
