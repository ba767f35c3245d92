"""The steps of scenarios as data; ``docs/scenarios.md`` says what each of them does."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, get_args

import msgspec
import numpy as np

from engine.errors import ScenarioError
from engine.policies.find import worded

_MOST = Decimal(1_000)
_PLACES = Decimal("0.000001")
MOST_DAYS = 3_650
"""That anything waits or is under way."""
_QUANTITIES = ("quantity", "units", "orders", "up_to", "reorder_at")
_MOST_MONEY = 1_000_000
_SMALLEST = Decimal("0.0001")
_LAST_PRIORITY = 65_535


class _Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    @property
    def do(self) -> str:
        """What it is called in a file of scenarios."""
        return str(self.__struct_config__.tag)


class CloseSource(_Step, frozen=True, kw_only=True, tag="close_source"):
    """Disable a source."""

    source: str


class OpenSource(_Step, frozen=True, kw_only=True, tag="open_source"):
    """Enable a source."""

    source: str


class AddSource(_Step, frozen=True, kw_only=True, tag="add_source"):
    """Add a source with its place, its links and its stock."""

    source: str
    name: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    country_id: str | None = None
    region: str | None = None
    city: str | None = None
    postcode: str | None = None
    links: dict[int, int] = {}
    stock: dict[str, Decimal] = {}
    stock_of: str | None = None
    factor: Decimal = Decimal(1)


class LinkSource(_Step, frozen=True, kw_only=True, tag="link_source"):
    """Have a stock draw on a source."""

    source: str
    stock_id: int
    priority: int


class UnlinkSource(_Step, frozen=True, kw_only=True, tag="unlink_source"):
    """Have a stock draw on a source no longer."""

    source: str
    stock_id: int


class SetPriority(_Step, frozen=True, kw_only=True, tag="set_priority"):
    """Change the priority of a link."""

    source: str
    stock_id: int
    priority: int


class MoveStock(_Step, frozen=True, kw_only=True, tag="move_stock"):
    """Move a share of what a source has to another one."""

    source: str
    to: str
    share: Decimal = Decimal(1)
    sku: str | None = None
    rank: tuple[int, int] | None = None


class ScaleStock(_Step, frozen=True, kw_only=True, tag="scale_stock"):
    """Multiply quantities."""

    factor: Decimal
    source: str | None = None
    sku: str | None = None
    rank: tuple[int, int] | None = None


class SetSafetyStock(_Step, frozen=True, kw_only=True, tag="set_safety_stock"):
    """Set what a source keeps."""

    source: str
    quantity: Decimal
    sku: str | None = None


class SetCapacity(_Step, frozen=True, kw_only=True, tag="set_capacity"):
    """Set what a source can handle in a run; what is left out is no limit."""

    source: str
    orders: int | None = None
    units: Decimal | None = None


class RemoveStock(_Step, frozen=True, kw_only=True, tag="remove_stock"):
    """Take a stock away, with its links and its orders."""

    stock_id: int


class Use(_Step, frozen=True, kw_only=True, tag="use"):
    """Decide by another algorithm or policy."""

    algorithm: Any = None
    policy: Any = None


class ScaleDemand(_Step, frozen=True, kw_only=True, tag="scale_demand"):
    """Copy or drop whole orders."""

    factor: Decimal
    seed: int = 0


class ResampleDemand(_Step, frozen=True, kw_only=True, tag="resample_demand"):
    """Draw as many orders as there are, with replacement."""

    seed: int = 0


class ShiftDemand(_Step, frozen=True, kw_only=True, tag="shift_demand"):
    """Have orders of one country or region come from another."""

    from_: str = msgspec.field(name="from")
    to: str
    share: Decimal = Decimal(1)
    seed: int = 0


class Between(_Step, frozen=True, kw_only=True, tag="between"):
    """Keep the orders of some days."""

    start: date
    end: date


class Replenish(_Step, frozen=True, kw_only=True, tag="replenish"):
    """Order what runs low; quantities, or multiples of what an item starts with."""

    source: str | None = None
    sku: str | None = None
    rank: tuple[int, int] | None = None
    up_to: Decimal | None = None
    up_to_factor: Decimal | None = None
    reorder_at: Decimal | None = None
    reorder_factor: Decimal | None = None
    lead_days: int | tuple[int, int] = 1
    seed: int = 0


class DelayReceipts(_Step, frozen=True, kw_only=True, tag="delay_receipts"):
    """Have what comes in come later."""

    days: int
    source: str | None = None
    sku: str | None = None


class SetHorizon(_Step, frozen=True, kw_only=True, tag="set_horizon"):
    """Change when batches run, how long lines wait, or what putting an order off counts."""

    every: str | None = None
    patience: int | None = None
    hold: Decimal | None = None


Step = (
    CloseSource
    | OpenSource
    | AddSource
    | LinkSource
    | UnlinkSource
    | SetPriority
    | MoveStock
    | ScaleStock
    | SetSafetyStock
    | SetCapacity
    | RemoveStock
    | Use
    | ScaleDemand
    | ResampleDemand
    | ShiftDemand
    | Between
    | Replenish
    | DelayReceipts
    | SetHorizon
)
KINDS: dict[str, Any] = {str(kind.__struct_config__.tag): kind for kind in get_args(Step)}
"""Every step by what it is called in a file."""


class WrongError(Exception):
    """What is wrong with a scenario: a path in it, and a message."""


def step_of(given: Mapping[str, Any], path: str = "$") -> Any:
    """Return a step from its keys.

    Raises
    ------
    WrongError
        With the path of what is wrong, below ``path``.

    Examples
    --------
    >>> step_of({"do": "close_source", "source": "lyon"})
    CloseSource(source='lyon')
    """
    if not isinstance(given, Mapping):
        raise WrongError(path, "steps must be tables: [[scenarios.steps]]")
    do = given.get("do")
    if not isinstance(do, str):
        raise WrongError(path, f"a step needs its do; allowed: {', '.join(KINDS)}")
    if do not in KINDS:
        raise WrongError(f"{path}.do", not_there(do, list(KINDS)))
    step = converted(given, KINDS[do], path, more=("do",))
    for name, message in _problems(step):
        raise WrongError(f"{path}.{name}", f"{name}: {message}")
    return step


def converted(given: Mapping[str, Any], kind: Any, path: str, more: tuple[str, ...] = ()) -> Any:
    """Make a struct of a mapping; raises as `step_of` does."""
    try:
        return msgspec.convert(given, kind, str_keys=True)
    except msgspec.ValidationError as error:
        message, _, inner = str(error).partition(" - at `")
        message, inner = message.removesuffix(" - at `key` in"), inner.rstrip("`")
        where = path + inner.removeprefix("key` in `").removeprefix("$").removesuffix("[...]")
        if not message.startswith("Object contains unknown field"):
            raise WrongError(where, worded(message, where.rpartition(".")[2])) from None
        name = message.split("`")[1]
        fields = sorted([*more, *kind.__struct_encode_fields__])
        raise WrongError(f"{where}.{name}", not_there(name, fields)) from None


def fluent(do: str, **keys: Any) -> Any:
    """Return a step from the arguments of a method; one clear error if they do not hold."""
    try:
        return step_of({"do": do, **{key.rstrip("_"): plain(one) for key, one in keys.items()}})
    except WrongError as wrong:
        raise ScenarioError(f"{do}: {wrong.args[1]}") from None


def plain(value: Any) -> Any:
    """Return numbers of numpy, such as those of a range of factors, as Python's."""
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def not_there(name: str, known: list[str]) -> str:
    """Return the message on a key or a step that there is not."""
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{name!r} is unknown here; {hint}Allowed: {', '.join(known)}"


