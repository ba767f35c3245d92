"""Explaining an order: the run again up to it, and then a look at what its lines met."""

from collections.abc import Generator, Iterable
from contextlib import closing, nullcontext
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import OutputError, UsageError
from engine.kernels.orders.bundles import GAVE, NOT_ASKED, RANKED_LOWER, Trace
from engine.orders import OrderSet
from engine.policies.model import (
    BATCH_RULE,
    Capacity,
    Channel,
    Exclusion,
    Lane,
    MaxDistance,
    MinUnits,
    PluginConstraint,
    SafetyStock,
)
from engine.selection.by_optimum import ByOptimum
from engine.selection.deduction import Deduction
from engine.selection.explain_whole import Whole, met_in_batch
from engine.selection.explanation import (
    CandidateSource,
    ExplainedLine,
    Explanation,
    scaled,
)
from engine.selection.plan import Plan, rules_of, with_new_plugins
from engine.selection.result import spelt_skus
from engine.selection.selection import Selection
from engine.selection.shown import many
from engine.selection.view import View, scores_seen, types_of_scores
from engine.tables.schema import SHIP_POLICIES
from engine.types import REASONS, Reason

_CONSTRAINTS: dict[int, Any] = {
    Reason.EXCLUDED: Exclusion,
    Reason.CHANNEL: Channel,
    Reason.LANE: Lane,
    Reason.TOO_FAR: MaxDistance,
    Reason.CONSTRAINT: PluginConstraint,
    Reason.SAFETY_STOCK: SafetyStock,
    Reason.CAPACITY: Capacity,
    Reason.MIN_UNITS: MinUnits,
}
"""The constraint behind a reason."""


