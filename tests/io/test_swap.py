import errno
import fcntl
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.io import swap
from engine.io.output import recover, whole_folder
from tests.io.runs import run_text, word_of

ROOT = Path(__file__).parents[2]


def counted(scenario: str, folder: Path) -> dict[str, int]:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.io.killing", scenario, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("before", ["old", "missing"])
@pytest.mark.parametrize("way", ["exchange", "two renames"])
def test_a_kill_at_any_line_leaves_the_old_folder_or_the_new(tmp_path, before, way) -> None:
    counts = counted(f"{before}, {way}", tmp_path)
    assert counts["points"] > 50
    assert counts[f"left {before}"] > 20
    assert counts["left new"] > 5
    if (before, way) == ("old", "two renames"):
        assert counts["left between"] > 0
        assert counts["kills of the next run"] > 20


@pytest.mark.parametrize("way", ["exchange", "two renames"])
def test_racing_and_dying_runs_leave_one_whole_folder(tmp_path: Path, way: str) -> None:
    assert counted(f"race, {way}", tmp_path) == {"rounds": 160}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def put(folder: Path, word: str) -> None:
    (folder / "run.json").write_text(run_text(word))


def word_in(folder: Path) -> str:
    return word_of((folder / "run.json").read_text())


@pytest.fixture
def no_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "_rename", lambda *_: False)


def test_recover_leaves_a_living_run_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out, overwrite=False) as folder:
        put(folder, "new")
        before = names(tmp_path)
        assert len(before) == 2
        recover(out)
        assert names(tmp_path) == before
    assert names(tmp_path) == ["out"]


def test_recover_leaves_a_living_process_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = (
        "import sys; from engine.io.output import whole_folder\n"
        f"with whole_folder({str(out)!r}, False) as folder:\n"
        "    (folder / 'run.json').write_text('its'); print('ready', flush=True)\n"
        "    sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as living:
        assert living.stdout
        assert living.stdout.readline() == "ready\n"
        before = names(tmp_path)
        recover(out)
        assert names(tmp_path) == before
        living.communicate("go\n")
    assert living.returncode == 0
    assert names(tmp_path) == ["out"]
    assert (out / "run.json").read_text() == "its"


def test_recover_leaves_the_temporaries_of_others_alone(tmp_path: Path) -> None:
    identity = "1-0123456789abcdef"
    others = [
        f".other.ssa-tmp-{identity}",
        f".out.x.ssa-tmp-{identity}",
        f".out.ssa-tmp-{identity}0",
        ".out.ssa-tmp-notes",
        f"out.ssa-tmp-{identity}",
    ]
    for name in [*others, f".out.ssa-tmp-{identity}", f".out.ssa-old-{identity}"]:
        (tmp_path / name).mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / ".out.ssa-lock").write_text("")
    recover(tmp_path / "out")
    assert names(tmp_path) == sorted([*others, "out"])


def test_recover_returns_the_old_folder_where_the_new_one_is_gone(tmp_path: Path) -> None:
    old = tmp_path / ".out.ssa-old-1-0123456789abcdef"
    old.mkdir()
    put(old, "old")
    recover(tmp_path / "out")
    assert names(tmp_path) == ["out"]
    assert word_in(tmp_path / "out") == "old"


@pytest.mark.usefixtures("no_exchange")
def test_a_second_rename_that_fails_brings_the_old_folder_back(tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    put(out, "old")
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if ".ssa-tmp-" in path.name:
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output"), whole_folder(out, overwrite=True) as folder:
        put(folder, "new")
    assert names(tmp_path) == ["out"]
    assert word_in(out) == "old"


@pytest.mark.usefixtures("no_exchange")
def test_an_interrupt_between_two_renames_finishes_them(tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    put(out, "old")
    rename, seen = Path.rename, []

    def interrupted(path: Path, target: Path) -> Path:
        if ".ssa-tmp-" in path.name and not seen:
            seen.append(path)
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), whole_folder(out, overwrite=True) as folder:
        put(folder, "new")
    assert names(tmp_path) == ["out"]
    assert word_in(out) == "new"


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EACCES])
def test_rename_tells_what_the_system_lacks_from_a_failure(tmp_path, monkeypatch, number) -> None:
    class System:
        """A C library whose renameat2 fails."""

        def __init__(self, *_: object, **__: object) -> None:
            self.renameat2 = lambda *_: -1

    monkeypatch.setattr(swap.ctypes, "CDLL", System)
    monkeypatch.setattr(swap.ctypes, "get_errno", lambda: number)
    paths = (tmp_path / "a", tmp_path / "b")
    if number == errno.EACCES:
        with pytest.raises(PermissionError):
            swap._rename(*paths, 1)
    else:
        assert not swap._rename(*paths, 1)


