"""Commands on a store's database: what they write, what they keep to themselves, how they end."""

import fcntl
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.magento.opened import opened_store
from tests.cli.running import Outcome, names, refused, ssa, start
from tests.cli.test_serve import ask, served
from tests.magento.server import PASSWORD, READER, Database, Server
from tests.magento.test_lines import item, order
from tests.magento.test_read import sell

TABLES = {
    *("sources", "stocks", "sales_channels", "stock_source_links", "source_items", "reservations"),
    *("stock_items", "source_reservations", "orders", "order_lines"),
}


@pytest.fixture
def store(database: Database) -> Database:
    """Return a store with two sources and two open orders of A, one of them picking."""
    sell(database, hub=2, shop=5)
    database.insert("sales_order", order(1), order(2, status="picking"))
    database.insert("sales_order_item", item(10, "A", 3), item(20, "A", 1, order_id=2))
    return database


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder for temporary folders, empty."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def failed(*args: object) -> str:
    """Run a command that must end with one line on stderr and exit code 1; return the line."""
    outcome = ssa(*args, "--quiet")
    assert outcome.code == 1, outcome
    assert not outcome.out
    assert outcome.err.count("\n") == 1
    return outcome.err


# ------------------------------------------------------------- what they write


def test_the_example_of_export_runs(
    store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    example = ssa("export", "--help").out.partition("\nExample:\n")[2]
    shown = "mysql://reader@localhost/magento"
    assert shown in example
    (line,) = example.replace(shown, store.url).strip().splitlines()
    outcome = ssa(*shlex.split(line)[1:])
    assert outcome.code == 0
    assert outcome.out.startswith("catalog: 10 tables\n")
    assert names(tmp_path / "catalog") == {*(f"{name}.parquet" for name in TABLES), "run.json"}
    assert ssa("validate", "catalog", "catalog").code == 0


def test_an_export_replaces_its_own_only(store: Database, tmp_path: Path):
    out = tmp_path / "catalog"
    rows = json.loads(ssa("export", store.url, "--out", out, "--json").out)["rows"]
    assert rows["orders"] == rows["order_lines"] == 2
    assert "add --overwrite" in refused("export", store.url, "--out", out)
    again = ssa("export", store.url, "--out", out, "--overwrite", "--order-status", "picking")
    assert again.code == 0
    assert (out / "run.json").exists()
    (out / "run.json").unlink()
    assert "never replaced" in refused("export", store.url, "--out", out, "--overwrite")


def test_orders_are_those_of_the_database_or_of_a_folder(store: Database, tmp_path: Path):
    def shipped(*args: object) -> str:
        outcome = ssa("allocate", store.url, *args, "--out", tmp_path / "out", "--overwrite")
        assert outcome.code == 0, outcome
        assert "not used" not in outcome.err
        return outcome.out.splitlines()[0].partition(": ")[2]

    assert shipped() == shipped(store.url) == "2 orders, 2 lines, priority, sequential"
    assert shipped("--order-status", "picking") == "1 order, 1 line, priority, sequential"
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "order_lines.csv").write_text(
        "order_id,stock_id,sku,qty\nx,1,a,7\ny,1,a,1\nz,1,a,1\n"
    )
    assert shipped(folder) == "3 orders, 3 lines, priority, sequential"


def test_a_status_that_no_order_has_is_told_of(store: Database, tmp_path: Path):
    outcome = ssa("allocate", store.url, "--out", tmp_path / "out", "--order-status", "new")
    assert outcome.code == 0
    assert "note: no open order has status 'new'; statuses are not states" in outcome.err


def test_other_commands_take_the_address(store: Database, tmp_path: Path, private: Path):
    assert "order_lines" in ssa("validate", store.url).out
    assert ssa("sources", store.url, 1).out.splitlines()[2].split()[:3] == ["0", "hub", "enabled"]
    assert "7" in ssa("salable", store.url).out
    assert ssa("check", store.url, "--out", tmp_path / "check.csv").code == 0
    assert ssa("check", store.url, store.url, "--out", tmp_path / "check.csv").code == 0
    study = tmp_path / "study.toml"
    study.write_text(
        '[[scenarios]]\nname = "no hub"\nsteps = [{ do = "close_source", source = "hub" }]\n'
    )
    run = ("simulate", store.url, store.url, study, "--out", tmp_path / "sim", "--no-report")
    outcome = ssa(*run)
    assert outcome.code == 0, outcome
    inputs = json.loads((tmp_path / "sim" / "run.json").read_text())["inputs"]
    assert f"mysql://***@127.0.0.1:{store.server.port}/{store.name}/source_items" in {
        it["path"] for it in inputs
    }
    assert names(private) == set()


def test_a_service_is_filled_from_a_database(store: Database, tmp_path: Path):
    with served("--store", tmp_path / "shop.db", "--catalog", store.url) as (url, said, _):
        assert "Catalog(2 sources" in said[0]
        found = ask(f"{url}/V1/inventory/source-items?searchCriteria[pageSize]=9")
    rows = [(row["source_code"], row["sku"], row["quantity"]) for row in found["items"]]
    assert rows == [("hub", "A", 2), ("shop", "A", 5)]


