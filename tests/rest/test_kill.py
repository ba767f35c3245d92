"""kill -9 in a loop of writes: what was acknowledged is there, and nothing half done."""

import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from engine.rest.store import connect
from engine.rest.users import add_user, create_tables, list_users
from tests.cli.running import DATA
from tests.rest.serving import Client, Serving, serving
from tests.rest.test_passwords import CHEAP

ROUNDS = 20
BULK = 60
WORD = "correct horse"


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving() as found:
        yield found


class Writer:
    """Counts up and writes the number; remembers the last one sent and the last acknowledged."""

    def __init__(self, write: Callable[[Client, int], None]) -> None:
        self._write = write
        self.sent = self.done = 0

    def run(self, client: Client) -> None:
        """Write until the service dies."""
        with closing(client), suppress(OSError, HTTPException):
            while True:
                self.sent += 1
                self._write(client, self.sent)
                self.done = self.sent

    def check(self, found: int) -> None:
        """Check that a number is the one acknowledged last, or one that was sent after it."""
        assert self.done <= found <= self.sent
        self.sent = self.done = found


def post(client: Client, path: str, body: Any) -> Any:
    status, answer = client.ask("POST", path, body)
    assert status == 200, answer
    return answer


def save_items(client: Client, skus: list[str], number: int) -> None:
    rows = [{"sku": sku, "source_code": "hq", "quantity": number / 4, "status": 1} for sku in skus]
    post(client, "inventory/source-items", {"sourceItems": rows})


def save_one(client: Client, number: int) -> None:
    save_items(client, ["one"], number)


def save_bulk(client: Client, number: int) -> None:
    save_items(client, [f"bulk {at}" for at in range(BULK)], number)


def save_new(client: Client, number: int) -> None:
    save_items(client, [f"new {number}", f"NEW {number} b"], number)


def save_links(client: Client, number: int) -> None:
    links = [
        {"stock_id": stock_id, "source_code": code, "priority": number}
        for stock_id in (2, 3)
        for code in ("austin_wh", "hq")
    ]
    post(client, "inventory/stock-source-links", {"links": links})


def save_stock(client: Client, number: int) -> None:
    channels = {"sales_channels": [{"type": "website", "code": "moves"}]}
    stock = {"name": f"stock {number}", "extension_attributes": channels}
    assert post(client, "inventory/stocks", {"stock": stock}) == 3 + number


def items_of(db: sqlite3.Connection, pattern: str) -> dict[str, int]:
    query = "SELECT sku, quantity FROM source_items WHERE sku LIKE ?"
    return {sku: quantity * 4 // 10_000 for sku, quantity in db.execute(query, [pattern])}


def numbers(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number that each writer has got to, and check that no write is there by half."""
    (one,) = items_of(db, "one").values() or [0]
    bulk = items_of(db, "bulk %")
    assert len(bulk) in (0, BULK)
    assert len(set(bulk.values())) <= 1
    new = items_of(db, "new %")
    assert new == {
        sku: number
        for number in range(1, len(new) // 2 + 1)
        for sku in (f"new {number}", f"NEW {number} b")
    }
    query = "SELECT priority FROM stock_source_links WHERE source_code = 'hq'"
    priorities = {priority for (priority,) in db.execute(query)}
    query = "SELECT stock_id, name FROM stocks WHERE stock_id > 3 ORDER BY stock_id"
    stocks = db.execute(query).fetchall()
    assert stocks == [(3 + at, f"stock {at}") for at in range(1, len(stocks) + 1)]
    channels = db.execute("SELECT * FROM sales_channels").fetchall()
    assert channels == ([("website", "moves", 3 + len(stocks))] if stocks else [])
    (link,) = priorities if priorities != {3, 4} else [0]
    return {
        "one": one,
        "bulk": max(bulk.values(), default=0),
        "new": len(new) // 2,
        "links": link,
        "stocks": len(stocks),
    }


def check_served(client: Client, db: sqlite3.Connection) -> None:
    """Check that a selection sees the quantities of the file."""
    rows = db.execute("SELECT sku, quantity FROM source_items WHERE source_code = 'hq'").fetchall()
    wanted = [{"sku": sku, "qty": 0} for sku, _ in rows]
    request = {"stockId": 2, "items": wanted}
    body = {"inventoryRequest": request, "algorithmCode": "priority"}
    answer = post(client, "inventory/source-selection-algorithm-result", body)
    there = {
        row["sku"]: row["qty_available"]
        for row in answer["source_selection_items"]
        if row["source_code"] == "hq"
    }
    assert there == {sku: quantity / 10_000 for sku, quantity in rows}


def sign_in(client: Client) -> str:
    return post(client, "integration/admin/token", {"username": "anna", "password": WORD})


def test_what_is_acknowledged_outlives_a_kill(service: Serving, tmp_path: Path):
    chance, path = random.Random(7), tmp_path / "store.db"
    with closing(connect(path, make=True)) as db:
        create_tables(db)
        add_user(db, "anna", "write", WORD, 1.0, CHEAP)
    writers = {
        name: Writer(write)
        for name, write in (
            ("one", save_one),
            ("bulk", save_bulk),
            ("new", save_new),
            ("links", save_links),
            ("stocks", save_stock),
        )
    }
    tokens: list[str] = []
    for number in range(ROUNDS + 1):
        service.start("--store", path, "--catalog", DATA / "msi_example" / "catalog")
        with closing(service.client()) as client:
            for token in tokens[-3:]:
                with closing(service.client(token)) as other:
                    assert other.ask("GET", "inventory/sources/hq").status == 200
            tokens.append(sign_in(client))
        with closing(sqlite3.connect(path)) as db, closing(service.client(tokens[-1])) as client:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            assert len(list_users(db, time.time())) == 1 + number
            for name, found in numbers(db).items():
                writers[name].check(found)
            check_served(client, db)
            if number == ROUNDS:
                service.end()
                break
            threads = [
                Thread(target=one.run, args=[service.client(tokens[-1])])
                for one in writers.values()
            ]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0, 0.2))
            db.isolation_level = None
            add_user(db, f"user{number}", "read", WORD, 1.0, CHEAP)
            time.sleep(chance.uniform(0, 0.2))
            service.end()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
    assert all(writer.done for writer in writers.values()), writers


def counts(path: Path) -> list[tuple]:
    query = "SELECT (SELECT count(*) FROM sources), (SELECT count(*) FROM source_items)"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return db.execute(query).fetchall()


def test_a_store_is_filled_whole_however_often_it_takes(service: Serving, tmp_path: Path):
    chance, path = random.Random(3), tmp_path / "store.db"
    arguments = "--store", path, "--catalog", DATA / "online_retail" / "catalog"
    for _ in range(6):
        service.launch(*arguments)
        time.sleep(chance.uniform(0, 0.5))
        service.end()
    service.start(*arguments)
    found = counts(path)
    service.end()
    service.start("--store", tmp_path / "other.db", *arguments[2:])
    assert counts(tmp_path / "other.db") == found
    service.end()


def test_who_ends_it_gets_a_file_that_is_whole_by_itself(service: Serving, tmp_path: Path):
    path = tmp_path / "store.db"
    service.start("--store", path, "--catalog", DATA / "msi_example" / "catalog")
    with closing(service.client()) as client:
        save_one(client, 4)
    service.end(signal.SIGTERM)
    assert {one.name for one in tmp_path.iterdir()} == {"store.db", "store.db.lock"}
    with closing(sqlite3.connect(path)) as db:
        assert items_of(db, "one") == {"one": 4}