def _problems(step: Any) -> list[tuple[str, str]]:
    """Return name and message of each value that no run could use."""
    found = []
    for name in step.__struct_fields__:
        value, shown = getattr(step, name), name.rstrip("_")
        if isinstance(value, Decimal) and not value.is_finite():
            found.append((shown, "give a number"))
        elif (
            (name == "share" or name.endswith("factor"))
            and value is not None
            and not _is_between(value, 1 if name == "share" else _MOST)
        ):
            most = "1" if name == "share" else f"{_MOST:,}"
            found.append((shown, f"give 0 to {most}, with at most 6 decimals; not {value}"))
        elif name == "seed" and not 0 <= value < 2**63:
            found.append((shown, f"give a whole number of 0 or more; not {value}"))
        elif name == "rank" and value is not None and not 1 <= value[0] <= value[1]:
            found.append((shown, f"give the first and the last rank, from 1; not {list(value)}"))
        elif name == "priority" and not 0 <= value <= _LAST_PRIORITY:
            found.append((shown, f"give 0 to {_LAST_PRIORITY}; not {value}"))
        elif name in _QUANTITIES and value is not None:
            found += [(shown, it) for it in _not_a_quantity(value)]
        elif name == "hold" and value is not None:
            found += [(shown, it) for it in not_money(value)]
        elif name == "lead_days" and not 1 <= days_of(value)[0] <= days_of(value)[1] <= MOST_DAYS:
            found.append((shown, f"give 1 to {MOST_DAYS:,}, or the fewest and the most"))
        elif name == "days" and not 1 <= value <= MOST_DAYS:
            found.append((shown, f"give 1 to {MOST_DAYS:,}; not {value}"))
    if isinstance(step, AddSource):
        found += [
            ("stock", f"{sku}: {it}") for sku, n in step.stock.items() for it in _not_a_quantity(n)
        ]
        found += [
            ("links", f"{stock_id}: give a priority of 0 to {_LAST_PRIORITY}; not {n}")
            for stock_id, n in step.links.items()
            if not 0 <= n <= _LAST_PRIORITY
        ]
        if step.stock and step.stock_of is not None:
            found.append(("stock_of", "give either stock or stock_of"))
    if isinstance(step, Use) and (step.algorithm is None) == (step.policy is None):
        found.append(("algorithm", "give either algorithm or policy"))
    if isinstance(step, Between) and step.end < step.start:
        found.append(("end", f"{step.end} is before {step.start}"))
    if isinstance(step, MoveStock) and step.source == step.to:
        found.append(("to", "is the source itself"))
    if isinstance(step, SetHorizon) and (step.every, step.patience, step.hold) == (None,) * 3:
        found.append(("every", "give every, patience or hold"))
    if isinstance(step, Replenish):
        found += _levels(step)
    return found


