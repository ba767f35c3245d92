"""What two runs were asked for, and which files they read."""

import json

import pytest

from engine.comparison.asked import other_arguments, other_inputs
from engine.policies.find import as_mapping, find_policy
from engine.run_info import InputFile, RunInfo
from engine.selection.kpis import KPIs

NO_KPIS = KPIs(**dict.fromkeys(KPIs.__dataclass_fields__))


def info(version="1", inputs=(), **arguments) -> RunInfo:
    return RunInfo(
        arguments={"mode": "sequential", **arguments},
        versions={"ssa-engine": version},
        inputs=[InputFile(path=path, size=1, sha256=sha) for path, sha in inputs],
        rows={},
        order_id_type="string",
        kpis=NO_KPIS,
        notes=[],
        seconds={},
    )


def policy(name: str) -> dict:
    """As run.json has it."""
    return {"algorithm": None, "policy": json.loads(json.dumps(as_mapping(find_policy(name))))}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (info(), info(), {}),
        (info(out="x", format="csv", part_files=2), info(out="y"), {}),
        (info(mode="independent"), info(), {"mode": ("independent", "sequential")}),
        (info(include_zero=True), info(), {"include_zero": (True, None)}),
        (info("1"), info("2"), {"version": ("1", "2")}),
        (
            info(algorithm="priority"),
            info(algorithm="distance"),
            {"algorithm": ("priority", "distance")},
        ),
        (info(algorithm="priority"), info(**policy("msi_priority")), {}),
        (
            info(**policy("fewest_sources")),
            info(algorithm="distance"),
            {"ranking": (["priority"], ["distance"]), "order_rule": ("fewest_sources", "line")},
        ),
        (info(policy="odd"), info(algorithm=3, policy=["odd"]), {"policy": ("odd", ["odd"])}),
        (
            info(policy={"costs": {"per_unit": "1"}}),
            info(policy={"costs": {"per_unit": "2"}}),
            {"costs.per_unit": ("1", "2")},
        ),
    ],
)
def test_other_arguments(a, b, expected):
    assert other_arguments(a, b) == expected
    mirrored = {name: pair[::-1] for name, pair in expected.items()}
    assert other_arguments(b, a) == mirrored


FILES = [("here/c/sources.csv", "1"), ("here/o/orders.csv", "2")]


def reading(files, catalog="here/c", orders="here/o") -> RunInfo:
    return info(catalog=catalog, orders=orders, inputs=files)


def test_files_are_the_same_by_content_wherever_they_stand():
    moved = [("s3://there/sources.csv", "1"), ("there/o/orders.csv", "2")]
    assert other_inputs(reading(FILES), reading(moved, "s3://there/", "there/o")) == {}


@pytest.mark.parametrize("root", ["./in", "in/", ".", "file:///in", "/in"])
def test_folders_are_the_same_however_they_are_written(root):
    prefix = {"./in": "in/", "in/": "in/", ".": ""}.get(root, "/in/")
    one = info(inputs=[(f"{prefix}{name}.csv", name) for name in "so"], catalog=root, orders=root)
    two = info(inputs=[("c/s.csv", "s"), ("o/o.csv", "o")], catalog="c", orders="o")
    assert other_inputs(one, two) == {}


def test_files_that_differ_are_named():
    other = [("here/c/sources.csv", "3"), ("here/c/lanes.csv", "4"), ("else/x.csv", "5")]
    found = other_inputs(reading(FILES), reading(other))
    assert found == {
        "catalog/sources.csv": "changed",
        "orders/orders.csv": "only in A",
        "catalog/lanes.csv": "only in B",
        "else/x.csv": "only in B",
    }


def test_runs_that_do_not_say_what_they_read_may_differ():
    assert other_inputs(reading(FILES), reading([])) is None
