"""``ssa allocate --magento``: what is read and written, and what is refused."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.batch import allocate_folders
from engine.io.write import write_table
from engine.magento.bodies import json_lines
from engine.magento.shipments import shipments
from tests.cli.running import EXAMPLE, NORTHWIND, RETAIL, names, refused, ssa

FILES = {"stock_sources.csv", "shipments.jsonl", "shipments_left.csv"}
HEADER = ["source_code", "sku", "status", "quantity"]


def exported(rows: Sequence[Sequence[str]]) -> str:
    """Write rows as Magento's export does: PHP's fputcsv with the escape character "\\0"."""
    lines = []
    for row in rows:
        guarded = [f" {value}" if value[:1] in ("=", "+", "-") else value for value in row]
        fields = [
            '"' + value.replace('"', '""') + '"' if set(value) & set(',"\n\r\t ') else value
            for value in guarded
        ]
        lines.append(",".join(fields) + "\n")
    return "".join(lines)


def imported(path: Path) -> list[list[str]]:
    """Read a file as Magento's import does: PHP's fgetcsv with the escape character "\\0"."""
    text = path.read_bytes().decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows[0] == HEADER
    return rows[1:]


def table_of(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def told(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "shipments.jsonl").read_text().splitlines()]


def of_sources(out: Path) -> list[tuple[int, str, dict[int, float]]]:
    return [
        (
            one["order_id"],
            one["body"]["arguments"]["extension_attributes"]["source_code"],
            {item["order_item_id"]: item["qty"] for item in one["body"]["items"]},
        )
        for one in told(out)
    ]


def magento_bytes(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in FILES}


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    """Return the documents' catalogue with Magento's export in place of the table."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    for path in EXAMPLE[0].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    rows = table_of(folder / "source_items.csv")
    (folder / "source_items.csv").unlink()
    values = [[row[name] for name in HEADER] for row in rows]
    for row in values:
        row[-1] += ".0000"
    (folder / "stock_sources_20261122_031500.csv").write_text(exported([HEADER, *values]))
    return folder


def put_orders(tmp_path: Path, lines: str, orders: str = "order_id,stock_id\n17,2\n") -> Path:
    folder = tmp_path / "orders"
    folder.mkdir(exist_ok=True)
    (folder / "orders.csv").write_text(orders)
    (folder / "order_lines.csv").write_text(lines)
    return folder


LINES = "order_id,sku,qty,order_item_id\n17,24-WB01,20,3\n17,24-WB03,50,4\n"


@pytest.mark.parametrize("options", [(), ("--quarantine",), ("--include-zero",)])
@pytest.mark.parametrize("format", ["csv", "parquet", "arrow"])
def test_the_documents_order(tmp_path: Path, stock: Path, format: str, options: tuple):
    out = tmp_path / "out"
    args = (stock, put_orders(tmp_path, LINES), "--out", out, "--magento", "--format", format)
    outcome = ssa("allocate", *args, *options)
    assert outcome.code == 0
    assert "shipments for Magento: 2\n" in outcome.out
    assert names(out) >= FILES
    assert of_sources(out) == [
        (17, "baltimore_wh", {3: 20, 4: 19}),
        (17, "reno_wh", {4: 31}),
    ]
    assert (out / "shipments_left.csv").read_text() == '"order_id","order_item_id","reason"\n'
    left = {("baltimore_wh", "24-WB01"): "15", ("baltimore_wh", "24-WB03"): "0"}
    left |= {("reno_wh", "24-WB03"): "11"}
    before = table_of(EXAMPLE[0] / "source_items.csv")
    assert imported(out / "stock_sources.csv") == [
        [row["source_code"], row["sku"], str(int(quantity != "0")), f"{quantity}.0000"]
        for row in before
        for quantity in [left.get((row["source_code"], row["sku"]), row["quantity"])]
    ]
    # The run is one like any other.
    assert engine.read_result(out).kpis.orders == 1
    assert ssa("compare", out, out).code == 0
    assert "baltimore_wh" in ssa("explain", out, 17).out
    info = json.loads((out / "run.json").read_bytes())
    assert info["arguments"]["magento"] is True
    assert (info["rows"]["stock_sources"], info["rows"]["shipments"]) == (8, 2)
    assert info["rows"]["shipments_left"] == 0


