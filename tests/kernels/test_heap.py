"""The heap gives its columns back in order."""

import numba
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels import heap as module

# Helpers have no entry for Python.
bring_next, drop_lowest, heapify = (
    numba.njit(getattr(helper, "py_func", helper))
    for helper in (module.bring_next, module.drop_lowest, module.heapify)
)
NUMBERS = st.one_of(st.integers(0, 3), st.integers(-(2**63), 2**63 - 1))


columns_of = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=40)
SPARE = 3


def filled(columns):
    """The columns, and some room behind them that nobody may touch."""
    heap = np.full((2, len(columns) + SPARE), 7)
    heap[:, : len(columns)] = np.array(columns, np.int64).reshape(-1, 2).T
    return heap


@given(columns_of)
def test_drop_lowest_gives_the_columns_in_order(columns):
    heap = filled(columns)
    heapify(heap, len(columns))
    found = []
    for count in range(len(columns), 0, -1):
        found.append((int(heap[0, 0]), int(heap[1, 0])))
        drop_lowest(heap, count)
    assert found == sorted(columns)
    assert (heap[:, len(columns) :] == 7).all()


@given(columns_of)
def test_bring_next_gives_the_columns_in_order(columns):
    heap = filled(columns)
    found = []
    for taken in range(len(columns)):
        bring_next(heap, len(columns), taken)
        found.append((int(heap[0, 0]), int(heap[1, 0])))
    assert found == sorted(columns)
    assert (heap[:, len(columns) :] == 7).all()
