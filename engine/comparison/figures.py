"""The key figures of two runs side by side."""

from typing import Any

import msgspec
import pyarrow as pa

from engine.selection.kpis import KPIs, difference

KPI_SCHEMA = pa.schema(
    [("name", pa.string()), ("a", pa.float64()), ("b", pa.float64()), ("difference", pa.float64())]
)


def kpi_table(a: KPIs, b: KPIs) -> pa.Table:
    """Return all key figures of two runs: name, a, b and difference (b - a).

    Figures by reason or source are named like ``shortfalls.too_far.units``. A figure that a run
    has not is null, but a reason that no line of a run is short for counts 0.
    """
    rows_a, rows_b = (_flat(msgspec.to_builtins(one), "") for one in (a, b))
    rows = []
    for name in dict.fromkeys([*rows_a, *rows_b]):
        nothing = 0 if name.startswith("shortfalls.") else None
        one, other = (it.get(name, nothing) for it in (rows_a, rows_b))
        one, other = (None if it is None else float(it) for it in (one, other))
        rows.append((name, one, other, difference(one, other)))
    columns = list(zip(*rows, strict=True))
    return pa.table(
        [pa.array(it, field.type) for it, field in zip(columns, KPI_SCHEMA, strict=True)],
        schema=KPI_SCHEMA,
    )


def _flat(value: Any, name: str) -> dict[str, float | None]:
    if not isinstance(value, dict):
        return {name: value}
    return {
        key: inner
        for part, it in value.items()
        for key, inner in _flat(it, f"{name}.{part}" if name else part).items()
    }
