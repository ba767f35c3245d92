"""Constraints and order rules of plug-ins, found by their entry points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from engine.algorithms.protocol import Candidates
from engine.algorithms.registry import fault
from engine.errors import PolicyError
from engine.policies.model import ALL_RULES, KINDS, PluginConstraint
from engine.types import FloatArray, IntArray

GROUP = "ssa_engine.constraints"
RULES_GROUP = "ssa_engine.order_rules"


class Constraint(Protocol):
    """A constraint: which sources may serve which destinations.

    It is made once for a run, with the keys of its table in the policy (all but ``kind`` and
    ``soft``) as keyword arguments.
    """

    def allows(self, candidates: Candidates) -> np.ndarray:
        """Tell which candidates may serve.

        Parameters
        ----------
        candidates
            All candidates of one or many (stock, destination) pairs.

        Returns
        -------
        (num_candidates,) bool. Candidates come in blocks, so an answer may depend on its own
        row only.
        """
        ...


@dataclass(frozen=True, eq=False)
class OrderView:
    """What an order still wants in a pass, and which sources may serve it.

    Quantities are in 1e-4 units; all arrays are read-only.

    Attributes
    ----------
    order_id, stock_id
        The order.
    sources
        The catalogue's ``sources`` table, other fields included.
    source
        (num_candidates,) index into ``sources``, in ranking order.
    distance_km
        (num_candidates,) to the destination, NaN where not known.
    skus
        (num_skus,) distinct SKUs of which something is wanted, by first line.
    wanted
        (num_skus,) how much.
    available
        (num_skus, num_candidates) what each may give, no more than is wanted. What a source may
        ship of all SKUs together, such as by its capacity, is not taken off.
    """

    order_id: int | str
    stock_id: int
    sources: pa.Table
    source: IntArray
    distance_km: FloatArray
    skus: tuple[str, ...]
    wanted: IntArray
    available: IntArray

    def column(self, name: str) -> np.ndarray:
        """Return a field of the ``sources`` table for each candidate; null becomes NaN or None."""
        return self.sources[name].to_numpy(zero_copy_only=False)[self.source]


class OrderRule(Protocol):
    """An order rule: which set of sources serves an order. It is made once for a run."""

    def choose(self, order: OrderView) -> Sequence[int] | None:
        """Choose sources for an order.

        Parameters
        ----------
        order
            What it still wants, in one of its passes.

        Returns
        -------
        Candidates, as positions in ``order.source``: lines draw on them in this order, and on no
        others. None leaves the order to the policy's ``fallback``.
        """
        ...


def load_constraint(given: PluginConstraint) -> Constraint:
    """Return the constraint that a policy names.

    Raises
    ------
    PolicyError
        If none is installed by this name, or it does not take the policy's keys.
    """
    return _made(GROUP, "constraint kind", given.kind, KINDS, given.options, "allows(candidates)")


def load_order_rule(name: str) -> OrderRule:
    """Return the order rule that a policy names and the package does not have.

    Raises
    ------
    PolicyError
        If none is installed by this name, or it cannot be made.
    """
    return _made(RULES_GROUP, "order_rule", name, ALL_RULES, {}, "choose(order)")


def installed_order_rules() -> tuple[str, ...]:
    """Return the names of order rules of plug-ins."""
    return tuple(sorted({point.name for point in entry_points(group=RULES_GROUP)}))


def _made(
    group: str,
    what: str,
    name: str,
    own: Sequence[str],
    options: Mapping[str, Any],
    method: str,
) -> Any:
    """Load a plug-in, make it with its options, and look for its method."""
    points = entry_points(group=group, name=name)
    if not points:
        known = sorted({*own, *(point.name for point in entry_points(group=group))})
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise PolicyError(f"policy: {what} {name!r} is unknown; {hint}Allowed: {', '.join(known)}")
    if len({point.value for point in points}) > 1:
        values = ", ".join(sorted(point.value for point in points))
        raise PolicyError(f"policy: {what} {name!r} is there twice, as {values}; uninstall one")
    point = next(iter(points))
    with_options = f" with {dict(options)}" if options else ""
    try:
        made = point.load()(**options)
    except Exception as error:  # a plug-in may raise anything, and is named for it
        raise PolicyError(
            f"policy: {what} {name!r} ({point.value}) cannot be made{with_options}: {fault(error)}"
        ) from error
    if not callable(getattr(made, method.partition("(")[0], None)):
        raise PolicyError(f"policy: {what} {name!r} ({point.value}) has no method {method}")
    return made


def allowed_by(constraint: Constraint, name: str, candidates: Candidates) -> np.ndarray:
    """Ask a constraint, and take nothing but one flag per candidate for an answer."""
    try:
        allows = np.ma.filled(np.asanyarray(constraint.allows(candidates)), False)
    except Exception as error:  # a plug-in may raise anything, and is named for it
        raise PolicyError(f"policy: constraint {name!r} failed: {fault(error)}") from error
    if allows.shape != (len(candidates),) or allows.dtype != bool:
        raise PolicyError(
            f"policy: constraint {name!r} answered with shape {allows.shape} and type "
            f"{allows.dtype}; one bool per candidate is due, shape ({len(candidates)},)"
        )
    return allows
