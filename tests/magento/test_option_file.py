import pytest

from engine.magento.option_file import client_options, parse_options


@pytest.mark.parametrize(
    ("line", "password"),
    [
        ("password=a b ", "a b"),
        ("  password  =  x  ", "x"),
        ("password='x y' # mine", "x y"),
        ('password="#1=;"', "#1=;"),
        ("password=x#y", "x"),
        ("password=x;y", "x;y"),
        (r"password=a\sb\\c\n", "a b\\c\n"),
        (r"password=a\qb", r"a\qb"),
        ("password=", ""),
        ("password=''", ""),
        ("password=a=b", "a=b"),
        ("password=first\npassword=last", "last"),
        ("# password=x", None),
        ("; password=x", None),
        ("password", None),
        ("[mysqld]\npassword=x", None),
        ("[client-mariadb]\npassword=x", "x"),
        ("!includedir /etc/mysql/conf.d\npassword=é😀", "é😀"),
    ],
)
def test_values(line: str, password: str | None):
    assert parse_options(f"[client]\n{line}\n").get("password") == password


def test_only_groups_of_clients_count():
    assert parse_options("password=x\n[mysql]\nuser=y\n[client]\nhost=h\nssl\n") == {"host": "h"}


def test_without_a_home_there_are_no_options(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/none")
    assert client_options(None) == {}
