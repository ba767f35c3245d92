"""A table read batch by batch is the table read at once, and has the same faults."""

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import InputError
from engine.io.batches import (
    column_names,
    count_rows,
    read_batches,
    table_files,
    unread_columns,
)
from engine.io.csv import read_csv
from engine.io.faults import UnreadableError
from engine.io.read import read_tables
from engine.io.write import write_table
from engine.tables.schema import SCHEMAS

KNOWN = tuple(SCHEMAS)
COLUMNS = ["order_id", "sku", "qty"]
TABLE = pa.table(
    {
        "order_id": [f"o{at // 2}" for at in range(11)],
        "sku": ["a", 'b"', "c,\nd", None, "", "é", "g", "h", "i", "j", "k"],
        "qty": list(range(11)),
    }
)
ENDINGS = (".parquet", ".arrow", ".feather", ".csv", ".csv.gz")


def put(folder: Path, ending: str, table: pa.Table = TABLE) -> Path:
    write_table(table, folder / f"order_lines{ending}")
    return folder


def batches(folder: Path, num_rows: int = 4) -> list:
    files = table_files(folder, "order_lines", KNOWN)
    return list(read_batches(files, COLUMNS, num_rows))


@pytest.mark.parametrize("num_rows", [1, 4, 11, 100])
@pytest.mark.parametrize("ending", ENDINGS)
def test_read_batches_make_the_table(tmp_path, ending, num_rows):
    put(tmp_path, ending)
    found = batches(tmp_path, num_rows)
    whole = read_tables(tmp_path, ["order_lines"], KNOWN).tables["order_lines"]
    assert {raw.is_text for raw in found} == {whole.is_text}
    together = pa.concat_tables([raw.table for raw in found])
    assert together.to_pylist() == whole.table.to_pylist()
    assert all(0 < raw.table.num_rows <= num_rows for raw in found)
    assert sum(raw.table.num_rows < num_rows for raw in found) <= 1


def test_read_batches_of_a_stream_and_of_its_parts(tmp_path):
    (tmp_path / "order_lines").mkdir()
    for at, part in enumerate((TABLE[:5], TABLE[5:])):
        with (
            (tmp_path / "order_lines" / f"{at}.arrow").open("wb") as file,
            pa.ipc.new_stream(file, TABLE.schema) as writer,
        ):
            writer.write_table(part, max_chunksize=2)
    found = pa.concat_tables([raw.table for raw in batches(tmp_path, 3)])
    assert found.combine_chunks().equals(TABLE)


@pytest.mark.parametrize("ending", ENDINGS)
def test_read_batches_of_no_rows_has_the_columns(tmp_path, ending):
    put(tmp_path, ending, TABLE[:0])
    (raw,) = batches(tmp_path)
    assert (raw.table.num_rows, raw.table.column_names) == (0, COLUMNS)


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_read_batches_reads_no_other_columns(tmp_path, ending):
    put(tmp_path, ending, TABLE.append_column("colour", TABLE["sku"]))
    (file,) = table_files(tmp_path, "order_lines", KNOWN)
    assert unread_columns(file, COLUMNS) == ["colour"]
    assert batches(tmp_path, 100)[0].table.column_names == COLUMNS


def broken(folder: Path, ending: str) -> Path:
    put(folder, ending)
    path = folder / f"order_lines{ending}"
    path.write_bytes(path.read_bytes()[:-30])
    return folder


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".csv.gz"])
def test_read_batches_has_the_faults_of_the_table(tmp_path, ending):
    broken(tmp_path, ending)
    with pytest.raises(InputError, match=r"cut short|damaged"):
        batches(tmp_path)
    assert read_tables(tmp_path, ["order_lines"], KNOWN).findings


