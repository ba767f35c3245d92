"""The one decorator of the kernels."""

import numba

from engine.kernels.jit import jit


def test_jit_without_a_place_to_cache_compiles_all_the_same(monkeypatch):
    asked = []

    def njit(**options):
        asked.append(options)
        if options.get("cache"):
            raise RuntimeError("cannot cache function 'x': no locator available for file 'y'")
        return lambda kernel: kernel

    monkeypatch.setattr(numba, "njit", njit)
    assert jit(abs) is abs
    assert [options.get("cache", False) for options in asked] == [True, False]
    assert not any("fastmath" in options for options in asked)
