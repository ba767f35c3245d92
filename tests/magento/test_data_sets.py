"""What a database gives is what the files give that it was filled from."""

from pathlib import Path

import pyarrow as pa
import pytest

from engine.batch import allocate_folders
from engine.folders import read_catalog, read_result
from engine.io.read import read_tables
from engine.salable import salable_quantity
from engine.tables.schema import SCHEMAS
from tests.cli.running import EXAMPLE, NORTHWIND, RETAIL
from tests.magento.filling import canonical, fill
from tests.magento.server import Server

SETS = {"msi_example": EXAMPLE, "northwind": NORTHWIND, "online_retail": RETAIL}


def tables_of(folders: tuple[Path, Path]) -> dict[str, pa.Table]:
    tables = {}
    for folder in folders:
        tables |= canonical(read_tables(folder, tuple(SCHEMAS), tuple(SCHEMAS)).tables)
    return tables


def plain(table: pa.Table) -> pa.Table:
    """Return a table with keys as text: integers and text that print the same are the same."""
    return table.cast(
        pa.schema(
            field.with_type(pa.string()) if field.name == "order_id" else field
            for field in table.schema
        )
    )


@pytest.mark.parametrize(
    ("name", "charset", "prefix"),
    [
        ("msi_example", "utf8mb4", "m2_"),
        ("northwind", "utf8mb3", ""),
        ("online_retail", "utf8mb4", ""),
    ],
)
def test_the_result_from_a_database_is_that_from_files(
    server: Server, password: None, tmp_path: Path, name: str, charset: str, prefix: str
):
    database = server.database(charset, prefix)
    fill(database, tables_of(SETS[name]))
    expected = allocate_folders(*SETS[name], tmp_path / "files", algorithm="distance")
    found = allocate_folders(database.url, None, tmp_path / "store", algorithm="distance")
    assert found.rows == expected.rows
    assert found.kpis == expected.kpis
    one, other = read_result(tmp_path / "files"), read_result(tmp_path / "store")
    for table in expected.rows:
        assert plain(getattr(other, table)) == plain(getattr(one, table)), table
    assert salable_quantity(read_catalog(database.url)) == salable_quantity(
        read_catalog(SETS[name][0])
    )
    database.close()
