"""What a policy says of rankings and sources, whatever happens during the run."""

from functools import cached_property
from typing import Any

import numpy as np
import pyarrow.compute as pc

from engine.algorithms.protocol import Candidates
from engine.catalog import Catalog, index_of
from engine.earth import MM_PER_KM
from engine.errors import PolicyError
from engine.kernels.orders.bundles import Board, Rates
from engine.orders import OrderSet
from engine.places.distance import Points, distance_matrix
from engine.policies.model import Channel, Exclusion, Lane, MaxDistance
from engine.policies.registry import allowed_by
from engine.selection.areas import (
    check_channel,
    lanes_of,
    outside_channel,
    outside_lanes,
    rate_table,
    rates_of,
    required_table,
)
from engine.selection.costs import cost_table, exact, mm, shipping_costs, unit_and_shipment_cost
from engine.selection.plan import CHANGING, Plan, Score, decides_by_cost
from engine.selection.ranking import Rankings, scores_of
from engine.tables.whole import whole
from engine.types import BoolArray, FlagArray, IndexArray, IntArray, Reason, frozen

_LAST = np.iinfo(np.int64).max


class _Addresses:
    """The distinct areas of some rankings, and the one of each (num_rankings,)."""

    def __init__(self, orders: OrderSet, area: IndexArray) -> None:
        rows, self.of_ranking = np.unique(np.maximum(area, 0), return_inverse=True)
        self.distinct: Any = orders.areas.table.take(rows)


