"""What all commands have in common: help, usage errors, faults, streams."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from io import BytesIO, TextIOWrapper
from pathlib import Path

import click
import pytest

import engine.cli
from engine.cli import ssa as commands
from tests.cli.running import COMMANDS, DATA, EXAMPLE, NORTHWIND, kept_in, process, refused, ssa

SOURCES = ("sources", EXAMPLE[0], 2)


def test_help_names_every_command():
    outcome = ssa("--help")
    assert outcome.code == 0
    assert re.findall(r"^  (\w+) {2,}\w", outcome.out.partition("Commands:")[2], re.M) == [
        *COMMANDS
    ]


def test_version():
    assert ssa("--version") == (0, f"ssa, version {version('ssa-engine')}\n", "")


def example(name: str) -> str:
    """Return the example of a command's help, as it is shown."""
    outcome = ssa(name, "--help")
    assert outcome.code == 0
    assert ssa(name, "-h") == outcome
    shown = outcome.out.partition("\nExample:\n")[2]
    assert shown.lstrip().startswith("ssa ")
    assert f"  ssa {name}" in shown
    return re.sub(r"\\\n *", " ", shown)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to work in that has the data sets where a checkout has them."""
    for folder in (DATA, DATA.parent / "examples"):
        (tmp_path / folder.name).symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    return tmp_path


GEONAMES = "DE\t10115\tBerlin\tBerlin\tBE\t\t\t\t\t52.5323\t13.3846\t6\n"


# That of ssa export needs a server, and that of ssa serve never ends: tests of their own run them.
@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("export", "serve")])
def test_the_example_of_the_help_runs(checkout: Path, name: str, monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"a password of 24 letters\n")))
    (checkout / "FR.txt").write_text(GEONAMES)
    (checkout / "catalog").mkdir()
    shutil.make_archive("DE", "zip", checkout, "FR.txt")
    for line in example(name).strip().splitlines():
        words = shlex.split(line)
        outcome = ssa(*words[1:])
        assert outcome.code == 0, outcome
    if "--out" in words:
        assert Path(words[words.index("--out") + 1]).exists()


@pytest.mark.parametrize("name", ["", *COMMANDS])
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_help_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, name: str, columns: int):
    monkeypatch.setenv("COLUMNS", str(columns))
    outcome = ssa(*name.split(), "--help")
    text = outcome.out.partition("\nExample:\n")[0]
    assert max(map(len, text.splitlines())) <= min(columns, 80)
    # Nothing but the example has a line that is nearly empty for want of room.
    assert "\\b" not in outcome.out


def test_every_option_has_a_help():
    for name in COMMANDS:
        for parameter in commands.get_command(click.Context(commands), name).params:
            assert isinstance(parameter, click.Argument) or parameter.help, parameter


def test_help_comes_at_once():
    program = (
        "import sys; from engine.cli import ssa; ssa(['--help'], standalone_mode=False);"
        "print([name for name in ('numpy', 'pyarrow', 'numba', 'rich') if name in sys.modules])"
    )
    assert process(program=program).out.endswith("[]\n")


def test_without_a_command_the_help_is_shown():
    outcome = ssa()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == ssa("--help").out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("nope", "ssa: no such command 'nope'; see ssa --help"),
        ("--nope", "ssa: no such option"),
        ("allocate", "ssa: missing argument 'CATALOG'; see ssa allocate --help"),
        ("allocate a", "ssa: missing argument 'ORDERS'; see ssa allocate --help"),
        ("allocate a b", "ssa: missing option '--out'; see ssa allocate --help"),
        ("allocate a b --out", "ssa: option '--out' requires an argument; see ssa"),
        ("allocate a b --out c --format xml", "ssa: invalid value for '--format': 'xml'"),
        ("allocate a b --out c --mode fast", "ssa: invalid value for '--mode': 'fast'"),
        ("check a --out c", "ssa: missing argument 'ORDERS'; see ssa check --help"),
        ("export --out c", "ssa: missing argument 'mysql://USER@HOST/DB'; see ssa export --help"),
        ("export data --out c", "ssa: no address of a database; write mysql://USER@HOST[:PORT]/DB"),
        ("allocate a b --out c --order-status d", "ssa: --order-status, --table-prefix and"),
        ("check a b", "ssa: missing option '--out'; see ssa check --help"),
        ("compare a", "ssa: missing argument 'DIR_B'; see ssa compare --help"),
        ("compare a b --limit -1", "ssa: invalid value for '--limit': -1 is not in the range"),
        ("sources a b", "ssa: invalid value for 'STOCK_ID': 'b' is not a valid integer; see"),
        ("sources a 1 2", "ssa: got unexpected extra argument"),
        ("geonames --out x.csv", "ssa: missing argument 'FILE...'; see ssa geonames --help"),
        ("validate", "ssa: missing argument 'CATALOG'; see ssa validate --help"),
        ("sources a \x1b[31m\n", r"ssa: invalid value for 'STOCK_ID': '\x1b[31m\n' is not a"),
        ("algorithms --quick", "ssa: no such option"),
    ],
)
def test_wrong_usage_is_one_line(args: str, message: str):
    outcome = ssa(*args.split(" "))
    assert outcome.code == 2
    assert outcome.err.startswith(message)
    assert outcome.err.count("\n") == 1
    assert not outcome.out


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (OSError(28, "No space left on device"), 1, "ssa: No space left on device; nothing"),
        (OSError(13, "Permission denied", b"a/\xe9"), 1, "ssa: a/<E9>: Permission denied; noth"),
        (OSError("Arrow lost the connection"), 1, "ssa: Arrow lost the connection; nothing"),
        (ConnectionResetError(104, "Connection reset"), 1, "ssa: Connection reset; nothing was"),
        (MemoryError(), 1, "ssa: out of memory; nothing was written"),
        (RuntimeError("one\ntwo"), 1, "ssa: internal fault, nothing was written: RuntimeError: o"),
        (RecursionError(), 1, "ssa: internal fault, nothing was written: RecursionError:"),
        (KeyboardInterrupt(), 130, "ssa: interrupted"),
        (SystemExit(143), 143, "ssa: terminated"),
    ],
)
def test_a_fault_is_one_line(monkeypatch: pytest.MonkeyPatch, error, code: int, line: str):
    def fail(*_: object, **__: object):
        raise error

    monkeypatch.setattr("engine.folders.read_catalog", fail)
    outcome = ssa(*SOURCES, "--quiet")
    assert outcome.code == code
    assert not outcome.out
    # Click ends the line on which a terminal shows ^C.
    assert outcome.err.lstrip("\n").startswith(line)
    assert outcome.err.lstrip("\n").count("\n") == 1


def test_a_fault_is_shown_in_full_when_asked(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object):
        raise RuntimeError("the place")

    monkeypatch.setattr("engine.folders.read_catalog", fail)
    monkeypatch.setenv("SSA_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="the place"):
        ssa(*SOURCES)


def test_several_problems_are_counted_and_listed(tmp_path: Path):
    (tmp_path / "source.csv").write_text("source_code\n")
    (tmp_path / "stock_source_links.csv").write_text("stock_id,source_code,priority\nx,a,-1\n")
    outcome = ssa("validate", tmp_path, "--quiet")
    assert outcome.code == 2
    head, *lines = outcome.err.splitlines()
    problems = [line for line in lines if not line.startswith("  (rows count from 0")]
    assert head == f"ssa: {len(problems)} problems, nothing was written"
    assert [problem.partition(":")[0] for problem in problems] == [
        "  source",
        "  sources",
        "  source_items",
        "  stock_source_links.stock_id",
        "  stock_source_links.priority",
    ]


def test_one_problem_is_one_line(tmp_path: Path):
    line = refused("validate", tmp_path / "none")
    assert line.startswith(f"ssa: the folder '{tmp_path / 'none'}' does not exist; give a folder")


@pytest.mark.parametrize("closed", [[1], [2], [0, 1, 2]])
def test_closed_streams_are_no_fault(tmp_path: Path, closed: list[int]):
    def close() -> None:
        for number in closed:
            os.close(number)

    args = ("allocate", *EXAMPLE, "--out", tmp_path / "out", "--format", "csv")
    outcome = process(*args, first=close)
    assert outcome.code == 0
    assert bool(outcome.out) == (1 not in closed)
    assert bool(outcome.err) == (2 not in closed)
    assert (tmp_path / "out" / "allocations.csv").read_text().startswith('"order_id"')


@pytest.mark.parametrize("args", [SOURCES, ("--help",)])
def test_a_full_stdout_is_a_fault(args: tuple):
    with Path("/dev/full").open("w") as full:
        outcome = process(*args, stdout=full)
    assert outcome.code == 1
    assert outcome.err.endswith("ssa: No space left on device; nothing was written\n")


def test_a_full_stdout_does_not_undo_a_run(tmp_path: Path):
    with Path("/dev/full").open("w") as full:
        args = ("allocate", *EXAMPLE, "--out", tmp_path / "out", "--quiet")
        outcome = process(*args, stdout=full)
    assert outcome.code == 0
    line = "ssa: all is written, but this summary cannot be printed: No space left on device\n"
    assert outcome.err == line
    assert engine.read_result(tmp_path / "out").kpis.orders == 1


def test_a_full_stderr_ends_nothing():
    with Path("/dev/full").open("w") as full:
        outcome = process(*SOURCES, stderr=full)
        assert process("nope", stderr=full).code == 2
    assert outcome.code == 0
    assert outcome.out == ssa(*SOURCES).out


def test_a_reader_may_leave():
    script = 'set -o pipefail; "$@" --quiet | head -1'
    program = [sys.executable, "-c", "from engine.cli import main; main()"]
    retail = DATA / "online_retail" / "catalog"
    for args in (SOURCES, ("salable", retail), ("salable", retail, "--json")):
        done = subprocess.run(
            ["bash", "-c", script, "bash", *program, *map(str, args)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == ssa(*args).out.splitlines(keepends=True)[0]


ENVIRONMENTS = [
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    {"LC_ALL": "C", "TERM": "dumb", "HOME": "/nowhere"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_any_environment_will_do(tmp_path: Path, environment: dict[str, str]):
    odd = tmp_path / "catalogue ☃"
    shutil.copytree(EXAMPLE[0], odd)
    with (odd / "sources.csv").open("a", encoding="utf-8") as file:
        file.write("☃,1,Snow ☃\n".replace("\n", ",,,,,\n"))
    with (odd / "stock_source_links.csv").open("a", encoding="utf-8") as file:
        file.write("2,☃,5\n")
    outcome = process("sources", odd, 2, env=kept_in(tmp_path / "cache", **environment))
    assert outcome.code == 0
    last = outcome.out.splitlines()[-1]
    assert "☃" in last or "\\u2603" in last


def test_a_run_knows_nothing_of_where_it_was_started(tmp_path: Path, monkeypatch):
    # numba imports coverage where that is installed, which asks where it is.
    import_module("engine.kernels.deduct")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert ssa("allocate", *NORTHWIND, "--out", tmp_path / "out", "--quiet").code == 0
