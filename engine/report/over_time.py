"""Days as they go by: backlog, stock on hand and what is shipped. Only with a horizon."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from numpy.typing import NDArray

from engine.report.panels import LEVELS, Panel, Scale, cut, grid, level_ticks, scale, ticks, title
from engine.report.section import Section
from engine.report.sheet import NARROW, line, lines, marks, put, write
from engine.report.table import pivot
from engine.report.theme import LIGHT
from engine.report.view import Row, View
from engine.report.words import compact, where
from engine.selection.shown import quantity, spelt_out

_MOST_STEPS = 70
"""More days than that are put together as weeks, more weeks as pairs of them, and so on."""
_MOST = 6
"""Sources that are shown."""
_HEIGHT = 110


class Span(NamedTuple):
    """Days or weeks from ``start`` on: so many ``steps``, each so many ``days``."""

    start: date
    steps: int
    days: int

    @property
    def word(self) -> str:
        """What a step is called."""
        weeks = self.days // 7
        return "day" if not weeks else "week" if weeks == 1 else f"{weeks} weeks"

    def of(self, day: date) -> int:
        """Return the step that a day belongs to."""
        return (day - self.start).days // self.days

    def date(self, step: int) -> date:
        """Return the first day of a step."""
        return self.start + timedelta(days=step * self.days)


def backlog(view: View) -> Section | None:
    """Return the section on units that wait and are lost, day by day; None without a horizon."""
    rows = view.rows("days")
    if not rows:
        return None
    span = _span(rows)
    waiting = {name: _levels(span, rows, name, "units_waiting") for name in view.names}
    lost = {name: _so_far(span, rows, name, "units_lost") for name in view.names}
    top = max(float(max(waiting[name].max(), lost[name].max())) for name in view.names)
    if not top:
        told = "Nothing waits for a later batch, and nothing is lost."
        return Section("backlog", "Units waiting and lost", told, "", "", [], None)

    def draw(width: int) -> Axes:
        axes, panels = grid(
            width, len(view.names), _HEIGHT, columns=4, above=46, below=28, levels=LEVELS, gap=16
        )
        for panel, name in zip(panels, view.names, strict=True):
            title(axes, panel, name, view.look(name))
            to_x, to_y = _scales(axes, panel, span, top)
            steps = [to_x(step) for step in range(span.steps)]
            heights = [to_y(value) for value in waiting[name]]
            colour = LIGHT[view.look(name).colour]
            outline = [(steps[0], panel.bottom), *zip(steps, heights, strict=True)]
            outline.append((steps[-1], panel.bottom))
            put(axes, Polygon(outline, facecolor=colour, linewidth=0, alpha=0.55))
            line(axes, steps, [to_y(value) for value in lost[name]], "ink", 1.75)
            if panel is panels[0]:
                _name_both(axes, panel, to_y, waiting[name], lost[name])
        return axes

    texts = {
        (name, str(span.date(step))): f"{quantity(waiting[name][step])} / "
        f"{quantity(lost[name][step])}"
        for name in view.names
        for step in range(span.steps)
    }
    return Section(
        "backlog",
        "Units waiting and lost",
        _worst(view, waiting, lost),
        "Area: units that wait at the end of a day. Line: units lost so far." + _weeks(span),
        "Charts of the units waiting and lost over time, a panel for each scenario.",
        [
            pivot(
                "Units waiting / lost so far, at the end of a " + span.word,
                f"{span.word} from" if span.days > 1 else "day",
                [str(span.date(step)) for step in range(span.steps)],
                view.names,
                texts,
                "days",
            )
        ],
        draw,
    )


def _name_both(axes: Axes, panel: Panel, to_y: Scale, waiting: NDArray, lost: NDArray) -> None:
    """Write beside the line and the area what they are, once."""
    at = len(lost) - 1
    write(axes, panel.right, to_y(lost[at]) - 10, "lost so far", size=11.5, align="right")
    at = int(waiting.argmax())
    x = panel.left + panel.width * min(max(at / len(waiting), 0.2), 0.8)
    write(axes, x, to_y(waiting[at]) - 9, "waiting", size=11.5, align="center")


def _worst(view: View, waiting: dict[str, NDArray], lost: dict[str, NDArray]) -> str:
    most = max(view.names, key=lambda name: float(lost[name][-1]))
    longest = max(view.names, key=lambda name: float(waiting[name].max()))
    return (
        f"Most is lost {where(view, most)}: {quantity(lost[most][-1])} units; the most that "
        f"waits is {quantity(waiting[longest].max())} units, {where(view, longest)}."
    )


def _weeks(span: Span) -> str:
    return f" A point every {span.word}." if span.days > 1 else ""


def on_hand(view: View) -> Section | None:
    """Return the section on stock on hand over time; None without a horizon."""
    return _by_source(
        view,
        "on_hand",
        "Stock on hand over time",
        "units_on_hand",
        "Units on hand at the end of the day, at each source.",
    )


def shipped(view: View) -> Section | None:
    """Return the section on units shipped over time; None without a horizon."""
    return _by_source(
        view,
        "shipped",
        "Units shipped over time",
        "units",
        "Units shipped so far, from each source.",
    )


def _by_source(view: View, key: str, heading: str, column: str, note: str) -> Section | None:
    every = _by_units(view)
    rows = view.rows("source_days", only=pa.array(every[:_MOST], pa.string()))
    if not rows:
        return None
    span = _span(rows)
    codes = [spelt_out(code) for code in every[:_MOST]]
    collect = _levels if column == "units_on_hand" else _so_far
    series = {
        (name, code): collect(
            span, [row for row in rows if row["source_code"] == code], name, column
        )
        for code in codes
        for name in view.names
    }

    def draw(width: int) -> Axes:
        head = _key_height(width, len(view.names)) + 8
        axes, panels = grid(
            width,
            min(len(codes), _MOST),
            _HEIGHT,
            columns=3,
            below=28,
            levels=LEVELS,
            gap=20,
            head=head,
        )
        _draw_key(axes, width, view)
        for panel, code in zip(panels, codes, strict=True):
            title(axes, panel, code)
            top = max(float(series[name, code].max()) for name in view.names)
            to_x, to_y = _scales(axes, panel, span, top)
            for name in reversed(view.names):
                xs = [to_x(step) for step in range(span.steps)]
                _draw_series(axes, xs, [to_y(it) for it in series[name, code]], view, name)
        return axes

    more = len(every) - _MOST
    tables = [
        pivot(
            f"{code}: {heading.lower().removesuffix(' over time')}",
            f"{span.word} from" if span.days > 1 else "day",
            [str(span.date(step)) for step in range(span.steps)],
            view.names,
            {
                (name, str(span.date(step))): quantity(series[name, code][step])
                for name in view.names
                for step in range(span.steps)
            },
            "source_days",
        )
        for code in codes
    ]
    return Section(
        key,
        heading,
        _least(view, series, span) if key == "on_hand" else "",
        note.format(span.word)
        + (
            f" The {_MOST} sources that ship most; source_days has {more} more." if more > 0 else ""
        ),
        "Line charts, a panel for each source and a line for each scenario.",
        tables,
        draw,
    )


def _least(view: View, series: dict[tuple[str, str], NDArray], span: Span) -> str:
    """Say what stands empty first."""
    empty = [
        (int(np.argmax(values <= 0)), name, code)
        for (name, code), values in series.items()
        if (values <= 0).any() and values.max() > 0
    ]
    if not empty:
        return "None of these sources runs out of all that it has."
    step, name, code = min(empty)
    day = span.date(step)
    when = "on" if span.days == 1 else f"within the {span.word} from"
    return f"The first to stand empty is {code} {where(view, name)}, {when} {day.day} {day:%B %Y}."


def _draw_series(
    axes: Axes, xs: Sequence[float], ys: Sequence[float], view: View, name: str
) -> None:
    look, at = view.look(name), view.names.index(name)
    if name == view.base:
        line(axes, xs, ys, look.colour, 2.5, zorder=3)
        return
    line(axes, xs, ys, look.colour, 1.6, dashes=look.dash, zorder=2)
    every = max(len(xs) // 6, 1)
    shown = range(at * every // 7, len(xs), every)
    marks(axes, [(xs[point], ys[point]) for point in shown], look.mark, look.colour, 6)


def _key_height(width: int, count: int) -> float:
    return 18.0 * count if width == NARROW else 22.0 * -(-count // 3)


def _draw_key(axes: Axes, width: int, view: View) -> None:
    """Draw which line is which scenario, above all panels."""
    columns, row = (1, 18.0) if width == NARROW else (3, 22.0)
    for at, name in enumerate(view.names):
        x, y = at % columns * width / columns, row * (at // columns) + 9
        look = view.look(name)
        style = {"dashes": look.dash} if look.dash else {}
        line(axes, [x, x + 34], [y, y], look.colour, 2, **style)
        if name != view.base:
            marks(axes, [(x + 17, y)], look.mark, look.colour, 7)
        write(axes, x + 42, y, cut(name, width / columns - 52, 12))


def _scales(axes: Axes, panel: Panel, span: Span, top: float) -> tuple[Scale, Scale]:
    """Return the scales of a panel after drawing what is faint in it: levels and months."""
    to_x = scale(0, max(span.steps - 1, 1), panel.left, panel.right)
    to_y = scale(0, top or 1, panel.bottom, panel.top)
    level_ticks(axes, panel, to_y, ticks(0, top or 1, 3)[1:], compact)
    line(axes, [panel.left, panel.right], [panel.bottom] * 2, "quiet", zorder=3)
    dates = [(to_x(step), text) for step, text in _dates(span, panel.width)]
    dates = [(x, text) for x, text in dates if x + 6.8 * len(text) < panel.right]
    lines(axes, [((x, panel.bottom), (x, panel.bottom + 4)) for x, _ in dates], "quiet")
    for x, text in dates:
        write(axes, x, panel.bottom + 13, text, size=11, colour="quiet")
    return to_x, to_y


def _dates(span: Span, width: float) -> list[tuple[float, str]]:
    """Return steps and dates to write: months where there are several, else days."""
    end = span.date(span.steps - 1)
    firsts = [
        date(year, month, 1)
        for year in range(span.start.year, end.year + 1)
        for month in range(1, 13)
        if span.start <= date(year, month, 1) <= end
    ]
    form = "%b %Y" if len(firsts) > 11 else "%b"
    if len(firsts) < 3:
        firsts = [span.date(step) for step in range(span.steps)]
        form = "%-d %b"
    every = -(-len(firsts) // max(int(width / (64 if form == "%b %Y" else 48)), 1))
    return [((day - span.start).days / span.days, f"{day:{form}}") for day in firsts[::every]]


def _span(rows: Sequence[Row]) -> Span:
    days = [row["date"] for row in rows]
    start, count = min(days), (max(days) - min(days)).days + 1
    size = 1 if count <= _MOST_STEPS else 7 * -(-count // (7 * _MOST_STEPS))
    return Span(start, -(-count // size), size)


def _sums(span: Span, rows: Sequence[Row], name: str, column: str) -> NDArray:
    """(span.steps,) float64 sums of a column by step."""
    sums = np.zeros(span.steps)
    for row in rows:
        if row["scenario"] == name:
            sums[span.of(row["date"])] += float(row[column])
    return sums


def _so_far(span: Span, rows: Sequence[Row], name: str, column: str) -> NDArray:
    """(span.steps,) float64 sums of a column up to the end of each step."""
    return _sums(span, rows, name, column).cumsum().round(4)


def _levels(span: Span, rows: Sequence[Row], name: str, column: str) -> NDArray:
    """(span.steps,) float64 the last value of a column in each step, or before."""
    found = np.full(span.steps, np.nan)
    for row in sorted(rows, key=lambda row: row["date"]):
        if row["scenario"] == name:
            found[span.of(row["date"])] = float(row[column])
    known = np.maximum.accumulate(np.where(np.isnan(found), -1, np.arange(span.steps)))
    return np.where(known < 0, 0.0, found[np.maximum(known, 0)])


def _by_units(view: View) -> list[str]:
    """Return all source_codes, those first that ship most."""
    table = view.table("source_days").group_by("source_code").aggregate([("units", "sum")])
    order = [("units_sum", "descending"), ("source_code", "ascending")]
    return table.sort_by(order)["source_code"].to_pylist()