def test_without_the_option_none_of_it_is_written(tmp_path: Path, stock: Path):
    out = tmp_path / "out"
    assert ssa("allocate", stock, put_orders(tmp_path, LINES), "--out", out).code == 0
    assert not FILES & names(out)


def test_a_night_without_orders_gives_the_stock_back(tmp_path: Path, stock: Path):
    orders = put_orders(tmp_path, LINES.splitlines()[0] + "\n", "order_id,stock_id\n")
    for name in ("first", "second"):
        out = tmp_path / name
        assert ssa("allocate", stock, orders, "--out", out, "--magento", "--quiet").code == 0
        (given,) = stock.glob("stock_sources*")
        assert imported(out / "stock_sources.csv") == imported(given)
        assert told(out) == []
        # What was written is what can be read.
        given.write_bytes((out / "stock_sources.csv").read_bytes())


HOSTILE = [
    *('24" "Voyage"', "one,two", "one\ntwo", "one\r\ntwo", '"', '""', "'", "a\\", 'a\\"b', '\\"'),
    *("=SUM(A1)", "+49", "-1", "@x", "=", " lead", "trail ", "tab\there", "Übergröße-😀", "NULL"),
    *("__EMPTY__VALUE__", "a;b", "0012", "1e3", "true"),
]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_hostile_skus_come_back(tmp_path: Path, stock: Path, format: str):
    (given,) = stock.glob("stock_sources*")
    rows = [["reno_wh", sku, "1", f"{at}.5000"] for at, sku in enumerate(HOSTILE, start=5)]
    given.write_text(exported([HEADER, *rows, ["hq", "below", "0", "-3.5000"]]), newline="")
    orders = tmp_path / "orders"
    orders.mkdir()
    lines = pa.table(
        {
            "order_id": np.full(len(HOSTILE), 17),
            "sku": HOSTILE,
            "qty": np.full(len(HOSTILE), 2),
            "order_item_id": np.arange(len(HOSTILE)) + 1,
            "stock_id": np.full(len(HOSTILE), 2),
        }
    )
    write_table(lines, orders / f"order_lines.{format}")
    out = tmp_path / "out"
    assert ssa("allocate", stock, orders, "--out", out, "--magento").code == 0
    left = [[source, sku, "1", f"{float(qty) - 2:.4f}"] for source, sku, _, qty in rows]
    assert imported(out / "stock_sources.csv") == [*left, ["hq", "below", "0", "-3.5000"]]
    items = {at + 1: 2 for at in range(len(HOSTILE))}
    assert of_sources(out) == [(17, "reno_wh", items)]


@pytest.mark.parametrize("name", ["source_items.csv", "stock_sources.csv"])
def test_two_tables_of_source_items_are_refused(tmp_path: Path, stock: Path, name: str):
    (given,) = stock.glob("stock_sources*")
    (stock / name).write_bytes(given.read_bytes())
    line = refused("validate", stock)
    shown = " and ".join(sorted([given.name, name]))
    assert line == f"ssa: source_items: stands there more than once: {shown}; keep one of them"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "reno_wh,A,1,__EMPTY__VALUE__",
            "source_items.quantity: not a number in 1 row (row 0: '__EMPTY__VALUE__')",
        ),
        (
            "reno_wh,A,__EMPTY__VALUE__,1",
            "source_items.status: neither true nor false in 1 row (row 0: '__EMPTY__VALUE__')",
        ),
        ("reno_wh,A,delete,1", "source_items.status: neither true nor false"),
        ("reno_wh,A,1,", "source_items.quantity: null in 1 row"),
        ("reno_wh,,1,1", "source_items.sku: null in 1 row"),
        ("nowhere,A,1,1", "source_items.source_code: "),
    ],
)
def test_marks_of_an_import_are_findings(tmp_path: Path, stock: Path, row: str, message: str):
    (given,) = stock.glob("stock_sources*")
    given.write_text(f"{','.join(HEADER)}\n{row}\n")
    outcome = ssa("validate", stock, "--quiet")
    assert outcome.code == 2
    assert message in outcome.err


def test_an_export_may_lack_the_status(stock: Path):
    (given,) = stock.glob("stock_sources*")
    given.write_text("source_code,sku,quantity\nreno_wh,A,5.0000\n")
    assert engine.read_catalog(stock).tables["source_items"]["status"].to_pylist() == [True]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet", ".arrow", "/part-0.parquet"])
