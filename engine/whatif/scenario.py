"""A scenario: a name, and steps that lead from one case to another."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from os import PathLike
from typing import Any

import msgspec

from engine.errors import ScenarioError
from engine.policies.find import as_mapping, find_policy
from engine.policies.model import Policy
from engine.whatif.steps import Step, Use, fluent

Number = int | float | Decimal


@dataclass(frozen=True)
class Scenario:
    """A what-if: steps that are taken one after the other on a catalogue and its orders.

    Each method returns another scenario with one step more; nothing is done until
    `engine.simulate` runs it. ``docs/scenarios.md`` has the exact rules of the steps.

    Attributes
    ----------
    name
        Shown in results; unique among scenarios that run together.
    steps
        What was asked for, as data.

    Raises
    ------
    ScenarioError
        If the name is empty, or an argument of a step is none that it could be.

    Examples
    --------
    >>> closed = Scenario("Lyon closed").close_source("lyon")
    >>> [step.do for step in closed.scale_demand(1.2).steps]
    ['close_source', 'scale_demand']
    >>> [step.do for step in closed.steps]
    ['close_source']
    """

    name: str
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        name: Any = self.name
        if not isinstance(name, str) or not name.strip():
            raise ScenarioError(f"a scenario's name is {self.name!r}; give it some text")

    def _and(self, do: str, **keys: Any) -> "Scenario":
        return replace(self, steps=(*self.steps, fluent(do, **keys)))

    def close_source(self, source: str) -> "Scenario":
        """Disable a source."""
        return self._and("close_source", source=source)

    def open_source(self, source: str) -> "Scenario":
        """Enable a source."""
        return self._and("open_source", source=source)

    def add_source(
        self,
        source: str,
        *,
        name: str | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        country_id: str | None = None,
        region: str | None = None,
        city: str | None = None,
        postcode: str | None = None,
        links: Mapping[int, int] | None = None,
        stock: Mapping[str, Number] | None = None,
        stock_of: str | None = None,
        factor: Number = 1,
    ) -> "Scenario":
        """Add an enabled source.

        Parameters
        ----------
        source
            A source_code that is new.
        name, latitude, longitude, country_id, region, city, postcode
            Where it lies: coordinates, or an address to be located.
        links
            stock_id -> priority.
        stock
            SKU -> quantity.
        stock_of, factor
            Instead of ``stock``: the items of that source, quantities times ``factor``.
        """
        return self._and(
            "add_source",
            source=source,
            name=name,
            latitude=latitude,
            longitude=longitude,
            country_id=country_id,
            region=region,
            city=city,
            postcode=postcode,
            links=dict(links or {}),
            stock=dict(stock or {}),
            stock_of=stock_of,
            factor=factor,
        )

    def link_source(self, source: str, stock_id: int, priority: int) -> "Scenario":
        """Have a stock draw on a source."""
        return self._and("link_source", source=source, stock_id=stock_id, priority=priority)

    def unlink_source(self, source: str, stock_id: int) -> "Scenario":
        """Have a stock draw on a source no longer."""
        return self._and("unlink_source", source=source, stock_id=stock_id)

    def set_priority(self, source: str, stock_id: int, priority: int) -> "Scenario":
        """Change the priority of a link."""
        return self._and("set_priority", source=source, stock_id=stock_id, priority=priority)

    def move_stock(
        self,
        source: str,
        to: str,
        *,
        share: Number = 1,
        sku: str | None = None,
        rank: tuple[int, int] | None = None,
    ) -> "Scenario":
        """Move a share of what a source has to another one.

        Parameters
        ----------
        source, to
            From where, and to where.
        share
            0 to 1, of what is free of each item that is in stock.
        sku
            Pattern such as ``"23*"``; case does not count.
        rank
            First and last place of SKUs by ordered units, from 1.
        """
        return self._and("move_stock", source=source, to=to, share=share, sku=sku, rank=rank)

    def scale_stock(
        self,
        factor: Number,
        *,
        source: str | None = None,
        sku: str | None = None,
        rank: tuple[int, int] | None = None,
    ) -> "Scenario":
        """Multiply quantities; ``source``, ``sku`` and ``rank`` as in `move_stock`."""
        return self._and("scale_stock", factor=factor, source=source, sku=sku, rank=rank)

    def set_safety_stock(
        self, source: str, quantity: Number, *, sku: str | None = None
    ) -> "Scenario":
        """Set what a source keeps of each SKU, or of those that a pattern names."""
        return self._and("set_safety_stock", source=source, quantity=quantity, sku=sku)

    def set_capacity(
        self, source: str, *, orders: int | None = None, units: Number | None = None
    ) -> "Scenario":
        """Set the orders and units that a source can handle; None is no limit."""
        return self._and("set_capacity", source=source, orders=orders, units=units)

    def remove_stock(self, stock_id: int) -> "Scenario":
        """Take a stock away, with its links and its orders."""
        return self._and("remove_stock", stock_id=stock_id)

    def use(
        self,
        algorithm: Any = None,
        *,
        policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None" = None,
    ) -> "Scenario":
        """Decide by another algorithm or policy; both as in `engine.allocate`."""
        return self._and("use", algorithm=algorithm, policy=policy)

    def scale_demand(self, factor: Number, seed: int = 0) -> "Scenario":
        """Copy or drop whole orders, so that there are ``factor`` times as many."""
        return self._and("scale_demand", factor=factor, seed=seed)

    def resample_demand(self, seed: int = 0) -> "Scenario":
        """Draw as many orders as there are, with replacement."""
        return self._and("resample_demand", seed=seed)

    def shift_demand(self, from_: str, to: str, share: Number = 1, seed: int = 0) -> "Scenario":
        """Have a share of the orders from one country or region come from another.

        Parameters
        ----------
        from_, to
            A country such as ``"GB"``, or a region of it: ``"US/CA"``.
        share
            0 to 1, of the orders.
        seed
            Decides which ones, and where exactly they come from.
        """
        return self._and("shift_demand", from_=from_, to=to, share=share, seed=seed)

    def between(self, start: date | str, end: date | str) -> "Scenario":
        """Keep the orders created from one day to another, both included."""
        return self._and("between", start=start, end=end)

    def replenish(
        self,
        *,
        source: str | None = None,
        sku: str | None = None,
        rank: tuple[int, int] | None = None,
        up_to: Number | None = None,
        up_to_factor: Number | None = None,
        reorder_at: Number | None = None,
        reorder_factor: Number | None = None,
        lead_days: int | tuple[int, int] = 1,
        seed: int = 0,
    ) -> "Scenario":
        """Order what runs low, up to a level, whenever no more than another level is left.

        Parameters
        ----------
        source, sku, rank
            Which items, as in `move_stock`; all of them where none is given.
        up_to, reorder_at
            The levels, in units. Without ``reorder_at`` it is ordered as soon as one is missing.
        up_to_factor, reorder_factor
            Instead: multiples of what an item has at the start.
        lead_days
            Days until it is there, or the fewest and the most of them, drawn by ``seed``.
        """
        return self._and(
            "replenish",
            source=source,
            sku=sku,
            rank=rank,
            up_to=up_to,
            up_to_factor=up_to_factor,
            reorder_at=reorder_at,
            reorder_factor=reorder_factor,
            lead_days=lead_days,
            seed=seed,
        )

    def delay_receipts(
        self, days: int, *, source: str | None = None, sku: str | None = None
    ) -> "Scenario":
        """Have rows of ``receipts`` come in some days later."""
        return self._and("delay_receipts", days=days, source=source, sku=sku)

    def set_horizon(
        self,
        *,
        every: str | None = None,
        patience: int | None = None,
        hold: Number | None = None,
    ) -> "Scenario":
        """Change when batches run and for how long what waits; see `engine.Horizon`."""
        return self._and("set_horizon", every=every, patience=patience, hold=hold)


def with_policies(scenario: Scenario) -> Scenario:
    """Return a scenario whose policies are read, once and for all.

    Raises
    ------
    PolicyError
        If one is unknown or wrong.
    """
    return replace(
        scenario,
        steps=tuple(
            msgspec.structs.replace(step, policy=find_policy(step.policy))
            if isinstance(step, Use) and step.policy is not None
            else step
            for step in scenario.steps
        ),
    )


def asks_for_rank(scenario: Scenario) -> bool:
    """Tell whether a step names SKUs by how much the orders ask for them."""
    return any(getattr(step, "rank", None) is not None for step in scenario.steps)


def described(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain data, as a file of scenarios would have it."""
    listed = []
    for step in scenario.steps:
        if isinstance(step, Use):
            algorithm, policy = step.algorithm, step.policy
            given = {
                "algorithm": getattr(algorithm, "code", algorithm),
                "policy": None if policy is None else as_mapping(find_policy(policy)),
            }
            plain: dict[str, Any] = {"do": step.do, **given}
        else:
            plain = msgspec.to_builtins(step)
        listed.append({name: value for name, value in plain.items() if value is not None})
    return {"name": scenario.name, "steps": listed}
