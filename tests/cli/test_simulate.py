"""``ssa simulate`` as its users meet it."""

import json
import os
import signal
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len

from tests.cli.running import (
    DATA,
    EXAMPLE,
    NORTHWIND,
    names,
    on_screen,
    process,
    refused,
    ssa,
    start,
    table_bytes,
)

FILE = DATA.parent / "examples" / "northwind.toml"
TABLES = (
    *("kpis", "differences", "intervals", "sources", "shortfalls", "distances"),
    *("regions", "flows", "skus", "days", "source_days"),
)
SMALL = """
[[scenarios]]
name = "grown"
demand = [1, 2, 3]
"""


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    path = tmp_path / "what.toml"
    path.write_text(SMALL)
    return path


@pytest.mark.parametrize("format", ["parquet", "csv", "arrow"])
def test_simulate_writes_its_tables(tmp_path: Path, scenarios: Path, format: str):
    out = tmp_path / "out"
    args = ("simulate", *EXAMPLE, scenarios, "--out", out, "--format", format, "--no-report")
    outcome = ssa(*args)
    assert outcome.code == 0
    assert names(out) == {f"{name}.{format}" for name in TABLES} | {"run.json"}
    info = json.loads((out / "run.json").read_text())
    assert info["rows"]["kpis"] == 4
    assert info["arguments"]["steps"][0]["name"] == "grown, demand 1"
    assert str(scenarios) in {file["path"] for file in info["inputs"]}


def test_simulate_draws_a_report(tmp_path: Path, scenarios: Path):
    out = tmp_path / "out"
    args = ("simulate", *EXAMPLE, scenarios, "--out", out)
    outcome = ssa(*args, "--quiet")
    assert f"{out / 'report.html'} shows it in a browser" in outcome.out
    assert names(out) == {f"{name}.parquet" for name in TABLES} | {
        *("run.json", "report.html", "figures")
    }
    assert "service.png" in names(out / "figures")
    assert "grown, demand 3" in (out / "report.html").read_text("utf-8")
    assert ssa(*args, "--no-report", "--overwrite").code == 0
    assert "report.html" not in names(out)


@pytest.mark.needs_jit
def test_simulate_draws_in_silence_where_there_is_no_home(tmp_path: Path, scenarios: Path):
    caches = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    there = {name: value for name, value in os.environ.items() if name != "MPLCONFIGDIR"}
    surroundings = there | {"HOME": "/proc/none", "XDG_CACHE_HOME": caches}
    args = ("simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out", "--quiet")
    outcome = process(*args, env=surroundings)
    assert (outcome.code, outcome.err) == (0, "")
    assert "report.html" in names(tmp_path / "out")


def test_simulate_without_the_extra_says_how_to_get_it(monkeypatch, tmp_path, scenarios):
    monkeypatch.setattr("engine.whatif.folders.is_installed", lambda: False)
    outcome = ssa("simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out")
    assert outcome.code == 0
    assert "no report: it takes pip install 'ssa-engine[report]'" in outcome.out
    assert "report.html" not in names(tmp_path / "out")


def test_simulate_shows_differences_and_what_changes_most(tmp_path: Path):
    args = ("simulate", *NORTHWIND, FILE, "--out", tmp_path / "out", "--algorithm", "distance")
    outcome = ssa(*args, "--no-report")
    kpis = pq.read_table(tmp_path / "out" / "kpis.parquet").to_pylist()
    assert [row["scenario"] for row in kpis][:2] == ["baseline", "Hamburg closed"]
    base, closed, *_ = kpis
    row = next(line for line in outcome.out.splitlines() if line.startswith("unit fill rate"))
    more = closed["unit_fill_rate"] - base["unit_fill_rate"]
    shown = f"{base['unit_fill_rate']:.1%}", f"{closed['unit_fill_rate']:.1%}", f"{more:+.2%}"
    assert row.split()[3:6] == [*shown[:2], shown[2].rstrip("%")]
    assert "What changes most: " in outcome.out


@pytest.mark.parametrize("columns", [30, 60, 120])
def test_simulate_fits_the_terminal(tmp_path: Path, scenarios: Path, columns: int):
    args = ("simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out", "--quiet", "--no-report")
    outcome = on_screen(*args, columns=columns)
    path = str(tmp_path)
    assert all(len(line) <= columns for line in outcome.out.splitlines() if path not in line)


def test_simulate_prints_json(tmp_path: Path, scenarios: Path):
    outcome = ssa(
        "simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out", "--json", "--no-report"
    )
    found = json.loads(outcome.out)
    assert list(found["scenarios"]) == ["baseline", *(f"grown, demand {at}" for at in (1, 2, 3))]
    assert found["differences"][0]["units"] == 0


def test_simulate_without_scenarios_shows_the_baseline(tmp_path: Path):
    empty = tmp_path / "none.toml"
    empty.write_text("")
    outcome = ssa("simulate", *EXAMPLE, empty, "--out", tmp_path / "out", "--no-report")
    assert outcome.code == 0
    assert "0 scenarios beside the baseline" in outcome.out
    assert "note: there is no scenario: only the baseline was run" in outcome.err
    assert "headline" not in outcome.out
    assert "unit fill rate" in outcome.out


