"""Kill a run at every line on its way, or let runs race, and check what is left.

Run as ``python -m tests.io.killing SCENARIO FOLDER``: a process of one thread, so that it may
fork. Prints what it has counted as JSON.
"""

import json
import os
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from engine.io import output, swap
from engine.io.output import recover, whole_folder
from tests.io.runs import run_text, word_of

WATCHED = (output.__file__, swap.__file__)


def killed(action: Callable[[], None], line: int) -> bool:
    """Run an action in a child that dies as it comes to the n-th line of the watched files."""
    child = os.fork()
    if not child:
        left = line

        def trace(frame: FrameType, event: str, _: object):
            nonlocal left
            if frame.f_code.co_filename not in WATCHED:
                return None
            left -= event == "line"
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        action()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill(folder: Path, word: str) -> None:
    (folder / "part").mkdir(parents=True)
    for name in ("a", "part/b", "run.json"):
        (folder / name).write_text(run_text(word))


def state(out: Path) -> str:
    """Return what stands there: the word in all its files, ``missing`` or ``mixed``."""
    if not out.exists():
        return "missing"
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    words = {word_of((out / name).read_text()) for name in files}
    return words.pop() if files == ["a", "part/b", "run.json"] and len(words) == 1 else "mixed"


def write(out: Path, word: str = "new") -> None:
    with whole_folder(out, overwrite=True) as folder:
        fill(folder / "x", word)
        for path in list((folder / "x").iterdir()):
            path.rename(folder / path.name)
        (folder / "x").rmdir()


def check_recovery(out: Path, before: str, left: str) -> None:
    """Check that the next run finds the old folder or the new one and clears up."""
    recover(out)
    found = state(out)
    assert found in (before, "new"), (before, left, found)
    assert found == "new" or left == before, "a new folder must not be lost again"
    assert names(out.parent) == ([] if found == "missing" else ["out"])
    write(out, "newer")
    assert state(out) == "newer"
    assert names(out.parent) == ["out"]


def can_exchange(folder: Path) -> bool:
    """Return whether this system swaps two folders in one step."""
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    exchanged = swap._rename(folder / "a", folder / "b", swap._RENAME_EXCHANGE)
    shutil.rmtree(folder / "a")
    shutil.rmtree(folder / "b")
    return exchanged


def kill_everywhere(root: Path, before: str, exchange: bool) -> Counter[str]:
    counts: Counter[str] = Counter()
    exchange = exchange and can_exchange(root)
    if not exchange:
        swap._rename = lambda *_: False  # a system that has no renameat2
    for line in range(10_000):
        parent = root / f"{line}"
        out = parent / "out"
        parent.mkdir()
        if before == "old":
            fill(out, "old")
        if not killed(lambda out=out: write(out), line):
            assert state(out) == "new"
            assert names(parent) == ["out"]
            return counts
        left = state(out)
        between = left == "missing" and any(".ssa-old-" in name for name in names(parent))
        assert left in (before, "new") or (between and not exchange), left
        counts["points"] += 1
        counts[f"left {'between' if between else left}"] += 1
        if between:
            counts["kills of the next run"] += kill_recovery(parent, root / f"{line}-next")
        check_recovery(out, before, left)
    raise AssertionError("the run never came to its end")


def kill_recovery(parent: Path, root: Path) -> int:
    """Kill the run that completes the second rename, too, at every line."""
    for line in range(10_000):
        copy = root / f"{line}"
        shutil.copytree(parent, copy)
        if not killed(lambda copy=copy: recover(copy / "out"), line):
            assert state(copy / "out") == "new"
            return line
        assert state(copy / "out") in ("missing", "new")
        check_recovery(copy / "out", "old", state(copy / "out"))
        assert state(copy / "out") == "newer"
    raise AssertionError("the recovery never came to its end")


def race(root: Path, exchange: bool) -> Counter[str]:
    """Let four processes replace one folder again and again, some of them killed on the way."""
    if not exchange:
        swap._rename = lambda *_: False
    out = root / "out"
    fill(out, "old")
    children = []
    for number in range(4):
        child = os.fork()
        if not child:
            _race(out, random.Random(number), f"word {number}")
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    recover(out)
    assert state(out).startswith("word"), state(out)
    assert names(root) == ["out"], names(root)
    return Counter(rounds=4 * 40)


def _race(out: Path, chance: random.Random, word: str) -> None:
    for _ in range(40):
        if chance.random() < 0.5:
            write(out, word)
        else:
            killed(lambda: write(out, word), chance.randrange(250))


if __name__ == "__main__":
    scenario, folder = sys.argv[1], Path(sys.argv[2])
    if scenario.startswith("race"):
        print(json.dumps(race(folder, exchange=scenario == "race, exchange")))
    else:
        begin, way = scenario.split(", ")
        print(json.dumps(kill_everywhere(folder, begin, exchange=way == "exchange")))
