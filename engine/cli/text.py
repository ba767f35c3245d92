"""Text for terminals: nothing that steers them, and tables that fold and are never cut."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from textwrap import wrap
from typing import Any

from engine.selection.shown import spelt_out

_GAP = "  "
# A last column narrower than this reads worse than a block of lines for each row.
_NARROWEST = 16


def clean(text: str) -> str:
    r"""Return text that cannot steer a terminal: what does not print is spelt out.

    Examples
    --------
    >>> print(clean("A\n\x1b[31mB"), clean("caf\udce9"))
    A\n\x1b[31mB caf<E9>
    """
    if text.isprintable():
        return text
    from engine.io.faults import printable

    return spelt_out(printable(text))


def table_lines(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    right: Sequence[int],
    room: int | None,
    rule: str,
) -> Iterator[str]:
    """Yield the lines of a table.

    Parameters
    ----------
    columns
        Names; there is no header if all are empty.
    rows
        A value for each column.
    right
        The columns to align right.
    room
        Width of the terminal; None if nothing is to be folded. The last column folds; if even so
        the table is too wide, each row becomes a block of lines.
    rule
        What the line under the header is made of.
    """
    from rich.cells import cell_len

    cells = [[_cell(value) for value in row] for row in rows]
    shown = [list(columns), *cells] if any(columns) else cells
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    if room is not None and widths:
        last = room - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
        if last < min(widths[-1], _NARROWEST):
            yield from _blocks(columns, cells, room)
            return
        widths[-1] = min(widths[-1], last)
    for at, row in enumerate(shown):
        yield from _lines(row, widths, right)
        if at == 0 and any(columns):
            yield rule * (sum(widths) + len(_GAP) * (len(widths) - 1))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:,}" if isinstance(value, int) else clean(str(value))


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a row; only its last cell can fill several."""
    from rich.cells import cell_len

    front = row[:-1]
    for last in _folded(row[-1], widths[-1]):
        padded = []
        for at, (text, width) in enumerate(zip([*front, last], widths, strict=True)):
            space = " " * (width - cell_len(text))
            padded.append(space + text if at in right else text + space)
        yield _GAP.join(padded).rstrip()
        front = [""] * len(front)


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> Iterator[str]:
    """Yield each row as a block: a line for each column, its name in front."""
    width = max(map(len, columns))
    for at, row in enumerate(rows):
        if at:
            yield ""
        for name, text in zip(columns, row, strict=True):
            for line in _folded(text, room - width - len(_GAP)):
                yield f"{name:<{width}}{_GAP}{line}".rstrip()
                name = ""


def _folded(text: str, width: int) -> list[str]:
    from rich.cells import cell_len

    if cell_len(text) <= width:
        return [text]
    return wrap(text, max(width, 1), break_on_hyphens=False) or [""]
