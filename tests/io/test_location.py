import hashlib
import os
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.io.location import (
    Entry,
    child,
    entries,
    hash_files,
    hide_password,
    is_uri,
    kind,
    local_path,
    locate,
    open_binary,
)

from .conftest import Put


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("data/catalog", "data/catalog"),
        ("/data/a:b", "/data/a:b"),
        ("file:///data/a%20b", "/data/a b"),
        ("file:/data", "/data"),
        ("file://localhost/data", "/data"),
        ("FILE:///data", "/data"),
        ("file://elsewhere/data", None),
        ("s3://bucket/x", None),
    ],
)
def test_local_path(text: str, path: str | None) -> None:
    assert local_path(text) == path
    assert is_uri(text) == (text != path)


def test_locate_takes_paths_of_any_kind(tmp_path: Path) -> None:
    assert locate(tmp_path) == locate(str(tmp_path)) == locate(tmp_path.as_uri())
    assert locate(tmp_path).filesystem is None


def test_locate_refuses_what_cannot_be_opened() -> None:
    with pytest.raises(UsageError) as caught:
        locate("ftp://user:secret@x/y")
    assert str(caught.value).startswith("ftp://***@x/y cannot be opened (")
    assert str(caught.value).endswith("); give a local path or a URI such as s3://bucket/folder")
    assert "secret" not in str(caught.value)


def test_hide_password() -> None:
    assert hide_password("s3://key:secret@bucket/a@b?x=y") == "s3://***@bucket/a@b?x=y"
    assert hide_password("s3://bucket/a@b") == "s3://bucket/a@b"
    assert hide_password("/home/me@work/x") == "/home/me@work/x"


def test_entries_are_sorted_and_leave_out_what_is_hidden(put: Put, tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden", "_SUCCESS", "folder/x"):
        put(name, "x")
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "link").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    assert entries(locate(tmp_path)) == [
        Entry("a.csv", "file"),
        Entry("b.csv", "file"),
        Entry("folder", "folder"),
        Entry("gone", "missing"),
        Entry("link", "folder"),
        Entry("pipe", "other"),
    ]


def test_remote_entries_are_like_local_ones(put: Put, tmp_path: Path, remote: str) -> None:
    for name in ("b.csv", "a b.csv", ".hidden", "_SUCCESS", "folder/x"):
        put(name, "x")
    folder = locate(remote)
    assert folder.filesystem is not None
    assert entries(folder) == entries(locate(tmp_path))
    assert [kind(child(folder, name)) for name in ("b.csv", "folder", "gone")] == [
        "file",
        "folder",
        "missing",
    ]
    with open_binary(child(folder, "a b.csv")) as file:
        assert file.read() == b"x"


def test_child_of_a_uri_can_be_located_again(put: Put, remote: str) -> None:
    put("a b.csv", "x")
    place = child(locate(f"{remote}/?region=x"), "a b.csv")
    assert place.text == f"{remote}/a%20b.csv?region=x"
    assert kind(locate(place.text)) == "file"


def test_hash_files(put: Put, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    paths = [str(put("b", content)), str(put("a", ""))]
    assert hash_files(paths) == [
        {"path": paths[0], "size": 3_000_000, "sha256": hashlib.sha256(content).hexdigest()},
        {"path": paths[1], "size": 0, "sha256": hashlib.sha256(b"").hexdigest()},
    ]


def test_hash_files_takes_uris_and_keeps_their_passwords(put: Put, remote: str) -> None:
    content = os.urandom(3_000_000)
    put("a", content)
    uri = remote.replace("test://", "test://key:secret@")
    assert hash_files([f"{uri}/a"]) == [
        {
            "path": remote.replace("test://", "test://***@") + "/a",
            "size": 3_000_000,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    ]


def test_hash_files_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hash_files([str(tmp_path / "gone")])
