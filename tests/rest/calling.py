"""The service in this process, called as a server calls it."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from engine.algorithms.registry import list_algorithms
from engine.catalog import Catalog
from engine.rest.app import make_app
from engine.rest.gate import Gate
from engine.rest.live import Live
from engine.rest.settings import Limits
from engine.rest.store import connect, fill

ALGORITHMS = {one.code: one.algorithm for one in list_algorithms() if one.algorithm}
HOST = (b"host", b"localhost:8080")


class Answer(NamedTuple):
    """What the service answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)


class Caller:
    """Calls a service, with a token if it is given one."""

    def __init__(self, gate: Gate, live: Live) -> None:
        self.gate = gate
        self.live = live
        self.headers: list[tuple[bytes, bytes]] = [HOST]

    def __call__(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        headers: Sequence[tuple[bytes, bytes]] | None = None,
        chunks: Iterable[bytes] | None = None,
        stalls: bool = False,
    ) -> Answer:
        """Make one request; ``body`` is bytes, or what is to be JSON."""
        headers = list(self.headers if headers is None else headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.append((b"content-type", b"application/json"))
        parts = [body or b""] if chunks is None else list(chunks)
        return asyncio.run(self._call(method, target, headers, parts, stalls))

    def get(self, target: str) -> Any:
        """Return the answer of a GET that must succeed."""
        answer = self("GET", target)
        assert answer.status == 200, answer
        return answer.json

    def post(self, target: str, body: Any) -> Any:
        """Return the answer of a POST that must succeed."""
        answer = self("POST", target, body)
        assert answer.status == 200, answer
        return answer.json

    async def _call(
        self,
        method: str,
        target: str,
        headers: list[tuple[bytes, bytes]],
        parts: list[bytes],
        stalls: bool,
    ) -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "root_path": "",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
        }
        waiting = [
            {"type": "http.request", "body": part, "more_body": stalls or at < len(parts)}
            for at, part in enumerate(parts, 1)
        ]
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Any:
            if waiting:
                return waiting.pop(0)
            if stalls:
                await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        try:
            await self.gate(scope, receive, send)
        except Exception:  # the framework raises after its answer, for the server's log
            if not sent:
                raise
        start, *rest = sent
        named = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], named, b"".join(one["body"] for one in rest))


@contextmanager
def service(
    path: Path,
    catalog: Catalog | None = None,
    *,
    limits: Limits | None = None,
    only_local: bool = True,
) -> Iterator[Caller]:
    """Serve a store in a file that is filled first if it is not there."""
    if not path.exists():
        db = connect(path, make=True)
        fill(db, catalog)
        db.close()
    live = Live(path, ALGORITHMS)
    gate = make_app(live, limits or Limits(), only_local=only_local)
    try:
        yield Caller(gate, live)
    finally:
        gate.close()
        live.close()
