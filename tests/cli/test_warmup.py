"""Compiled kernels between runs: when they are compiled, where they are kept, who is told."""

import json
import os
import shutil
from pathlib import Path

import pytest

import engine
from tests.cli.running import (
    DATA,
    EXAMPLE,
    NORTHWIND,
    RETAIL,
    give_up_root,
    process,
    ssa,
    start,
    table_bytes,
    terminal,
)

pytestmark = pytest.mark.needs_jit

TOLD = "ssa: compiling the kernels, once (about 10 s); ssa warmup does it ahead\n"

# The main job of the command line, which also prints what numba compiled.
COUNTED = """
import sys
from itertools import product
from numba.core.event import install_recorder
from engine.cli import ssa

def run(*args):
    try:
        ssa.main([*args, "--quiet"], standalone_mode=False)
    except SystemExit as end:
        assert not end.code

compiled = []
with install_recorder("numba:compile") as recorder:
    {runs}
for _, event in recorder.buffer:
    if event.is_start:
        compiled.append(event.data["dispatcher"].py_func.__name__)
print("compiled:", *compiled)
"""
ALL_RUNS = """
    out, *folders = sys.argv[1:]
    for catalog, orders in zip(folders[::2], folders[1::2]):
        run("check", catalog, orders, "--out", out + "/check.csv")
        run("salable", catalog, "--out", out + "/salable.csv")
        for code, mode, *zero in [
            ("priority", "sequential"), ("distance", "independent"),
            ("distance", "sequential", "--include-zero"),
            ("priority", "independent", "--include-zero"),
        ]:
            run("allocate", catalog, orders, "--algorithm", code, "--mode", mode, *zero,
                "--out", out + "/run", "--overwrite")
    run("optimum", *folders[2:4])
"""
# Kernels that a warm-up has not compiled.
MISSED = """
from importlib import import_module
from pkgutil import walk_packages
from numba.core.dispatcher import Dispatcher
import engine.kernels
from engine.cli.warmup import run_all_kernels

run_all_kernels()
for info in walk_packages(engine.kernels.__path__, "engine.kernels."):
    for name, value in vars(import_module(info.name)).items():
        if isinstance(value, Dispatcher) and not value.signatures:
            print(info.name, name)
"""


def kept_in(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment that keeps compiled kernels in a folder."""
    return {**os.environ, "NUMBA_CACHE_DIR": str(folder), **more}


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the kernels that are kept, and which write it was that left them."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_after_a_warmup_no_run_compiles(tmp_path: Path):
    # A place that is given and still empty will do: runs after this one find their kernels there.
    given = Path(os.environ.get("NUMBA_CACHE_DIR", tmp_path / "cache"))
    environment = kept_in(tmp_path / "cache" if given.exists() else given)
    missed = process(program=MISSED, env=environment)
    assert (missed.code, missed.out) == (0, ""), missed

    again = process("warmup", "--json", env=environment)
    assert (again.code, again.err) == (0, "")
    folder = Path(json.loads(again.out)["cache"])
    kept = files(folder)
    assert kept
    program = COUNTED.format(runs=ALL_RUNS.strip())
    folders = (*EXAMPLE, *NORTHWIND, *RETAIL)
    outcome = process(tmp_path, *folders, program=program, env=environment)
    assert outcome.out.splitlines()[-1] == "compiled:", outcome
    assert files(folder) == kept


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
    kept = files(folder)
    again = process("allocate", *NORTHWIND, "--out", tmp_path / "again", env=environment)
    assert table_bytes(tmp_path / "again") == first
    assert TOLD not in again.err
    assert files(folder) == kept


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
