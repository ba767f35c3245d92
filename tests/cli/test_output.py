"""Where ``ssa allocate`` may write, and that a run appears there whole or not at all."""

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from tests.cli.running import (
    ENDINGS,
    EXAMPLE,
    NORTHWIND,
    TABLES,
    add,
    give_up_root,
    names,
    process,
    refused,
    ssa,
    start,
    table_bytes,
)


def test_overwrite(tmp_path: Path):
    out = tmp_path / "out"
    args = ("allocate", *EXAMPLE, "--out", out, "--quiet")
    assert ssa(*args).code == 0
    before = table_bytes(out)
    assert refused(*args).endswith("exists; add --overwrite to replace it, or give another folder")
    assert table_bytes(out) == before
    assert ssa(*args, "--overwrite", "--format", "csv").code == 0
    assert names(out) == {f"{name}.csv" for name in TABLES} | {"run.json"}
    # A run that fails leaves the old one as it was.
    add(out / "run.json", " ")
    assert ssa("allocate", EXAMPLE[0], "none", "--out", out, "--overwrite").code == 2
    assert (out / "run.json").read_text().endswith("}\n \n")
    (out / "run.json").unlink()
    assert "never replaced" in refused(*args, "--overwrite")
    assert names(tmp_path) == {"out"}


def test_overwrite_is_not_needed_for_what_is_not_there(tmp_path: Path):
    args = ("allocate", *EXAMPLE, "--out", tmp_path / "out", "--overwrite")
    assert ssa(*args).code == 0


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("", "'' cannot be written to"),
        ("/", "'/' cannot be written to"),
        (".", "exists and holds no run.json"),
        ("..", "contains the input"),
        ("catalog", "is the input"),
        ("orders/", "is the input"),
        ("orders/../catalog/out", "lies inside the input"),
        ("file/out", "is no folder"),
        ("file", "is a file"),
        ("s3://bucket/out", "is a URI"),
        ("loop", "left as it is"),
    ],
)
def test_out_in_a_wrong_place(tmp_path, tables, monkeypatch, out: str, reason: str):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here" if out == "." else tmp_path)
    (tmp_path / "file").write_text("mine")
    if out == "..":
        monkeypatch.chdir(tables[0])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    if out == "loop":
        (tmp_path / "loop").symlink_to("loop")
    assert reason in refused("allocate", *tables, "--out", out, "--overwrite", "--quiet")
    (tmp_path / "loop").unlink(missing_ok=True)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}.keys() == before.keys()
    assert (tmp_path / "file").read_text() == "mine"


def test_out_beside_an_input_of_the_same_beginning(tmp_path: Path, tables: tuple[Path, Path]):
    assert ssa("allocate", *tables, "--out", f"{tables[1]}_done").code == 0


def test_relative_paths_and_uris(tmp_path: Path, tables: tuple[Path, Path], monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ssa("allocate", "catalog", "./orders/", "--out", "one/").code == 0
    assert ssa("allocate", f"file://{tables[0]}", f"file://{tables[1]}", "--out", "two").code == 0
    one, two = (json.loads(Path(out, "run.json").read_text()) for out in ("one", "two"))
    assert one["inputs"][0]["path"] == "catalog/source_items.csv"
    assert [file["sha256"] for file in one["inputs"]] == [file["sha256"] for file in two["inputs"]]
    assert table_bytes(tmp_path / "one") == table_bytes(tmp_path / "two")


@pytest.mark.parametrize(
    "name", ["caf\udce9", "a\nb", "\x1b[31mred\x1b[0m", "  ", "😀", "'; rm -rf x", "-x", "x" * 180]
)
def test_odd_names(tmp_path: Path, tables: tuple[Path, Path], monkeypatch, name: str):
    monkeypatch.chdir(tmp_path)
    tables[0].rename(name)
    out = f"./{name}.out"
    args = ("allocate", f"./{name}", tables[1], "--out", out, "--quiet")
    outcome = ssa(*args)
    assert outcome.code == 0
    first = outcome.out.splitlines()[0]
    assert first.isprintable()
    assert first.endswith(".out: 1 order, 2 lines, priority, sequential")
    assert refused(*args).isprintable()
    assert json.loads(ssa(*args, "--overwrite", "--json").out)["rows"]["orders"] == 1
    info = json.loads((Path(out) / "run.json").read_bytes().decode())
    assert info["arguments"]["out"] == out.replace("\udce9", "<E9>")
    assert engine.read_result(out).kpis.orders == 1


def test_read_only_inputs_are_enough(tmp_path: Path, tables: tuple[Path, Path]):
    for folder in tables:
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
    outcome = process("allocate", *tables, "--out", tmp_path / "out", first=give_up_root)
    assert outcome.code == 0


def test_permissions_that_lack_are_faults(tmp_path: Path, tables: tuple[Path, Path]):
    shut = tmp_path / "shut"
    shut.mkdir()
    shut.chmod(0o555)
    outcome = process("allocate", *tables, "--out", shut / "out", "-q", first=give_up_root)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.endswith(": Permission denied; nothing was written\n")
    assert outcome.err.count("\n") == 1
    assert not names(shut)
    (tables[1] / "orders.csv").chmod(0)
    args = ("allocate", *tables, "--out", tmp_path / "out", "-q")
    outcome = process(*args, first=give_up_root)
    expected = f"ssa: {tables[1] / 'orders.csv'}: Permission denied; nothing was written\n"
    assert outcome == (1, "", expected)
    assert names(tmp_path) == {"catalog", "orders", "shut"}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the kernels compiled and kept, which writes files too."""
    out = tmp_path_factory.mktemp("compiled") / "out"
    assert ssa("allocate", *EXAMPLE, "--out", out).code == 0


@pytest.fixture
def small_files() -> Iterator[None]:
    """Have the system refuse to write files of more than 5 kB, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("format", ENDINGS)
def test_a_full_disk_is_a_fault(tmp_path: Path, compiled: None, small_files: None, format: str):
    out = tmp_path / "out"
    outcome = ssa("allocate", *NORTHWIND, "--out", out, "--format", format, "--quiet")
    assert outcome == (1, "", "ssa: File too large; nothing was written\n")
    outcome = ssa("check", *NORTHWIND, "--out", f"{out}{ENDINGS[format]}", "--quiet")
    assert outcome == (1, "", "ssa: File too large; nothing was written\n")
    assert not names(tmp_path)


def test_two_runs_at_once(tmp_path: Path):
    args = ("allocate", *NORTHWIND, "--out", tmp_path / "out", "--overwrite", "--quiet")
    formats = ("parquet", "csv")
    running = [start(*args, "--format", format) for format in formats]
    ends = [(one.communicate(), one.returncode) for one in running]
    for (_, err), code in ends:
        # One may find that the other's result has appeared meanwhile.
        assert code == 0 or (code == 2 and "has appeared during the run" in err)
    assert 0 in [code for _, code in ends]
    assert names(tmp_path) == {"out"}
    info = json.loads((tmp_path / "out" / "run.json").read_text())
    ending = ENDINGS[info["arguments"]["format"]]
    assert names(tmp_path / "out") == {f"{name}{ending}" for name in TABLES} | {"run.json"}
    assert engine.read_result(tmp_path / "out").kpis.orders == 830
