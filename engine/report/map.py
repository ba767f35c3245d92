"""Drawing a map: land, streams that narrow towards where they go, places and their names."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from engine.report.outlines import Frame, outlines, project
from engine.report.panels import Panel
from engine.report.sheet import Point, lines, marks, points, put, write
from engine.report.theme import LIGHT

ToPage = Callable[[NDArray], NDArray]
"""Turns (num_points, 2) of Mercator's map into pixels."""
_BEND = 0.16
"""Of a stream, as a share of its length."""


def draw_land(axes: Axes, panels: Sequence[Panel], frame: Frame) -> list[ToPage]:
    """Draw a map in panels of one size, and return where points lie on each of them."""
    factor = panels[0].width / (frame.right - frame.left)
    rings = [_thinned((ring - frame.centre) * factor) for ring in _land(frame)]
    land = [Path(ring, closed=True) for ring in rings if len(ring) > 3]
    if land:
        # As a mark: the page then holds one shape, however many panels show it.
        shape = Path.make_compound_path(*land)
        at = [(panel.left + panel.width / 2, panel.top + panel.height / 2) for panel in panels]
        size = 2 * float(np.abs(shape.vertices).max())
        marks(axes, at, shape, "land", size, edge="border", width=0.75, zorder=1)
    found = [_to_page(panel, frame, factor) for panel in panels]
    for panel, to_page in zip(panels, found, strict=True):
        _draw_graticule(axes, panel, frame, to_page)
    return found


def _to_page(panel: Panel, frame: Frame, factor: float) -> ToPage:
    def to_page(xy: NDArray) -> NDArray:
        x = panel.left + (xy[:, 0] - frame.left) * factor
        y = panel.bottom - (xy[:, 1] - frame.bottom) * factor
        return np.column_stack([x, y])

    return to_page


def _draw_graticule(axes: Axes, panel: Panel, frame: Frame, to_page: ToPage) -> None:
    step = next(
        it for it in (1, 2, 5, 10, 20, 30) if it * 8 >= frame.right - frame.left or it == 30
    )
    crossing = []
    for degrees in range(-180, 181, step):
        (x, _), _, (_, y) = to_page(project([degrees, 0, 0], [0, 0, max(min(degrees, 80), -80)]))
        if panel.left < x < panel.right:
            crossing.append(((x, panel.top), (x, panel.bottom)))
        if panel.top < y < panel.bottom:
            crossing.append(((panel.left, y), (panel.right, y)))
    lines(axes, crossing, "faint", 0.75, zorder=0)


@lru_cache(maxsize=16)
def _land(frame: Frame) -> list[NDArray]:
    """Return the outlines of countries in a frame."""
    return [_cut(ring, frame) for ring, box in outlines() if frame.meets(box)]


def _cut(ring: NDArray, frame: Frame) -> NDArray:
    """Return the part of a polygon in a frame (Sutherland and Hodgman, 10.1145/360767.360802)."""
    for axis, sign, limit in (
        (0, 1, frame.left),
        (0, -1, frame.right),
        (1, 1, frame.bottom),
        (1, -1, frame.top),
    ):
        if not len(ring):
            break
        before = np.roll(ring, 1, axis=0)
        depth, depth_before = sign * (ring[:, axis] - limit), sign * (before[:, axis] - limit)
        crosses = (depth >= 0) != (depth_before >= 0)
        share = depth_before / np.where(crosses, depth_before - depth, 1)
        crossing = before + (ring - before) * share[:, None]
        both = np.stack([crossing, ring], axis=1)
        ring = both[np.column_stack([crosses, depth >= 0])]
    return ring


def _thinned(points: NDArray) -> NDArray:
    """Return a closed ring without points that fall on the same half pixel as the one before."""
    cells = np.round(points * 2)
    if len(cells):
        cells = cells[np.any(cells != np.roll(cells, 1, axis=0), axis=1)]
        cells = np.concatenate([cells, cells[:1]])
    return cells / 2


def draw_streams(
    axes: Axes,
    panel: Panel,
    streams: Iterable[tuple[NDArray, NDArray, float]],
    widest: float,
) -> None:
    """Draw streams: from, to (in pixels) and width, which is negative where it shrinks.

    Parameters
    ----------
    widest
        Of a stream whose width is 1, in pixels.
    """
    frame = Rectangle((panel.left, panel.top), panel.width, panel.height, transform=axes.transData)
    for start, end, width in streams:
        along = end - start
        across = np.array([-along[1], along[0]])
        bend = (start + end) / 2 + across * _BEND
        aside = across / (np.hypot(*across) or 1) * max(abs(width) * widest, 1.4) / 2
        corners = [start + aside, bend + aside * 0.65, end + aside * 0.3]
        corners += [end - aside * 0.3, bend - aside * 0.65, start - aside, start + aside]
        colour = LIGHT["blue" if width > 0 else "vermillion"]
        patch = PathPatch(
            Path(corners, _STREAM), facecolor=colour, alpha=0.6, linewidth=0, zorder=2
        )
        if width < 0:
            patch.set(facecolor="none", edgecolor=colour, alpha=1, linewidth=points(1.2))
            patch.set_linestyle((0, (3, 1.5)))
        put(axes, patch)
        patch.set_clip_on(True)
        patch.set_clip_path(frame)


_STREAM = [Path.MOVETO, *[Path.CURVE3] * 2, Path.LINETO, *[Path.CURVE3] * 2, Path.CLOSEPOLY]


def draw_names(
    axes: Axes,
    panel: Panel,
    names: Sequence[tuple[str, NDArray, float, bool]],
) -> None:
    """Write names where there is room, the first ones first: text, point, distance, bold."""
    taken = [(x - 4, y - 4, x + 4, y + 4) for _, (x, y), _, _ in names]
    for name, (x, y), away, bold in names:
        wide = len(name) * 7.2 + 4
        for left, middle in (
            (x + away, y),
            (x - away - wide, y),
            (x - wide / 2, y - away - 7),
            (x - wide / 2, y + away + 7),
        ):
            box = (left, middle - 7, left + wide, middle + 7)
            fits = box[0] >= panel.left and box[2] <= panel.right
            fits = fits and box[1] >= panel.top and box[3] <= panel.bottom
            if fits and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                write(axes, left, middle, name, size=11.5, bold=bold)
                break


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def draw_regions(axes: Axes, panel: Panel, circles: Iterable[tuple[float, float, float]]) -> None:
    """Draw regions as circles: x and y in pixels, and radius, which is drawn to half a pixel."""
    found: dict[float, list[Point]] = {}
    for x, y, radius in circles:
        if panel.left <= x <= panel.right and panel.top <= y <= panel.bottom:
            found.setdefault(max(round(2 * radius), 3) / 2, []).append((x, y))
    for radius, at in found.items():
        marks(axes, at, "o", "paper", 2 * radius, edge="quiet")


def draw_sources(axes: Axes, panel: Panel, squares: Iterable[NDArray]) -> None:
    """Draw sources as squares."""
    inside = [
        (x, y)
        for x, y in squares
        if panel.left <= x <= panel.right and panel.top <= y <= panel.bottom
    ]
    marks(axes, inside, "s", "ink", 9)
