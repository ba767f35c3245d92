"""The keys of source items, found once for their checks and for the catalogue."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.texts import Numbered, number_keys
from engine.tables.whole import whole
from engine.types import IntArray


class ItemKeys(NamedTuple):
    """Source items by SKU and source, all keys given.

    ``skus`` and ``sources`` number the keys of each row; ``rows`` is (num_rows,) by SKU number,
    then source_code in byte order, and those of SKU ``s`` are ``rows[offsets[s]:offsets[s + 1]]``.
    ``is_unique`` says that no two rows have the same keys.
    """

    skus: Numbered
    sources: Numbered
    rows: IntArray
    offsets: IntArray
    is_unique: bool


def item_keys(table: pa.Table) -> ItemKeys | None:
    """Find the keys of canonical ``source_items``; None if a key is null."""
    from engine.kernels.grouping import group_rows

    skus, sources = (whole(table[name]) for name in ("sku", "source_code"))
    if skus.null_count or sources.null_count:
        return None
    by_sku = number_keys(skus, fold=True)
    by_source = number_keys(sources, fold=False)
    codes = sources.take(pa.array(by_source.keys.first_row))
    rank = np.empty(len(codes), np.int32)
    rank[np.asarray(pc.sort_indices(codes))] = np.arange(len(codes))
    num_skus = len(by_sku.keys.first_row)
    rows, offsets = np.empty(len(skus), np.int64), np.empty(num_skus + 1, np.int64)
    is_unique = group_rows(by_sku.of_row, rank[by_source.of_row], offsets, rows)
    return ItemKeys(by_sku, by_source, rows, offsets, is_unique)
