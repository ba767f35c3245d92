"""The kernels alone, on 10,000 lines of the case that their targets name."""

from typing import Any

import pyarrow as pa
import pytest

from benchmarks.cases import reduced
from benchmarks.kernel_speed import BY_DISTANCE, CASE, LAYOUTS, Prepared, deduct, prepare
from benchmarks.policy_speed import CASE as POLICY_CASE
from benchmarks.policy_speed import RULES, SCORES, measure
from engine.tables.texts import number_keys


@pytest.fixture(scope="module")
def case() -> Prepared:
    """Return a small case in memory."""
    return prepare(reduced(CASE, 100))


@pytest.mark.parametrize("algorithm", BY_DISTANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_deduct(benchmark: Any, case: Prepared, layout: str, algorithm: str) -> None:
    def fresh() -> Any:
        return (case, LAYOUTS[layout](case.catalog), algorithm), {}

    assert benchmark.pedantic(deduct, setup=fresh, rounds=20, warmup_rounds=1) > 0


def test_number_skus(benchmark: Any, case: Prepared) -> None:
    skus = case.catalog.tables["source_items"]["sku"].cast(pa.string()).combine_chunks()
    assert len(benchmark(number_keys, skus, fold=True).of_row) == len(skus)


def test_find_skus(benchmark: Any, case: Prepared) -> None:
    assert (benchmark(case.catalog.sku_index.find, case.orders.sku_names) >= 0).all()


def test_policies() -> None:
    speeds = measure(reduced(POLICY_CASE, 1_000), rounds=1)
    assert speeds.keys() == {*RULES, *SCORES}
