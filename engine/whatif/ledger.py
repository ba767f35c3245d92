"""What batches come to: where units went, from where, how far and when."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.earth import MM_PER_KM
from engine.orders import OrderSet
from engine.selection.deduction import Deduction
from engine.selection.totals import OrderTotals
from engine.types import BoolArray, FloatArray, IndexArray, IntArray
from engine.whatif.case import Case

CLASSES_KM = (0, 25, 50, 100, 200, 400, 800, 1600, 3200, 6400)
"""Where the classes of distances begin."""

_EDGES_MM = np.array(CLASSES_KM[1:]) * MM_PER_KM


class Areas(NamedTuple):
    """The places that orders go to, a country and region each.

    ``names`` are (num_areas,) pairs, None where orders give none; ``of_order`` is (num_orders,);
    ``positions`` is (num_areas, 2) mean latitude and longitude, NaN where not located.
    """

    names: list[tuple[str | None, str | None]]
    of_order: IndexArray
    positions: FloatArray


class Ledger:
    """Adds up what sources ship.

    Parameters
    ----------
    case
        The case that is run.

    Attributes
    ----------
    areas
        The places that its orders go to.
    shipments, units
        (num_sources, num_areas); units in 1e-4.
    by_distance
        (2, num_classes + 1) shipments and units; the last class is of unknown distance.
    """

    def __init__(self, case: Case) -> None:
        self.areas = _areas_of(case)
        shape = case.catalog.sources.num_rows, len(self.areas.names)
        self.shipments, self.units = np.zeros((2, *shape), np.int64)
        self.by_distance = np.zeros((2, len(CLASSES_KM) + 1), np.int64)

    def add(
        self,
        rows: IntArray,
        orders: OrderSet,
        done: Deduction,
        totals: OrderTotals,
        mm: IntArray,
    ) -> None:
        """Count a batch in.

        Parameters
        ----------
        rows
            (num_batch_orders,) which orders of the case are in it.
        orders, done, totals
            These orders, and what was decided.
        mm
            (num_picks,) distance in mm, -1 where not known.
        """
        opens = totals.opens_shipment
        area = self.areas.of_order[rows][orders.order_of_line[done.lines]]
        np.add.at(self.shipments, (done.sources[opens], area[opens]), 1)
        np.add.at(self.units, (done.sources, area), done.quantity)
        band = np.where(mm < 0, len(CLASSES_KM), np.searchsorted(_EDGES_MM, mm, side="right"))
        np.add.at(self.by_distance[0], band[opens], 1)
        np.add.at(self.by_distance[1], band, done.quantity)


def _areas_of(case: Case) -> Areas:
    names = case.details.select(["country_id", "region"]).combine_chunks()
    number = np.zeros(names.num_rows, np.int64)
    for name in names.column_names:
        codes = pc.fill_null(pc.dictionary_encode(names[name]).combine_chunks().indices, -1)
        codes = np.asarray(codes).astype(np.int64)
        number = number * (codes.max(initial=0) + 2) + codes + 1
    _, first, of_order = np.unique(number, return_index=True, return_inverse=True)
    pairs = names.take(pa.array(first))
    listed = zip(pairs["country_id"].to_pylist(), pairs["region"].to_pylist(), strict=True)
    return Areas(
        list(listed), of_order.astype(np.int32), _mean_places(case.orders, of_order, len(first))
    )


def _mean_places(orders: OrderSet, area: IntArray, num_areas: int) -> FloatArray:
    """(num_areas, 2) latitude and longitude of the middle of the orders of each area."""
    places = orders.destinations.positions[orders.destinations.of_order]
    known = ~np.isnan(places[:, 0])
    sums = [np.bincount(area[known], axis[known], num_areas) for axis in places.T]
    middle = np.column_stack(sums).astype(np.float64)
    return on_globe(middle, np.abs(middle).max(axis=1) > 1e-9)


def on_globe(points: FloatArray, located: BoolArray) -> FloatArray:
    """(n, 2) latitude and longitude in degrees of (n, 3) directions; NaN where not located."""
    x, y, z = points.T
    degrees = np.degrees(np.column_stack([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)]))
    # Six decimals, 0.1 m: what is beyond them differs from one machine to the next.
    return np.where(located[:, None], np.round(degrees, 6), np.nan)