def test_without_order_items_it_is_refused_before_anything(tmp_path: Path, ending: str):
    orders = tmp_path / "orders"
    path = orders / f"order_lines{ending}"
    path.parent.mkdir(parents=True)
    write_table(pa.table({"order_id": [17], "sku": ["A"], "qty": [1], "stock_id": [2]}), path)
    (tmp_path / "catalog").mkdir()  # an empty one: nothing of it has been looked at
    line = refused("allocate", tmp_path / "catalog", orders, "--out", tmp_path / "out", "--magento")
    assert line.startswith("ssa: order_lines.order_item_id: missing column, without which no")
    assert "ssa export" in line
    assert names(tmp_path) == {"catalog", "orders"}


@pytest.mark.parametrize("content", ["", "order_id,sku,qty,order_item_id,qty\n", "\0\0"])
def test_what_else_is_wrong_with_lines_is_said_as_ever(tmp_path: Path, stock: Path, content: str):
    orders = put_orders(tmp_path, content)
    args = ("allocate", stock, orders, "--out", tmp_path / "out", "--quiet")
    assert ssa(*args, "--magento") == ssa(*args)
    (orders / "order_lines.csv").unlink()
    assert "order_lines: missing table" in ssa(*args, "--magento").err


NULL = """\
order_id,sku,qty,order_item_id
17,24-WB01,1,3
18,24-WB01,2,
18,24-WB03,1,5
19,24-WB01,4,6
"""
THREE = "order_id,stock_id\n17,2\n18,2\n19,2\n"


def in_lines(text: str) -> str:
    """Return lines that carry the stock of their orders."""
    head, *rows = text.splitlines()
    return "\n".join([f"{head},stock_id", *(f"{row},2" for row in rows)]) + "\n"


@pytest.mark.parametrize("has_table", [True, False])
def test_a_line_without_its_order_item_is_a_finding(tmp_path: Path, stock: Path, has_table: bool):
    orders = put_orders(tmp_path, NULL if has_table else in_lines(NULL), THREE)
    if not has_table:
        (orders / "orders.csv").unlink()
    out = tmp_path / "out"
    args = ("allocate", stock, orders, "--out", out, "--quiet")
    outcome = ssa(*args, "--magento")
    assert outcome.code == 2
    assert "order_lines.order_item_id: null in 1 row (row 1: null); give every row" in outcome.err
    assert not out.exists()
    assert ssa(*args).code == 0  # which asks for no shipments
    outcome = ssa(*args, "--magento", "--quarantine", "--overwrite", "--format", "csv")
    assert outcome.code == 3
    assert of_sources(out) == [(17, "baltimore_wh", {3: 1}), (19, "baltimore_wh", {6: 4})]
    rejects = [(row["table"], row["row"], row["reason"]) for row in table_of(out / "rejects.csv")]
    assert ("order_lines", "1", "null") in rejects
    assert ("order_lines", "2", "order has a rejected row") in rejects
    # The replay leaves the same order out.
    assert "baltimore_wh" in ssa("explain", out, 19).out


@pytest.mark.parametrize("has_table", [True, False])
def test_orders_in_quarantine_are_not_shipped(tmp_path: Path, stock: Path, has_table: bool):
    text = (
        "order_id,sku,qty,order_item_id\n17,24-WB01,1,3\n17,24-WB03,1,4\n18,24-WB01,x,5\n"
        "18,24-WB01,1,6\n19,24-WB01,4,7\n19,24-WB03,2,8\n"
    )
    orders = put_orders(tmp_path, text if has_table else in_lines(text), THREE)
    if not has_table:
        (orders / "orders.csv").unlink()
    out = tmp_path / "out"
    outcome = ssa("allocate", stock, orders, "--out", out, "--magento", "--quarantine", "--quiet")
    assert outcome.code == 3
    shipped = [(17, "baltimore_wh", {3: 1, 4: 1}), (19, "baltimore_wh", {7: 4, 8: 2})]
    assert of_sources(out) == shipped


