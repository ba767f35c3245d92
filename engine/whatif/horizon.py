"""How a simulation goes through time, as data."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.errors import ScenarioError
from engine.whatif.steps import (
    MOST_DAYS,
    Replenish,
    WrongError,
    converted,
    not_money,
    plain,
    step_of,
)

_EVERY = re.compile("night|order|(?:[1-9]|1[0-9]|2[0-4])h")


class Horizon(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When batches run, how long lines wait, and what is ordered when stock runs low.

    Attributes
    ----------
    every
        ``"night"``: a batch at the end of each day, UTC; ``"6h"``: at the end of every six hours
        (1 to 24) from midnight; ``"order"``: orders are served as they come.
    patience
        Days that a line which is not served waits for a batch of a later day; then it is lost.
    replenish
        Rules for the baseline, each a mapping of the keys of the step ``replenish``.
    hold
        What it counts to put an order off to the next batch, in the policy's money: with
        ``order_rule = "optimal"`` orders whose patience allows it wait where that is worth it.
        None if no order waits that could be served.

    Raises
    ------
    ScenarioError
        If something is none of these.

    Examples
    --------
    >>> Horizon(every="6h", patience=14).hours
    6
    >>> Horizon(every="hourly")
    Traceback (most recent call last):
    engine.errors.ScenarioError: every: give night, order, or hours from 1h to 24h; not 'hourly'
    """

    every: str = "night"
    patience: int = 0
    replenish: tuple[Any, ...] = ()
    hold: Decimal | None = None

    def __post_init__(self) -> None:
        # What is made in Python may be of any type.
        if not _EVERY.fullmatch(str(self.every)):
            raise ScenarioError(
                f"every: give night, order, or hours from 1h to 24h; not {self.every!r}"
            )
        patience = plain(self.patience)
        if type(patience) is not int or not 0 <= patience <= MOST_DAYS:
            raise ScenarioError(f"patience: give 0 to {MOST_DAYS:,} whole days; not {patience!r}")
        if not isinstance(self.replenish, list | tuple):
            raise ScenarioError(f"replenish: give a list of rules; not {self.replenish!r}")
        rules = tuple(_rule(one, "$") for one in self.replenish)
        if self.hold is not None:
            msgspec.structs.force_setattr(self, "hold", _money(self.hold))
        msgspec.structs.force_setattr(self, "patience", patience)
        msgspec.structs.force_setattr(self, "replenish", rules)

    @property
    def hours(self) -> int:
        """Hours from one batch to the next; 24 where orders are served as they come."""
        return int(self.every[:-1]) if self.every.endswith("h") else 24


def horizon_of(given: Any, path: str) -> Horizon:
    """Return the horizon that a file of scenarios has at a path.

    Raises
    ------
    WrongError
        With the path of what is wrong.
    """
    if not isinstance(given, Mapping):
        raise WrongError(path, "horizon must be a table: [horizon]")
    listed = given.get("replenish", [])
    if not isinstance(listed, list):
        raise WrongError(f"{path}.replenish", "replenish must be tables: [[horizon.replenish]]")
    rules = [_rule(one, f"{path}.replenish[{at}]") for at, one in enumerate(listed)]
    horizon: Horizon = converted({**given, "replenish": rules}, Horizon, path)
    return horizon


def _money(given: Any) -> Decimal:
    value = plain(given)
    wrong = [f"give a number; not {given!r}"]
    if type(value) in (int, float, Decimal):
        wrong = not_money(number := Decimal(str(value)))
    if wrong:
        raise ScenarioError(f"hold: {wrong[0]}")
    return number


def _rule(given: Any, path: str) -> Replenish:
    if isinstance(given, Replenish):
        return given
    try:
        rule: Replenish = step_of({**plain(given), "do": "replenish"}, path)
    except WrongError as wrong:
        if path != "$":
            raise
        raise ScenarioError(f"replenish: {wrong.args[1]}") from None
    except TypeError:
        raise ScenarioError(f"replenish: {given!r} is no mapping of keys") from None
    return rule
