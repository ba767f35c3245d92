"""Compiled kernels between runs: when they are compiled, where they are kept, who is told."""

import shutil
from pathlib import Path

import pytest

import engine
from tests.cli.running import (
    DATA,
    EXAMPLE,
    NORTHWIND,
    give_up_root,
    kept_in,
    kernels_in,
    process,
    ssa,
    start,
    table_bytes,
    terminal,
)

pytestmark = pytest.mark.needs_jit

TOLD = "ssa: compiling the kernels, once (about 10 s); ssa warmup does it ahead\n"


def test_several_first_runs_at_once_agree(tmp_path: Path):
    environment = kept_in(tmp_path / "cache")
    outs = [tmp_path / str(number) for number in range(3)]
    runs = [start("allocate", *NORTHWIND, "--out", out, env=environment) for out in outs]
    ends = [(*run.communicate(), run.returncode) for run in runs]
    assert [code for *_, code in ends] == [0] * len(outs), ends
    first, *others = map(table_bytes, outs)
    assert len(first) == 4
    assert others == [first] * len(others)
    (folder,) = (tmp_path / "cache" / "ssa-engine").iterdir()
    assert {path.suffix for path in folder.iterdir()} == {".kernel"}
    kept = kernels_in(folder)
    again = process("allocate", *NORTHWIND, "--out", tmp_path / "again", env=environment)
    assert table_bytes(tmp_path / "again") == first
    assert TOLD not in again.err
    assert kernels_in(folder) == kept


def test_the_first_run_of_a_package_that_cannot_be_written(tmp_path: Path):
    package = tmp_path / "site" / "engine"
    shutil.copytree(
        Path(engine.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    (package.parent / "data").symlink_to(DATA)
    for path in (package, *package.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    environment = kept_in(
        Path(), PYTHONPATH=str(package.parent), XDG_CACHE_HOME=str(tmp_path / "x")
    )
    del environment["NUMBA_CACHE_DIR"]
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import engine.cli;"
        "assert engine.cli.__file__.startswith(sys.path[0]); engine.cli.main()"
    )
    told = []
    for number in range(2):
        args = (package.parent, "allocate", *EXAMPLE, "--out", tmp_path / f"out{number}")
        outcome = process(*args, program=program, env=environment, first=give_up_root)
        assert outcome.code == 0, outcome
        told.append(outcome.err.count(TOLD))
    assert told == [1, 0]
    assert not list(package.rglob("__pycache__"))


def test_a_warmup_without_a_place_for_kernels_says_so():
    environment = kept_in(Path("/dev/null/none"))
    outcome = process("warmup", env=environment)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("ssa: /dev/null/none/ssa-engine/")
    assert "cannot be kept" in outcome.err


def test_a_terminal_is_told_above_the_bar(tmp_path: Path):
    cold = terminal(
        *("allocate", tmp_path / "none", EXAMPLE[1], "--out", tmp_path / "out"),
        columns=100,
        NUMBA_CACHE_DIR=str(tmp_path / "cache"),
    )
    assert cold.code == 2  # it is told first: nothing need be compiled to see that
    assert cold.out.startswith(TOLD)


def test_warmup_says_where_and_how_long():
    outcome = ssa("warmup")
    assert (outcome.code, outcome.err) == (0, "")
    where, _, seconds = outcome.out.strip().partition(": ready after ")
    assert Path(where).is_dir()
    assert seconds.endswith(" s")
