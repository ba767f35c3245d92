import re
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.magento.location import find_store, is_store, with_options

URL = "mysql://reader@db.example.com/shop"
SECRET = "S3cr3t"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home without an option file, and no password in the environment."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("SSA_MYSQL_PASSWORD", "MYSQL_PWD"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["[client]", *lines, ""]))
    return path


def test_an_address_has_its_parts():
    store = find_store(
        "mysql://a%40b@db.example.com:3307/my%20shop?prefix=m2_&status=x&status=y%26"
    )
    assert (store.user, store.host, store.port, store.database) == (
        *("a@b", "db.example.com", 3307, "my shop"),
    )
    assert (store.prefix, store.statuses, store.password) == ("m2_", ("x", "y&"), None)
    assert store.uri().startswith("mysql://a%40b@db.example.com:3307/my%20shop?")
    assert "prefer_socket=false" in store.uri()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("MySQL://u@h/d", "h", 3306),
        ("mariadb://u@[::1]:3307/d", "::1", 3307),
        ("mysql://u@127.0.0.1/d", "127.0.0.1", 3306),
        ("mysql://u@/d", "localhost", 3306),
    ],
)
def test_hosts_and_ports(url: str, host: str, port: int):
    store = find_store(url)
    assert (store.host, store.port) == (host, port)
    shown = f"[{host}]" if ":" in host else host
    assert store.uri().startswith(f"mysql://u@{shown}:{port}/d?")


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://reader:{SECRET}@h/d",
        f"mysql://reader:@{SECRET}@h/d",
        f"mysql://reader:{SECRET}/x@h/d",
        f"mysql://reader:x/{SECRET}@h/d",
        f"mysql://reader:{SECRET}@h:x/d",
        f"mysql://reader@h/d?password={SECRET}",
        f"mysql://reader@h/d?{SECRET}",
        f"mysql://reader@h/d#{SECRET}",
        f"mysql://reader@h/d/{SECRET}",
        f"mysql://reader@h:{SECRET}/d",
        f"mysql://[{SECRET}/d",
        *("mysql://h/d", "mysql://u@h", "mysql://u@h/", "mysql://", "mysql:///"),
        *("mysql://u@h/d?prefix=a;b", "mysql://u@h/d?prefix=`"),
    ],
)
def test_wrong_addresses_are_refused_and_no_secret_repeated(url: str):
    with pytest.raises(UsageError) as caught:
        find_store(url)
    text = str(caught.value)
    assert SECRET not in text
    assert "\n" not in text
    assert re.search(r"write mysql://USER@HOST|SSA_MYSQL_PASSWORD|known: prefix|letters", text)


def test_the_password_comes_from_the_nearest_place(home: Path, monkeypatch: pytest.MonkeyPatch):
    def password(options: str = "") -> str | None:
        return find_store(URL + options).password

    assert password() is None
    write(home / ".my.cnf", "password=home")
    assert password() == "home"
    monkeypatch.setenv("MYSQL_PWD", "general")
    assert password() == "general"
    monkeypatch.setenv("SSA_MYSQL_PASSWORD", "ours")
    assert password() == "ours"
    named = f"?defaults_file={write(home / 'named.cnf', 'password=named')}"
    assert password(named) == "named"
    write(home / "named.cnf", "user=u")
    assert password(named) == "ours"


def test_what_an_address_leaves_open_comes_from_the_option_file(home: Path):
    lines = ("user=filed", "host=far", "port=3310", "socket=/run/s")
    write(home / ".my.cnf", *lines)
    store = find_store("mysql:///shop")
    assert (store.user, store.host, store.port, store.socket) == ("filed", "far", 3310, None)
    store = find_store("mysql://own@near:3311/shop")
    assert (store.user, store.host, store.port, store.socket) == ("own", "near", 3311, None)
    write(home / ".my.cnf", "socket=/run/s")
    assert "socket=%2Frun%2Fs" in find_store("mysql://own@localhost/shop").uri()
    assert find_store("mysql://own@localhost:3306/shop").socket is None
    assert find_store("mysql://own@h/shop?socket=/run/t").socket == "/run/t"
    write(home / ".my.cnf", "port=none")
    with pytest.raises(UsageError, match="port that is none"):
        find_store(URL)


def test_an_option_file_that_is_named_must_be_there(home: Path):
    with pytest.raises(FileNotFoundError):
        find_store(f"{URL}?defaults_file={home}/none")


def test_what_is_shown_has_no_password(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MYSQL_PWD", SECRET)
    store = find_store(URL)
    assert store.password == SECRET
    assert SECRET in store.uri()
    assert SECRET not in repr(store) + str(store) + store.shown + f"{[store]}"


def test_options_are_added_to_an_address():
    assert with_options(URL, []) == URL
    url = with_options(with_options(URL, [("prefix", "p")]), [("status", "a&b é")])
    assert (find_store(url).prefix, find_store(url).statuses) == ("p", ("a&b é",))


def test_folders_are_no_addresses():
    assert not any(map(is_store, ("mysql", "/mysql://x", "s3://mysql", Path("mysql:/x"), "")))
    assert is_store("MYSQL://")
