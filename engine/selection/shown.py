"""Key figures as people see them: titles, forms, differences, and what changes most."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Form = Callable[[Any], str]


class Shown(NamedTuple):
    """A key figure that is shown: what it is called, its name among the figures, and its form."""

    title: str
    name: str
    form: Form


HEADLINES = (
    *("unit_fill_rate", "line_fill_rate", "order_fill_rate", "split_rate"),
    *("shipments_per_order", "distance_km", "cost_per_order"),
)
"""Key figures among which the greatest change is looked for."""


def shown_figures(kpis: Sequence[Any]) -> list[Shown]:
    """Return the key figures that are shown of some runs; costs and time if one of them has any."""
    rows = _ALWAYS
    if any(one.cost is not None for one in kpis):
        rows = rows + _COSTS
    if any(getattr(one, "units_waiting", None) is not None for one in kpis):
        rows = rows + _OVER_TIME
    return rows


def kpi_rows(kpis: Sequence[Any]) -> list[list[str]]:
    """Return the key figures of one or more runs as rows: name, then a column per run."""
    return [
        [title, *(form(getattr(one, name)) for one in kpis)]
        for title, name, form in shown_figures(kpis)
    ]


def kpi_differences(a: Any, b: Any) -> list[list[str]]:
    """Return the key figures of two runs as rows: name, both, and by how much B has more."""
    rows = []
    for (_, name, form), row in zip(shown_figures([a, b]), kpi_rows([a, b]), strict=True):
        values = getattr(a, name), getattr(b, name)
        more = None if None in values else values[1] - values[0]
        rows.append([*row, signed(more, form) if more else ""])
    return rows


def kpi_change(a: Any, b: Any, figure: str) -> list[str]:
    """Return a key figure of two runs: what it is called, both, and by how much B has more."""
    names = [name for _, name, _ in shown_figures([a, b])]
    title, *rest = kpi_differences(a, b)[names.index(figure)]
    return [title.strip(), *rest]


class Change(NamedTuple):
    """A key figure of a scenario beside the baseline's."""

    scenario: str
    figure: str
    baseline: float
    value: float


def greatest_change(results: Mapping[str, Any]) -> Change | None:
    """Return the headline figure that a scenario changes most, in proportion to the baseline's.

    None if nothing changes. Of equals it is the first scenario's, then the first figure's.

    Parameters
    ----------
    results
        Scenario -> its key figures, the baseline first.
    """
    return max(_changes(results), key=_size, default=None)


def most_changed(results: Mapping[str, Any]) -> str:
    """Return a sentence on what changes most."""
    change = greatest_change(results)
    if change is None:
        return "No scenario changes a headline figure."
    base, *_ = results.values()
    title, a, b, more = kpi_change(base, results[change.scenario], change.figure)
    return f"What changes most: {title} with {change.scenario!r}, {b} instead of {a} ({more})."


def _changes(results: Mapping[str, Any]) -> Iterator[Change]:
    base, *_ = results.values()
    for name, kpis in results.items():
        for figure in HEADLINES:
            a, b = getattr(base, figure), getattr(kpis, figure)
            if a and b is not None and a != b:
                yield Change(name, figure, a, b)


def _size(change: Change) -> float:
    return abs(change.value - change.baseline) / abs(change.baseline)


def many(count: int, noun: str) -> str:
    """Return a count and its noun, such as ``1 order`` or ``2,155 lines``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def spelt_out(text: str) -> str:
    r"""Return a text with what does not print spelt out.

    Examples
    --------
    >>> print(spelt_out("A\n\x1b[31mB"))
    A\n\x1b[31mB
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def signed(value: float, form: Form) -> str:
    """Return a difference with its sign; of shares in percentage points.

    Examples
    --------
    >>> signed(-0.02, share), signed(3, quantity)
    ('-2.00 pp', '+3')
    >>> signed(0, quantity)
    '+0'
    """
    # +2.0% could be taken for 2% of the share.
    shown = f"{abs(value) * 100:.2f} pp" if form is share else form(abs(value))
    if value and not any(digit in shown for digit in "123456789"):
        # It rounds to nothing and is something: less than the last place that is shown.
        at = shown.rindex("0")
        return f"{'<+' if value > 0 else '>-'}{shown[:at]}1{shown[at + 1 :]}"
    return f"{'-' if value < 0 else '+'}{shown}"


def plus_minus(mean: float, half: float, form: Form) -> str:
    """Return a mean difference and half of its interval.

    Examples
    --------
    >>> plus_minus(-0.042, 0.004, share)
    '-4.20 ± 0.40 pp'
    """
    if form is share:
        return f"{mean * 100:+.2f} ± {half * 100:.2f} pp"
    return f"{signed(mean, form)} ± {form(half)}"


def quantity(value: Any) -> str:
    """Return a quantity without needless zeros."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def share(value: float | None) -> str:
    """Return a share in per cent; ``-`` where it is not known."""
    return "-" if value is None else f"{value:.1%}"


def number(digits: int) -> Form:
    """Return a form with so many digits; ``-`` where a value is not known."""
    return lambda value: "-" if value is None else f"{value:,.{digits}f}"


_ALWAYS = [
    Shown("units ordered", "units", quantity),
    Shown("units served", "units_allocated", quantity),
    Shown("unit fill rate", "unit_fill_rate", share),
    Shown("line fill rate", "line_fill_rate", share),
    Shown("order fill rate", "order_fill_rate", share),
    Shown("orders split", "split_rate", share),
    Shown("  of several lines", "split_rate_multi_line", share),
    Shown("shipments per order", "shipments_per_order", number(2)),
    Shown("km per shipment", "distance_km", number(1)),
    Shown("km per unit", "distance_km_by_unit", number(1)),
    Shown("km unknown", "shipments_without_distance", share),
    Shown("balance of sources", "balance", number(3)),
]
_COSTS = [
    Shown("cost", "cost", number(2)),
    Shown("  of it unserved", "cost_unserved", number(2)),
    Shown("cost per order", "cost_per_order", number(2)),
]
_OVER_TIME = [
    Shown("units received", "units_received", quantity),
    Shown("units late", "units_late", quantity),
    Shown("units lost", "units_lost", quantity),
    Shown("units waiting", "units_waiting", quantity),
    Shown("days waited", "wait_days", number(2)),
]
