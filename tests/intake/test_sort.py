"""Lines in any order come out in the sequence of their orders."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest

from engine.intake.sort import sorted_lines
from engine.tables.lines import LineBatch
from engine.tables.raw import RawTable

LINES = pa.table({"order_id": ["b", "a", "b", "?"], "sku": ["1", "2", "3", "4"]})
PLACES = {"a": 0, "b": 1, "?": -1}


def in_sequence(lines: pa.Table, batch: int, memory: int) -> tuple[pa.Table, list[int]]:
    """The lines when they come in batches, and where they stood."""
    batches = [
        LineBatch(RawTable(lines[at : at + batch]), np.arange(at, min(at + batch, len(lines))))
        for at in range(0, len(lines), batch)
    ]

    def positions(raw: RawTable) -> np.ndarray:
        return np.array([PLACES[name] for name in raw.table["order_id"].to_pylist()])

    memory_of = patch("engine.intake.sort.IN_MEMORY", memory)
    with memory_of, TemporaryDirectory() as folder:
        found = list(sorted_lines(batches, positions, 2, Path(folder)))
    tables = [part.raw.table for part in found]
    return pa.concat_tables(tables), np.concatenate([part.rows for part in found]).tolist()


@pytest.mark.parametrize("batch", [1, 3, 4])
@pytest.mark.parametrize("memory", [0, 100])
@pytest.mark.parametrize("extra", ["row", "order", "place of its order", "row of order_lines"])
def test_sorted_lines_have_their_columns_whatever_their_names(batch, memory, extra):
    lines = LINES.append_column(extra, LINES["sku"])
    found, rows = in_sequence(lines, batch, memory)
    assert rows == [3, 1, 0, 2]
    assert found.equals(lines.take(rows))
