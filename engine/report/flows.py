"""Which source serves which region: on a map, if it is known where they are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
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
from engine.report.table import MOST, Table, left_out, pivot
from engine.report.view import View, places_of
from engine.report.words import minus
from engine.selection.shown import many, quantity, share, signed, spelt_out

_STREAMS, _PLACES, _NAMES = 60, 80, 40
"""Streams, sources and regions that a map shows, and sources that it names."""
_SEEN = 0.02
"""Of the greatest change, how much a map shows at least."""
_INSIDE = 0.95
"""Of all units, how much a map shows at least; the rest goes farther."""


class Streams(NamedTuple):
    """What goes from sources to regions.

    ``source`` and ``region`` are (num_streams,): places in the lists ``sources`` and ``regions``.
    ``units`` is (num_scenarios, num_streams). ``source_at`` and ``region_at`` are
    (num_sources, 2) and (num_regions, 2) on Mercator's map, NaN where nobody located them.
    """

    sources: list[str]
    regions: list[str]
    source: NDArray
    region: NDArray
    units: NDArray
    source_at: NDArray
    region_at: NDArray

    def name(self, at: int) -> str:
        """Return what a stream is called."""
        return f"{self.sources[self.source[at]]} to {self.regions[self.region[at]]}"

    @property
    def located(self) -> NDArray:
        """(num_streams,) bool whether both ends are known."""
        ends = self.source_at[self.source] + self.region_at[self.region]
        return ~np.isnan(ends).any(axis=1)


def flows(view: View) -> list[Section]:
    """Return the sections on flows: those of the baseline, and what scenarios change in them."""
    streams = _streams(view)
    more = streams.units[1:] - streams.units[0]
    found = [_of_baseline(view, streams)]
    if more.any():
        found.append(_of_changes(view, streams, more))
    return found


def _streams(view: View) -> Streams:
    table = view.table("flows")
    sources, source = _coded(table["source_code"])
    regions, region = _coded(places_of(table))
    number, at = np.unique(source * len(regions) + region, return_inverse=True)
    units = np.zeros((len(view.names), len(number)))
    counts = np.asarray(table["units"].cast(pa.float64()))
    np.add.at(units, (np.asarray(table["scenario"]), at), counts)
    source, region = np.divmod(number, max(len(regions), 1))
    known, areas = view.table("sources"), view.table("regions")
    return Streams(
        [spelt_out(name) for name in sources],
        [spelt_out(name) for name in regions],
        source,
        region,
        units.round(4),  # decimals have no more places
        _positions(sources, known["source_code"], known),
        _positions(regions, places_of(areas), areas),
    )


def _coded(names: pa.ChunkedArray) -> tuple[list[str], NDArray]:
    """Return distinct names in order, and (num_rows,) int64 which of them each row has."""
    coded = names.combine_chunks().dictionary_encode()
    found = coded.dictionary.to_pylist()
    order = sorted(range(len(found)), key=found.__getitem__)
    rank = np.empty(len(found), np.int64)
    rank[order] = np.arange(len(found))
    return [found[at] for at in order], rank[np.asarray(coded.indices)]


def _positions(names: Sequence[str], labels: pa.ChunkedArray, table: pa.Table) -> NDArray:
    """(num_names, 2) where names are on the map: as the first row says that knows it."""
    found = np.full((len(names), 2), np.nan)
    degrees = [np.asarray(table[axis].cast(pa.float64())) for axis in ("longitude", "latitude")]
    at = {name: row for row, name in enumerate(names)}
    points = project(*degrees)
    known = ~np.isnan(points).any(axis=1)
    for label, point, is_known in zip(labels.to_pylist(), points, known, strict=True):
        row = at.get(label)
        if row is not None and is_known and np.isnan(found[row, 0]):
            found[row] = point
    return found


def _of_baseline(view: View, streams: Streams) -> Section:
    units = streams.units[0]
    ranked = _ranked(units)
    located = ranked[streams.located[ranked]]
    drawn = _near(streams, located, units) if len(located) else located

    def draw(width: int) -> Axes:
        axes, (panel,) = grid(width, 1, _height(width), columns=1, above=4, below=4)
        (to_page,) = draw_land(axes, [panel], _frame(streams, drawn, panel))
        _draw_streams(axes, panel, to_page, streams, drawn[:_STREAMS], units, 14)
        _draw_places(axes, panel, to_page, streams, units, 12 if width != NARROW else 5)
        return axes

    finding = "Nothing is shipped in the baseline."
    if len(ranked):
        most = ranked[0]
        finding = (
            f"In the baseline the broadest stream goes from {streams.name(most)}: "
            f"{quantity(units[most])} units, {share(units[most] / units.sum())} of all."
        )
        if not len(drawn):
            finding += " There is no map: it is not known where sources or regions are."
    rows = [
        [
            streams.sources[streams.source[at]],
            streams.regions[streams.region[at]],
            quantity(units[at]),
        ]
        for at in ranked[:MOST]
    ]
    more = left_out(len(ranked), "flows")
    columns = ["source", "region", "units"]
    return Section(
        "flows",
        "Who serves whom",
        finding,
        _note(len(ranked), len(located), len(drawn)),
        "A map of the units that go from sources to regions in the baseline.",
        [Table("Units by source and region, baseline", columns, rows, more)],
        draw if len(drawn) else None,
    )


def _of_changes(view: View, streams: Streams, more: NDArray) -> Section:
    """Return the section on streams that change; ``more`` is (num_scenarios - 1, num_streams)."""
    most = np.abs(more).max(axis=0)
    ranked = _ranked(most)
    located = ranked[streams.located[ranked]]
    drawn = _near(streams, located, most) if len(located) else located
    widest = most[drawn].max(initial=0)

    def draw(width: int) -> Axes:
        axes, panels = grid(
            width, len(view.others), _height(width, 3), columns=3, above=46, below=4, gap=16
        )
        pages = draw_land(axes, panels, _frame(streams, drawn, panels[0]))
        for row, (panel, to_page) in enumerate(zip(panels, pages, strict=True)):
            name, own = view.others[row], more[row]
            title(axes, panel, name, view.look(name))
            seen = drawn[np.abs(own[drawn]) > widest * _SEEN]
            seen = seen[np.argsort(-np.abs(own[seen]), kind="stable")][:_STREAMS]
            _draw_streams(axes, panel, to_page, streams, seen, own, 10, widest)
            either = np.maximum(streams.units[0], streams.units[row + 1])
            _draw_places(axes, panel, to_page, streams, either, 0)
            if not len(seen):
                x, y = panel.left + panel.width / 2, panel.bottom - 14
                write(axes, x, y, "no change to be seen", colour="quiet", align="center")
        return axes

    row, at = np.unravel_index(np.abs(more).argmax(), more.shape)
    names = [streams.name(it) for it in ranked[:MOST]]
    texts = {
        (other, name): minus(signed(own[it], quantity))
        for other, own in zip(view.others, more, strict=True)
        for it, name in zip(ranked[:MOST], names, strict=True)
        if own[it]
    }
    return Section(
        "flow_changes",
        "Which streams change",
        f"The greatest change: {streams.name(int(at))} with {view.others[row]!r}, "
        f"{minus(signed(float(more[row, at]), quantity))} units.",
        "Blue: more than in the baseline. Dashed, orange: less. Lines narrow towards the region. "
        f"Changes below {_SEEN:.0%} of the greatest one are not drawn.",
        "Maps of the streams that grow and shrink, one for each scenario.",
        [
            pivot(
                "Units more than in the baseline",
                "source to region",
                names,
                view.others,
                texts,
                "flows",
                len(ranked),
            )
        ],
        draw if len(drawn) else None,
    )


def _ranked(units: NDArray) -> NDArray:
    """Return the streams that are any, the broadest first."""
    order = np.argsort(-units, kind="stable")
    return order[units[order] > 0]


def _note(count: int, located: int, drawn: int) -> str:
    told = "Squares are sources, circles regions; lines narrow towards the region."
    if drawn > _STREAMS:
        told += f" The {_STREAMS} broadest of {many(drawn, 'stream')}."
    if drawn < located:
        told += f" {many(located - drawn, 'stream')} to places farther away not drawn."
    if located < count:
        told += f" {many(count - located, 'stream')} without known positions not drawn."
    return told


def _height(width: int, columns: int = 1) -> float:
    if width == NARROW:
        return width * 0.8
    return width * 0.56 if columns == 1 else width / columns * 0.75


def _near(streams: Streams, shown: NDArray, units: NDArray) -> NDArray:
    """Return the streams to the regions nearest to the sources, which get `_INSIDE` of all."""
    centre = streams.source_at[np.unique(streams.source[shown])].mean(axis=0)
    of_region = np.bincount(streams.region[shown], units[shown], len(streams.regions))
    far = np.hypot(*(streams.region_at - centre).T)
    ranked = np.argsort(far, kind="stable")
    ranked = ranked[of_region[ranked] > 0]
    reached = of_region[ranked].cumsum() - of_region[ranked]
    return shown[np.isin(streams.region[shown], ranked[reached < _INSIDE * of_region.sum()])]


def _frame(streams: Streams, shown: NDArray, panel: Panel) -> Frame:
    """Return what frames a map: the ends of its streams."""
    ends = streams.source_at[streams.source[shown]], streams.region_at[streams.region[shown]]
    return frame_around(np.concatenate(ends), panel.width / panel.height)


def _draw_streams(
    axes: Axes,
    panel: Panel,
    to_page: ToPage,
    streams: Streams,
    shown: NDArray,
    units: NDArray,
    pixels: float,
    widest: float | None = None,
) -> None:
    """Draw streams, the broadest of all ``pixels`` wide."""
    starts = to_page(streams.source_at[streams.source[shown]])
    ends = to_page(streams.region_at[streams.region[shown]])
    widths = units[shown] / (widest or np.abs(units[shown]).max(initial=0) or 1)
    draw_streams(axes, panel, zip(starts, ends, widths, strict=True), pixels)


def _draw_places(
    axes: Axes, panel: Panel, to_page: ToPage, streams: Streams, units: NDArray, named: int
) -> None:
    """Draw sources and regions, and the names of the sources and of so many regions, if any."""
    spots, radius = to_page(streams.region_at), np.zeros(len(streams.regions))
    of_region = np.bincount(streams.region, units, len(streams.regions))
    regions = _known_first(of_region, streams.region_at)
    radius[regions] = 9 * (of_region[regions] / (of_region.max(initial=0) or 1)) ** 0.5
    draw_regions(axes, panel, [(*spots[it], radius[it]) for it in regions])
    squares = to_page(streams.source_at)
    of_source = np.bincount(streams.source, units, len(streams.sources))
    sources = _known_first(of_source, streams.source_at)
    draw_sources(axes, panel, squares[sources])
    if named:
        names = [(streams.sources[it], squares[it], 9.0, True) for it in sources[:_NAMES]]
        names += [(streams.regions[it], spots[it], radius[it] + 4, False) for it in regions[:named]]
        draw_names(axes, panel, names)


def _known_first(units: NDArray, places: NDArray) -> NDArray:
    """Return the places that are known and have units, those with most first."""
    order = np.argsort(-units, kind="stable")
    return order[(units[order] > 0) & ~np.isnan(places[order, 0])][:_PLACES]