def test_what_cannot_be_told_is_listed(tmp_path: Path, stock: Path):
    text = (
        "order_id,sku,qty,order_item_id,qty_per_item\n"
        "17,24-WB01,6,3,2\n17,24-WB03,3,3,1\n17,24-MB01,1,4,\n"
        "000000018,24-WB01,1,5,\n17,24-WB01,4,6,\n"
    )
    orders = put_orders(tmp_path, text, "order_id,stock_id\n17,2\n000000018,2\n")
    (given,) = stock.glob("stock_sources*")
    rows = [["reno_wh", "24-WB01", "1", "99"], ["austin_wh", "24-WB03", "1", "9"]]
    given.write_text(exported([HEADER, *rows, ["hq", "24-MB01", "1", "9"]]))
    out = tmp_path / "out"
    outcome = ssa("allocate", stock, orders, "--out", out, "--magento")
    assert outcome.code == 0
    assert of_sources(out) == [(17, "hq", {4: 1}), (17, "reno_wh", {6: 4})]
    note = (
        "shipments: 2 order items cannot be told to Magento (no_entity_id 1, parts_differ 1); "
        "see shipments_left.csv"
    )
    assert f"note: {note}\n" in outcome.err
    assert json.loads((out / "run.json").read_bytes())["notes"] == [note]
    assert [tuple(row.values()) for row in table_of(out / "shipments_left.csv")] == [
        ("17", "3", "parts_differ"),
        ("000000018", "5", "no_entity_id"),
    ]
    shown = json.loads(ssa("allocate", *_again(stock, orders, out), "--json").out)
    assert (shown["rows"]["shipments"], shown["rows"]["shipments_left"]) == (2, 2)
    assert shown["notes"] == [note]


def _again(stock: Path, orders: Path, out: Path) -> tuple:
    return stock, orders, "--out", out, "--magento", "--overwrite", "--quiet"


def test_a_run_is_replaced_as_a_whole(tmp_path: Path, stock: Path):
    orders, out = put_orders(tmp_path, LINES), tmp_path / "out"
    args = (stock, orders, "--out", out, "--quiet")
    assert ssa("allocate", *args, "--magento").code == 0
    first = magento_bytes(out)
    assert "--overwrite" in refused("allocate", *args, "--magento")
    assert ssa("allocate", *args, "--magento", "--overwrite").code == 0
    assert magento_bytes(out) == first
    assert ssa("allocate", *args, "--overwrite").code == 0
    assert not FILES & names(out)


def with_items(folder: Path, tmp_path: Path, shuffled: bool, table: bool) -> tuple[Path, Any, Any]:
    """Write the orders of a data set with order items, and return them as read."""
    orders, lines = (raw.table for raw in engine.read_orders(folder))
    count = lines.num_rows
    items = pa.array(np.arange(count)[::-1] + 1)
    lines = lines.append_column("order_item_id", items)
    if shuffled:
        lines = lines.take(pa.array(np.random.default_rng(7).permutation(count)))
    out = tmp_path / "with_items"
    out.mkdir()
    if table:
        write_table(orders, out / "orders.parquet")
    else:
        lines = lines.join(orders, "order_id").sort_by("order_item_id")
        orders = None
    write_table(lines, out / "order_lines.parquet")
    return out, orders, lines


@pytest.mark.parametrize(
    ("data", "shuffled", "table", "batch"),
    [
        ("retail", False, True, 100_000),
        ("retail", False, True, 997),
        ("retail", True, True, 997),
        ("retail", True, False, 997),
        ("northwind", False, True, 100),
        ("northwind", True, False, 100_000),
    ],
)
def test_files_are_what_the_function_gives(
    tmp_path: Path, monkeypatch, data: str, shuffled: bool, table: bool, batch: int
):
    catalog, folder = {"retail": RETAIL, "northwind": NORTHWIND}[data]
    if data == "northwind":
        folder = _typed(folder, tmp_path)
    orders, header, lines = with_items(folder, tmp_path, shuffled, table)
    monkeypatch.setattr("engine.inputs.BATCH_ROWS", batch)
    out = tmp_path / "out"
    args = (catalog, orders, "--out", out, "--magento", "--algorithm", "distance", "--quiet")
    assert ssa("allocate", *args).code == 0
    result = engine.allocate(engine.read_catalog(catalog), header, lines, algorithm="distance")
    found = shipments(result, lines)
    written = (out / "shipments.jsonl").read_bytes()
    assert written == b"".join(json_lines(found.table))
    assert written.count(b"\n") == found.table.num_rows > 50
    items = sum(len(one["body"]["items"]) for one in told(out))
    left = table_of(out / "shipments_left.csv")
    assert items + len(left) == result.allocations.num_rows - _zeros(result)
    expected = result.source_items.select(HEADER).to_pylist()
    assert imported(out / "stock_sources.csv") == [
        [str(v) for v in row.values()] for row in expected
    ]


