"""Ranks against a plain sort, scores that are refused, and blocks that change nothing."""

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.algorithms.registry import find_algorithm
from engine.catalog import Catalog
from engine.errors import AlgorithmError
from engine.orders import encode_orders
from engine.selection import by_algorithm, ranking
from engine.selection.ranking import block_bounds, distinct_rankings, rank_sources
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from engine.types import DISABLED, NOT_LINKED
from tests.oracle.selection import distances_to, read_shop
from tests.strategies import cases, to_arrow

FEWER = settings(max_examples=settings.default.max_examples // 5)
SCORES = [0, 0, 1, 1, 2, -5, 0.5, -0.0, 1e300, -math.inf, math.inf, 2**53, 2**53 + 1]


class Scripted:
    """Scores from a list, by source and stock; maybe NaN where the distance is not known."""

    code, title, description = "scripted", "Scripted", "Scores from a list."

    def __init__(self, values, by_destination, says_unknown):
        self.by_destination = by_destination
        self.says_unknown = says_unknown and by_destination
        self.values = np.asarray(values, float if self.says_unknown else None)

    def scores(self, given):
        scores = self.values[(given.source + given.stock_id) % len(self.values)]
        return (
            np.where(np.isnan(given.distance_km), np.nan, scores) if self.says_unknown else scores
        )


scripted = st.builds(
    Scripted,
    st.one_of(
        st.lists(st.sampled_from(SCORES), min_size=1, max_size=9),
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9),
    ),
    st.booleans(),
    st.booleans(),
)
algorithms = st.one_of(st.sampled_from(["priority", "distance"]).map(find_algorithm), scripted)


def encoded(case):
    """The catalogue and the order set of a case."""
    tables = to_arrow(case)
    orders = {name: tables.pop(name, None) for name in ORDER_TABLES}
    catalog = Catalog.from_tables(tables)
    raw, findings = as_raw(orders, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings, quarantine=False)
    assert not valid.fatal
    return catalog, encode_orders(valid, catalog)


def plain_score(algorithm, source, stock_id, priority, mm):
    """What the algorithm says of one candidate; None is unknown."""
    if algorithm.code == "priority":
        return priority
    if algorithm.code == "distance":
        return mm
    value = algorithm.values.tolist()[(source + stock_id) % len(algorithm.values)]
    return None if algorithm.says_unknown and mm is None else value


def plain_ranks(algorithm, shop, links, stock_id, distances):
    """Rank of each source for one order: sorted by score, unknown last, priority, code."""
    codes = sorted(shop["sources"], key=str.encode)
    own = {link["source_code"]: link["priority"] for link in links if link["stock_id"] == stock_id}
    keys = {}
    for source, code in enumerate(codes):
        if code in own and code in shop["enabled"]:
            score = plain_score(algorithm, source, stock_id, own[code], distances[code])
            keys[code] = (score is None, score or 0, own[code], code.encode())
    turn = {code: at for at, code in enumerate(sorted(keys, key=keys.get))}
    return [turn.get(code, DISABLED if code in own else NOT_LINKED) for code in codes]


@given(cases(), algorithms)
@FEWER
def test_rank_sources_equals_plain_sort(case, algorithm):
    catalog, orders = encoded(case)
    by_destination = getattr(algorithm, "by_destination", True)
    pairs = distinct_rankings(orders, by_destination=by_destination)
    ranks = rank_sources(catalog, orders.destinations, algorithm, pairs.stock, pairs.destination)
    assert ranks.shape == (len(pairs.stock), catalog.sources.num_rows)
    assert (ranks.dtype, ranks.flags.writeable, ranks.flags.c_contiguous) == (np.int32, False, True)
    wanted = [*zip(orders.stock, orders.destinations.of_order, strict=True)]
    if not getattr(algorithm, "by_destination", True):
        wanted = [(stock, -1) for stock in orders.stock]
    listed = [*zip(pairs.stock, pairs.destination, strict=True)]
    assert [listed[at] for at in pairs.of_order] == wanted
    assert listed == sorted(set(wanted))
    shop = read_shop(case)
    rows = {str(row["order_id"]): row for row in case["order_lines"] + case.get("orders", [])}
    for order, order_id in enumerate(orders.ids.to_pylist()):
        stock_id = int(catalog.stock_ids[orders.stock[order]])
        distances, _ = distances_to(rows[str(order_id)], stock_id, shop)
        expected = plain_ranks(algorithm, shop, case["stock_source_links"], stock_id, distances)
        assert ranks[pairs.of_order[order]].tolist() == expected


