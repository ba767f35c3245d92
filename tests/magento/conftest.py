"""A real MariaDB for the tests that ask for it; without one they are skipped, and say so."""

from collections.abc import Iterator

import pytest

from tests.magento.server import PASSWORD, Database, Server, binaries, running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker("needs_mariadb")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Return a running server."""
    found = binaries()
    if found is None:
        pytest.skip("MariaDB is not installed (mariadbd, mariadb-install-db)")
    pytest.importorskip("connectorx", reason="connectorx is not installed (extra magento)")
    with running(*found) as started:
        yield started


@pytest.fixture
def database(server: Server, password: None) -> Iterator[Database]:
    """Return an empty store."""
    made = server.database()
    yield made
    made.close()


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the reader's password where it is looked for."""
    monkeypatch.setenv("SSA_MYSQL_PASSWORD", PASSWORD)
