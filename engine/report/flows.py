"""Which source serves which region: on a map, if it is known where they are."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from engine.report.map import (
    ToPage,
    draw_land,
    draw_names,
    draw_regions,
    draw_sources,
    draw_streams,
)
from engine.report.outlines import Frame, frame_around, project
from engine.report.panels import Panel, grid, title
from engine.report.section import Section
from engine.report.sheet import NARROW, write
from engine.report.table import Table, left_out, pivot, place
from engine.report.view import View
from engine.report.words import minus
from engine.selection.shown import many, quantity, share, signed

_Flow = tuple[str, str]
"""A source and a region."""
_MOST = 60
"""Flows that a map shows."""
_SEEN = 0.02
"""Of the greatest change, how much a map shows at least."""
_INSIDE = 0.95
"""Of all units, how much a map's frame reaches at least; the rest lies beyond its edge."""


class Places(NamedTuple):
    """Where sources and regions are, on Mercator's map; without those that nobody located."""

    sources: dict[str, NDArray]
    regions: dict[str, NDArray]


def flows(view: View) -> list[Section]:
    """Return the sections on flows: those of the baseline, and what scenarios change in them."""
    units: dict[str, dict[_Flow, float]] = {name: defaultdict(float) for name in view.names}
    for row in view.rows("flows"):
        units[row["scenario"]][row["source_code"], place(row)] += float(row["units"])
    places = _places(view)
    base = units[view.base]
    sections = [_of_baseline(view, base, places)]
    changes = {
        name: {
            flow: units[name].get(flow, 0.0) - base.get(flow, 0.0)
            for flow in {*units[name], *base}
            if units[name].get(flow, 0.0) != base.get(flow, 0.0)
        }
        for name in view.others
    }
    if any(changes.values()):
        sections.append(_of_changes(view, units, changes, places))
    return sections


def _of_baseline(view: View, units: dict[_Flow, float], places: Places) -> Section:
    ranked = sorted(units, key=lambda flow: (-units[flow], flow))
    drawn = [flow for flow in ranked if _is_located(flow, places)]
    frame_of = _framing({flow: units[flow] for flow in drawn}, places)

    def draw(width: int) -> Axes:
        axes, (panel,) = grid(width, 1, _height(width), columns=1, above=4, below=4)
        (to_page,) = draw_land(axes, [panel], frame_of(panel))
        _draw(axes, panel, to_page, {flow: units[flow] for flow in drawn}, places, 14)
        _draw_places(axes, panel, to_page, units, places, named=12 if width != NARROW else 5)
        return axes

    total = sum(units.values())
    finding = "Nothing is shipped in the baseline."
    if ranked:
        source, region = ranked[0]
        finding = (
            f"In the baseline the broadest stream goes from {source} to {region}: "
            f"{quantity(units[ranked[0]])} units, {share(units[ranked[0]] / total)} of all."
        )
        if not drawn:
            finding += " There is no map: it is not known where sources or regions are."
    rows = [[*flow, quantity(units[flow])] for flow in ranked[:60]]
    return Section(
        "flows",
        "Who serves whom",
        finding,
        _map_note(ranked, drawn),
        "A map of the units that go from sources to regions in the baseline.",
        [
            Table(
                "Units by source and region, baseline",
                ["source", "region", "units"],
                rows,
                left_out(len(ranked), "flows"),
            )
        ],
        draw if drawn else None,
    )


def _of_changes(
    view: View,
    units: Mapping[str, Mapping[_Flow, float]],
    changes: Mapping[str, Mapping[_Flow, float]],
    places: Places,
) -> Section:
    located = {
        name: {flow: more for flow, more in own.items() if _is_located(flow, places)}
        for name, own in changes.items()
    }
    widest = max((abs(it) for own in located.values() for it in own.values()), default=1.0)
    every: dict[_Flow, float] = defaultdict(float)
    for own in located.values():
        for flow, more in own.items():
            every[flow] += abs(more)
    frame_of = _framing(every, places)

    def draw(width: int) -> Axes:
        axes, panels = grid(
            width, len(view.others), _height(width, 3), columns=3, above=46, below=4, gap=16
        )
        pages = draw_land(axes, panels, frame_of(panels[0]))
        for panel, to_page, name in zip(panels, pages, view.others, strict=True):
            title(axes, panel, name, view.look(name))
            seen = {
                flow: more for flow, more in located[name].items() if abs(more) > widest * _SEEN
            }
            _draw(axes, panel, to_page, seen, places, 10, widest)
            _draw_places(axes, panel, to_page, units[name], places, named=0)
            if not seen:
                x, y = panel.left + panel.width / 2, panel.bottom - 14
                write(axes, x, y, "no change to be seen", colour="quiet", align="center")
        return axes

    biggest = {
        name: max(own, key=lambda flow: (abs(own[flow]), flow))
        for name, own in changes.items()
        if own
    }
    name = max(biggest, key=lambda name: abs(changes[name][biggest[name]]))
    source, region = biggest[name]
    flows = sorted(
        {flow for own in changes.values() for flow in own},
        key=lambda flow: (-max(abs(own.get(flow, 0.0)) for own in changes.values()), flow),
    )
    return Section(
        "flow_changes",
        "Which streams change",
        f"The greatest change: {source} to {region} with {name!r}, "
        f"{minus(signed(changes[name][source, region], quantity))} units.",
        "Blue: more than in the baseline. Dashed, orange: less. Lines narrow towards the region. "
        f"Changes below {_SEEN:.0%} of the greatest one are not drawn.",
        "Maps of the streams that grow and shrink, one for each scenario.",
        [
            pivot(
                "Units more than in the baseline",
                "source to region",
                [f"{source} to {region}" for source, region in flows],
                view.others,
                {
                    (name, f"{flow[0]} to {flow[1]}"): minus(signed(more, quantity))
                    for name, own in changes.items()
                    for flow, more in own.items()
                },
                "flows",
            )
        ],
        draw if any(located.values()) else None,
    )


