"""Why lines are short, and where it hurts."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.report.dumbbells import dumbbells
from engine.report.section import Section
from engine.report.table import MOST, pivot
from engine.report.view import View, places_of
from engine.report.words import furthest, minus, whole, worst
from engine.selection.shown import many, quantity, signed, spelt_out

_MOST = 10
_Values = dict[tuple[str, str], float]


def shortfalls(view: View) -> Section:
    """Return the section on the reasons of lines that are short."""
    rows = view.rows("shortfalls")
    lines: _Values = dict.fromkeys(((name, "all reasons") for name in view.names), 0.0)
    for row in rows:
        reason = row["reason"].replace("_", " ")
        lines[row["scenario"], reason] = row["lines"]
        lines[row["scenario"], "all reasons"] += row["lines"]
    reasons = _ranked(view, lines)
    for name in view.names:
        for reason in reasons:
            lines.setdefault((name, reason), 0.0)
    units = {
        (row["scenario"], row["reason"].replace("_", " ")): quantity(row["units"]) for row in rows
    }
    counts = {key: f"{value:,.0f}" for key, value in lines.items()}
    return Section(
        "shortfalls",
        "Why lines are short",
        _why(view, lines, reasons),
        "Lines that are short, by reason" + _GREY * bool(view.others) + ".",
        "Dot plots of the number of lines that are short for each reason, "
        "a panel for each scenario, each beside the baseline.",
        [
            pivot("Lines short", "reason", reasons, view.names, counts, "shortfalls"),
            pivot("Units they lack", "reason", reasons[1:], view.names, units, "shortfalls"),
        ],
        dumbbells(view, reasons, lines, whole) if rows else None,
    )


_GREY = "; the round mark is the baseline"


def _why(view: View, lines: _Values, reasons: list[str]) -> str:
    own = {reason: lines[view.base, reason] for reason in reasons[1:]}
    if not own:
        return "No line is short."
    total = lines[view.base, "all reasons"]
    told = f"In the baseline {many(int(total), 'line')} {'is' if total == 1 else 'are'} short"
    if total:
        most = max(own, key=own.__getitem__)
        told += f", most of them for {most} ({own[most]:,.0f})"
    alone = {key: value for key, value in lines.items() if key[1] != "all reasons"}
    if change := furthest(alone, view.base):
        name, reason, more = change
        told += f". The greatest change: {minus(signed(more, whole))} for {reason} with {name!r}"
    return f"{told}."


def regions(view: View) -> Section:
    """Return the section on the regions that are hit hardest."""
    table = view.table("regions")
    return _hit(view, "regions", "Regions hit hardest", "region", table, places_of(table))


def skus(view: View) -> Section:
    """Return the section on the SKUs that are hit hardest."""
    table = view.table("skus")
    return _hit(view, "skus", "SKUs hit hardest", "SKU", table, table["sku"])


def _hit(
    view: View, key: str, title: str, noun: str, table: pa.Table, labels: pa.ChunkedArray
) -> Section:
    coded = labels.combine_chunks().dictionary_encode()
    names = coded.dictionary.to_pylist()
    units = np.zeros((len(view.names), len(names)))
    lacking = pc.subtract(table["units"], table["units_allocated"]).cast(pa.float64())
    at = np.asarray(table["scenario"]), np.asarray(coded.indices)
    np.add.at(units, at, np.asarray(lacking))
    units = units.round(4)  # decimals have no more places
    most = units.max(axis=0, initial=0)
    base = units[0]
    order = [int(it) for it in np.lexsort((names, -most, base - most)) if most[it] > 0]
    count, order = len(order), order[:MOST]
    shown = [spelt_out(names[it]) for it in order]
    short = {
        (name, label): float(units[row, column])
        for row, name in enumerate(view.names)
        for column, label in zip(order, shown, strict=True)
    }
    texts = {at: quantity(value) for at, value in short.items()}
    return Section(
        key,
        title,
        _hardest(view, short, shown, noun),
        "Units short: ordered and not served"
        + _GREY * bool(view.others)
        + f"; {many(count, noun)} in all.",
        f"Dot plots of the units short by {noun}, a panel for each scenario, "
        "each beside the baseline.",
        [pivot("Units short", noun, shown, view.names, texts, key, count)],
        dumbbells(view, shown[:_MOST], short, whole) if shown else None,
    )


def _ranked(view: View, values: _Values) -> list[str]:
    """Return the reasons, those first that a scenario raises most above the baseline."""
    keys = {key for _, key in values}

    def rank(key: str) -> tuple[float, float, str]:
        own = [values.get((name, key), 0.0) for name in view.names]
        return own[0] - max(own), -max(own), key

    return sorted(keys, key=rank)


def _hardest(view: View, short: _Values, labels: list[str], noun: str) -> str:
    if not labels:
        return f"No {noun} is short of anything."
    if hit := worst(short, view.base):
        name, label, more = hit
        return (
            f"Hit hardest: {label} with {name!r}, short of {quantity(short[name, label])} units "
            f"({minus(signed(more, quantity))})."
        )
    told = "No scenario makes it worse. " if view.others else ""
    most = max(labels, key=lambda label: short[view.base, label])
    lacks = quantity(short[view.base, most])
    return f"{told}In the baseline {most} is short of most: {lacks} units."
