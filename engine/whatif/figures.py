"""Tables of key figures: of each scenario, less the baseline's, and over replications."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from engine.selection.kpis import KPIs, difference
from engine.whatif.outcome import FIGURES
from engine.whatif.replications import interval, paired

_COUNTS = ("orders", "lines")


def figure_tables(
    results: Mapping[str, KPIs], replications: Mapping[str, Sequence[KPIs]]
) -> dict[str, pa.Table]:
    """Return the tables ``kpis``, ``differences`` and ``intervals``; the baseline comes first."""
    return {
        "kpis": _kpis(results),
        "differences": _differences(results),
        "intervals": _intervals(replications),
    }


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
