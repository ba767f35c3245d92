"""How far a batch that was decided as a whole can be from the best there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.policies.model import MinUnits, Policy

_MICRO = 10**6


@dataclass(frozen=True)
class Bound:
    """What a batch costs, and what no way to serve it costs less than.

    Attributes
    ----------
    cost_micro, least_micro
        In 1e-6. Both count shipping, and what is not served by ``weights``.
    weights_micro
        What a unit, a line and an order count that are not served, or not in full, in 1e-6.
    rules
        What the same orders cost by each order rule that takes them one after the other, and by
        this one last; in 1e-6.
    dropped
        What of the policy the bound leaves out; it holds all the same, and is lower for it.
    is_whole
        No time limit ended the search.
    cut_short
        Of how many orders not all sets of sources were compared for the bound.

    Notes
    -----
    The bound is that of the Lagrangian relaxation of what orders share: items of which there is
    not enough for all, and capacities. At the best prices it is the value of the linear program
    over all ways to serve each order.

    Examples
    --------
    >>> bound = Bound(10_500_000, 10_000_000, (4_000_000, 0, 0), {}, ())
    >>> bound.cost, bound.least, f"{bound.gap:.1%}"
    (10.5, 10.0, '5.0%')
    """

    cost_micro: int
    least_micro: int
    weights_micro: tuple[int, int, int]
    rules: dict[str, int]
    dropped: tuple[str, ...]
    is_whole: bool = True
    cut_short: int = 0

    @property
    def cost(self) -> float:
        """What the batch costs."""
        return self.cost_micro / _MICRO

    @property
    def least(self) -> float:
        """What no way to serve it costs less than."""
        return self.least_micro / _MICRO

    @property
    def gap(self) -> float | None:
        """Cost / bound - 1; None where the bound is not above 0 and the cost is."""
        return self.above(self.cost_micro)

    def above(self, cost_micro: int) -> float | None:
        """Return how far above the bound a cost is; see `gap`."""
        if cost_micro == self.least_micro:
            return 0.0
        return cost_micro / self.least_micro - 1 if self.least_micro > 0 else None

    def as_json(self) -> dict[str, Any]:
        """Return what ``run.json`` and ``ssa optimum --json`` say of it."""
        return {
            "cost": self.cost,
            "least": self.least,
            "gap": self.gap,
            "rules": {name: cost / _MICRO for name, cost in self.rules.items()},
            "per_unserved": dict(
                zip(
                    ("unit", "line", "order"), (w / _MICRO for w in self.weights_micro), strict=True
                )
            ),
            "dropped": list(self.dropped),
            "is_whole": self.is_whole,
            "cut_short": self.cut_short,
        }


def joined_bounds(bounds: Sequence[Bound]) -> Bound:
    """Add up batches that were decided one after the other; that is a bound for each by itself."""
    first = bounds[0]
    return Bound(
        sum(one.cost_micro for one in bounds),
        sum(one.least_micro for one in bounds),
        first.weights_micro,
        {name: sum(one.rules[name] for one in bounds) for name in first.rules},
        first.dropped,
        all(one.is_whole for one in bounds),
        sum(one.cut_short for one in bounds),
    )


def dropped_by_bound(policy: Policy) -> tuple[str, ...]:
    """Return what of a policy its bound leaves out."""
    dropped = []
    if any(isinstance(one, MinUnits) for one in policy.constraints):
        dropped.append("min_units: shipments may hold less")
    if policy.costs.rates:
        dropped.append("rates: each shipment at the lowest of its lane")
    if policy.optimal.keep_promises:
        dropped.append("keep_promises: lines may get less than one order at a time gives them")
    return tuple(dropped)
