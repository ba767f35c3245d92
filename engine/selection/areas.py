"""Lanes, zones and sales channels: what a policy's tables say of an address."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog, index_of
from engine.errors import PolicyError
from engine.policies.model import Channel
from engine.selection.costs import exact, micro
from engine.tables.fold import fold_country, fold_name, fold_postcode
from engine.tables.quantity import column_units
from engine.tables.whole import whole
from engine.types import BoolArray, IndexArray, IntArray, frozen


def check_channel(catalog: Catalog, channel: Channel) -> None:
    """Refuse a channel constraint that names what the catalogue does not have."""
    what = f"policy: the channel constraint of {channel.type}, {channel.code}"
    codes = catalog.sources["source_code"].to_pylist()
    for unknown in [code for code in channel.sources if code not in codes][:1]:
        raise PolicyError(
            f"{what} lists the source {unknown!r}, which the catalogue does not have; correct it"
        )
    channels = required_table(catalog, "sales_channels", "the channel constraint")
    known = zip(channels["type"].to_pylist(), channels["code"].to_pylist(), strict=True)
    if (channel.type, channel.code) not in known:
        raise PolicyError(
            f"{what} names no row of sales_channels; correct its type or code, or add the channel"
        )


class RateTable(NamedTuple):
    """Rates in CSR form, and which of them holds between a source and a zone.

    The rows of pair ``p`` are ``offsets[p]:offsets[p + 1]`` of ``up_to`` (1e-4 units, rising) and
    ``cost`` (1e-6). ``pairs`` is (num_zones + 1, num_sources): ``p``, or -1 where there are no
    rates; the last zone stands for none. ``zones`` are those of destinations.
    """

    offsets: IntArray
    up_to: IntArray
    cost: IntArray
    pairs: IndexArray
    zones: "Zones"


class Zones(NamedTuple):
    """Zones of destinations: by folded country, region and prefix the number of the zone.

    ``longest`` is the length of the longest prefix, ``none`` the number that stands for no zone.
    """

    by_place: dict[tuple[str, str | None, str], int]
    longest: int
    none: int


Lanes = dict[tuple[str, str | None], list[int]]
"""By folded country and region (None for all) the sources that ship there."""


def lanes_of(catalog: Catalog) -> Lanes:
    """Lay the table ``lanes`` out by area."""
    lanes = required_table(catalog, "lanes", "the lane constraint")
    source = index_of(lanes["source_code"], whole(catalog.sources["source_code"]))
    areas = zip(fold_country(lanes["country_id"]).to_pylist(), _names(lanes["region"]), strict=True)
    lead_to: Lanes = {}
    for at, area in zip(source.tolist(), areas, strict=True):
        lead_to.setdefault(area, []).append(at)
    return lead_to


def outside_lanes(lanes: Lanes, num_sources: int, areas: pa.Table) -> BoolArray:
    """(num_areas, num_sources) where no lane leads from the source to the area."""
    outside = np.ones((areas.num_rows, num_sources), bool)
    for row, (country, region) in enumerate(_addresses(areas)):
        if country is not None:
            outside[row, lanes.get((country, None), [])] = False
            if region is not None:
                outside[row, lanes.get((country, region), [])] = False
    return outside


def outside_channel(catalog: Catalog, areas: pa.Table, channel: Channel) -> BoolArray:
    """(num_areas, num_sources) where the channel is this one and the source not among its own."""
    codes = whole(catalog.sources["source_code"])
    listed = index_of(pa.array(channel.sources, pa.string()), codes)
    kind, code = areas["sales_channel_type"], areas["sales_channel_code"]
    concerned = pc.and_(pc.equal(kind, channel.type), pc.equal(code, channel.code))
    others = np.ones(len(codes), bool)
    others[listed] = False
    return np.asarray(pc.fill_null(concerned, False))[:, None] & others


def rate_table(catalog: Catalog) -> RateTable:
    """Lay the tables ``rates`` and ``zones`` out by pairs of zones."""
    rates, zones = (required_table(catalog, name, "rates = true") for name in ("rates", "zones"))
    keys = list(
        zip(rates["source_zone"].to_pylist(), rates["destination_zone"].to_pylist(), strict=True)
    )
    number = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    pair = np.array([number[key] for key in keys], np.int64)
    up_to = column_units(rates, "up_to_units")
    cost = np.array([micro(value) for value in exact(rates["cost"])], np.int64)
    order = np.lexsort((up_to, pair))
    offsets = np.searchsorted(pair[order], np.arange(len(number) + 1)).astype(np.int64)
    _check_largest(list(number), up_to[order][offsets[1:] - 1])
    of_source = zones.filter(zones["source_code"].is_valid())
    own = dict(
        zip(of_source["source_code"].to_pylist(), of_source["zone"].to_pylist(), strict=True)
    )
    names, places = _zones(zones)
    sources = [own.get(code) for code in catalog.sources["source_code"].to_pylist()]
    pairs = [[number.get((source or "", zone), -1) for source in sources] for zone in names]
    return RateTable(
        frozen(offsets),
        frozen(up_to[order]),
        frozen(cost[order]),
        frozen(np.array([*pairs, [-1] * len(sources)], np.int32)),
        places,
    )


def _check_largest(keys: list[tuple[str, str]], largest: IntArray) -> None:
    for at in np.flatnonzero(largest == 0)[:1].tolist():
        raise PolicyError(
            f"rates: the only up_to_units from zone {keys[at][0]!r} to {keys[at][1]!r} is 0; "
            "add a row for larger shipments"
        )


def _zones(zones: pa.Table) -> tuple[list[str], Zones]:
    """Return the names of destinations' zones, and where they lie."""
    zones = zones.filter(zones["country_id"].is_valid())
    number = {name: at for at, name in enumerate(dict.fromkeys(zones["zone"].to_pylist()))}
    prefixes = [prefix or "" for prefix in fold_postcode(zones["postcode_prefix"]).to_pylist()]
    places = zip(
        fold_country(zones["country_id"]).to_pylist(),
        _names(zones["region"]),
        prefixes,
        strict=True,
    )
    numbers = (number[name] for name in zones["zone"].to_pylist())
    longest = max(map(len, prefixes), default=0)
    return list(number), Zones(dict(zip(places, numbers, strict=True)), longest, len(number))


