"""Users in a store."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.rest.tokens import SignInError, SignIns, issue_token, verify
from engine.rest.users import (
    User,
    add_user,
    create_tables,
    list_users,
    remove_user,
    revoke_user,
    writing,
)
from tests.rest.test_passwords import CHEAP

WORD = "correct horse"


@pytest.fixture
def store() -> Iterator[sqlite3.Connection]:
    """Return a store in memory with the tables of users."""
    connection = sqlite3.connect(":memory:")
    create_tables(connection)
    yield connection
    connection.close()


def sign_in(store: sqlite3.Connection, name: str, now: float = 0.0) -> str:
    return issue_token(store, name, WORD, now, SignIns())


def test_a_users_life(store: sqlite3.Connection):
    add_user(store, "bob", "read", WORD, 1.0, CHEAP)
    add_user(store, "Anna", "write", WORD, 2.0, CHEAP)
    tokens = [sign_in(store, name, 3.0) for name in ("anna", "ANNA", "bob")]
    assert list_users(store, 4.0) == [User("Anna", "write", 2.0, 2), User("bob", "read", 1.0, 1)]
    assert [user.tokens for user in list_users(store, 3.0 + 4 * 3600)] == [0, 0]
    assert revoke_user(store, "aNNa") == 2
    assert [verify(store, token, 4.0) for token in tokens] == [None, None, "read"]
    assert verify(store, sign_in(store, "anna", 5.0), 5.0) == "write"
    assert remove_user(store, "bob") == 1
    assert verify(store, tokens[2], 4.0) is None
    assert [user.name for user in list_users(store, 5.0)] == ["Anna"]


def test_a_user_who_is_added_again_has_no_old_tokens(store: sqlite3.Connection):
    add_user(store, "bob", "write", WORD, 1.0, CHEAP)
    token = sign_in(store, "bob", 1.0)
    remove_user(store, "bob")
    with pytest.raises(SignInError):
        sign_in(store, "bob", 2.0)
    add_user(store, "bob", "read", WORD, 3.0, CHEAP)
    assert verify(store, token, 3.0) is None
    assert list_users(store, 3.0) == [User("bob", "read", 3.0, 0)]


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "-anna", "a" * 41, "ann\u00e4", "a\n", "a\0", "\ud800", "a'--", "a;b", "a$b"],
)
def test_names_that_are_refused(store: sqlite3.Connection, name: str):
    with pytest.raises(UsageError, match="cannot be added; a name has 1 to 40 letters") as caught:
        add_user(store, name, "read", WORD, 1.0, CHEAP)
    assert str(caught.value).isprintable()
    for change in (remove_user, revoke_user):
        with pytest.raises(UsageError, match="is unknown; users: none"):
            change(store, name)


@pytest.mark.parametrize("name", ["a", "A" * 40, "anna@example.com", "o_neill-2+x"])
def test_names_that_are_taken(store: sqlite3.Connection, name: str):
    add_user(store, name, "read", WORD, 1.0, CHEAP)
    with pytest.raises(UsageError, match="is there already; remove it first"):
        add_user(store, name.swapcase(), "write", WORD, 1.0, CHEAP)
    assert list_users(store, 1.0) == [User(name, "read", 1.0, 0)]


def test_what_else_is_refused(store: sqlite3.Connection):
    with pytest.raises(UsageError, match="role 'admin' is unknown; give read or write"):
        add_user(store, "anna", "admin", WORD, 1.0, CHEAP)
    with pytest.raises(UsageError, match="a password has 12"):
        add_user(store, "anna", "read", "short", 1.0, CHEAP)
    for at in range(12):
        add_user(store, f"user{at:02}", "read", WORD, 1.0, CHEAP)
    with pytest.raises(
        UsageError, match=r"user 'zoe' is unknown; users: user00, .*, user09, \.\.\.$"
    ):
        remove_user(store, "zoe")


def test_tables_are_made_once(store: sqlite3.Connection):
    add_user(store, "anna", "read", WORD, 1.0, CHEAP)
    create_tables(store)
    assert len(list_users(store, 1.0)) == 1


@pytest.mark.parametrize("isolation", [None, "", "DEFERRED"])
def test_a_write_is_whole_or_not_at_all(tmp_path: Path, isolation: str | None):
    path = tmp_path / "store.db"
    store = sqlite3.connect(path, isolation_level=isolation)
    other = sqlite3.connect(path)
    create_tables(store)
    add_user(store, "anna", "read", WORD, 1.0, CHEAP)
    assert len(list_users(other, 1.0)) == 1

    def fail() -> None:
        with writing(store):
            remove_user(store, "anna")  # takes part in the transaction that is open
            assert list_users(store, 1.0) == []
            assert len(list_users(other, 1.0)) == 1
            remove_user(store, "bob")

    with pytest.raises(UsageError, match="user 'bob' is unknown"):
        fail()
    assert len(list_users(store, 1.0)) == 1
    with writing(store):
        remove_user(store, "anna")
    assert list_users(other, 1.0) == []
    store.close()
    other.close()


def test_no_password_and_no_token_stands_in_the_store(tmp_path: Path):
    store = sqlite3.connect(tmp_path / "store.db")
    create_tables(store)
    add_user(store, "anna", "read", WORD, 1.0, CHEAP)
    token = sign_in(store, "anna")
    store.close()
    content = (tmp_path / "store.db").read_bytes()
    assert b"anna" in content
    assert WORD.encode() not in content
    assert token.encode() not in content
