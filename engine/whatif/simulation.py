"""Scenarios side by side, as tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import pyarrow as pa

from engine.selection.kpis import KPIs, difference
from engine.tables.quantity import SUM_TYPE, units_to_decimal
from engine.whatif.outcome import Outcome

_COUNTS = ("orders", "lines")
_BY_NAME = ("shortfalls", "capacity_use", "source_utilisation")
FIGURES = tuple(one.name for one in fields(KPIs) if one.name not in _BY_NAME)
"""Key figures that are one number."""


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """What scenarios come to, the baseline first; ``docs/scenarios.md`` has all columns.

    Attributes
    ----------
    kpis
        One row per scenario: its name and every key figure that is one number.
    differences
        The same figures less the baseline's, of the other scenarios.
    sources
        One row per scenario and source: utilisation, orders, units, use of capacity.
    shortfalls
        One row per scenario and reason: lines that are short for it, and units they lack.
    results
        Scenario -> all its key figures.
    notes
        What a person should know.
    """

    kpis: pa.Table
    differences: pa.Table
    sources: pa.Table
    shortfalls: pa.Table
    results: Mapping[str, KPIs]
    notes: list[str] = field(default_factory=list)

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The tables by name."""
        names = ("kpis", "differences", "sources", "shortfalls")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        count = len(self.results)
        return f"Simulation({count} scenario{'' if count == 1 else 's'})"


def simulation_of(outcomes: Mapping[str, Outcome], notes: list[str]) -> Simulation:
    """Put outcomes side by side, the first of which is the baseline."""
    results = {name: outcome.kpis for name, outcome in outcomes.items()}
    for outcome in outcomes.values():
        notes = notes + outcome.notes
    return Simulation(
        _kpis(results),
        _differences(results),
        _sources(outcomes),
        _shortfalls(results),
        results,
        notes,
    )


def _schema(counts: pa.DataType) -> pa.Schema:
    types = [(name, counts if name in _COUNTS else pa.float64()) for name in FIGURES]
    return pa.schema([("scenario", pa.string()), *types])


def _kpis(results: Mapping[str, KPIs]) -> pa.Table:
    rows = [
        {"scenario": name, **{one: getattr(kpis, one) for one in FIGURES}}
        for name, kpis in results.items()
    ]
    return pa.Table.from_pylist(rows, schema=_schema(pa.int64()))


def _differences(results: Mapping[str, KPIs]) -> pa.Table:
    base, *_ = results.values()
    rows: list[dict[str, Any]] = []
    for name, kpis in list(results.items())[1:]:
        more = {one: difference(getattr(base, one), getattr(kpis, one)) for one in FIGURES}
        rows.append({"scenario": name, **more})
    return pa.Table.from_pylist(rows, schema=_schema(pa.float64()))


_SOURCES = pa.schema(
    [
        *(("scenario", pa.string()), ("source_code", pa.string()), ("utilisation", pa.float64())),
        *(("orders", pa.int64()), ("units", SUM_TYPE)),
        *(("capacity_orders_use", pa.float64()), ("capacity_units_use", pa.float64())),
    ]
)


def _sources(outcomes: Mapping[str, Outcome]) -> pa.Table:
    rows = []
    for name, outcome in outcomes.items():
        utilisation = outcome.kpis.source_utilisation or {}
        capacity = outcome.kpis.capacity_use or {}
        units = units_to_decimal(outcome.units, SUM_TYPE).to_pylist()
        for code, orders, shipped in zip(
            outcome.codes, outcome.orders.tolist(), units, strict=True
        ):
            use = capacity.get(code, {})
            rows.append(
                {
                    "scenario": name,
                    "source_code": code,
                    "utilisation": utilisation.get(code),
                    "orders": orders,
                    "units": shipped,
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
