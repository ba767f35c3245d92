"""Readers during writes, and writes side by side."""

import random
import sqlite3
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from engine.algorithms.registry import find_algorithm
from engine.errors import InputError, QuantityError
from engine.rest import live as live_module
from engine.rest import saves
from engine.rest.app import make_app
from engine.rest.errors import ApiError
from engine.rest.gate import Gate
from engine.rest.live import Effect, Live
from engine.rest.saves import Link, SourceItem
from engine.rest.settings import Limits
from engine.rest.store import connect, read_catalog
from tests.rest.asking import ask
from tests.rest.conftest import make_store
from tests.rest.test_changes import check_same, check_whole, held

COUNT = 500
SKUS = [f"bulk-{at}" for at in range(COUNT)]
WRITES = 24


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Gate]:
    """Return an application over a store of MSI's example."""
    algorithms = {"priority": find_algorithm("priority")}
    live = Live(make_store(tmp_path / "store.db"), algorithms)
    made = make_app(live, Limits(), only_local=True)
    yield made
    made.close()
    live.close()


def bulk(app: Gate, quantity: int) -> None:
    """Set the quantity of all items in one request, or delete them if it is 0."""
    items = [{"sku": sku, "source_code": "hq"} for sku in SKUS]
    path = "/V1/inventory/source-items"
    if quantity:
        items = [{**item, "quantity": quantity, "status": 1} for item in items]
    else:
        path += "-delete"
    assert ask(app, "POST", path, {"sourceItems": items}) == (200, [])


def selected(app: Gate) -> list[float]:
    wanted = [{"sku": sku, "qty": 1} for sku in SKUS]
    request = {"stockId": 2, "items": wanted}
    body = {"inventoryRequest": request, "algorithmCode": "priority"}
    status, answer = ask(app, "POST", "/V1/inventory/source-selection-algorithm-result", body)
    assert status == 200, answer
    return [row["qty_available"] for row in answer["source_selection_items"]]


def selected_at_once(app: Gate) -> list[float]:
    requests = [{"stockId": 2, "items": [{"sku": sku, "qty": 1}]} for sku in SKUS]
    body = {"requests": requests, "algorithmCode": "priority", "includeZero": True}
    status, answer = ask(app, "POST", "/V1/inventory/source-selection-batch", body)
    assert status == 200, answer
    rows = [row for one in answer["results"] for row in one["source_selection_items"]]
    return [row["qty_available"] for row in rows]


def listed(app: Gate) -> list[float]:
    query = (
        "searchCriteria[filter_groups][0][filters][0][field]=sku&"
        "searchCriteria[filter_groups][0][filters][0][value]=bulk-%25&"
        "searchCriteria[filter_groups][0][filters][0][condition_type]=like"
    )
    status, answer = ask(app, "GET", f"/V1/inventory/source-items?{query}")
    assert status == 200, answer
    assert len(answer["items"]) == answer["total_count"]
    return [row["quantity"] for row in answer["items"]]


READERS = [selected, selected_at_once, listed]


