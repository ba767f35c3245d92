"""A result as tables: types, spelling, pandas, order."""

from decimal import Decimal

import pandas as pd
import pyarrow as pa
from hypothesis import given

import engine
from engine.tables.result_schema import RESULT_TABLES, result_schema
from tests.selection.test_allocate import LINES, ORDERS, SMALL, algorithms, run
from tests.strategies import cases, to_arrow


def allocate(**options):
    """Run the smallest case: 4 of SKU A, 5 of them in Paris."""
    return engine.allocate(engine.Catalog.from_tables(SMALL), ORDERS, LINES, **options)


@given(cases(), algorithms)
def test_tables_have_the_types_of_the_contract(case, algorithm):
    result = run(to_arrow(case), algorithm=algorithm)
    id_type = result.orders.schema.field("order_id").type
    for name, table in result.tables.items():
        assert table.schema.equals(result_schema(name, id_type))
    assert result.rejects is None


def test_rejects_are_there_with_quarantine_even_if_empty():
    result = allocate(quarantine=True)
    assert result.rejects.num_rows == 0
    assert list(result.tables) == list(RESULT_TABLES)
    assert result.rejects.schema.equals(result_schema("rejects", pa.string()))


def test_to_pandas_keeps_decimals_exact():
    frames = allocate().to_pandas()
    assert set(frames) == {"allocations", "orders", "shortfalls", "source_items"}
    for frame in frames.values():
        assert all(isinstance(kind, pd.ArrowDtype) for kind in frame.dtypes)
    assert frames["allocations"]["qty_to_deduct"].tolist() == [Decimal("4.0000")]
    assert frames["allocations"]["order_id"].tolist() == [7]


def test_frames_go_in_as_tables_do():
    catalog = engine.Catalog.from_tables({name: table.to_pandas() for name, table in SMALL.items()})
    result = engine.allocate(catalog, ORDERS.to_pandas(), LINES.to_pandas())
    for name, table in allocate().tables.items():
        assert result.tables[name].equals(table), name


def test_result_prints_as_a_short_summary():
    assert repr(allocate()) == "Result(1 orders, 1 lines, 100.0% of units served)"


def test_spelling_is_the_catalogues_and_the_orders_where_it_has_none():
    lines = pa.table({"order_id": [7, 7, 7], "sku": ["a", "a", "Ghost"], "qty": [8, 2, 1]})
    result = engine.allocate(engine.Catalog.from_tables(SMALL), ORDERS, lines)
    assert set(result.allocations["sku"].to_pylist()) == {"A"}
    short = result.shortfalls.select(["line", "sku", "reason"]).to_pylist()
    assert short == [
        {"line": 1, "sku": "A", "reason": "insufficient_qty"},
        {"line": 2, "sku": "Ghost", "reason": "unknown_sku"},
    ]


def test_seconds_name_the_phases_of_the_run():
    assert list(allocate().seconds) == ["validate", "encode", "rank", "deduct", "check", "decode"]
