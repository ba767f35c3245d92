"""Things side by side: a panel per scenario, a row per thing, from the baseline's value on."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes

from engine.report.panels import (
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
from engine.report.sheet import Draw, line, mark, write
from engine.report.view import View

_VALUES = 58


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
            to_x = scale(0, top or 1, panel.left + 5, panel.right - _VALUES)
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
    for key, y in zip(keys, ys, strict=True):
        value, before = values.get((name, key)), values.get((view.base, key))
        write(axes, panel.right, y, "-" if value is None else form(value), align="right")
        line(axes, [panel.left, panel.right - _VALUES], [y, y], "faint", zorder=0)
        if value is not None and before is not None:
            line(axes, [to_x(before), to_x(value)], [y, y], look.colour, 2)
        if before is not None:
            mark(axes, to_x(before), y, base.mark, base.colour, 8)
        if value is not None and name != view.base:
            mark(axes, to_x(value), y, look.mark, look.colour, 9)