def test_simulate_gives_the_same_bytes_by_any_number_of_workers(tmp_path: Path):
    written = []
    for workers in (1, 3):
        out = tmp_path / str(workers)
        args = ("simulate", *NORTHWIND, FILE, "--out", out, "--workers", workers, "--no-report")
        assert ssa(*args).code == 0
        written.append(table_bytes(out))
    assert written[0] == written[1]


HORIZON = """
replications = 2
seed = 9

[horizon]
every = "night"
patience = 5

[[horizon.replenish]]
source = "london"
up_to_factor = 1
reorder_factor = 0.5
lead_days = [5, 40]

[[scenarios]]
name = "as they come"
steps = [
  { do = "set_horizon", every = "order" },
  { do = "replenish", source = "hamburg", up_to = 9 },
]
"""


@pytest.fixture
def first_months(tmp_path: Path) -> Path:
    """The trader's first 250 orders, and all lines of these."""
    (folder := tmp_path / "orders").mkdir()
    head, *rows = (NORTHWIND[1] / "orders.csv").read_text("utf-8").splitlines()
    ids = {row.partition(",")[0] for row in rows[:250]}
    for name in ("orders", "order_lines"):
        head, *rows = (NORTHWIND[1] / f"{name}.csv").read_text("utf-8").splitlines()
        kept = [row for row in rows if row.partition(",")[0] in ids]
        (folder / f"{name}.csv").write_text("\n".join([head, *kept]), "utf-8")
    return folder


def test_simulate_goes_through_time_alike_with_any_number_of_workers(
    tmp_path, scenarios, first_months
):
    scenarios.write_text(HORIZON)
    written = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        args = ("simulate", NORTHWIND[0], first_months, scenarios)
        args += ("--out", out, "--workers", workers)
        outcome = ssa(*args, "--no-report", "--patience", 30)
        assert outcome.code == 0
        assert "units received" in outcome.out
        assert "95 % intervals over 2 replications" in outcome.out
        written.append(table_bytes(out))
    assert written[0] == written[1]
    asked = json.loads((out / "run.json").read_text())["arguments"]
    assert (asked["replications"], asked["seed"]) == (2, 9)
    assert (asked["horizon"]["every"], asked["horizon"]["patience"]) == ("night", 30)
    assert asked["horizon"]["replenish"][0]["source"] == "london"
    base, as_they_come = pq.read_table(out / "kpis.parquet").to_pylist()
    for row in (base, as_they_come):
        parts = row["units_allocated"] + row["units_lost"] + row["units_waiting"]
        assert parts == row["units"]
        assert row["units_received"] > 0
        assert row["units_late"] > 0


def test_simulate_takes_a_horizon_from_the_command_line(tmp_path: Path, scenarios: Path):
    out = tmp_path / "out"
    args = ("simulate", *NORTHWIND, scenarios, "--out", out, "--no-report")
    assert "--patience goes with --horizon" in refused(*args, "--patience", 3)
    assert "--hold goes with --horizon" in refused(*args, "--hold", 3)
    assert "hold: give 0 to 1,000,000" in refused(*args, "--horizon", "night", "--hold", -1)
    assert "not 'weekly'" in refused(*args, "--horizon", "weekly")
    assert names(tmp_path) == {"what.toml"}
    outcome = ssa(*args, "--horizon", "order", "--hold", 0.1)
    assert outcome.code == 0
    assert "no order waits by choice" in outcome.err
    asked = json.loads((out / "run.json").read_text())["arguments"]
    assert asked["horizon"] == {"every": "order", "patience": 0, "replenish": [], "hold": "0.1"}


def test_simulate_refuses_in_one_line(tmp_path: Path, scenarios: Path):
    out = ("--out", tmp_path / "out")
    scenarios.write_text(SMALL + '[[scenarios.steps]]\ndo = "close_source"\nsource = "x"\n')
    assert "source 'x' is unknown" in refused("simulate", *EXAMPLE, scenarios, *out)
    scenarios.write_text("demand = 1")
    assert f"{scenarios}, line 1" in refused("simulate", *EXAMPLE, scenarios, *out)
    for wrong, message in (
        ("seed = -1", "line 1: seed: give a whole number of 0 or more; not -1"),
        ("[horizon]\npatience = 0.5", "line 2: patience: expected a whole number, got a number"),
        ("\n[horizon]\neveri = 1", "line 3: 'everi' is unknown here; did you mean every"),
        ("horizon = 3", "line 1: horizon must be a table"),
        ("[horizon]\nhold = -0.5", "line 1: horizon: hold: give 0 to 1,000,000, with at most"),
        ("[horizon]\nhold = true", "line 2: hold: expected a number, got true or false"),
        ("[[horizon.replenish]]\nup_to = -1", "line 2: up_to: give 0 to 99999999.9999"),
    ):
        scenarios.write_text(wrong)
        assert message in refused("simulate", *EXAMPLE, scenarios, *out)
    scenarios.write_text("demand = 1")
    assert "is the input" in refused("simulate", *EXAMPLE, scenarios, "--out", scenarios)
    assert "exclude" in refused(
        "simulate", *EXAMPLE, scenarios, *out, "--policy", "cheapest", "--algorithm", "priority"
    )
    assert names(tmp_path) == {"what.toml"}


