"""What a warm-up compiles. It is apart from other tests of commands, for which all is compiled."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.running import EXAMPLE, NORTHWIND, RETAIL, kept_in, kernels_in, process

pytestmark = pytest.mark.needs_jit

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


def test_after_a_warmup_no_run_compiles(tmp_path: Path):
    # A place that is given, is not there yet and is nobody else's will do: runs after this one find
    # their kernels there.
    given = Path(os.environ.get("NUMBA_CACHE_DIR", tmp_path / "cache"))
    is_shared = given.exists() or "PYTEST_XDIST_WORKER" in os.environ
    environment = kept_in(tmp_path / "cache" if is_shared else given)
    missed = process(program=MISSED, env=environment)
    assert (missed.code, missed.out) == (0, ""), missed

    again = process("warmup", "--json", env=environment)
    assert (again.code, again.err) == (0, "")
    folder = Path(json.loads(again.out)["cache"])
    kept = kernels_in(folder)
    assert kept
    program = COUNTED.format(runs=ALL_RUNS.strip())
    folders = (*EXAMPLE, *NORTHWIND, *RETAIL)
    outcome = process(tmp_path, *folders, program=program, env=environment)
    assert outcome.out.splitlines()[-1] == "compiled:", outcome
    assert kernels_in(folder) == kept