def _levels(step: Replenish) -> list[tuple[str, str]]:
    """Return what is wrong with the levels of a rule."""
    if (step.up_to is None) == (step.up_to_factor is None):
        return [("up_to", "give either up_to or up_to_factor")]
    if step.up_to is None:
        other, reorder, most = step.reorder_at, step.reorder_factor, step.up_to_factor
        names = "reorder_at", "reorder_factor", "up_to_factor"
    else:
        other, reorder, most = step.reorder_factor, step.reorder_at, step.up_to
        names = "reorder_factor", "reorder_at", "up_to"
    if other is not None:
        return [(names[0], f"with {names[2]} goes {names[1]}")]
    if reorder is not None and most is not None and reorder > most:
        return [(names[1], f"{reorder} is more than {names[2]}, {most}")]
    return []


def days_of(days: int | tuple[int, int]) -> tuple[int, int]:
    """Return the fewest and the most days.

    Examples
    --------
    >>> days_of(3), days_of((3, 7))
    ((3, 3), (3, 7))
    """
    return (days, days) if isinstance(days, int) else days


def _is_between(value: Decimal, most: Decimal | int) -> bool:
    return 0 <= value <= most and value == value.quantize(_PLACES)


def not_money(value: Decimal) -> list[str]:
    """Return what is wrong with an amount of money, if anything.

    Examples
    --------
    >>> not_money(Decimal("0.25")), not_money(Decimal(-1))
    ([], ['give 0 to 1,000,000, with at most 6 decimals; not -1'])
    """
    if value.is_finite() and _is_between(value, _MOST_MONEY):
        return []
    return [f"give 0 to {_MOST_MONEY:,}, with at most 6 decimals; not {value}"]


def _not_a_quantity(value: Decimal | int) -> list[str]:
    number = Decimal(value)
    if number.is_finite() and 0 <= number < 10**8 and number == number.quantize(_SMALLEST):
        return []
    return [f"give 0 to 99999999.9999, with at most 4 decimals; not {value}"]
