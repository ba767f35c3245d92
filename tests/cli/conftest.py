"""What the tests of commands share."""

from pathlib import Path

import pytest

from engine.cli.warmup import run_all_kernels
from engine.kernels.place import is_cold
from tests.cli.running import EXAMPLE


@pytest.fixture(scope="session", autouse=True)
def warm() -> None:
    """Compile the kernels if need be, lest one test be told of it and not the others."""
    if is_cold():
        run_all_kernels()


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    """Return the example's folders, to be spoilt."""
    for folder in EXAMPLE:
        (tmp_path / folder.name).mkdir()
        for path in folder.iterdir():
            (tmp_path / folder.name / path.name).write_bytes(path.read_bytes())
    return tmp_path / "catalog", tmp_path / "orders"