def test_run_json_names_the_database_and_what_was_read(store: Database, tmp_path: Path):
    prefixed = store.server.database(prefix="m2_")
    sell(prefixed, hub=1)
    base = f"mysql://***@127.0.0.1:{store.server.port}/{prefixed.name}"
    options = ("--table-prefix", "m2_")
    address = prefixed.url.partition("?")[0]
    for out in ("one", "two"):
        outcome = ssa("allocate", address, "--out", tmp_path / out, *options)
        assert outcome.code == 0, outcome
    one, two = (json.loads((tmp_path / out / "run.json").read_text()) for out in ("one", "two"))
    assert one["inputs"] == two["inputs"]
    assert one["arguments"]["catalog"] == one["arguments"]["orders"] == f"{base}?prefix=m2_"
    read = {it["path"]: (it["rows"], it["sha256"]) for it in one["inputs"]}
    assert set(read) == {f"{base}/{table}?prefix=m2_" for table in TABLES}
    text = b'"source_code","sku","quantity","status"\n"hub","A","1.0000","1"\n'
    assert read[f"{base}/source_items?prefix=m2_"] == (1, sha256(text).hexdigest())
    prefixed.close()


def test_explain_asks_for_an_export(store: Database, tmp_path: Path):
    ssa("allocate", store.url, "--out", tmp_path / "out")
    line = refused("explain", tmp_path / "out", 1)
    assert "was decided from a database, which goes on changing; ssa export writes" in line


def test_orders_of_another_database_are_refused(store: Database, tmp_path: Path):
    other = store.url.replace("/shop_", "/other_")
    line = refused("allocate", tmp_path / "none", store.url, "--out", tmp_path / "out")
    assert "give the address once, as CATALOG" in line
    assert "give the address once" in refused(
        "allocate", other, store.url, "--out", tmp_path / "out"
    )


