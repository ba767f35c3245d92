"""Why an order went where it went, as data, as tables and in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import reduce
from typing import Any, NamedTuple

import pyarrow as pa

from engine.html import html_table
from engine.tables.quantity import QTY_TYPE

MONEY = pa.decimal128(38, 6)
_EXACT = Context(prec=40)  # whatever the caller's own says
_COLUMNS: tuple[tuple[str, pa.DataType], ...] = (
    ("source_code", pa.string()),
    ("place", pa.int64()),
    ("priority", pa.int64()),
    ("distance_km", pa.float64()),
    ("qty_available", QTY_TYPE),
    ("unit_cost", MONEY),
    ("shipment_cost", MONEY),
    ("qty_to_deduct", QTY_TYPE),
    ("reason", pa.string()),
    ("softened", pa.string()),
    ("qty_on_its_own", QTY_TYPE),
    ("price", MONEY),
    ("capacity_units_price", MONEY),
    ("capacity_orders_price", MONEY),
)
_MOST_NAMED = 3
"""Of what orders compete for, so much is named in a sentence."""


class CandidateSource(NamedTuple):
    """A source that holds a line's SKU, at the line's turn.

    ``place`` counts from 1 in ranking order, None for a source that was not ranked;
    ``scores`` are those of the ranking by name, None where it was not ranked by them, or has no
    limit of capacity. ``qty_available`` is what there was for the line (the recorded quantity where
    stock is not managed), None if the line wanted nothing. ``reason`` is why the source ships
    nothing, None if it does; ``softened`` the reason of a soft constraint that kept it out at
    first. Costs are None where there are none; that of a shipment is for one of all that the line
    wants.

    The rest is None unless the batch was decided as a whole. ``qty_on_its_own`` is what the line
    would take if its order were the only one. ``price`` is what a unit of the source item is worth
    to the orders that compete for it, ``capacity_units_price`` and ``capacity_orders_price`` what
    a unit and an order of the source's capacity are; None where there is enough for all, or
    nothing for anybody.
    """

    source_code: str
    place: int | None
    priority: int | None
    distance_km: float | None
    qty_available: Decimal | None
    unit_cost: Decimal | None
    shipment_cost: Decimal | None
    scores: dict[str, Any]
    qty_to_deduct: Decimal
    reason: str | None
    softened: str | None
    qty_on_its_own: Decimal | None
    price: Decimal | None
    capacity_units_price: Decimal | None
    capacity_orders_price: Decimal | None


class ExplainedLine(NamedTuple):
    """A line, what it lacks and why, and its candidates: the ranked ones first, in their order.

    ``not_carried_by`` counts the enabled sources of the stock that have no item of the SKU.
    """

    line: int
    sku: str
    qty: Decimal
    qty_short: Decimal
    reason: str | None
    not_carried_by: int
    candidates: tuple[CandidateSource, ...]


@dataclass(frozen=True)
class Explanation:
    """Why an order went where it went; ``print`` it, or take its parts.

    Attributes
    ----------
    order_id, stock_id
        The order, as it came in, and the stock that serves it.
    located
        Whether its destination is known.
    decided_by
        The algorithm or the policy in words.
    ship_policy
        That of the order, else of the policy.
    score_types
        The scores of the ranking, and their types in `table`.
    lines
        The lines in turn.
    """

    order_id: Any
    stock_id: int
    located: bool
    decided_by: str
    ship_policy: str
    score_types: Mapping[str, pa.DataType]
    lines: tuple[ExplainedLine, ...]

    @property
    def sentence(self) -> str:
        """What became of the order, in a sentence or two."""
        if not self.lines:
            return f"Order {self.order_id} has no lines."
        got = self._from_sources("qty_to_deduct")
        text = f"Order {self.order_id} gets {got}{self._shortage()}.{self._on_its_own()}"
        return f"{text} Decided by {self.decided_by}."

    def _from_sources(self, column: str) -> str:
        """Say how many units come from where, by a column of the candidates."""
        given: dict[str, list[Decimal]] = {}
        for line in self.lines:
            for one in line.candidates:
                if getattr(one, column):
                    given.setdefault(one.source_code, []).append(getattr(one, column))
        if not given:
            return "nothing"
        wanted = _total(line.qty for line in self.lines)
        got = _total(quantity for parts in given.values() for quantity in parts)
        units = f"{amount(wanted)} unit{'' if wanted == 1 else 's'}"
        sources = [f"{code} ({amount(_total(parts))})" for code, parts in given.items()]
        text = f"{amount(got)} of {units}" if got != wanted else f"all {units}"
        if got == wanted == 1:
            text = units
        return f"{text} from {_listed(sources if len(given) > 1 else list(given))}"

    def _on_its_own(self) -> str:
        """Say what the order would get if there were no other, if that is known."""
        known = [
            (line.sku, one)
            for line in self.lines
            for one in line.candidates
            if one.qty_on_its_own is not None
        ]
        if not known:
            return ""
        if all(one.qty_on_its_own == one.qty_to_deduct for _, one in known):
            return " On its own it would fare no better."
        names = _competed_for(known)
        if len(names) > _MOST_NAMED:
            names[_MOST_NAMED:] = [f"{len(names) - _MOST_NAMED} more"]
        why = f"; orders compete for {_listed(names)}" if names else ""
        return f" On its own it would get {self._from_sources('qty_on_its_own')}{why}."

    def _shortage(self) -> str:
        short = [line for line in self.lines if line.qty_short]
        if not short:
            return ""
        if len(short) == 1:
            (line,) = short
            return f"; line {line.line} lacks {amount(line.qty_short)}: {words(str(line.reason))}"
        reasons = Counter(words(str(line.reason)) for line in short)
        listed = _listed([f"{reason} ({count})" for reason, count in reasons.most_common()])
        count = "all" if len(short) == len(self.lines) else len(short)
        return f"; {count} of its {len(self.lines)} lines are short: {listed}"

    @property
    def table(self) -> pa.Table:
        """All candidates of all lines: line, sku, the fields of `CandidateSource`, the scores."""
        rows = [(line, one) for line in self.lines for one in line.candidates]
        columns: dict[str, Any] = {
            "line": pa.array([line.line for line, _ in rows], pa.int64()),
            "sku": pa.array([line.sku for line, _ in rows], pa.string()),
        }
        for name, kind in _COLUMNS:
            columns[name] = pa.array([getattr(one, name) for _, one in rows], kind)
        for name, kind in self.score_types.items():
            columns[f"score_{name}"] = pa.array([one.scores[name] for _, one in rows], kind)
        return pa.table(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, the sentence first, amounts as decimals."""
        lines = [
            line._asdict() | {"candidates": [one._asdict() for one in line.candidates]}
            for line in self.lines
        ]
        return {
            "sentence": self.sentence,
            "order_id": self.order_id,
            "stock_id": self.stock_id,
            "located": self.located,
            "decided_by": self.decided_by,
            "ship_policy": self.ship_policy,
            "lines": lines,
        }

    def __str__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        columns = ["line", "sku", "source_code", "qty_available", "qty_to_deduct", "reason"]
        if any(one.qty_on_its_own is not None for line in self.lines for one in line.candidates):
            columns += ["qty_on_its_own", "price"]
        rows = list(zip(*(self.table[name].to_pylist() for name in columns), strict=True))
        return html_table(self.sentence, columns, rows, left=3)


