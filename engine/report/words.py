"""Sentences on what figures show."""

from collections.abc import Mapping

from engine.report.view import View
from engine.selection.shown import Shown


def spread(view: View, figure: Shown) -> str:
    """Return between which scenarios a key figure lies, and the baseline's."""
    found = {name: view.figure(name, figure.name) for name in view.names}
    values = {name: value for name, value in found.items() if value is not None}
    if not values:
        return ""
    title = figure.title.strip().capitalize()
    least, most = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    texts = {name: figure.form(value) for name, value in values.items()}
    if texts[least] == texts[most]:
        return f"{title} is {texts[most]} throughout."
    between = f"{texts[least]} ({least}) to {texts[most]} ({most})"
    if view.base in (least, most) or view.base not in texts:
        return f"{title}: {between}."
    return f"{title}: {between}; {texts[view.base]} in the baseline."


def furthest(values: Mapping[tuple[str, str], float], base: str) -> tuple[str, str, float] | None:
    """Return the scenario and key whose value is furthest from the baseline's, and by how much.

    None if there is no difference. A key that the baseline lacks counts 0 there.
    """
    more = {
        (name, key): value - values.get((base, key), 0.0)
        for (name, key), value in values.items()
        if name != base
    }
    at = max(more, key=lambda pair: abs(more[pair]), default=None)
    return None if at is None or not more[at] else (*at, more[at])
