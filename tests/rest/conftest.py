"""Stores to write to."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.folders import read_catalog
from engine.rest.live import Live
from engine.rest.store import fill
from tests.cli.running import DATA


def make_store(path: Path, name: str | None = "msi_example") -> Path:
    """Make a store of a shipped data set, or of what a fresh Magento has."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        fill(db, read_catalog(DATA / name / "catalog") if name else None)
    return path


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """Return a live store of MSI's example."""
    found = Live(make_store(tmp_path / "store.db"), {})
    yield found
    found.close()
