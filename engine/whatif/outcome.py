"""What the run of a scenario comes to: figures, and no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.errors import EngineError, ScenarioError
from engine.orders import OrderSet
from engine.selection.kpis import KPIs
from engine.selection.shown import many
from engine.tables.fold import fold_sku
from engine.tables.quantity import sum_by_group
from engine.types import QTY_SCALE, FloatArray, IntArray
from engine.whatif.apply import apply, idle_steps
from engine.whatif.case import Case
from engine.whatif.course import Course, Days
from engine.whatif.demand import replicated
from engine.whatif.ledger import Areas, on_globe
from engine.whatif.scenario import Scenario

_BY_NAME = ("shortfalls", "capacity_use", "source_utilisation")


@dataclass(frozen=True)
class HorizonKPIs(KPIs):
    """Key figures over a horizon, with those that only time has.

    Attributes
    ----------
    units_received
        What came in.
    units_late
        Units served later than on the day of the first batch that their order was in.
    units_lost, units_waiting
        What has waited too long, and what waits at the end.
    wait_days
        Days from the day of that first batch until a unit is served, on average.
    """

    units_received: float
    units_late: float
    units_lost: float
    units_waiting: float
    wait_days: float | None


FIGURES = tuple(one.name for one in fields(HorizonKPIs) if one.name not in _BY_NAME)
"""Key figures that are one number; the last ones are there with a horizon only."""


class SkuTotals(NamedTuple):
    """SKUs that are short: ``names``, and what was ordered and served of each, 1e-4 units."""

    names: list[str]
    units: IntArray
    allocated: IntArray


class Outcome(NamedTuple):
    """Figures of a scenario.

    ``codes`` and ``places`` (num_sources, 2) are the sources, latitude and longitude NaN where not
    known; ``shipments`` and ``units`` are (num_sources, num_areas), ``by_distance``
    (2, num_classes + 1), and ``of_area`` (3, num_areas): orders, units ordered, units served.
    Units in 1e-4. ``first_day`` is in days since 1970-01-01, None without a horizon.
    """

    kpis: KPIs
    codes: list[str]
    places: FloatArray
    areas: Areas
    shipments: IntArray
    units: IntArray
    by_distance: IntArray
    of_area: IntArray
    skus: SkuTotals
    first_day: int | None
    days: Days
    notes: list[str]


def run_scenario(scenario: Scenario, base: Case) -> Outcome:
    """Take the steps and serve the orders as they are."""
    case = apply(scenario, base)
    with named(scenario):
        course = Course(case, 0)
    orders, open = case.orders, course.open
    catalog, ledger = case.catalog, course.ledger
    num_areas = len(ledger.areas.names)
    of_line = ledger.areas.of_order[orders.order_of_line]
    units, short = (
        sum_by_group(of_line, values, num_areas, "order_lines.qty")
        for values in (orders.quantity, open)
    )
    num_orders = np.bincount(ledger.areas.of_order, minlength=num_areas)
    positions = np.column_stack(catalog.source_points)
    return Outcome(
        kpis=_kpis(case, course),
        codes=catalog.sources["source_code"].to_pylist(),
        places=on_globe(positions, ~np.isnan(positions[:, 0])),
        areas=ledger.areas._replace(of_order=ledger.areas.of_order[:0]),
        shipments=ledger.shipments,
        units=ledger.units,
        by_distance=ledger.by_distance,
        of_area=np.stack([num_orders, units, units - short]),
        skus=_short_skus(case, open),
        first_day=None if case.horizon is None else course.calendar.first,
        days=course.days,
        notes=[*idle_steps(scenario, case), *_unused(scenario, course)],
    )


def run_replication(scenario: Scenario, base: Case, number: int, seed: int) -> KPIs:
    """Take the steps and serve orders that are drawn from those there are then."""
    case = replicated(apply(scenario, base), number, seed)
    with named(scenario):
        course = Course(case, number)
    return _kpis(case, course)


@contextmanager
def named(scenario: Scenario) -> Iterator[None]:
    """Put the scenario's name before an error; that of the run without steps stays as it is."""
    try:
        yield
    except EngineError as error:
        if not scenario.steps:
            raise
        raise ScenarioError(f"scenario {scenario.name!r}: {error}") from None


def _kpis(case: Case, course: Course) -> KPIs:
    if case.horizon is None:
        return course.kpis
    served, lost = int(course.days.allocated.sum()), int(course.lost.sum())
    return HorizonKPIs(
        **vars(course.kpis),
        units_received=int(course.supply.received.sum()) / QTY_SCALE,
        units_late=course.late / QTY_SCALE,
        units_lost=lost / QTY_SCALE,
        units_waiting=(int(course.open.sum()) - lost) / QTY_SCALE,
        wait_days=course.unit_days / served if served else None,
    )


def _short_skus(case: Case, open: IntArray) -> SkuTotals:
    """Add up the SKUs that are short; those of no source as an order spells them."""
    orders, names = case.orders, case.catalog.sku_names
    sku, known = _numbered(orders, len(names))
    units, short = (
        sum_by_group(sku, values, len(names) + len(known), "order_lines.qty")
        for values in (orders.quantity, open)
    )
    at = np.flatnonzero(short)
    spelt = pa.concat_arrays([names.cast(pa.string()), known.cast(pa.string())])
    return SkuTotals(spelt.take(pa.array(at)).to_pylist(), units[at], units[at] - short[at])


def _numbered(orders: OrderSet, num_skus: int) -> tuple[IntArray, pa.Array]:
    """(num_lines,) number of the SKU, and the names of those that come after the catalogue's."""
    sku = orders.skus.astype(np.int64)
    unknown = np.flatnonzero(sku < 0)
    spelt = orders.sku_names.take(pa.array(unknown))
    codes = np.asarray(fold_sku(spelt).dictionary_encode().indices)
    sku[unknown] = num_skus + codes
    return sku, spelt.take(pa.array(np.unique(codes, return_index=True)[1]))


def _unused(scenario: Scenario, course: Course) -> list[str]:
    unused = course.supply.unused
    name = f"scenario {scenario.name!r}: " if scenario.steps else ""
    told = f"{name}{many(unused, 'row')} of receipts after the last order's day: not used"
    return [told] if unused else []
