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


class RateTable(NamedTuple):
    """Rates in CSR form, and which of them holds between two zones.

    The rows of pair ``p`` are ``offsets[p]:offsets[p + 1]`` of ``up_to`` (1e-4 units, rising) and
    ``cost`` (1e-6). ``pairs`` maps (source zone, destination zone) to ``p``; ``source_zones`` is
    (num_sources,), None where a source has no zone.
    """

    offsets: IntArray
    up_to: IntArray
    cost: IntArray
    pairs: dict[tuple[str, str], int]
    source_zones: list[str | None]


def outside_lanes(catalog: Catalog, areas: pa.Table) -> BoolArray:
    """(num_areas, num_sources) where no lane leads from the source to the area."""
    lanes = required_table(catalog, "lanes", "lane")
    source = index_of(lanes["source_code"], whole(catalog.sources["source_code"]))
    countries = fold_country(lanes["country_id"]).to_pylist()
    regions = _names(lanes["region"])
    lead_to: dict[tuple[str, str | None], list[int]] = {}
    for at, key in zip(source.tolist(), zip(countries, regions, strict=True), strict=True):
        lead_to.setdefault(key, []).append(at)
    outside = np.ones((areas.num_rows, catalog.sources.num_rows), bool)
    for row, (country, region) in enumerate(_addresses(areas)):
        if country is not None:
            outside[row, lead_to.get((country, None), [])] = False
            if region is not None:
                outside[row, lead_to.get((country, region), [])] = False
    return outside


def outside_channel(catalog: Catalog, areas: pa.Table, channel: Channel) -> BoolArray:
    """(num_areas, num_sources) where the channel is this one and the source not among its own."""
    codes = whole(catalog.sources["source_code"])
    listed = index_of(pa.array(channel.sources, pa.string()), codes)
    if (listed < 0).any():
        unknown = channel.sources[int(np.flatnonzero(listed < 0)[0])]
        raise PolicyError(
            f"policy: the channel constraint of {channel.type}, {channel.code} lists the source "
            f"{unknown!r}, which the catalogue does not have; correct it"
        )
    kind, code = areas["sales_channel_type"], areas["sales_channel_code"]
    concerned = pc.and_(pc.equal(kind, channel.type), pc.equal(code, channel.code))
    others = np.ones(len(codes), bool)
    others[listed] = False
    return np.asarray(pc.fill_null(concerned, False))[:, None] & others


def rate_table(catalog: Catalog) -> RateTable:
    """Lay the table ``rates`` out by pairs of zones."""
    rates, zones = (
        required_table(catalog, "rates", "rates = true"),
        required_table(catalog, "zones", "rates = true"),
    )
    _check_zones(zones)
    keys = list(
        zip(rates["source_zone"].to_pylist(), rates["destination_zone"].to_pylist(), strict=True)
    )
    pairs = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    pair = np.array([pairs[key] for key in keys], np.int64)
    up_to = column_units(rates, "up_to_units")
    cost = np.array([micro(value) for value in exact(rates["cost"])], np.int64)
    order = np.lexsort((up_to, pair))
    of_source = zones.filter(zones["source_code"].is_valid())
    zone_of = dict(
        zip(of_source["source_code"].to_pylist(), of_source["zone"].to_pylist(), strict=True)
    )
    return RateTable(
        frozen(np.searchsorted(pair[order], np.arange(len(pairs) + 1)).astype(np.int64)),
        frozen(up_to[order]),
        frozen(cost[order]),
        pairs,
        [zone_of.get(code) for code in catalog.sources["source_code"].to_pylist()],
    )


def _check_zones(zones: pa.Table) -> None:
    source, country = (np.asarray(zones[name].is_valid()) for name in ("source_code", "country_id"))
    wrong = np.flatnonzero(source == country)
    if len(wrong):
        has = "both" if source[wrong[0]] else "neither"
        raise PolicyError(
            f"zones: row {wrong[0]} (counted from 0) has {has} of source_code and country_id; "
            "give one of them"
        )


def rates_of(catalog: Catalog, table: RateTable, areas: pa.Table) -> IndexArray:
    """(num_areas, num_sources) pair of zones in ``table.offsets``, -1 for none."""
    found = np.full((areas.num_rows, len(table.source_zones)), -1, np.int32)
    for row, zone in enumerate(_zones(catalog, areas)):
        if zone is not None:
            found[row] = [table.pairs.get((own or "", zone), -1) for own in table.source_zones]
    return found


def _zones(catalog: Catalog, areas: pa.Table) -> list[str | None]:
    """Return the zone of each area: the longest prefix, a row of its region before others."""
    zones = catalog.tables["zones"]
    zones = zones.filter(zones["country_id"].is_valid())
    by_place: dict[tuple[str, str | None, str], str] = {}
    for country, region, prefix, zone in zip(
        fold_country(zones["country_id"]).to_pylist(),
        _names(zones["region"]),
        fold_postcode(zones["postcode_prefix"]).to_pylist(),
        zones["zone"].to_pylist(),
        strict=True,
    ):
        by_place.setdefault((country, region, prefix or ""), zone)
    longest = max((len(prefix) for _, _, prefix in by_place), default=0)
    postcodes = fold_postcode(areas["postcode"]).to_pylist()
    found = []
    for (country, region), postcode in zip(_addresses(areas), postcodes, strict=True):
        places = (
            (country, name, (postcode or "")[:length])
            for length in range(min(longest, len(postcode or "")), -1, -1)
            for name in ((region, None) if region is not None else (None,))
        )
        found.append(next((by_place[place] for place in places if place in by_place), None))
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
