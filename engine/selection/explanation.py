"""Why an order went where it went, as data, as tables and in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from engine.tables.quantity import QTY_TYPE

_MONEY = pa.decimal128(18, 6)
_COLUMNS: tuple[tuple[str, pa.DataType], ...] = (
    ("source_code", pa.string()),
    ("place", pa.int64()),
    ("priority", pa.int64()),
    ("distance_km", pa.float64()),
    ("qty_available", QTY_TYPE),
    ("unit_cost", _MONEY),
    ("shipment_cost", _MONEY),
    ("qty_to_deduct", QTY_TYPE),
    ("reason", pa.string()),
    ("softened", pa.string()),
)


class CandidateSource(NamedTuple):
    """A source that holds a line's SKU, at the line's turn.

    ``place`` counts from 1 in ranking order, None for a source that was not ranked;
    ``scores`` are those of the ranking by name; ``qty_available`` is what the line could have;
    ``reason`` is why the source gave nothing, None if it gave something; ``softened`` the reason
    of a soft constraint that kept it out at first. Costs are None where the policy has none; that
    of a shipment is for one of all that the line wants.
    """

    source_code: str
    place: int | None
    priority: int | None
    distance_km: float | None
    qty_available: Decimal
    unit_cost: Decimal | None
    shipment_cost: Decimal | None
    scores: dict[str, Any]
    qty_to_deduct: Decimal
    reason: str | None
    softened: str | None


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
    lines
        The lines in turn.
    """

    order_id: Any
    stock_id: int
    located: bool
    decided_by: str
    ship_policy: str
    lines: tuple[ExplainedLine, ...]

    @property
    def sentence(self) -> str:
        """What became of the order, in a sentence or two."""
        given: dict[str, Decimal] = {}
        for one in (one for line in self.lines for one in line.candidates if one.qty_to_deduct):
            given[one.source_code] = given.get(one.source_code, Decimal(0)) + one.qty_to_deduct
        wanted = sum((line.qty for line in self.lines), Decimal(0))
        short = [line for line in self.lines if line.qty_short]
        got = sum((line.qty - line.qty_short for line in self.lines), Decimal(0))
        if not self.lines:
            return f"Order {self.order_id} has no lines."
        served = f"{_amount(got)} of {_amount(wanted)} units" if short else f"all {_units(wanted)}"
        sources = _listed([f"{code} ({_amount(qty)})" for code, qty in given.items()])
        text = (
            f"Order {self.order_id} gets {served} from {sources}"
            if given
            else (f"Order {self.order_id} gets nothing")
        )
        if len(short) == 1:
            text += f"; line {short[0].line} lacks {_amount(short[0].qty_short)}: {short[0].reason}"
        elif short:
            reasons = Counter(str(line.reason) for line in short)
            listed = _listed([f"{reason} ({count})" for reason, count in reasons.most_common()])
            text += f"; {len(short)} of its {len(self.lines)} lines are short: {listed}"
        return f"{text}. Decided by {self.decided_by}."

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
        for name in dict.fromkeys(name for _, one in rows for name in one.scores):
            columns[f"score_{name}"] = pa.array([one.scores[name] for _, one in rows])
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


def _amount(quantity: Decimal) -> str:
    text = f"{quantity:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _units(quantity: Decimal) -> str:
    return f"{_amount(quantity)} unit{'' if quantity == 1 else 's'}"


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
