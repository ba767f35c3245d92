"""The policies that are compared."""

from decimal import Decimal
from typing import NamedTuple

import msgspec

from benchmarks.quality.prices import Prices, policy_costs
from engine.policies.find import find_policy
from engine.policies.model import Policy


class Contender(NamedTuple):
    """A policy, and by how much it multiplies the price of what is not served when it decides.

    Only ``cheapest`` and ``optimal`` look at that price; 0 lets serving come first. ``more`` is
    added to the price of a unit, and then an order has none. Bills are at the price itself.
    """

    policy: Policy
    times: int = 1
    more: int = 0

    @property
    def decides_by_bill(self) -> bool:
        """Whether it decides by the prices that it is billed by."""
        return self.times == 1 and self.more == 0


_OPTIMAL = msgspec.structs.replace(find_policy("cheapest"), order_rule="optimal")


CONTENDERS = {
    "msi_priority": Contender(find_policy("msi_priority")),
    "msi_distance": Contender(find_policy("msi_distance")),
    "line, ranked by cost": Contender(Policy(ranking=("cost",))),
    "balanced_split, nearest first": Contender(
        Policy(ranking=("distance",), order_rule="balanced_split")
    ),
    "store_balance": Contender(find_policy("store_balance")),
    "fewest_sources": Contender(find_policy("fewest_sources")),
    "nearest_complete": Contender(find_policy("nearest_complete")),
    "cheapest, serving first": Contender(find_policy("cheapest"), 0),
    "cheapest, unserved x 10": Contender(find_policy("cheapest"), 10),
    "cheapest, unserved x 2": Contender(find_policy("cheapest"), 2),
    "cheapest": Contender(find_policy("cheapest")),
    "optimal, serving first": Contender(_OPTIMAL, more=100),
    "optimal": Contender(_OPTIMAL),
}


def priced(contender: Contender, prices: Prices) -> Policy:
    """Return the policy with the costs that it decides by."""
    costs = policy_costs(prices, contender.times)
    if contender.more:
        unit = costs.per_unserved_unit + contender.more
        costs = msgspec.structs.replace(
            costs, per_unserved_unit=unit, per_unserved_order=Decimal(0)
        )
    return msgspec.structs.replace(contender.policy, costs=costs)