def test_a_reader_never_sees_half_a_bulk_save(app: Gate):
    ended = Event()
    states = {0: [], 1: [1] * COUNT, 2: [2] * COUNT}
    seen: list[list[float]] = []

    def look(which: Callable[[Gate], list[float]]) -> None:
        while not ended.is_set():
            found = which(app)
            assert found in states.values(), sorted(set(found))
            seen.append(found)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            looks = [pool.submit(look, which) for which in (*READERS, selected)]
            try:
                for write in range(WRITES):
                    quantity = (1, 2, 0)[write % 3]
                    bulk(app, quantity)
                    which = READERS[write // 3 % 3]
                    assert which(app) == states[quantity]  # an acknowledged write is seen
            finally:
                ended.set()
            for one in looks:
                one.result(30)
    finally:
        sys.setswitchinterval(before)
    assert {len(found) for found in seen} == {0, COUNT}


@contextmanager
def held_up(live: Live) -> Iterator[None]:
    """Let writes wait while the block runs, so that they are committed together."""
    begun, go = Event(), Event()

    def wait(_: sqlite3.Connection) -> Effect:
        begun.set()
        assert go.wait(20)
        return Effect()

    waiting = live.write(wait)
    assert begun.wait(20)
    try:
        yield
    finally:
        go.set()
        waiting.result(20)


def items(*pairs: tuple[str, int]) -> Callable[[sqlite3.Connection], Effect]:
    rows = [SourceItem("hq", sku, quantity, 1) for sku, quantity in pairs]
    return lambda db: saves.save_items(db, rows)


def check_stored(live: Live) -> None:
    """Check that what is served is what the file says."""
    with closing(connect(live.path, read_only=True)) as db:
        check_same(live.version.catalog, read_catalog(db))
    check_whole(live.version.catalog)


def quantities(live: Live) -> dict[str, int]:
    return {sku: row[0] for (sku, code), row in held(live.version.catalog).items() if code == "hq"}


def test_a_change_that_fails_undoes_itself_alone(live: Live):
    def half_a_change(db: sqlite3.Connection) -> Effect:
        items(("lost", 1), ("a", 9))(db)
        raise ValueError("halfway")

    lost = {"source_code": "x", "name": "x", "country_id": "US", "postcode": "1"}
    lost |= {"latitude": 91.0, "longitude": 0.0}
    changes: list[Callable[[sqlite3.Connection], Effect]] = [
        items(("a", 1), ("b", 1)),
        half_a_change,
        lambda db: saves.save_links(db, [Link(3, "reno_wh", 1), Link(99, "hq", 1)]),
        lambda db: saves.save_source(db, lost, is_new=True),
        lambda db: saves.save_links(db, [Link(3, "austin_wh", 1)]),
        items(("b", 2), ("A", 3)),
        lambda db: db.execute("INSERT INTO stocks (stock_id) VALUES (2)"),  # type: ignore[arg-type]
        items(("c", 4)),
        lambda db: saves.delete_items(db, [("hq", "B")]),
    ]
    with held_up(live):
        waiting = [live.write(change) for change in changes]
    errors = [type(one.exception(20)) for one in waiting]
    none = type(None)
    assert errors == [
        none,
        ValueError,
        ApiError,
        InputError,
        none,
        none,
        sqlite3.IntegrityError,
        none,
        none,
    ]
    assert quantities(live) == {"24-MB01": 50_000, "a": 3, "c": 4}
    assert live.version.catalog.links.sources.tolist()[4:] == [0, 2, 3, 4]
    check_stored(live)


class _OddError(BaseException):
    pass


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), MemoryError(), _OddError(), StopIteration()]
)
def test_an_error_of_any_kind_reaches_who_asked(live: Live, error: BaseException):
    def fail(db: sqlite3.Connection) -> Effect:
        items(("lost", 1))(db)
        raise error

    with held_up(live):
        waiting = [live.write(one) for one in (items(("a", 1)), fail, items(("b", 2)))]
    assert waiting[1].exception(20) is error
    assert [waiting[at].result(20) for at in (0, 2)] == [[], []]
    assert quantities(live) == {"24-MB01": 50_000, "a": 1, "b": 2}
    check_stored(live)


def test_what_is_no_change_is_refused(live: Live):
    with pytest.raises(AttributeError):
        live.write(lambda _: None).result(20)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError):
        live.write(7).result(20)  # type: ignore[arg-type]
    live.write(items(("a", 1))).result(20)
    check_stored(live)


