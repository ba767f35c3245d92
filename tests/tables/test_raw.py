from datetime import datetime
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from engine.tables.convert import convert
from engine.tables.findings import describe
from engine.tables.raw import RawTable, as_raw, nearest
from engine.tables.schema import CATALOG_TABLES, Kind

LINES = pa.table({"order_id": [7, 8], "sku": ["A", None], "qty": [1.5, 2.0]})


class Broken:
    """A foreign table that fails as it likes."""

    def __init__(self, error):
        self.error = error

    def __arrow_c_stream__(self, requested_schema=None):
        raise self.error


class Foreign:
    """A table of which nothing is known but its stream."""

    def __init__(self, table):
        self.reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())

    def __arrow_c_stream__(self, requested_schema=None):
        return self.reader.__arrow_c_stream__(requested_schema)


def one(given):
    """Take one table; nothing is found wrong with it."""
    raw, findings = as_raw({"order_lines": given}, ["order_lines"])
    assert findings == []
    assert not raw["order_lines"].is_text
    return raw["order_lines"].table


def refused(given):
    raw, findings = as_raw({"order_lines": given}, ["order_lines"])
    assert raw == {}
    return describe(findings[0])


@pytest.mark.parametrize(
    "given",
    [
        LINES,
        LINES.to_batches()[0],
        LINES.to_reader(),
        Foreign(LINES),
        LINES.to_pandas(),
        pl.from_arrow(LINES),
        LINES.to_pydict(),
    ],
    ids=lambda given: type(given).__name__,
)
def test_as_raw_takes_every_kind_of_table(given):
    assert one(given).to_pylist() == LINES.to_pylist()


def test_as_raw_takes_relations_of_duckdb():
    with duckdb.connect() as connection:
        relation = connection.sql("select 7::hugeint as order_id, 'A' as sku, 1.5 as qty")
        assert one(relation).to_pylist() == [{"order_id": 7, "sku": "A", "qty": Decimal("1.5")}]
        failing = connection.sql("select cast(x as int) as qty from (values ('1'), ('z')) t(x)")
        assert "Could not convert string 'z'" in refused(failing)


def test_as_raw_takes_categories_times_and_decimals_of_polars():
    frame = pl.DataFrame({"sku": ["A", "B", "A"], "at": [datetime(2024, 1, 1)] * 3})
    frame = frame.with_columns(
        pl.col("sku").cast(pl.Categorical), pl.lit("1.5").cast(pl.Decimal(38, 4)).alias("qty")
    )
    table = one(frame)
    skus, times, quantities = (column.combine_chunks() for column in table.columns)
    assert convert(Kind.KEY, skus, False).values.to_pylist() == ["A", "B", "A"]
    assert convert(Kind.TIME, times, False).values.to_pylist() == [datetime(2024, 1, 1)] * 3
    assert convert(Kind.QUANTITY, quantities, False).values.to_pylist() == [15_000] * 3


def test_as_raw_takes_gaps_of_pandas_as_null():
    frame = pd.DataFrame(
        {"stock_id": [1, None], "qty": [float("nan"), 2.5], "created_at": [pd.NaT, pd.Timestamp(0)]}
    )
    assert one(frame).to_pylist() == [
        {"stock_id": 1.0, "qty": None, "created_at": None},
        {"stock_id": None, "qty": 2.5, "created_at": datetime(1970, 1, 1)},
    ]


def test_as_raw_takes_empty_batches():
    """Arrow's concatenation fails on empty batches that are slices of longer ones."""
    column = pa.chunked_array([["x"] * 3, [], ["y"]], pa.string())
    table = one(pa.table({"sku": column, "qty": [1.0, 2.0, 3.0, 4.0]}))
    assert table["qty"].combine_chunks().to_pylist() == [1.0, 2.0, 3.0, 4.0]
    assert table["sku"].combine_chunks().to_pylist() == ["x", "x", "x", "y"]


def test_as_raw_takes_tables_without_rows_or_columns():
    assert one(LINES[:0]).schema == LINES.schema
    assert one(pa.table({})).num_columns == 0
    assert one(LINES.select([])).num_rows == 2


def test_as_raw_leaves_raw_tables_and_none_alone():
    table = RawTable(LINES, is_text=True)
    raw, findings = as_raw({"orders": None, "order_lines": table}, ["orders", "order_lines"])
    assert raw == {"order_lines": table}
    assert raw["order_lines"].is_text
    assert findings == []


BAD_NAME = pa.table([pa.array([1])], names=[b"\xff"])
NO_TABLES = [
    *(5, "order_lines.csv", [1, 2], [{"qty": 1}], object(), pa.array([1]), pd.Series([1])),
    *({"qty": 5}, {"qty": [1], "sku": []}, {5: [1]}, {"sku": ["\udc80"]}),
    *(pl.Series("a", [1]), pl.LazyFrame({"a": [1]}), pd.DataFrame([[1, 2]], columns=["a", "a"])),
    *(pd.DataFrame({"sku": ["a", 5]}), pd.DataFrame({"qty": [2**70]})),
    *(BAD_NAME, Foreign(BAD_NAME)),
]


@pytest.mark.parametrize("given", NO_TABLES, ids=lambda given: type(given).__name__)
def test_as_raw_of_what_is_no_table(given):
    line = refused(given)
    assert line.startswith("order_lines: cannot be read as an Arrow table (")
    assert line.endswith("); give a pyarrow, pandas, polars or duckdb table")
    assert "\n" not in line


@pytest.mark.parametrize("error", [KeyError("a"), RuntimeError("a\nb" * 1000), RecursionError("a")])
def test_as_raw_of_a_table_that_fails(error):
    line = refused(Broken(error))
    assert "\n" not in line
    assert len(line) < 400


@pytest.mark.parametrize("error", [OSError(5, "disk"), MemoryError()])
def test_as_raw_leaves_a_fault_of_the_machine_alone(error):
    with pytest.raises(type(error)):
        as_raw({"order_lines": Broken(error)}, ["order_lines"])


def test_as_raw_names_the_nearest_known_table():
    raw, findings = as_raw({"source_reservation": LINES, "\n": LINES, 5: LINES}, CATALOG_TABLES)
    assert raw == {}
    lines = [describe(finding) for finding in findings]
    known = f"Known tables: {', '.join(sorted(CATALOG_TABLES))}"
    assert lines == [
        f"source_reservation: unknown table; did you mean source_reservations? {known}",
        rf"'\n': unknown table; {known}",
        f"5: unknown table; {known}",
    ]


def test_nearest_without_any():
    assert nearest("a", [], "Columns there") == "Columns there: none"
    assert (
        nearest("sku", ["SKU", "skuu"], "Columns there")
        == "did you mean skuu? Columns there: SKU, skuu"
    )
