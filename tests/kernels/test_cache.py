"""Compiled kernels in files: whatever happens to these, kernels work."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from engine.kernels import cache
from engine.kernels.cache import KernelCache
from engine.kernels.jit import jit

pytestmark = pytest.mark.needs_jit


class Pair(NamedTuple):
    left: np.ndarray
    right: np.ndarray


def total(pair: Pair, factor: float) -> float:
    return (pair.left.sum() + pair.right.sum()) * factor


PAIR = Pair(np.arange(3), np.arange(4.0))


def fresh(folder: Path) -> Any:
    """Return the kernel as a new process has it."""
    compiled = jit(total)
    compiled._cache = KernelCache(total, folder)
    return compiled


def hits_and_misses(folder: Path, *args: Any) -> tuple[int, int]:
    """Call the kernel as a new process does; return how often it was read and compiled."""
    kernel = fresh(folder)
    assert kernel(*args) == total(*args)
    return sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values())


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_kernel_is_compiled_once_for_each_signature(tmp_path: Path):
    assert hits_and_misses(tmp_path, PAIR, 2) == (0, 1)
    kept = files(tmp_path)
    assert len(kept) == 1
    assert hits_and_misses(tmp_path, PAIR, 2) == (1, 0)
    assert files(tmp_path) == kept
    assert hits_and_misses(tmp_path, PAIR, 0.5) == (0, 1)
    assert hits_and_misses(tmp_path, PAIR, 0.5) == (1, 0)
    assert len(files(tmp_path)) == 2
    assert kept.items() <= files(tmp_path).items()


def test_a_kernel_for_another_cpu_is_another_file(tmp_path: Path, monkeypatch):
    hits_and_misses(tmp_path, PAIR, 2)
    codegen = type(fresh(tmp_path).targetctx.codegen())
    monkeypatch.setattr(codegen, "magic_tuple", lambda _: ("another", "cpu", ""))
    assert hits_and_misses(tmp_path, PAIR, 2) == (0, 1)
    assert len(files(tmp_path)) == 2


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize("damage", [cut, flip, lambda content: b"", lambda content: content[:7]])
def test_a_damaged_file_is_compiled_anew(tmp_path: Path, damage: Callable[[bytes], bytes]):
    hits_and_misses(tmp_path, PAIR, 2)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert hits_and_misses(tmp_path, PAIR, 2) == (0, 1)
    assert hits_and_misses(tmp_path, PAIR, 2) == (1, 0)


def test_a_disk_that_fills_up_keeps_nothing_and_ends_nothing(tmp_path: Path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))  # Python ignores the signal
    try:
        assert hits_and_misses(tmp_path, PAIR, 2) == (0, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert files(tmp_path) == {}
    assert hits_and_misses(tmp_path, PAIR, 2) == (0, 1)
    assert hits_and_misses(tmp_path, PAIR, 2) == (1, 0)


def test_a_folder_that_cannot_be_made_ends_nothing(tmp_path: Path):
    (tmp_path / "file").touch()
    assert hits_and_misses(tmp_path / "file" / "folder", PAIR, 2) == (0, 1)
    assert files(tmp_path) == {"file": b""}


def test_a_folder_in_the_place_of_a_file_ends_nothing(tmp_path: Path):
    hits_and_misses(tmp_path, PAIR, 2)
    (path,) = tmp_path.iterdir()
    path.unlink()
    path.mkdir()
    assert hits_and_misses(tmp_path, PAIR, 2) == (0, 1)
    assert list(tmp_path.iterdir()) == [path]


def test_code_that_holds_addresses_of_this_process_is_not_kept(tmp_path: Path, monkeypatch):
    kernel = fresh(tmp_path)
    kernel(PAIR, 2)
    (code,) = kernel.overloads.values()
    (path,) = tmp_path.iterdir()
    path.unlink()
    monkeypatch.setattr(type(code.library), "has_dynamic_globals", True)
    kernel._cache.save_overload(code.signature.args, code)
    assert files(tmp_path) == {}
    assert cache._read(path) is None
