"""Two runs compared, against plain Python and against laws."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.batch import allocate_folders
from engine.comparison.changes import CHANGES_SCHEMA, KINDS
from engine.errors import EngineError, InputError, OutputError
from engine.folders import write_result
from engine.tables.result_schema import result_schema
from tests.cli.running import NORTHWIND
from tests.comparison.oracle import changed_orders
from tests.strategies import cases, to_arrow

FEWER = settings(max_examples=settings.default.max_examples // 5)
MIRRORED = {
    **{kind: kind for kind in KINDS},
    "only in A": "only in B",
    "only in B": "only in A",
    "more served": "less served",
    "less served": "more served",
}


def run(tables: dict[str, pa.Table], **options: Any) -> engine.Result:
    orders = ("orders", "order_lines")
    catalog = {name: table for name, table in tables.items() if name not in orders}
    loaded = engine.Catalog.from_tables(catalog)
    return engine.allocate(loaded, tables.get("orders"), tables["order_lines"], **options)


def respelt(tables: dict[str, pa.Table], draw: Any) -> dict[str, pa.Table]:
    """Other orders: some left out, some quantities other, SKUs in other letters."""
    lines = tables["order_lines"].to_pylist()
    gone = draw(st.sets(st.sampled_from([line["order_id"] for line in lines] or [0]), max_size=1))
    kept = [line for line in lines if line["order_id"] not in gone]
    for line in kept:
        line["qty"] += draw(st.sampled_from([0, 0, 1, Decimal("0.5")]))
        line["sku"] = draw(st.sampled_from([line["sku"], line["sku"].swapcase()]))
    schema = tables["order_lines"].schema
    changed = {**tables, "order_lines": pa.Table.from_pylist(kept, schema=schema)}
    if "orders" in tables:
        orders = [row for row in tables["orders"].to_pylist() if row["order_id"] not in gone]
        changed["orders"] = pa.Table.from_pylist(orders, schema=tables["orders"].schema)
    return changed


@st.composite
def pairs(draw: Any) -> tuple[engine.Result, engine.Result]:
    """Two results of runs that have something to do with each other."""
    tables = to_arrow(draw(cases()))
    other = respelt(tables, draw) if draw(st.booleans()) else tables
    options = [
        {
            "algorithm": draw(st.sampled_from(["priority", "distance"])),
            "mode": draw(st.sampled_from(["sequential", "independent"])),
            "include_zero": draw(st.booleans()),
        }
        for _ in range(2)
    ]
    return run(tables, **options[0]), run(other, **options[1])


def rows(found: engine.Comparison) -> list[dict[str, Any]]:
    """The changed orders, ids as they print, without words."""
    shown = found.orders.drop_columns("why").to_pylist()
    return [{**row, "order_id": str(row["order_id"])} for row in shown]


@given(pairs())
@FEWER
def test_compare_equals_oracle(pair):
    found = engine.compare(*pair)
    assert rows(found) == changed_orders(*pair)
    assert sum(found.changes.values()) == found.orders.num_rows
    ids = [set(result.orders["order_id"].to_pylist()) for result in pair]
    assert found.num_orders == len(ids[0] | ids[1])
    assert all(text and not text.endswith(" ") for text in found.orders["why"].to_pylist())
    assert found.orders.schema.names == CHANGES_SCHEMA.names


@given(pairs())
@FEWER
def test_compare_mirrored_swaps_the_kinds(pair):
    a, b = pair
    there, back = engine.compare(a, b), engine.compare(b, a)
    mirrored = [
        {
            **row,
            "change": MIRRORED[row["change"]],
            **{
                f"{name}_{side}": row[f"{name}_{other}"]
                for name in ("qty", "sources", "reasons")
                for side, other in ("ab", "ba")
            },
        }
        for row in rows(back)
    ]

    def by_id(row):
        return row["order_id"]

    assert sorted(rows(there), key=by_id) == sorted(mirrored, key=by_id)
    figures = {row["name"]: row for row in there.kpis.to_pylist()}
    for row in back.kpis.to_pylist():
        own = figures[row["name"]]
        assert (row["a"], row["b"]) == (own["b"], own["a"])
        assert own["difference"] is None or row["difference"] == -own["difference"]


@given(pairs())
@FEWER
def test_differences_add_up(pair):
    found = engine.compare(*pair)
    figures = {row["name"]: row for row in found.kpis.to_pylist()}
    served = sum((row["qty_b"] or 0) - (row["qty_a"] or 0) for row in found.orders.to_pylist())
    assert Decimal(repr(figures["units_allocated"]["difference"])) == served
    for row in figures.values():
        if row["difference"] is not None:
            assert row["a"] + row["difference"] == pytest.approx(row["b"], abs=1e-9)


@given(cases(), st.booleans())
@FEWER
def test_a_run_compared_with_itself_changes_nothing(case, include_zero):
    tables = to_arrow(case)
    found = engine.compare(run(tables), run(tables, include_zero=include_zero))
    assert (found.orders.num_rows, found.changes) == (0, {})
    assert not any(found.kpis["difference"].drop_null().to_pylist())
    assert repr(found) == f"Comparison(0 of {found.num_orders} orders changed)"


# ------------------------------------------------------------ what is said


def result(
    allocations: list[tuple], shortfalls: list[tuple], ids: list[Any] | None = None
) -> engine.Result:
    """A result by hand: (order, line, source, qty) and (order, line, qty, reason)."""
    base = run({**TINY, "order_lines": TINY["order_lines"].slice(0, 0)})
    ids = ids or sorted({row[0] for row in [*allocations, *shortfalls]})
    got = {key: sum(row[3] for row in allocations if row[0] == key) for key in ids}
    short = {key: sum(row[2] for row in shortfalls if row[0] == key) for key in ids}
    tables = {
        "allocations": [(o, line, "x", code, qty, qty, None) for o, line, code, qty in allocations],
        "orders": [(key, True, True, 1, 1, got[key] + short[key], got[key]) for key in ids],
        "shortfalls": [(o, line, "x", qty, reason) for o, line, qty, reason in shortfalls],
    }
    made = {}
    for name, made_rows in tables.items():
        schema = result_schema(name, pa.string())
        made[name] = pa.Table.from_pylist(
            [dict(zip(schema.names, row, strict=True)) for row in made_rows], schema=schema
        )
    return engine.Result(**made, source_items=base.source_items, rejects=None, kpis=base.kpis)


TINY = {
    "sources": pa.table({"source_code": ["lyon", "paris"]}),
    "stock_source_links": pa.table(
        {"stock_id": [1, 1], "source_code": ["lyon", "paris"], "priority": [1, 2]}
    ),
    "source_items": pa.table({"source_code": ["lyon"], "sku": ["x"], "quantity": [4]}),
    "order_lines": pa.table({"order_id": ["7"], "stock_id": [1], "sku": ["x"], "qty": [6]}),
}
L, P = "lyon", "paris"


@pytest.mark.parametrize(
    ("a", "b", "kind", "words"),
    [
        (
            ([], [(1, 0, 4, "too_far")]),
            ([(1, 0, L, 4)], []),
            "more served",
            "was short for too_far; now served by lyon",
        ),
        (
            ([(1, 0, L, 1)], [(1, 0, 4, "too_far")]),
            ([(1, 0, L, 3)], [(1, 0, 2, "capacity")]),
            "more served",
            "was short for too_far; now lyon +2; still short for capacity",
        ),
        (
            ([(1, 0, L, 4)], [(1, 1, 1, "disabled")]),
            ([(1, 0, P, 2)], [(1, 0, 2, "capacity"), (1, 1, 1, "disabled")]),
            "less served",
            "no longer served by lyon; now served by paris; short for capacity",
        ),
        (
            ([(1, 0, L, 4)], []),
            ([(1, 0, L, Decimal("1.5"))], [(1, 0, Decimal("2.5"), "capacity")]),
            "less served",
            "now lyon -2.5; short for capacity",
        ),
        (([(1, 0, L, 4)], []), ([(1, 0, P, 4)], []), "other sources", "paris instead of lyon"),
        (
            ([(1, 0, L, 4)], []),
            ([(1, 0, L, 3), (1, 0, P, 1)], []),
            "other sources",
            "also from paris",
        ),
        (
            ([(1, 0, L, 3), (1, 0, P, 1)], []),
            ([(1, 0, L, 4)], []),
            "other sources",
            "no longer from paris",
        ),
        (
            ([(1, 0, L, 103), (1, 0, P, 1)], []),
            ([(1, 0, L, 3), (1, 0, P, 101)], []),
            "other quantities",
            "from the same sources: lyon -100, paris +100",
        ),
        (
            ([(1, 0, L, 3), (1, 1, P, 3)], []),
            ([(1, 1, L, 3), (1, 0, P, 3)], []),
            "other quantities",
            "as much from each source, for other lines or SKUs",
        ),
        (
            ([], [(1, 0, 4, "too_far"), (1, 1, 2, "lane")]),
            ([], [(1, 0, 4, "capacity"), (1, 1, 2, "lane")]),
            "other reason",
            "short for capacity instead of too_far",
        ),
        (
            ([], [(1, 0, 4, "too_far"), (1, 1, 4, "lane")]),
            ([], [(1, 0, 4, "lane"), (1, 1, 4, "too_far")]),
            "other reason",
            "short for the same reasons, on other lines",
        ),
        (
            ([], [(1, 0, 4, "too_far")]),
            ([], [(1, 0, 30, "too_far")]),
            "other quantities",
            "30 ordered instead of 4",
        ),
    ],
)
def test_kinds_and_words(a, b, kind, words):
    def texts(rows):
        return [("1", *rest) for _, *rest in rows]

    found = engine.compare(*(result(texts(got), texts(short)) for got, short in (a, b)))
    assert [(row["change"], row["why"]) for row in found.orders.to_pylist()] == [(kind, words)]


def test_orders_stand_in_the_sequence_of_a_then_those_of_b_alone():
    a = result([(key, 0, L, 1) for key in "9351"], [], list("9351"))
    b = result([(key, 0, P, 1) for key in "2315"], [], list("2315"))
    shown = engine.compare(a, b).orders.select(["order_id", "change", "qty_a", "qty_b", "why"])
    one = Decimal("1.0000")
    assert [tuple(row.values()) for row in shown.to_pylist()] == [
        ("9", "only in A", one, None, "B has no such order"),
        ("3", "other sources", one, one, "paris instead of lyon"),
        ("5", "other sources", one, one, "paris instead of lyon"),
        ("1", "other sources", one, one, "paris instead of lyon"),
        ("2", "only in B", None, one, "A has no such order"),
    ]


def test_two_rows_of_one_line_and_source_count_as_one():
    split = result([("1", 0, L, 1), ("1", 0, P, 1), ("1", 0, L, 2)], [])
    assert not engine.compare(split, result([("1", 0, L, 3), ("1", 0, P, 1)], [])).changes


def test_quantities_are_compared_as_decimals():
    large = Decimal("99999999.9999")
    found = engine.compare(
        result([("1", 0, L, large)], []), result([("1", 0, L, large - Decimal("0.0001"))], [])
    )
    assert found.orders["why"].to_pylist() == [
        "99999999.9998 ordered instead of 99999999.9999; now lyon -0.0001"
    ]


# ------------------------------------------------------------------ folders


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs on Northwind, in all formats."""
    place = tmp_path_factory.mktemp("runs")
    written = {}
    for code in ("priority", "distance"):
        for name, options in {
            "parquet": {},
            "csv": {"format": "csv"},
            "arrow": {"format": "arrow", "part_files": 3},
        }.items():
            written[f"{code} {name}"] = place / f"{code}-{name}"
            allocate_folders(*NORTHWIND, written[f"{code} {name}"], algorithm=code, **options)
    return written


