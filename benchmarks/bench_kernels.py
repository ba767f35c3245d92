"""The kernels alone, on 10,000 lines of the case that their targets name."""

from typing import Any

import pytest

from benchmarks.cases import files, reduced
from benchmarks.kernel_speed import CASE, serve
from engine.clock import Clock
from engine.folders import read_run


@pytest.fixture(scope="module")
def run() -> Any:
    """Return the encoded catalogue and orders."""
    return read_run(*files(reduced(CASE, 100)), quarantine=False, clock=Clock())


@pytest.mark.parametrize("algorithm", ["priority", "distance"])
def test_deduct(benchmark: Any, run: Any, algorithm: str) -> None:
    serve(run.catalog, run.orders, algorithm)
    benchmark(serve, run.catalog, run.orders, algorithm)
