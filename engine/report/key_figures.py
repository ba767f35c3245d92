"""The table of key figures with differences to the baseline."""

from typing import NamedTuple

from engine.report.table import Table
from engine.report.view import View
from engine.report.words import minus, rounded
from engine.selection.shown import Shown, plus_minus, shown_figures, signed

_MORE_IS_BETTER = ("unit_fill_rate", "line_fill_rate", "order_fill_rate")
_LESS_IS_BETTER = (
    *("split_rate", "split_rate_multi_line", "shipments_per_order", "distance_km"),
    *("distance_km_by_unit", "cost", "cost_unserved", "cost_per_order"),
    *("units_lost", "units_late", "wait_days"),
)
_TILES = ("unit_fill_rate", "order_fill_rate", "split_rate", "distance_km", "cost_per_order")


class Cell(NamedTuple):
    """A key figure of a scenario, its difference to the baseline, and what replications make of it.

    ``mean`` is the mean difference over replications and half of its interval. ``verdict`` is
    ``better``, ``worse``, ``unsure`` (the interval holds 0) or empty.
    """

    value: str
    difference: str
    mean: str
    verdict: str


class Figures(NamedTuple):
    """A key figure of each scenario; ``part`` if it is a part of the one above."""

    title: str
    part: bool
    cells: list[Cell]


def key_figures(view: View) -> list[Figures]:
    """Return the rows of the table: every key figure of the scenarios that figures show."""
    return [
        Figures(
            one.title.strip(),
            one.title.startswith(" "),
            [_cell(view, one, name) for name in view.names],
        )
        for one in shown_figures(list(view.kpis.values()))
    ]


def _cell(view: View, figure: Shown, name: str) -> Cell:
    value = figure.form(getattr(view.kpis[name], figure.name))
    if name == view.base:
        return Cell(value, "", "", "")
    more = view.differences[name][figure.name]
    row = view.intervals.get((name, figure.name), {})
    half, told = None, ""
    if row.get("difference_high") is not None:
        half = row["difference_high"] - row["difference"]
        if half or row["difference"]:
            told = plus_minus(row["difference"], half, rounded(view, figure))
    return Cell(
        value,
        minus(signed(more, figure.form)) if more else "",
        minus(told),
        _verdict(figure.name, more, half is not None and abs(row["difference"]) <= half),
    )


def _verdict(figure: str, more: float | None, is_unsure: bool) -> str:
    if not more or figure not in _MORE_IS_BETTER + _LESS_IS_BETTER:
        return ""
    if is_unsure:
        return "unsure"
    return "better" if (more > 0) == (figure in _MORE_IS_BETTER) else "worse"


class Tile(NamedTuple):
    """A key figure of the baseline in large, and where scenarios lie."""

    title: str
    value: str
    others: str


def tiles(view: View) -> list[Tile]:
    """Return the key figures at the top of the page."""
    found = []
    for one in shown_figures(list(view.kpis.values())):
        values = [getattr(kpis, one.name) for kpis in view.kpis.values()]
        known = [value for value in values[1:] if value is not None]
        if one.name in _TILES and values[0] is not None:
            ends = [one.form(min(known)), one.form(max(known))] if known else []
            others = f"{ends[0]} to {ends[1]} in scenarios" if ends else ""
            if ends and ends[0] == ends[1]:
                others = f"{ends[0]} in scenarios"
            found.append(Tile(one.title.strip(), one.form(values[0]), others))
    return found


def all_scenarios(view: View) -> Table | None:
    """Return a table with a row per scenario; None if the table of key figures holds them all."""
    if len(view.kpis) == len(view.names):
        return None
    figures = shown_figures(list(view.kpis.values()))
    rows = [
        [name, *(one.form(getattr(kpis, one.name)) for one in figures)]
        for name, kpis in view.kpis.items()
    ]
    return Table(
        "Key figures of all scenarios",
        ["scenario", *(one.title.strip() for one in figures)],
        rows,
    )
