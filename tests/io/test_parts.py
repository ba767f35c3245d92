"""Part files hold the rows in sequence, in the shares that were asked for."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import UsageError
from engine.io.parts import PartsWriter, check_parts

SCHEMA = pa.schema({"n": pa.int64()})


def table(*numbers: int) -> pa.Table:
    return pa.table({"n": numbers}, SCHEMA)


@pytest.mark.parametrize("pieces", [[10], [1] * 10, [4, 6], [0, 9, 1]])
@pytest.mark.parametrize(
    ("expected", "sizes"),
    [(10, [4, 4, 2]), (9, [3, 3, 4]), (0, [1, 1, 8]), (100, [10, 0, 0])],
)
def test_parts_get_their_share_and_the_last_one_the_rest(tmp_path: Path, pieces, expected, sizes):
    writer = PartsWriter(tmp_path, "t", ".parquet", SCHEMA, num_files=3, expected_rows=expected)
    with writer:
        start = 0
        for size in pieces:
            writer.write(table(*range(start, start + size)))
            start += size
    assert writer.num_rows == 10
    files = sorted((tmp_path / "t").iterdir())
    assert [file.name for file in files] == [f"part-0000{at}.parquet" for at in range(3)]
    assert [pq.read_metadata(file).num_rows for file in files] == sizes
    rows = pa.concat_tables(pq.read_table(file) for file in files)["n"].to_pylist()
    assert rows == list(range(10))


def test_one_part_is_open_at_a_time(tmp_path: Path):
    with PartsWriter(tmp_path, "t", ".parquet", SCHEMA, num_files=3, expected_rows=3) as writer:
        writer.write(table(1, 2))
        assert pq.read_table(tmp_path / "t" / "part-00000.parquet").equals(table(1))


def test_a_single_part_is_a_file_of_the_name_of_the_table(tmp_path: Path):
    with PartsWriter(tmp_path, "t", ".parquet", SCHEMA) as writer:
        writer.write(table(1, 2))
    assert pq.read_table(tmp_path / "t.parquet").equals(table(1, 2))


def test_what_the_block_raises_closes_the_files(tmp_path: Path):
    writer = PartsWriter(tmp_path, "t", ".csv", SCHEMA)
    writer.write(table(1))
    writer.__exit__(KeyError, KeyError("gone"), None)
    assert (tmp_path / "t.csv").read_text() == '"n"\n'  # the row was still waiting


@pytest.mark.parametrize(
    ("ending", "num_files", "said"),
    [(".parquet", 0, "0 part files are none"), (".csv", 2, "Parquet or Arrow, not .csv")],
)
def test_check_parts_refuses(ending, num_files, said):
    with pytest.raises(UsageError) as refused:
        check_parts(ending, num_files)
    assert said in str(refused.value)


def test_check_parts_lets_pass():
    check_parts(".csv", 1)
    check_parts(".arrow", 9)