def test_without_connectorx_one_line_says_how_to_get_it(
    password: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.magento.read.find_spec", lambda name: None)
    line = refused("export", "mysql://reader@localhost/shop", "--out", "none")
    assert line.endswith("not installed; pip install 'ssa-engine[magento]'")


# -------------------------------------------------- what they keep to themselves


@contextmanager
def waiting(store: Database, *args: object, **options: object) -> Iterator[subprocess.Popen]:
    """Start a command whose statement waits for a table as long as the block lasts."""
    lock = store.server.admin(database=store.name)
    with lock, lock.cursor() as cursor:
        cursor.execute("LOCK TABLES inventory_source_item WRITE")
        with start(*args, **options) as running:
            end = time.monotonic() + 60
            while not _connections(store):
                assert running.poll() is None, running.communicate()
                assert time.monotonic() < end
                time.sleep(0.05)
            yield running
            cursor.execute("UNLOCK TABLES")
            out, err = running.communicate()
            running.outcome = Outcome(running.returncode, out, err)


def _connections(store: Database) -> list[int]:
    """Return the connections that wait for the table."""
    return [
        number
        for (number,) in store.run(
            "SELECT id FROM information_schema.processlist "
            "WHERE user = %s AND state LIKE 'Waiting%%'",
            READER,
        )
    ]


def processes() -> Iterator[tuple[bytes, bytes]]:
    """Yield command line and environment of every process that may be looked at."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue


def test_the_password_is_seen_nowhere(store: Database, tmp_path: Path, private: Path):
    out = tmp_path / "out"
    with waiting(store, "allocate", store.url, "--out", out) as running:
        lines = [line for line, _ in processes()]
        assert any(b"engine.magento.fetch" in line for line in lines)
        assert any(str(out).encode() in line for line in lines)
    done = running.outcome
    assert done.code == 0, done
    told = [done.out, done.err, (out / "run.json").read_text(), *map(os.fsdecode, lines)]
    for secret in (PASSWORD, quote(PASSWORD), quote(PASSWORD, safe="")):
        assert not any(secret in text for text in told)
    assert names(private) == set()


def test_the_tables_read_are_private_and_gone_afterwards(store: Database, private: Path):
    with opened_store(store.url, None, _no_clock()) as places:
        (folder,) = private.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
        assert str(folder) == places.catalog == places.orders
    assert names(private) == set()


def _no_clock():
    from engine.clock import Clock

    return Clock()


def test_what_dead_runs_have_left_is_cleared_away(store: Database, private: Path):
    for name in ("dead", "alive", "young", "strange"):
        (private / f"ssa-store-{name}").mkdir()
    for name in ("dead", "alive", "young"):
        (private / f"ssa-store-{name}" / ".lock").touch()
    (private / "ssa-store-link").symlink_to(private / "ssa-store-dead")
    for name in ("dead", "alive", "strange"):
        os.utime(private / f"ssa-store-{name}", (1, 1))
    with (private / "ssa-store-alive" / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert ssa("validate", store.url).code == 0
    assert names(private) == {f"ssa-store-{it}" for it in ("alive", "young", "strange", "link")}


def test_option_files(store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSA_MYSQL_PASSWORD")
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "reader.cnf"
    file.write_text(f'[client]\nuser="{READER}"\npassword="{PASSWORD}"\nport={store.server.port}\n')
    url = f"mysql://127.0.0.1/{store.name}"
    assert ssa("export", url, "--out", tmp_path / "a", "--defaults-file", file).code == 0
    assert PASSWORD not in (tmp_path / "a" / "run.json").read_text()
    file.rename(tmp_path / ".my.cnf")
    assert ssa("export", url, "--out", tmp_path / "b").code == 0
    assert "none.cnf: No such file" in failed(
        "export", url, "--out", "c", "--defaults-file", tmp_path / "none.cnf"
    )
    by_socket = f"mysql://{quote(READER)}@localhost/{store.name}?socket={store.server.socket}"
    assert ssa("validate", by_socket).code == 0


def test_a_password_in_the_address_is_refused(store: Database):
    for command in ("export", "allocate", "check"):
        line = refused(command, "mysql://u:S3cr3t@127.0.0.1:1/x", "--out", "none.csv")
        assert "S3cr3t" not in line
        assert "set SSA_MYSQL_PASSWORD or give an option file" in line


# ----------------------------------------------------------------- how they end


def test_what_cannot_be_reached_is_one_line(
    store: Database, tmp_path: Path, private: Path, monkeypatch: pytest.MonkeyPatch
):
    def line(url: str) -> str:
        found = failed("allocate", url, "--out", tmp_path / "out")
        assert PASSWORD not in found
        return found

    address = f"127.0.0.1:{store.server.port}"
    assert "Connection refused" in line(store.url.replace(f":{store.server.port}", ":1"))
    assert "failed to lookup" in line(store.url.replace(address, "no.host.invalid"))
    assert "Access denied for user" in line(store.url.replace(store.name, "mysql"))
    assert "Access denied for user" in line(store.url.replace(quote(READER), "nobody"))
    monkeypatch.setenv("SSA_MYSQL_PASSWORD", "wrong")
    assert "Access denied for user" in line(store.url)
    assert "check user and password (SSA_MYSQL_PASSWORD or" in line(store.url)
    monkeypatch.delenv("SSA_MYSQL_PASSWORD")
    assert "(using password: NO)" in line(store.url)
    assert names(tmp_path) == {"private"}
    assert names(private) == set()


def test_a_database_that_is_no_store_is_refused(store: Database, tmp_path: Path):
    out = ("--out", tmp_path / "out")
    assert "lacks the table xx_inventory_source" in refused(
        "export", store.url, *out, "--table-prefix", "xx_"
    )
    store.run("RENAME TABLE sales_order_item TO hidden")
    assert f"{store.name} lacks the table sales_order_item: it is" in refused(
        "allocate", store.url, *out, "--quiet"
    )
    store.run("RENAME TABLE hidden TO sales_order_item")
    store.run("ALTER TABLE inventory_source_item DROP COLUMN status")
    assert "Unknown column 'status'" in refused("allocate", store.url, *out, "--quiet")


def test_a_reader_needs_select_on_these_tables_only(server: Server, password: None, tmp_path: Path):
    store = server.database()
    sell(store, hub=1)
    store.run(f"REVOKE SELECT ON {store.name}.* FROM '{READER}'@'localhost'")
    tables = [name for (name,) in store.run("SHOW TABLES")]
    for table in tables:
        store.run(f"GRANT SELECT ON {table} TO '{READER}'@'localhost'")
    assert ssa("export", store.url, "--out", tmp_path / "out").code == 0
    for table in ("inventory_pickup_location_order", "sales_order"):
        store.run(f"REVOKE SELECT ON {table} FROM '{READER}'@'localhost'")
        line = failed("export", store.url, "--out", tmp_path / "none")
        assert f"{table}`" in line
        assert "grant SELECT on it" in line
        store.run(f"GRANT SELECT ON {table} TO '{READER}'@'localhost'")
    store.close()


@pytest.mark.parametrize(
    ("end", "code", "line"),
    [
        ("kill", 1, "ssa: mysql://***@127.0.0.1"),
        (signal.SIGTERM, 143, "ssa: terminated"),
        (signal.SIGINT, 130, "ssa: interrupted"),
    ],
)
def test_a_run_that_is_ended_leaves_nothing(
    store: Database, tmp_path: Path, private: Path, end: object, code: int, line: str
):
    run = ("allocate", store.url, "--out", tmp_path / "out", "--quiet")
    with waiting(store, *run) as running:
        if end == "kill":
            for number in _connections(store):
                store.run(f"KILL {number}")
        else:
            running.send_signal(end)
        running.wait(60)
    done = running.outcome
    assert (done.code, done.out) == (code, "")
    assert done.err.lstrip("\n").startswith(line)
    assert done.err.lstrip("\n").count("\n") == 1
    assert names(private) == set()
    assert names(tmp_path) == {"private"}
    mine = str(private).encode()
    assert _soon(lambda: not any(mine in environment for _, environment in processes()))


def _soon(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
