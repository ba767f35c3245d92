"""What every request passes: tokens, hosts, sizes, time; and that refusals tell nothing."""

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.folders import read_catalog
from engine.packaged import packaged
from engine.rest import app, passwords
from engine.rest.gate import BATCH_PATH, SELECTION_PATH, TOKEN_PATH
from engine.rest.settings import Limits
from engine.rest.store import connect
from engine.rest.tokens import LIFETIME, SignIns, issue_token, revoke_token
from engine.rest.users import add_user, remove_user, revoke_user
from tests.rest.calling import HOST, Answer, Caller, service
from tests.rest.test_openapi import routes
from tests.rest.test_passwords import CHEAP
from tests.rest.test_users import WORD

JSON = (b"content-type", b"application/json")
SELECTION = (
    b'{"inventoryRequest": {"stockId": 2, "items": [{"sku": "24-WB01", "qty": 1}]},'
    b' "algorithmCode": "priority"}'
)
LIMITS = Limits(body_bytes=1_000, batch_bytes=3_000, json_batch_bytes=2_000, items=3, page_size=4)


def bearing(token: str | bytes) -> list[tuple[bytes, bytes]]:
    value = token.encode("latin-1") if isinstance(token, str) else token
    return [HOST, JSON, (b"authorization", b"Bearer " + value)]


class Shop:
    """A service with the users anna, who writes, and bob, who reads."""

    def __init__(self, call: Caller, path: Path) -> None:
        self.call = call
        self.db = connect(path, make=True)
        for name, role in (("anna", "write"), ("bob", "read")):
            add_user(self.db, name, role, WORD, 0.0, CHEAP)

    def token(self, name: str, lifetime: float = LIFETIME) -> str:
        return issue_token(self.db, name, WORD, time.time(), SignIns(), lifetime)


@pytest.fixture(scope="module", autouse=True)
def cheap() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", CHEAP)
        yield


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    path = tmp_path_factory.mktemp("shop") / "store.db"
    with service(path, read_catalog(packaged("msi_example/catalog")), limits=LIMITS) as call:
        found = Shop(call, path)
        yield found
        found.db.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Caller]:
    """A service without users, for this machine."""
    path = tmp_path / "store.db"
    with service(path, read_catalog(packaged("msi_example/catalog")), limits=LIMITS) as call:
        yield call


def tells_nothing(answer: Answer) -> None:
    """See that a refusal is Magento's shape and holds no path, SQL or name of Python."""
    body = answer.json
    assert body.keys() <= {"message", "errors", "parameters"}
    text = answer.body.decode()
    secrets = (
        r"Traceback|\.py|/tmp|/home|store\.db|SELECT |INSERT |sqlite|engine\.|<class|object at"
    )
    assert not re.search(rf"{secrets}|\b\w+(Error|Exception)\b", text), text


# -------------------------------------------------- tokens, against every route


def requests(call: Caller) -> Iterator[tuple[str, str]]:
    """Return every method and path under /V1 that the application knows."""
    for method, path in routes(call.gate.app.routes):
        if path.startswith("/V1/"):
            yield method, re.sub(r"\{[^}]+\}", "1", path)


def is_reading(method: str, path: str) -> bool:
    return method == "GET" or path in (SELECTION_PATH, BATCH_PATH)


def bad_headers(shop: Shop) -> dict[str, list[tuple[bytes, bytes]]]:
    good = shop.token("anna")
    expired, revoked = shop.token("anna", -1.0), shop.token("anna")
    assert revoke_token(shop.db, revoked)
    values = {
        "empty": b"",
        "no token": b"Bearer",
        "blank": b"Bearer ",
        "basic": b"Basic YW5uYTpjb3JyZWN0IGhvcnNl",
        "no scheme": good.encode(),
        "two schemes": b"Bearer Bearer " + good.encode(),
        "not ASCII": b"Bearer \xe9\xff" + good.encode(),
        "long": b"Bearer " + b"a" * 10_000,
        "new line": b"Bearer " + good.encode() + b"\nX-More: 1",
        "zero byte": b"Bearer " + good.encode() + b"\0",
        "cut": b"Bearer " + good.encode()[:-1],
        "upper case": b"Bearer " + good.upper().encode(),
        "SQL": b"Bearer ' OR 1=1 --",
        "hash": b"Bearer " + b"0" * 64,
        "expired": b"Bearer " + expired.encode(),
        "revoked": b"Bearer " + revoked.encode(),
    }
    found = {name: [HOST, JSON, (b"authorization", value)] for name, value in values.items()}
    return {"none": [HOST, JSON], "in a cookie": [HOST, JSON, (b"cookie", good.encode())], **found}


