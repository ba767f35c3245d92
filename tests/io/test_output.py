import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import OutputError
from engine.io.output import (
    check_output,
    terminate_cleanly,
    whole_file,
    whole_folder,
)
from tests.io.runs import run_text, word_of

ROOT = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def result(folder: Path, word: str = "old") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(run_text(word))
    return folder


def word(folder: Path) -> str:
    return word_of((folder / "run.json").read_text())


def test_whole_folder_appears_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out, overwrite=False) as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(f".out.ssa-tmp-{os.getpid()}-")
        assert names(folder) == []
        result(folder, "new")
        assert not out.exists()
    assert names(out) == ["run.json"]
    assert names(tmp_path) == ["out"]


def test_whole_folder_makes_missing_parents(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "gone" / "deep" / "out", overwrite=False) as folder:
        (folder / "run.json").write_text("{}")
    assert (tmp_path / "gone" / "deep" / "out" / "run.json").is_file()


def test_whole_folder_takes_missing_parents_away_if_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyError), whole_folder(tmp_path / "gone" / "deep" / "out", overwrite=False):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_whole_folder_has_the_permissions_of_any_folder(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with whole_folder(tmp_path / "out", overwrite=False):
        pass
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_whole_folder_replaces_a_result_as_a_whole(tmp_path: Path) -> None:
    out = result(tmp_path / "out")
    (out / "rejects.parquet").write_text("old")
    with whole_folder(out, overwrite=True) as folder:
        result(folder, "new")
        assert word(out) == "old"
    assert word(out) == "new"
    assert names(out) == ["run.json"]
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("existing", [False, True])
def test_whole_folder_leaves_nothing_if_the_block_raises(tmp_path: Path, error, existing) -> None:
    if existing:
        result(tmp_path / "out")

    def run() -> None:
        with whole_folder(tmp_path / "out", overwrite=True) as folder:
            result(folder / "sub", "new")
            raise error

    with pytest.raises(error):
        run()
    assert names(tmp_path) == (["out"] if existing else [])
    assert not existing or word(tmp_path / "out") == "old"


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", ["file", "empty", "folder", "result"])
def test_whole_folder_leaves_alone_what_has_appeared_meanwhile(tmp_path, overwrite, kind) -> None:
    out = tmp_path / "out"

    def run() -> None:
        with whole_folder(out, overwrite) as folder:
            result(folder, "new")
            if kind == "file":
                out.write_text("theirs")
            elif kind == "result":
                result(out, "theirs")
            else:
                out.mkdir()
                if kind == "folder":
                    (out / "x").write_text("theirs")

    if overwrite and kind == "result":
        run()
        assert word(out) == "new"
    else:
        with pytest.raises(OutputError, match="has appeared during the run and is left"):
            run()
        expected = {"file": [], "empty": [], "folder": ["x"], "result": ["run.json"]}[kind]
        assert out.is_file() if kind == "file" else names(out) == expected
    assert names(tmp_path) == ["out"]


def test_whole_folder_of_two_runs_at_once(tmp_path: Path) -> None:
    out = result(tmp_path / "out")
    with whole_folder(out, overwrite=True) as one:
        with whole_folder(out, overwrite=True) as other:
            assert one != other
            result(one, "one")
            result(other, "other")
        assert word(out) == "other"
    assert word(out) == "one"
    assert names(tmp_path) == ["out"]


def test_whole_folder_with_odd_names(tmp_path: Path) -> None:
    for name in ("night run", "a*[b]?", "é", ".hidden", "a.ssa-tmp-1"):
        with whole_folder(tmp_path / name, overwrite=False) as folder:
            result(folder)
    assert len(names(tmp_path)) == 5


def test_whole_file_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "salable.csv.gz"
    path.write_text("old")
    with whole_file(path) as written:
        assert written.name == path.name
        written.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whole_file_leaves_nothing_if_the_block_raises(tmp_path: Path, error) -> None:
    path = tmp_path / "salable.csv"
    path.write_text("old")

    def run() -> None:
        with whole_file(path) as written:
            written.write_text("new")
            raise error

    with pytest.raises(error):
        run()
    assert path.read_text() == "old"
    assert names(tmp_path) == [path.name]


def test_whole_file_clears_up_after_dead_runs(tmp_path: Path) -> None:
    result(tmp_path / ".t.csv.ssa-tmp-1-0123456789abcdef")
    with whole_file(tmp_path / "t.csv") as written:
        written.write_text("x")
    assert names(tmp_path) == ["t.csv"]


SCRIPT = """
import sys, time
from pathlib import Path
from engine.io.output import terminate_cleanly, whole_folder
with terminate_cleanly(), whole_folder(sys.argv[1], overwrite=True) as folder:
    (folder / "run.json").write_text("{}")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)]
)
def test_a_signal_clears_up(tmp_path: Path, number: signal.Signals, code: int) -> None:
    out = result(tmp_path / "out")
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(out)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as run:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
        assert len(names(tmp_path)) == 3
        run.send_signal(number)
        assert run.wait(30) == code
    assert names(tmp_path) == ["out"]
    assert word(out) == "old"


def test_a_kill_leaves_what_the_next_run_clears_up(tmp_path: Path) -> None:
    out = result(tmp_path / "out")
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(out)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        run.stdout.readline()
        run.kill()
        run.wait(30)
    assert len(names(tmp_path)) == 3
    assert word(out) == "old"
    check_output(out, True, [])
    assert names(tmp_path) == ["out"]


SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def handlers() -> Iterator[list[object]]:
    """Keep the handlers of signals as they are."""
    before = [signal.getsignal(number) for number in SIGNALS]
    yield before
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def test_terminate_cleanly_restores_the_handlers(handlers: list[object]) -> None:
    with terminate_cleanly():
        assert signal.getsignal(signal.SIGTERM) not in handlers
    assert [signal.getsignal(number) for number in SIGNALS] == handlers


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", SIGNALS)
def test_terminate_cleanly_heeds_one_signal(number: signal.Signals) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises((SystemExit, KeyboardInterrupt)) as caught, terminate_cleanly():
        os.kill(os.getpid(), number)
    assert number == signal.SIGINT or caught.value.code == 143
    for again in SIGNALS:
        os.kill(os.getpid(), again)


@pytest.mark.usefixtures("handlers")
def test_terminate_cleanly_leaves_what_is_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with terminate_cleanly():
        os.kill(os.getpid(), signal.SIGINT)


def test_terminate_cleanly_does_nothing_in_another_thread() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def work() -> None:
        with terminate_cleanly():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
