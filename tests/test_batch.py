"""The nightly batch: wherever batches are cut and files are split, it is the run in memory."""

import random
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.batch import allocate_folders
from engine.errors import InputError, UsageError
from engine.io.write import write_table
from tests.strategies import cases, to_arrow
from tests.test_folders import assert_equal

ORDER_TABLES = ("orders", "order_lines")
ENDINGS = (".parquet", ".arrow", ".csv", ".csv.gz")

CATALOG = {
    "sources": pa.table({"source_code": ["lyon", "paris"]}),
    "stock_source_links": pa.table(
        {"stock_id": [1, 1], "source_code": ["paris", "lyon"], "priority": [1, 2]}
    ),
    "source_items": pa.table(
        {"source_code": ["paris", "lyon"], "sku": ["A", "A"], "quantity": [9, 99]}
    ),
}
ORDERS = pa.table({"order_id": ["a", "b", "c"], "stock_id": [1, 1, 1]})


def put(folder: Path, tables: dict[str, pa.Table], ending: str = ".parquet") -> Path:
    folder.mkdir()
    for name, table in tables.items():
        write_table(table, folder / f"{name}{ending}")
    return folder


def lines_of(*ids: str | None, **columns: list) -> pa.Table:
    count = len(ids)
    return pa.table(
        {"order_id": pa.array(ids, pa.string()), "sku": ["a"] * count, "qty": [1] * count} | columns
    )


def in_memory(tables: dict[str, pa.Table], **options) -> engine.Result:
    catalog = {name: table for name, table in tables.items() if name not in ORDER_TABLES}
    loaded = engine.Catalog.from_tables(catalog)
    return engine.allocate(loaded, tables.get("orders"), tables["order_lines"], **options)


