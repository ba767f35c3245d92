"""``ssa serve`` from start to stop."""

import json
import signal
import socket
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.cli.running import EXAMPLE, process, ssa, start


@contextmanager
def served(*args: object) -> Iterator[tuple[str, list[str], object]]:
    """Run a service; give its URL, what it said, and its process."""
    with start("serve", "--port", 0, *args) as running:
        said = []
        for line in running.stdout:
            said.append(line.rstrip())
            if line.startswith("serving"):
                break
        url = said[-1].split()[1] if said and said[-1].startswith("serving") else ""
        if not url:
            running.kill()
            raise AssertionError(said, running.communicate())
        try:
            yield url, said, running
        finally:
            running.kill()


def ask(url: str, body: object = None, **headers: str) -> object:
    data = None if body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json", **headers}
    try:
        with urlopen(Request(url, data, kind), timeout=20) as answer:
            return json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code


def test_the_example_of_the_help_serves_the_documents_answer(tmp_path):
    wanted = {"stockId": 2, "items": [{"sku": "24-WB03", "qty": 50}]}
    body = {"inventoryRequest": wanted, "algorithmCode": "priority"}
    with served("--store", tmp_path / "shop.db", "--catalog", EXAMPLE[0]) as (url, said, running):
        assert said[0].startswith(f"{tmp_path / 'shop.db'}: Catalog(6 sources, 2 stocks")
        path = "/rest/default/V1/inventory/source-selection-algorithm-result"
        answer = ask(url + path, body)
        running.send_signal(signal.SIGTERM)
        assert running.communicate(timeout=20) == ("", "")
        assert running.returncode == 0
    assert said[1].startswith("no users: whoever is on this machine may do everything")
    assert answer["shippable"] is True
    assert [row["qty_to_deduct"] for row in answer["source_selection_items"]] == [19, 31]


def test_a_store_lasts_and_a_catalogue_is_read_once(tmp_path):
    store = tmp_path / "shop.db"
    link = {"source_code": "hq", "stock_id": 2, "priority": 9}
    links = "/V1/inventory/stock-source-links"
    with served("--store", store, "--catalog", EXAMPLE[0]) as (url, _, _):
        assert ask(url + links, {"links": [link]}) == []
    with served("--store", store, "--catalog", tmp_path / "not there") as (url, said, _):
        assert said[1] == f"the store was there already: {tmp_path / 'not there'} is not read"
        found = ask(f"{url}{links}?searchCriteria[pageSize]=1000")["items"]
    assert link in found
    assert stat.S_IMODE(store.stat().st_mode) == 0o600


def test_users_are_asked_for_their_tokens(tmp_path):
    store = tmp_path / "shop.db"
    password = "long enough to be one"
    (tmp_path / "password").write_text(f"{password}\n")
    with (tmp_path / "password").open() as typed:
        added = process("users", store, "--add", "anna", "--role", "read", stdin=typed)
    assert added.code == 0, added
    with served("--store", store, "--catalog", EXAMPLE[0], "--host", "0.0.0.0") as (url, _, _):
        url = url.replace("0.0.0.0", "127.0.0.1")
        assert ask(f"{url}/V1/inventory/sources") == 401
        body = {"username": "anna", "password": password}
        token = ask(f"{url}/rest/V1/integration/admin/token", body)
        bearer = {"Authorization": f"Bearer {token}"}
        assert ask(f"{url}/V1/inventory/sources", **bearer)["total_count"] == 6
        assert ask(f"{url}/V1/inventory/source-items", {"sourceItems": []}, **bearer) == 401


def test_others_than_this_machine_are_not_served_without_users(tmp_path):
    done = process("serve", "--store", tmp_path / "s.db", "--host", "0.0.0.0", "--port", 0)
    assert done.code == 2
    assert "only this machine is served, not 0.0.0.0" in done.err
    assert done.err.count("\n") == 1


def test_a_port_that_is_taken(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = process("serve", "--store", tmp_path / "s.db", "--port", port)
    assert done.code == 1
    assert "in use" in done.err
    assert done.err.count("\n") == 1


def test_a_store_has_one_service(tmp_path):
    store = tmp_path / "s.db"
    with served("--store", store):
        done = process("serve", "--store", store, "--port", 0)
    assert done.code == 2
    assert done.err == f"ssa: {store}: another ssa serve holds this store; stop it first\n"


def test_what_is_no_store(tmp_path):
    text, other = tmp_path / "text.db", tmp_path / "other.db"
    text.write_text("no database " * 100)
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE mine (x)")
    for path in (text, other, tmp_path):
        before = path.read_bytes() if path.is_file() else b""
        done = process("serve", "--store", path, "--port", 0)
        assert done.code in (1, 2), done
        assert done.err.count("\n") == 1
        assert str(path) in done.err
        assert before == (path.read_bytes() if path.is_file() else b"")


def test_a_catalogue_that_breaks_a_rule_fills_nothing(tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    for path in EXAMPLE[0].iterdir():
        (bad / path.name).write_bytes(path.read_bytes())
    (bad / "source_items.csv").write_text("source_code,sku,quantity\nnobody,A,1\n")
    store = tmp_path / "s.db"
    done = process("serve", "--store", store, "--catalog", bad, "--port", 0)
    assert done.code == 2
    assert "source_items.source_code" in done.err
    with served("--store", store, "--catalog", EXAMPLE[0]) as (_, said, _):
        assert "6 sources" in said[0]


def test_without_the_extra_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.cli.serve.find_spec", lambda name: None)
    done = ssa("serve", "--store", tmp_path / "s.db")
    assert done.code == 2
    assert "pip install 'ssa-engine[server]'" in done.err
