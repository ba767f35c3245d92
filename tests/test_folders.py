"""Folders in, a folder out, and back again."""

import hashlib
import json
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import engine
from engine.clock import Clock
from engine.errors import InputError, OutputError, UsageError
from engine.folders import read_run, write_result
from engine.io.find import find_tables
from engine.io.location import locate
from engine.packaged import packaged

CATALOG = {
    "sources.csv": "source_code,enabled\nlyon,1\nparis,1\n",
    "stock_source_links.csv": "stock_id,source_code,priority\n1,paris,1\n1,lyon,2\n",
    "source_items.csv": (
        'source_code,sku,quantity\nparis,"a ""b""\r\nc",3\nlyon,"a ""b""\r\nc",5.5\n'
    ),
}
ORDERS = {
    "orders.csv": "order_id,stock_id,colour\n007,1,red\n8,1,blue\nbad,2,green\n",
    "order_lines.csv": 'order_id,sku,qty\n007,"A ""B""\r\nC",4\n8,"none,of;it",1\nbad,x,1\n',
}
FORMATS = ("parquet", "csv", "arrow")


def put(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return folder


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return put(tmp_path / "catalog", CATALOG)


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return put(tmp_path / "orders", ORDERS)


def allocate(catalog: Path, orders: Path, **options) -> engine.Result:
    options = {"quarantine": True, **options}
    loaded = engine.read_catalog(catalog)
    return engine.allocate(loaded, *engine.read_orders(orders), **options)


def assert_equal(one: engine.Result, other: engine.Result) -> None:
    assert one.tables.keys() == other.tables.keys()
    for name, table in one.tables.items():
        assert table.schema.equals(other.tables[name].schema), name
        assert table.equals(other.tables[name]), name
    assert one.kpis == other.kpis
    assert one.notes == other.notes


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("quarantine", [True, False])
def test_read_result_gives_back_what_was_written(tmp_path, catalog, orders, format, quarantine):
    if not quarantine:
        for name in ORDERS:
            good = (orders / name).read_bytes().rpartition(b"bad,")[0]
            (orders / name).write_bytes(good)
    result = allocate(catalog, orders, quarantine=quarantine)
    assert result.allocations["order_id"].to_pylist() == ["007", "007"]
    assert result.notes == ["orders: columns not used: colour"]
    assert (result.rejects is not None) == quarantine
    out = write_result(result, tmp_path / "out", format=format)
    again = engine.read_result(out)
    assert_equal(result, again)
    assert again.seconds.keys() == result.seconds.keys() | {"write", "hash"}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("type_", [pa.int64(), pa.int32(), pa.uint64(), pa.string()])
def test_order_ids_keep_the_type_they_came_in(tmp_path, catalog, format, type_):
    ids = pa.array([10, 9, 10**9], pa.int64()).cast(type_)
    stock = pa.array([1, 1, 1])
    lines = pa.table({"order_id": ids, "sku": ["x"] * 3, "qty": [Decimal("1.5")] * 3})
    loaded = engine.read_catalog(catalog)
    result = engine.allocate(loaded, pa.table({"order_id": ids, "stock_id": stock}), lines)
    again = engine.read_result(write_result(result, tmp_path / "out", format=format))
    assert_equal(result, again)
    assert again.shortfalls["order_id"].type == type_
    assert again.shortfalls["order_id"].to_pylist() == ids.to_pylist()


@pytest.mark.parametrize("format", FORMATS)
def test_tables_without_rows_come_back_with_their_types(tmp_path, catalog, orders, format):
    for name in ORDERS:
        header = (orders / name).read_text().splitlines(keepends=True)[0]
        (orders / name).write_text(header)
    result = allocate(catalog, orders)
    assert result.kpis.unit_fill_rate is None
    assert_equal(result, engine.read_result(write_result(result, tmp_path / "out", format=format)))


def test_run_json_says_what_was_done(tmp_path, catalog, orders):
    clock = Clock()
    run = read_run(catalog, orders, quarantine=True, clock=clock)
    result = allocate(catalog, orders)
    arguments = {"catalog": catalog, "quarantine": True, "out": "s3://key:secret@bucket/x"}
    out = write_result(
        result, tmp_path / "out", arguments=arguments, files=run.files, clock=clock, format="csv"
    )
    info = json.loads((out / "run.json").read_text())
    assert info["arguments"] == {
        "catalog": str(catalog),
        "quarantine": True,
        "out": "s3://***@bucket/x",
        "format": "csv",
    }
    assert info["versions"]["ssa-engine"] == version("ssa-engine")
    assert info["versions"].keys() == {"python", "ssa-engine", "numpy", "numba", "pyarrow"}
    paths = [*catalog.iterdir(), *orders.iterdir()]
    assert info["inputs"] == [
        {
            "path": str(path),
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(paths)
    ]
    assert info["rows"] == {name: table.num_rows for name, table in result.tables.items()}
    assert info["rows"]["rejects"] == 2
    assert info["kpis"]["units_allocated"] == result.kpis.units_allocated == 4.0
    assert {"read", "validate", "encode", "rank", "deduct", "decode", "write", "hash"} <= set(
        info["seconds"]
    )
    assert all(seconds >= 0 for seconds in info["seconds"].values())
    assert 10**7 < info["peak_memory_bytes"] < 10**12
    assert info["conservation"] == "holds"


def test_run_json_holds_paths_that_are_not_utf8(tmp_path, catalog, orders):
    odd = Path(b"caf\xe9".decode("utf-8", "surrogateescape"))
    catalog = catalog.rename(tmp_path / odd)
    result = allocate(catalog, orders)
    files = [str(catalog / "sources.csv")]
    out = write_result(result, tmp_path / "out", arguments={"catalog": catalog}, files=files)
    info = json.loads((out / "run.json").read_bytes().decode())
    assert info["arguments"]["catalog"] == str(tmp_path / "caf<E9>")
    assert info["inputs"][0]["path"] == str(tmp_path / "caf<E9>" / "sources.csv")
    assert_equal(result, engine.read_result(out))


def test_write_result_refuses_an_unknown_format(tmp_path, catalog, orders):
    with pytest.raises(UsageError, match="'xml' is no format; give one of parquet, csv, arrow"):
        write_result(allocate(catalog, orders), tmp_path / "out", format="xml")
    assert {path.name for path in tmp_path.iterdir()} == {"catalog", "orders"}


def test_write_result_replaces_only_when_told(tmp_path, catalog, orders):
    result = allocate(catalog, orders)
    out = write_result(result, tmp_path / "out")
    with pytest.raises(UsageError, match="exists; add --overwrite"):
        write_result(result, out, format="csv")
    write_result(result, out, format="csv", overwrite=True)
    assert {path.suffix for path in out.iterdir()} == {".csv", ".json"}


def rewrite(out: Path, change) -> None:
    info = json.loads((out / "run.json").read_text())
    change(info)
    (out / "run.json").write_text(json.dumps(info))


def cut_a_table(out: Path) -> None:
    table = pq.read_table(out / "orders.parquet")
    pq.write_table(table.slice(0, 1), out / "orders.parquet")


def swap_tables(out: Path) -> None:
    (out / "shortfalls.parquet").write_bytes((out / "orders.parquet").read_bytes())


DAMAGE = {
    "no folder": (lambda out: out.rename(out.parent / "else"), "does not hold a run"),
    "no run.json": (lambda out: (out / "run.json").unlink(), "does not hold a run"),
    "half a run.json": (
        lambda out: (out / "run.json").write_text('{"arguments": {"cat'),
        "does not hold a run",
    ),
    "no JSON": (lambda out: (out / "run.json").write_bytes(b"\xff\0"), "does not hold a run"),
    "a list": (lambda out: (out / "run.json").write_text("[]"), "does not hold a run"),
    "no notes": (lambda out: rewrite(out, lambda info: info.pop("notes")), "lacks 'notes'"),
    "no KPIs": (lambda out: rewrite(out, lambda info: info["kpis"].clear()), "does not hold"),
    "no count": (lambda out: rewrite(out, lambda info: info["rows"].pop("orders")), "'orders'"),
    "odd type": (
        lambda out: rewrite(out, lambda info: info.update(order_id_type="colour")),
        "does not hold a run",
    ),
    "no table": (lambda out: (out / "orders.parquet").unlink(), "lacks its table orders"),
    "rows lost": (cut_a_table, "orders has 1 rows where the run wrote 2"),
    "another table": (swap_tables, "shortfalls is no table of a run"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_read_result_refuses_what_is_no_whole_run(tmp_path, catalog, orders, case):
    damage, message = DAMAGE[case]
    out = write_result(allocate(catalog, orders), tmp_path / "out")
    damage(out)
    with pytest.raises(OutputError, match=message):
        engine.read_result(out)


def test_read_result_reports_a_damaged_table(tmp_path, catalog, orders):
    out = write_result(allocate(catalog, orders), tmp_path / "out")
    (out / "orders.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"orders\.parquet is cut short"):
        engine.read_result(out)


def test_read_catalog_reports_every_table(catalog):
    (catalog / "sources.csv").write_text("source_code\nlyon\n\nlyon\n")
    (catalog / "source_items.csv").write_text("source_code,sku,quantity\nparis,x,-\n")
    with pytest.raises(InputError) as caught:
        engine.read_catalog(catalog)
    lines = [line for line in str(caught.value).splitlines() if not line.startswith("(")]
    tables = {line.partition(".")[0] for line in lines}
    assert tables == {"sources", "source_items", "stock_source_links"}


def test_read_catalog_in_quarantine_leaves_bad_rows_out(catalog):
    with (catalog / "source_items.csv").open("a") as file:
        file.write("lyon,y,many\n")
    with pytest.raises(InputError, match=r"source_items\.quantity"):
        engine.read_catalog(catalog)
    assert engine.read_catalog(catalog, quarantine=True).tables["source_items"].num_rows == 2


def test_read_orders_wants_lines(orders):
    (orders / "order_lines.csv").unlink()
    with pytest.raises(InputError, match="order_lines: missing table"):
        engine.read_orders(orders)


def test_read_orders_without_an_orders_table(orders):
    (orders / "orders.csv").unlink()
    read = engine.read_orders(orders)
    assert read.orders is None
    assert read.order_lines.table.num_rows == 3


@pytest.mark.parametrize("read", [engine.read_catalog, engine.read_orders, engine.read_result])
def test_a_missing_folder_is_named(tmp_path, read):
    with pytest.raises(engine.EngineError, match=str(tmp_path / "none")):
        read(tmp_path / "none")


def test_read_run_reports_catalogue_and_orders_together(catalog, orders):
    (catalog / "sources.csv").write_text("source_code\n\n")
    (orders / "order_lines.csv").write_text("order_id,sku,qty\n007,x,-1\n")
    with pytest.raises(InputError) as caught:
        read_run(catalog, orders, quarantine=False, clock=Clock())
    assert "order_lines.qty: negative" in str(caught.value)
    assert "stock_source_links.source_code: unknown" in str(caught.value)


def test_restrictions_beside_the_orders_are_refused(catalog, orders):
    table = "source_code,sku,quantity\nparis,x,1\n"
    (orders / "source_reservations.csv").write_text(table)
    with pytest.raises(InputError, match="source_reservations: stands in the folder of the orders"):
        read_run(catalog, orders, quarantine=True, clock=Clock())


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_one_folder_may_hold_both(catalog, orders, prefix):
    (catalog / "source_reservations.csv").write_text("source_code,sku,quantity\nlyon,x,0\n")
    for name in ORDERS:
        (orders / name).rename(catalog / name)
    both = f"{prefix}{catalog}"
    run = read_run(catalog, both, quarantine=True, clock=Clock())
    assert len(run.orders.ids) == 2
    assert len(run.files) == 6


def test_packaged_sets_hold_nothing_but_tables():
    from engine.tables.schema import SCHEMAS

    for name in ("msi_example", "northwind", "online_retail"):
        for part in ("catalog", "orders"):
            found, findings = find_tables(locate(packaged(f"{name}/{part}")), SCHEMAS)
            assert found
            assert not findings
