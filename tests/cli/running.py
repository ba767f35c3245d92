"""The command line as its users meet it: in this process, in another one, on a terminal."""

import ctypes
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from engine.cli import main

DATA = Path(__file__).parents[2] / "data"
EXAMPLE = (DATA / "msi_example" / "catalog", DATA / "msi_example" / "orders")
NORTHWIND = (DATA / "northwind" / "catalog", DATA / "northwind" / "orders")
RETAIL = (DATA / "online_retail" / "catalog", DATA / "online_retail" / "orders")
YEAR = (DATA / "online_retail" / "year" / "catalog", DATA / "online_retail" / "year" / "orders")
COMMANDS = (
    *("allocate", "explain", "simulate", "compare", "optimum", "salable", "check", "validate"),
    *("sources", "algorithms", "export", "geonames", "serve", "users", "warmup", "demo"),
)


TABLES = {"allocations", "orders", "shortfalls", "source_items"}
ENDINGS = {"parquet": ".parquet", "csv": ".csv", "arrow": ".arrow"}


class Outcome(NamedTuple):
    """What a command printed and the code it ended with."""

    code: int
    out: str
    err: str


class _Screen(TextIOWrapper):
    def isatty(self) -> bool:
        return True


def ssa(*args: object, kind: type[TextIOWrapper] = TextIOWrapper) -> Outcome:
    """Run a command in this process."""
    out, err = (kind(BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code: Any = None
    argv = patch.object(sys, "argv", ["ssa", *map(str, args)])
    with argv, redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code
    shown, told = (stream.buffer.getvalue().decode() for stream in (out, err))
    assert "Traceback" not in told
    return Outcome(code, shown, told)


def on_screen(*args: object, columns: int = 80, **environment: str) -> Outcome:
    """Run a command in this process that takes its streams for a terminal."""
    surroundings = {"TERM": "xterm-256color", "COLUMNS": str(columns), **environment}
    with patch.dict(os.environ, surroundings):
        return ssa(*args, kind=_Screen)


def refused(*args: object) -> str:
    """Run a command that must end with one line on stderr and exit code 2; return the line."""
    outcome = ssa(*args)
    assert outcome.code == 2, outcome
    assert not outcome.out
    *_, line = outcome.err.splitlines()
    assert line.startswith("ssa: ")
    return line


def start(*args: object, first: Callable[[], object] = int, **options: Any) -> subprocess.Popen:
    """Start a command in a process of its own, which calls ``first`` before all else.

    Ctrl-C reaches it even if the tests run in the background.
    """

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        first()

    program = options.pop("program", "from engine.cli import main; main()")
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, args)], preexec_fn=prepare, **options
    )


def process(*args: object, **options: Any) -> Outcome:
    """Run a command in a process of its own to its end."""
    with start(*args, **options) as running:
        out, err = running.communicate()
    assert "Traceback" not in (err or "")
    return Outcome(running.returncode, out or "", err or "")


def give_up_root() -> None:
    """Have permissions hold for root as well, as they do for anybody else."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    for capability in (1, 2):  # to write and to read whatever the permissions say
        if prctl is not None:
            prctl(24, capability, 0, 0, 0)


def terminal(*args: object, columns: int = 80, **environment: str) -> Outcome:
    """Run a command on a terminal; ``out`` is all that is sent to it."""
    mother, daughter = pty.openpty()
    fcntl.ioctl(daughter, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    surroundings = {**os.environ, "TERM": "xterm-256color", **environment}
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
        if name not in environment:
            surroundings.pop(name, None)
    streams = {"stdin": daughter, "stdout": daughter, "stderr": daughter}
    with start(*args, env=surroundings, **streams) as running:
        os.close(daughter)
        shown = b""
        while block := _read(mother):
            shown += block
    os.close(mother)
    return Outcome(running.returncode, shown.decode().replace("\r\n", "\n"), "")


def _read(mother: int) -> bytes:
    try:
        return os.read(mother, 1 << 16)
    except OSError:  # how Linux says that the other side is closed
        return b""


def names(folder: Path) -> set[str]:
    """Return what a folder holds, hidden files too."""
    return {path.name for path in folder.iterdir()}


def table_bytes(out: Path) -> dict[str, bytes]:
    """Return the bytes of each table of a run."""
    return {path.name: path.read_bytes() for path in out.iterdir() if path.suffix != ".json"}


def add(path: Path, line: str) -> None:
    """Append a line to a file."""
    with path.open("a") as file:
        file.write(f"{line}\n")


def kept_in(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment that keeps compiled kernels in a folder."""
    return {**os.environ, "NUMBA_CACHE_DIR": str(folder), **more}


def kernels_in(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the kernels that are kept, and which write it was that left them."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}
