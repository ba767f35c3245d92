"""All runs of one case: checked against each other first, then timed in turn, round by round."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cases import CACHE, Case, files
from benchmarks.compare import first_difference
from benchmarks.contestants import PEERS, command
from benchmarks.measure import RunError, Sample, Warm, helper, run_whole
from benchmarks.plan import Run

LONG_SECONDS = 60.0
"""A run that takes longer is timed in 3 rounds, however many are asked for."""


def measure_case(case: Case, runs: list[Run], rounds: int) -> dict[str, Any]:
    """Time the runs of a case, interleaved: A B C A B C ...

    Returns
    -------
    What goes into ``results.json``: by run the seconds of each round, their median, the peak memory
    and the seconds by phase; by run that was dropped, why.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as scratch, ExitStack() as stack:
        bench = _Bench(case, Path(scratch), stack)
        runs, dropped = bench.check(runs)
        samples: dict[Run, list[Sample]] = {run: [] for run in runs}
        phases: dict[Run, list[dict[str, float]]] = {run: [] for run in runs}
        for _ in range(rounds):
            for run in runs:
                if len(samples[run]) >= 3 and samples[run][-1].seconds > LONG_SECONDS:
                    continue
                samples[run].append(bench.run(run))
                phases[run].append(bench.phases(run))
    return {
        "case": asdict(case),
        "runs": {
            run.key: {
                "median": median(sample.seconds for sample in samples[run]),
                "seconds": [round(sample.seconds, 4) for sample in samples[run]],
                "peak_bytes": max(sample.peak_bytes for sample in samples[run]),
                "phases": _medians(phases[run]),
            }
            for run in runs
        },
        "dropped": dropped,
    }


class _Bench:
    """The files, the scratch folder and the warm processes of one case."""

    def __init__(self, case: Case, scratch: Path, stack: ExitStack) -> None:
        self._helper = stack.enter_context(helper())
        self._files = self._helper.apply(files, (case,))
        self._scratch = scratch
        self._stack = stack
        self._warm: dict[str, Warm] = {}

    def check(self, runs: list[Run]) -> tuple[list[Run], dict[str, str]]:
        """Run each once, untimed; return those that agree with ours, and why others do not."""
        kept, dropped = [], {}
        for run in sorted(runs, key=lambda run: run.contestant != "ours"):
            try:
                self.run(run)
                differs = self._difference(run)
            except RunError as error:
                differs = str(error)
            if differs and run.contestant in PEERS:
                dropped[run.key] = differs
            elif differs:
                raise RunError(f"{run.key}: {differs}")
            else:
                kept.append(run)
        return sorted(kept, key=runs.index), dropped

    def run(self, run: Run) -> Sample:
        """Run once."""
        out = self._out(run)
        if not run.whole:
            return self._process(run.contestant).run(*self._files, out, run.algorithm)
        sample, printed = run_whole(command(run.contestant, *self._files, out, run.algorithm))
        if run.contestant == "floor":
            # It says how long it took to read what it only has to write.
            sample = Sample(sample.seconds - float(printed))
        return sample

    def phases(self, run: Run) -> dict[str, float]:
        """Return the seconds by phase of the last run, if it was ours."""
        if run.contestant != "ours":
            return {}
        return json.loads((self._out(run) / "run.json").read_text())["seconds"]

    def _difference(self, run: Run) -> str | None:
        reference = self._scratch / f"ours-{run.algorithm}"
        out = self._out(run)
        if out == reference:
            return None
        return self._helper.apply(first_difference, (reference, out))

    def _out(self, run: Run) -> Path:
        return self._scratch / f"{run.contestant}-{run.algorithm}"

    def _process(self, name: str) -> Warm:
        if name not in self._warm:
            self._warm[name] = self._stack.enter_context(Warm(name))
        return self._warm[name]


def _medians(phases: list[dict[str, float]]) -> dict[str, float]:
    return {name: median(one.get(name, 0.0) for one in phases) for name in phases[0]}


def printed(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that tell a case's result on a terminal."""
    case, runs = result["case"], result["runs"]
    ours = runs["ours priority warm"]["median"]
    yield f"{case['name']}: {case['about']}"
    for key, run in runs.items():
        rate = case["lines"] / run["median"] / 1e6
        peak = f", peak {run['peak_bytes'] / 2**20:,.0f} MiB" if run["peak_bytes"] else ""
        yield (
            f"  {key:24} {run['median']:8.3f} s  {rate:7.3f} M lines/s "
            f"{run['median'] / ours:7.2f} x ours  ({len(run['seconds'])} rounds{peak})"
        )
    phases = runs["ours priority warm"]["phases"]
    yield "  phases: " + ", ".join(f"{name} {spent:.3f}" for name, spent in phases.items())
    yield from (f"  DIFFERS, not timed: {key}: {why}" for key, why in result["dropped"].items())
