"""The report of a simulation: one page for a browser, and its figures as pictures."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa

PAGE = "report.html"
TITLE = "Fulfilment scenarios"
"""Of a report that is given none."""


def is_installed() -> bool:
    """Return whether what a report is made with is there: the extra ``report``."""
    return all(find_spec(name) is not None for name in ("jinja2", "matplotlib"))


def write_report(tables: Mapping[str, pa.Table], folder: Path, *, title: str = TITLE) -> list[Path]:
    """Write ``report.html`` and ``figures/*.png`` into a folder.

    The same tables give the same bytes with the same version of matplotlib.

    Parameters
    ----------
    tables
        The tables of a simulation by name, as docs/scenarios.md has them.
    folder
        A folder that is there.
    title
        Of the page.

    Returns
    -------
    The files, in the order in which they were written.

    Raises
    ------
    ImportError
        If jinja2 or matplotlib is not there; see `is_installed`.
    """
    from engine.report.page import page
    from engine.report.sections import sections_of
    from engine.report.sheet import picture
    from engine.report.view import view_of

    view = view_of(tables)
    sections = sections_of(view)
    pictures = {one.key: picture(one.draw, one.key, one.alt) for one in sections if one.draw}
    files = [folder / PAGE]
    files[0].write_text(page(view, sections, pictures, title), "utf-8", newline="\n")
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    for key, drawn in pictures.items():
        files.append(figures / f"{key}.png")
        files[-1].write_bytes(drawn.png)
    return files