def test_rename_does_without_renameat2(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(swap.ctypes, "CDLL", lambda *_, **__: object())
    out = tmp_path / "out"
    for word in ("old", "new"):
        with whole_folder(out, overwrite=True) as folder:
            put(folder, word)
        assert word_in(out) == word
    assert names(tmp_path) == ["out"]


def test_a_file_system_without_locks_serves_all_the_same(tmp_path, monkeypatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    out = tmp_path / "out"
    leftover = tmp_path / ".out.ssa-tmp-1-0123456789abcdef"
    leftover.mkdir()
    leftover.with_name(f"{leftover.name}.lock").write_text("")
    with whole_folder(out, overwrite=False) as folder:
        put(folder, "new")
    # Whether a run lives cannot be told here, so what it left stays.
    assert names(tmp_path) == [leftover.name, f"{leftover.name}.lock", "out"]


def test_a_lock_whose_file_is_gone_when_it_is_had_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = swap._lock(path, os.O_RDWR | os.O_CREAT, wait=True)
    held = threading.Event()

    def second() -> None:
        with swap._locked(path):
            assert path.exists()
            held.set()

    waiting = threading.Thread(target=second)
    waiting.start()
    assert not held.wait(0.1)
    swap._unlock(path, first)
    waiting.join(10)
    assert held.is_set()
    assert names(tmp_path) == []


@pytest.mark.usefixtures("no_exchange")
def test_an_interrupted_completion_is_left_to_the_next_run(tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    put(out, "old")
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if ".ssa-tmp-" in path.name:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), whole_folder(out, overwrite=True) as folder:
        put(folder, "new")
    monkeypatch.setattr(Path, "rename", rename)
    assert not out.exists()
    assert len(names(tmp_path)) == 2
    recover(out)
    assert names(tmp_path) == ["out"]
    assert word_in(out) == "new"


def test_a_lock_that_cannot_be_had_stops_the_run(tmp_path: Path, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", broken)
    with pytest.raises(OSError, match="Input/output"), whole_folder(tmp_path / "out", False):
        raise AssertionError("nothing may be written without a lock")
    assert not (tmp_path / "out").exists()


def test_everything_is_synced_before_it_is_renamed(tmp_path: Path, monkeypatch) -> None:
    events: list[str] = []
    sync, rename = os.fsync, swap._rename
    opened = {}
    open_file = os.open

    def opening(path, *args: int) -> int:
        descriptor = open_file(path, *args)
        opened[descriptor] = Path(path).name
        return descriptor

    def syncing(descriptor: int) -> None:
        events.append(opened[descriptor])
        sync(descriptor)

    def renaming(source: Path, target: Path, flags: int) -> bool:
        events.append(f"rename to {target.name}")
        return rename(source, target, flags)

    monkeypatch.setattr(swap.os, "open", opening)
    monkeypatch.setattr(swap.os, "fsync", syncing)
    monkeypatch.setattr(swap, "_rename", renaming)
    with whole_folder(tmp_path / "out", overwrite=False) as folder:
        put(folder, "new")
        (folder / "sub").mkdir()
        (folder / "sub" / "file").write_text("x")
    *files, renamed, parent = events
    assert set(files) == {"run.json", "file", "sub", folder.name}
    assert files.index("file") < files.index("sub") < files.index(folder.name)
    assert (renamed, parent) == ("rename to out", tmp_path.name)


def test_a_folder_that_cannot_be_synced_is_no_fault(tmp_path: Path, monkeypatch) -> None:
    def refuse(path: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(swap, "sync_file", refuse)
    number = errno.EINVAL
    swap.sync_folder(tmp_path)
    number = errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        swap.sync_folder(tmp_path)
