"""The one decorator of the kernels."""

from pathlib import Path

import numba
import pytest

from engine.kernels import jit as module
from engine.kernels.jit import jit


def twice(x):
    return x + x


def test_jit_asks_for_no_fastmath(monkeypatch):
    asked = []

    def njit(**options):
        asked.append(options)
        return lambda kernel: kernel

    monkeypatch.setattr(numba, "njit", njit)
    assert jit(twice) is twice
    assert not asked[0].get("fastmath")


@pytest.mark.needs_jit
def test_jit_keeps_the_kernels_of_the_package_only(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(module, "place", lambda: tmp_path / "kernels")
    assert jit(twice)(2) == 4
    assert list(tmp_path.iterdir()) == []

    monkeypatch.setattr(twice, "__module__", "engine.kernels.twice")
    assert jit(twice)(2) == 4
    (path,) = (tmp_path / "kernels").iterdir()
    assert path.name.startswith("twice.twice-")
    again = jit(twice)
    assert again(2) == 4
    assert sum(again.stats.cache_hits.values()) == 1


@pytest.mark.needs_jit
def test_jit_does_not_keep_closures(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(module, "place", lambda: tmp_path)
    for factor in (2, 3):

        def times(x):
            return x * factor  # noqa: B023

        times.__module__ = "engine.kernels.times"
        assert jit(times)(5) == 5 * factor
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs_jit
def test_jit_without_a_place_to_keep_code_compiles_all_the_same(monkeypatch):
    monkeypatch.setattr(module, "place", lambda: None)
    monkeypatch.setattr(twice, "__module__", "engine.kernels.twice")
    assert jit(twice)(2) == 4
