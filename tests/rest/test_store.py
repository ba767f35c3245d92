"""The store: it gives back what it was filled with, and refuses what is no store."""

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from copy import deepcopy
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given

import engine
from engine.catalog import Catalog
from engine.errors import InputError, UsageError
from engine.folders import read_catalog as read_folder
from engine.rest import saves
from engine.rest.changes import laid_out
from engine.rest.live import Live
from engine.rest.saves import SourceItem
from engine.rest.serve import serve_store
from engine.rest.store import connect, faults_of, fill, is_new, locked, read_catalog
from engine.rest.users import add_user, create_tables, list_users
from tests.cli.running import DATA, give_up_root, names, process
from tests.rest.test_changes import ORDER_TABLES, check_orders, check_same, check_whole, held
from tests.rest.test_passwords import CHEAP
from tests.strategies import cases, to_arrow

SHIPPED = ["msi_example", "northwind", "online_retail"]


def stored(catalog: Catalog | None, path: Path | str = ":memory:") -> Catalog:
    """Return what a store says that was filled with a catalogue."""
    db = sqlite3.connect(path, isolation_level=None)
    with closing(db):
        fill(db, catalog)
        assert not is_new(db)
        return read_catalog(db)


def plain(table: pa.Table) -> list[dict]:
    """Return rows in a sequence of their own; numbers without trailing zeros."""
    return sorted(table.to_pylist(), key=repr)


def check_tables(given: Catalog, found: Catalog) -> None:
    """Check that a store has given back every row of every table."""
    assert set(given.tables) - set(found.tables) == set()
    # Without a table of stocks those that links name are stocks; a store has the table.
    assert set(found.tables) - set(given.tables) <= {"stocks", "sales_channels"}
    for name, table in given.tables.items():
        rows = found.tables[name].select(table.column_names)
        if name == "stocks":
            unnamed = {row["stock_id"] for row in table.to_pylist() if row["name"] is None}
            rows = rows.to_pylist()
            for row in rows:
                if row["stock_id"] in unnamed:
                    assert row["name"] == f"Stock {row['stock_id']}"
                    row["name"] = None
            assert sorted(rows, key=repr) == plain(table)
        elif name == "source_items":
            assert held(found) == held(given)
        else:
            assert plain(rows) == plain(table), name


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_data_set_comes_back(name: str, tmp_path: Path):
    catalog = read_folder(DATA / name / "catalog")
    found = stored(catalog, tmp_path / "store.db")
    check_tables(laid_out(catalog), found)
    assert repr(found) == repr(catalog)
    check_whole(found)


@given(cases())
def test_a_case_comes_back(case):
    arrow = to_arrow(case)
    catalog = Catalog.from_tables({n: t for n, t in arrow.items() if n not in ORDER_TABLES})
    found = stored(catalog)
    check_tables(laid_out(catalog), found)
    check_whole(found)
    tables = deepcopy(case)
    tables["stocks"] = [{"stock_id": one} for one in catalog.stock_ids.tolist()]
    tables.setdefault("sales_channels", [])
    check_orders(laid_out(catalog), found, tables)


def test_what_a_policy_or_an_algorithm_of_ones_own_needs_comes_back():
    tables = {
        "sources": pa.table(
            {
                "source_code": ["b", "a"],
                "handling_cost": [0.1, None],
                "capacity_units": pa.array(["0.0001", "99999999.9999"]).cast(pa.decimal128(12, 4)),
                "region_id": ["12", None],
                "email": ["b@example.org", None],
                "colour": ["blue", None],
                "weight": [2.5, None],
                "green": [True, False],
                "more": [None, "and more"],
            }
        ),
        "stock_source_links": pa.table({"stock_id": [2], "source_code": ["b"], "priority": [1]}),
        "source_items": pa.table({"source_code": ["b"], "sku": ["X"], "quantity": [3]}),
        "lanes": pa.table({"source_code": ["b"], "country_id": ["DE"], "region": [None]}),
        "safety_stock": pa.table({"source_code": ["b"], "sku": ["x"], "quantity": [1]}),
    }
    catalog = Catalog.from_tables(tables)
    check_tables(laid_out(catalog), stored(catalog))


