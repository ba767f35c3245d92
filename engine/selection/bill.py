"""What a run costs: shipments, units, and what was not served."""

from collections import Counter

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog
from engine.orders import OrderSet
from engine.policies.model import Policy
from engine.selection.areas import rate_table, rates_of
from engine.selection.costs import (
    cost_of_parcels,
    cost_of_quantity,
    cost_table,
    micro,
    shipping_costs,
    unit_and_shipment_cost,
)
from engine.selection.deduction import Deduction
from engine.selection.plan import Plan, decides_by_cost
from engine.selection.totals import OrderTotals
from engine.types import IntArray, exact_sum


class Bill:
    """Adds up the costs of a run part by part, in whole steps of 0.000001.

    Parameters
    ----------
    catalog, policy
        The run; see `is_priced`.

    Attributes
    ----------
    total
        ``shipped`` and ``unserved``, 1e-6.
    """

    def __init__(self, catalog: Catalog, policy: Policy) -> None:
        self._catalog = catalog
        self._table = cost_table(catalog, policy.costs)
        self._rates = rate_table(catalog) if policy.costs.rates else None
        self._unit = micro(policy.costs.per_unserved_unit)
        self._order = micro(policy.costs.per_unserved_order)
        self.total: Counter[str] = Counter()

    def add_shipped(
        self, orders: OrderSet, done: Deduction, totals: OrderTotals, mm: IntArray
    ) -> None:
        """Count in shipments; ``mm`` is (num_picks,) distance in mm, -1 where not known."""
        unit, shipment = unit_and_shipment_cost(self._table, mm, done.sources)
        shipped = exact_sum(cost_of_quantity(unit, done.quantity))
        shipped += exact_sum(shipment[totals.opens_shipment])
        shipped += exact_sum(self._parcels(orders, done))
        self.total["shipped"] += shipped

    def add_short(self, short: IntArray, totals: OrderTotals) -> None:
        """Count in what (num_lines,) lines and their orders lack."""
        unserved = exact_sum(cost_of_quantity(self._unit, short[short > 0])) if self._unit else 0
        unserved += self._order * int(np.count_nonzero(totals.short_lines))
        self.total["unserved"] += unserved

    def _parcels(self, orders: OrderSet, done: Deduction) -> IntArray:
        """(num_shipments,) what rates add to each."""
        if self._rates is None or not len(done.lines):
            return np.zeros(0, np.int64)
        num_sources = self._catalog.sources.num_rows
        order = orders.order_of_line[done.lines]
        shipments, of_pick = np.unique(order * num_sources + done.sources, return_inverse=True)
        quantity = np.zeros(len(shipments), np.int64)
        np.add.at(quantity, of_pick, done.quantity)
        order, source = np.divmod(shipments, num_sources)
        areas, of_shipment = np.unique(orders.areas.of_order[order], return_inverse=True)
        rates = rates_of(self._rates, orders.areas.table.take(pa.array(areas)))
        rate = rates[of_shipment, source]
        return cost_of_parcels(quantity, rate, *self._rates[:3])


def is_priced(plan: Plan) -> bool:
    """Tell whether a plan has costs, be it those of sources alone that it decides by."""
    costs = plan.policy.costs
    given = *shipping_costs(costs), costs.per_unserved_unit, costs.per_unserved_order
    return any(given) or costs.rates or decides_by_cost(plan)
