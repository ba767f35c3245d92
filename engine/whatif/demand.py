"""Steps on orders: how many, when, and where from."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import ScenarioError
from engine.tables.fold import fold_country, fold_name
from engine.types import BoolArray, frozen
from engine.whatif.case import Case, take_orders, text_values, unknown
from engine.whatif.draws import Purpose, picks, shuffled
from engine.whatif.rounding import share_of
from engine.whatif.steps import Between, ResampleDemand, ScaleDemand, ShiftDemand


def scale_demand(case: Case, step: ScaleDemand) -> Case:
    """Take every order as often as the whole part of the factor, and drawn ones once more."""
    num_orders = len(case.orders.ids)
    times = np.full(num_orders, int(step.factor), np.int64)
    more = share_of(num_orders, step.factor % 1)
    times[shuffled(num_orders, step.seed, Purpose.SCALE)[:more]] += 1
    return take_orders(case, np.repeat(np.arange(num_orders), times))


def resample_demand(case: Case, step: ResampleDemand) -> Case:
    """Draw as many orders as there are; each stands where the one it is drawn from stood."""
    return _resampled(case, step.seed, Purpose.RESAMPLE)


def replicated(case: Case, number: int, seed: int) -> Case:
    """Return the case with orders drawn for a replication; for 0 as it is."""
    return _resampled(case, seed, number, Purpose.REPLICATE) if number else case


def _resampled(case: Case, *seed: int) -> Case:
    num_orders = len(case.orders.ids)
    return take_orders(case, np.sort(picks(num_orders, num_orders, *seed)))


def shift_demand(case: Case, step: ShiftDemand) -> Case:
    """Give orders the destination, stock and sales channel of orders from elsewhere."""
    givers = np.flatnonzero(_of_area(case, step.from_, "from"))
    donors = np.flatnonzero(_of_area(case, step.to, "to"))
    count = share_of(len(givers), step.share)
    moved = givers[shuffled(len(givers), step.seed, Purpose.SHIFT)[:count]]
    rows = np.arange(len(case.orders.ids))
    rows[moved] = donors[picks(len(donors), count, step.seed, Purpose.DONOR)]
    headers = case.orders.headers
    headers = headers._replace(
        stock=frozen(headers.stock[rows]),
        destinations=headers.destinations._replace(
            of_order=frozen(headers.destinations.of_order[rows])
        ),
        areas=headers.areas._replace(of_order=frozen(headers.areas.of_order[rows])),
    )
    details = case.details.take(pa.array(rows))
    details = details.set_column(0, details.field(0), case.details["created_at"])
    return case._replace(orders=replace(case.orders, headers=headers), details=details)


def between(case: Case, step: Between) -> Case:
    """Keep orders created on some days, the last one included; UTC where they have no offset."""
    created = case.details["created_at"]
    days = created.cast(pa.timestamp(created.type.unit)).cast(pa.date32(), safe=False)
    inside = pc.and_(
        pc.greater_equal(days, pa.scalar(step.start)), pc.less_equal(days, pa.scalar(step.end))
    )
    rows = np.flatnonzero(np.asarray(pc.fill_null(inside, False)))
    if not len(rows):
        raise ScenarioError(f"no order was created from {step.start} to {step.end}; {_range(days)}")
    return take_orders(case, rows)


def _range(days: pa.ChunkedArray) -> str:
    found: dict[str, date | None] = pc.min_max(days).as_py()
    if found["min"] is None:
        return "orders have no created_at" if len(days) else "there are no orders"
    return f"orders are from {found['min']} to {found['max']}"


def _of_area(case: Case, area: str, what: str) -> BoolArray:
    """(num_orders,) whether orders go to a country, or to a region of it: ``US/CA``."""
    country, _, region = area.partition("/")
    countries = fold_country(case.details["country_id"])
    wanted = fold_country(pa.array([country]))[0]
    found = np.asarray(pc.fill_null(pc.equal(countries, wanted), False)).copy()
    if not found.any():
        raise unknown(f"{what}: country", country, text_values(countries))
    if region:
        regions = case.details["region"]
        name = fold_name(pa.array([region]))[0]
        inside = np.asarray(pc.fill_null(pc.equal(fold_name(regions), name), False))
        if not (found & inside).any():
            known = text_values(regions.filter(pa.array(found)))
            raise unknown(f"{what}: region of orders to {country}", region, known)
        found &= inside
    return found
