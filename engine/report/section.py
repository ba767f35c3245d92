"""A part of the report: a sentence, a figure, and the tables behind it."""

from typing import NamedTuple

from engine.report.sheet import Draw
from engine.report.table import Table


class Section(NamedTuple):
    """A part of the report.

    Attributes
    ----------
    key
        Its id, and the name of its picture.
    title
        A few words.
    finding
        What there is to see: a sentence or two.
    note
        How to read the figure, and what it leaves out; not shown without one.
    alt
        What the figure shows, for a reader who hears it.
    tables
        The figures behind the figure.
    draw
        None if there is nothing to draw.
    """

    key: str
    title: str
    finding: str
    note: str
    alt: str
    tables: list[Table]
    draw: Draw | None

    @property
    def has_rows(self) -> bool:
        """Whether there is anything in the tables."""
        return any(table.rows for table in self.tables)
