import datetime as dt
import gzip
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.io import write as engine_write
from engine.io.write import format_ending, write_table

ENDINGS = (".parquet", ".arrow", ".feather", ".csv", ".csv.gz")
NUM_ROWS = 100
TABLE = pa.table(
    {
        "order_id": [f"o{at % 7}" if at % 5 else None for at in range(NUM_ROWS)],
        "line": pa.array([at if at % 3 else None for at in range(NUM_ROWS)]),
        "qty": pa.array(
            [Decimal(at) / 4 if at % 4 else None for at in range(NUM_ROWS)], pa.decimal128(12, 4)
        ),
        "is_salable": [None if at % 6 == 0 else at % 2 == 0 for at in range(NUM_ROWS)],
        "codes": pa.array([["a"] * (at % 3) for at in range(NUM_ROWS)], pa.list_(pa.string())),
        "km": [at / 7 for at in range(NUM_ROWS)],
    }
)


def written(table: pa.Table, folder: Path, ending: str) -> bytes:
    path = folder / f"t{ending}"
    write_table(table, path)
    return path.read_bytes()


def with_rubbish_behind_nulls(table: pa.Table) -> pa.Table:
    """Return an equal table whose buffers hold other bytes where it holds nulls."""
    line = table["line"].combine_chunks().fill_null(-1).to_numpy().copy()
    line[line < 0] = 77
    valid = table["line"].combine_chunks().buffers()[0]
    column = pa.Array.from_buffers(pa.int64(), len(line), [valid, pa.py_buffer(line)])
    return table.set_column(1, "line", column)


@pytest.mark.parametrize("ending", ENDINGS)
def test_write_table_gives_the_same_bytes_for_the_same_table(tmp_path: Path, ending: str) -> None:
    once = written(TABLE.combine_chunks(), tmp_path, ending)
    framed = pa.concat_tables([TABLE.slice(3, 5), TABLE, TABLE.slice(0, 9)])
    same = [
        pa.concat_tables([TABLE.slice(0, 13), TABLE.slice(13, 0), TABLE.slice(13)]),
        pa.concat_tables([TABLE.slice(at, 1) for at in range(NUM_ROWS)]),
        framed.combine_chunks().slice(5, NUM_ROWS),
        with_rubbish_behind_nulls(TABLE),
    ]
    for table in same:
        assert table.equals(TABLE)
        assert written(table, tmp_path, ending) == once


@pytest.mark.parametrize("ending", ENDINGS)
def test_write_table_does_not_show_how_text_was_encoded(tmp_path: Path, ending: str) -> None:
    plain = pa.table({"sku": ["b", "a", None, "b"]})
    encoded = plain["sku"].combine_chunks().dictionary_encode()
    codes = pa.array([2, 1, None, 2], pa.int32())
    other = pa.DictionaryArray.from_arrays(codes, ["unused", "a", "b"])
    for column in (encoded, pa.chunked_array([encoded[:1], other[1:]])):
        assert written(pa.table({"sku": column}), tmp_path, ending) == written(
            plain, tmp_path, ending
        )


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_write_table_cuts_rows_at_fixed_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(engine_write, "_ROWS", 30)
    chunks = pa.concat_tables([TABLE.slice(0, 41), TABLE.slice(41)])
    assert written(TABLE, tmp_path, ending) == written(chunks, tmp_path, ending)
    path = tmp_path / f"t{ending}"
    if ending == ".parquet":
        read = pq.ParquetFile(path)
        sizes = [read.metadata.row_group(at).num_rows for at in range(read.num_row_groups)]
        assert read.metadata.row_group(0).column(0).compression == "SNAPPY"
        read.close()
    else:
        with pa.ipc.open_file(path) as reader:
            sizes = [reader.get_batch(at).num_rows for at in range(reader.num_record_batches)]
    assert sizes == [30, 30, 30, 10]


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
@pytest.mark.parametrize("num_rows", [NUM_ROWS, 0])
def test_write_table_keeps_types_and_values(tmp_path: Path, ending: str, num_rows: int) -> None:
    table = TABLE.slice(0, num_rows)
    path = tmp_path / f"t{ending}"
    write_table(table, path)
    if ending == ".parquet":
        assert pq.read_table(path).equals(table)
    else:
        with pa.ipc.open_file(path) as reader:
            assert reader.read_all().equals(table)


