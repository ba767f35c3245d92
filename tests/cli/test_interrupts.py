"""A run that is stopped on its way leaves nothing behind, or what the next one clears away."""

import os
import signal
import time
from pathlib import Path

import pytest

import engine
from tests.cli.running import EXAMPLE, TABLES, YEAR, names, process, ssa, start

# The run sends itself the signal when the phase named first begins, and waits for it.
PROGRAM = """
import os, sys, time
from engine import clock
phase, number = sys.argv.pop(1), int(sys.argv.pop(1))
init = clock.Clock.__init__
def strike(begun):
    if begun == phase:
        os.kill(os.getpid(), number)
        time.sleep(60)
clock.Clock.__init__ = lambda self, listener=None: init(self, strike)
from engine.cli import main
main()
"""
MESSAGES = {signal.SIGINT: (130, "ssa: interrupted"), signal.SIGTERM: (143, "ssa: terminated")}


def stopped(phase: str, number: signal.Signals, *args: object):
    return process(phase, int(number), *args, "--quiet", program=PROGRAM)


@pytest.mark.parametrize("number", MESSAGES)
@pytest.mark.parametrize("phase", ["read", "deduct", "hash"])
def test_a_signal_leaves_nothing(tmp_path: Path, phase: str, number: signal.Signals):
    outcome = stopped(phase, number, "allocate", *EXAMPLE, "--out", tmp_path / "out")
    code, message = MESSAGES[number]
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.strip() == message
    assert not names(tmp_path)


@pytest.mark.parametrize("number", MESSAGES)
def test_many_signals_do_as_one(tmp_path: Path, number: signal.Signals):
    program = PROGRAM.replace("os.kill(os.getpid(), number)", "print('here', flush=True)")
    args = ("deduct", 0, "allocate", *EXAMPLE, "--out", tmp_path / "out", "--quiet")
    with start(*args, program=program) as running:
        assert running.stdout.readline() == "here\n"
        while running.poll() is None:
            running.send_signal(number)
            time.sleep(0.005)
        told = running.stderr.read().strip()
    assert (running.returncode, told) == MESSAGES[number]
    assert not names(tmp_path)


def test_a_signal_leaves_the_old_result(tmp_path: Path):
    args = ("allocate", *EXAMPLE, "--out", tmp_path / "out")
    assert ssa(*args).code == 0
    before = (tmp_path / "out" / "run.json").read_bytes()
    assert stopped("hash", signal.SIGTERM, *args, "--overwrite").code == 143
    assert (tmp_path / "out" / "run.json").read_bytes() == before
    assert names(tmp_path) == {"out"}


@pytest.mark.parametrize("phase", ["write", "hash"])
def test_the_next_run_clears_up_after_a_killed_one(tmp_path: Path, phase: str):
    args = ("allocate", *EXAMPLE, "--out", tmp_path / "out")
    assert stopped(phase, signal.SIGKILL, *args).code == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    assert names(tmp_path)
    assert ssa(*args).code == 0
    assert names(tmp_path) == {"out"}
    assert engine.read_result(tmp_path / "out").kpis.orders == 1


SORTING = """
import os
from engine.cli import main
import engine.inputs
from engine.intake import sort
engine.inputs.BATCH_ROWS = 1
sort.IN_MEMORY = 0
write = sort._Spill.write
def strike(spill, ranges):
    write(spill, ranges)
    os.kill(os.getpid(), 9)
if os.environ["STRIKE"]:
    sort._Spill.write = strike
main()
"""


def test_the_next_run_clears_up_after_one_killed_while_it_sorts(tmp_path: Path, tables):
    (tables[1] / "orders.csv").unlink()
    (tables[1] / "order_lines.csv").write_text(
        "order_id,stock_id,sku,qty\n1,3,A,1\n2,3,A,1\n1,3,B,1\n"
    )
    (tmp_path / "tmp").mkdir()
    args = ("allocate", *tables, "--out", tmp_path / "out", "--quiet")
    env = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "STRIKE": "1"}
    assert process(*args, program=SORTING, env=env).code == -signal.SIGKILL
    assert process(*args, program=SORTING, env=env | {"STRIKE": ""}).code == 0
    assert names(tmp_path / "tmp") == set()
    assert names(tmp_path) == {"catalog", "orders", "out", "tmp"}
    assert names(tmp_path / "out") == {f"{name}.parquet" for name in TABLES} | {"run.json"}


def test_a_signal_leaves_no_half_file(tmp_path: Path):
    out = tmp_path / "out.csv"
    args = ("salable", EXAMPLE[0])
    assert stopped("write", signal.SIGTERM, *args, "--out", out).code == 143
    assert not names(tmp_path)
    assert stopped("write", signal.SIGKILL, *args, "--out", out).code == -signal.SIGKILL
    assert not out.exists()
    assert ssa(*args, "--out", out).code == 0
    assert names(tmp_path) == {"out.csv"}


@pytest.mark.needs_jit
@pytest.mark.parametrize("number", MESSAGES)
def test_a_signal_from_outside_in_the_middle_of_a_long_run(tmp_path: Path, number):
    with start("allocate", *YEAR, "--out", tmp_path / "out") as running:
        for line in running.stderr:
            if line.endswith("deducting\n"):
                break
        time.sleep(0.1)
        running.send_signal(number)
        shown, told = running.communicate(timeout=60)
    code, message = MESSAGES[number]
    assert (running.returncode, shown) == (code, "")
    assert told.splitlines()[-1] == message
    assert "Traceback" not in told
    assert not names(tmp_path)
