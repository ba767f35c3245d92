"""Constraints of plug-ins, found by their entry points."""

from importlib.metadata import entry_points
from typing import Protocol

import numpy as np

from engine.algorithms.protocol import Candidates
from engine.algorithms.registry import fault
from engine.errors import PolicyError
from engine.policies.model import KINDS, PluginConstraint

GROUP = "ssa_engine.constraints"


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


def load_constraint(given: PluginConstraint) -> Constraint:
    """Return the constraint that a policy names.

    Raises
    ------
    PolicyError
        If none is installed by this name, or it does not take the policy's keys.
    """
    points = entry_points(group=GROUP, name=given.kind)
    if not points:
        known = sorted({*KINDS, *(point.name for point in entry_points(group=GROUP))})
        raise PolicyError(
            f"policy: constraint kind {given.kind!r} is unknown; allowed: {', '.join(known)}"
        )
    if len({point.value for point in points}) > 1:
        values = ", ".join(sorted(point.value for point in points))
        raise PolicyError(
            f"policy: constraint kind {given.kind!r} is there twice, as {values}; uninstall one"
        )
    point = next(iter(points))
    try:
        made = point.load()(**given.options)
    except Exception as error:  # a plug-in may raise anything, and is named for it
        raise PolicyError(
            f"policy: constraint {given.kind!r} ({point.value}) cannot be made with "
            f"{dict(given.options)}: {fault(error)}"
        ) from error
    if not callable(getattr(made, "allows", None)):
        raise PolicyError(
            f"policy: constraint {given.kind!r} ({point.value}) has no method allows(candidates)"
        )
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
