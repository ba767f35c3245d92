"""What each source ships of each order item, and whether a call to Magento can say so."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.fold import fold_sku
from engine.tables.quantity import column_units, decimal_to_units
from engine.tables.whole import whole
from engine.types import QTY_SCALE, BoolArray, IntArray

REASONS = ("no_entity_id", "zero_qty_per_item", "not_whole", "parts_differ")
"""Why an order item is left out; the first that holds is given."""


class Lines(NamedTuple):
    """Lines of orders by order, those of one order as they came.

    ``order`` is (num_lines,): which of the orders; ``item`` and ``per`` are order item and
    quantity per item in 1e-4 units, -1 where not given; ``skus`` are folded.
    """

    order: IntArray
    item: IntArray
    per: IntArray
    skus: pa.Array


def positions(ids: pa.Array, of: pa.Array) -> IntArray:
    """(num_ids,) where each id stands among those of orders; -1 where it does not."""
    are_numbers = pa.types.is_signed_integer(ids.type) and pa.types.is_signed_integer(of.type)
    kind = pa.int64() if are_numbers else pa.string()
    found = pc.index_in(ids.cast(kind), of.cast(kind), skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1)).astype(np.int64)


def lines_of(table: pa.Table, order: IntArray) -> Lines:
    """Return those of some checked lines that belong to an order; ``order`` is -1 for others."""
    rows = np.flatnonzero(order >= 0)
    table = table.take(pa.array(rows))
    per = decimal_to_units(whole(table["qty_per_item"]))
    return Lines(
        order[rows],
        np.asarray(table["order_item_id"]),
        np.asarray(pc.fill_null(per, -1)),
        whole(fold_sku(table["sku"])),
    )


def in_sequence(parts: Sequence[Lines]) -> Lines:
    """Return all lines of some orders, by order, those of one order as they came."""
    nothing = np.empty(0, np.int64)
    order, item, per = (np.concatenate([nothing, *(part[at] for part in parts)]) for at in range(3))
    rows = np.argsort(order, kind="stable")
    skus = pa.concat_arrays([pa.array([], pa.string()), *(part.skus for part in parts)])
    return Lines(order[rows], item[rows], per[rows], skus.take(pa.array(rows)))


class _Given(NamedTuple):
    """What a source gives to a line, each pair once and some of it.

    ``first`` is (num_given,): the first allocation of each.
    """

    line: IntArray
    source: IntArray
    units: IntArray
    first: IntArray


class _Groups(NamedTuple):
    """The order items: each has one or more lines.

    ``of_line`` is (num_lines,); the others are (num_groups,): ``line`` the first line, ``size``
    how many, ``are_parts`` whether these ship together, ``has_zero`` whether one has a quantity
    per item of 0.
    """

    of_line: IntArray
    line: IntArray
    size: IntArray
    are_parts: BoolArray
    has_zero: BoolArray


class Cells(NamedTuple):
    """What a source ships of an order item: (num_cells,) each, each pair once.

    ``line`` is one of the item's lines, the same at all sources. ``units`` are those of the item;
    ``first`` is the first allocation. ``reason`` is the place in `REASONS` of why that cannot be
    told, or their number. ``codes`` is (num_sources,).
    """

    line: IntArray
    source: IntArray
    units: IntArray
    first: IntArray
    reason: IntArray
    codes: pa.Array


def cells_of(allocations: pa.Table, ids: pa.Array, lines: Lines) -> Cells:
    """Return what each source ships of each order item.

    Parameters
    ----------
    allocations
        Of some orders.
    ids
        (num_orders,) their ids.
    lines
        All of their lines.
    """
    codes = whole(allocations["source_code"]).dictionary_encode()
    given = _given(allocations, ids, lines, codes)
    groups = _groups(lines)
    return _cells(given, groups, lines, codes.dictionary)


def _given(allocations: pa.Table, ids: pa.Array, lines: Lines, codes: pa.Array) -> _Given:
    units = column_units(allocations, "qty_to_deduct")
    order = positions(whole(allocations["order_id"]), ids)
    begins = np.searchsorted(lines.order, np.arange(len(ids)))
    line = begins[order] + np.asarray(allocations["line"])
    source = np.asarray(codes.indices).astype(np.int64)
    rows = np.flatnonzero(units)
    rows = rows[np.argsort(line[rows] * len(codes.dictionary) + source[rows], kind="stable")]
    starts = starts_of(line[rows], source[rows])
    at = rows[starts]
    return _Given(line[at], source[at], np.add.reduceat(units[rows], starts), at)


def _groups(lines: Lines) -> _Groups:
    by = np.lexsort((lines.item, lines.order))
    starts = starts_of(lines.order[by], lines.item[by])
    size = np.diff(starts, append=len(by))
    of_line = np.empty(len(by), np.int64)
    of_line[by] = np.repeat(np.arange(len(starts)), size)
    are_parts = np.bincount(of_line, lines.per >= 0, len(starts)) > 0
    has_zero = np.bincount(of_line, lines.per == 0, len(starts)) > 0
    # Few share an order item; their SKUs are looked at.
    shared = np.flatnonzero(size[of_line] > 1)
    skus = np.asarray(lines.skus.take(pa.array(shared)).dictionary_encode().indices)
    first, last = np.full(len(starts), len(shared)), np.full(len(starts), -1)
    np.minimum.at(first, of_line[shared], skus)
    np.maximum.at(last, of_line[shared], skus)
    return _Groups(of_line, by[starts], size, are_parts | (first < last), has_zero)


def _cells(given: _Given, groups: _Groups, lines: Lines, codes: pa.Array) -> Cells:
    group = groups.of_line[given.line]
    by = np.argsort(group * len(codes) + given.source, kind="stable")
    group, source = group[by], given.source[by]
    per = lines.per[given.line[by]]
    per[per < 0] = QTY_SCALE
    per[per == 0] = QTY_SCALE  # and left out below
    made, rest = np.divmod(given.units[by] * QTY_SCALE, per)
    # Magento cuts the numbers of bundles down to whole ones.
    is_set = groups.are_parts[group] & ((per != QTY_SCALE) | (groups.size[group] > 1))
    is_broken = (rest > 0) | (is_set & (made % QTY_SCALE > 0))
    starts = starts_of(group, source)
    counts = np.diff(starts, append=len(by))
    group, source = group[starts], source[starts]
    fewest, most = (extreme.reduceat(made, starts) for extreme in (np.minimum, np.maximum))
    are_parts = groups.are_parts[group]
    differ = are_parts & ((fewest < most) | (counts < groups.size[group]))
    wrong = (groups.has_zero[group], np.logical_or.reduceat(is_broken, starts), differ)
    units = np.where(are_parts, fewest, np.add.reduceat(made, starts))
    first = np.minimum.reduceat(given.first[by], starts)
    reason = np.select(wrong, [1, 2, 3], len(REASONS))
    return Cells(groups.line[group], source, units, first, reason, codes)


def starts_of(major: IntArray, minor: IntArray) -> IntArray:
    """Return where, in sorted rows, each pair begins."""
    differs = (major[1:] != major[:-1]) | (minor[1:] != minor[:-1])
    return np.flatnonzero(np.append(len(major) > 0, differs))
