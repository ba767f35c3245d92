"""Tables of what scenarios ship: from where, to where, how far, when, and what they lack."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from engine.selection.kpis import KPIs
from engine.tables.quantity import SUM_TYPE, units_to_decimal
from engine.whatif.ledger import CLASSES_KM
from engine.whatif.outcome import Outcome


def shipping_tables(outcomes: Mapping[str, Outcome]) -> dict[str, pa.Table]:
    """Return the tables ``sources`` to ``source_days`` of scenarios, in their order."""
    return {
        "sources": _sources(outcomes),
        "shortfalls": _shortfalls({name: outcome.kpis for name, outcome in outcomes.items()}),
        "distances": _by_name(_DISTANCES, _distances, outcomes),
        "regions": _by_name(_REGIONS, _regions, outcomes),
        "flows": _by_name(_FLOWS, _flows, outcomes),
        "skus": _by_name(_SKUS, _skus, outcomes),
        "days": _by_name(_DAYS, _days, outcomes),
        "source_days": _by_name(_SOURCE_DAYS, _source_days, outcomes),
    }


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
