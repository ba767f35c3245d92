"""The tables behind figures."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.selection.shown import many

MOST = 60
"""Rows of a table that a page shows."""


class Table(NamedTuple):
    """A table of texts: the first column says what a row is about, numbers follow.

    ``more`` says what is left out; it may be empty.
    """

    caption: str
    columns: list[str]
    rows: list[list[str]]
    more: str = ""


def pivot(
    caption: str,
    label: str,
    keys: Sequence[str],
    scenarios: Sequence[str],
    values: Mapping[tuple[str, str], str],
    file: str,
    count: int = 0,
) -> Table:
    """Return a table with a row per key and a column per scenario.

    Parameters
    ----------
    label
        What the keys are.
    keys
        The rows; only the first ones are shown.
    values
        Scenario, key -> text; where there is none, nothing is written.
    file
        The table that holds all rows.
    count
        How many rows there are, if more than ``keys``.
    """
    rows = [[key, *(values.get((name, key), "") for name in scenarios)] for key in keys[:MOST]]
    return Table(caption, [label, *scenarios], rows, left_out(count or len(keys), file))


def left_out(count: int, file: str) -> str:
    """Return what to say of rows that are not shown; nothing if all are."""
    more = count - MOST
    return f"{many(more, 'more row')}; the table {file} holds all." if more > 0 else ""
