"""The run against the oracle, against MSI's own answers, and against its laws."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from tests import oracle
from tests.strategies import cases, to_arrow

VECTORS = sorted((Path(__file__).parent.parent / "data" / "vectors").glob("*.json.gz"))
ORDER_TABLES = ("orders", "order_lines")
algorithms = st.sampled_from(["priority", "distance"])
modes = st.sampled_from(["sequential", "independent"])


def run(tables, **options):
    """Run the engine on a case in Arrow tables."""
    catalog = {name: table for name, table in tables.items() if name not in ORDER_TABLES}
    return engine.allocate(
        engine.Catalog.from_tables(catalog),
        tables.get("orders"),
        tables["order_lines"],
        **options,
    )


def rows(result):
    """Return a result's tables as lists of dicts."""
    return {name: table.to_pylist() for name, table in result.tables.items()}


@given(cases(), algorithms, modes, st.booleans())
def test_allocate_equals_oracle(case, algorithm, mode, include_zero):
    options = {"algorithm": algorithm, "mode": mode, "include_zero": include_zero}
    expected = oracle.allocate(case, **options)
    found = rows(run(to_arrow(case), **options))
    for name in ("allocations", "orders", "shortfalls", "source_items"):
        assert found[name] == expected[name], name
