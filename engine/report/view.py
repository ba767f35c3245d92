"""What a report shows of the tables of a simulation."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.report.theme import LOOKS, Look
from engine.selection.shown import spelt_out

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class View:
    """The tables, and which scenarios of them figures show.

    Attributes
    ----------
    tables
        Name -> table, as `engine.report.write_report` takes them.
    kpis
        Scenario -> its key figures, the baseline first: of all scenarios.
    differences
        Scenario -> its key figures less the baseline's.
    names
        The scenarios that figures show, the baseline first.
    intervals
        Scenario, key figure -> its row of ``intervals``.
    """

    tables: Mapping[str, pa.Table]
    kpis: dict[str, SimpleNamespace]
    differences: dict[str, Row]
    names: list[str]
    intervals: dict[tuple[str, str], Row]

    @property
    def others(self) -> list[str]:
        """The scenarios beside the baseline that figures show."""
        return self.names[1:]

    @property
    def base(self) -> str:
        """The baseline's name."""
        return self.names[0]

    def look(self, name: str) -> Look:
        """Return how a scenario looks."""
        return LOOKS[self.names.index(name)]

    def mean(self, name: str, figure: str) -> float | None:
        """Return the mean of a key figure over replications; without any, the figure itself."""
        row = self.intervals.get((name, figure))
        value = row["mean"] if row else getattr(self.kpis[name], figure)
        return None if value is None else float(value)

    def interval(self, name: str, figure: str) -> list[float]:
        """Return both ends of a key figure's 95 % interval; nothing where there is none."""
        row = self.intervals.get((name, figure), {})
        ends = [row.get(end) for end in ("low", "high")]
        return [] if None in ends else [float(end) for end in ends if end is not None]

    @property
    def runs(self) -> int:
        """How many replications there are."""
        return max((row["runs"] for row in self.intervals.values()), default=0)

    def table(self, name: str) -> pa.Table:
        """Return a table's rows of the scenarios that figures show.

        ``scenario`` is (num_rows,) int32 there: places in ``names``.
        """
        whole = self.tables[name]
        # Before names are cleaned, which may make two of them alike.
        own = self.tables["kpis"]["scenario"].combine_chunks()[: len(self.names)]
        index = pc.index_in(whole["scenario"], own)
        shown = whole.set_column(whole.column_names.index("scenario"), "scenario", index)
        return shown.filter(pc.is_valid(index))

    def rows(self, name: str, only: pa.Array | None = None) -> list[Row]:
        """Return those rows as dictionaries, texts such that they can be shown.

        Parameters
        ----------
        name
            Of a table.
        only
            The source_codes to keep, all if None.
        """
        table = self.table(name)
        if only is not None:
            table = table.filter(pc.is_in(table["source_code"], only))
        return [clean(row) | {"scenario": self.names[row["scenario"]]} for row in table.to_pylist()]


def view_of(tables: Mapping[str, pa.Table]) -> View:
    """Choose what is shown: the baseline and the first scenarios beside it."""
    rows = [clean(row) for row in tables["kpis"].to_pylist()]
    intervals = [clean(row) for row in tables["intervals"].to_pylist()]
    kpis = {row["scenario"]: SimpleNamespace(**row) for row in rows}
    return View(
        tables,
        kpis,
        {row["scenario"]: row for row in map(clean, tables["differences"].to_pylist())},
        list(kpis)[: len(LOOKS)],
        {(row["scenario"], row["figure"]): row for row in intervals},
    )


def clean(row: Row) -> Row:
    """Spell out what does not print; a page must not hold it, and a picture cannot show it."""
    return {name: spelt_out(it) if isinstance(it, str) else it for name, it in row.items()}


def places_of(table: pa.Table) -> pa.ChunkedArray:
    """(num_rows,) what destination regions are called: ``GB``, or ``US/CA`` if a region is given.

    Examples
    --------
    >>> places_of(pa.table({"country_id": ["GB", "US", None], "region": [None, "CA", None]})
    ...     ).to_pylist()
    ['GB', 'US/CA', 'unknown']
    """
    country = pc.fill_null(table["country_id"].cast(pa.string()), "unknown")
    region = pc.fill_null(table["region"].cast(pa.string()), "")
    both = pc.binary_join_element_wise(country, region, "/")
    return pc.if_else(pc.equal(region, ""), country, both)
