"""What every request passes before an endpoint sees it: path, host, token, size and time."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from ipaddress import ip_address
from typing import Any

from engine.rest.answers import encode
from engine.rest.errors import ApiError
from engine.rest.service import too_slow
from engine.rest.settings import Limits
from engine.rest.tokens import TokenCache

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN_PATH = "/V1/integration/admin/token"
BATCH_PATH = "/V1/inventory/source-selection-batch"
SELECTION_PATH = "/V1/inventory/source-selection-algorithm-result"

_STORE_CODE = re.compile(r"/rest(?:/[A-Za-z0-9_]+)?(?=/V1/)")


class Gate:
    """Lets requests through to the endpoints, or answers them itself.

    Parameters
    ----------
    app
        The endpoints, under ``/V1``; ``/rest/V1`` and ``/rest/{store_code}/V1`` lead there too.
    limits
        Of size and time.
    tokens
        Verifies tokens; None lets everybody on this machine do everything.
    select
        Answers the body of a selection request. That is what a shop asks at each checkout, and
        the way through the endpoints' framework costs three times as much as the answer.
    """

    def __init__(
        self,
        app: App,
        limits: Limits,
        tokens: TokenCache | None,
        select: Callable[[bytes], bytes],
    ) -> None:
        self._app = app
        self._select = select
        self._limits = limits
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = path = _STORE_CODE.sub("", scope["path"], count=1)
        started = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            headers = dict(scope["headers"])
            self._admit(scope["method"], path, headers)
            most = self._limits.batch_bytes if path == BATCH_PATH else self._limits.body_bytes
            bounded = _bounded(receive, headers, most)
            async with asyncio.timeout(self._limits.seconds):
                if path == SELECTION_PATH and scope["method"] == "POST":
                    await _answer(watched, 200, self._select(await _body(bounded)))
                else:
                    await self._app(scope, bounded, watched)
        except (ApiError, TimeoutError) as error:
            if started:  # an answer cut short says for itself that it is not whole
                raise
            await _refuse(send, error if isinstance(error, ApiError) else too_slow())

    def _admit(self, method: str, path: str, headers: dict[bytes, bytes]) -> None:
        if self._tokens is None:
            _check_local(headers)
            return
        if not path.startswith("/V1/") or path == TOKEN_PATH:
            return
        kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        role = None
        if kind.lower() == "bearer" and token.strip():
            role = self._tokens.verify(token.strip(), time.time())
        if role is None or (role != "write" and _writes(method, path)):
            message = "The consumer isn't authorized to access %resources."
            raise ApiError(401, message, {"resources": "Magento_Backend::admin"})


def _writes(method: str, path: str) -> bool:
    """Tell what only the role ``write`` may do. What is decided is not kept, so that is reading."""
    return method not in ("GET", "HEAD") and path not in (SELECTION_PATH, BATCH_PATH)


def _check_local(headers: dict[bytes, bytes]) -> None:
    """Refuse what a page of somewhere else sends by way of a browser on this machine."""
    named = [headers.get(b"host", b"localhost")]
    if b"origin" in headers:
        named.append(headers[b"origin"].rpartition(b"//")[2])
    if not all(is_loopback(_host(name.decode("latin-1"))) for name in named):
        message = "Without users this service answers to localhost only. Add users to serve others."
        raise ApiError(401, message)


def _host(name: str) -> str:
    """Return the host in ``host:port``, where IPv6 stands in brackets."""
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0]


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine and nothing else.

    Examples
    --------
    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bounded(receive: Receive, headers: dict[bytes, bytes], most: int) -> Receive:
    """Return a way to receive no more than so many bytes of a body."""
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    seen = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _too_large(most)
        return message

    return bounded


def _too_large(most: int) -> ApiError:
    return ApiError(413, "The body is larger than %1 bytes.", [most])


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError(400, "The body is not whole.")
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _refuse(send: Send, error: ApiError) -> None:
    # Of a body that is too large the rest is not read.
    closing = [(b"connection", b"close")] if error.status == 413 else []
    await _answer(send, error.status, encode(error.body()), closing)


async def _answer(
    send: Send, status: int, body: bytes, more: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
