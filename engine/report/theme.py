"""Colours, marks and type of the report, in light and dark.

The colours of scenarios are those of Okabe and Ito, which colour-blind readers can tell apart;
each scenario has a mark and a dash of its own besides.
"""

from typing import Any, NamedTuple

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1a2027",
    "quiet": "#59636e",
    "faint": "#d5dade",
    "land": "#e8ebee",
    "border": "#c3cad1",
    "base": "#444d56",
    "blue": "#0072b2",
    "vermillion": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "orange": "#e69f00",
    "sky": "#56b4e9",
    "better": "#00609c",
    "worse": "#b04300",
}
DARK = {
    "paper": "#14181d",
    "ink": "#e6eaee",
    "quiet": "#a2acb6",
    "faint": "#333c45",
    "land": "#262d35",
    "border": "#3d4752",
    "base": "#d5dbe1",
    "blue": "#3d9be0",
    "vermillion": "#f07b3a",
    "green": "#1fb88d",
    "purple": "#d07fb0",
    "orange": "#edb233",
    "sky": "#8fd0f7",
    "better": "#7cc0f5",
    "worse": "#ff9a62",
}
"""Role -> colour. Pictures are drawn in the light ones, which a page replaces by variables."""


class Look(NamedTuple):
    """How a scenario looks in every figure: colour, mark, and dash in points."""

    colour: str
    mark: str
    dash: tuple[float, ...]


LOOKS = (
    Look("base", "o", ()),
    Look("blue", "s", (6, 2)),
    Look("vermillion", "^", (2, 1.5)),
    Look("green", "D", (8, 2, 2, 2)),
    Look("purple", "v", (4, 4)),
    Look("orange", "P", (1, 2)),
    Look("sky", "X", (10, 3)),
)
"""Of the baseline and of the scenarios beside it that figures show."""

FONT = "DejaVu Sans"
"""Comes with matplotlib, so that pictures are the same everywhere; a page uses the system's."""

RC: dict[str, Any] = {
    "font.family": FONT,
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar in a name is a dollar
    "path.simplify": False,
}
