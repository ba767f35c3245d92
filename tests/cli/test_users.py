"""``ssa users``."""

import json
import os
import pty
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from io import BytesIO, TextIOWrapper
from pathlib import Path
from time import time

import pytest

from engine.rest.tokens import SignIns, issue_token, verify
from engine.rest.users import add_user, create_tables
from tests.cli.running import Outcome, give_up_root, names, process, refused, ssa, start
from tests.rest.test_passwords import CHEAP

WORD = "correct horse"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store with the user anna, who writes, and has a token."""
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        create_tables(connection)
        add_user(connection, "anna", "write", WORD, 1e9, CHEAP)
        issue_token(connection, "anna", WORD, time(), SignIns())
    return path


def type_in(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    """Have a text come through a pipe."""
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text)))


def roles(store: Path) -> dict[str, str]:
    return {user["name"]: user["role"] for user in json.loads(ssa("users", store, "--json").out)}


def test_who_may(store: Path):
    assert ssa("users", store) == Outcome(
        0,
        "name  role   since (UTC)       tokens\n"
        "─────────────────────────────────────\n"
        "anna  write  2001-09-09 01:46       1\n",
        "",
    )
    assert json.loads(ssa("users", store, "--json").out) == [
        {"name": "anna", "role": "write", "created_at": "2001-09-09T01:46:40Z", "tokens": 1}
    ]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"", b"\nanother line\n"])
def test_a_password_through_a_pipe(store: Path, monkeypatch: pytest.MonkeyPatch, ending: bytes):
    type_in(monkeypatch, WORD.encode() + ending)
    assert ssa("users", store, "--add", "bob", "--role", "read") == Outcome(0, "bob may read\n", "")
    assert roles(store) == {"anna": "write", "bob": "read"}
    with closing(sqlite3.connect(store)) as connection:
        token = issue_token(connection, "bob", WORD, 1.0, SignIns())
        assert verify(connection, token, 1.0) == "read"


def test_the_first_user_makes_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name in ("new.db", ":memory:", "file:x?mode=memory"):
        type_in(monkeypatch, b"correct horse\n")
        outcome = ssa("users", name, "--add", "anna", "--role", "write")
        assert outcome == Outcome(
            0, f"anna may read and write\n{name} is new and holds nothing else\n", ""
        )
        assert roles(Path(name)) == {"anna": "write"}
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    type_in(monkeypatch, b"correct horse\n")
    added = ssa("users", "json.db", "--add", "bob", "--role", "read", "--json")
    assert json.loads(added.out) == {"name": "bob", "role": "read", "new_store": True}


def test_removing_and_revoking(store: Path):
    assert ssa("users", store, "--revoke", "Anna").out == "Anna stays; 1 token revoked\n"
    assert ssa("users", store, "--revoke", "anna", "--json").out == (
        '{\n  "name": "anna",\n  "removed": false,\n  "tokens_revoked": 0\n}\n'
    )
    assert ssa("users", store, "--remove", "anna").out == "anna is removed; 0 tokens revoked\n"
    none = "there are no users; --add NAME --role read or write adds one\n"
    assert ssa("users", store) == Outcome(0, none, "")
    assert ssa("users", store, "--json").out == "[]\n"


def test_a_store_of_the_service_gets_its_tables(tmp_path: Path):
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE sources (source_code TEXT PRIMARY KEY)")
        connection.execute("CREATE TABLE stock_source_links (stock_id INTEGER, priority INTEGER)")
    assert roles(path) == {}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("--add bob", "give --add and --role together; see ssa users --help"),
        ("--role read", "give --add and --role together; see"),
        ("--add bob --role admin", "invalid value for '--role': 'admin' is not one of 'read', 'w"),
        ("--add bob --role read --remove anna", "give only one of --add, --remove and --revoke"),
        ("--remove anna --revoke anna", "give only one of --add, --remove and --revoke; see"),
        ("--add ANNA --role read", "user 'anna' is there already; remove it first, or add anoth"),
        ("--add b\x1b[31m --role read", r"user 'b\x1b[31m' cannot be added; a name has 1 to 40 l"),
        ("--remove bob", "user 'bob' is unknown; users: anna"),
        ("--revoke \x1b[31m", r"user '\x1b[31m' is unknown; users: anna"),
    ],
)
def test_what_is_refused(store: Path, monkeypatch: pytest.MonkeyPatch, args: str, message: str):
    monkeypatch.setattr(sys, "stdin", None)  # nobody is asked for a password in vain
    assert refused("users", store, *args.split(" ")).startswith(f"ssa: {message}")
    assert roles(store) == {"anna": "write"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "a password has 12 to 1,000 characters, not all the same; give another one"),
        (b"\n", "a password has 12 to"),
        (b"short\n", "a password has 12 to"),
        (b"a" * 30 + b"\n", "a password has 12 to"),
        (b"ab" * 100_000, "a password has 12 to"),
        (b"caf\xe9 au lait \n", "the password on stdin is not UTF-8; write it as UTF-8"),
        (None, "stdin is closed; write the password to it as one line"),
    ],
)
def test_passwords_that_are_refused(tmp_path: Path, monkeypatch, text: bytes | None, message: str):
    if text is None:
        monkeypatch.setattr(sys, "stdin", None)
    else:
        type_in(monkeypatch, text)
    line = refused("users", tmp_path / "new.db", "--add", "anna", "--role", "read")
    assert line.startswith(f"ssa: {message}")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("change", [(), ("--remove", "anna"), ("--add", "bob", "--role", "read")])
def test_what_is_no_store(tmp_path: Path, change: tuple[str, ...]):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("This is no database, but it is longer than its header." * 9)
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    for name, table in (("other", "users (name TEXT)"), ("token", "tokens (token TEXT)")):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            connection.execute(f"CREATE TABLE {table}")
    (tmp_path / "cut").write_bytes((tmp_path / "other").read_bytes()[:5000])
    before = {path.name: path.lstat().st_size for path in tmp_path.iterdir()}
    for name in before:
        line = refused("users", tmp_path / name, *change)
        assert re.search("is no store|is no file", line), line
        assert line.isprintable()
    assert before == {path.name: path.lstat().st_size for path in tmp_path.iterdir()}


def test_where_there_is_no_store(tmp_path: Path):
    for change in ((), ("--remove", "anna"), ("--revoke", "anna")):
        line = refused("users", tmp_path / "none.db", *change)
        assert line.endswith("none.db' does not exist; give the file of ssa serve --store")
    line = refused("users", tmp_path / "no" / "where.db", "--add", "anna", "--role", "read")
    assert line.endswith("no' does not exist; make it first")
    assert names(tmp_path) == set()


def test_a_store_in_use_elsewhere_is_a_fault(store: Path, monkeypatch: pytest.MonkeyPatch):
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **rest: connect(path, **rest | {"timeout": 0})
    )
    with closing(connect(store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        outcome = ssa("users", store, "--remove", "anna")
    assert outcome == Outcome(1, "", f"ssa: {store}: database is locked; nothing was written\n")


def test_a_new_store_that_cannot_be_filled_is_taken_away(tmp_path: Path, monkeypatch):
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("engine.rest.users.create_tables", fail)
    type_in(monkeypatch, b"correct horse\n")
    outcome = ssa("users", tmp_path / "new.db", "--add", "anna", "--role", "read")
    assert outcome.code == 1
    assert outcome.err.endswith("new.db: database or disk is full; nothing was written\n")
    assert names(tmp_path) == set()


def test_a_store_that_may_not_be_written_can_be_read(store: Path):
    store.chmod(0o400)
    shown = process("users", store, first=give_up_root)
    assert (shown.code, shown.out) == (0, ssa("users", store).out)
    outcome = process("users", store, "--remove", "anna", first=give_up_root)
    assert outcome.code == 1
    assert outcome.err.endswith(
        "store.db: attempt to write a readonly database; nothing was written\n"
    )


@pytest.mark.parametrize(
    ("typed", "code", "told"),
    [
        (["correct horse", "correct horse"], 0, ""),
        (["correct horse", "correct house", "correct horse", "correct horse"], 0, "do not match"),
        (["too short", "too short"], 2, "ssa: a password has 12 to 1,000 characters"),
        (["correct horse", "\x03"], 130, "ssa: interrupted"),
        (["\x04"], 130, "ssa: interrupted"),
    ],
)
def test_a_password_on_a_terminal(tmp_path: Path, typed: list[str], code: int, told: str):
    mother, daughter = pty.openpty()
    streams = {"stdin": daughter, "stdout": subprocess.PIPE, "stderr": daughter}
    store = tmp_path / "new.db"
    # A session of its own, or it would ask on the terminal that the tests were started from.
    args = ("users", store, "--add", "anna", "--role", "write")
    program = (
        "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "from engine.cli import main; main()"
    )
    with start(*args, program=program, start_new_session=True, **streams) as running:
        os.close(daughter)
        shown = ""
        for word in typed:
            while not re.search(r"(Password|again): $", shown):
                shown += os.read(mother, 1024).decode()
            shown += "|"
            os.write(mother, word.encode() + b"\n" * word.isprintable())
        try:
            while block := os.read(mother, 1024):
                shown += block.decode()
        except OSError:  # how Linux says that the other side is closed
            pass
        out = running.communicate()[0]
    os.close(mother)
    assert running.returncode == code
    assert told in shown
    assert "correct" not in shown
    assert out == (f"anna may read and write\n{store} is new and holds nothing else\n" * (not code))
    assert names(tmp_path) == ({"new.db"} if code == 0 else set())
