"""Runs in parts equal runs as a whole, and both layouts and both ways to a distance agree."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.algorithms.distance import Distance
from engine.algorithms.priority import Priority
from engine.catalog import Catalog
from engine.clock import Clock
from engine.selection import layouts, ranking
from engine.selection.by_algorithm import ByAlgorithm
from engine.selection.deduction import Deduction
from engine.selection.layouts import PackedLayout, PlainLayout, choose_layout
from engine.types import frozen
from tests.oracle import selection as oracle
from tests.selection.test_ranking import encoded
from tests.strategies import cases

FEWER = settings(max_examples=settings.default.max_examples // 10)
MODES = {"independent": False, "include_zero": False}
UNIT = 10_000


class ByKilometres:
    """The rule of `Distance` as a plug-in has it: through scores."""

    code, title, description = "km", "Kilometres", "Nearest first."

    def scores(self, candidates):
        return candidates.distance_km


class Farthest(Distance):
    """Derived from the built-in one, with a rule of its own."""

    def scores(self, candidates):
        return -candidates.distance_km


algorithms = st.sampled_from([Priority(), Distance(), ByKilometres()])


def in_parts(catalog, orders, algorithm, cuts, **modes):
    """Serve the orders cut at so many places; return picks with lines of the whole, and the end."""
    run = ByAlgorithm(catalog, algorithm, **modes)
    parts = []
    edges = [0, *sorted(cut % (len(orders.ids) + 1) for cut in cuts), len(orders.ids)]
    for start, stop in pairwise(edges):
        done = run.serve(part_of(orders, start, stop), Clock())
        parts.append(done._replace(lines=done.lines + orders.offsets[start]))
    whole = Deduction(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return [column.tolist() for column in (*whole, run.left, run.in_stock)]


def part_of(orders, start, stop):
    """The orders ``start:stop`` as an order set of their own."""
    first, last = orders.offsets[[start, stop]].tolist()
    return replace(
        orders,
        headers=orders.headers.part(start, stop),
        offsets=frozen(orders.offsets[start : stop + 1] - first),
        skus=orders.skus[first:last],
        sku_names=orders.sku_names[first:last],
        spelt_alike=orders.spelt_alike,
        quantity=orders.quantity[first:last],
    )


@given(cases(), algorithms, st.booleans(), st.booleans(), st.lists(st.integers(0, 99), max_size=4))
@FEWER
def test_serve_in_parts_equals_serve_at_once(case, algorithm, independent, include_zero, cuts):
    catalog, orders = encoded(case)
    modes = {"independent": independent, "include_zero": include_zero}
    whole = in_parts(catalog, orders, algorithm, [], **modes)
    assert in_parts(catalog, orders, algorithm, cuts, **modes) == whole


@given(cases(), st.sampled_from([Priority(), Distance()]))
@FEWER
def test_packed_and_plain_layout_equal_the_oracle(case, algorithm):
    catalog, orders = encoded(case)
    found = in_parts(catalog, orders, algorithm, [], **MODES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layouts, "_can_be_packed", lambda catalog: False)
        assert in_parts(catalog, orders, algorithm, [], **MODES) == found
    expected = oracle.allocate(case, algorithm.code)
    codes = catalog.sources["source_code"].to_pylist()
    lines, items, sources, quantities, availables = found[:5]
    picks = zip(lines, sources, quantities, availables, strict=True)
    assert sources == catalog.items.sources[items].tolist()
    assert [
        (
            orders.ids[int(orders.order_of_line[line])].as_py(),
            int(orders.position[line]),
            codes[source],
            quantity,
            available,
        )
        for line, source, quantity, available in picks
    ] == [
        (
            row["order_id"],
            row["line"],
            row["source_code"],
            int(row["qty_to_deduct"] * UNIT),
            int(row["qty_available"] * UNIT),
        )
        for row in expected["allocations"]
    ]
    left = {(row["source_code"], row["sku"]): row for row in expected["source_items"]}
    rows = catalog.tables["source_items"].take(pa.array(catalog.item_rows)).to_pylist()
    ends = [left[row["source_code"], row["sku"]] for row in rows]
    assert found[7] == [int(end["quantity"] * UNIT) for end in ends]
    assert found[8] == [end["status"] for end in ends]


@given(cases(), st.booleans(), st.booleans())
@FEWER
def test_distance_in_the_kernel_equals_distance_by_scores(case, independent, include_zero):
    catalog, orders = encoded(case)
    modes = {"independent": independent, "include_zero": include_zero}
    lazy = in_parts(catalog, orders, Distance(), [], **modes)
    assert in_parts(catalog, orders, ByKilometres(), [], **modes) == lazy


def shop():
    """Two sources, one SKU."""
    tables = {
        "sources": {"source_code": ["a", "b"], "latitude": [0.0, 9.0], "longitude": [0.0, 0.0]},
        "stock_source_links": {"stock_id": [1, 1], "source_code": ["a", "b"], "priority": [1, 2]},
        "source_items": {"source_code": ["a", "b"], "sku": ["x", "x"], "quantity": [5, 5]},
        "orders": {"order_id": [1], "stock_id": [1], "latitude": [1.0], "longitude": [0.0]},
        "order_lines": {"order_id": [1], "sku": ["x"], "qty": [1]},
    }
    return {name: pa.table(table).to_pylist() for name, table in tables.items()}


def test_an_algorithm_derived_from_distance_is_asked():
    catalog, orders = encoded(shop())
    for algorithm, item in ((Distance(), 0), (Farthest(), 1)):
        done = ByAlgorithm(catalog, algorithm, **MODES).serve(orders, Clock())
        assert done.items.tolist() == [item]


@pytest.mark.parametrize("algorithm", [Priority(), Distance()])
def test_serve_ranks_once_for_a_whole_run(monkeypatch, algorithm):
    catalog, orders = encoded(shop())
    asked = []
    rank_sources = ranking.rank_sources
    monkeypatch.setattr(
        ranking, "rank_sources", lambda *given: asked.append(1) or rank_sources(*given)
    )
    run = ByAlgorithm(catalog, algorithm, **MODES)
    for _ in range(3):
        run.serve(orders, Clock())
    assert len(asked) == 1


def test_serve_writes_into_the_same_buffers_and_keeps_what_it_gave():
    catalog, orders = encoded(shop())
    run = ByAlgorithm(catalog, Priority(), **MODES)
    first = run.serve(orders, Clock())
    kept, buffers = [column.tolist() for column in first], run._buffers.picks
    run.serve(orders, Clock())
    assert run._buffers.picks is buffers
    assert [column.tolist() for column in first] == kept
    assert not any(np.shares_memory(one, other) for one in first for other in buffers)


def test_serve_without_orders_gives_nothing():
    catalog, orders = encoded(shop())
    run = ByAlgorithm(catalog, Priority(), **MODES)
    done = run.serve(part_of(orders, 0, 0), Clock())
    assert [len(column) for column in done] == [0] * 7
    assert [column.dtype for column in done] == [
        np.int64,
        np.int64,
        np.int32,
        np.int64,
        np.int64,
        np.int64,
        np.uint8,
    ]
    assert run.left.tolist() == catalog.items.quantity.tolist()


def layout_of(catalog, **modes):
    return type(choose_layout(catalog, **(MODES | modes)))


def with_quantity(catalog, quantity):
    held = catalog.items.quantity.copy()
    held[0] = quantity
    return replace(catalog, items=catalog.items._replace(quantity=frozen(held)))


def test_choose_layout_by_mode():
    catalog, _ = encoded(shop())
    assert layout_of(catalog) is PackedLayout
    assert layout_of(catalog, independent=True) is PlainLayout
    assert layout_of(catalog, include_zero=True) is PlainLayout


@pytest.mark.parametrize(
    ("quantity", "layout"),
    [
        (2**46 - 1, PackedLayout),
        (2**46, PlainLayout),
        (-(2**46), PackedLayout),
        (-(2**46) - 1, PlainLayout),
    ],
)
def test_choose_layout_at_the_limits_of_a_quantity(quantity, layout):
    catalog, orders = encoded(shop())
    catalog = with_quantity(catalog, quantity)
    assert layout_of(catalog) is layout
    run = ByAlgorithm(catalog, Priority(), **MODES)
    done = run.serve(orders, Clock())
    assert run.left[0] == quantity - (UNIT if quantity > 0 else 0)
    assert done.available.tolist() == [quantity if quantity > 0 else 5 * UNIT]


@pytest.mark.needs_jit
@pytest.mark.parametrize(("count", "layout"), [(2**15 - 1, PackedLayout), (2**15, PlainLayout)])
def test_choose_layout_at_the_limits_of_sources(count, layout):
    codes = [f"{number:05}" for number in range(count)]
    tables = {
        "sources": pa.table({"source_code": codes}),
        "stock_source_links": pa.table(
            {"stock_id": [1] * count, "source_code": codes, "priority": [1] * count}
        ),
        "source_items": pa.table(
            {"source_code": codes, "sku": ["x"] * count, "quantity": [1] * count}
        ),
    }
    catalog = Catalog.from_tables(tables)
    assert layout_of(catalog) is layout
    _, orders = encoded(shop())
    orders = replace(orders, quantity=frozen(np.array([(count + 1) * UNIT])))
    run = ByAlgorithm(catalog, Priority(), **MODES)
    done = run.serve(orders, Clock())
    assert done.items.tolist() == list(range(count))
    assert done.short.tolist() == [UNIT]
    assert not run.left.any()
    assert not run.in_stock.any()
