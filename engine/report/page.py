"""The page: everything in one file, for a browser without a network."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine.report.key_figures import all_scenarios, key_figures, tiles
from engine.report.section import Section
from engine.report.sheet import Picture
from engine.report.theme import DARK, LIGHT
from engine.report.view import View
from engine.selection.shown import many, most_changed, quantity

_HERE = Path(__file__).parent


def page(
    view: View, sections: Sequence[Section], pictures: Mapping[str, Picture], title: str
) -> str:
    """Return the page as text; ``pictures`` are those of sections, by their keys."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    hidden = len(view.kpis) - len(view.names)
    return environment.get_template("page.html").render(
        title=title,
        style=Markup((_HERE / "page.css").read_text("utf-8")),
        light=LIGHT,
        dark=DARK,
        size=_size(view),
        most_changed=_lead(view) if len(view.kpis) > 1 else "",
        hidden=many(hidden, "more scenario") if hidden else "",
        tiles=tiles(view),
        names=view.names,
        figures=key_figures(view),
        all_scenarios=all_scenarios(view),
        runs=view.runs,
        sections=sections,
        svg={key: Markup(one.svg) for key, one in pictures.items()},
    )


def _lead(view: View) -> str:
    """Return the sentence on what changes most, with a true minus in front of its last number."""
    return re.sub(r"\(-([\d.,]+(?: pp)?\)\.)$", "(\N{MINUS SIGN}\\1", most_changed(view.kpis))


def _size(view: View) -> str:
    base = view.kpis[view.base]
    parts = [many(base.orders, "order"), many(base.lines, "line"), f"{quantity(base.units)} units"]
    if len(view.kpis) > 1:
        parts.insert(0, f"{many(len(view.kpis) - 1, 'scenario')} beside the baseline")
    return " · ".join(parts)
