"""Where compiled kernels are kept."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.kernels import place as module
from engine.kernels.place import is_cold, place


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what this machine says of caches, but for a home folder."""
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "NUMBA_DISABLE_JIT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")


def root(tmp_path: Path) -> str:
    """Return where the folder lies in the temporary folder of a test."""
    return str(place().relative_to(tmp_path).parent)


def test_place_is_chosen_as_users_of_the_system_expect(monkeypatch, tmp_path: Path):
    assert root(tmp_path) == ".cache/ssa-engine"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert root(tmp_path) == "Library/Caches/ssa-engine"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert root(tmp_path) == "Library/Caches/ssa-engine"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert root(tmp_path) == "xdg/ssa-engine"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    assert root(tmp_path) == "numba/ssa-engine"


def test_place_without_a_home_is_none(monkeypatch):
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert place() is None
    assert is_cold()


def test_place_without_source_is_none(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(module, "_digest", module._digest.__wrapped__)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "package.zip" / "place.py"))
    assert place() is None


def test_place_changes_with_any_source_that_kernels_are_made_from(tmp_path: Path):
    engine = tmp_path / "engine"
    shutil.copytree(Path(module.__file__).parents[1], engine)
    ask = "from engine.kernels.place import place; print(place().name)"

    def name() -> str:
        done = subprocess.run(
            [sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    names = [name()]
    assert names == [f"{place().name}\n"]
    for path in ("kernels/deduct.py", "kernels/jit.py", "types.py", "earth.py", "kernels/new.py"):
        with (engine / path).open("a") as file:
            file.write("# changed\n")
        names.append(name())
    assert len(set(names)) == 6
    (engine / "catalog.py").write_text("")
    assert name() == names[-1]


def test_is_cold_until_a_kernel_is_kept(monkeypatch):
    assert is_cold()
    place().mkdir(parents=True)
    (place() / "deduct.deduct_orders-0.0").touch()
    assert is_cold()  # that is the draft of one
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert not is_cold()
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    assert is_cold()
    (place() / "deduct.deduct_orders-0.kernel").touch()
    assert not is_cold()
