"""Fill rate, splits, distance and cost of each scenario."""

from matplotlib.axes import Axes

from engine.report.panels import (
    VALUES,
    Panel,
    Rows,
    grid,
    padded,
    rows_of,
    scale,
    ticks,
    title,
    value_ticks,
    write_names,
)
from engine.report.section import Section
from engine.report.sheet import line, lines, marks, write
from engine.report.table import Table
from engine.report.view import View
from engine.report.words import capital, rounded, short, spread
from engine.selection.shown import Shown, many, shown_figures

_DRAWN = (
    *("unit_fill_rate", "order_fill_rate", "split_rate", "distance_km", "shipments_per_order"),
    *("cost_per_order", "units_lost", "wait_days"),
)


def service(view: View) -> Section | None:
    """Return the section on service, splits, distance and cost; None if nothing is known of it."""
    figures = [one for one in shown_figures(list(view.kpis.values())) if one.name in _DRAWN]
    known = [
        one for one in figures if any(view.mean(it, one.name) is not None for it in view.names)
    ]
    same = [one for one in known if len({_text(view, one, it) for it in view.names}) == 1]
    drawn = [one for one in known if one not in same] or known
    if not known:
        return None

    def draw(width: int) -> Axes:
        rows = rows_of(width, view.names, 190)
        height = rows.pitch * len(view.names)
        axes, panels = grid(width, len(drawn), height, columns=3, names=rows.room)
        for panel, figure in zip(panels, drawn, strict=True):
            _draw_panel(axes, panel, view, figure, rows)
        return axes

    rows = [[one.title.strip(), *(_text(view, one, name) for name in view.names)] for one in known]
    return Section(
        "service",
        "Service, splits, distance and cost",
        " ".join(
            [
                *([f"Means of {many(view.runs, 'replication')}."] if view.runs else []),
                *(spread(view, one) for one in drawn if one.name in _TOLD),
            ]
        ),
        "The upright line is the baseline; scales do not begin at 0."
        + _MEANS.format(many(view.runs, "replication")) * bool(view.runs)
        + _same_in_all(same) * (drawn != known),
        "Dot plots, a panel for each key figure and a row for each scenario: "
        + ", ".join(one.title.strip() for one in drawn),
        [Table("Key figures of these panels", ["key figure", *view.names], rows)],
        draw,
    )


_MEANS = " Means over {} on orders drawn anew, with their 95 % intervals."


def _same_in_all(figures: list[Shown]) -> str:
    return f" The same in all: {', '.join(one.title.strip() for one in figures)}."


_TOLD = ("unit_fill_rate", "distance_km")


def _draw_panel(axes: Axes, panel: Panel, view: View, figure: Shown, rows: Rows) -> None:
    form = rounded(view, figure)
    values = [view.mean(name, figure.name) for name in view.names]
    ends = [view.interval(name, figure.name) for name in view.names]
    low, high = padded([it for it in values if it is not None] + [x for it in ends for x in it])
    to_x = scale(low, high, panel.left, panel.right - VALUES)
    ys = rows.ys(panel, len(values))
    title(axes, panel, capital(figure.title))
    value_ticks(axes, panel, to_x, ticks(low, high, 3), short(figure.form))
    write_names(axes, panel, rows, view.names, ys)
    base = values[0]
    if base is not None:
        line(axes, [to_x(base)] * 2, [panel.top, panel.bottom], "base", 1.25)
    for name, value, between, y in zip(view.names, values, ends, ys, strict=True):
        look = view.look(name)
        write(axes, panel.right, y, form(value), align="right")
        if value is None:
            continue
        x, spans = to_x(value), [to_x(end) for end in between]
        if base is not None:
            line(axes, [to_x(base), x], [y, y], look.colour, 2)
        whiskers = [((end, y - 4), (end, y + 4)) for end in spans]
        lines(axes, [*(((end, y), (x, y)) for end in spans), *whiskers], look.colour, 1.25)
        marks(axes, [(x, y)], look.mark, look.colour, 9)


def _text(view: View, figure: Shown, name: str) -> str:
    form = rounded(view, figure)
    shown = form(view.mean(name, figure.name))
    ends = view.interval(name, figure.name)
    return f"{shown} ({form(ends[0])} to {form(ends[1])})" if ends else shown
