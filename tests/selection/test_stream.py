"""Orders that come in parts: wherever they are cut, it is the run in memory."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.errors import InputError, UsageError
from engine.orders import sequence
from engine.selection.result import Part
from engine.tables.raw import RawTable
from engine.tables.validate import validate_orders
from tests.strategies import cases, to_arrow

CATALOG = engine.Catalog.from_tables(
    {
        "sources": pa.table({"source_code": ["lyon", "paris"]}),
        "stock_source_links": pa.table(
            {"stock_id": [1, 1], "source_code": ["paris", "lyon"], "priority": [1, 2]}
        ),
        "source_items": pa.table(
            {"source_code": ["paris", "lyon"], "sku": ["A", "A"], "quantity": [2, 3]}
        ),
    }
)


def lines(*ids, **columns):
    """Return lines of one unit of A each."""
    count = len(ids)
    return pa.table({"order_id": ids, "stock_id": [1] * count, "sku": ["a"] * count} | columns)


def batch(*ids, **columns):
    """Return lines of one unit each."""
    return lines(*ids, **{"qty": [1] * len(ids)} | columns)


def in_sequence(catalog, orders):
    """Return lines that carry their orders' columns, as they are served."""
    valid = validate_orders({"order_lines": RawTable(orders)}, catalog.tables)
    table = valid.tables["orders"]
    ids = table["order_id"].take(pa.array(sequence(table))).to_pylist()
    place = [ids.index(at) for at in orders["order_id"].to_pylist()]
    return orders.take(pa.array(sorted(range(len(place)), key=place.__getitem__), pa.int64()))


def together(run, ids=None):
    """Return the tables of all parts."""
    parts = list(run)
    return Part(*(pa.concat_tables(tables) for tables in zip(*parts, strict=True)))


