"""Scenarios side by side, as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from engine.html import html_table
from engine.selection.kpis import KPIs, difference
from engine.selection.shown import kpi_rows, most_changed
from engine.tables.quantity import SUM_TYPE, units_to_decimal
from engine.whatif.ledger import CLASSES_KM
from engine.whatif.outcome import FIGURES, Outcome
from engine.whatif.replications import interval, paired

_COUNTS = ("orders", "lines")


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """What scenarios come to, the baseline first; ``docs/scenarios.md`` has all columns.

    Attributes
    ----------
    tables
        The tables by name, each of which is an attribute as well.
    results
        Scenario -> its key figures of the orders as they are.
    notes
        What a person should know.
    """

    tables: Mapping[str, pa.Table]
    results: Mapping[str, KPIs]
    notes: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> pa.Table:
        try:
            return self.__dict__["tables"][name]
        except KeyError:
            raise AttributeError(f"a simulation has no {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *self.tables])

    def __repr__(self) -> str:
        count = len(self.results)
        return f"Simulation({count} scenario{'' if count == 1 else 's'})"

    def _repr_html_(self) -> str:
        names, kpis = list(self.results), list(self.results.values())
        sizes = [(name, f"{one.num_rows:,}") for name, one in self.tables.items()]
        return html_table(
            most_changed(self.results), ["key figure", *names], kpi_rows(kpis)
        ) + html_table("Arrow tables", ["table", "rows"], sizes)


def simulation_of(
    outcomes: Mapping[str, Outcome],
    replications: Mapping[str, Sequence[KPIs]],
    notes: list[str],
) -> Simulation:
    """Put outcomes side by side, the first of which is the baseline.

    Parameters
    ----------
    outcomes
        Scenario -> figures of the orders as they are.
    replications
        Scenario -> key figures of each replication.
    notes
        What a person should know of what was read.
    """
    results = {name: outcome.kpis for name, outcome in outcomes.items()}
    tables = {
        "kpis": _kpis(results),
        "differences": _differences(results),
        "intervals": _intervals(replications),
        "sources": _sources(outcomes),
        "shortfalls": _shortfalls(results),
        "distances": _by_name(_DISTANCES, _distances, outcomes),
        "regions": _by_name(_REGIONS, _regions, outcomes),
        "flows": _by_name(_FLOWS, _flows, outcomes),
        "skus": _by_name(_SKUS, _skus, outcomes),
        "days": _by_name(_DAYS, _days, outcomes),
        "source_days": _by_name(_SOURCE_DAYS, _source_days, outcomes),
    }
    of_scenarios = chain.from_iterable(outcome.notes for outcome in outcomes.values())
    return Simulation(tables, results, [*notes, *dict.fromkeys(of_scenarios)])


def _figures_schema(counts: pa.DataType) -> pa.Schema:
    types = [(name, counts if name in _COUNTS else pa.float64()) for name in FIGURES]
    return pa.schema([("scenario", pa.string()), *types])


def _kpis(results: Mapping[str, KPIs]) -> pa.Table:
    rows = [{"scenario": name, **_figures(kpis)} for name, kpis in results.items()]
    return pa.Table.from_pylist(rows, schema=_figures_schema(pa.int64()))


def _differences(results: Mapping[str, KPIs]) -> pa.Table:
    (_, base), *others = ((name, _figures(kpis)) for name, kpis in results.items())
    rows = [
        {"scenario": name, **{one: difference(base[one], figures[one]) for one in FIGURES}}
        for name, figures in others
    ]
    return pa.Table.from_pylist(rows, schema=_figures_schema(pa.float64()))


def _figures(kpis: KPIs) -> dict[str, Any]:
    """Return the key figures that are one number; None for those of a horizon without one."""
    return {name: getattr(kpis, name, None) for name in FIGURES}


_INTERVALS = pa.schema(
    [
        *(("scenario", pa.string()), ("figure", pa.string()), ("runs", pa.int64())),
        *((name, pa.float64()) for name in ("mean", "low", "high")),
        *((f"difference{end}", pa.float64()) for end in ("", "_low", "_high")),
    ]
)


def _intervals(replications: Mapping[str, Sequence[KPIs]]) -> pa.Table:
    rows: list[dict[str, Any]] = []
    base = next(iter(replications.values()), [])
    for at, (name, runs) in enumerate(replications.items()):
        for figure in FIGURES:
            values = [value for one in runs if (value := getattr(one, figure, None)) is not None]
            if not values:
                continue
            row = {"scenario": name, "figure": figure, **interval(values)._asdict()}
            if at and (apart := paired(base, runs, figure)):
                _, mean, low, high = interval(apart)
                row |= {"difference": mean, "difference_low": low, "difference_high": high}
            rows.append(row)
    return pa.Table.from_pylist(rows, schema=_INTERVALS)


_SOURCES = pa.schema(
    [
        *(("scenario", pa.string()), ("source_code", pa.string())),
        *(("latitude", pa.float64()), ("longitude", pa.float64())),
        *(("utilisation", pa.float64()), ("orders", pa.int64()), ("units", SUM_TYPE)),
        *(("capacity_orders_use", pa.float64()), ("capacity_units_use", pa.float64())),
    ]
)


def _sources(outcomes: Mapping[str, Outcome]) -> pa.Table:
    rows = []
    for name, outcome in outcomes.items():
        orders = outcome.shipments.sum(axis=1).tolist()
        units = units_to_decimal(outcome.units.sum(axis=1), SUM_TYPE).to_pylist()
        places = _known(outcome.places)
        for at, code in enumerate(outcome.codes):
            use = (outcome.kpis.capacity_use or {}).get(code, {})
            rows.append(
                {
                    "scenario": name,
                    "source_code": code,
                    "latitude": places[0][at].as_py(),
                    "longitude": places[1][at].as_py(),
                    "utilisation": (outcome.kpis.source_utilisation or {}).get(code),
                    "orders": orders[at],
                    "units": units[at],
                    "capacity_orders_use": use.get("orders"),
                    "capacity_units_use": use.get("units"),
                }
            )
    return pa.Table.from_pylist(rows, schema=_SOURCES)


_SHORTFALLS = pa.schema(
    [
        *(("scenario", pa.string()), ("reason", pa.string())),
        *(("lines", pa.int64()), ("units", pa.float64())),
    ]
)


def _shortfalls(results: Mapping[str, KPIs]) -> pa.Table:
    rows = [
        {"scenario": name, "reason": reason, **counts}
        for name, kpis in results.items()
        for reason, counts in kpis.shortfalls.items()
    ]
    return pa.Table.from_pylist(rows, schema=_SHORTFALLS)


_SCENARIO = ("scenario", pa.dictionary(pa.int32(), pa.string()))
_PLACE = (("country_id", pa.string()), ("region", pa.string()))
_DISTANCES = pa.schema(
    [
        *(_SCENARIO, ("from_km", pa.int64()), ("to_km", pa.int64())),
        *(("shipments", pa.int64()), ("units", SUM_TYPE)),
    ]
)


def _distances(outcome: Outcome) -> dict[str, Any]:
    shipments, units = outcome.by_distance
    return {
        "from_km": [*CLASSES_KM, None],
        "to_km": [*CLASSES_KM[1:], None, None],
        "shipments": shipments,
        "units": units_to_decimal(units, SUM_TYPE),
    }


_REGIONS = pa.schema(
    [
        *(_SCENARIO, *_PLACE, ("latitude", pa.float64()), ("longitude", pa.float64())),
        *(("orders", pa.int64()), ("units", SUM_TYPE), ("units_allocated", SUM_TYPE)),
    ]
)


def _regions(outcome: Outcome) -> dict[str, Any]:
    orders, units, allocated = outcome.of_area
    latitude, longitude = _known(outcome.areas.positions)
    return {
        "country_id": [country for country, _ in outcome.areas.names],
        "region": [region for _, region in outcome.areas.names],
        "latitude": latitude,
        "longitude": longitude,
        "orders": orders,
        "units": units_to_decimal(units, SUM_TYPE),
        "units_allocated": units_to_decimal(allocated, SUM_TYPE),
    }


_FLOWS = pa.schema(
    [
        *(_SCENARIO, ("source_code", pa.string()), *_PLACE),
        *(("shipments", pa.int64()), ("units", SUM_TYPE)),
    ]
)


def _flows(outcome: Outcome) -> dict[str, Any]:
    source, area = np.nonzero(outcome.units)
    return {
        "source_code": [outcome.codes[at] for at in source],
        "country_id": [outcome.areas.names[at][0] for at in area],
        "region": [outcome.areas.names[at][1] for at in area],
        "shipments": outcome.shipments[source, area],
        "units": units_to_decimal(outcome.units[source, area], SUM_TYPE),
    }


_SKUS = pa.schema(
    [
        *(_SCENARIO, ("sku", pa.string())),
        *(("units", SUM_TYPE), ("units_allocated", SUM_TYPE)),
    ]
)


def _skus(outcome: Outcome) -> dict[str, Any]:
    names, units, allocated = outcome.skus
    return {
        "sku": names,
        "units": units_to_decimal(units, SUM_TYPE),
        "units_allocated": units_to_decimal(allocated, SUM_TYPE),
    }


_DAY_COLUMNS = ("units", "units_allocated", "units_lost", "units_waiting")
_DAYS = pa.schema(
    [
        *(_SCENARIO, ("date", pa.date32()), ("orders", pa.int64())),
        *((name, SUM_TYPE) for name in _DAY_COLUMNS),
    ]
)


def _days(outcome: Outcome) -> dict[str, Any]:
    if outcome.first_day is None:
        return {}
    orders, *columns, _ = outcome.days
    units = (units_to_decimal(column, SUM_TYPE) for column in columns)
    return {
        "date": _dates(outcome.first_day, len(orders)),
        "orders": orders,
        **dict(zip(_DAY_COLUMNS, units, strict=True)),
    }


_SOURCE_DAYS = pa.schema(
    [
        *(_SCENARIO, ("date", pa.date32()), ("source_code", pa.string())),
        *(("shipments", pa.int64()), ("units", SUM_TYPE)),
        *(("units_received", SUM_TYPE), ("units_on_hand", SUM_TYPE)),
    ]
)


def _source_days(outcome: Outcome) -> dict[str, Any]:
    if outcome.first_day is None:
        return {}
    num_days, num_sources = outcome.days.of_source.shape[1:]
    shipments, *columns = outcome.days.of_source.reshape(4, -1)
    units, received, on_hand = (units_to_decimal(column, SUM_TYPE) for column in columns)
    dates = _dates(outcome.first_day, num_days)
    return {
        "date": dates.take(pa.array(np.repeat(np.arange(num_days), num_sources))),
        "source_code": outcome.codes * num_days,
        "shipments": shipments,
        "units": units,
        "units_received": received,
        "units_on_hand": on_hand,
    }


def _dates(first: int, count: int) -> pa.Array:
    return pa.array(np.arange(first, first + count, dtype=np.int32)).cast(pa.date32())


def _known(positions: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Return latitude and longitude, null where they are not known."""
    latitude, longitude = (pa.array(axis, from_pandas=True) for axis in positions.T)
    return latitude, longitude


def _by_name(schema: pa.Schema, columns: Any, outcomes: Mapping[str, Outcome]) -> pa.Table:
    """Put what ``columns`` makes of each outcome below one another, with the scenario's name."""
    parts = []
    for name, outcome in outcomes.items():
        made = columns(outcome)
        if made:
            length = len(next(iter(made.values())))
            codes = pa.array(np.zeros(length, np.int32))
            made["scenario"] = pa.DictionaryArray.from_arrays(codes, pa.array([name], pa.string()))
            parts.append(pa.table(made, schema=schema))
    rows = pa.concat_tables(parts) if parts else schema.empty_table()
    return rows.set_column(0, "scenario", rows["scenario"].cast(pa.string()))
