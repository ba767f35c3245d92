"""Grouping by counting is a stable sort."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.grouping import group_rows


@given(st.lists(st.integers(0, 4)), st.randoms(use_true_random=False))
def test_group_rows_is_a_stable_sort(groups, shuffle):
    group = np.array(groups, np.int32)
    order = list(range(len(groups)))
    shuffle.shuffle(order)
    offsets, rows = np.empty(6, np.int64), np.empty(len(groups), np.int64)
    group_rows(group, np.array(order, np.int64), offsets, rows)
    assert rows.tolist() == sorted(order, key=groups.__getitem__)
    assert offsets.tolist() == [sum(at < upto for at in groups) for upto in range(6)]
