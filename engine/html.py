"""Tables as notebooks show them."""

from collections.abc import Sequence
from html import escape
from typing import Any

_MOST = 20
"""Rows that are shown of a table."""


def html_table(
    caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, left: int = 1
) -> str:
    """Return a table in HTML, its first rows if there are many.

    Parameters
    ----------
    caption
        What stands above it.
    columns
        Names of the columns.
    rows
        A value for each column; None is shown as ``-``.
    left
        How many columns are text, and stand on the left.

    Examples
    --------
    >>> html_table("stock", ["source", "units"], [("<lyon>", 3)])[:41]
    '<table><caption>stock</caption><thead><tr'
    """
    more = f", {_MOST} of {len(rows):,} rows" if len(rows) > _MOST else ""
    head = "".join(_cell("th", name, at < left) for at, name in enumerate(columns))
    body = "".join(
        f"<tr>{''.join(_cell('td', value, at < left) for at, value in enumerate(row))}</tr>"
        for row in rows[:_MOST]
    )
    return (
        f"<table><caption>{escape(caption + more)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(tag: str, value: Any, is_left: bool) -> str:
    shown = "-" if value is None else str(value)
    # Titles are set in by spaces, which HTML drops.
    indent = len(shown) - len(shown.lstrip())
    text = "\u2003" * (indent // 2) + escape(shown.strip())
    scope = ' scope="col"' if tag == "th" else ""
    return f'<{tag}{scope} style="text-align:{"left" if is_left else "right"}">{text}</{tag}>'