def rates_of(table: RateTable, areas: pa.Table) -> IndexArray:
    """(num_areas, num_sources) pair of zones in ``table.offsets``, -1 for none."""
    return table.pairs[_zones_of(table.zones, areas)]


def _zones_of(zones: Zones, areas: pa.Table) -> IntArray:
    """(num_areas,) the zone of each: the longest prefix, a row of its region before others."""
    found = np.full(areas.num_rows, zones.none)
    postcodes = fold_postcode(areas["postcode"]).to_pylist()
    for row, ((country, region), postcode) in enumerate(
        zip(_addresses(areas), postcodes, strict=True)
    ):
        if country is None:
            continue
        code = postcode or ""
        for length in range(min(zones.longest, len(code)), -1, -1):
            at = zones.by_place.get((country, region, code[:length]), -1)
            if at < 0:
                at = zones.by_place.get((country, None, code[:length]), -1)
            if at >= 0:
                found[row] = at
                break
    return found


def _addresses(areas: pa.Table) -> list[tuple[str | None, str | None]]:
    countries = fold_country(areas["country_id"]).to_pylist()
    return list(zip(countries, _names(areas["region"]), strict=True))


def _names(column: pa.ChunkedArray) -> list[str | None]:
    """Names as they compare; an empty one is as good as none."""
    return [name or None for name in fold_name(whole(column)).to_pylist()]


def required_table(catalog: Catalog, name: str, what: str) -> pa.Table:
    """Return a table of the catalogue that a policy needs."""
    if name not in catalog.tables:
        raise PolicyError(
            f"policy: {what} needs the table {name}, which the catalogue does not have; "
            f"add {name}.csv or {name}.parquet"
        )
    return catalog.tables[name]