def test_every_route_refuses_bad_tokens(shop: Shop):
    paths = [one for one in requests(shop.call) if one[1] != TOKEN_PATH]
    assert len(paths) == 26
    for why, headers in bad_headers(shop).items():
        for method, path in [*paths, ("GET", "/V1/nothing"), ("TRACE", "/V1/inventory/stocks")]:
            for prefix in ("", "/rest", "/rest/default"):
                answer = shop.call(method, prefix + path, SELECTION, headers=headers)
                assert answer.status == 401, (why, method, path)
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.json == {
                    "message": "The consumer isn't authorized to access %resources.",
                    "parameters": {"resources": "Magento_Backend::admin"},
                }


def test_a_reader_may_not_write(shop: Shop):
    headers = bearing(shop.token("bob"))
    counts = {True: 0, False: 0}
    for method, path in requests(shop.call):
        if path != TOKEN_PATH:
            status = shop.call(method, path, b"", headers=headers).status
            assert (status != 401) == is_reading(method, path), (method, path)
            counts[status != 401] += 1
    assert counts == {True: 17, False: 9}


def test_a_writer_may_do_everything(shop: Shop):
    headers = bearing(shop.token("anna"))
    for method, path in requests(shop.call):
        if path != TOKEN_PATH:
            assert shop.call(method, path, b"", headers=headers).status != 401


def test_spelling_of_paths_opens_nothing(shop: Shop):
    for path in (
        *("//V1/inventory/stocks", "/rest//V1/inventory/stocks", "/rest/a/b/V1/inventory/stocks"),
        *("/v1/inventory/stocks", "/rest/default/rest/us/V1/inventory/stocks", "/V1/../V1/x"),
        *("/./V1/inventory/stocks", "/V1%2Finventory/stocks/", "/docs/../V1/inventory/stocks"),
        *("/rest/V1/V1/inventory/stocks", "/rest/default/V1", "/V1", "/V1//inventory/stocks"),
        *(
            "/V1/integration/admin/token/",
            "/V1/integration/admin/token/../x",
            "/static-offline-docs/../x",
        ),
    ):
        for method in ("GET", "POST"):
            answer = shop.call(method, path, b"", headers=[HOST, JSON])
            assert answer.status in (401, 404), path
            tells_nothing(answer)


def test_the_scheme_is_read_in_any_case(shop: Shop):
    token = shop.token("bob").encode()
    for scheme in (b"bearer ", b"BEARER ", b"Bearer  "):
        headers = [HOST, (b"authorization", scheme + token)]
        assert shop.call("GET", "/V1/inventory/stocks", headers=headers).status == 200


def test_a_token_ends_with_its_user_and_its_time(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    def status(token: str) -> int:
        return shop.call("GET", "/V1/inventory/stocks", headers=bearing(token)).status

    add_user(shop.db, "carl", "read", WORD, 0.0, CHEAP)
    tokens = [shop.token("carl") for _ in range(3)]
    assert [status(one) for one in tokens] == [200] * 3  # remembered from here on
    revoke_token(shop.db, tokens[0])
    assert [status(one) for one in tokens] == [401, 200, 200]
    revoke_user(shop.db, "carl")
    assert [status(one) for one in tokens] == [401] * 3
    last = shop.token("carl")
    assert status(last) == 200
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now + LIFETIME)
        assert status(last) == 401
    assert status(last) == 200
    remove_user(shop.db, "carl")
    assert status(last) == 401


# ------------------------------------------------------------------- signing in


def sign_in(call: Caller, name: Any, password: Any) -> Answer:
    return call("POST", f"/rest/all{TOKEN_PATH}", {"username": name, "password": password})


def test_signing_in(shop: Shop):
    token = sign_in(shop.call, "anna", WORD).json
    assert re.fullmatch("[a-z0-9]{32}", token)
    assert shop.call("GET", "/V1/inventory/stocks", headers=bearing(token)).status == 200
    for name, password in (("anna", "wrong"), ("nobody", WORD), ("", ""), ("\0", "x" * 900)):
        answer = sign_in(shop.call, name, password)
        assert answer.status == 401
        assert answer.json["message"].startswith("The account sign-in was incorrect")
    for name, password in ((None, WORD), ("anna", None), ([], {}), ("\ud800", WORD)):
        answer = sign_in(shop.call, name, password)
        assert answer.status == 400
        tells_nothing(answer)


