"""Cost against fill, and the gap against time and against the size of a batch, as PNG."""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.quality.whole import WHOLE
from benchmarks.quality.whole_page import fill, gap

Row = dict[str, Any]

_BLUE, _ORANGE, _GREY = "#1f5fa8", "#c2541b", "#5f6770"
_MARKERS = "o", "s", "^"
_DPI = 110
_LINE = 0.072
"""Height of a label, in parts of a panel."""


def plot_whole(results: dict[str, Any], folder: Path) -> None:
    """Write ``quality-fill.png``, ``quality-time.png`` and ``quality-batches.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in (
        ("fill", _fill(results["policies"])),
        ("time", _time(results["policies"], results["stops"])),
        ("batches", _batches(results["batches"])),
    ):
        figure.savefig(folder / f"quality-{name}.png", dpi=_DPI, metadata={"Software": None})


def _fill(rows: list[Row]) -> Figure:
    """Draw a panel for each data set; cheaper is lower, and more is served to the right."""
    figure, panels = _panels(rows)
    for axes, of_set in panels:
        axes.set_xlabel("units served, %")
        _at_least_one_wide(axes, [fill(row) for row in of_set], 100 * gap(of_set[0]))
        _name_points(axes, of_set, fill)
    return figure


def _at_least_one_wide(axes: Axes, served: list[float], height: float) -> None:
    """Keep what hardly differs together: an axis of millionths tells nothing."""
    middle = (min(served) + max(served)) / 2
    axes.plot([middle - 0.5, middle + 0.5], [height, height], alpha=0)


def _time(rows: list[Row], stops: list[Row]) -> Figure:
    """Draw the rules that go order by order as points, and the batch as a whole as a line."""
    rules = [row for row in rows if row["own_bound"] is None]
    figure, panels = _panels(rules)
    for axes, of_set in panels:
        axes.set_xscale("log")
        axes.set_xlabel("seconds")
        axes.xaxis.set_major_formatter(FuncFormatter(_plain))
        line = [row for row in stops if row["data_set"] == of_set[0]["data_set"]]
        axes.plot(*_points(line, _seconds), "o-", color=_ORANGE, markersize=4)
        _name_points(axes, [*of_set, {**line[-1], "policy": WHOLE}], _seconds)
    return figure


def _batches(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    axes = figure.subplots()
    for (name, of_set), marker, colour in zip(
        groupby(rows, lambda row: row["data_set"]),
        _MARKERS,
        (_BLUE, _ORANGE, _GREY),
        strict=False,
    ):
        line = list(of_set)
        x, y = _points(line, lambda row: row["size"])
        axes.plot(x, y, marker + "-", color=colour, markersize=5)
        axes.annotate(
            name, (x[-1], y[-1]), (7, 0), textcoords="offset points", va="center", color=colour
        )
    axes.set_xscale("log")
    axes.set_xlabel("orders decided together")
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    axes.margins(x=0.12)
    _gap_axis(axes)
    return figure


def _panels(rows: list[Row]) -> tuple[Figure, list[tuple[Axes, list[Row]]]]:
    """Return a figure with a panel for each data set, and the rows of each."""
    sets = [list(of_set) for _, of_set in groupby(rows, lambda row: row["data_set"])]
    figure = Figure(figsize=(7, 3.1 * len(sets)), layout="constrained")
    panels = list(figure.subplots(len(sets), squeeze=False)[:, 0])
    for axes, of_set in zip(panels, sets, strict=True):
        axes.set_title(of_set[0]["data_set"], loc="left", fontsize=10, fontweight="bold")
        _gap_axis(axes)
    return figure, list(zip(panels, sets, strict=True))


def _gap_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.set_ylabel("above bound, %")
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    # Within a decade matplotlib would write powers of ten.
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.axhline(1, alpha=0)
    axes.grid(True, which="major", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _name_points(axes: Axes, rows: list[Row], across: Callable[[Row], float]) -> None:
    """Draw a point for each policy, its name beside the panel, dearest on top."""
    rows = sorted(rows, key=gap)
    for row in rows:
        axes.plot(across(row), 100 * gap(row), "o", color=_colour(row), markersize=5)
    axes.margins(0.06, 0.1)
    axes.autoscale_view()
    to_panel = axes.transScale + axes.transLimits
    heights = [float(to_panel.transform((across(row), 100 * gap(row)))[1]) for row in rows]
    for row, height in zip(rows, _apart(heights), strict=True):
        axes.annotate(
            row["policy"],
            (across(row), 100 * gap(row)),
            (1.04, height),
            textcoords="axes fraction",
            va="center",
            color=_colour(row),
            fontsize=9,
            arrowprops={
                "arrowstyle": "-",
                "color": _colour(row),
                "alpha": 0.4,
                "linewidth": 0.7,
                "relpos": (0, 0.5),
            },
        )


def _apart(heights: list[float]) -> list[float]:
    """Move rising heights as little as it takes for labels not to touch."""
    groups: list[tuple[float, int]] = []  # the height of the lowest of so many labels in a row
    for height in heights:
        groups.append((height, 1))
        while len(groups) > 1 and groups[-1][0] < groups[-2][0] + groups[-2][1] * _LINE:
            (upper, above), (lower, below) = groups.pop(), groups.pop()
            middle = (lower * below + (upper - below * _LINE) * above) / (below + above)
            groups.append((middle, below + above))
    return [lowest + at * _LINE for lowest, count in groups for at in range(count)]


def _plain(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _colour(row: Row) -> str:
    family = row["policy"].split(",")[0]
    return {"optimal": _ORANGE, "cheapest": _BLUE}.get(family, _GREY)


def _points(rows: list[Row], across: Callable[[Row], float]) -> tuple[list[float], list[float]]:
    return [across(row) for row in rows], [100 * gap(row) for row in rows]


def _seconds(row: Row) -> float:
    return row["seconds"]
