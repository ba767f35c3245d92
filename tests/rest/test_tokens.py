"""Tokens: signing in, verifying, revoking, and the cache."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rest import passwords, tokens
from engine.rest.tokens import (
    LIFETIME,
    SignInError,
    SignIns,
    TokenCache,
    issue_token,
    purge,
    revoke_token,
    verify,
)
from engine.rest.users import add_user, create_tables, list_users, remove_user, revoke_user
from tests.rest.test_passwords import CHEAP
from tests.rest.test_users import WORD

HOSTILE = ["", " ", "a" * 31, "a" * 33, "\0" * 32, "\ud800", "☃" * 32, "' OR 1=1 --", "a" * 100_000]


def opened(path: Path | str) -> sqlite3.Connection:
    """Return a connection to a store with the users anna, who writes, and bob, who reads."""
    connection = sqlite3.connect(path)
    create_tables(connection)
    for name, role in (("anna", "write"), ("bob", "read")):
        add_user(connection, name, role, WORD, 0.0, CHEAP)
    return connection


@pytest.fixture
def store() -> Iterator[sqlite3.Connection]:
    connection = opened(":memory:")
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a sign-in of an unknown user cost as little as those of the others here."""
    monkeypatch.setattr(passwords, "COST", CHEAP)


def test_a_token_is_good_until_it_expires(store: sqlite3.Connection):
    token = issue_token(store, "anna", WORD, 100.0, SignIns())
    assert re.fullmatch("[a-z0-9]{32}", token)
    assert verify(store, token, 100.0) == "write"
    assert verify(store, token, 100.0 + LIFETIME - 0.001) == "write"
    assert verify(store, token, 100.0 + LIFETIME) is None
    short = issue_token(store, "bob", WORD, 100.0, SignIns(), lifetime=1.0)
    assert [verify(store, short, now) for now in (100.5, 101.0)] == ["read", None]


def test_tokens_are_all_different(store: sqlite3.Connection):
    assert len({issue_token(store, "anna", WORD, 0.0, SignIns()) for _ in range(50)}) == 50
    assert list_users(store, 0.0)[0].tokens == 50


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_token(store: sqlite3.Connection, text: str):
    issue_token(store, "anna", WORD, 0.0, SignIns())
    assert verify(store, text, 0.0) is None
    assert TokenCache(store).verify(text, 0.0) is None
    assert not revoke_token(store, text)
    for name, password in ((text, WORD), ("anna", text), (text, text)):
        with pytest.raises(SignInError, match="The account sign-in was incorrect or your account"):
            issue_token(store, name, password, 0.0, SignIns())


def test_a_hash_of_a_token_is_no_token(store: sqlite3.Connection):
    issue_token(store, "anna", WORD, 0.0, SignIns())
    (kept,) = store.execute("SELECT token_hash FROM tokens").fetchone()
    assert len(kept) == 32
    assert verify(store, kept.hex(), 0.0) is None
    assert verify(store, kept.decode("latin-1"), 0.0) is None


def test_revoking(store: sqlite3.Connection):
    first, second = (issue_token(store, "anna", WORD, 0.0, SignIns()) for _ in range(2))
    assert revoke_token(store, first)
    assert not revoke_token(store, first)
    assert [verify(store, token, 1.0) for token in (first, second)] == [None, "write"]
    assert purge(store, 1.0) == 1
    assert purge(store, LIFETIME) == 1
    assert purge(store, LIFETIME) == 0


def test_signing_in_sweeps_up(store: sqlite3.Connection):
    for now in (0.0, 1.0, 2.0 + LIFETIME):
        issue_token(store, "anna", WORD, now, SignIns())
    assert store.execute("SELECT count(*) FROM tokens").fetchone() == (1,)


def test_an_unknown_user_costs_the_same_hash(store: sqlite3.Connection, monkeypatch):
    calls = []
    scrypt = passwords.scrypt

    def counted(text: bytes, **options):
        calls.append((text, {**options, "salt": len(options["salt"])}))
        return scrypt(text, **options)

    monkeypatch.setattr(passwords, "scrypt", counted)
    for name in ("anna", "nobody", "no body", "☃"):
        with pytest.raises(SignInError):
            issue_token(store, name, "wrong horse", 0.0, SignIns())
    assert len(calls) == 4
    assert calls == [calls[0]] * 4


@pytest.mark.parametrize("again", [False, True])
def test_a_user_who_is_removed_meanwhile_gets_no_token(store, monkeypatch, again: bool):
    def remove(*_: str) -> bool:
        remove_user(store, "anna")
        if again:
            add_user(store, "anna", "read", "another horse", 0.0, CHEAP)
        return True

    monkeypatch.setattr(tokens, "is_password", remove)
    with pytest.raises(SignInError):
        issue_token(store, "anna", WORD, 0.0, SignIns())
    assert store.execute("SELECT count(*) FROM tokens").fetchone() == (0,)


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_too_many_failures_shut_out(store: sqlite3.Connection, monkeypatch, name: str):
    sign_ins = SignIns()

    def fails(now: float, password: str = "wrong horse") -> None:
        with pytest.raises(SignInError):
            issue_token(store, name, password, now, sign_ins)

    for now in range(6):
        fails(now)
    # Right or wrong, and whatever the case of the name, nothing is even hashed.
    with monkeypatch.context() as patched:
        patched.setattr(tokens, "is_password", None)
        fails(6.0, WORD)
        fails(5.0 + 1799.9, WORD)
        with pytest.raises(SignInError):
            issue_token(store, name.upper(), WORD, 6.0, sign_ins)
    assert issue_token(store, "bob", WORD, 6.0, sign_ins)
    if name == "anna":
        assert issue_token(store, "anna", WORD, 5.0 + 1800, sign_ins)


