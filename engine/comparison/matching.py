"""Which rows of two runs differ."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.comparison.sides import Rows, chosen_rows
from engine.tables.fold import fold_sku
from engine.types import BoolArray


class Differences(NamedTuple):
    """Flags of the rows of A and of B, True for those that the other run has not, or not so."""

    in_a: BoolArray
    in_b: BoolArray


def match(a: Rows, b: Rows) -> Differences:
    """Compare two sets of rows by key, units and SKU."""
    if np.array_equal(a.keys, b.keys):
        differ = _differ(a, b)
        return Differences(differ, differ)
    at = np.searchsorted(b.keys, a.keys)
    found = at < len(b.keys)
    found[found] = b.keys[at[found]] == a.keys[found]
    there = at[found]
    differ = _differ(chosen_rows(a, found), chosen_rows(b, there))
    in_a, in_b = np.ones(len(a.keys), bool), np.ones(len(b.keys), bool)
    in_a[found] = differ
    in_b[there] = differ
    return Differences(in_a, in_b)


def _differ(a: Rows, b: Rows) -> BoolArray:
    """(num_rows,) whether rows of the same key have other units or another SKU."""
    differ = a.units != b.units
    spelt = np.flatnonzero(np.asarray(pc.not_equal(a.skus, b.skus)))
    if len(spelt):  # rare: folding all SKUs would take longer than all the rest
        skus = (fold_sku(rows.skus.take(pa.array(spelt))) for rows in (a, b))
        differ[spelt] |= np.asarray(pc.not_equal(*skus))
    return differ
