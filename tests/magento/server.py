"""A MariaDB of our own: started on loopback, with its own data folder, and stopped again."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pymysql

SCHEMA = Path(__file__).with_name("schema.sql").read_text()
READER = "shop reader"
PASSWORD = "p@s/w'r#d %41é"
_ADMIN = "only-for-the-tests"
_SECONDS = 60
_NAMES = count()


def binaries() -> list[str] | None:
    """Return the server and what makes its data folder, None if one of them is not installed."""
    path = "/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin:/bin"
    found = [
        shutil.which(name) or shutil.which(name, path=path)
        for name in ("mariadbd", "mariadb-install-db")
    ]
    return found if all(found) else None


class Server:
    """A running server: ``port`` on loopback, ``socket`` in its folder."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.socket = str(folder / "s")

    def admin(self, **options: Any) -> pymysql.Connection:
        """Connect as one who may do anything."""
        return pymysql.connect(
            unix_socket=self.socket, user="root", charset="utf8mb4",
            **{"password": _ADMIN, "autocommit": True, **options},
        )  # fmt: skip

    def database(self, charset: str = "utf8mb4", prefix: str = "") -> "Database":
        """Make an empty store."""
        return Database(self, f"shop_{next(_NAMES)}", charset, prefix)


class Database:
    """The database of one store, and a connection that fills it."""

    def __init__(self, server: Server, name: str, charset: str, prefix: str) -> None:
        self.server, self.name, self.prefix = server, name, prefix
        self.connection = server.admin()
        self.run(f"CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {charset}_general_ci")
        self.run(f"GRANT SELECT ON {name}.* TO '{READER}'@'localhost'")
        self.connection.select_db(name)
        for statement in SCHEMA.split(";\n")[:-1]:
            self.run(statement.format_map(_Names(prefix)))

    @property
    def url(self) -> str:
        """Return the address for a reader."""
        option = f"?prefix={self.prefix}" if self.prefix else ""
        return f"mysql://{quote(READER)}@127.0.0.1:{self.server.port}/{self.name}{option}"

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement; return its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def insert(self, table: str, *rows: dict[str, Any]) -> None:
        """Insert rows that have the same columns."""
        if not rows:
            return
        columns, marks = ", ".join(rows[0]), ", ".join(["%s"] * len(rows[0]))
        with self.connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {self.prefix}{table} ({columns}) VALUES ({marks})",
                [tuple(row.values()) for row in rows],
            )

    def close(self) -> None:
        """Drop it."""
        self.run(f"DROP DATABASE {self.name}")
        self.connection.close()


class _Names(dict[str, str]):
    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __missing__(self, table: str) -> str:
        return f"`{self._prefix}{table}`"


@contextmanager
def running(server: str, install: str) -> Iterator[Server]:
    """Start a server; stop it and remove its data in any case."""
    user = getpass.getuser()
    with TemporaryDirectory(prefix="ssa-mdb-") as name:
        folder = Path(name)
        # A server that starts removes what others have under way in the folder that they share.
        (folder / "tmp").mkdir()
        apart = {**os.environ, "TMPDIR": f"{folder}/tmp"}
        subprocess.run(
            [
                *(install, "--no-defaults", f"--datadir={folder}/data", f"--user={user}"),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
            ],
            check=True,
            capture_output=True,
            env=apart,
        )
        started = Server(_free_port(), folder)
        log = (folder / "log").open("wb")
        process = subprocess.Popen(
            [
                *(server, "--no-defaults", f"--datadir={folder}/data", f"--user={user}"),
                *(f"--socket={started.socket}", f"--port={started.port}"),
                *("--bind-address=127.0.0.1", f"--pid-file={folder}/pid", "--skip-log-bin"),
                *("--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0"),
            ],
            stdout=log,
            stderr=log,
            env=apart,
        )
        try:
            _prepare(started, process)
            yield started
        finally:
            process.terminate()
            process.wait(_SECONDS)
            log.close()


def _prepare(server: Server, process: subprocess.Popen) -> None:
    """Wait until the server answers; give it its users."""
    end = time.monotonic() + _SECONDS
    while not _answers(server):
        assert process.poll() is None, "the server has ended"
        assert time.monotonic() < end, "the server does not answer"
        time.sleep(0.1)
    with server.admin(password="") as admin, admin.cursor() as cursor:
        cursor.execute("CREATE USER %s@'localhost' IDENTIFIED BY %s", (READER, PASSWORD))
        cursor.execute("ALTER USER root@localhost IDENTIFIED BY %s", (_ADMIN,))


def _answers(server: Server) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(server.socket) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
