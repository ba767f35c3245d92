"""Ask an application in this process, without a socket."""

import asyncio
import json
from typing import Any, NamedTuple

from engine.rest.gate import Gate


class Answer(NamedTuple):
    """A status and what the body holds as JSON."""

    status: int
    body: Any


def ask(app: Gate, method: str, path: str, body: Any = None) -> Answer:
    """Send a request, in an event loop of its own; may be called from several threads."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    given = [{"type": "http.request", "body": json.dumps(body).encode()}]
    sent: list[Any] = []

    async def receive() -> Any:
        return given.pop(0) if given else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], json.loads(content))
