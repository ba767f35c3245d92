"""What an order sees of the sources: distances, costs and the scores of a ranking."""

from typing import Any

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog
from engine.earth import MM_PER_KM
from engine.kernels.orders.bundles import ENDLESS, MILLION
from engine.orders import OrderSet
from engine.selection.areas import rate_table, rates_of
from engine.selection.bill import is_priced
from engine.selection.board import BoardMaker, buckets, distances
from engine.selection.costs import cost_of_parcels, cost_table, mm, unit_and_shipment_cost
from engine.selection.explanation import MONEY, scaled
from engine.selection.plan import CHANGING, Plan
from engine.selection.ranking import scores_of
from engine.tables.quantity import SUM_TYPE
from engine.types import IndexArray, IntArray


class View:
    """What an order sees of the sources, whatever happened before it; lists are by source."""

    def __init__(self, catalog: Catalog, plan: Plan, maker: BoardMaker, order: OrderSet) -> None:
        self.catalog, self.plan, self.key_of = catalog, plan, maker.key_of
        self._mm: IntArray = distances(catalog, order, order.destinations.of_order[:1])[0]
        self.codes: list[str] = catalog.sources["source_code"].to_pylist()
        self.km = [None if far < 0 else far / MM_PER_KM for far in self._mm.tolist()]
        links = slice(*catalog.links.offsets[order.stock[0] :][:2].tolist())
        linked = catalog.links.sources[links]
        self.priority = dict(
            zip(linked.tolist(), catalog.links.priority[links].tolist(), strict=True)
        )
        self._enabled = np.sort(linked[catalog.enabled[linked] > 0])
        costs = plan.policy.costs
        self._price = None
        if is_priced(plan):
            table, sources = cost_table(catalog, costs), np.arange(len(self._mm))
            self._price = unit_and_shipment_cost(table, self._mm, sources)
        self._rates = rate_table(catalog) if costs.rates else None
        if self._rates is not None:
            area = pa.array(order.areas.of_order[:1])
            self._rate = rates_of(self._rates, order.areas.table.take(area))[0]
        self.scores = {
            name: self._static(score, maker, order)
            for name, score in zip(plan.policy.ranking, plan.scores, strict=True)
            if score not in CHANGING
        }

    def count_without(self, sources: IndexArray) -> int:
        """Return how many enabled sources of the stock are not among some."""
        return len(np.setdiff1d(self._enabled, sources))

    def costs(self, quantity: int) -> tuple[list[Any], list[Any]]:
        """Return what a unit and a shipment of a quantity cost from each source."""
        if self._price is None:
            nothing = [None] * len(self.codes)
            return nothing, nothing
        unit, shipment = self._price
        costs = shipment.tolist()
        if self._rates is not None:
            quantities = np.full(len(self._mm), quantity)
            parcels = cost_of_parcels(quantities, self._rate, *self._rates[:3]).tolist()
            costs = [
                None if rate < 0 else cost + parcel
                for rate, cost, parcel in zip(self._rate.tolist(), costs, parcels, strict=True)
            ]
        return (
            [scaled(cost, 6) for cost in unit.tolist()],
            [None if cost is None else scaled(cost, 6) for cost in costs],
        )

    def _static(self, score: Any, maker: BoardMaker, order: OrderSet) -> dict[int, Any]:
        """Return a score that does not change, of enabled sources of the stock."""
        sources = self._enabled.astype(np.int64)
        if score == "priority":
            return {source: self.priority[source] for source in sources.tolist()}
        far = self._mm[sources]
        bucket = mm(self.plan.policy.distance_bucket_km)
        if score == "distance" and not bucket:
            return {source: self.km[source] for source in sources.tolist()}
        if score == "distance":
            places = np.where(far < 0, -1, buckets(far, bucket)).tolist()
            values = [None if place < 0 else place for place in places]
        else:
            candidates = maker.candidates(order.stock[:1], far, np.zeros_like(sources), sources)
            values = scores_of(score, candidates).astype(float).tolist()
        return dict(zip(sources.tolist(), values, strict=True))


def scores_seen(view: View, source: int, keys: list[int] | None) -> dict[str, Any]:
    """Return the scores of a source by name; those that change only where it was ranked."""
    scores: dict[str, Any] = {}
    for name in view.plan.policy.ranking:
        if name in view.scores:
            scores[name] = view.scores[name].get(source)
        elif name == "capacity_left":
            column = view.key_of[name]
            orders, units = keys[column : column + 2] if keys else [-ENDLESS] * 2
            scores["capacity_orders_left"] = None if orders == -ENDLESS else -orders
            scores["capacity_units_left"] = None if units == -ENDLESS else scaled(-units, 4)
        elif keys is None:
            scores[name] = None
        else:
            key = keys[view.key_of[name]]
            shown = {"cost": scaled(key, 6), "stock_level": scaled(-key, 4)}
            scores[name] = shown.get(name, -key / MILLION)
    return scores


def types_of_scores(plan: Plan) -> dict[str, pa.DataType]:
    """Return the names of `scores_seen` and their types."""
    types: dict[str, pa.DataType] = {}
    for name, score in zip(plan.policy.ranking, plan.scores, strict=True):
        if score == "capacity_left":
            types |= {"capacity_orders_left": pa.int64(), "capacity_units_left": SUM_TYPE}
        elif score == "priority" or (score == "distance" and plan.policy.distance_bucket_km):
            types[name] = pa.int64()
        else:
            own = {"cost": MONEY, "stock_level": SUM_TYPE} if isinstance(score, str) else {}
            types[name] = own.get(name, pa.float64())
    return types