def _competed_for(known: Sequence[tuple[str, CandidateSource]]) -> list[str]:
    """Name what an order would take more of on its own and others want too, the dearest first.

    ``known`` are SKUs and their candidates.
    """
    worth: dict[str, Decimal] = {}
    prices: dict[str, list[str]] = {}

    def note(name: str, price: Decimal | None, more: Decimal, each: str) -> None:
        if price is None or more <= 0:
            return
        worth[name] = _EXACT.add(worth.get(name, Decimal(0)), _EXACT.multiply(price, more))
        told, text = prices.setdefault(name, []), f"{money(price)} {each}"
        if price and text not in told:
            told.append(text)

    by_source: dict[str, list[CandidateSource]] = {}
    for sku, one in known:
        by_source.setdefault(one.source_code, []).append(one)
        note(f"{sku} at {one.source_code}", one.price, _more_on_its_own([one]), "a unit")
    for code, ones in by_source.items():
        opens = any(one.qty_on_its_own for one in ones)
        opens = opens and not any(one.qty_to_deduct for one in ones)
        name = f"capacity of {code}"
        note(name, ones[0].capacity_units_price, _more_on_its_own(ones), "a unit")
        note(name, ones[0].capacity_orders_price, Decimal(opens), "an order")
    return [
        f"{name} ({_listed(prices[name])})" if prices[name] else name
        for name in sorted(worth, key=lambda name: (-worth[name], name))
    ]


def _more_on_its_own(ones: Sequence[CandidateSource]) -> Decimal:
    own = _total(one.qty_on_its_own or Decimal(0) for one in ones)
    return _EXACT.subtract(own, _total(one.qty_to_deduct for one in ones))


def money(price: Decimal) -> str:
    """Return a price with two places, or with all that it has if that is less than 0.01.

    Examples
    --------
    >>> money(Decimal("1234.500000")), money(Decimal("0.004200"))
    ('1,234.50', '0.0042')
    """
    return amount(price) if price < Decimal("0.01") else f"{price:,.2f}"


def amount(quantity: Decimal) -> str:
    """Return a quantity as people write it.

    Examples
    --------
    >>> amount(Decimal("1200.5000"))
    '1,200.5'
    """
    text = f"{quantity:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def words(reason: str) -> str:
    """Return a reason as people say it.

    Examples
    --------
    >>> words("out_of_stock")
    'out of stock'
    """
    return reason.replace("_", " ")


def scaled(value: int, places: int) -> Decimal:
    """Return a whole number of steps as a decimal with so many places.

    Examples
    --------
    >>> scaled(12_500, 4)
    Decimal('1.2500')
    """
    return Decimal(value).scaleb(-places, _EXACT)


def _total(quantities: Iterable[Decimal]) -> Decimal:
    return reduce(_EXACT.add, quantities, Decimal(0))


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