class BoardMaker:
    """Makes the `Board` of some rankings.

    Parameters
    ----------
    catalog
        Sources and links.
    plan
        The policy.

    Raises
    ------
    PolicyError
        If the policy asks for a table that the catalogue does not have.
    """

    def __init__(self, catalog: Catalog, plan: Plan) -> None:
        self._catalog = catalog
        self._plan = plan
        self._costs = cost_table(catalog, plan.policy.costs)
        self._rates = rate_table(catalog) if plan.policy.costs.rates else None
        self._limits = [
            (one, self._limit(one))
            for one in plan.policy.constraints
            if isinstance(one, MaxDistance)
        ]
        has_lanes = any(isinstance(one, Lane) for one in plan.policy.constraints)
        self._lanes = lanes_of(catalog) if has_lanes else {}
        for one in plan.policy.constraints:
            if isinstance(one, Channel):
                check_channel(catalog, one)

    @property
    def by_destination(self) -> bool:
        """Whether rankings differ by where an order goes."""
        costs = self._plan.policy.costs
        return bool(
            any(
                getattr(score, "by_destination", True)
                for score in self._plan.scores
                if not isinstance(score, str)
            )
            or "distance" in self._plan.scores
            or self._limits
            or (self.by_cost and (costs.per_unit_km or costs.bands))
            or self._plan.constraints
        )

    @property
    def by_area(self) -> bool:
        """Whether rankings differ by address or sales channel."""
        kinds = (Channel, Lane)
        return self._rates is not None or any(
            isinstance(one, kinds) for one in self._plan.policy.constraints
        )

    @property
    def by_cost(self) -> bool:
        """Whether the run decides by cost."""
        return decides_by_cost(self._plan)

    @cached_property
    def rates(self) -> Rates:
        """The rates that `Board.rates` names."""
        if self._rates is None:
            nothing = frozen(np.empty(0, np.int64))
            return Rates(frozen(np.zeros(1, np.int64)), nothing, nothing)
        return Rates(self._rates.offsets, self._rates.up_to, self._rates.cost)

    def cells(self) -> int:
        """Return how many numbers of 8 bytes a ranking takes."""
        width = max(1, self._catalog.sources.num_rows)
        return width * (len(self._runs) + (3 if self.by_cost else 1))

    def make(self, orders: OrderSet, rankings: Rankings, rows: IntArray) -> Board:
        """Make the board of some of the rankings of an order set.

        Parameters
        ----------
        orders
            Where they go.
        rankings, rows
            All rankings, and the (num_rankings,) that are wanted.

        Returns
        -------
        The board; its rankings are numbered as in ``rows``.
        """
        stock, destination, area = (column[rows] for column in rankings[:3])
        distance = distances(self._catalog, orders, destination)
        addresses = _Addresses(orders, area)
        rates = np.full(distance.shape, -1, np.int32)
        if self._rates is not None:
            rates = rates_of(self._rates, addresses.distinct)[addresses.of_ranking]
        bars = self._bars(stock, distance, addresses, rates)
        unit, shipment = self._cost_matrices(distance)
        return Board(
            places=frozen(self._places(stock, distance)),
            bars=frozen(bars),
            unit_cost=frozen(unit),
            shipment_cost=frozen(shipment),
            rates=frozen(rates),
        )

    def _cost_matrices(self, distance: IntArray) -> tuple[IntArray, IntArray]:
        if not self.by_cost:
            nothing = np.empty((0, 0), np.int64)
            return nothing, nothing
        source = np.broadcast_to(np.arange(distance.shape[1]), distance.shape)
        return unit_and_shipment_cost(self._costs, distance, source)

    def _bars(
        self, stock: IndexArray, distance: IntArray, addresses: _Addresses, rates: IndexArray
    ) -> FlagArray:
        """(2, num_rankings, num_sources) the first reason that keeps a source out, by pass."""
        bars = np.repeat(self._linked[None, stock], 2, axis=0)
        for reason, soft, mask in self._masks(stock, distance, addresses, rates):
            for which in (0,) if soft else (0, 1):
                bars[which][mask & (bars[which] == 0)] = reason
        return bars

    def _masks(
        self, stock: IndexArray, distance: IntArray, addresses: _Addresses, rates: IndexArray
    ) -> Any:
        """Yield each constraint's reason, whether it is soft, and whom it keeps out, in order."""
        given = self._plan.policy.constraints
        for one in given:
            if isinstance(one, Exclusion):
                yield Reason.EXCLUDED, one.soft, np.broadcast_to(self._closed, distance.shape)
        for one in given:
            if isinstance(one, Channel):
                outside = outside_channel(self._catalog, addresses.distinct, one)
                yield Reason.CHANNEL, one.soft, outside[addresses.of_ranking]
        for one in given:
            if isinstance(one, Lane):
                outside = outside_lanes(self._lanes, distance.shape[1], addresses.distinct)
                yield Reason.LANE, one.soft, outside[addresses.of_ranking]
        for one, limit in self._limits:
            too_far = (distance > limit) | ((distance < 0) & (limit < _LAST))
            yield Reason.TOO_FAR, one.soft, too_far
        if self._rates is not None:
            yield Reason.NO_RATE, False, rates < 0
        for plugin, constraint in self._plan.constraints:
            row, source = np.nonzero(self._linked[stock] == 0)
            candidates = self.candidates(stock, distance[row, source], row, source)
            kept_out = np.zeros(distance.shape, bool)
            kept_out[row, source] = ~allowed_by(constraint, plugin.kind, candidates)
            yield Reason.CONSTRAINT, plugin.soft, kept_out

    @cached_property
    def _linked(self) -> FlagArray:
        """(num_stocks, num_sources) 0 where a source is linked and enabled, else the reason."""
        links = self._catalog.links
        shape = len(self._catalog.stock_ids), self._catalog.sources.num_rows
        reasons = np.full(shape, Reason.NOT_ASSIGNED, np.uint8)
        stock = np.repeat(np.arange(shape[0]), np.diff(links.offsets))
        enabled = self._catalog.enabled[links.sources] > 0
        reasons[stock, links.sources] = np.where(enabled, 0, Reason.DISABLED)
        return reasons

    @cached_property
    def _priority(self) -> IntArray:
        """(num_stocks, num_sources) priority of links."""
        links = self._catalog.links
        shape = len(self._catalog.stock_ids), self._catalog.sources.num_rows
        priority = np.zeros(shape, np.int64)
        stock = np.repeat(np.arange(shape[0]), np.diff(links.offsets))
        priority[stock, links.sources] = links.priority
        return priority

    @cached_property
    def _closed(self) -> BoolArray:
        """(num_sources,) which an exclusion keeps from every order and every SKU."""
        table = required_table(self._catalog, "exclusions", "the exclusion constraint")
        rows = table.filter(pc.and_(table["order_id"].is_null(), table["sku"].is_null()))
        closed = np.zeros(self._catalog.sources.num_rows, bool)
        closed[index_of(rows["source_code"], whole(self._catalog.sources["source_code"]))] = True
        return closed

    def _limit(self, one: MaxDistance) -> IntArray:
        """(num_sources,) the farthest that each source ships, mm."""
        column = self._catalog.sources["max_distance_km"]
        own = np.array([round(km * MM_PER_KM) for km in exact(column)], np.int64)
        limit = np.where(np.asarray(column.is_valid()), own, _LAST)
        return limit if one.km is None else np.minimum(limit, mm(one.km))

    @cached_property
    def _runs(self) -> list[tuple[Score, ...]]:
        """Scores that do not change, in runs between those that do; the last is never empty."""
        runs: list[list[Score]] = [[]]
        for score in self._plan.scores:
            if score in CHANGING:
                runs.append([])
            else:
                runs[-1].append(score)
        return [tuple(run) for run in runs[:-1] if run] + [(*runs[-1], "priority")]

    @cached_property
    def kinds(self) -> IntArray:
        """(num_scores,) what each score is, for the kernel."""
        kinds, pending = [], False
        for score in self._plan.scores:
            if score in CHANGING:
                kinds += [0] if pending else []
                kinds.append(1 + CHANGING.index(score))
                pending = False
            else:
                pending = True
        return frozen(np.array([*kinds, 0], np.int64))

    @cached_property
    def key_of(self) -> dict[str, int]:
        """Score that changes during a run -> its column among the keys that the kernel writes."""
        columns, column, pending = {}, 0, False
        for score in self._plan.scores:
            if score not in CHANGING:
                pending = True  # such scores are one key together
                continue
            column += pending
            columns[str(score)] = column
            column += 2 if score == "capacity_left" else 1
            pending = False
        return columns

    def _places(self, stock: IndexArray, distance: IntArray) -> IndexArray:
        """(num_static, num_rankings, num_sources) places by each run of static scores."""
        places = np.zeros((len(self._runs), *distance.shape), np.int32)
        row, source = np.nonzero(self._linked[stock] == 0)
        for at, run in enumerate(self._runs):
            keys = [self._score(score, stock, distance, row, source) for score in run]
            if at == len(self._runs) - 1:
                keys.append(source)
            order = np.lexsort((*keys[::-1], row))
            new = np.zeros(len(order), bool)
            for key in (row, *keys):
                ranked = key[order]
                new[1:] |= ranked[1:] != ranked[:-1]
            place = np.cumsum(new)
            first = np.searchsorted(row, np.arange(len(stock)))
            base = np.append(place, 0)[np.minimum(first, len(place))]
            places[at, row[order], source[order]] = place - base[row[order]]
        return places

    def _score(
        self, score: Score, stock: IndexArray, distance: IntArray, row: IntArray, source: IntArray
    ) -> np.ndarray:
        """(num_candidates,) a static score, the lowest first."""
        if score == "priority":
            return self._priority[stock[row], source]
        far = distance[row, source]
        if score == "distance":
            bucket = mm(self._plan.policy.distance_bucket_km)
            return np.where(far < 0, _LAST, buckets(far, bucket) if bucket else far)
        assert not isinstance(score, str)
        scores = scores_of(score, self.candidates(stock, far, row, source))
        return np.unique(scores, return_inverse=True)[1]  # NaN, which is last, equals itself here

    def candidates(
        self, stock: IndexArray, far: IntArray, row: IntArray, source: IntArray
    ) -> Candidates:
        """Return what plug-ins are shown of (num_candidates,) pairs of a ranking and a source.

        ``stock`` is (num_rankings,); ``far`` (num_candidates,) millimetres, -1 where not known.
        """
        return Candidates(
            sources=self._catalog.sources,
            source=frozen(source.astype(np.int32)),
            stock_id=frozen(self._catalog.stock_ids[stock][row]),
            priority=frozen(self._priority[stock[row], source]),
            distance_km=frozen(np.where(far < 0, np.nan, far / MM_PER_KM)),
        )