# Each case goes to the disk and back: in CI fifty of them are to do.
@settings(max_examples=settings.default.max_examples // 10)
@given(
    cases(),
    st.sampled_from(["priority", "distance"]),
    st.sampled_from(["sequential", "independent"]),
    st.booleans(),
    st.integers(1, 7),
    st.sampled_from([0, 2, 100]),
    st.sampled_from(ENDINGS),
    st.randoms(use_true_random=False),
)
def test_allocate_folders_equals_the_run_in_memory(
    case, algorithm, mode, shuffled, batch, memory, ending, shuffle: random.Random
):
    tables = to_arrow(case)
    if shuffled:
        order = list(range(tables["order_lines"].num_rows))
        shuffle.shuffle(order)
        tables["order_lines"] = tables["order_lines"].take(pa.array(order, pa.int64()))
    options = {"algorithm": algorithm, "mode": mode}
    with TemporaryDirectory() as place:
        # CSV has no types: what it reads as text is an id of text.
        folder = put(Path(place, "all"), tables, ending)
        catalog = engine.read_catalog(folder)
        expected = engine.allocate(catalog, *engine.read_orders(folder), **options)
        with (
            patch("engine.inputs.BATCH_ROWS", batch),
            patch("engine.intake.sort.BATCH_ROWS", batch),
            patch("engine.intake.sort.IN_MEMORY", memory),
        ):
            summary = allocate_folders(folder, folder, Path(place, "out"), **options)
        found = engine.read_result(Path(place, "out"))
        assert_equal(found, expected)
        assert summary.kpis == expected.kpis
        assert summary.rows == {name: table.num_rows for name, table in expected.tables.items()}


@pytest.mark.parametrize("format", ["parquet", "arrow", "csv"])
def test_allocate_folders_writes_the_same_bytes_at_any_batch_size(tmp_path, format):
    lines = lines_of(*("a" * 5 + "b" * 8 + "c" * 4), qty=list(range(17)))
    folder = put(tmp_path / "all", CATALOG | {"orders": ORDERS, "order_lines": lines})
    written = set()
    for at, batch in enumerate((1, 2, 3, 16, 17, 1 << 18)):
        with patch("engine.inputs.BATCH_ROWS", batch), patch("engine.io.write._ROWS", 4):
            allocate_folders(folder, folder, tmp_path / f"out{at}", format=format)
        files = sorted((tmp_path / f"out{at}").glob(f"*.{format}"))
        written.add(tuple((file.name, file.read_bytes()) for file in files))
    assert len(written) == 1


@pytest.mark.parametrize("num_files", [1, 2, 3, 9])
@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_allocate_folders_part_files_make_the_table(tmp_path, format, num_files):
    tables = CATALOG | {"orders": ORDERS, "order_lines": lines_of(*"aabbbcc")}
    folder = put(tmp_path / "all", tables)
    out = tmp_path / "out"
    allocate_folders(folder, folder, out, format=format, part_files=num_files)
    assert_equal(engine.read_result(out), in_memory(tables))
    if num_files > 1:
        parts = sorted(path.name for path in (out / "allocations").iterdir())
        assert parts == [f"part-{at:05}.{format}" for at in range(num_files)]


def test_allocate_folders_part_files_are_no_csv(tmp_path):
    folder = put(tmp_path / "all", CATALOG | {"orders": ORDERS, "order_lines": lines_of("a")})
    with pytest.raises(UsageError, match=r"part files are Parquet or Arrow, not \.csv"):
        allocate_folders(folder, folder, tmp_path / "out", format="csv", part_files=2)


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
@pytest.mark.parametrize("with_table", [True, False])
@pytest.mark.parametrize("order", ["aabbcc", "abcabc", "ccbbaa"])
def test_allocate_folders_quarantine_equals_the_run_in_memory(tmp_path, batch, with_table, order):
    ids = [*order, None, "ghost"]
    lines = lines_of(*ids, qty=[1, 1, 1, -1, 1, 1, 1, 1])
    tables = {"order_lines": lines, "orders": ORDERS.set_column(1, "stock_id", [[1, 1, 7]])}
    if not with_table:
        stock = [7 if at == "c" else 1 for at in ids]
        tables = {"order_lines": lines.append_column("stock_id", [stock])}
    folder = put(tmp_path / "all", CATALOG | tables)
    expected = in_memory(CATALOG | tables, quarantine=True)
    with patch("engine.inputs.BATCH_ROWS", batch), patch("engine.intake.sort.BATCH_ROWS", batch):
        allocate_folders(folder, folder, tmp_path / "out", quarantine=True)
    assert_equal(engine.read_result(tmp_path / "out"), expected)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_allocate_folders_quarantine_of_orders_with_one_line(tmp_path, batch):
    tables = CATALOG | {"orders": ORDERS, "order_lines": lines_of(*"abbc", qty=[-1, -1, 1, 1])}
    folder = put(tmp_path / "all", tables)
    with patch("engine.inputs.BATCH_ROWS", batch):
        allocate_folders(folder, folder, tmp_path / "out", quarantine=True)
    assert_equal(engine.read_result(tmp_path / "out"), in_memory(tables, quarantine=True))


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_allocate_folders_quarantine_lists_a_bad_line_of_a_bad_order_once(tmp_path, batch):
    orders = ORDERS.set_column(1, "stock_id", [[7, 1, 1]])
    lines = lines_of(*"aabb", sku=["a", "a", "a", None], qty=[-1, 1, -1, -1])
    tables = CATALOG | {"orders": orders, "order_lines": lines}
    folder = put(tmp_path / "all", tables)
    with patch("engine.inputs.BATCH_ROWS", batch):
        allocate_folders(folder, folder, tmp_path / "out", quarantine=True)
    assert_equal(engine.read_result(tmp_path / "out"), in_memory(tables, quarantine=True))


@pytest.mark.parametrize("qty", [[1, 1, -1], [-1, 1, 1]])
def test_allocate_folders_quarantine_takes_the_rest_of_an_order_that_comes_back(tmp_path, qty):
    tables = CATALOG | {"order_lines": lines_of(*"aba", qty=qty, stock_id=[1, 1, 1])}
    folder = put(tmp_path / "all", tables)
    with patch("engine.inputs.BATCH_ROWS", 1):
        allocate_folders(folder, folder, tmp_path / "out", quarantine=True)
    assert_equal(engine.read_result(tmp_path / "out"), in_memory(tables, quarantine=True))


@pytest.mark.parametrize("table", ["order_lines", "orders"])
@pytest.mark.parametrize(("bad", "said"), [(b"b,1\n", "has not the"), (b"b,\xff,1\n", "UTF-8")])
def test_allocate_folders_a_file_that_cannot_be_read_stops_quarantine_too(
    tmp_path, table, bad, said
):
    files = {
        "order_lines": b"order_id,sku,qty\n%sa,A,1\n" % (bad if table == "order_lines" else b""),
        "orders": b"order_id,country_id,stock_id\n%sa,FR,1\nb,FR,1\n"
        % (bad if table == "orders" else b""),
    }
    folder = put(tmp_path / "all", CATALOG)
    for name, text in files.items():
        (folder / f"{name}.csv").write_bytes(text)
    with pytest.raises(InputError, match=said):
        allocate_folders(folder, folder, tmp_path / "out", quarantine=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("batch", [1, 3, 100])
@pytest.mark.parametrize("with_table", [True, False])
def test_allocate_folders_lists_every_problem_once(tmp_path, batch, with_table):
    ids = ["a", "a", None, "b", "ghost", "c", "c", "c"]
    lines = lines_of(*ids, qty=[1, -1, 1, -2, 1, -3, -4, 1])
    tables = {"order_lines": lines, "orders": ORDERS}
    if not with_table:
        tables = {"order_lines": lines.append_column("stock_id", [[1] * 7 + [5]])}
    items = CATALOG["source_items"].set_column(2, "quantity", [[9, 1e-9]])
    broken = CATALOG | {"source_items": items}
    for name, catalog in (("good", CATALOG), ("broken", broken)):
        folder = put(tmp_path / name, catalog | tables)
        with patch("engine.inputs.BATCH_ROWS", batch), pytest.raises(InputError) as found:
            allocate_folders(folder, folder, tmp_path / "out")
        said = "order_lines.qty: negative in 4 rows (row 1: '-1', row 3: '-2', row 5: '-3', ...)"
        assert said in str(found.value)
        assert str(found.value).count("order_lines.order_id: null in 1 row (row 2: null)") == 1
        assert ("source_items.quantity" in str(found.value)) is (name == "broken")
        assert ("'ghost'" in str(found.value)) is with_table
        assert not (tmp_path / "out").exists()


def test_allocate_folders_a_bad_row_at_the_end_leaves_nothing(tmp_path):
    lines = lines_of(*("a" * 9 + "b" * 9), qty=[1] * 17 + [-1])
    folder = put(tmp_path / "all", CATALOG | {"orders": ORDERS, "order_lines": lines})
    with patch("engine.inputs.BATCH_ROWS", 2), pytest.raises(InputError, match="row 17: '-1"):
        allocate_folders(folder, folder, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["all"]


def test_allocate_folders_finds_a_damaged_part_late(tmp_path):
    folder = put(tmp_path / "all", CATALOG | {"orders": ORDERS})
    (folder / "order_lines").mkdir()
    for at in "01":
        pq.write_table(lines_of("a"), folder / "order_lines" / f"{at}.parquet")
    good = (folder / "order_lines" / "1.parquet").read_bytes()
    (folder / "order_lines" / "1.parquet").write_bytes(good[:-20])
    with pytest.raises(InputError, match=r"order_lines/1\.parquet is cut short"):
        allocate_folders(folder, folder, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["all"]


@pytest.mark.parametrize("with_table", [True, False])
def test_allocate_folders_ids_are_of_the_first_part_that_has_a_type_for_them(tmp_path, with_table):
    lines = lines_of(stock_id=[1, 1, 1], order_id=[7, 7, 8], sku=["a"] * 3, qty=[1, 1, 1])
    tables = {"orders": pa.table({"order_id": [7, 8], "stock_id": [1, 1]})} if with_table else {}
    folder = put(tmp_path / "all", CATALOG | tables)
    (folder / "order_lines").mkdir()
    untyped = pa.table({name: pa.nulls(0) for name in lines.column_names})
    for at, part in enumerate((untyped, lines)):
        pq.write_table(part, folder / "order_lines" / f"{at}.parquet")
    allocate_folders(folder, folder, tmp_path / "out")
    expected = in_memory(CATALOG | tables | {"order_lines": lines})
    assert_equal(engine.read_result(tmp_path / "out"), expected)


def test_allocate_folders_counts_every_line(tmp_path):
    tables = CATALOG | {"orders": ORDERS, "order_lines": lines_of(*"aab", colour=["red"] * 3)}
    folder = put(tmp_path / "all", tables)
    summary = allocate_folders(folder, folder, tmp_path / "out")
    assert summary.rows == {"allocations": 3, "orders": 3, "shortfalls": 0, "source_items": 2}
    assert summary.notes == [
        "order_lines: columns not used: colour",
        "orders: 1 without lines",
    ]
    left = engine.read_result(tmp_path / "out").source_items["quantity"].to_pylist()
    assert left == [Decimal(6), Decimal(99)]


def test_allocate_folders_says_nothing_of_lines_whose_orders_cannot_be_read(tmp_path):
    folder = put(tmp_path / "all", CATALOG | {"orders": ORDERS, "order_lines": lines_of("a")})
    path = folder / "orders.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError) as found:
        allocate_folders(folder, folder, tmp_path / "out")
    assert "orders.parquet is cut short" in str(found.value)
    assert "order_lines" not in str(found.value)


def test_allocate_folders_names_an_unknown_table_once(tmp_path):
    folder = put(tmp_path / "all", CATALOG | {"orders": ORDERS, "order_lines": lines_of("a")})
    (folder / "sourcess.csv").write_text("a")
    with pytest.raises(InputError) as found:
        allocate_folders(folder, folder, tmp_path / "out")
    assert str(found.value).count("bears the name of no table") == 1
