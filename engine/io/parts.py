"""A result table in one file, or in several part files."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from engine.errors import UsageError
from engine.io.write import TableWriter

_WITH_PARTS = (".parquet", ".arrow")


class PartsWriter:
    """Writes a table that comes in parts to one file or to several, in sequence.

    Parameters
    ----------
    folder, name, ending
        Where: ``NAME.ending``, or ``NAME/part-00000.ending`` and so on for several.
    schema
        Of the table.
    num_files
        How many files. Each gets the same share of the expected rows, the last one the rest.
    expected_rows
        What the table is expected to have.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        ending: str,
        schema: pa.Schema,
        *,
        num_files: int = 1,
        expected_rows: int = 0,
    ) -> None:
        self._schema = schema
        self.num_rows = 0
        self._full = 0
        self._share = max(1, -(-expected_rows // num_files))
        self._paths = [folder / f"{name}{ending}"]
        if num_files > 1:
            (folder / name).mkdir()
            self._paths = [folder / name / f"part-{at:05}{ending}" for at in range(num_files)]
        self._files = ExitStack()
        self._writer = self._next_file()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        """Close the files; those that got no rows are there too."""
        with self._files:
            while self._paths and raised[0] is None:
                self._next_file()
            self._files.pop_all().__exit__(*raised)

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        while self._paths and self.num_rows + table.num_rows > self._full:
            room = self._full - self.num_rows
            self._add(table.slice(0, room))
            table = table.slice(room)
            self._writer = self._next_file()
        self._add(table)

    def _add(self, table: pa.Table) -> None:
        self._writer.write(table)
        self.num_rows += table.num_rows

    def _next_file(self) -> TableWriter:
        self._files.close()  # one file is open at a time, or each would keep its last rows
        self._full += self._share
        return self._files.enter_context(TableWriter(self._paths.pop(0), self._schema))


def check_parts(ending: str, num_files: int) -> None:
    """Raise if a table cannot be written to so many files.

    Raises
    ------
    UsageError
        If there is no such number, or the format is only read from a single file.
    """
    if num_files < 1:
        raise UsageError(f"{num_files} part files are none; give 1 or more")
    if num_files > 1 and ending not in _WITH_PARTS:
        raise UsageError(f"part files are Parquet or Arrow, not {ending}; leave --part-files out")
