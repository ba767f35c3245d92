"""The keys of source items, found once for their checks and for the catalogue."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.texts import Numbered, number_keys
from engine.tables.whole import whole
from engine.types import IndexArray, IntArray


class ItemKeys(NamedTuple):
    """Source items by SKU and source, all keys given.

    ``skus`` and ``sources`` number the keys of each row; ``rows`` is (num_rows,) by SKU number,
    then source_code in byte order, and those of SKU ``s`` are ``rows[offsets[s]:offsets[s + 1]]``.
    """

    skus: Numbered
    sources: Numbered
    rows: IntArray
    offsets: IntArray

    @property
    def is_unique(self) -> bool:
        """Whether no two rows have the same keys."""
        source = self.sources.of_row[self.rows]
        same = source[1:] == source[:-1]
        same &= self.skus.of_row[self.rows[1:]] == self.skus.of_row[self.rows[:-1]]
        return not same.any()


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
    rows, ranked = (np.empty(len(skus), np.int64) for _ in range(2))
    offsets = np.empty(num_skus + 1, np.int64)
    of_source: IndexArray = rank[by_source.of_row]
    group_rows(of_source, np.arange(len(skus)), np.empty(len(codes) + 1, np.int64), ranked)
    group_rows(by_sku.of_row, ranked, offsets, rows)
    return ItemKeys(by_sku, by_source, rows, offsets)