def test_sign_ins_take_turns_and_others_do_not_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    headers = bearing(shop.token("bob"))
    going, most, free = [0], [0], threading.Event()

    def slow(*_: object) -> str:
        going[0] += 1
        most[0] = max(most[0], going[0])
        free.wait(10)
        going[0] -= 1
        return "a token"

    monkeypatch.setattr(app, "issue_token", slow)
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(sign_in, shop.call, "anna", WORD) for _ in range(20)]
        while not going[0]:
            time.sleep(0.001)
        assert shop.call("GET", "/V1/inventory/stocks", headers=headers).status == 200
        assert shop.call("POST", SELECTION_PATH, SELECTION, headers=headers).status == 200
        free.set()
        assert [one.result().json for one in waiting] == ["a token"] * 20
    assert most == [1]


# ---------------------------------------------------------------- without users


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "127.0.0.1:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "127.8.9.10"}, 200),
        ({"host": "example.org"}, 401),
        ({"host": "localhost.example.org:8080"}, 401),
        ({"host": "192.168.0.7"}, 401),
        ({"host": "0.0.0.0:8080"}, 401),
        ({"host": "[::]:8080"}, 401),
        ({"host": ""}, 401),
        ({"host": "\xe9"}, 401),
        ({"origin": "http://localhost:3000"}, 200),
        ({"origin": "http://127.0.0.1"}, 200),
        ({"origin": "http://[::1]:8080"}, 200),
        ({"origin": "https://example.org"}, 401),
        ({"origin": "null"}, 401),
        ({"origin": "http://localhost.example.org"}, 401),
        ({"origin": "http://localhost@example.org"}, 401),
        ({"host": "localhost", "origin": "http://example.org:8080"}, 401),
    ],
)
def test_without_users_pages_of_elsewhere_are_refused(alone: Caller, headers, status: int):
    given = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    for method, path in (
        ("GET", "/V1/inventory/stocks"),
        ("POST", SELECTION_PATH),
        ("GET", "/docs"),
    ):
        answer = alone(method, path, SELECTION, headers=[*given, JSON])
        assert answer.status == status
        if status == 401:
            tells_nothing(answer)


def test_users_come_and_go_while_it_serves(alone: Caller):
    def status(*headers: tuple[bytes, bytes]) -> int:
        return alone("GET", "/V1/inventory/stocks", headers=[HOST, *headers]).status

    db = connect(alone.live.path)
    assert status() == 200
    add_user(db, "anna", "read", WORD, 0.0, CHEAP)
    assert status() == 401
    token = issue_token(db, "anna", WORD, time.time(), SignIns())
    authorized = (b"authorization", f"Bearer {token}".encode())
    assert status(authorized) == 200
    # With users it is tokens that count, and no longer where a page is from.
    elsewhere = [(b"host", b"example.org"), authorized]
    assert alone("GET", "/V1/inventory/stocks", headers=elsewhere).status == 200
    # To take the last user away closes the service, for this machine and its proxies too.
    remove_user(db, "anna")
    assert status() == status(authorized) == 401
    db.close()


@pytest.mark.parametrize("name", [b"forwarded", b"via", b"x-forwarded-for"])
def test_without_users_no_proxy_is_served(alone: Caller, name: bytes):
    answer = alone("GET", "/V1/inventory/stocks", headers=[HOST, (name, b"203.0.113.9")])
    assert answer.status == 401
    tells_nothing(answer)


def test_nobody_is_served_elsewhere_without_users(tmp_path: Path):
    path = tmp_path / "store.db"
    with service(path, only_local=False) as call:
        for method, target in (*requests(call), ("GET", "/docs"), ("GET", "/openapi.json")):
            answer = call(method, target, b"")
            assert answer.status == 401
            tells_nothing(answer)
        db = connect(path, make=True)
        add_user(db, "anna", "read", WORD, 0.0, CHEAP)
        token = issue_token(db, "anna", WORD, time.time(), SignIns())
        assert call("GET", "/V1/inventory/stocks", headers=bearing(token)).status == 200
        assert call("GET", "/V1/inventory/stocks").status == 401
        assert call("GET", "/docs").status == 200
        remove_user(db, "anna")
        assert call("GET", "/V1/inventory/stocks", headers=bearing(token)).status == 401
        db.close()


# ------------------------------------------------------------------------ limits


