"""Small multiples: where panels lie, how values become pixels, names beside rows."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from engine.report.sheet import NARROW, lines, marks, sheet, write
from engine.report.theme import Look

Scale = Callable[[float], float]


class Panel(NamedTuple):
    """Where a panel's plot lies, in pixels; ``first`` if it stands leftmost in its row.

    ``levels`` is the room left of it for the values of levels.
    """

    left: float
    top: float
    width: float
    height: float
    first: bool
    levels: float

    @property
    def right(self) -> float:
        """The end of the plot."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge of the plot."""
        return self.top + self.height


class Grid(NamedTuple):
    """A sheet and the panels on it."""

    axes: Axes
    panels: list[Panel]


def grid(
    width: int,
    count: int,
    height: float,
    *,
    columns: int,
    names: float = 0,
    levels: float = 0,
    above: float = 30,
    below: float = 24,
    gap: float = 28,
    head: float = 0,
) -> Grid:
    """Lay out panels in rows.

    Parameters
    ----------
    width
        Of the sheet.
    count, height
        How many panels there are, and the height of each plot.
    columns
        Panels in a row on a desk; on a phone there is one.
    names, levels
        Room left of each row of panels, and of each panel.
    above, below
        Room for the title of each panel and for its ticks.
    gap
        Between panels of a row.
    head
        Room above all of them.
    """
    columns = 1 if width == NARROW else min(columns, count)
    each = (width - names - gap * (columns - 1)) / columns
    whole = above + height + below
    panels = []
    for at in range(count):
        row, column = divmod(at, columns)
        left = names + column * (each + gap) + levels
        top = head + row * whole + above
        panels.append(Panel(left, top, each - levels, height, column == 0, levels))
    rows = -(-count // columns)
    return Grid(sheet(width, head + rows * whole), panels)


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """Return what turns values from ``low`` to ``high`` into pixels from ``start`` to ``end``."""
    span = high - low or 1
    return lambda value: start + (value - low) / span * (end - start)


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round values between two values, at most about ``count``."""
    values = MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    slack = (high - low) * 1e-9
    return [float(value) for value in values if low - slack <= value <= high + slack]


def padded(values: Sequence[float], share: float = 0.08) -> tuple[float, float]:
    """Return a range with some room on both sides of all values."""
    low, high = min(values), max(values)
    room = (high - low) * share or abs(high) * share or 1.0
    return low - room, high + room


def title(axes: Axes, panel: Panel, text: str, look: Look | None = None) -> None:
    """Write the title of a panel above it, in up to two lines, after the mark of a scenario."""
    left = panel.left - panel.levels
    lines = folded(text, panel.right - left - (16 if look else 0), 12.5)
    top = panel.top - 16 - 15 * (len(lines) - 1)
    if look:
        marks(axes, [(left + 5, top)], look.mark, look.colour, 9)
        left += 16
    for at, part in enumerate(lines):
        write(axes, left, top + 15 * at, part, size=12.5, bold=True)


class Rows(NamedTuple):
    """How rows with names lie: names left of all panels, or on a phone above each row."""

    room: float
    pitch: float

    def ys(self, panel: Panel, count: int) -> list[float]:
        """Return the middle of each row."""
        first = self.pitch * (0.5 if self.room else 0.7)
        return [panel.top + first + self.pitch * at for at in range(count)]


def rows_of(width: int, names: Sequence[str], room: float) -> Rows:
    """Return how rows with these names lie; ``room`` is what is left of them on a desk."""
    if width == NARROW:
        return Rows(0, 37)
    folds = any(len(folded(name, room - 12, 12)) > 1 for name in names)
    return Rows(room, 34 if folds else 25)


def write_names(
    axes: Axes, panel: Panel, rows: Rows, names: Sequence[str], ys: Sequence[float]
) -> None:
    """Write the names of rows."""
    for name, y in zip(names, ys, strict=True):
        if not rows.room:
            write(axes, panel.left, y - 15, cut(name, panel.width, 12))
        elif panel.first:
            lines = folded(name, rows.room - 12, 12)
            for at, part in enumerate(lines):
                write(axes, 0, y + 14 * (at - (len(lines) - 1) / 2), part)


def value_ticks(
    axes: Axes, panel: Panel, to_x: Scale, values: Sequence[float], form: Callable[[float], str]
) -> None:
    """Draw faint lines across a panel at some values, and write these below."""
    xs = [to_x(value) for value in values]
    lines(axes, [((x, panel.top), (x, panel.bottom)) for x in xs], "faint", zorder=0)
    for x, value in zip(xs, values, strict=True):
        write(axes, x, panel.bottom + 11, form(value), size=11, colour="quiet", align="center")


def level_ticks(
    axes: Axes, panel: Panel, to_y: Scale, values: Sequence[float], form: Callable[[float], str]
) -> None:
    """Draw faint lines along a panel at some values, and write these left of it."""
    ys = [to_y(value) for value in values]
    lines(axes, [((panel.left, y), (panel.right, y)) for y in ys], "faint", zorder=0)
    for y, value in zip(ys, values, strict=True):
        write(axes, panel.left - 6, y, form(value), size=11, colour="quiet", align="right")


LEVELS = 44
"""Room for what `level_ticks` writes."""

VALUES = 58
"""Room for a value at the end of a row."""


def folded(text: str, room: float, size: float) -> list[str]:
    """Fold a name into at most two lines; of a longer one the middle is left out.

    Examples
    --------
    >>> folded("Hamburg closed, half its stock in London, demand 1.2", 130, 12)
    ['Hamburg closed,', '…ondon, demand 1.2']
    """
    most = _letters(room, size)
    lines = wrap(text, most)
    if len(lines) <= 2:
        return lines
    return [lines[0], "…" + text.rstrip()[1 - most :].lstrip()]


def cut(text: str, room: float, size: float) -> str:
    """Return a name on one line; of a longer one the middle is left out."""
    most = _letters(room, size)
    if len(text) <= most:
        return text
    return f"{text[: most // 2].rstrip()}…{text[most // 2 + 1 - most :].lstrip()}"


def _letters(room: float, size: float) -> int:
    """Return how many letters there is room for."""
    return max(int(room / (0.6 * size)), 4)
