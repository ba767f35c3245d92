"""When orders are served: the batches of a horizon, day by day."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.errors import ScenarioError
from engine.tables.times import TICKS
from engine.tables.whole import whole
from engine.types import IntArray
from engine.whatif.case import Case

_HOUR = 3_600 * 10**6
DAY = 24 * _HOUR
"""In microseconds."""
_MOST_DAYS = 36_525
"""A hundred years: beyond are dates that stand for none, and tables with rows for each day."""


class Calendar(NamedTuple):
    """Days and batches.

    ``first`` is the first day, in days since 1970-01-01, and ``days`` how many there are;
    ``day`` is (num_orders,): the day of the first batch that an order is in, from 0;
    ``rows`` are the orders batch by batch, those of batch ``b`` are
    ``rows[offsets[b]:offsets[b + 1]]``, and ``batch_day`` (num_batches,) is its day.
    """

    first: int
    days: int
    day: IntArray
    rows: IntArray
    offsets: IntArray
    batch_day: IntArray

    def batches(self, day: int) -> Iterator[IntArray]:
        """Yield the orders that are new to each batch of a day; at least one batch is there."""
        first, last = np.searchsorted(self.batch_day, [day, day + 1]).tolist()
        for batch in range(first, last):
            yield self.rows[self.offsets[batch] : self.offsets[batch + 1]]


def calendar_of(case: Case) -> Calendar:
    """Say which orders each batch is the first to serve; without a horizon there is one batch.

    Raises
    ------
    ScenarioError
        If an order has no ``created_at``, or a century is not enough.
    """
    num_orders = len(case.orders.ids)
    rows = np.arange(num_orders)
    if case.horizon is None:
        return Calendar(0, 1, np.zeros(num_orders, np.int64), rows, np.array([0, num_orders]), _ONE)
    time = created(case)
    if not num_orders:
        return Calendar(0, 0, rows, rows, np.zeros(1, np.int64), rows)
    width = case.horizon.hours * _HOUR
    first = int(time.min()) // DAY
    window = (time - first * DAY) // width
    day = ((window + 1) * width - 1) // DAY
    days = int(day.max()) + 1
    if days > _MOST_DAYS:
        begin, end = np.array([first, first + days - 1], "datetime64[D]").tolist()
        raise ScenarioError(
            f"a horizon lasts at most {_MOST_DAYS:,} days; orders are from {begin} to {end}: "
            "correct their created_at, or leave some out"
        )
    # Batches run whether orders are new or not: what waits is tried again.
    num_batches = -(-days * DAY // width)
    batch_day = ((np.arange(num_batches) + 1) * width - 1) // DAY
    by_time = case.horizon.every == "order"
    rows = np.lexsort((_ticks(case.details["created_at"]), window) if by_time else (window,))
    offsets = np.searchsorted(window[rows], np.arange(num_batches + 1))
    return Calendar(first, days, day, rows, offsets, batch_day)


_ONE = np.zeros(1, np.int64)


def created(case: Case) -> IntArray:
    """(num_orders,) microseconds since 1970-01-01 UTC."""
    column = case.details["created_at"]
    if column.null_count:
        raise ScenarioError(
            f"a horizon needs created_at of every order; {column.null_count:,} of "
            f"{len(column):,} orders have none"
        )
    return as_micros(column)


def as_micros(column: pa.ChunkedArray) -> IntArray:
    """(n,) times without null in whole microseconds since 1970-01-01 UTC, rounded down."""
    ticks = TICKS[column.type.unit]
    if ticks > TICKS["us"]:
        # Arrow rounds towards 1970, and so to another day before it.
        return _ticks(column) // (ticks // TICKS["us"])
    return _ticks(column) * (TICKS["us"] // ticks)


def _ticks(column: pa.ChunkedArray) -> IntArray:
    return np.asarray(whole(column.cast(pa.int64())))