def _map_note(ranked: Sequence[_Flow], drawn: Sequence[_Flow]) -> str:
    told = "Squares are sources, circles regions; lines narrow towards the region."
    if len(drawn) > _MOST:
        told += f" The {_MOST} broadest of {many(len(drawn), 'stream')}."
    if len(drawn) < len(ranked):
        told += f" {many(len(ranked) - len(drawn), 'stream')} without known positions not drawn."
    return told


def _height(width: int, columns: int = 1) -> float:
    if width == NARROW:
        return width * 0.8
    return width * 0.56 if columns == 1 else width / columns * 0.75


def _places(view: View) -> Places:
    found: list[dict[str, NDArray]] = [{}, {}]
    for at, (table, label) in enumerate(
        [("sources", lambda row: row["source_code"]), ("regions", place)]
    ):
        for row in view.rows(table):
            if row["latitude"] is not None and row["longitude"] is not None:
                (xy,) = project([row["longitude"]], [row["latitude"]])
                found[at].setdefault(label(row), xy)
    return Places(*found)


def _is_located(flow: _Flow, places: Places) -> bool:
    return flow[0] in places.sources and flow[1] in places.regions


def _framing(units: Mapping[_Flow, float], places: Places) -> Callable[[Panel], Frame]:
    """Return what frames a map: all sources that ship, and the nearest regions, up to `_INSIDE`."""
    regions: dict[str, float] = defaultdict(float)
    for (_, region), count in units.items():
        regions[region] += count
    points = [places.sources[code] for code in sorted({source for source, _ in units})]
    centre = np.mean(points, axis=0) if points else np.zeros(2)
    ranked = sorted(regions, key=lambda it: (np.hypot(*(places.regions[it] - centre)), it))
    reached, total = 0.0, sum(regions.values())
    for region in ranked:
        if reached >= _INSIDE * total:
            break
        reached += regions[region]
        points.append(places.regions[region])
    return lambda panel: frame_around(np.array(points), panel.width / panel.height)


def _draw(
    axes: Axes,
    panel: Panel,
    to_page: ToPage,
    units: Mapping[_Flow, float],
    places: Places,
    pixels: float,
    widest: float | None = None,
) -> None:
    """Draw the broadest streams, the broadest of all ``pixels`` wide."""
    ranked = sorted(units, key=lambda flow: (-abs(units[flow]), flow))[:_MOST]
    widest = widest or abs(units[ranked[0]]) if ranked else 1.0
    streams = []
    for source, region in ranked:
        ends = to_page(np.array([places.sources[source], places.regions[region]]))
        streams.append((*ends, units[source, region] / widest))
    draw_streams(axes, panel, streams, pixels)


def _draw_places(
    axes: Axes,
    panel: Panel,
    to_page: ToPage,
    units: Mapping[_Flow, float],
    places: Places,
    named: int,
) -> None:
    """Draw sources and regions, with the names of all sources and of so many regions."""
    regions: dict[str, float] = defaultdict(float)
    sources: dict[str, float] = defaultdict(float)
    for (source, region), count in units.items():
        if source in places.sources:
            sources[source] += count
        if region in places.regions:
            regions[region] += count
    ranked = sorted(regions, key=lambda it: (-regions[it], it))
    most = max(regions.values(), default=1.0) or 1.0
    at = {name: to_page(places.regions[name][None])[0] for name in ranked}
    radius = {name: 9 * (regions[name] / most) ** 0.5 for name in ranked}
    draw_regions(axes, panel, {(at[name][0], at[name][1]): radius[name] for name in ranked})
    spots = {
        name: to_page(places.sources[name][None])[0]
        for name in sorted(sources, key=lambda it: (-sources[it], it))
    }
    draw_sources(axes, panel, spots.values())
    if named:
        draw_names(
            axes,
            panel,
            [(name, spot, 9, True) for name, spot in spots.items()]
            + [(name, at[name], radius[name] + 4, False) for name in ranked[:named]],
        )
