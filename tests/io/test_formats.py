"""One contract for every format, and what each refuses."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from engine.io.faults import TableFile, UnreadableError
from engine.io.formats import READERS, read_arrow, read_file, read_parquet
from engine.io.location import locate
from engine.io.write import write_table

from .conftest import Put, Read, short

ITEMS = pa.table(
    {
        "source_code": ["fr", "FR", "NA", "NULL", "0007", " x ", 'say "hi"', "a,b\nc"],
        "sku": pa.array(["1", None, "é", "日本", "nan", "=1+1", "'", ";"]),
        "quantity": pa.array(
            [
                *(Decimal("1"), Decimal("0.0001"), Decimal("-12.5"), Decimal("99999999.9999")),
                *(None, Decimal("0"), Decimal("-99999999.9999"), Decimal("1234567.8900")),
            ],
            pa.decimal128(12, 4),
        ),
    }
)


def file_at(path: Path) -> TableFile:
    return TableFile("source_items", path.name, locate(path))


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize("num_rows", [8, 1, 0])
def test_write_then_read_gives_equal_keys_and_quantities(
    tmp_path: Path, read: Read, ending: str, num_rows: int
) -> None:
    items = ITEMS.slice(0, num_rows)
    write_table(items, tmp_path / f"source_items{ending}")
    found = read()
    assert found.findings == []
    raw = found.tables["source_items"]
    assert raw.is_text == ending.startswith(".csv")
    assert raw.table.select(["source_code", "sku"]).equals(items.select(["source_code", "sku"]))
    assert raw.table["quantity"].cast(pa.decimal128(12, 4)).equals(items["quantity"])


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".feather"])
def test_part_files_make_one_table(tmp_path: Path, read: Read, ending: str) -> None:
    for part, start in (("a=2/part-0", 4), ("a=1/part-1", 2), ("a=1/part-0", 0), ("b", 6)):
        path = tmp_path / "source_items" / f"{part}{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_table(ITEMS.slice(start, 2), path)
    found = read()
    assert found.findings == []
    assert found.tables["source_items"].table.equals(ITEMS)


@pytest.mark.parametrize(
    "type_",
    [
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
)
@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_text_of_any_make_keeps_its_values(tmp_path: Path, type_: pa.DataType, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    table = pa.table({"sku": pa.array(["b", "a", None, "b"]).cast(type_)})
    if ending == ".parquet":
        pq.write_table(table, path)
    else:
        pyarrow.feather.write_feather(table, str(path), compression="uncompressed")
    read = read_file(file_at(path)).table
    assert read["sku"].to_pylist() == ["b", "a", None, "b"]
    if ending == ".arrow":  # Parquet knows dictionaries of its own
        assert read.schema.field("sku").type == type_


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("open_writer", [pa.ipc.new_file, pa.ipc.new_stream])
def test_read_arrow_takes_files_and_streams(tmp_path, open_writer, compression) -> None:
    path = tmp_path / "t.arrow"
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with open_writer(path, ITEMS.schema, options=options) as writer:
        writer.write_table(ITEMS, max_chunksize=3)
    assert read_arrow(file_at(path)).equals(ITEMS)


def test_read_arrow_takes_streams_of_old(tmp_path: Path) -> None:
    path = tmp_path / "t.arrow"
    options = pa.ipc.IpcWriteOptions(use_legacy_format=True, metadata_version=pa.MetadataVersion.V4)
    with pa.ipc.new_stream(path, ITEMS.schema, options=options) as writer:
        writer.write_table(ITEMS)
    assert read_arrow(file_at(path)).equals(ITEMS)


def arrow_bytes(open_writer) -> bytes:
    sink = pa.BufferOutputStream()
    with open_writer(sink, ITEMS.schema) as writer:
        writer.write_table(ITEMS, max_chunksize=2)
    return sink.getvalue().to_pybytes()


def parquet_bytes() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(ITEMS, sink, row_group_size=2)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.parquet", parquet_bytes()),
        ("t.arrow", arrow_bytes(pa.ipc.new_file)),
        ("t.arrow", arrow_bytes(pa.ipc.new_stream)),
    ],
    ids=short,
)
def test_a_file_cut_short_anywhere_is_refused(put: Put, name: str, content: bytes) -> None:
    assert read_file(file_at(put(name, content))).table.equals(ITEMS)
    for size in range(len(content)):
        with pytest.raises(UnreadableError, match=f"source_items: {name} is "):
            read_file(file_at(put(name, content[:size])))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.parquet", b"a,b\n1,2\n", "is not Parquet"),
        ("t.parquet", arrow_bytes(pa.ipc.new_file), "is not Parquet but looks like Arrow"),
        ("t.parquet", b"PAR1PAR1", "damaged or not Parquet"),
        ("t.arrow", parquet_bytes(), "is not Arrow but looks like Parquet"),
        ("t.arrow", b"a,b\n1,2\n", "is not Arrow"),
        ("t.feather", b"FEA1" + bytes(40) + b"FEA1", "looks like Feather version 1; write it"),
        ("t.arrow", b"ARROW1\0\0" + bytes(40) + b"ARROW1", "damaged or not Arrow"),
        ("t.arrow", b"\xff\xff\xff\xff\x10\0\0\0" + bytes(16), "damaged or not Arrow"),
    ],
    ids=short,
)
def test_a_file_of_another_format_is_refused(put: Put, name: str, content: bytes, words) -> None:
    with pytest.raises(UnreadableError, match=words):
        read_file(file_at(put(name, content)))


def test_damage_inside_a_parquet_file_is_refused(put: Put) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [str(at) for at in range(50_000)]}), sink)
    content = bytearray(sink.getvalue().to_pybytes())
    content[1_000:1_100] = b"\xff" * 100
    with pytest.raises(UnreadableError, match="damaged or not Parquet"):
        read_parquet(file_at(put("t.parquet", bytes(content))))


def bad_text(type_: pa.DataType) -> pa.Array:
    offsets = np.array([0, 1, 1, 4, 7], np.int32 if type_ == pa.string() else np.int64)
    buffers = [pa.py_buffer(b"\x0d"), pa.py_buffer(offsets), pa.py_buffer(b"aca\xe9\xff\xfeb")]
    return pa.Array.from_buffers(type_, 4, buffers)


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
@pytest.mark.parametrize("type_", [pa.string(), pa.large_string()])
def test_text_that_is_not_utf8_is_named(tmp_path: Path, ending: str, type_: pa.DataType) -> None:
    path = tmp_path / f"t{ending}"
    good = pa.array(["x", "y"], type_)
    table = pa.table({"k": [1] * 6, "sku": pa.chunked_array([good, bad_text(type_)])})
    if ending == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(UnreadableError) as caught:
        read_file(file_at(path))
    (finding,) = caught.value.findings
    assert (finding.column, finding.rows.tolist()) == ("sku", [4, 5])
    assert list(finding.values) == ["ca<E9>", "<FF><FE>b"]


def test_an_arrow_file_with_offsets_out_of_bounds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.arrow"
    offsets = pa.py_buffer(np.array([0, 1 << 20, 2], np.int32))
    array = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"ab")])
    with pa.ipc.new_file(path, pa.schema([("a", pa.string())])) as writer:
        writer.write_batch(pa.record_batch([array], ["a"]))
    with pytest.raises(UnreadableError, match="is damaged Arrow"):
        read_arrow(file_at(path))


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, name: str) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    write_table(table, tmp_path / name)
    with pytest.raises(UnreadableError, match="two or more columns named 'a'"):
        read_file(file_at(tmp_path / name))


def parts(tmp_path: Path, **tables: pa.Table) -> None:
    (tmp_path / "stocks").mkdir()
    for name, table in tables.items():
        write_table(table, tmp_path / "stocks" / f"{name}.parquet")


def test_part_files_may_order_their_columns_as_they_like(tmp_path: Path, read: Read) -> None:
    parts(tmp_path, a=pa.table({"x": [1], "y": ["p"]}), b=pa.table({"y": ["q"], "x": [2]}))
    expected = pa.table({"x": [1, 2], "y": ["p", "q"]})
    assert read().tables["stocks"].table.equals(expected)


def test_a_part_file_without_values_goes_with_any_type(tmp_path: Path, read: Read) -> None:
    parts(tmp_path, a=pa.table({"x": [None]}), b=pa.table({"x": ["q"]}), c=pa.table({"x": [None]}))
    assert read().tables["stocks"].table.equals(pa.table({"x": [None, "q", None]}))


def test_part_files_with_different_columns_are_refused(tmp_path: Path, read: Read) -> None:
    parts(tmp_path, a=pa.table({"x": [1], "y": [1]}), b=pa.table({"x": [1], "z": [1]}))
    (finding,) = read().findings
    assert finding.reason == "stocks/b.parquet and stocks/a.parquet differ in the columns y, z"


def test_part_files_with_different_types_are_refused(tmp_path: Path, read: Read) -> None:
    tables = {"a": [None], "b": [1], "c": ["1"], "d": [2]}
    parts(tmp_path, **{name: pa.table({"x": values}) for name, values in tables.items()})
    (finding,) = read().findings
    assert finding.column == "x"
    assert finding.reason == "stocks/c.parquet holds string where stocks/b.parquet holds int64"


def test_every_part_file_at_fault_is_named(tmp_path: Path, put: Put, read: Read) -> None:
    parts(tmp_path, b=pa.table({"x": [1]}))
    put("stocks/a.parquet", b"")
    put("stocks/c.parquet", b"junk")
    found = read()
    assert [finding.reason for finding in found.findings] == [
        "stocks/a.parquet is empty (0 bytes)",
        "stocks/c.parquet is not Parquet",
    ]
    assert found.tables == {}