def test_what_json_has_no_word_for_is_kept_as_it_prints():
    day = pa.array([86_400_000_000], pa.timestamp("us"))
    tables = {
        "sources": pa.table({"source_code": ["a"], "since": day, "fax": pa.array([12])}),
        "stock_source_links": pa.table({"stock_id": [1], "source_code": ["a"], "priority": [1]}),
        "source_items": pa.table({"source_code": ["a"], "sku": ["X"], "quantity": [3]}),
    }
    (row,) = stored(Catalog.from_tables(tables)).sources.to_pylist()
    assert row["since"] == "1970-01-02 00:00:00"
    assert row["fax"] == "12"


@pytest.mark.parametrize(
    ("given", "kept"), [("0", 0), ("12", 12), ("DE-BY", None), ("9" * 20, None)]
)
def test_the_number_of_a_region_is_a_number(given: str, kept: int | None):
    tables = {
        "sources": pa.table({"source_code": ["a"], "region_id": [given]}),
        "stock_source_links": pa.table({"stock_id": [1], "source_code": ["a"], "priority": [1]}),
        "source_items": pa.table({"source_code": ["a"], "sku": ["X"], "quantity": [3]}),
    }
    found = stored(Catalog.from_tables(tables)).sources["region_id"].to_pylist()
    assert found == [None if kept is None else str(kept)]


def test_a_new_store_is_a_new_magento():
    found = stored(None)
    assert repr(found) == "Catalog(1 source, 1 stock, 1 link, 0 SKUs, 0 source items)"
    (source,) = found.sources.to_pylist()
    values = {name: value for name, value in source.items() if value is not None}
    assert values == {
        "source_code": "default",
        "enabled": True,
        "name": "Default Source",
        "latitude": 0.0,
        "longitude": 0.0,
        "country_id": "US",
        "postcode": "00000",
        "use_default_carrier_config": 1,
    }
    assert found.tables["stocks"].to_pylist() == [{"stock_id": 1, "name": "Default Stock"}]
    assert found.tables["stock_source_links"].to_pylist() == [
        {"stock_id": 1, "source_code": "default", "priority": 1}
    ]
    assert found.tables["sales_channels"].to_pylist() == [
        {"type": "website", "code": "base", "stock_id": 1}
    ]


@pytest.fixture
def example() -> Catalog:
    return read_folder(DATA / "msi_example" / "catalog")


def test_a_store_of_users_alone_is_filled(tmp_path: Path, example: Catalog):
    path = tmp_path / "store.db"
    with closing(connect(path, make=True)) as db:
        create_tables(db)
        add_user(db, "anna", "write", "correct horse", 1.0, CHEAP)
        assert is_new(db)
        fill(db, example)
        assert not is_new(db)
        assert [user.name for user in list_users(db, 2.0)] == ["anna"]
        check_tables(laid_out(example), read_catalog(db))


def serve(path: Path, catalog: Path | None = None) -> None:
    """Serve a store until it is ready, which here is an error."""

    def ready(*_: object) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        serve_store(path, catalog, host="127.0.0.1", port=0, ready=ready)


def other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE customers (name TEXT)")


def others_empty_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA application_id = 7")