# A case is a dozen runs: in CI fifty of them are to do.
@settings(max_examples=settings.default.max_examples // 10)
@given(
    cases().filter(lambda case: "orders" not in case and case["order_lines"]),
    st.sampled_from(["priority", "distance"]),
    st.sampled_from(["sequential", "independent"]),
    st.booleans(),
    st.data(),
)
def test_stream_equals_the_run_in_memory(case, algorithm, mode, include_zero, data):
    tables = to_arrow(case)
    orders = tables.pop("order_lines")
    catalog = engine.Catalog.from_tables(tables)
    orders = in_sequence(catalog, orders)
    options = {"algorithm": algorithm, "mode": mode, "include_zero": include_zero}
    cuts = sorted({0, len(orders), *data.draw(st.lists(st.integers(0, len(orders)), max_size=4))})
    cut = [orders.slice(at, to - at) for at, to in pairwise(cuts)]
    run = engine.stream(catalog, cut, **options)
    found = together(run)
    expected = engine.allocate(catalog, None, orders, **options)
    for name in Part._fields:
        assert getattr(found, name).equals(getattr(expected, name)), name
    assert run.source_items.equals(expected.source_items)
    assert run.kpis == expected.kpis
    assert run.notes == expected.notes
    assert run.rejects is None


def test_stream_takes_record_batches_and_frames():
    pd = pytest.importorskip("pandas")
    table = batch("x", "x", "y")
    for batches in (table.to_batches(), [table.to_pandas()], iter([table])):
        assert together(engine.stream(CATALOG, batches)).allocations.num_rows == 3
    assert pd


def test_stream_takes_an_order_over_batches_of_categories():
    codes = pa.array(range(100), pa.int8())
    batches = [
        batch(*["x"] * 100, sku=pa.DictionaryArray.from_arrays(codes, [f"{at}" for at in skus]))
        for skus in (range(100), range(100, 200))
    ]
    assert together(engine.stream(CATALOG, batches)).orders["lines"].to_pylist() == [200]


def test_stream_gives_out_an_order_when_the_next_one_comes():
    came = []

    def batches():
        for order_id in (1, 1, 2, 3):
            came.append(order_id)
            yield batch(order_id)

    first = next(iter(engine.stream(CATALOG, batches())))
    assert first.orders["order_id"].to_pylist() == [1]
    assert len(came) >= 3


@pytest.mark.parametrize("read", ["source_items", "kpis"])
def test_stream_has_its_end_only_at_the_end(read):
    run = engine.stream(CATALOG, [batch(1)])
    with pytest.raises(UsageError, match="not at its end"):
        getattr(run, read)
    list(run)
    assert getattr(run, read) is not None


@pytest.mark.parametrize(
    "batches",
    [
        [batch(1, 2), batch(1)],
        [batch("a", "b"), batch("c", "a")],
        [batch(1, 2, 1)],
        [batch(1), batch(2, priority=[1])],
        [batch(5, 6, 7), batch(9), batch(6)],
        [batch(2, created_at=["2024-01-02"]), batch(1, created_at=["2024-01-01"])],
    ],
)
def test_stream_refuses_orders_out_of_sequence(batches):
    names = {name for table in batches for name in table.column_names}
    full = [
        table
        if names == set(table.column_names)
        else table.append_column("priority", [[0] * len(table)])
        for table in batches
    ]
    with pytest.raises(InputError, match=r"order '\w+' comes too late; give whole orders"):
        list(engine.stream(CATALOG, full))


def test_stream_ids_need_not_ascend():
    batches = [batch(at) for at in (5, 6, 9, 1, 2, 7, 8, 3, 10)]
    assert together(engine.stream(CATALOG, batches)).orders.num_rows == 9


def test_stream_lists_problems_of_all_batches():
    batches = [batch(1), batch(2, qty=[-1]), batch(3), batch(4, qty=[-2])]
    with pytest.raises(InputError, match=r"negative in 2 rows \(row 1: '-1', row 3: '-2'\)"):
        list(engine.stream(CATALOG, batches))


def test_stream_sets_bad_orders_aside():
    batches = [batch(1, 2), batch(2, 3, qty=[-1, 1])]
    run = engine.stream(CATALOG, batches, quarantine=True)
    assert together(run).orders["order_id"].to_pylist() == [1, 3]
    expected = engine.allocate(CATALOG, None, pa.concat_tables(batches), quarantine=True)
    assert run.rejects.equals(expected.rejects)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_stream_lists_faults_of_a_row_as_the_run_in_memory_does(size):
    orders = batch("1", "2", "3", sku=["a", None, "a"], qty=[-1, -1, 1])
    run = engine.stream(CATALOG, orders.to_batches(max_chunksize=size), quarantine=True)
    list(run)
    assert run.rejects.equals(engine.allocate(CATALOG, None, orders, quarantine=True).rejects)


def test_stream_refuses_times_of_two_kinds():
    times = ["2024-01-01T00:00:00", "2024-01-02T00:00:00Z"]
    batches = [batch(at, created_at=[time]) for at, time in enumerate(times)]
    batches.append(batch(5, created_at=[times[1]]))
    with pytest.raises(InputError, match=r"created_at: times with and without an offset"):
        list(engine.stream(CATALOG, batches))


@pytest.mark.parametrize("size", [1, 2])
def test_stream_judges_a_time_by_itself(size):
    times = ["2024-01-01T00:00:00.1234567", "2300-01-01"]
    batches = batch(1, 2, created_at=times).to_batches(max_chunksize=size)
    with pytest.raises(InputError, match=r"created_at: too far from today in 1 row \(row 1: '2300"):
        list(engine.stream(CATALOG, batches))


def test_stream_refuses_a_batch_of_other_columns():
    with pytest.raises(InputError, match="other columns or types than the first"):
        list(engine.stream(CATALOG, [batch(1), batch("2")]))


def test_stream_takes_columns_without_a_type_until_they_have_one():
    typed = batch(1, 2, city=["Lyon", None])
    untyped = pa.table({name: pa.nulls(0) for name in typed.column_names})
    no_city = batch(3, 4, city=pa.nulls(2))
    run = together(engine.stream(CATALOG, [untyped, typed, no_city, untyped]))
    expected = engine.allocate(CATALOG, None, pa.concat_tables([typed, batch(3, 4, city=["", ""])]))
    assert run.orders.equals(expected.orders)


def test_stream_refuses_types_that_differ_after_a_batch_without_types():
    untyped = pa.table({name: pa.nulls(0) for name in batch(1).column_names})
    with pytest.raises(InputError, match="other columns or types than the first"):
        list(engine.stream(CATALOG, [untyped, batch(1), batch("2")]))


def test_stream_refuses_a_batch_that_is_not_there():
    with pytest.raises(InputError, match=r"order_lines: a batch is None"):
        list(engine.stream(CATALOG, [batch(1), None]))


def test_stream_passes_on_what_the_batches_raise():
    def batches():
        yield batch(1)
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        list(engine.stream(CATALOG, batches()))


def test_stream_without_batches_is_an_empty_run():
    run = engine.stream(CATALOG, [])
    assert list(run) == []
    assert (run.kpis.orders, run.source_items.num_rows) == (0, 2)


def test_stream_can_be_closed_early():
    run = engine.stream(CATALOG, (batch(at) for at in range(1000)))
    next(iter(run))
    run.close()
    assert list(run) == []