@pytest.mark.parametrize("one", ["parquet", "csv", "arrow"])
@pytest.mark.parametrize("other", ["parquet", "csv", "arrow"])
def test_formats_do_not_show(folders, one, other):
    found = engine.compare(folders[f"priority {one}"], str(folders[f"distance {other}"]))
    memory = [engine.read_result(folders[f"{code} parquet"]) for code in ("priority", "distance")]
    expected = engine.compare(*memory)
    assert found.orders.equals(expected.orders)
    assert found.kpis.equals(expected.kpis)
    assert found.figures == expected.figures
    assert rows(found) == changed_orders(*memory)
    assert found.arguments == {"algorithm": ("priority", "distance")}
    assert found.inputs == {}
    assert (expected.arguments, expected.inputs) == (None, None)
    mixed = engine.compare(folders[f"priority {one}"], memory[1])
    assert mixed.orders.equals(expected.orders)
    assert not engine.compare(folders[f"priority {one}"], folders[f"priority {other}"]).changes


def test_ids_are_the_same_if_they_print_the_same(tmp_path):
    lines = TINY["order_lines"]
    ids = pa.array([7, 8], pa.int64())
    one = run({**TINY, "order_lines": lines})
    two = pa.concat_tables([lines, lines]).set_column(0, "order_id", ids)
    other = run({**TINY, "order_lines": two})
    found = engine.compare(one, write_result(other, tmp_path / "b", format="csv"))
    assert found.orders["order_id"].to_pylist() == ["8"]
    assert engine.compare(other, other).orders.schema.field("order_id").type == pa.int64()


