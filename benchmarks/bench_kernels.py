"""The two deduction kernels alone, on one thread: 1M lines of 1M SKUs from 50 sources.

Compiled, and with buffers that were written to, before the clock starts.
"""

from functools import partial
from typing import Any

import pytest
from cases import CASES, files

from engine.algorithms.priority import Priority
from engine.clock import Clock
from engine.folders import read_run
from engine.selection.deduction import _empty_picks, _lines, places_of
from engine.selection.layouts import Layout, PackedLayout, PlainLayout
from engine.selection.ranking import stock_blocks, stock_ranks

ALGORITHMS = {"priority": False, "distance": True}
LAYOUTS = {
    "packed": PackedLayout,
    "plain": partial(PlainLayout, independent=False, include_zero=False),
}


@pytest.fixture(scope="module")
def case() -> Any:
    """Return the catalogue, and what the kernels are given besides quantities."""
    catalog, orders, _ = read_run(*files(CASES["1Mx1Mx50"]), quarantine=False, clock=Clock())
    num_lines = len(orders.skus)
    (block,) = stock_blocks(orders, stock_ranks(catalog, Priority()), orders.stock, 1 << 60)
    picks = _empty_picks(num_lines + len(catalog.item_rows), num_lines)
    places = places_of(catalog, orders.destinations)
    return catalog, (block.ranks, places, _lines(orders, block)), picks


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_deduct(benchmark: Any, case: Any, layout: str, algorithm: str) -> None:
    catalog, given, picks = case

    def fresh() -> Any:
        return (LAYOUTS[layout](catalog),), {}

    def deduct(quantities: Layout) -> int:
        return quantities.deduct(*given, ALGORITHMS[algorithm], picks)

    assert benchmark.pedantic(deduct, setup=fresh, rounds=5, warmup_rounds=1) >= 10**6