def distances(catalog: Catalog, orders: OrderSet, destination: IndexArray) -> IntArray:
    """(num_rankings, num_sources) millimetres, -1 where not known or not asked for."""
    where = orders.destinations
    shape = len(destination), catalog.sources.num_rows
    if not (destination >= 0).any():
        return np.full(shape, -1, np.int64)
    distinct, of_ranking = np.unique(destination, return_inverse=True)
    there = Points(*(axis[distinct] for axis in where.points))
    matrix = distance_matrix(there, where.places[distinct], catalog.source_points, catalog.known)
    return matrix[of_ranking]


def buckets(far: IntArray, bucket: int) -> IntArray:
    """Return the bucket of each distance: 0 up to ``bucket`` mm, 1 up to twice as far."""
    return np.maximum(far - 1, 0) // bucket


def check_costs(plan: Plan, catalog: Catalog) -> None:
    """Refuse to decide by costs that are all 0."""
    costs = plan.policy.costs
    given = *shipping_costs(costs), *exact(catalog.sources["handling_cost"])
    if decides_by_cost(plan) and not any(given) and not costs.rates:
        raise PolicyError(
            "policy: it decides by cost, and nothing that is shipped costs anything; give "
            "per_shipment, per_unit, per_unit_km, bands or rates in [costs], or handling_cost in "
            "sources"
        )
