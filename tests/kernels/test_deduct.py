"""The plain kernel against the definition, and what both do case by case."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.kernels import packed
from engine.kernels.deduct import deduct_orders
from engine.kernels.packing import pack, unpack
from engine.types import Reason
from tests.kernels.deduction import (
    UNTOUCHED,
    capacity_of,
    one_sku,
    outcome,
    plain,
    problems,
    run,
    told,
)
from tests.schemas import to_arrow
from tests.strategies import cases


@given(problems(), st.booleans(), st.booleans(), st.booleans())
def test_deduct_orders_equals_definition(problem, by_distance, independent, include_zero):
    ranks, places, skus, lines, items = problem
    modes = by_distance, independent, include_zero
    count, picks, spent = run(ranks, places, skus, lines, *modes, items)
    assert told(count, picks, spent) == plain(ranks, places, skus, lines, *modes, items)
    assert count <= capacity_of(lines, items, include_zero)
    assert all((column[count:] == UNTOUCHED).all() for column in picks[:4])


def test_deduct_orders_fills_its_capacity():
    problem = one_sku([5, 0, 3], [1, 0, 9])
    picks, *_ = outcome(problem, include_zero=True)
    assert len(picks) == capacity_of(*problem[3:], True) == 9
    problem = one_sku([5, 1, 3], [1, 1, 2, 4])
    picks, *_ = outcome(problem)
    assert len(picks) == capacity_of(*problem[3:], False) - 1 == 6


def test_deduct_orders_takes_the_best_ranked_source_first():
    picks, rest, spent = outcome(one_sku([5, 5, 5], [7], ranks=[2, 0, 1]))
    assert picks == [(0, 1, 5, 5), (0, 2, 2, 5)]
    assert rest.short.tolist() == [0]
    assert spent.quantity.tolist() == [5, 0, 3]
    assert spent.in_stock.tolist() == [1, 0, 1]


def test_deduct_orders_leaves_an_emptied_item_in_stock_until_the_order_ends():
    picks, rest, _ = outcome(one_sku([5], [5, 1]), include_zero=True)
    assert picks == [(0, 0, 5, 5), (1, 0, 0, 0)]
    assert rest.reason.tolist() == [Reason.NONE, Reason.INSUFFICIENT_QTY]
    picks, rest, _ = outcome(one_sku([5], [5, 1], orders=2), include_zero=True)
    assert picks == [(0, 0, 5, 5)]
    assert rest.reason.tolist() == [Reason.NONE, Reason.OUT_OF_STOCK]


def test_deduct_orders_leaves_an_emptied_item_with_backorders_in_stock():
    _, rest, spent = outcome(one_sku([5], [5, 1], backorders=1, orders=2))
    assert spent.in_stock.tolist() == [1]
    assert rest.reason.tolist() == [Reason.NONE, Reason.INSUFFICIENT_QTY]


def test_deduct_orders_leaves_reserved_units():
    picks, rest, spent = outcome(one_sku([5, 2, -4], [9], reserved=[3, 9, 0]))
    assert picks == [(0, 0, 2, 2)]
    assert rest.short.tolist() == [7]
    assert spent.quantity.tolist() == [3, 2, -4]
    assert spent.in_stock.tolist() == [1, 1, 1]


def test_deduct_orders_takes_all_of_an_unmanaged_sku_from_the_first_source():
    picks, rest, spent = outcome(one_sku([-1, 5], [9], managed=0, reserved=[4, 4]))
    assert picks == [(0, 0, 9, -1)]
    assert rest.short.tolist() == [0]
    assert spent.quantity.tolist() == [-1, 5]


def test_deduct_orders_gives_back_what_independent_orders_took():
    problem = one_sku([5, 5], [7, 7], orders=2)
    picks, _, spent = outcome(problem, independent=True)
    assert picks == [(0, 0, 5, 5), (0, 1, 2, 5), (1, 0, 5, 5), (1, 1, 2, 5)]
    assert spent.quantity.tolist() == [5, 5]
    assert spent.in_stock.tolist() == [1, 1]


@pytest.mark.needs_jit
@given(cases(), st.sampled_from(["sequential", "independent"]), st.booleans())
@settings(max_examples=40)
def test_deduct_orders_is_compiled_for_one_signature(case, mode, include_zero):
    tables = to_arrow(case)
    orders, lines = tables.pop("orders", None), tables.pop("order_lines")
    catalog = engine.Catalog.from_tables(tables)
    engine.allocate(catalog, orders, lines, mode=mode, include_zero=include_zero)
    outcome(one_sku([5], [5]))
    # All tests share the kernels: those of this room, too, must call them as the engine does.
    for kernel in (deduct_orders, packed.deduct_orders, pack, unpack):
        assert len(kernel.signatures) == 1, kernel


def test_deduct_orders_of_many_short_lines_from_many_sources():
    rng = np.random.default_rng(3)
    quantity, ranks = rng.integers(-2, 4, 500).tolist(), rng.permutation(500)
    picks, rest, spent = outcome(one_sku(quantity, [7] * 200, ranks=ranks, orders=200))
    assert sum(given for _, _, given, _ in picks) == sum(held for held in quantity if held > 0)
    assert rest.short.sum() == 7 * 200 - sum(given for _, _, given, _ in picks)
    assert (spent.quantity <= 0).all()
