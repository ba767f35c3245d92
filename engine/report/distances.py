"""How far shipments go."""

from math import ceil

from matplotlib.axes import Axes

from engine.report.panels import LEVELS, Panel, Scale, grid, level_ticks, scale, ticks, title
from engine.report.section import Section
from engine.report.sheet import bar, line, lines, write
from engine.report.table import pivot
from engine.report.view import View
from engine.selection.shown import share

_Class = tuple[float | None, float | None]
_HEIGHT = 130


def distances(view: View) -> Section:
    """Return the section on the distribution of distances."""
    rows = view.rows("distances")
    shipments: dict[tuple[str, _Class], int] = {}
    for row in rows:
        shipments[row["scenario"], (row["from_km"], row["to_km"])] = row["shipments"]
    classes = _filled(sorted({one for _, one in shipments}, key=_by_distance), shipments)
    totals = {
        name: sum(count for (other, _), count in shipments.items() if other == name)
        for name in view.names
    }
    shares = {
        (name, one): shipments.get((name, one), 0) / (totals[name] or 1)
        for name in view.names
        for one in classes
    }
    top = max(shares.values(), default=0.0)

    def draw(width: int) -> Axes:
        axes, panels = grid(
            width, len(view.names), _HEIGHT, columns=4, above=46, below=28, levels=LEVELS, gap=16
        )
        for panel, name in zip(panels, view.names, strict=True):
            title(axes, panel, name, view.look(name))
            to_y = scale(0, top or 1, panel.bottom, panel.top)
            level_ticks(axes, panel, to_y, ticks(0, top or 1, 3)[1:], lambda it: f"{it:.0%}")
            _draw_bars(axes, panel, view, name, classes, shares, to_y)
            _draw_edges(axes, panel, classes)
        return axes

    texts = {
        (name, _words(one)): f"{shipments.get((name, one), 0):,} ({share(shares[name, one])})"
        for name, one in shares
    }
    return Section(
        "distances",
        "How far shipments go",
        _finding(view, classes, shares),
        "Share of shipments by distance from source to destination, in km"
        + ("; short strokes are the baseline." if view.others else "."),
        "Histograms of the distance of shipments, a panel for each scenario, the baseline first.",
        [
            pivot(
                "Shipments by distance",
                "distance",
                [_words(one) for one in classes],
                view.names,
                texts,
                "distances",
            )
        ],
        draw if sum(totals.values()) else None,
    )


def _draw_bars(
    axes: Axes,
    panel: Panel,
    view: View,
    name: str,
    classes: list[_Class],
    shares: dict[tuple[str, _Class], float],
    to_y: Scale,
) -> None:
    lefts, each = _lefts(panel, classes)
    for one, left in zip(classes, lefts, strict=True):
        y = to_y(shares[name, one])
        bar(axes, left + 1, y, each - 2, panel.bottom - y, view.look(name).colour)
    if name != view.base:
        ys = [to_y(shares[view.base, one]) for one in classes]
        strokes = [((x, y), (x + each, y)) for x, y in zip(lefts, ys, strict=True)]
        lines(axes, strokes, "base", 2)
    line(axes, [panel.left, panel.right], [panel.bottom] * 2, "quiet", zorder=3)


def _draw_edges(axes: Axes, panel: Panel, classes: list[_Class]) -> None:
    lefts, each = _lefts(panel, classes)
    every = max(1, ceil(34 / each))
    y = panel.bottom + 11
    for at, ((start, _), left) in enumerate(zip(classes, lefts, strict=True)):
        if start is None:
            write(axes, left + each / 2, y, "?", size=11, colour="quiet", align="center")
        elif at % every == 0:
            write(axes, left, y, _short(start), size=11, colour="quiet", align="center")


def _lefts(panel: Panel, classes: list[_Class]) -> tuple[list[float], float]:
    """Return where bars begin and how wide they are; the unknown stand apart."""
    apart = 0.6 if (None, None) in classes and len(classes) > 1 else 0.0
    each = panel.width / (len(classes) + apart)
    return [
        panel.left + each * (at + (apart if start is None else 0))
        for at, (start, _) in enumerate(classes)
    ], each


def _filled(classes: list[_Class], shipments: dict[tuple[str, _Class], int]) -> list[_Class]:
    """Return the classes up to the farthest that anything is in, and the unknown if it is."""
    filled = {one for (_, one), count in shipments.items() if count}
    far = max((_by_distance(one) for one in filled if one[0] is not None), default=-1.0)
    return [one for one in classes if one in filled or _by_distance(one) <= far]


def _by_distance(one: _Class) -> float:
    return float("inf") if one[0] is None else float(one[0])


def _words(one: _Class) -> str:
    start, end = one
    if start is None:
        return "unknown"
    return f"{start:,.0f} km and more" if end is None else f"{start:,.0f} to {end:,.0f} km"


def _short(km: float) -> str:
    return f"{km / 1000:g}k" if km >= 1000 else f"{km:g}"


def _finding(view: View, classes: list[_Class], shares: dict[tuple[str, _Class], float]) -> str:
    """Say how much stays near, in the baseline and where it is least and most."""
    near, end = {}, 0.0
    for end in (one[1] for one in classes if one[1] is not None):
        near = {
            name: sum(shares[name, one] for one in classes if one[1] is not None and one[1] <= end)
            for name in view.names
        }
        if near[view.base] >= 0.5:
            break
    if not near:
        return "No shipment's distance is known."
    told = f"Within {end:,.0f} km go {share(near[view.base])} of the baseline's shipments"
    least, most = min(near, key=near.__getitem__), max(near, key=near.__getitem__)
    parts = [
        f"{share(near[name])} with {name!r}"
        for name in dict.fromkeys((least, most))
        if share(near[name]) != share(near[view.base])
    ]
    return f"{told}; {', '.join(parts)}." if parts else f"{told}."