def too_large(answer: Answer, most: int) -> None:
    assert answer.status == 413
    assert answer.json == {"message": "The body is larger than %1 bytes.", "parameters": [most]}
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("path", "most"),
    [
        (SELECTION_PATH, 1_000),
        (f"/rest/us{BATCH_PATH}", 2_000),
        ("/rest/all/V1/inventory/source-items", 1_000),
        (TOKEN_PATH, 1_000),
        ("/V1/nothing", 1_000),
    ],
)
def test_a_body_that_is_too_large(alone: Caller, path: str, most: int):
    declared = (b"content-length", str(most + 1).encode())
    # What is declared is refused before anything of it is read.
    too_large(alone("POST", path, headers=[HOST, declared], chunks=[], stalls=True), most)
    huge = (b"content-length", b"9" * 30)
    too_large(alone("POST", path, headers=[HOST, huge], chunks=[], stalls=True), most)
    for chunks in ([b" " * (most + 1)], [b" " * 100] * (most // 100 + 1), [b" " * most, b"", b" "]):
        too_large(alone("POST", path, headers=[HOST], chunks=chunks), most)
    # One that is just small enough is looked at.
    assert alone("POST", path, b" " * most).status in (400, 404)


def test_a_body_that_fits_may_come_in_pieces(alone: Caller):
    whole = alone("POST", SELECTION_PATH, SELECTION)
    pieces = [SELECTION[at : at + 7] for at in range(0, len(SELECTION), 7)]
    assert alone("POST", SELECTION_PATH, headers=[HOST, JSON], chunks=pieces) == whole
    assert whole.status == 200


def test_a_body_that_is_cut_short(alone: Caller):
    items = "/V1/inventory/source-items?searchCriteria[page_size]=4"
    before = alone.get(items)
    for path in (SELECTION_PATH, "/V1/inventory/source-items"):
        answer = alone("POST", path, headers=[HOST, JSON], chunks=[])
        assert (answer.status, answer.json) == (400, {"message": "The body is not whole."})
    assert alone.get(items) == before


def test_a_body_that_does_not_come(tmp_path: Path):
    with service(tmp_path / "store.db", limits=Limits(seconds=0.05)) as call:
        for path in (SELECTION_PATH, "/V1/inventory/source-items"):
            answer = call("POST", path, chunks=[b"{"], stalls=True)
            assert answer.status == 503
            tells_nothing(answer)


@pytest.mark.parametrize("path", [SELECTION_PATH, "/V1/inventory/source-items"])
def test_requests_that_the_server_gives_up(alone: Caller, path: str):
    """A server that is told to stop twice cancels what is under way: no fault of the service."""

    async def cancelled() -> Answer:
        call = alone._call("POST", path, [HOST], [b"{"], stalls=True)
        task = asyncio.create_task(call)
        await asyncio.sleep(0.05)
        task.cancel()
        return await task

    answer = asyncio.run(cancelled())
    assert answer.status == 503
    tells_nothing(answer)


def test_a_search_that_takes_too_long(tmp_path: Path):
    with service(tmp_path / "store.db", limits=Limits(seconds=0.0)) as call:
        answer = call("GET", "/V1/inventory/stocks")
        assert answer.status == 503
        tells_nothing(answer)


def test_too_many_items(alone: Caller):
    item = {"sku": "x", "source_code": "hq", "quantity": 1, "status": 1}
    link = {"stock_id": 2, "source_code": "hq", "priority": 1}
    request = {"stockId": 2, "items": [{"sku": "24-WB01", "qty": 1}] * 4}
    chosen = {"algorithmCode": "priority"}
    for path, body in (
        ("source-items", {"sourceItems": [item] * 4}),
        ("source-items-delete", {"sourceItems": [item] * 4}),
        ("stock-source-links", {"links": [link] * 4}),
        ("stock-source-links-delete", {"links": [link] * 4}),
        ("source-selection-algorithm-result", {"inventoryRequest": request, **chosen}),
        ("source-selection-batch", {"requests": [request], **chosen}),
    ):
        answer = alone("POST", f"/V1/inventory/{path}", body)
        assert answer.status == 400
        assert answer.json["parameters"] == [3]
        assert re.fullmatch(r"Maximum [a-z ]+ in a request is %1", answer.json["message"])


def test_a_page_that_is_too_large(alone: Caller):
    path = "/V1/inventory/source-items?searchCriteria"
    answer = alone("GET", f"{path}[page_size]=5")
    assert answer.status == 400
    assert answer.json == {"message": "Maximum SearchCriteria pageSize is %1", "parameters": [4]}
    answer = alone("GET", path)
    assert answer.status == 400
    assert answer.json["parameters"] == [8, 4]
    assert len(alone.get(f"{path}[page_size]=4")["items"]) == 4


@pytest.mark.parametrize(
    ("kind", "path", "status"),
    [
        (None, SELECTION_PATH, 200),
        (None, "/V1/inventory/stocks", 200),
        ("application/json", SELECTION_PATH, 200),
        ("Application/JSON; charset=UTF-8", SELECTION_PATH, 200),
        ("text/plain", SELECTION_PATH, 400),
        ("application/x-www-form-urlencoded", SELECTION_PATH, 400),
        ("application/xml", "/V1/inventory/stocks", 400),
        ("application/vnd.apache.arrow.stream", SELECTION_PATH, 400),
        ("", "/V1/inventory/stocks", 400),
    ],
)
def test_content_types(alone: Caller, kind: str | None, path: str, status: int):
    headers = [HOST] if kind is None else [HOST, (b"content-type", kind.encode())]
    body = SELECTION if path == SELECTION_PATH else b'{"stock": {"name": "x"}}'
    answer = alone("POST", path, body, headers=headers)
    assert answer.status == status
    if status == 400:
        message = "Server cannot understand Content-Type HTTP header media type %1"
        assert answer.json["message"] == message


# ------------------------------------------------- refusals, and faults of its own


HOSTILE = [
    *(b"", b"{", b"[]", b"null", b"5", b'"x"', b"\xff", b"[" * 900, b'{"a":' * 100, b"NaN"),
    *(
        b'{"links": 5}',
        b'{"links": [null]}',
        b'{"links": [{"stock_id": 1e999}]}',
        b'{"source": []}',
    ),
    *(b'{"sourceItems": [{"sku": "\\ud800"}]}', b'{"stock": {"stock_id": 1.5, "name": []}}'),
    b'{"sourceItems": [{"sku": {}, "source_code": true, "quantity": "1e9999", "status": -1}]}',
    b'{"source": {"source_code": "a", "latitude": NaN, "carrier_links": [1]}}',
    b'{"inventoryRequest": {"stockId": [], "items": {}}, "algorithmCode": 5}',
    b'{"inventoryRequest": {"stockId": 2, "items": [{"sku": "x", "qty": -1}]}}',
    b'{"requests": {"a": 1}, "algorithmCode": "priority", "mode": {}}',
    b'{"source": {"source_code": "a", "name": "a", "email": "\\ud800", "carrier_links": []}}',
    b'{"source": {"extension_attributes": {"a": ["\\udfff"]}}}',
    b'{"username": {}, "password": 1e999}',
]


def test_refusals_tell_nothing(alone: Caller):
    for method, path in requests(alone):
        for body in HOSTILE:
            answer = alone(method, path, body)
            assert answer.status < 500, (path, body, answer)
            if answer.status != 200:
                tells_nothing(answer)
        if method == "GET":
            for query in (
                "source[lat]=x",
                "searchCriteria[page_size]=x",
                "address[country]=%ff",
                "%00",
            ):
                answer = alone(method, f"{path}?{query}")
                assert answer.status < 500
                if answer.status != 200:
                    tells_nothing(answer)


@pytest.mark.parametrize("path", [SELECTION_PATH, "/V1/inventory/source-items"])
def test_a_fault_of_its_own_tells_nothing(alone: Caller, path: str, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM /home/store.db")

    monkeypatch.setattr(alone.gate, "_select", broken)
    monkeypatch.setattr(alone.live, "write", broken)
    items = b'{"sourceItems": [{"sku": "x", "source_code": "hq", "quantity": 1, "status": 1}]}'
    answer = alone("POST", path, SELECTION if path == SELECTION_PATH else items)
    assert answer.status == 500
    tells_nothing(answer)
    assert "secret" in caplog.text  # the log has it


def test_the_gate_answers_as_the_framework_would(alone: Caller):
    """Selection does not go through the framework; its route is there for the document."""
    gate = alone.gate
    bodies = [SELECTION, SELECTION.replace(b"24-WB01", b"nothing"), *HOSTILE[1:]]
    direct = [alone("POST", SELECTION_PATH, body) for body in bodies]
    around = Caller(gate.app, alone.live)
    for body, answer in zip(bodies, direct, strict=True):
        other = around("POST", SELECTION_PATH, body)
        assert (other.status, other.body) == (answer.status, answer.body)
    assert {one.status for one in direct} == {200, 400}