def test_a_success_forgets_the_failures(store: sqlite3.Connection):
    sign_ins = SignIns(limit=2)
    for now in range(5):
        with pytest.raises(SignInError):
            issue_token(store, "anna", "wrong horse", now, sign_ins)
        assert issue_token(store, "anna", WORD, now, sign_ins)


def test_sign_ins_side_by_side_are_counted_first():
    sign_ins = SignIns()
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda _: sign_ins.begin("anna", 1.0), range(100)))
    assert sum(begun) == 6


def test_the_counter_stays_small():
    sign_ins = SignIns(limit=1)
    assert sign_ins.begin("first", 0.0)
    for at in range(SignIns.MOST_NAMES - 1):
        assert sign_ins.begin(f"user{at}", 0.0)
    assert not sign_ins.begin("first", 0.0)
    assert sign_ins.begin("one more", 0.0)
    assert sign_ins.begin("first", 0.0)  # which was the oldest
    assert not sign_ins.begin("one more", 0.0)


# ---------------------------------------------------------------- the cache


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_the_cache_sees_what_others_revoke(tmp_path: Path, journal: str):
    other = opened(tmp_path / "store.db")
    assert other.execute(f"PRAGMA journal_mode = {journal}").fetchone() == (journal,)
    own = sqlite3.connect(tmp_path / "store.db")
    cache = TokenCache(own)
    anna, bob = (issue_token(other, name, WORD, 0.0, SignIns()) for name in ("anna", "bob"))
    for _ in range(2):
        assert [cache.verify(token, 1.0) for token in (anna, bob)] == ["write", "read"]
    assert cache.verify(anna, LIFETIME) is None
    revoke_token(other, anna)
    assert [cache.verify(token, 1.0) for token in (anna, bob)] == [None, "read"]
    program = (
        "import sys, sqlite3; from engine.rest.users import revoke_user;"
        "revoke_user(sqlite3.connect(sys.argv[1]), 'bob')"
    )
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, tmp_path / "store.db"], check=True
    )
    assert cache.verify(bob, 1.0) is None
    own.close()
    other.close()


def test_the_cache_sees_what_its_own_connection_revokes(store: sqlite3.Connection):
    cache = TokenCache(store)
    token = issue_token(store, "anna", WORD, 0.0, SignIns())
    assert cache.verify(token, 1.0) == "write"
    revoke_user(store, "anna")
    assert cache.verify(token, 1.0) is None


def test_the_cache_asks_once_and_stays_small(store: sqlite3.Connection, monkeypatch):
    monkeypatch.setattr(TokenCache, "MOST_TOKENS", 2)
    cache = TokenCache(store)
    given = [issue_token(store, "anna", WORD, 0.0, SignIns()) for _ in range(5)]
    assert [cache.verify(token, 1.0) for token in given * 2] == ["write"] * 10
    assert len(cache._found) <= 2
    cache.verify(given[0], 1.0)
    monkeypatch.setattr(tokens, "_find", None)
    assert cache.verify(given[0], 1.0) == "write"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sign in", "revoke", "revoke user", "remove", "add", "purge", "wait"]),
        st.sampled_from(["anna", "bob"]),
        st.integers(0, 9),
        st.booleans(),
    ),
    max_size=25,
)


@given(STEPS)
def test_the_cache_answers_as_the_rules_say(steps):
    """Some steps are done by the cache's connection, some by another one; a dict is the twin."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "COST", CHEAP)
        address = f"file:{id(steps)}?mode=memory&cache=shared"
        own, other = (sqlite3.connect(address, uri=True) for _ in range(2))
        create_tables(own)
        cache = TokenCache(own)
        roles: dict[str, str] = {}
        good: dict[str, tuple[str, str, float]] = {}
        given, now = [], 0.0
        for what, name, number, mine in steps:
            store = own if mine else other
            token = given[number % len(given)] if given else "none"
            if what == "sign in" and name in roles:
                given.append(issue_token(store, name, WORD, now, SignIns(), lifetime=10.0))
                good[given[-1]] = name, roles[name], now + 10.0
            elif what == "revoke":
                assert revoke_token(store, token) == (good.pop(token, None) is not None)
            elif what in ("revoke user", "remove") and name in roles:
                (revoke_user if what == "revoke user" else remove_user)(store, name)
                good = {key: one for key, one in good.items() if one[0] != name}
                if what == "remove":
                    del roles[name]
            elif what == "add" and name not in roles:
                roles[name] = "read" if number % 2 else "write"
                add_user(store, name, roles[name], WORD, now, CHEAP)
            elif what == "purge":
                purge(store, now)
            elif what == "wait":
                now += number
            if what == "purge" or (what == "sign in" and name in roles):  # which purges too
                good = {key: one for key, one in good.items() if now < one[2]}
            for one in given:
                _, role, end = good.get(one, ("", None, 0.0))
                expected = role if now < end else None
                assert cache.verify(one, now) == verify(other, one, now) == expected
        own.close()
        other.close()


def test_the_cache_sees_users_come_and_go(tmp_path: Path):
    path = tmp_path / "store.db"
    ours, theirs = (sqlite3.connect(path, isolation_level=None) for _ in range(2))
    create_tables(ours)
    cache = TokenCache(ours)
    assert not cache.has_users()
    for connection in (theirs, ours):  # through another connection, and through the cache's own
        add_user(connection, "anna", "read", WORD, 0.0, CHEAP)
        assert cache.has_users()
        token = issue_token(connection, "anna", WORD, 0.0, SignIns())
        assert cache.verify(token, 0.0) == "read"
        remove_user(connection, "anna")
        assert cache.has_users()  # or to take the last one away would open a service
        assert cache.verify(token, 0.0) is None
    theirs.close()
    cache.close()
