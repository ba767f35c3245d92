"""Things side by side: a panel per scenario, a row per thing, from the baseline's value on."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes

from engine.report.panels import (
    VALUES,
    Panel,
    Rows,
    Scale,
    grid,
    rows_of,
    scale,
    ticks,
    title,
    value_ticks,
    write_names,
)
from engine.report.sheet import Draw, lines, marks, write
from engine.report.view import View


def dumbbells(
    view: View,
    keys: Sequence[str],
    values: Mapping[tuple[str, str], float],
    form: Callable[[float], str],
    tick: Callable[[float], str] | None = None,
) -> Draw:
    """Return what draws a row per key in a panel per scenario, or one panel of the baseline.

    Parameters
    ----------
    keys
        Names of the rows.
    values
        Scenario, key -> value; 0 and more. Where there is none, nothing is drawn.
    form, tick
        How values are written, and those below the panels, where that differs.
    """
    scenarios = view.others or [view.base]
    top = max((values.get((name, key), 0.0) for name in view.names for key in keys), default=0.0)

    def draw(width: int) -> Axes:
        rows = rows_of(width, keys, 150)
        height = rows.pitch * len(keys)
        axes, panels = grid(
            width, len(scenarios), height, columns=3, names=rows.room, above=42, below=26
        )
        for panel, name in zip(panels, scenarios, strict=True):
            to_x = scale(0, top or 1, panel.left + 5, panel.right - VALUES)
            title(axes, panel, name, view.look(name))
            value_ticks(axes, panel, to_x, ticks(0, top or 1, 3), tick or form)
            _draw_rows(axes, panel, view, name, keys, values, form, to_x, rows)
        return axes

    return draw


def _draw_rows(
    axes: Axes,
    panel: Panel,
    view: View,
    name: str,
    keys: Sequence[str],
    values: Mapping[tuple[str, str], float],
    form: Callable[[float], str],
    to_x: Scale,
    rows: Rows,
) -> None:
    look, base = view.look(name), view.look(view.base)
    ys = rows.ys(panel, len(keys))
    write_names(axes, panel, rows, keys, ys)
    end = panel.right - VALUES
    before, after, between = [], [], []
    for key, y in zip(keys, ys, strict=True):
        now, was = values.get((name, key)), values.get((view.base, key))
        write(axes, panel.right, y, "-" if now is None else form(now), align="right")
        if was is not None:
            before.append((to_x(was), y))
        if now is not None:
            after.append((to_x(now), y))
        if was is not None and now is not None:
            between.append(((to_x(was), y), (to_x(now), y)))
    lines(axes, [((panel.left, y), (end, y)) for y in ys], "faint", zorder=0)
    lines(axes, between, look.colour, 2)
    marks(axes, before, base.mark, base.colour, 8)
    if name != view.base:
        marks(axes, after, look.mark, look.colour, 9)
