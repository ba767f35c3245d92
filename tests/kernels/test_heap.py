"""The heap gives its columns back in order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.heap import drop_lowest, heapify

NUMBERS = st.one_of(st.integers(0, 3), st.integers(-(2**63), 2**63 - 1))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=40), st.integers(0, 3))
def test_heap_gives_its_columns_in_order(columns, spare):
    heap = np.full((2, len(columns) + spare), 7)
    heap[:, : len(columns)] = np.array(columns, np.int64).reshape(-1, 2).T
    heapify(heap, len(columns))
    found = []
    for count in range(len(columns), 0, -1):
        found.append((int(heap[0, 0]), int(heap[1, 0])))
        drop_lowest(heap, count)
    assert found == sorted(columns)
    assert (heap[:, len(columns) :] == 7).all()
