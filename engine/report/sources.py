"""How far each source is used."""

from engine.report.dumbbells import dumbbells
from engine.report.section import Section
from engine.report.table import Table, pivot
from engine.report.view import Row, View
from engine.report.words import furthest, minus
from engine.selection.shown import many, quantity, share, signed

_MOST = 12


def sources(view: View) -> Section:
    """Return the section on the use of sources."""
    rows = view.rows("sources")
    units: dict[str, float] = {}
    for row in rows:
        units[row["source_code"]] = max(units.get(row["source_code"], 0), float(row["units"]))
    codes = sorted(units, key=lambda code: (-units[code], code))
    used = {
        (row["scenario"], row["source_code"]): row["utilisation"]
        for row in rows
        if row["utilisation"] is not None
    }
    drawn = [code for code in codes if any((name, code) in used for name in view.names)]
    more = len(drawn) - _MOST
    return Section(
        "sources",
        "Use of sources",
        _finding(view, used),
        "Units shipped of the units that were there"
        + (" or came in." if view.tables["days"].num_rows else " at the start.")
        + (" The round mark is the baseline." if view.others else "")
        + (f" The {_MOST} sources that ship most; {more} more in the table." if more > 0 else ""),
        f"Dot plots of the utilisation of {many(min(len(drawn), _MOST), 'source')}, "
        "a panel for each scenario, each beside the baseline.",
        [
            pivot(
                "Utilisation",
                "source",
                codes,
                view.names,
                {key: share(value) for key, value in used.items()},
                "sources",
            ),
            *_shipped(view, codes, rows),
        ],
        dumbbells(view, drawn[:_MOST], used, share, lambda value: f"{value:.0%}")
        if drawn
        else None,
    )


def _shipped(view: View, codes: list[str], rows: list[Row]) -> list[Table]:
    texts = {
        (row["scenario"], row["source_code"]): f"{quantity(row['units'])} in {row['orders']:,}"
        for row in rows
    }
    return [pivot("Units shipped, in orders", "source", codes, view.names, texts, "sources")]


def _finding(view: View, used: dict[tuple[str, str], float]) -> str:
    own = {key: value for (name, key), value in used.items() if name == view.base}
    if not own:
        return "No source's utilisation is known."
    most = max(own, key=own.__getitem__)
    told = f"In the baseline {most} is used most: {share(own[most])} of what it has."
    if change := furthest(used, view.base):
        name, code, more = change
        told += (
            f" The greatest change: {code} with {name!r}, {share(used[name, code])} "
            f"({minus(signed(more, share))})."
        )
    return told
