"""Passwords and their hashes."""

import pytest

from engine.errors import UsageError
from engine.rest.passwords import (
    COST,
    FEWEST,
    MOST,
    Cost,
    check_password,
    hash_password,
    is_password,
    nobodys_password,
)

CHEAP = Cost(2, 1, 1)
# RFC 7914, section 12; the first half of its 64 bytes are the hash of 32.
VECTORS = [
    (
        *("password", b"NaCl", Cost(1024, 8, 16)),
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162",
    ),
    (
        *("pleaseletmein", b"SodiumChloride", Cost(16384, 8, 1)),
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2",
    ),
]


@pytest.mark.parametrize(("password", "salt", "cost", "hashed"), VECTORS)
def test_vectors_of_the_rfc(password: str, salt: bytes, cost: Cost, hashed: str):
    kept = f"scrypt${cost.n}${cost.r}${cost.p}${salt.hex()}${hashed}"
    assert is_password(password, kept)
    assert not is_password(password + "x", kept)
    assert not is_password("", kept)


def test_each_hash_has_its_salt_and_parameters():
    kept = [hash_password("correct horse", CHEAP) for _ in range(2)]
    assert kept[0] != kept[1]
    assert all(is_password("correct horse", one) for one in kept)
    assert "correct" not in kept[0]
    assert hash_password("correct horse").startswith(f"scrypt${COST.n}${COST.r}${COST.p}$")
    assert nobodys_password().split("$")[:4] == hash_password("x").split("$")[:4]
    assert not is_password("x", nobodys_password())


def test_an_accent_is_one_password_however_it_is_typed():
    kept = hash_password("caf\u00e9 au lait", CHEAP)
    assert is_password("cafe\u0301 au lait", kept)
    assert not is_password("cafe au lait", kept)


@pytest.mark.parametrize("password", ["\ud800" * 12, "\0" * 6, "a\0b", "☃" * 10_000])
def test_any_text_can_be_asked_about(password: str):
    assert not is_password(password, hash_password("correct horse", CHEAP))


@pytest.mark.parametrize("password", ["", "a" * (FEWEST - 1), "ab" * MOST, " " * 20, "a" * 20])
def test_poor_passwords_are_refused(password: str):
    with pytest.raises(UsageError, match="a password has 12 to 1,000 characters"):
        check_password(password)


@pytest.mark.parametrize(
    "password", ["ab" * 6, "ab" * 500, "correct horse", "ひらがなのパスワードです"]
)
def test_long_passwords_are_taken(password: str):
    check_password(password)
