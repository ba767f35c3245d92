"""Tables of a simulation as a report is given them, made without one."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

SUM = pa.decimal128(18, 4)
FIGURES = (
    *("units_allocated", "unit_fill_rate", "line_fill_rate", "order_fill_rate", "split_rate"),
    *("split_rate_multi_line", "shipments_per_order", "distance_km", "distance_km_by_unit"),
    *("shipments_without_distance", "cost", "cost_unserved", "cost_per_order", "balance"),
    *("units_received", "units_late", "units_lost", "units_waiting", "wait_days"),
)
_KPIS = pa.schema(
    [
        *(("scenario", pa.string()), ("orders", pa.int64()), ("lines", pa.int64())),
        ("units", pa.float64()),
        *((name, pa.float64()) for name in FIGURES),
    ]
)
_ENDS = ("mean", "low", "high", "difference", "difference_low", "difference_high")
SCHEMAS = {
    "kpis": _KPIS,
    "differences": pa.schema(
        [("scenario", pa.string()), *((name, pa.float64()) for name in _KPIS.names[1:])]
    ),
    "intervals": pa.schema(
        [
            *(("scenario", pa.string()), ("figure", pa.string()), ("runs", pa.int64())),
            *((name, pa.float64()) for name in _ENDS),
        ]
    ),
    "sources": pa.schema(
        [
            *(("scenario", pa.string()), ("source_code", pa.string())),
            *(("latitude", pa.float64()), ("longitude", pa.float64())),
            *(("utilisation", pa.float64()), ("orders", pa.int64()), ("units", SUM)),
            *(("capacity_orders_use", pa.float64()), ("capacity_units_use", pa.float64())),
        ]
    ),
    "shortfalls": pa.schema(
        [
            *(("scenario", pa.string()), ("reason", pa.string())),
            *(("lines", pa.int64()), ("units", SUM)),
        ]
    ),
    "distances": pa.schema(
        [
            *(("scenario", pa.string()), ("from_km", pa.float64()), ("to_km", pa.float64())),
            *(("shipments", pa.int64()), ("units", SUM)),
        ]
    ),
    "regions": pa.schema(
        [
            *(("scenario", pa.string()), ("country_id", pa.string()), ("region", pa.string())),
            *(("latitude", pa.float64()), ("longitude", pa.float64())),
            *(("orders", pa.int64()), ("units", SUM), ("units_allocated", SUM)),
        ]
    ),
    "flows": pa.schema(
        [
            *(("scenario", pa.string()), ("source_code", pa.string())),
            *(("country_id", pa.string()), ("region", pa.string())),
            *(("shipments", pa.int64()), ("units", SUM)),
        ]
    ),
    "skus": pa.schema(
        [
            *(("scenario", pa.string()), ("sku", pa.string())),
            *(("units", SUM), ("units_allocated", SUM)),
        ]
    ),
    "days": pa.schema(
        [
            *(("scenario", pa.string()), ("date", pa.date32()), ("orders", pa.int64())),
            *((name, SUM) for name in ("units", "units_allocated", "units_lost", "units_waiting")),
        ]
    ),
    "source_days": pa.schema(
        [
            *(("scenario", pa.string()), ("date", pa.date32()), ("source_code", pa.string())),
            ("shipments", pa.int64()),
            *((name, SUM) for name in ("units", "units_received", "units_on_hand")),
        ]
    ),
}
SOURCES = {
    "hamburg": (53.54, 10.01),
    "london": (51.51, -0.13),
    "marseille": (43.3, 5.37),
    "warsaw": (52.23, 21.01),
    "madrid": (40.42, -3.7),
}
REGIONS = {
    "DE": (51.2, 10.4),
    "GB": (53.0, -1.5),
    "FR": (46.6, 2.5),
    "IT": (42.8, 12.8),
    "ES": (40.2, -3.6),
    "PL": (52.1, 19.4),
    "SE": (60.1, 15.2),
    "AT": (47.6, 14.1),
    "CH": (46.8, 8.2),
    "PT": (39.6, -8.0),
    "IE": (53.2, -8.2),
    "US": (39.8, -98.6),
}
_EDGES = (0, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
_REASONS = ("out_of_stock", "insufficient_qty", "not_assigned", "capacity")
NAMES = (
    "Hamburg closed",
    "Hamburg closed, half its stock in London",
    "growth, priority, demand 1.2",
    "growth, distance, demand 1.2",
    "stores may ship",
    "centralised in Warsaw",
)


def made(names=NAMES, *, days=0, runs=0, costs=True, located=True, skus=40):
    """Return tables of a baseline and some scenarios."""
    rows = {name: [] for name in SCHEMAS}
    base = None
    for at, name in enumerate(("baseline", *names)):
        rng = np.random.Generator(np.random.PCG64(at % 7))
        kpis = _kpis(rng, at % 7, costs, bool(days))
        base = base or kpis
        rows["kpis"].append({"scenario": name, **kpis})
        more = {key: None if it is None else it - base[key] for key, it in kpis.items()}
        if at:
            rows["differences"].append({"scenario": name, **more})
        if runs:
            rows["intervals"] += _intervals(name, kpis, more, at, runs)
        _add_places(rows, name, rng, at % 7, located)
        _add_short(rows, name, rng, at % 7, skus)
        _add_days(rows, name, rng, at % 7, days)
    return {name: pa.Table.from_pylist(rows[name], schema) for name, schema in SCHEMAS.items()}


def no_orders():
    """Return the tables of a baseline to which nobody ordered anything."""
    nothing = {
        "scenario": "baseline",
        "orders": 0,
        "lines": 0,
        "units": 0.0,
        "units_allocated": 0.0,
    }
    sources = [{"scenario": "baseline", "source_code": "a", "orders": 0, "units": Decimal(0)}]
    rows = {"kpis": [nothing], "sources": sources}
    return {
        name: pa.Table.from_pylist(rows.get(name, []), schema) for name, schema in SCHEMAS.items()
    }


def _kpis(rng, at, costs, horizon):
    fill = 0.96 - 0.013 * at + 0.01 * rng.random()
    kpis = dict.fromkeys(FIGURES)
    kpis |= {"orders": 830 + 20 * at, "lines": 2155, "units": 51317.0}
    kpis |= {"units_allocated": round(51317 * fill, 0), "unit_fill_rate": fill}
    kpis |= {"line_fill_rate": fill - 0.01, "order_fill_rate": fill - 0.04}
    kpis |= {"split_rate": 0.12 + 0.02 * at, "split_rate_multi_line": 0.19 + 0.02 * at}
    kpis |= {"shipments_per_order": 1.13 + 0.03 * at, "distance_km": 812.5 + 60 * (at % 4)}
    kpis |= {"distance_km_by_unit": 777.7 + 50 * (at % 4), "shipments_without_distance": 0.013}
    kpis |= {"balance": 0.2 + 0.05 * at}
    if costs:
        kpis |= {"cost": 12345.6 + 700 * at, "cost_unserved": 1000.0 * at}
        kpis |= {"cost_per_order": 14.5 + 0.4 * at}
    if horizon:
        kpis |= {"units_received": 9000.0, "units_late": 120.0 * at, "units_lost": 300.0 + 99 * at}
        kpis |= {"units_waiting": 10.0 * at, "wait_days": 1.1 + 0.2 * at}
    return kpis


def _intervals(name, kpis, more, at, runs):
    for figure in FIGURES:
        if kpis[figure] is not None:
            half = abs(kpis[figure]) * 0.012
            row = {"scenario": name, "figure": figure, "runs": runs, "mean": kpis[figure]}
            row |= {"low": kpis[figure] - half, "high": kpis[figure] + half}
            if at:
                row |= {"difference": more[figure], "difference_low": more[figure] - half / 2}
                row |= {"difference_high": more[figure] + half / 2}
            yield row


def _add_places(rows, name, rng, at, located):
    shipped = dict.fromkeys(SOURCES, 0)
    for k, (region, (north, east)) in enumerate(REGIONS.items()):
        there = {"country_id": region, "region": "CA" if region == "US" else None}
        units = int(9000 / (1 + k) + rng.integers(0, 400))
        served = int(units * (0.97 - 0.02 * at * rng.random()))
        place = {"latitude": north, "longitude": east} if located else {}
        counts = {"units": Decimal(units), "units_allocated": Decimal(served)}
        rows["regions"].append(
            {"scenario": name, **there, **place, "orders": units // 40, **counts}
        )
        open_ones = [code for code in SOURCES if at not in (1, 2) or code != "hamburg"]
        near = sorted(
            open_ones,
            key=lambda code: np.hypot(SOURCES[code][0] - north, SOURCES[code][1] - east),
        )
        for code, part in zip(near[at % 2 :], (0.7, 0.2, 0.1), strict=False):
            flow = {"source_code": code, "shipments": max(int(served * part) // 30, 1)}
            flow["units"] = Decimal(int(served * part))
            shipped[code] += int(served * part)
            rows["flows"].append({"scenario": name, **there, **flow})
    for code, (north, east) in SOURCES.items():
        place = {"latitude": north, "longitude": east} if located else {}
        row = {"scenario": name, "source_code": code, **place, "orders": shipped[code] // 40}
        row |= {"units": Decimal(shipped[code]), "utilisation": min(shipped[code] / 12000, 1)}
        rows["sources"].append(row)
    counts = rng.integers(20, 200, len(_EDGES)) // (1 + np.arange(len(_EDGES)) // 5)
    ends = (*_EDGES[1:], None)
    for start, end, count in zip((*_EDGES[:-1], None), ends, counts, strict=True):
        row = {"scenario": name, "from_km": start, "to_km": end if start is not None else None}
        rows["distances"].append(row | {"shipments": int(count), "units": Decimal(int(count) * 9)})


def _add_short(rows, name, rng, at, skus):
    for k, reason in enumerate(_REASONS):
        lines = int(100 / (k + 1) + 12 * at * rng.random())
        row = {"scenario": name, "reason": reason, "lines": lines, "units": Decimal(lines * 7)}
        rows["shortfalls"].append(row)
    for k in range(skus):
        units = int(40 + 3 * k)
        row = {"scenario": name, "sku": f"{k:04}", "units": Decimal(units)}
        row["units_allocated"] = Decimal(max(units - 3 - int((k + at) * rng.random()), 0))
        rows["skus"].append(row)


def _add_days(rows, name, rng, at, days):
    stock = dict.fromkeys(SOURCES, 12000.0)
    for day in range(days):
        when = {"scenario": name, "date": date(2010, 12, 1) + timedelta(days=day)}
        units = int(140 + 60 * np.sin(day / 20) + rng.integers(0, 40))
        waiting = max(0, int(60 * np.sin(day / 30 + at) + 8 * at))
        row = {"orders": units // 30, "units": units, "units_allocated": units - waiting // 9}
        row |= {"units_lost": waiting // 12, "units_waiting": waiting}
        rows["days"].append(when | {k: v if k == "orders" else Decimal(v) for k, v in row.items()})
        for k, code in enumerate(SOURCES):
            got = 2000 if (day + 9 * k) % 40 == 39 else 0
            gone = min(stock[code], units * (0.4 - 0.06 * k) * (1 + 0.1 * at))
            stock[code] += got - int(gone)
            row = when | {"source_code": code, "shipments": int(gone) // 20}
            row |= {"units": Decimal(int(gone)), "units_received": Decimal(got)}
            rows["source_days"].append(row | {"units_on_hand": Decimal(int(stock[code]))})
