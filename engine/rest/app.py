"""The application: endpoints, errors in Magento's shape, documentation."""

import logging
import time
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.responses import Response

from engine.errors import AlgorithmError, EngineError, InputError
from engine.rest.answers import answer, encode
from engine.rest.errors import ApiError, Parameters, failed, failed_algorithm
from engine.rest.gate import Gate
from engine.rest.live import Live
from engine.rest.models import Credentials
from engine.rest.routes import items, network, places, selection
from engine.rest.search_tree import SearchError
from engine.rest.service import Service, service
from engine.rest.settings import Limits
from engine.rest.store import connect
from engine.rest.tokens import SignInError, SignIns, TokenCache, issue_token

_LOG = logging.getLogger("ssa.serve")
_TYPES = {"int": "int", "float": "float", "bool": "boolean", "string": "string"}


def make_app(live: Live, limits: Limits, *, with_users: bool) -> Gate:
    """Assemble the service.

    Parameters
    ----------
    live
        The store and what it holds.
    limits
        What requests may ask for.
    with_users
        Ask for tokens; without, whoever asks from this machine may do everything.

    Returns
    -------
    An ASGI application.
    """
    app = FastAPIOffline(title="ssa serve", docs_url="/docs", redoc_url=None)
    app.state.service = Service(live, limits)
    app.state.sign_ins = SignIns()
    for part in (network, items, selection, places):
        app.include_router(part.router)
    app.post("/V1/integration/admin/token")(admin_token)
    _handle_errors(app)
    tokens = TokenCache(connect(live.path)) if with_users else None
    found = app.state.service
    return Gate(app, limits, tokens, lambda body: encode(selection.result(found, body)))


def admin_token(request: Request, body: Credentials) -> Response:
    """Return a token for a user's name and password."""
    db = connect(service(request).live.path)
    try:
        return answer(
            issue_token(db, body.username, body.password, time.time(), request.app.state.sign_ins)
        )
    finally:
        db.close()


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def refused(_: Request, error: ApiError) -> Response:
        return answer(error.body(), error.status)

    @app.exception_handler(SearchError)
    async def wrong_search(_: Request, error: SearchError) -> Response:
        return answer(ApiError(400, error.message, error.parameters).body(), 400)

    @app.exception_handler(SignInError)
    async def not_signed_in(_: Request, error: SignInError) -> Response:
        return answer({"message": str(error)}, 401)

    @app.exception_handler(RequestValidationError)
    async def wrong_body(_: Request, error: RequestValidationError) -> Response:
        found = [_in_magentos_words(one) for one in error.errors()]
        body = ApiError(400, *found[0]).body()
        if len(found) > 1:
            message = "One or more input exceptions have occurred."
            body = ApiError(400, message, errors=found).body()
        return answer(body, 400)

    @app.exception_handler(EngineError)
    async def wrong_input(_: Request, error: EngineError) -> Response:
        if isinstance(error, AlgorithmError):
            return answer(failed_algorithm(error).body(), 500)
        lines = str(error).split("\n") if isinstance(error, InputError) else [str(error)]
        return answer(failed([(line, ()) for line in lines]).body(), 400)

    @app.exception_handler(HTTPException)
    async def no_route(_: Request, error: HTTPException) -> Response:
        if error.status_code in (404, 405):
            return answer({"message": "Request does not match any route."}, 404)
        return answer({"message": str(error.detail)}, error.status_code)

    @app.exception_handler(Exception)
    async def fault(_: Request, error: Exception) -> Response:
        _LOG.error("internal fault: %s: %s", type(error).__name__, error)
        message = "Internal Error. Details are available in the log of the service."
        return answer({"message": message}, 500)


def _in_magentos_words(error: Any) -> tuple[str, Parameters]:
    kind, place = error["type"], [part for part in error["loc"] if part not in ("body", "path")]
    name = str(place[-1]) if place else "body"
    if kind == "json_invalid":
        return "Decoding error: %1", [str(error.get("ctx", {}).get("error", ""))]
    if kind == "missing":
        return '"%fieldName" is required. Enter and try again.', {"fieldName": name}
    due = _TYPES.get(kind.partition("_")[0])
    value = error.get("input")
    if due:
        message = (
            'The "%value" value\'s type is invalid. The "%type" type was expected. '
            "Verify and try again."
        )
        shown = str(value)[:60] if isinstance(value, str | int | float) else type(value).__name__
        return message, {"value": shown, "type": due}
    return f'"%fieldName": {error["msg"]}.', {"fieldName": name}
