"""The policies that are compared."""

from decimal import Decimal
from typing import NamedTuple

import msgspec

from engine.policies.find import find_policy
from engine.policies.model import Costs, Policy


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


def priced(contender: Contender, bill: Costs) -> Policy:
    """Return the policy with the costs that it decides by, where these are billed."""
    unit = contender.times * bill.per_unserved_unit + contender.more
    order = Decimal(0) if contender.more else contender.times * bill.per_unserved_order
    costs = msgspec.structs.replace(bill, per_unserved_unit=unit, per_unserved_order=order)
    return msgspec.structs.replace(contender.policy, costs=costs)
