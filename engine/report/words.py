"""Sentences on what figures show."""

from collections.abc import Mapping

from engine.report.view import View
from engine.selection.shown import Form, Shown, quantity, share


def spread(view: View, figure: Shown) -> str:
    """Return between which scenarios a key figure lies, and the baseline's."""
    found = {name: view.mean(name, figure.name) for name in view.names}
    values = {name: value for name, value in found.items() if value is not None}
    if not values:
        return ""
    title = capital(figure.title)
    least, most = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    texts = {name: figure.form(value) for name, value in values.items()}
    if texts[least] == texts[most]:
        return f"{title} is {texts[most]} throughout."
    who = {name: "baseline" if name == view.base else repr(name) for name in (least, most)}
    between = f"{texts[least]} ({who[least]}) to {texts[most]} ({who[most]})"
    if view.base in (least, most) or view.base not in texts:
        return f"{title}: {between}."
    return f"{title}: {between}; {texts[view.base]} in the baseline."


def where(view: View, name: str) -> str:
    """Return how a sentence names a scenario."""
    return "in the baseline" if name == view.base else f"with {name!r}"


def capital(title: str) -> str:
    """Return the title of a key figure as it begins a line."""
    title = title.strip()
    return title[:1].upper() + title[1:]


def short(form: Form) -> Form:
    """Return the form of round values on a scale: no digits that are always 0."""
    return (lambda value: f"{quantity(value * 100)}%") if form is share else quantity


def rounded(view: View, figure: Shown) -> Form:
    """Return the form of a key figure; means of quantities, and large ones, have no decimals."""
    values = [abs(view.mean(name, figure.name) or 0) for name in view.kpis]
    if view.intervals and (figure.form is quantity or max(values) >= 1000):
        return whole
    return figure.form


def whole(value: float | None) -> str:
    """Return a number without decimals; ``-`` where it is not known."""
    return "-" if value is None else f"{value:,.0f}"


def compact(value: float) -> str:
    """Return a round number for a scale, large ones as ``250k`` or ``1.5M``."""
    if value >= 1_000_000:
        return f"{quantity(value / 1_000_000)}M"
    return f"{quantity(value / 1000)}k" if value >= 10_000 else quantity(value)


def minus(number: str) -> str:
    """Return a number with a true minus."""
    return number.replace("-", "\N{MINUS SIGN}") if len(number) > 1 else number


def furthest(values: Mapping[tuple[str, str], float], base: str) -> tuple[str, str, float] | None:
    """Return the scenario and key whose value is furthest from the baseline's, and by how much.

    None if there is no difference. A key that the baseline lacks counts 0 there.
    """
    more = _more(values, base)
    at = max(more, key=lambda pair: abs(more[pair]), default=None)
    return None if at is None or not more[at] else (*at, more[at])


def worst(values: Mapping[tuple[str, str], float], base: str) -> tuple[str, str, float] | None:
    """Return the scenario and key whose value is furthest above the baseline's, and by how much.

    None if none is. A key that the baseline lacks counts 0 there.
    """
    more = _more(values, base)
    at = max(more, key=more.__getitem__, default=None)
    return None if at is None or more[at] <= 0 else (*at, more[at])


def _more(values: Mapping[tuple[str, str], float], base: str) -> dict[tuple[str, str], float]:
    return {
        (name, key): value - values.get((base, key), 0.0)
        for (name, key), value in values.items()
        if name != base
    }