def test_read_batches_of_a_stream_without_its_end(tmp_path):
    path = tmp_path / "order_lines.arrow"
    with path.open("wb") as file, pa.ipc.new_stream(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="stream without an end"):
        batches(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("order_id,sku,qty\n1,a,1\n2,b\n", "has not the 3 fields of its header"),
        ('order_id,sku,qty\n1,a,1\n2,"b,1\n', "opens a quote that it never closes"),
        ("", "is empty"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_read_batches_diagnoses_csv_as_read_csv_does(tmp_path, text, said, packed):
    path = tmp_path / ("order_lines.csv.gz" if packed else "order_lines.csv")
    path.write_bytes(gzip.compress(text.encode()) if packed and text else text.encode())
    (file,) = table_files(tmp_path, "order_lines", KNOWN)
    with pytest.raises(InputError) as whole:
        read_csv(file)
    with pytest.raises(InputError) as piecewise:
        batches(tmp_path)
    assert str(piecewise.value) == str(whole.value)
    assert said in str(whole.value)


def test_read_batches_of_csv_with_a_value_beyond_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.io.csv_batches._BLOCK", 64)
    table = TABLE.set_column(1, "sku", pa.array(["x"] * 6 + ["y" * 500] + ["z"] * 4))
    put(tmp_path, ".csv", table)
    found = pa.concat_tables([raw.table for raw in batches(tmp_path, 100)])
    assert found["sku"].to_pylist() == table["sku"].to_pylist()


def test_read_batches_bytes_that_are_no_text_are_named_by_their_row(tmp_path):
    raw = pa.array([b"ok"] * 7 + [b"\xff"] + [b"ok"] * 3, pa.binary()).view(pa.string())
    pq.write_table(TABLE.set_column(1, "sku", raw), tmp_path / "order_lines.parquet")
    with pytest.raises(InputError, match="row 7: '<FF>'"):
        batches(tmp_path)


def test_read_batches_parts_must_agree(tmp_path):
    (tmp_path / "order_lines").mkdir()
    write_table(TABLE, tmp_path / "order_lines" / "a.parquet")
    other = TABLE.set_column(2, "qty", TABLE["qty"].cast(pa.string()))
    write_table(other, tmp_path / "order_lines" / "b.parquet")
    with pytest.raises(InputError, match=r"holds string where .* holds int64"):
        batches(tmp_path)


NO_ROWS = pa.table({name: pa.nulls(0) for name in COLUMNS})
"""As pandas writes it."""


def test_read_batches_a_part_without_types_goes_with_any(tmp_path):
    (tmp_path / "order_lines").mkdir()
    for at, part in enumerate((NO_ROWS, TABLE, NO_ROWS, TABLE)):
        write_table(part, tmp_path / "order_lines" / f"{at}.parquet")
    assert sum(raw.table.num_rows for raw in batches(tmp_path)) == 22


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
@pytest.mark.parametrize("name", COLUMNS)
def test_read_batches_parts_must_agree_after_one_without_types(tmp_path, ending, name):
    (tmp_path / "order_lines").mkdir()
    other = TABLE.set_column(COLUMNS.index(name), name, pa.array([True] * 11))
    for at, part in enumerate((NO_ROWS, TABLE, other)):
        write_table(part, tmp_path / "order_lines" / f"{at}{ending}")
    (said,) = read_tables(tmp_path, ["order_lines"], KNOWN).findings
    with pytest.raises(UnreadableError) as found:
        batches(tmp_path)
    assert found.value.findings[0].reason == said.reason


@pytest.mark.parametrize("ending", ENDINGS)
def test_read_batches_under_a_path_that_is_not_utf8(tmp_path, ending):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    put(folder, ending)
    assert sum(raw.table.num_rows for raw in batches(folder)) == 11


def not_utf8(folder: Path, ending: str) -> Path:
    """Put a table with a column whose name is not UTF-8."""
    schema = pa.schema([*TABLE.schema, pa.field(b"caf\xe9", pa.string())])
    table = pa.Table.from_arrays([*TABLE.columns, TABLE["sku"]], schema=schema)
    path = folder / f"order_lines{ending}"
    if ending == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(str(path), schema) as writer:
            writer.write_table(table)
    return folder


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_read_batches_names_a_file_with_a_column_name_that_is_not_utf8(tmp_path, ending):
    not_utf8(tmp_path, ending)
    said = rf"order_lines{ending} has a column whose name is not UTF-8"
    (file,) = table_files(tmp_path, "order_lines", KNOWN)
    with pytest.raises(InputError, match=said):
        batches(tmp_path)
    with pytest.raises(InputError, match=said):
        unread_columns(file, COLUMNS)
    (finding,) = read_tables(tmp_path, ["order_lines"], KNOWN).findings
    assert "not UTF-8" in finding.reason


@pytest.mark.parametrize(("ending", "count"), [(".parquet", 11), (".arrow", 11), (".csv", 6)])
def test_count_rows(tmp_path, ending, count):
    put(tmp_path, ending)
    assert count_rows(table_files(tmp_path, "order_lines", KNOWN)) == count


def test_table_files_of_a_table_that_is_there_twice(tmp_path):
    put(put(tmp_path, ".parquet"), ".csv")
    with pytest.raises(InputError, match="more than once"):
        table_files(tmp_path, "order_lines", KNOWN)
    assert table_files(tmp_path, "orders", KNOWN) == []


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet", ".arrow", ".feather"])
def test_columns_are_named_without_reading_the_rows(tmp_path: Path, ending: str) -> None:
    write_table(pa.table({"order_id": [1], "sku": ["A"]}), tmp_path / f"order_lines{ending}")
    (file,) = table_files(tmp_path, "order_lines", ["order_lines"])
    assert column_names(file) == ["order_id", "sku"]
