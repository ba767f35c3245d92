"""A sheet to draw on: a matplotlib figure whose coordinates are pixels, from the top left."""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import nan
from typing import Any, NamedTuple, cast
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from engine.report.theme import FONT, LIGHT, RC

_PIXELS, _POINTS = 96, 72
"""Per inch."""
_DPI, _MARGIN = 160, 0.25
"""Of a picture for slides, and the inches around it: 1,813 pixels wide."""

WIDE, NARROW = 1040, 350
"""Widths of a figure in pixels, on a desk and on a phone."""

Draw = Callable[[int], Axes]
"""Draws a figure as wide as it is told."""


def sheet(width: int, height: float) -> Axes:
    """Return an empty sheet; its size is in pixels, and y points down."""
    figure = Figure(figsize=(width / _PIXELS, height / _PIXELS))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return axes


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = 12,
    colour: str = "ink",
    align: str = "left",
    bold: bool = False,
) -> None:
    """Write one line of text; ``y`` is its middle, ``size`` is in pixels."""
    axes.text(
        x,
        y,
        text,
        fontsize=points(size),
        color=LIGHT[colour],
        ha=align,
        va="center_baseline",
        fontweight="bold" if bold else "normal",
        zorder=5,
    )


def line(axes: Axes, xs: Any, ys: Any, colour: str, width: float = 1, **how: Any) -> None:
    """Draw a line through points; ``width`` is in pixels."""
    put(axes, Line2D(xs, ys, color=LIGHT[colour], linewidth=points(width), **how))


Point = tuple[float, float]


def lines(
    axes: Axes, ends: Sequence[tuple[Point, Point]], colour: str, width: float = 1, **how: Any
) -> None:
    """Draw lines from point to point, as one thing, which is faster than each by itself."""
    nowhere = (nan, nan)
    path = [point for start, end in ends for point in (start, end, nowhere)]
    if path:
        line(axes, [x for x, _ in path], [y for _, y in path], colour, width, **how)


def marks(
    axes: Axes,
    at: Sequence[Point],
    shape: str | Path,
    colour: str,
    size: float = 8,
    *,
    edge: str = "paper",
    width: float = 1,
    zorder: float = 4,
) -> None:
    """Draw marks; their edges are of paper, so that marks on top of each other show.

    ``shape`` is one of matplotlib's, or a path, y up, whose farthest coordinate from 0 is half
    of ``size``.
    """
    how: dict[str, Any] = {"marker": shape, "linestyle": "none", "zorder": zorder}
    how |= {"markerfacecolor": LIGHT[colour], "markeredgecolor": LIGHT[edge]}
    size *= _LARGER.get(shape, 1) if isinstance(shape, str) else 1
    how |= {"markersize": points(size), "markeredgewidth": points(width)}
    put(axes, Line2D([x for x, _ in at], [y for _, y in at], **how))


_LARGER = {"^": 1.15, "v": 1.15, "P": 1.25, "X": 1.25, "D": 0.9}
"""Marks that look smaller or larger than others of their size."""


def bar(axes: Axes, x: float, y: float, width: float, height: float, colour: str) -> None:
    """Draw a filled rectangle; ``x, y`` is its top left corner."""
    put(axes, Rectangle((x, y), width, height, facecolor=LIGHT[colour], linewidth=0))


def put(axes: Axes, artist: Artist) -> None:
    """Put something on a sheet, which does not cut it off and needs not find its own limits."""
    artist.set_clip_on(False)
    artist.set_transform(axes.transData)
    axes.add_artist(artist)


def points(pixels: float) -> float:
    """Return pixels in points, as matplotlib counts widths and sizes."""
    return pixels * _POINTS / _PIXELS


class Picture(NamedTuple):
    """A figure: as SVG for the page, once for the desk and once for the phone, and as PNG."""

    svg: str
    png: bytes


def picture(draw: Draw, name: str, alt: str) -> Picture:
    """Draw a figure.

    The SVG has the font and the colours of the page, as variables named as in `LIGHT`. No style
    sheet, address or date is in it. Texts have a rim of paper: lines pass below them.

    Parameters
    ----------
    name
        What tells it from the other figures of the page.
    alt
        What a reader hears who does not see it.
    """
    png = io.BytesIO()
    with _style():
        wide, narrow = (cast(Figure, draw(width).figure) for width in (WIDE, NARROW))
        svg = _svg(wide, f"{name} wide", alt) + _svg(narrow, f"{name} narrow", alt)
        for text in wide.findobj(Text):
            text.set_path_effects([withStroke(linewidth=points(3), foreground=LIGHT["paper"])])
        width, height = wide.get_size_inches()
        box = Bbox([[-_MARGIN, -_MARGIN], [width + _MARGIN, height + _MARGIN]])
        wide.savefig(png, format="png", dpi=_DPI, bbox_inches=box, metadata={"Software": None})
    return Picture(svg, png.getvalue())


@contextmanager
def _style() -> Iterator[None]:
    style: dict[Any, Any] = RC
    with mpl.rc_context(style), warnings.catch_warnings():
        # Names may be in any script. The page shows them all, a picture those of its font.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        warnings.filterwarnings("ignore", r"Matplotlib currently does not support", UserWarning)
        yield


_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def _svg(figure: Figure, name: str, alt: str) -> str:
    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata=_NO_METADATA)
    root = ElementTree.fromstring(file.getvalue())
    found = _plain(root, set(re.findall(r"#(\w+)[\")]", file.getvalue())))
    found.attrib = {
        "class": name.rpartition(" ")[2],
        "role": "img",
        "aria-label": alt,
        "viewBox": root.attrib["viewBox"],
    }
    return ElementTree.tostring(found, "unicode")


def _plain(element: ElementTree.Element, used: set[str]) -> ElementTree.Element:
    """Return an element without what a page does not need; texts stay as they are."""
    found = ElementTree.Element(_local(element.tag))
    for name, value in element.attrib.items():
        if not value.startswith("rotate(-0 ") and (name != "id" or value in used):
            found.set(_local(name), _short(_local(name), value))
    if found.tag == "text":
        found.text = element.text
    for inner in element:
        plain = _plain(inner, used)
        if plain.tag == "g" and not plain.attrib:
            found.extend(plain)
        elif plain.tag not in ("metadata", "style") and (len(plain) or plain.attrib):
            found.append(plain)
    return found


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _short(name: str, value: str) -> str:
    value = " ".join(value.split())
    if name != "style":
        return re.sub(r"(\.\d)\d+", r"\1", value)
    value = value.replace(f"font-family: '{FONT}'; ", "").replace("text-anchor: start; ", "")
    value = value.replace("; stroke-linejoin: miter", "").replace("stroke-dashoffset: 0; ", "")
    for role, colour in LIGHT.items():
        value = value.replace(colour, f"var(--{role})")
    return re.sub(r"(\.\d\d)\d+", r"\1", value)
