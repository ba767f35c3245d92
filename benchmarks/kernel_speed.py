"""The kernels alone: ``python -m benchmarks.kernel_speed`` prints lines per second as JSON.

Everything is read and encoded, kernels are compiled and buffers have been written to before the
clock starts. Deduction runs on one thread; every round starts from the catalogue's quantities.
"""

import json
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.cases import CASES, Case, files
from engine.algorithms.priority import Priority
from engine.clock import Clock
from engine.folders import read_run
from engine.selection.deduction import Buffers, lines_of, places_of
from engine.selection.layouts import PackedLayout, PlainLayout
from engine.selection.ranking import stock_blocks, stock_ranks

CASE = CASES["1Mx1Mx50"]
ROUNDS = 7
BY_DISTANCE = {"priority": False, "distance": True}
LAYOUTS = {
    "packed": PackedLayout,
    "plain": partial(PlainLayout, independent=False, include_zero=False),
}


class Prepared(NamedTuple):
    """A case in memory: what the kernels are given, and buffers for what they write."""

    catalog: Any
    orders: Any
    given: tuple[Any, Any, Any]
    picks: Any


def prepare(case: Case) -> Prepared:
    """Read and encode a case."""
    run = read_run(*files(case), quarantine=False, clock=Clock())
    catalog, orders = run.catalog, run.orders
    num_lines = len(orders.skus)
    (block,) = stock_blocks(orders, stock_ranks(catalog, Priority()), orders.stock, 1 << 60)
    given = block.ranks, places_of(catalog, orders.destinations), lines_of(orders, block)
    picks = Buffers().make_room(num_lines + len(catalog.item_rows), num_lines)
    return Prepared(catalog, orders, given, picks)


def deduct(case: Prepared, quantities: Any, algorithm: str) -> int:
    """Serve all lines from fresh quantities; return how many picks that took."""
    return quantities.deduct(*case.given, BY_DISTANCE[algorithm], case.picks)


def main() -> None:
    """Print lines per second by algorithm, the median of some rounds after one to warm up."""
    case = prepare(CASE)
    speeds = {name: CASE.lines / median(_seconds(case, name)) for name in BY_DISTANCE}
    print(json.dumps(speeds))


def _seconds(case: Prepared, algorithm: str) -> list[float]:
    spent = []
    for _ in range(ROUNDS + 1):
        quantities = LAYOUTS["packed"](case.catalog)
        start = perf_counter()
        deduct(case, quantities, algorithm)
        spent.append(perf_counter() - start)
    return spent[1:]


if __name__ == "__main__":
    main()
