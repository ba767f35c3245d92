"""Fetching ahead changes nothing and needs no element to be there."""

import numpy as np
import pytest

from engine.kernels.jit import jit
from engine.kernels.prefetch import prefetch


@jit
def _sum_fetching(values, ahead):
    total = 0
    for at in range(len(values)):
        prefetch(values, at + ahead)
        total += values[at]
    return total


@pytest.mark.parametrize("dtype", [np.int64, np.int32])
@pytest.mark.parametrize("ahead", [0, 5, 1 << 40, -(1 << 40)])
def test_prefetch_changes_nothing(dtype, ahead):
    values = np.arange(100, dtype=dtype)
    assert _sum_fetching(values, ahead) == 4950
    assert values.tolist() == list(range(100))


@pytest.mark.needs_jit
def test_prefetch_becomes_an_instruction():
    _sum_fetching(np.arange(3), 1)
    assert "llvm.prefetch" in next(iter(_sum_fetching.inspect_llvm().values()))