CATALOG = {
    "sources": pa.table({"source_code": ["lyon", "paris"]}),
    "stock_source_links": pa.table(
        {"stock_id": [1, 1], "source_code": ["paris", "lyon"], "priority": [1, 2]}
    ),
    "source_items": pa.table(
        {"source_code": ["paris", "lyon"], "sku": ["A", "A"], "quantity": [4, 99]}
    ),
}


@settings(max_examples=settings.default.max_examples // 5, deadline=None)
@given(
    # Order, order item (0 for none), quantity.
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(0, 3)), max_size=9),
    st.booleans(),
    st.integers(1, 10),
)
def test_lines_in_any_order_and_batches(rows: list, has_table: bool, batch: int):
    """Orders come back, run over batches, and are set aside; the run may be tried twice."""
    orders = pa.table({"order_id": [3, 1, 4, 2], "stock_id": [1] * 4})
    schema = pa.schema(
        [(name, pa.int64()) for name in ("order_id", "order_item_id", "qty")]
        + [("sku", pa.string()), ("stock_id", pa.int64())]
    )
    lines = pa.Table.from_pylist(
        [
            {"order_id": order, "order_item_id": item or None, "qty": qty, "sku": "A"}
            | {"stock_id": 1}
            for order, item, qty in rows
        ],
        schema=schema,
    )
    bad = {order for order, item, _ in rows if not item}
    keep = lines.filter(pa.array([order not in bad for order, _, _ in rows], pa.bool_()))
    good = orders.filter(pa.array([order not in bad for order in orders["order_id"].to_pylist()]))
    result = engine.allocate(engine.Catalog.from_tables(CATALOG), good if has_table else None, keep)
    found = shipments(result, keep)
    with TemporaryDirectory() as folder, patch("engine.inputs.BATCH_ROWS", batch):
        place = Path(folder, "in")
        place.mkdir()
        tables = CATALOG | {"order_lines": lines} | ({"orders": orders} if has_table else {})
        for name, table in tables.items():
            write_table(table, place / f"{name}.parquet")
        out = Path(folder, "out")
        allocate_folders(place, place, out, quarantine=True, magento=True)
        assert (out / "shipments.jsonl").read_bytes() == b"".join(json_lines(found.table))
        assert len(table_of(out / "shipments_left.csv")) == found.left.num_rows


def _zeros(result: engine.Result) -> int:
    return sum(not units for units in result.allocations["qty_to_deduct"].to_pylist())


def _typed(folder: Path, tmp_path: Path) -> Path:
    """Return a folder of CSV as Parquet, so that it can be joined and sorted."""
    orders, lines = (raw.table for raw in engine.read_orders(folder))
    typed = tmp_path / "typed"
    typed.mkdir()
    write_table(orders, typed / "orders.parquet")
    at = lines.column_names.index("qty")
    whole = lines["qty"].cast(pa.int64())
    write_table(lines.set_column(at, "qty", whole), typed / "order_lines.parquet")
    stocks = orders["stock_id"].cast(pa.int64())
    at = orders.column_names.index("stock_id")
    write_table(orders.set_column(at, "stock_id", stocks), typed / "orders.parquet")
    return typed


def test_part_files_change_nothing_for_magento(tmp_path: Path):
    orders, _, _ = with_items(RETAIL[1], tmp_path, False, True)
    found = []
    for parts in (1, 3):
        out = tmp_path / f"out{parts}"
        args = (RETAIL[0], orders, "--out", out, "--magento", "--part-files", parts, "--quiet")
        assert ssa("allocate", *args).code == 0
        found.append(magento_bytes(out))
        assert (
            engine.read_result(out).kpis.lines
            == pq.read_metadata(orders / "order_lines.parquet").num_rows
        )
    assert found[0] == found[1]


def test_what_is_not_managed_ships_as_well(tmp_path: Path, stock: Path):
    """Nothing is deducted, and yet somebody has to send it."""
    (stock / "stock_items.csv").write_text("sku,manage_stock\n24-MB01,0\n")
    text = "order_id,sku,qty,order_item_id\n17,24-MB01,70,3\n"
    out = tmp_path / "out"
    args = ("allocate", stock, put_orders(tmp_path, text), "--out", out, "--magento")
    assert ssa(*args).code == 0
    assert of_sources(out) == [(17, "hq", {3: 70})]
    assert ["hq", "24-MB01", "1", "5.0000"] in imported(out / "stock_sources.csv")