def edit(path: Path, change: Any) -> None:
    info = json.loads((path / "run.json").read_text())
    change(info)
    (path / "run.json").write_text(json.dumps(info))


def resave(path: Path, name: str, change: Any) -> None:
    table = pq.read_table(path / f"{name}.parquet")
    pq.write_table(change(table), path / f"{name}.parquet")


def set_column(name: str, values: Any) -> Any:
    def change(table: pa.Table) -> pa.Table:
        at = table.column_names.index(name)
        kind = table.schema.field(name).type
        return table.set_column(at, name, pa.array([values] * table.num_rows, kind))

    return change


HOSTILE = {
    "no folder": (lambda p: p.rename(p.parent / "else"), "does not hold a run: there is no such"),
    "a catalogue": (lambda p: (p / "run.json").unlink(), "does not hold a run: it has no run.json"),
    "another schema": (
        lambda p: edit(p, lambda it: it["kpis"].pop("balance")),
        "its run.json lacks 'balance'",
    ),
    "figures of text": (
        lambda p: edit(p, lambda it: it["kpis"].update(units="many")),
        "does not hold a run: Expected `float`, got `str`",
    ),
    "no inputs": (lambda p: edit(p, lambda it: it.pop("inputs")), "its run.json lacks 'inputs'"),
    "half a run.json": (lambda p: (p / "run.json").write_text('{"kpis'), "does not hold a run"),
    "a deep run.json": (lambda p: (p / "run.json").write_text("[" * 10**5), "does not hold a run"),
    "a run.json like a folder": (
        lambda p: ((p / "run.json").unlink(), (p / "run.json").mkdir()),
        "its run.json is no file",
    ),
    "no table": (lambda p: (p / "shortfalls.parquet").unlink(), "lacks its table shortfalls"),
    "no column": (
        lambda p: resave(p, "shortfalls", lambda it: it.drop_columns(["reason", "line"])),
        r"shortfalls is no table of a run \(it lacks line, reason\)",
    ),
    "text for numbers": (
        lambda p: resave(
            p, "orders", lambda it: it.set_column(5, "qty", pa.array(["many"] * it.num_rows))
        ),
        "orders is no table of a run",
    ),
    "rows lost": (lambda p: resave(p, "orders", lambda it: it.slice(1)), "829 rows where the run"),
    "nulls": (
        lambda p: resave(p, "allocations", set_column("source_code", None)),
        "allocations.source_code has rows without a value",
    ),
    "null quantities": (
        lambda p: resave(p, "orders", set_column("qty", None)),
        "orders.qty has rows without a value",
    ),
    "an order twice": (
        lambda p: resave(p, "orders", set_column("order_id", "10248")),
        "orders holds an order twice",
    ),
    "rows of no order": (
        lambda p: resave(p, "allocations", set_column("order_id", "1")),
        "allocations has rows of no order",
    ),
    "an endless line": (
        lambda p: resave(p, "allocations", set_column("line", 2**62)),
        "allocations.line is out of range",
    ),
    "a line below 0": (
        lambda p: resave(p, "allocations", set_column("line", -1)),
        "allocations.line is out of range",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("side", ["a", "b"])
def test_what_is_no_run_is_named(tmp_path, folders, case, side):
    damage, words = HOSTILE[case]
    good = folders["priority parquet"]
    bad = tmp_path / "bad"
    bad.mkdir()
    for file in folders["distance parquet"].iterdir():
        (bad / file.name).write_bytes(file.read_bytes())
    damage(bad)
    with pytest.raises(OutputError, match=words) as error:
        engine.compare(*((bad, good) if side == "a" else (good, bad)))
    assert str(bad) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_file_is_named_with_its_folder(tmp_path, folders):
    bad = tmp_path / "bad"
    bad.mkdir()
    for file in folders["priority parquet"].iterdir():
        (bad / file.name).write_bytes(file.read_bytes())
    (bad / "orders.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=rf"^{bad}: orders: orders\.parquet is cut short") as error:
        engine.compare(bad, bad)
    assert isinstance(error.value, EngineError)
