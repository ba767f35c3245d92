"""``ssa serve`` in processes of its own, started many times while the imports are paid for once."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from tests.rest.asking import Answer

_PROGRAM = """
import json, os, sys
import ctypes, engine.cli, engine.rest.serve, pyarrow
from engine.tables.texts import number_keys
number_keys(pyarrow.array(["kernels"]), fold=True).keys.find(pyarrow.array(["are loaded"]))
def die_with_parent():
    getattr(ctypes.CDLL(None), "prctl", lambda *_: None)(1, 9)
die_with_parent()
for line in sys.stdin:
    child = os.fork()
    if not child:
        die_with_parent()
        sys.argv = ["ssa", "serve", *json.loads(line)]
        print(os.getpid(), flush=True)
        engine.cli.main()
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


class Serving:
    """Starts services, one after the other."""

    def __init__(self, starter: "subprocess.Popen[str]") -> None:
        self._starter = starter
        self._pid = 0
        self.port = 0

    def start(self, *args: object) -> None:
        """Start a service and wait until it serves."""
        self.launch(*args)
        while "serving" not in (line := self._line()):
            assert line != "ended"
        self.port = int(line.split()[1].rpartition(":")[2])

    def launch(self, *args: object) -> None:
        """Start a service, which has not begun with anything yet."""
        assert self._starter.stdin
        assert not self._pid, "end the service before this one"
        self._starter.stdin.write(json.dumps(["--port", "0", *map(str, args)]) + "\n")
        self._starter.stdin.flush()
        self._pid = int(self._line())

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the service."""
        os.kill(self._pid, how)
        self._pid = 0
        while self._line() != "ended":
            pass

    def client(self, token: str | None = None) -> "Client":
        """Return a connection to the service."""
        return Client(self.port, token)

    def _line(self) -> str:
        assert self._starter.stdout
        line = self._starter.stdout.readline().strip()
        assert line, "the starter has ended"
        return line


class Client:
    """A connection that stays open from one request to the next."""

    def __init__(self, port: int, token: str | None) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request; raises OSError or HTTPException if the service dies meanwhile."""
        content = None if body is None else json.dumps(body)
        headers = {**self._headers, "Content-Type": "application/json"}
        self._connection.request(method, f"/rest/default/V1/{path}", content, headers)
        answer = self._connection.getresponse()
        return Answer(answer.status, json.loads(answer.read()))

    def close(self) -> None:
        self._connection.close()


@contextmanager
def serving() -> Iterator[Serving]:
    """Start services; what still serves in the end is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        found = Serving(starter)
        try:
            yield found
        finally:
            if found._pid:
                found.end()
            assert starter.stdin
            starter.stdin.close()
