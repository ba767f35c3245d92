"""Explaining an order: the run again up to it, and then a look at what its lines met."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog
from engine.clock import Clock
from engine.earth import MM_PER_KM
from engine.errors import UsageError
from engine.kernels.orders.bundles import ENDLESS, GAVE, MILLION, NOT_ASKED, RANKED_LOWER, Trace
from engine.orders import OrderSet
from engine.policies.model import Policy
from engine.selection.areas import rate_table, rates_of
from engine.selection.bill import is_priced
from engine.selection.board import BoardMaker, buckets, distances
from engine.selection.costs import cost_of_parcels, cost_table, mm, unit_and_shipment_cost
from engine.selection.deduction import Deduction
from engine.selection.explanation import CandidateSource, ExplainedLine, Explanation
from engine.selection.plan import CHANGING, Plan, rules_of
from engine.selection.ranking import scores_of
from engine.selection.result import spelt_skus
from engine.selection.selection import Selection
from engine.tables.schema import SHIP_POLICIES
from engine.types import REASONS, IntArray, Reason

_SOFT = range(Reason.EXCLUDED, Reason.MIN_UNITS + 1)
"""Reasons that may come from a soft constraint."""


def explain_order(
    catalog: Catalog, parts: Iterable[OrderSet], plan: Plan, *, mode: str, order_id: Any
) -> Explanation:
    """Replay a run up to an order, and say what its lines met.

    Parameters
    ----------
    catalog, plan, mode
        Those of the run.
    parts
        Its orders in sequence; they are fetched to their end.
    order_id
        The order; integer and text are the same if they print the same.

    Returns
    -------
    The explanation.

    Raises
    ------
    UsageError
        If the run has no such order.
    """
    independent, clock = mode == "independent", Clock()
    selection = Selection(catalog, plan, independent=independent, include_zero=False)
    found: Explanation | None = None
    for part in parts:
        if found is not None:
            continue  # what is wrong with the input may only show later
        at = pc.index(part.ids.cast(pa.string()), str(order_id)).as_py()
        stop = len(part.ids) if at < 0 else at
        if stop and not independent:
            selection.serve(part.part(0, stop), clock)
        if at >= 0:
            found = _explanation(catalog, plan, selection, part.part(at, at + 1))
    if found is None:
        raise UsageError(f"the run has no order {order_id}; give an order_id of its table orders")
    return found


def _explanation(
    catalog: Catalog, plan: Plan, selection: Selection, order: OrderSet
) -> Explanation:
    way = selection.by_policy()
    done, trace = way.serve_traced(order)
    view = _View(catalog, plan, way.maker, order)
    ship_policy = plan.policy.ship_policy
    if order.ship_policy is not None and order.ship_policy[0] >= 0:
        ship_policy = SHIP_POLICIES[order.ship_policy[0]]
    names = spelt_skus(catalog, order, np.arange(len(order.skus)))
    lines = []
    for line in range(len(order.skus)):
        candidates = _candidates(line, order, done, trace, view, way.maker.kinds)
        short = int(done.short[line])
        lines.append(
            ExplainedLine(
                line=line,
                sku=names[line].as_py(),
                qty=_qty(order.quantity[line]),
                qty_short=_qty(short),
                reason=REASONS[done.reason[line]] if short else None,
                not_carried_by=view.num_enabled - view.count_enabled(order.skus[line]),
                candidates=candidates,
            )
        )
    return Explanation(
        order_id=order.ids.cast(order.id_type)[0].as_py(),
        stock_id=int(catalog.stock_ids[order.stock[0]]),
        located=bool(order.destinations.located[order.destinations.of_order[0]]),
        decided_by=_decided_by(plan),
        ship_policy=ship_policy,
        lines=tuple(lines),
    )


class _View:
    """What an order sees of the sources, whatever happened before it; (num_sources,) arrays."""

    def __init__(self, catalog: Catalog, plan: Plan, maker: BoardMaker, order: OrderSet) -> None:
        self.catalog = catalog
        self.policy: Policy = plan.policy
        self._is_priced = is_priced(plan)
        self.mm: IntArray = distances(catalog, order, order.destinations.of_order[:1])[0]
        links = slice(*catalog.links.offsets[order.stock[0] :][:2].tolist())
        linked = catalog.links.sources[links]
        self.priority = dict(
            zip(linked.tolist(), catalog.links.priority[links].tolist(), strict=True)
        )
        self._enabled = np.sort(linked[catalog.enabled[linked] > 0])
        self.num_enabled = len(self._enabled)
        self._price(order)
        self.scores: dict[str, dict[int, Any]] = {}
        for name, score in zip(plan.policy.ranking, plan.scores, strict=True):
            if score not in CHANGING:
                self.scores[name] = self._static(score, maker, order)

    def count_enabled(self, sku: int) -> int:
        """Return how many enabled sources of the stock have an item of a SKU."""
        if sku < 0:
            return 0
        items = self.catalog.items
        sources = items.sources[items.offsets[sku] : items.offsets[sku + 1]]
        return int(np.isin(sources, self._enabled).sum())

    def cost(self, source: int, quantity: int) -> tuple[Decimal | None, Decimal | None]:
        """Return what a unit and a shipment of a quantity cost."""
        if self._unit is None:
            return None, None
        rates, rate = self._rates, np.array([self._rate[source]])
        parcels = 0
        if rates is not None and quantity:
            parcels = int(cost_of_parcels(np.array([quantity]), rate, *rates[:3])[0])
        return _money(self._unit[source]), _money(int(self._shipment[source]) + parcels)

    def _price(self, order: OrderSet) -> None:
        sources = np.arange(len(self.mm))
        self._unit, self._rates, self._rate = None, None, np.full(len(sources), -1)
        if self._is_priced:
            table = cost_table(self.catalog, self.policy.costs)
            self._unit, self._shipment = unit_and_shipment_cost(table, self.mm, sources)
        if self.policy.costs.rates:
            self._rates = rate_table(self.catalog)
            area = pa.array(order.areas.of_order[:1])
            self._rate = rates_of(self._rates, order.areas.table.take(area))[0]

    def _static(self, score: Any, maker: BoardMaker, order: OrderSet) -> dict[int, Any]:
        sources = self._enabled.astype(np.int64)
        if score == "priority":
            return {source: self.priority[source] for source in sources.tolist()}
        far = self.mm[sources]
        if score == "distance":
            bucket = mm(self.policy.distance_bucket_km)
            values = (buckets(far, bucket) if bucket else far / MM_PER_KM).tolist()
            values = [
                None if one < 0 else value for one, value in zip(far.tolist(), values, strict=True)
            ]
        else:
            candidates = maker.candidates(order.stock[:1], far, np.zeros_like(sources), sources)
            values = scores_of(score, candidates).tolist()
        return dict(zip(sources.tolist(), values, strict=True))


def _candidates(
    line: int, order: OrderSet, done: Deduction, trace: Trace, view: _View, kinds: IntArray
) -> tuple[CandidateSource, ...]:
    """Return the candidates of a line: the ranked ones in their order, then the others."""
    sku, catalog = int(order.skus[line]), view.catalog
    if sku < 0:
        return ()
    codes = catalog.sources["source_code"]
    picks = np.flatnonzero(done.lines == line)
    given = dict(zip(done.items[picks].tolist(), picks.tolist(), strict=True))
    rows = []
    for item in range(catalog.items.offsets[sku], catalog.items.offsets[sku + 1]):
        cell = trace.offsets[line] + item - catalog.items.offsets[sku]
        source, pick = int(catalog.items.sources[item]), given.get(item)
        asked = [which for which in (0, 1) if trace.why[which, cell] != NOT_ASKED]
        gave = [which for which in asked if trace.why[which, cell] == GAVE]
        which = gave[0] if gave else max(asked, default=0)
        why = int(trace.why[which, cell])
        keys = trace.keys[which, cell].tolist() if trace.is_ranked[which, cell] else None
        before = int(trace.why[0, cell])
        has = int(trace.has[which, cell]) if pick is None else int(done.available[pick])
        code = codes[source].as_py()
        one = CandidateSource(
            code,
            None,
            view.priority.get(source),
            float(view.mm[source]) / MM_PER_KM if view.mm[source] >= 0 else None,
            _qty(has),
            *view.cost(source, int(order.quantity[line])),
            _scores(view, source, kinds, keys),
            _qty(0 if pick is None else int(done.quantity[pick])),
            None if pick is not None else _word(why),
            REASONS[before] if which == 1 and pick is not None and before in _SOFT else None,
        )
        place = (0, which, keys, code) if keys else (1, -why, (), code)
        rows.append((place, one))
    rows.sort(key=lambda row: row[0])
    ranked = 0
    for at, (place, one) in enumerate(rows):
        if place[0] == 0:
            ranked += 1
            rows[at] = place, one._replace(place=ranked)
    return tuple(one for _, one in rows)


def _word(why: int) -> str | None:
    """Return the word for what a trace says of a source that ships nothing in the end."""
    if why == GAVE:
        return "given_back"
    if why == NOT_ASKED:
        return None
    return "ranked_lower" if why == RANKED_LOWER else REASONS[why]


def _scores(view: _View, source: int, kinds: IntArray, keys: list[int] | None) -> dict[str, Any]:
    """Return the scores of a source by name; those that change only where it was ranked."""
    scores: dict[str, Any] = {}
    column, is_pending = 0, False
    for name in view.policy.ranking:
        if name in view.scores:
            scores[name] = view.scores[name].get(source)
            is_pending = True
            continue
        column += is_pending  # a run of scores that do not change is one key
        is_pending = False
        key = keys[column] if keys else None
        if name == "capacity_left":
            units = keys[column + 1] if keys else None
            scores["capacity_orders_left"] = None if key in (None, -ENDLESS) else -key
            scores["capacity_units_left"] = None if units in (None, -ENDLESS) else _qty(-units)
            column += 2
            continue
        column += 1
        if key is None:
            scores[name] = None
        elif name == "cost":
            scores[name] = _money(key)
        else:
            scores[name] = _qty(-key) if name == "stock_level" else -key / MILLION
    return scores


def _decided_by(plan: Plan) -> str:
    policy = plan.policy
    if plan.code:
        return f"{plan.code}, each line on its own"
    return f"{', then '.join(policy.ranking)}; order rule {', else '.join(rules_of(policy))}"


def _qty(units: Any) -> Decimal:
    return Decimal(int(units)).scaleb(-4)


def _money(micros: Any) -> Decimal:
    return Decimal(int(micros)).scaleb(-6)
