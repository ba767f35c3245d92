"""Two results are the same whatever the order of their rows, and the first difference is named."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import cases
from benchmarks.compare import first_difference
from benchmarks.peers import plain_python


@pytest.fixture
def result(tmp_path, monkeypatch):
    """Two copies of a small result, the rows of the second one backwards."""
    monkeypatch.setattr(cases, "CACHE", tmp_path / "cases")
    case = cases.Case("some", "some lines", lines=60, skus=20, sources=5, supply=0.2)
    plain_python.run(*cases.files(case), tmp_path / "one", "priority")
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    for file in (tmp_path / "other").iterdir():
        table = pq.read_table(file)
        assert table.num_rows > 1, "the case leaves a table empty, and so untested"
        pq.write_table(table.take(list(range(table.num_rows))[::-1]), file)
    return tmp_path / "one", tmp_path / "other"


def test_first_difference_is_none_for_rows_in_another_order(result):
    assert first_difference(*result) is None


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("allocations", "qty_available"),
        ("shortfalls", "qty_short"),
        ("orders", "qty_allocated"),
        ("source_items", "quantity"),
    ],
)
def test_first_difference_names_the_table_and_the_row(result, table, column):
    file = result[1] / f"{table}.parquet"
    changed = pq.read_table(file)
    at = changed.column_names.index(column)
    quantities = changed[column].to_pylist()
    quantities[1] += type(quantities[1])("0.0001")
    field = changed.schema.field(column)
    changed = changed.set_column(at, field, pa.array(quantities, field.type))
    pq.write_table(changed, file)
    assert first_difference(*result).startswith(f"{table}: {len(quantities):,} rows against ")
    assert str(quantities[1]) in first_difference(*result)


def test_first_difference_sees_a_missing_row(result):
    file = result[1] / "allocations.parquet"
    whole = pq.read_table(file)
    pq.write_table(whole.slice(1), file)
    said = first_difference(*result)
    assert said.startswith(f"allocations: {whole.num_rows:,} rows against {whole.num_rows - 1:,}")
    assert said.endswith("against no row")
