"""What a report shows of the tables of a simulation."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.report.theme import LOOKS, Look

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

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table that belong to the scenarios that figures show."""
        whole = self.tables[table]
        shown = pc.is_in(whole["scenario"], pa.array(self._raw, pa.string()))
        return [_clean(row) for row in whole.filter(shown).to_pylist()]

    @property
    def _raw(self) -> list[str]:
        return self.tables["kpis"]["scenario"].to_pylist()[: len(self.names)]


def view_of(tables: Mapping[str, pa.Table]) -> View:
    """Choose what is shown: the baseline and the first scenarios beside it."""
    rows = [_clean(row) for row in tables["kpis"].to_pylist()]
    intervals = [_clean(row) for row in tables["intervals"].to_pylist()]
    kpis = {row["scenario"]: SimpleNamespace(**row) for row in rows}
    return View(
        tables,
        kpis,
        {row["scenario"]: row for row in map(_clean, tables["differences"].to_pylist())},
        list(kpis)[: len(LOOKS)],
        {(row["scenario"], row["figure"]): row for row in intervals},
    )


def _clean(row: Row) -> Row:
    """Spell out what does not print; a page must not hold it, and a picture cannot show it."""
    return {name: _printable(it) if isinstance(it, str) else it for name, it in row.items()}


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
