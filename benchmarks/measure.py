"""Timing one run: in a process of its own, or within a warm process."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from multiprocessing.pool import Pool
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]


class Sample(NamedTuple):
    """One run; ``peak_bytes`` is 0 where memory is not the run's own."""

    seconds: float
    peak_bytes: int = 0


class RunError(RuntimeError):
    """A contestant did not come to its end."""


def helper() -> Pool:
    """Return a process to do in what takes memory, so that this one stays small.

    The peak memory that the system tells of a process begins at that of its parent.
    """
    return multiprocessing.get_context("spawn").Pool(1)


def run_whole(command: list[str]) -> tuple[Sample, str]:
    """Run a command as a process of its own; return its sample and what it printed."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=_environment())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise RunError(f"{' '.join(command)}: {errors.read().decode()[-500:]}")
        return Sample(seconds, _peak_bytes(usage)), output.read().decode()


def memory_over_time(command: list[str], limit: int) -> list[tuple[float, int]]:
    """Run a command; return (seconds, resident bytes) every quarter of a second.

    A process beyond the limit is ended, so that it does not take the machine with it.
    """
    samples: list[tuple[float, int]] = []
    start = perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment()
    )
    while process.poll() is None:
        resident = _resident_bytes(process.pid)
        samples.append((round(perf_counter() - start, 2), resident))
        if resident > limit:
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise RunError(f"more than {limit:,} bytes")
        sleep(0.25)
    if process.returncode:
        raise RunError(f"exit code {process.returncode}")
    return samples


class Warm:
    """A process that has imported a contestant and runs it again and again."""

    def __init__(self, name: str) -> None:
        self._errors = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 - closed by __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.warm", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=_environment(),
        )

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_: Any) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def run(self, *arguments: Path | str) -> Sample:
        """Run once; the arguments are those of a contestant's ``run``."""
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(list(map(str, arguments))) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._errors.seek(0)
            raise RunError(self._errors.read()[-500:])
        return Sample(float(answer))


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _peak_bytes(usage: Any) -> int:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _resident_bytes(pid: int) -> int:
    with suppress(OSError, ProcessLookupError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0