def test_a_simulation_is_no_run_to_be_compared(tmp_path: Path, scenarios: Path):
    out = tmp_path / "out"
    assert ssa("simulate", *EXAMPLE, scenarios, "--out", out, "--no-report").code == 0
    told = "does not hold a run: ssa simulate wrote it; give an --out of ssa allocate"
    assert told in refused("compare", out, out)
    assert told in refused("explain", out, "1")


def test_simulate_replaces_only_what_it_is_asked_to(tmp_path: Path, scenarios: Path):
    args = ("simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out", "--no-report")
    assert ssa(*args).code == 0
    assert "add --overwrite" in refused(*args)
    assert ssa(*args, "--overwrite").code == 0


def test_simulate_keeps_the_policies_that_it_reads(tmp_path: Path, scenarios: Path):
    args = ("simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out", "--no-report")
    assert ssa(*args).code == 0
    policy = tmp_path / "out" / "own.toml"
    policy.write_text('ranking = ["distance"]')
    scenarios.write_text('[[scenarios]]\nname = "own"\npolicy = "out/own.toml"\n')
    assert f"contains the input {policy}" in refused(*args, "--overwrite")
    assert policy.exists()


def test_simulate_spells_names_out_and_keeps_its_columns(tmp_path: Path):
    scenarios = tmp_path / "odd.toml"
    names = ["a\\nb\\u001b[31m", "ルール" * 8]
    scenarios.write_text("".join(f'[[scenarios]]\nname = "{one}"\n' for one in names), "utf-8")
    args = ("simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out", "--no-report")
    outcome = on_screen(*args, columns=80)
    assert "\x1b" not in outcome.out
    header = next(line for line in outcome.out.splitlines() if "a\\nb\\x1b[31m" in line)
    assert header.split() == ["baseline", "a\\nb\\x1b[31m"]
    path = str(tmp_path)
    assert all(cell_len(line) <= 80 for line in outcome.out.splitlines() if path not in line)


@pytest.mark.parametrize(
    ("policy", "seconds"),
    [("", 10), ('policy = "cheapest"', 25), ('policy = { order_rule = "optimal" }', 50)],
)
def test_simulate_tells_of_the_kernels_that_its_scenarios_compile(
    monkeypatch, tmp_path: Path, policy: str, seconds: int
):
    monkeypatch.setattr("engine.kernels.place.is_cold", lambda _: True)
    scenarios = tmp_path / "what.toml"
    scenarios.write_text(f'[[scenarios]]\nname = "x"\n{policy}\n')
    outcome = ssa("simulate", tmp_path / "none", EXAMPLE[1], scenarios, "--out", tmp_path / "out")
    assert f"compiling the kernels, once (about {seconds} s)" in outcome.err


# Workers write their numbers down and then do as they are told.
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
what, folder = sys.argv.pop(1), Path(sys.argv.pop(1))
from engine.whatif import simulate
run, parent = simulate.run_scenario, os.getpid()
def strike(scenario, case):
    if os.getpid() != parent:
        (folder / str(os.getpid())).touch()
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)
    return run(scenario, case)
simulate.run_scenario = strike
from engine.cli import main
main()
"""


def is_gone(pid: int) -> bool:
    """Wait a little for a process to end, as its parent may just have."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "workers").mkdir()
    return tmp_path / "workers"


def test_a_killed_worker_ends_the_run_and_leaves_nothing(tmp_path, folder, scenarios):
    args = ("simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out", "--workers", 2, "-q")
    outcome = process("die", folder, *args, program=PROGRAM)
    assert outcome.code == 1
    assert "a worker process was killed by signal 9" in outcome.err
    assert all(is_gone(int(name)) for name in names(folder))
    assert names(tmp_path) == {"what.toml", "workers"}


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_signal_ends_the_workers_too(tmp_path, folder, scenarios, number, code):
    args = ("simulate", *EXAMPLE, scenarios, "--out", tmp_path / "out", "--workers", 2, "-q")
    with start("wait", folder, *args, program=PROGRAM, start_new_session=True) as running:
        while len(names(folder)) < 2:
            assert running.poll() is None
            time.sleep(0.02)
        if number == signal.SIGINT:  # as a terminal sends it: to all of them
            os.killpg(running.pid, number)
        else:
            running.send_signal(number)
        if number == signal.SIGKILL:  # nobody can end them then; they end after their scenario
            time.sleep(0.1)
            for name in names(folder):
                os.kill(int(name), signal.SIGKILL)
        told = running.communicate(timeout=30)[1]
    assert running.returncode == code
    assert "Traceback" not in told
    assert all(is_gone(int(name)) for name in names(folder))
    assert names(tmp_path) == {"what.toml", "workers"}
