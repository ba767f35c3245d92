"""Grouping by counting is a sort."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.grouping import group_rows


def grouped(groups, ranks):
    offsets, rows = np.empty(6, np.int64), np.empty(len(groups), np.int64)
    ranks = np.array(ranks, np.int32)
    is_unique = group_rows(np.array(groups, np.int32), ranks, offsets, rows)
    return offsets.tolist(), rows.tolist(), bool(is_unique)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0, 1, 2, 7, 2**31 - 1]))))
def test_group_rows_is_a_sort(pairs):
    groups, ranks = ([pair[at] for pair in pairs] for at in (0, 1))
    offsets, rows, is_unique = grouped(groups, ranks)
    assert rows == sorted(range(len(pairs)), key=pairs.__getitem__)
    assert offsets == [sum(at < upto for at in groups) for upto in range(6)]
    assert is_unique == (len(set(pairs)) == len(pairs))


def test_group_rows_of_one_large_group():
    ranks = np.random.default_rng(1).permutation(3_000).tolist()
    _, rows, _ = grouped([2] * len(ranks), ranks)
    assert rows == np.argsort(ranks).tolist()
