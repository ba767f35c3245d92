"""A run under way: orders are served in parts, each from what the parts before it left."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import UsageError
from engine.optimum.waiting import Hold
from engine.orders import OrderSet
from engine.policies.model import BATCH_RULE
from engine.selection.bound import Bound, joined_bounds
from engine.selection.by_algorithm import ByAlgorithm
from engine.selection.by_optimum import ByOptimum
from engine.selection.by_policy import ByPolicy
from engine.selection.deduction import Deduction
from engine.selection.plan import Plan
from engine.types import FlagArray, IntArray, frozen


class Selection:
    """Serves orders by a plan.

    Parameters
    ----------
    catalog
        Unchanged; the run spends its own copy of the quantities.
    plan
        An algorithm runs in the kernels made for it until an order names a ship policy.
    independent
        Every order sees the untouched snapshot.
    include_zero
        Also list candidates that give nothing; algorithms only.

    Raises
    ------
    UsageError
        If ``include_zero`` is asked of a policy.
    PolicyError
        If the policy asks for what the catalogue does not have.
    """

    def __init__(
        self, catalog: Catalog, plan: Plan, *, independent: bool, include_zero: bool
    ) -> None:
        self._catalog = catalog
        self._plan = plan
        self._independent = independent
        self._include_zero = include_zero
        self._way: ByAlgorithm | ByPolicy
        if plan.algorithm is None:
            self._way = self._by_policy(catalog)
        else:
            self._way = ByAlgorithm(
                catalog, plan.algorithm, independent=independent, include_zero=include_zero
            )

    @property
    def left(self) -> IntArray:
        """(num_items,) recorded quantities after what was served so far, 1e-4 units."""
        return self._way.left

    @property
    def in_stock(self) -> FlagArray:
        """(num_items,) statuses after what was served so far."""
        return self._way.in_stock

    def serve(self, orders: OrderSet, clock: Clock, hold: Hold | None = None) -> Deduction:
        """Serve the next orders in sequence.

        Parameters
        ----------
        orders
            The next part; not changed.
        clock
            Told of the phases ``rank`` and ``deduct``.
        hold
            Which orders may wait for a later batch; only a plan that decides orders together has
            any wait.

        Returns
        -------
        The picks; lines count from 0 in this part.

        Raises
        ------
        AlgorithmError, PolicyError
            If an algorithm or a plug-in answers wrongly.
        """
        if orders.ship_policy is not None and isinstance(self._way, ByAlgorithm):
            self.by_policy()
        if isinstance(self._way, ByOptimum):
            return self._way.serve(orders, clock, hold)
        return self._way.serve(orders, clock)

    def serve_all(self, parts: Iterable[OrderSet], clock: Clock) -> Iterator[Deduction]:
        """Serve orders that come in parts, together if the plan decides them so; see `serve`."""
        if isinstance(self._way, ByOptimum):
            yield from self._way.serve_parts(list(parts), clock)
        else:
            yield from (self.serve(part, clock) for part in parts)

    @property
    def bound(self) -> Bound | None:
        """How low the cost of what was served could be, where that is known."""
        bounds = self._way.bounds if isinstance(self._way, ByOptimum) else []
        return joined_bounds(bounds) if bounds else None

    def by_policy(self) -> ByPolicy:
        """Go on in the kernels of policies from what is left, if that is not so already.

        What an algorithm decides is the same there.
        """
        if isinstance(self._way, ByAlgorithm):
            items = self._catalog.items._replace(
                quantity=frozen(self._way.left), in_stock=frozen(self._way.in_stock)
            )
            self._way = self._by_policy(replace(self._catalog, items=items))
        return self._way

    def _by_policy(self, catalog: Catalog) -> ByPolicy:
        if self._include_zero:
            raise UsageError(
                "include_zero lists what MSI's algorithms look at, not what policies and ship "
                "policies do; leave it out"
            )
        if self._plan.policy.order_rule == BATCH_RULE and not self._independent:
            return ByOptimum(catalog, self._plan)
        return ByPolicy(catalog, self._plan, independent=self._independent)