def test_an_error_that_shows_when_all_is_encoded_is_of_one_write_alone(
    live: Live, monkeypatch: pytest.MonkeyPatch
):
    encode = live_module.with_items

    def with_items(catalog: Any, rows: Any) -> Any:
        if "too much" in rows.skus:
            raise QuantityError("source_reservations.quantity: a sum of quantities exceeds")
        return encode(catalog, rows)

    monkeypatch.setattr(live_module, "with_items", with_items)
    with held_up(live):
        waiting = [live.write(items((sku, 1))) for sku in ("a", "too much", "b")]
    assert [type(one.exception(20)) for one in waiting] == [type(None), QuantityError, type(None)]
    assert quantities(live) == {"24-MB01": 50_000, "a": 1, "b": 1}
    check_stored(live)


def test_a_write_that_is_called_off_in_time_is_not_made(live: Live):
    with held_up(live):
        waiting = [live.write(items((sku, 1))) for sku in ("a", "b", "c")]
        assert waiting[1].cancel()
    with pytest.raises(CancelledError):
        waiting[1].result(20)
    assert [waiting[at].result(20) for at in (0, 2)] == [[], []]
    assert not waiting[0].cancel()
    assert quantities(live) == {"24-MB01": 50_000, "a": 1, "c": 1}
    check_stored(live)


def test_while_another_writes_to_the_store_writes_fail(live: Live):
    live.write(lambda db: Effect(db.execute("PRAGMA busy_timeout = 50").fetchall())).result(20)
    with closing(connect(live.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [live.write(items((sku, 1))) for sku in "abc"]
        for one in waiting:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                one.result(20)
        other.execute("ROLLBACK")
    live.write(items(("d", 1))).result(20)
    assert quantities(live) == {"24-MB01": 50_000, "d": 1}
    check_stored(live)


def some_change(chance: random.Random, number: int) -> Callable[[sqlite3.Connection], Effect]:
    """Return a change of any kind, about one in ten of which is refused."""
    sku = chance.choice(["a", "A", "b", "ß", "24-wb01", f"own {number % 7}"])
    code = chance.choice(["hq", "reno_wh", "austin_wh", f"s{number % 5}"])
    fields = {"source_code": f"s{number % 5}", "name": "s", "country_id": "US", "postcode": "1"}
    several = [SourceItem(code, f"{sku} {at}", at, 1) for at in range(9)]
    kinds: list[Callable[[sqlite3.Connection], Effect]] = [
        lambda db: saves.save_items(db, [SourceItem(code, sku, number, number % 2)]),
        lambda db: saves.save_items(db, several),
        lambda db: saves.delete_items(db, [(code, sku), (code, f"{sku} 3")]),
        lambda db: saves.save_source(
            db, {**fields, "enabled": number % 3 > 0}, is_new=number % 2 > 0
        ),
        lambda db: saves.save_links(db, [Link(2 + number % 2, code, number % 4)]),
        lambda db: saves.delete_links(db, [(2, code)]),
        lambda db: saves.save_stock(db, None, f"stock {number}", [("website", f"w{number % 4}")]),
        lambda db: saves.delete_stock(db, 4 + number % 6),
    ]
    return chance.choice([*kinds[:3], *kinds])


def test_writes_side_by_side_lead_to_what_the_file_says(live: Live):
    def write(seed: int) -> int:
        chance, refused = random.Random(seed), 0
        for number in range(40):
            done: Future[Any] = live.write(some_change(chance, seed * 100 + number))
            error = done.exception(30)
            assert error is None or isinstance(error, ApiError), error
            refused += error is not None
        return refused

    with ThreadPoolExecutor(6) as pool:
        refused = sum(pool.map(write, range(6)))
    assert 0 < refused < 150
    check_stored(live)
    before = live.version.catalog
    again = Live(live.path, {})
    check_same(before, again.version.catalog)
    again.close()


def test_nothing_is_written_to_a_file_that_is_gone(tmp_path: Path):
    path = make_store(tmp_path / "store.db")
    live = Live(path, {})
    path.rename(tmp_path / "away.db")
    for _ in range(2):  # gone, then another one
        with pytest.raises(OSError, match=r"store\.db"):
            live.write(lambda db: Effect()).result(30)
        path.touch()
    live.close()
