"""What the tests of commands share."""

from pathlib import Path

import pytest

from tests.cli.running import EXAMPLE


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    """Return the example's folders, to be spoilt."""
    for folder in EXAMPLE:
        (tmp_path / folder.name).mkdir()
        for path in folder.iterdir():
            (tmp_path / folder.name / path.name).write_bytes(path.read_bytes())
    return tmp_path / "catalog", tmp_path / "orders"
