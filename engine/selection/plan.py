"""What a run decides by: an algorithm of MSI's kind, or a policy."""

from collections.abc import Mapping
from os import PathLike
from typing import Any, NamedTuple

from engine.algorithms.distance import Distance
from engine.algorithms.priority import Priority
from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.algorithms.registry import find_algorithm
from engine.errors import PolicyError, UsageError
from engine.policies.find import find_policy
from engine.policies.model import (
    ALL_RULES,
    BATCH_RULE,
    ORDER_RULES,
    SCORES,
    PluginConstraint,
    Policy,
)
from engine.policies.registry import Constraint, OrderRule, load_constraint, load_order_rule

_OWN: dict[type, str] = {Priority: "priority", Distance: "distance"}
"""Algorithms whose scores are whole numbers here."""

CHANGING = ("cost", "stock_level", "balance", "capacity_left")
"""Scores that depend on the order or on what was served before."""

Score = str | SourceSelectionAlgorithm


class Plan(NamedTuple):
    """A policy with its plug-ins.

    ``scores`` are those of the policy's ranking: a name of `SCORES`, or an algorithm.
    ``algorithm`` is set where the policy is nothing but this algorithm, line by line.
    ``constraints`` are those of plug-ins, ``order_rule`` the rule of one, if the policy names any.
    """

    policy: Policy
    scores: tuple[Score, ...]
    algorithm: SourceSelectionAlgorithm | None
    constraints: tuple[tuple[PluginConstraint, Constraint], ...] = ()
    order_rule: OrderRule | None = None

    @property
    def code(self) -> str | None:
        """Code of the algorithm, if it is no more than one."""
        return self.algorithm.code if self.algorithm else None


def find_plan(
    algorithm: str | SourceSelectionAlgorithm | None,
    policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None",
) -> Plan:
    """Return what a run decides by; ``priority`` if nothing is given.

    Raises
    ------
    UsageError
        If both are given.
    AlgorithmError, PolicyError
        If one of them is unknown or wrong.

    Examples
    --------
    >>> find_plan(None, "msi_distance").algorithm.code
    'distance'
    """
    if policy is None:
        chosen = find_algorithm("priority" if algorithm is None else algorithm)
        return Plan(Policy(ranking=(chosen.code,)), (_OWN.get(type(chosen), chosen),), chosen)
    if algorithm is not None:
        raise UsageError("algorithm and policy exclude each other; give one of them")
    found = find_policy(policy)
    scores = tuple(map(_score, found.ranking))
    return with_new_plugins(Plan(found, scores, _only_algorithm(found, scores)))


def with_new_plugins(plan: Plan) -> Plan:
    """Return a plan with constraints and order rule of plug-ins made anew, as each run does."""
    policy = plan.policy
    own = policy.order_rule in ALL_RULES
    return plan._replace(
        constraints=tuple(
            (one, load_constraint(one))
            for one in policy.constraints
            if isinstance(one, PluginConstraint)
        ),
        order_rule=None if own else load_order_rule(policy.order_rule),
    )


def decides_by_cost(plan: Plan) -> bool:
    """Tell whether costs have a say in what a plan decides."""
    return "cheapest" in rules_of(plan.policy) or "cost" in plan.scores


def rules_of(policy: Policy) -> tuple[str, ...]:
    """Return the order rules that a policy may come to use."""
    if policy.order_rule == BATCH_RULE:  # it prices orders as this one does, and tries them all
        return tuple(ORDER_RULES)
    if policy.order_rule not in ORDER_RULES or policy.order_rule == "complete_first":
        return policy.order_rule, policy.fallback
    return (policy.order_rule,)


def _score(name: str) -> Score:
    if name in SCORES:
        return name
    try:
        return find_algorithm(name)
    except ValueError as error:
        raise PolicyError(
            f"policy: ranking names {name!r}, which is no score ({', '.join(SCORES)}); {error}"
        ) from None


def _only_algorithm(policy: Policy, scores: tuple[Score, ...]) -> SourceSelectionAlgorithm | None:
    rest = (policy.order_rule, policy.ship_policy, policy.max_sources, policy.constraints)
    if rest != ("line", "partial", 0, ()) or policy.costs.rates or len(scores) > 1:
        return None
    score = scores[0]
    if not isinstance(score, str):
        return score
    is_plain = score == "priority" or (score == "distance" and not policy.distance_bucket_km)
    return find_algorithm(score) if is_plain else None
