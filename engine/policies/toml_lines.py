"""Where in a TOML file a value stands, which its parser does not tell."""

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=")
_LAST_PART = re.compile(r"(\.[\w-]+|\[\d+\])$")


def line_of(text: str, path: str) -> int | None:
    r"""Return the line of a value, or of the nearest thing around it.

    Parameters
    ----------
    text
        The file.
    path
        Such as ``$.constraints[1].km``.

    Returns
    -------
    The line, counted from 1; None if nothing around it has one.

    Examples
    --------
    >>> line_of("max_sources = 2\n[[constraints]]\nkind = 'lane'\n", "$.constraints[0].kind")
    3
    >>> line_of("max_sources = 2\n[[constraints]]\nkind = 'lane'\n", "$.constraints[0].km")
    2
    >>> line_of("[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\nx = 1\n", "$.a[1].b[0].x")
    5
    """
    lines = _lines(text)
    while path not in lines and (last := _LAST_PART.search(path)):
        path = path[: last.start()]
    return lines.get(path)


def _lines(text: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    seen: dict[str, int] = {}
    inside = "$"
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            inside = _path(header[2].split("."), seen)
            if header[1] == "[[":
                at = seen.get(inside, 0)
                seen[inside] = at + 1
                inside = f"{inside}[{at}]"
            lines[inside] = number
        elif key := _KEY.match(line):
            lines.setdefault(f"{inside}.{''.join(key[1].split())}", number)
    return lines


def _path(parts: list[str], seen: dict[str, int]) -> str:
    """Return where a header leads: what stands in an array belongs to its latest table."""
    path = "$"
    for part in parts:
        if path in seen:
            path = f"{path}[{seen[path] - 1}]"
        path = f"{path}.{part}"
    return path
