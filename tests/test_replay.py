"""Explaining what stands in a folder: exact, and refused where the run cannot be replayed."""

import random
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.batch import allocate_folders
from engine.errors import InputError, OutputError, UsageError
from engine.io.write import write_table
from tests.policy_cases import policy_cases
from tests.policy_cases import to_arrow as policy_tables
from tests.selection.test_policies import FEWER
from tests.strategies import cases, to_arrow
from tests.test_batch import CATALOG, ORDERS, lines_of, put


@given(
    cases(),
    st.sampled_from(["priority", "distance"]),
    st.sampled_from(["sequential", "independent"]),
    st.integers(1, 7),
    st.sampled_from([".parquet", ".csv"]),
    st.randoms(use_true_random=False),
)
@FEWER
def test_folders_are_explained_as_in_memory(
    case, algorithm, mode, batch, ending, shuffle: random.Random
):
    tables = to_arrow(case)
    order = list(range(tables["order_lines"].num_rows))
    shuffle.shuffle(order)
    tables["order_lines"] = tables["order_lines"].take(pa.array(order, pa.int64()))
    with TemporaryDirectory() as place, patch("engine.inputs.BATCH_ROWS", batch):
        folder = put(Path(place, "all"), tables, ending)
        options = {"algorithm": algorithm, "mode": mode}
        allocate_folders(folder, folder, Path(place, "out"), **options)
        catalog = engine.read_catalog(folder)
        expected = engine.allocate(catalog, *engine.read_orders(folder), **options)
        for order_id in expected.orders["order_id"].to_pylist():
            found = engine.explain(Path(place, "out"), order_id)
            assert found == engine.explain(expected, order_id)


@given(policy_cases())
@FEWER
def test_policies_come_back_from_run_json(case):
    tables, policy = case
    with TemporaryDirectory() as place:
        folder = put(Path(place, "all"), policy_tables(tables))
        allocate_folders(folder, folder, Path(place, "out"), policy=policy)
        catalog = engine.read_catalog(folder)
        expected = engine.allocate(catalog, *engine.read_orders(folder), policy=policy)
        for order_id in expected.orders["order_id"].to_pylist()[-1:]:
            found = engine.explain(Path(place, "out"), order_id)
            assert found == expected.explain(order_id)


def test_orders_decided_together_are_explained_from_folders(tmp_path):
    # Parts of two lines: the batch is what all of them hold.
    lines = lines_of(*"aabbc", qty=[3, 4, 5, 6, 7])
    folder = put(tmp_path / "in", CATALOG | {"orders": ORDERS, "order_lines": lines})
    policy = {"order_rule": "optimal", "costs": {"per_shipment": 5, "per_unserved_unit": 9}}
    with patch("engine.inputs.BATCH_ROWS", 2):
        allocate_folders(folder, folder, tmp_path / "out", policy=policy)
        expected = engine.allocate(
            engine.read_catalog(folder), *engine.read_orders(folder), policy=policy
        )
        for order_id in "abc":
            found = engine.explain(tmp_path / "out", order_id)
            assert found == expected.explain(order_id)
            assert "the batch of 3 orders as a whole" in found.sentence


@pytest.fixture
def folder(tmp_path):
    """Inputs and a run on them."""
    lines = lines_of(*"aabbc", qty=[3, 4, 5, 6, 7])
    put(tmp_path / "in", CATALOG | {"orders": ORDERS, "order_lines": lines})
    allocate_folders(tmp_path / "in", tmp_path / "in", tmp_path / "out")
    return tmp_path


def test_relative_paths_start_where_the_run_did(folder, monkeypatch):
    monkeypatch.chdir(folder)
    allocate_folders("in", "in", "relative")
    monkeypatch.chdir("/")
    assert engine.explain(folder / "relative", "b") == engine.explain(folder / "out", "b")


def test_inputs_that_have_changed_are_named(folder):
    write_table(ORDERS.slice(1), folder / "in" / "orders.parquet")
    (folder / "in" / "source_items.parquet").unlink()
    said = r"orders\.parquet has changed; .*source_items\.parquet is gone since the run"
    with pytest.raises(OutputError, match=said):
        engine.explain(folder / "out", "a")


def test_inputs_that_have_come_since_are_named(folder):
    reserved = pa.table({"source_code": ["lyon"], "sku": ["A"], "quantity": [1]})
    write_table(reserved, folder / "in" / "source_reservations.csv")
    with pytest.raises(OutputError, match=r"source_reservations\.csv was not there"):
        engine.explain(folder / "out", "a")


def test_a_replay_that_decides_otherwise_is_refused(folder):
    result = engine.read_result(folder / "out")
    moved = result.allocations.set_column(
        3, "source_code", pa.array(["lyon"] * len(result.allocations))
    )
    write_table(moved, folder / "out" / "allocations.parquet")
    with pytest.raises(OutputError, match="order a is decided otherwise now"):
        engine.explain(folder / "out", "a")


def test_runs_that_do_not_say_what_they_were_asked_for_are_refused(folder):
    result = engine.allocate(engine.read_catalog(folder / "in"), *engine.read_orders(folder / "in"))
    engine.write_result(result, folder / "other")
    with pytest.raises(OutputError, match=r"does not say what the run was asked for .*`catalog`"):
        engine.explain(folder / "other", "a")


def test_orders_that_are_not_there_and_folders_of_no_run(folder):
    with pytest.raises(UsageError, match="the run has no order z"):
        engine.explain(folder / "out", "z")
    with pytest.raises(OutputError, match="does not hold a run"):
        engine.explain(folder / "in", "a")


def test_a_replay_with_other_reasons_is_refused(folder):
    shortfalls = engine.read_result(folder / "out").shortfalls
    assert len(shortfalls) == 0
    values = ["a", 0, "A", Decimal(1), "x"]
    row = pa.table([[value] for value in values], schema=shortfalls.schema)
    write_table(row, folder / "out" / "shortfalls.parquet")
    path = folder / "out" / "run.json"
    path.write_text(path.read_text().replace('"shortfalls": 0', '"shortfalls": 1'))
    with pytest.raises(OutputError, match="order a is decided otherwise now"):
        engine.explain(folder / "out", "a")


def test_inputs_that_cannot_be_read_are_named(folder):
    (folder / "in" / "orders.parquet").unlink()
    (folder / "in" / "orders.parquet").mkdir()
    with pytest.raises(OutputError, match=r"orders\.parquet cannot be read"):
        engine.explain(folder / "out", "a")


def test_damaged_tables_are_named(folder):
    (folder / "out" / "allocations.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="allocations"):
        engine.explain(folder / "out", "a")