def explain_order(
    catalog: Catalog,
    parts: Iterable[OrderSet],
    plan: Plan,
    *,
    mode: str,
    order_id: Any,
    allocations: pa.Table,
    shortfalls: pa.Table,
    clock: Clock,
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
    allocations, shortfalls
        What the run wrote.
    clock
        Told of the phases.

    Returns
    -------
    The explanation.

    Raises
    ------
    UsageError
        If the run has no such order.
    OutputError
        If the order is not decided as the run did it.
    """
    independent = mode == "independent"
    is_whole = plan.policy.order_rule == BATCH_RULE and not independent
    plan = with_new_plugins(plan)
    # What is left half-way holds a thread that reads ahead.
    with closing(parts) if isinstance(parts, Generator) else nullcontext():
        if is_whole:
            found = _explained_in_batch(catalog, list(parts), plan, order_id, clock)
        else:
            found = _explained_in_turn(catalog, parts, plan, independent, order_id, clock)
    if found is None:
        raise UsageError(f"the run has no order {order_id}; give an order_id of its table orders")
    _compare(found, allocations, shortfalls, is_whole)
    return found


def _explained_in_turn(
    catalog: Catalog,
    parts: Iterable[OrderSet],
    plan: Plan,
    independent: bool,
    order_id: Any,
    clock: Clock,
) -> Explanation | None:
    """Serve the orders before one, and explain it."""
    selection = Selection(catalog, plan, independent=independent, include_zero=False)
    found: Explanation | None = None
    for part in parts:
        if found is not None:
            continue  # what is wrong with the input may only show later
        at = _place(part, order_id)
        stop = len(part.ids) if at < 0 else at
        if stop and not independent:
            selection.serve(part.part(0, stop), clock)
        if at >= 0:
            way, order = selection.by_policy(), part.part(at, at + 1)
            view = View(catalog, plan, way.maker, order)
            decided_by = _decided_by(plan)
            found = _explanation(view, order, *way.serve_traced(order), None, decided_by)
    return found


def _explained_in_batch(
    catalog: Catalog, parts: list[OrderSet], plan: Plan, order_id: Any, clock: Clock
) -> Explanation | None:
    """Decide all orders together, and explain one."""
    for which, part in enumerate(parts):
        if (at := _place(part, order_id)) >= 0:
            way, order = ByOptimum(catalog, plan), part.part(at, at + 1)
            policy = msgspec.structs.replace(plan.policy, ranking=())  # it has no say
            view = View(catalog, plan._replace(policy=policy, scores=()), way.maker, order)
            orders = many(sum(len(one.ids) for one in parts), "order")
            decided_by = f"order rule {BATCH_RULE}, the batch of {orders} as a whole"
            met = met_in_batch(way, parts, which, at, clock)
            return _explanation(view, order, *met, decided_by)
    return None


def _place(part: OrderSet, order_id: Any) -> int:
    """Return where an order stands among others, -1 if it does not."""
    at: int = pc.index(part.ids.cast(pa.string()), str(order_id)).as_py()
    return at


def _compare(
    found: Explanation, allocations: pa.Table, shortfalls: pa.Table, is_whole: bool
) -> None:
    """Refuse to explain what the run did not do."""
    picks = [
        (line.line, one.source_code, one.qty_to_deduct, one.qty_available)
        for line in found.lines
        for one in line.candidates
        if one.qty_to_deduct
    ]
    short = [(it.line, it.qty_short, it.reason) for it in found.lines if it.qty_short]
    columns = ("line", "source_code", "qty_to_deduct", "qty_available")
    written = [row for row in _rows(allocations, found.order_id, columns) if row[2]]
    if sorted(picks) != sorted(written) or short != _rows(
        shortfalls, found.order_id, ("line", "qty_short", "reason")
    ):
        more = ", by another highspy, or because a time limit ended the search" if is_whole else ""
        raise OutputError(
            f"order {found.order_id} is decided otherwise now, by another version of the engine or "
            f"of a plug-in, or by a plug-in that does not answer alike each time{more}"
        )


def _rows(table: pa.Table, order_id: Any, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Return what the rows of an order hold."""
    ids = table["order_id"].cast(pa.string())
    rows = table.filter(pc.equal(ids, str(order_id))).select(columns)
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _explanation(
    view: View,
    order: OrderSet,
    done: Deduction,
    trace: Trace,
    whole: Whole | None,
    decided_by: str,
) -> Explanation:
    catalog, ship_policy = view.catalog, view.plan.policy.ship_policy
    if order.ship_policy is not None and order.ship_policy[0] >= 0:
        ship_policy = SHIP_POLICIES[order.ship_policy[0]]
    names = spelt_skus(catalog, order, np.arange(len(order.skus))).to_pylist()
    lines = []
    for line, sku in enumerate(order.skus.tolist()):
        items = slice(0, 0) if sku < 0 else slice(*catalog.items.offsets[sku : sku + 2].tolist())
        short = int(done.short[line])
        lines.append(
            ExplainedLine(
                line=line,
                sku=names[line],
                qty=scaled(int(order.quantity[line]), 4),
                qty_short=scaled(short, 4),
                reason=REASONS[done.reason[line]] if short else None,
                not_carried_by=view.count_without(catalog.items.sources[items]),
                candidates=_candidates(line, items, order, done, trace, whole, view),
            )
        )
    return Explanation(
        order_id=order.ids.cast(order.id_type)[0].as_py(),
        stock_id=int(catalog.stock_ids[order.stock[0]]),
        located=bool(order.destinations.located[order.destinations.of_order[0]]),
        decided_by=decided_by,
        ship_policy=ship_policy,
        score_types=types_of_scores(view.plan),
        lines=tuple(lines),
    )


def _candidates(
    line: int,
    items: slice,
    order: OrderSet,
    done: Deduction,
    trace: Trace,
    whole: Whole | None,
    view: View,
) -> tuple[CandidateSource, ...]:
    """Return the candidates of a line: the ranked ones in their order, then the others."""
    picks = np.flatnonzero(done.lines == line)
    given = dict(zip(done.items[picks].tolist(), picks.tolist(), strict=True))
    unit, shipment = view.costs(int(order.quantity[line]))
    rows = []
    for cell, item in enumerate(range(items.start, items.stop), start=int(trace.offsets[line])):
        source, pick = int(view.catalog.items.sources[item]), given.get(item)
        which, why = _verdict(trace.why[:, cell].tolist(), pick is not None)
        keys = trace.keys[which, cell].tolist() if trace.is_ranked[which, cell] else None
        has = int(trace.has[which, cell]) if pick is None else int(done.available[pick])
        own = whole.own.get((line, item), 0) if whole else None
        prices = whole.prices(item, source) if whole else (None, None, None)
        one = CandidateSource(
            source_code=view.codes[source],
            place=None,
            priority=view.priority.get(source),
            distance_km=view.km[source],
            qty_available=None if why == NOT_ASKED else scaled(has, 4),
            unit_cost=unit[source],
            shipment_cost=shipment[source],
            scores=scores_seen(view, source, keys),
            qty_to_deduct=scaled(0 if pick is None else int(done.quantity[pick]), 4),
            reason=None if pick is not None else _word(why, own),
            softened=_softened(view.plan, which, int(trace.why[0, cell]), pick is not None),
            qty_on_its_own=None if own is None else scaled(own, 4),
            price=prices[0],
            capacity_units_price=prices[1],
            capacity_orders_price=prices[2],
        )
        rows.append(((0, which, keys) if keys else (1, -why, []), one.source_code, one))
    rows.sort(key=lambda row: row[:2])
    return tuple(
        one._replace(place=at) if place[0] == 0 else one
        for at, (place, _, one) in enumerate(rows, start=1)
    )


def _verdict(why: list[int], gives: bool) -> tuple[int, int]:
    """Return the pass that tells about an item, and what it says.

    That is the first in which it gave something, if it still does, else the last in which the line
    was asked. What was given there or before and is not any more, the ship policy gave back, if
    the source was not barred.
    """
    asked = [which for which in (0, 1) if why[which] != NOT_ASKED]
    gave = [which for which in asked if why[which] == GAVE]
    last = max(asked, default=0)
    if gave and (gives or why[last] != Reason.MIN_UNITS):
        return gave[0], GAVE
    return last, why[last]


def _softened(plan: Plan, which: int, before: int, gives: bool) -> str | None:
    """Return the reason of the soft constraint without which an item gave nothing, if any."""
    kind = _CONSTRAINTS.get(before)
    if which == 0 or not gives or kind is None:
        return None
    is_soft = any(one.soft for one in plan.policy.constraints if isinstance(one, kind))
    return REASONS[before] if is_soft else None


def _word(why: int, own: int | None) -> str | None:
    """Return the word for what a trace says of a source that ships nothing in the end.

    ``own`` is what the order would have taken from it on its own, where that is known.
    """
    if why == Reason.ORDER_RULE and own:
        return "left_to_others"
    if why == GAVE:
        return "given_back"
    if why == NOT_ASKED:
        return None
    return "ranked_lower" if why == RANKED_LOWER else REASONS[why]


def _decided_by(plan: Plan) -> str:
    policy = plan.policy
    if plan.code:
        return f"{plan.code}, each line on its own"
    if policy.order_rule == BATCH_RULE:
        return f"{', then '.join(policy.ranking)}; order rule cheapest, each order on its own"
    return f"{', then '.join(policy.ranking)}; order rule {', else '.join(rules_of(policy))}"