def csv_text(tmp_path: Path, **columns: pa.Array) -> str:
    return written(pa.table(columns), tmp_path, ".csv").decode()


def test_csv_holds_nulls_as_empty_fields(tmp_path: Path) -> None:
    text = csv_text(tmp_path, a=pa.array(["x", None, 'say "hi"']), b=pa.array([None, 1, 2]))
    assert text == '"a","b"\n"x",\n,1\n"say ""hi""",2\n'


def test_csv_joins_lists(tmp_path: Path) -> None:
    codes = pa.array([["a", "b"], [], None, ["c"]], pa.list_(pa.string()))
    assert csv_text(tmp_path, n=pa.array([1, 2, 3, 4]), codes=codes) == (
        '"n","codes"\n1,"a;b"\n2,""\n3,\n4,"c"\n'
    )
    assert csv_text(tmp_path, n=pa.array([[1, 2]])) == '"n"\n"1;2"\n'


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (pa.timestamp("s"), "2024-02-03T04:05:06"),
        (pa.timestamp("us"), "2024-02-03T04:05:06.000000"),
        (pa.timestamp("s", "UTC"), "2024-02-03T04:05:06Z"),
        (pa.timestamp("ms", "Europe/Paris"), "2024-02-03T04:05:06.000Z"),
    ],
)
def test_csv_holds_timestamps_as_iso_8601(tmp_path: Path, type_: pa.DataType, text: str) -> None:
    column = pa.array([dt.datetime(2024, 2, 3, 4, 5, 6)], type_)
    assert csv_text(tmp_path, at=column) == f'"at"\n"{text}"\n'


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        (pa.decimal128(12, 4), "0", "0.0000"),
        (pa.decimal128(12, 4), "-0.0001", "-0.0001"),
        (pa.decimal128(12, 4), "99999999.9999", "99999999.9999"),
        (pa.decimal128(18, 6), "0.000001", "0.000001"),
        (pa.decimal128(18, 6), "0", "0.000000"),
        (pa.decimal128(12, 0), "100", "100"),
    ],
)
def test_csv_holds_decimals_in_full(tmp_path: Path, type_, value: str, text: str) -> None:
    assert csv_text(tmp_path, q=pa.array([Decimal(value)], type_)) == f'"q"\n{text}\n'


def test_csv_holds_decimals_of_many_places_in_full(tmp_path: Path) -> None:
    column = pa.array([Decimal("0.0000000001"), None, Decimal(0)], pa.decimal128(20, 10))
    text = csv_text(tmp_path, n=pa.array([1, 2, 3]), q=column)
    assert text == '"n","q"\n1,"0.0000000001"\n2,\n3,"0.0000000000"\n'


def test_csv_takes_text_of_any_make(tmp_path: Path) -> None:
    for type_ in (pa.string_view(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())):
        assert csv_text(tmp_path, a=pa.array(["x", None]).cast(type_), b=pa.array([1, 2])) == (
            '"a","b"\n"x",1\n,2\n'
        )


def test_csv_gz_holds_the_csv_and_no_time_or_name(tmp_path: Path) -> None:
    packed = written(TABLE, tmp_path, ".csv.gz")
    assert gzip.decompress(packed) == written(TABLE, tmp_path, ".csv")
    assert packed[3:8] == bytes(5)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_csv_holds_floats_that_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    text = csv_text(tmp_path_factory.mktemp("csv"), x=pa.array(values, pa.float64()))
    assert [float(line) for line in text.split()[1:]] == values


@pytest.mark.parametrize("name", ["t.xlsx", "t", "parquet", ".csv", "t.gz", "t.CSV"])
def test_write_table_refuses_another_ending(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"use .parquet, .arrow, .feather, .csv, .csv.gz"):
        write_table(TABLE, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_format_ending() -> None:
    assert [format_ending(name) for name in ("parquet", "csv", "arrow")] == [
        ".parquet",
        ".csv",
        ".arrow",
    ]
    with pytest.raises(UsageError, match="'xlsx' is no format; give one of parquet, csv, arrow"):
        format_ending("xlsx")


def test_write_table_takes_more_rows_than_a_piece(tmp_path: Path) -> None:
    table = pa.table({"a": np.arange((1 << 20) + 1)})
    write_table(table, tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet").equals(table)