def written(tables, algorithm, **options):
    """Every table of a run as bytes, and its key figures."""
    catalog = {name: table for name, table in tables.items() if name not in ORDER_TABLES}
    result = engine.allocate(
        Catalog.from_tables(catalog),
        tables.get("orders"),
        tables["order_lines"],
        algorithm=algorithm,
        **options,
    )
    content = {}
    for name, table in result.tables.items():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        content[name] = sink.getvalue().to_pybytes()
    return content, result.kpis


def in_blocks(rank_cells, block_cells, block_picks, *arguments, **options):
    """The same with blocks of other sizes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_RANK_CELLS", rank_cells)
        patch.setattr(ranking, "_BLOCK_CELLS", block_cells)
        patch.setattr(by_algorithm, "BLOCK_PICKS", block_picks)
        return written(*arguments, **options)


modes = st.sampled_from(["sequential", "independent"])
sizes = st.tuples(*map(st.sampled_from, ([1, 7, 1 << 25], [1, 5, 20], [1, 3, 20])))


@given(cases(), algorithms, modes, st.booleans(), sizes)
@FEWER
def test_blocks_change_no_byte(case, algorithm, mode, include_zero, sizes):
    tables, options = to_arrow(case), {"mode": mode, "include_zero": include_zero}
    whole = written(tables, algorithm, **options)
    assert in_blocks(*sizes, tables, algorithm, **options) == whole


def many_destinations():
    """Forty orders to as many places from six sources of two stocks, too little for all."""
    rng = np.random.default_rng(5)
    places = np.round(rng.uniform([-60, -170], [60, 170], (46, 2)), 4).tolist()
    where = [{"latitude": latitude, "longitude": longitude} for latitude, longitude in places]
    codes, order_ids, skus = [f"s{at}" for at in range(6)], range(40), ("x", "y")
    pairs = [(stock, code) for stock in (1, 2) for code in codes[stock - 1 :]]
    tables = {
        "sources": [{"source_code": code} | where[at] for at, code in enumerate(codes)],
        "stock_source_links": [{"stock_id": s, "source_code": c, "priority": 1} for s, c in pairs],
        "source_items": [
            {"source_code": code, "sku": sku, "quantity": 30} for code in codes for sku in skus
        ],
        "orders": [{"order_id": o, "stock_id": 1 + o % 2} | where[6 + o] for o in order_ids],
        "order_lines": [
            {"order_id": order, "sku": sku, "qty": 1 + order % 7}
            for order in order_ids
            for sku in skus
        ],
    }
    return {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}


@pytest.mark.parametrize("mode", ["sequential", "independent"])
@pytest.mark.parametrize("algorithm", ["priority", "distance"])
@pytest.mark.parametrize("size", [1, 5, 6, 13, 70])
def test_blocks_change_no_byte_of_many_destinations(algorithm, mode, size):
    tables = many_destinations()
    whole = written(tables, algorithm, mode=mode)
    for sizes in [(size, size, size), (1 << 25, size, size), (1 << 25, 1 << 18, size)]:
        assert in_blocks(*sizes, tables, algorithm, mode=mode) == whole


@given(st.lists(st.integers(0, 12), max_size=12), st.integers(0, 15))
def test_block_bounds_are_the_longest_runs_within_the_limit(weights, limit):
    blocks = list(block_bounds(np.array(weights, np.int64), limit))
    edges = [0, *(stop for _, stop in blocks)]
    assert blocks == [*pairwise(edges)]
    assert edges[-1] == len(weights)
    for start, stop in blocks:
        assert stop > start
        assert sum(weights[start:stop]) <= limit or stop == start + 1
        assert stop == len(weights) or sum(weights[start : stop + 1]) > limit


SOURCES = pa.table({"source_code": ["a", "b"], "latitude": [0.0, None], "longitude": [0.0, None]})
LINKS = pa.table({"stock_id": [7, 7], "source_code": ["a", "b"], "priority": [1, 2]})
ITEMS = pa.table({"source_code": ["a", "b"], "sku": ["x", "x"], "quantity": [1, 1]})
ORDER = pa.table({"order_id": [1], "stock_id": [7], "latitude": [1.0], "longitude": [1.0]})
LINE = pa.table({"order_id": [1], "sku": ["x"], "qty": [2]})


def scored(answer, **attributes):
    """The sources in the order that an algorithm with this answer gives them."""
    known = {"code": "x", "title": "X", "description": "", "scores": lambda _, given: answer(given)}
    algorithm = type("Answer", (), known | attributes)()
    tables = {"sources": SOURCES, "stock_source_links": LINKS, "source_items": ITEMS}
    result = engine.allocate(Catalog.from_tables(tables), ORDER, LINE, algorithm=algorithm)
    return result.allocations["source_code"].to_pylist()


@pytest.mark.parametrize(
    ("answer", "in_turn"),
    [
        (lambda given: [2, 1], ["b", "a"]),
        (lambda given: (1.5, 1.5), ["a", "b"]),
        (lambda given: np.array([2, 1], np.uint8), ["b", "a"]),
        (lambda given: np.array([2, 1], np.float16), ["b", "a"]),
        (lambda given: np.array([2, 1, 1])[::-2], ["a", "b"]),
        (lambda given: pa.array([2, 1]), ["b", "a"]),
        (lambda given: np.ma.masked_array([2.0, 1.0], [False, True]), ["a", "b"]),
        (lambda given: np.array([np.inf, np.nan]), ["a", "b"]),
        (lambda given: np.array([np.inf, -np.inf]), ["b", "a"]),
        (lambda given: np.array([0.0, -0.0]), ["a", "b"]),
    ],
)
def test_scores_may_be_any_numbers(answer, in_turn):
    assert scored(answer) == in_turn


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda given: [1], r"shape \(1,\) and type int64; .* is due, shape \(2,\)"),
        (lambda given: 1, r"shape \(\) and type int64"),
        (lambda given: np.ones((2, 1)), r"shape \(2, 1\) and type float64"),
        (lambda given: None, r"shape \(\) and type object"),
        (lambda given: [None, 1], "type object"),
        (lambda given: ["1", "2"], "type <U1"),
        (lambda given: [True, False], "type bool"),
        (lambda given: [1j, 2j], "type complex128"),
        (lambda given: [[1], [1, 2]], "failed to score: ValueError"),
        (lambda given: 1 / 0, "failed to score: ZeroDivisionError: division by zero"),
        (lambda given: [np.nan, 1], "gave NaN for 1 candidates, first source 'a' of stock 7"),
        (lambda given: np.ma.masked_array([1.0, 2.0], [True, False]), "gave NaN for 1 candidates"),
        (lambda given: [np.nan] * 2, "gave NaN for 1 candidates, first source 'a' of stock 7"),
    ],
)
def test_scores_of_another_kind_are_refused(answer, words):
    with pytest.raises(AlgorithmError, match=words) as caught:
        scored(answer)
    assert str(caught.value).startswith("algorithm 'x' (")


def test_scores_by_stock_may_not_be_unknown():
    with pytest.raises(AlgorithmError, match="gave NaN for 1 candidates, first source 'b'"):
        scored(lambda given: [1, np.nan], by_destination=False)
