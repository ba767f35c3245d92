"""A guard against regressions: ratios of one interleaved run, never seconds.

Each ratio is taken of the fastest of some rounds, which a busy machine disturbs least. The bounds
are about 1.5 times what was measured: in three runs `ours / floor` was 2.4 to 2.7, `ours / python`
0.23 to 0.27. `python -m benchmarks.guard` measures anew.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases import CACHE, CASES, files, reduced
from benchmarks.measure import Warm

CASE = reduced(CASES["1Mx1Mx50"], 20)
ROUNDS = 4


class Bound(NamedTuple):
    """Our seconds may be at most so many times those of another."""

    other: str
    at_most: float


BOUNDS = (Bound("floor", 4.2), Bound("python", 0.42))


def check() -> list[str]:
    """Measure; return what is out of bounds."""
    broken = []
    ours, others = _fastest()
    for bound in BOUNDS:
        ratio = ours / others[bound.other]
        print(f"ours / {bound.other}: {ratio:.3f}, at most {bound.at_most}")
        if ratio > bound.at_most:
            broken.append(f"ours takes {ratio:.3f} times as long as {bound.other}")
    return broken


def _fastest() -> tuple[float, dict[str, float]]:
    """Return our fastest seconds, and those of each other one, from rounds in turn."""
    names = ("ours", *(bound.other for bound in BOUNDS))
    seconds: dict[str, list[float]] = {name: [] for name in names}
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as scratch, ExitStack() as stack:
        warm = {name: stack.enter_context(Warm(name)) for name in names}
        for _ in range(ROUNDS + 1):
            for name, process in warm.items():
                out = Path(scratch) / f"{name}-priority"
                seconds[name].append(process.run(*files(CASE), out, "priority").seconds)
    fastest = {name: min(spent[1:]) for name, spent in seconds.items()}
    return fastest.pop("ours"), fastest


if __name__ == "__main__":
    raise SystemExit("\n".join(check()))
