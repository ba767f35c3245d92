"""The orders that changed: what changed, and what each run did."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.comparison.matching import Differences, match
from engine.comparison.sides import (
    BothRows,
    Rows,
    Run,
    both_orders,
    both_rows,
    chosen_rows,
    filled_units,
    orders_of,
    without_labels,
)
from engine.comparison.words import Told, signed, why
from engine.tables.quantity import SUM_TYPE, units_to_decimal
from engine.types import BoolArray, IntArray

KINDS = (
    "only in A",
    "only in B",
    "more served",
    "less served",
    "other sources",
    "other quantities",
    "other reason",
)
"""What can have changed: the first that holds. ``docs/compare.md`` says when they do."""

_MOVING = ("more served", "less served", "other quantities")

CHANGES_SCHEMA = pa.schema(
    [
        ("order_id", pa.string()),
        ("change", pa.string()),
        ("qty_a", SUM_TYPE),
        ("qty_b", SUM_TYPE),
        ("sources_a", pa.list_(pa.string())),
        ("sources_b", pa.list_(pa.string())),
        ("reasons_a", pa.list_(pa.string())),
        ("reasons_b", pa.list_(pa.string())),
        ("why", pa.string()),
    ]
)
"""The table of the changed orders; ``order_id`` has the type that it has in the runs."""


class Changes(NamedTuple):
    """The changed orders as a table, how many orders there are in all, and how many of a kind."""

    table: pa.Table
    num_orders: int
    counts: dict[str, int]


class _Sets(NamedTuple):
    """The labels of each changed order, as rising numbers: place of the order * labels + label."""

    numbers: IntArray
    labels: pa.Array


def find_changes(a: Run, b: Run) -> Changes:
    """Find the orders that two runs served differently.

    Raises
    ------
    OutputError
        If the tables of a run do not go together.
    """
    orders = both_orders(a, b)
    num_orders = len(orders.ids)
    given = both_rows(a, b, orders, "allocations", "source_code", "qty_to_deduct")
    lacking = both_rows(a, b, orders, "shortfalls", "reason", "qty_short")
    other_given, other_lack = (match(rows.a, rows.b) for rows in (given, lacking))
    changed_given = _orders_with(given, other_given, num_orders)
    changed_lack = _orders_with(lacking, other_lack, num_orders)
    alone = (orders.rows_a < 0) | (orders.rows_b < 0)
    changed = np.flatnonzero(changed_given | changed_lack | alone)

    place = np.full(num_orders, -1, np.int64)
    place[changed] = np.arange(len(changed))
    sources_a, sources_b = (_sets(given, own, place) for own in (given.a, given.b))
    reasons_a, reasons_b = (_sets(lacking, own, place) for own in (lacking.a, lacking.b))
    was_short = _sets(lacking, chosen_rows(lacking.a, other_lack.in_a), place)
    now_short = _sets(lacking, chosen_rows(lacking.b, other_lack.in_b), place)
    short = without_labels(lacking)
    other_short = _orders_with(short, match(short.a, short.b), num_orders)
    served_a, served_b = (
        _units(run, "qty_allocated", rows[changed])
        for run, rows in ((a, orders.rows_a), (b, orders.rows_b))
    )
    kinds = _kinds(
        orders.rows_a[changed] >= 0,
        orders.rows_b[changed] >= 0,
        served_b - served_a,
        _symmetric_difference(sources_a, sources_b, len(changed)),
        (changed_given | other_short)[changed],
    )

    def lists(sets: _Sets) -> pa.Array:
        return _lists(sets, len(changed))

    # Where sources came or went it is said which; else by how much they give more or less.
    is_moved = np.isin(kinds, [KINDS.index(kind) for kind in _MOVING])
    place[changed[~is_moved]] = -1
    told = Told(
        kinds=kinds,
        lost=lists(_without(sources_a, sources_b)),
        gained=lists(_without(sources_b, sources_a)),
        was_short=lists(was_short),
        now_short=lists(now_short),
        moved=_moved(given, place, len(changed)),
        served=served_a > 0,
        ordered_a=_units(a, "qty", orders.rows_a[changed]),
        ordered_b=_units(b, "qty", orders.rows_b[changed]),
    )
    ids = orders.ids.take(pa.array(changed))
    table = pa.table(
        [
            ids,
            pa.array(KINDS).take(pa.array(kinds)),
            units_to_decimal(served_a, SUM_TYPE, null=orders.rows_a[changed] < 0),
            units_to_decimal(served_b, SUM_TYPE, null=orders.rows_b[changed] < 0),
            *map(lists, (sources_a, sources_b, reasons_a, reasons_b)),
            why(told, KINDS),
        ],
        schema=CHANGES_SCHEMA.set(0, pa.field("order_id", ids.type)),
    )
    return Changes(table, num_orders, _counts(kinds))


def _orders_with(rows: BothRows, differ: Differences, num_orders: int) -> BoolArray:
    """(num_orders,) whether an order has rows that differ."""
    changed = np.zeros(num_orders, bool)
    changed[orders_of(rows.a, rows.radix)[differ.in_a]] = True
    changed[orders_of(rows.b, rows.radix)[differ.in_b]] = True
    return changed


def _sets(rows: BothRows, own: Rows, place: IntArray) -> _Sets:
    """Return the distinct labels of each changed order; ``place`` is -1 for all others."""
    numbers, _ = _numbered(rows, own, place)
    # Nearly in sequence, a stable sort is ten times as fast as np.unique.
    numbers.sort(kind="stable")
    return _Sets(numbers[_is_first(numbers)], rows.labels)


def _numbered(rows: BothRows, own: Rows, place: IntArray) -> tuple[IntArray, IntArray]:
    """Return place * labels + label, and the units, of the rows of orders that have a place."""
    where = place[orders_of(own, rows.radix)]
    chosen = where >= 0
    labels = own.keys[chosen] % rows.radix.labels
    return where[chosen] * rows.radix.labels + labels, own.units[chosen]


def _is_first(numbers: IntArray) -> BoolArray:
    """(count,) whether a number differs from the one before it."""
    first = np.ones(len(numbers), bool)
    first[1:] = numbers[1:] != numbers[:-1]
    return first


def _without(a: _Sets, b: _Sets) -> _Sets:
    """Return what is in the sets of A and not in those of B."""
    at = np.searchsorted(b.numbers, a.numbers)
    missing = np.append(b.numbers, -1)[at] != a.numbers
    return _Sets(a.numbers[missing], a.labels)


def _lists(sets: _Sets, count: int, ends: pa.Array | None = None) -> pa.Array:
    """(count,) list of labels in byte order, each with its end if ends are given."""
    num_labels = max(len(sets.labels), 1)
    offsets = np.searchsorted(sets.numbers, np.arange(count + 1) * num_labels)
    names = sets.labels.take(pa.array(sets.numbers % num_labels))
    if ends is not None:
        names = pc.binary_join_element_wise(names, ends, " ")
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), names)


def _symmetric_difference(a: _Sets, b: _Sets, count: int) -> BoolArray:
    """(count,) whether an order's sets differ."""
    differ = np.zeros(count, bool)
    for one, other in ((a, b), (b, a)):
        differ[_without(one, other).numbers // max(len(a.labels), 1)] = True
    return differ


def _moved(rows: BothRows, place: IntArray, count: int) -> pa.Array:
    """(count,) list of how much more or less each source gives, such as ``lyon +4``."""
    (of_a, given_a), (of_b, given_b) = (_numbered(rows, own, place) for own in (rows.a, rows.b))
    numbers, more = np.concatenate([of_a, of_b]), np.concatenate([-given_a, given_b])
    order = np.argsort(numbers, kind="stable")
    numbers, more = numbers[order], more[order]
    first = _is_first(numbers)
    total = np.add.reduceat(more, np.flatnonzero(first)) if len(more) else more
    moved = _Sets(numbers[first][total != 0], rows.labels)
    return _lists(moved, count, signed(total[total != 0]))


def _units(run: Run, column: str, rows: IntArray) -> IntArray:
    """(num_changed,) quantities of orders, 1e-4 units; 0 where the run has not the order."""
    units = np.append(filled_units(run, "orders", column), 0)
    return units[rows]


def _kinds(
    in_a: BoolArray, in_b: BoolArray, more: IntArray, other_sources: BoolArray, other: BoolArray
) -> IntArray:
    """(num_changed,) index of each order's kind in `KINDS`."""
    holds = [~in_b, ~in_a, more > 0, more < 0, other_sources, other]
    return np.select(holds, range(len(holds)), len(holds))


def _counts(kinds: IntArray) -> dict[str, int]:
    """Return how many orders are of each kind that occurs, the most frequent first."""
    counts = np.bincount(kinds, minlength=len(KINDS)).tolist()
    found = [(kind, count) for kind, count in zip(KINDS, counts, strict=True) if count]
    return dict(sorted(found, key=lambda it: -it[1]))