def later_format(path: Path) -> None:
    stored(None, path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 2")


def damaged(path: Path) -> None:
    stored(read_folder(DATA / "northwind" / "catalog"), path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


REFUSED = {
    "a text": (lambda path: path.write_text("SKU,quantity\n" * 500), "file is not a database"),
    "a short text": (lambda path: path.write_text("no store"), "file is not a database"),
    "another database": (other_database, "another program's database"),
    "another program's": (others_empty_database, "another program's database"),
    "a later format": (later_format, "is a store of format 2, this ssa-engine reads format 1"),
    "a damaged store": (damaged, "database disk image is malformed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_another_file_is_refused(name: str, tmp_path: Path):
    make, message = REFUSED[name]
    path = tmp_path / "store.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(UsageError, match=message) as caught:
        serve(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "store.db").mkdir()
    with pytest.raises(UsageError, match=r"store\.db: is a folder"):
        serve(tmp_path / "store.db")
    with pytest.raises(UsageError, match="has no folder to stand in"):
        serve(tmp_path / "none" / "store.db")


def test_a_row_that_breaks_a_rule_is_named(tmp_path: Path, example: Catalog):
    path = tmp_path / "store.db"
    stored(example, path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE sources SET latitude = 91 WHERE source_code = 'hq'")
    with pytest.raises(InputError, match=r"sources.latitude.*91"):
        serve(path)


@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_file_without_permission_is_refused(mode: int, tmp_path: Path):
    path = tmp_path / "store.db"
    stored(None, path)
    path.chmod(mode)
    outcome = process("serve", "--port", 0, "--store", path, first=give_up_root)
    assert outcome.code == 1
    (line,) = outcome.err.splitlines()
    assert line.startswith(f"ssa: {path}: ")


def test_a_store_is_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "store.db"
    before = os.umask(0)
    try:
        serve(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_committed_is_on_the_disk(tmp_path: Path):
    path = tmp_path / "store.db"
    stored(None, path)
    with closing(connect(path, make=True)) as db:
        for name, value in {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}.items():
            assert db.execute(f"PRAGMA {name}").fetchone() == (value,)


def test_a_store_is_filled_once(tmp_path: Path):
    path = tmp_path / "store.db"
    serve(path, DATA / "msi_example" / "catalog")
    serve(path, DATA / "northwind" / "catalog")
    with closing(connect(path, read_only=True)) as db:
        assert db.execute("SELECT count(*) FROM sources").fetchone() == (6,)


def test_one_service_has_a_store(tmp_path: Path):
    path, link = tmp_path / "store.db", tmp_path / "link.db"
    stored(None, path)
    link.symlink_to(path)
    with locked(path):
        for name in (path, link):
            with pytest.raises(UsageError, match="another ssa serve holds this store"):
                serve(name)
    serve(link)


@pytest.fixture
def little_room() -> Iterator[None]:
    """Have the system refuse to write files of more than 60 kB, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_half_made(
    tmp_path: Path, little_room: None, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "store.db"
    with pytest.raises(OSError, match="disk") as caught:
        serve(path, DATA / "northwind" / "catalog")
    assert caught.value.filename == str(path)
    with closing(connect(path, make=True)) as db:
        assert is_new(db)
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    serve(path, DATA / "msi_example" / "catalog")
    assert names(tmp_path) == {"store.db", "store.db.lock"}
    with closing(connect(path, read_only=True)) as db:
        check_tables(laid_out(read_folder(DATA / "msi_example" / "catalog")), read_catalog(db))


def test_a_disk_that_fills_up_loses_the_write_alone(tmp_path: Path, little_room: None):
    path = tmp_path / "store.db"
    stored(None, path)
    live = Live(path, {})

    def save(count: int, quantity: int) -> None:
        items = [SourceItem("default", f"SKU-{at}", quantity, 1) for at in range(count)]
        live.write(lambda db: saves.save_items(db, items)).result(10)

    try:
        save(1, 10_000)
        before = live.version
        with pytest.raises(sqlite3.OperationalError, match="disk"):
            save(2_000, 20_000)
        assert live.version is before
        with closing(connect(path, read_only=True)) as db:
            assert held(read_catalog(db)) == {("SKU-0", "default"): (10_000, 0, 1)}
        save(1, 30_000)
        assert held(live.version.catalog) == {("SKU-0", "default"): (30_000, 0, 1)}
    finally:
        live.close()


LOOK = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute("SELECT quantity FROM source_items").fetchall())
db.close()
"""


def test_a_connection_that_closes_lets_no_other_process_take_the_log_away(tmp_path: Path):
    path = tmp_path / "store.db"
    stored(None, path)

    def look() -> str:
        return subprocess.run(
            [sys.executable, "-c", LOOK, path], capture_output=True, text=True, check=True
        ).stdout.strip()

    live = Live(path, {})
    try:
        for quantity in (10_000, 20_000):
            item = SourceItem("default", "X", quantity, 1)
            live.write(lambda db, item=item: saves.save_items(db, [item])).result(10)
            connect(path).close()  # as one who signs in does
            assert look() == f"[({quantity},)]"
        assert {"store.db-wal", "store.db-shm"} <= names(tmp_path)
    finally:
        live.close()


def test_faults_name_the_file(tmp_path: Path):
    with pytest.raises(OSError, match="locked") as caught, faults_of(tmp_path / "x"):
        raise sqlite3.OperationalError("database is locked")
    assert caught.value.filename == str(tmp_path / "x")


def test_a_store_serves_as_its_catalogue_does(example: Catalog):
    found = stored(example)
    lines = pa.table(
        {"order_id": [1, 1], "stock_id": [2, 2], "sku": ["24-wb01", "24-WB03"], "qty": [40, 20]}
    )
    one, other = (engine.allocate(which, None, lines) for which in (example, found))
    assert one.allocations.equals(other.allocations)
    check_same(found, laid_out(found))
