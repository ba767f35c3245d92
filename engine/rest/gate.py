"""What every request passes before an endpoint sees it: path, host, token, size and time."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from ipaddress import ip_address
from typing import Any

from engine.rest.answers import encode
from engine.rest.errors import ApiError, fault
from engine.rest.service import too_slow
from engine.rest.settings import Limits
from engine.rest.tokens import TokenCache
from engine.rest.users import Role

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN_PATH = "/V1/integration/admin/token"
BATCH_PATH = "/V1/inventory/source-selection-batch"
SELECTION_PATH = "/V1/inventory/source-selection-algorithm-result"

ARROW = "application/vnd.apache.arrow.stream"

_LOG = logging.getLogger("ssa.serve")
_JSON = (b"content-type", b"application/json")
_FORWARDED = {b"forwarded", b"via", b"x-forwarded-for"}
_STORE_CODE = re.compile(r"^/rest(?:/[A-Za-z0-9_]+)?(?=/V1/)")


class Gate:
    """Lets requests through to the endpoints, or answers them itself.

    Parameters
    ----------
    app
        The endpoints, under ``/V1``; ``/rest/V1`` and ``/rest/{store_code}/V1`` lead there too.
    limits
        Of size and time.
    tokens
        Verifies tokens. As long as the store has had no users, everybody on this machine may do
        everything.
    only_local
        The service listens on this machine alone; if not, nobody is served without users.
    select
        Answers the body of a selection request. That is what a shop asks at each checkout, and
        the way through the endpoints' framework costs three times as much as the answer.
    """

    def __init__(
        self,
        app: App,
        limits: Limits,
        tokens: TokenCache,
        select: Callable[[bytes], bytes],
        *,
        only_local: bool,
    ) -> None:
        self.app = app
        self._select = select
        self._limits = limits
        self._tokens = tokens
        self._only_local = only_local

    def close(self) -> None:
        """Let go of what was opened to serve."""
        self._tokens.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["path"] = path = _STORE_CODE.sub("", scope["path"], count=1)
        started = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            # Of a header that is there twice the endpoints see the first one too.
            headers = dict(reversed(scope["headers"]))
            self._admit(scope["method"], path, headers)
            most = _most_bytes(self._limits, path, headers)
            async with asyncio.timeout(self._limits.seconds):
                body = await _body(receive, headers, most)
                if scope["method"] in ("POST", "PUT") and path.startswith("/V1/"):
                    if b"content-type" not in headers:
                        scope["headers"] = [*scope["headers"], _JSON]
                    _check_type(headers, path)
                    body = body or b"{}"  # as Magento: nothing is given, which is said by name
                if path == SELECTION_PATH and scope["method"] == "POST":
                    await _answer(watched, 200, self._select(body))
                else:
                    await self.app(scope, _once(body, receive), watched)
        except asyncio.CancelledError:  # the server stops, and waits no longer
            if not started:
                await _refuse(send, ApiError(503, "The service stops. Try again later."))
        except Exception as error:
            if started:  # an answer cut short says for itself that it is not whole
                raise
            if isinstance(error, TimeoutError):
                error = too_slow()
            if not isinstance(error, ApiError):
                _LOG.exception("internal fault")
                error = fault()
            await _refuse(send, error)

    def _admit(self, method: str, path: str, headers: dict[bytes, bytes]) -> None:
        role = self._role(headers)
        if role is None and not self._tokens.has_users():
            if not self._only_local:
                raise ApiError(401, "This service has no users, and serves nobody until it has.")
            _check_local(headers)
            return
        if not path.startswith("/V1/") or path == TOKEN_PATH:
            return
        if role is None or (role != "write" and _writes(method, path)):
            message = "The consumer isn't authorized to access %resources."
            raise ApiError(401, message, {"resources": "Magento_Backend::admin"})

    def _role(self, headers: dict[bytes, bytes]) -> Role | None:
        kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            return None
        return self._tokens.verify(token.strip(), time.time())


def _most_bytes(limits: Limits, path: str, headers: dict[bytes, bytes]) -> int:
    if path != BATCH_PATH:
        return limits.body_bytes
    return limits.batch_bytes if _kind(headers) == ARROW else limits.json_batch_bytes


def _writes(method: str, path: str) -> bool:
    """Tell what only the role ``write`` may do. What is decided is not kept, so that is reading."""
    return method not in ("GET", "HEAD") and path not in (SELECTION_PATH, BATCH_PATH)


def _check_local(headers: dict[bytes, bytes]) -> None:
    """Refuse what a page of somewhere else sends by way of a browser on this machine."""
    if not _FORWARDED.isdisjoint(headers):
        raise ApiError(401, "Without users this service answers no proxy. Add users first.")
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


def _kind(headers: dict[bytes, bytes]) -> str:
    """Return what a body is said to be, without parameters."""
    given = headers.get(b"content-type", b"application/json").decode("latin-1")
    return given.partition(";")[0].strip().lower()


def _check_type(headers: dict[bytes, bytes], path: str) -> None:
    """Refuse a body that is said to be something else than what is read."""
    kind = _kind(headers)
    if kind != "application/json" and (kind, path) != (ARROW, BATCH_PATH):
        message = "Server cannot understand Content-Type HTTP header media type %1"
        raise ApiError(400, message, [kind[:60]])


async def _body(receive: Receive, headers: dict[bytes, bytes], most: int) -> bytes:
    """Read a body of so many bytes at most; what says that it is larger is not read at all."""
    length = headers.get(b"content-length", b"0")
    too_large = ApiError(413, "The body is larger than %1 bytes.", [most])
    if length.isdigit() and int(length[:20]) > most:
        raise too_large
    parts, seen, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError(400, "The body is not whole.")
        parts.append(message.get("body", b""))
        seen += len(parts[-1])
        if seen > most:
            raise too_large
        more = message.get("more_body", False)
    return b"".join(parts)


def _once(body: bytes, receive: Receive) -> Receive:
    """Return a way to receive a body that has been read."""
    waiting = [body]

    async def once() -> MutableMapping[str, Any]:
        if not waiting:
            return await receive()
        return {"type": "http.request", "body": waiting.pop(), "more_body": False}

    return once


async def _refuse(send: Send, error: ApiError) -> None:
    # Of a body that is too large the rest is not read.
    more = {413: [(b"connection", b"close")], 401: [(b"www-authenticate", b"Bearer")]}
    await _answer(send, error.status, encode(error.body()), more.get(error.status, ()))


async def _answer(
    send: Send, status: int, body: bytes, more: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    headers = [
        _JSON,
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
