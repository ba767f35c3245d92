"""The application: endpoints, errors in Magento's shape, documentation."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.responses import Response

from engine.errors import AlgorithmError, EngineError, InputError
from engine.rest import openapi, validation
from engine.rest.answers import answer, encode
from engine.rest.errors import ApiError, failed, failed_algorithm, fault
from engine.rest.gate import TOKEN_PATH, Gate
from engine.rest.live import Live
from engine.rest.models import Credentials
from engine.rest.routes import items, network, places, selection
from engine.rest.search_tree import SearchError
from engine.rest.service import Service
from engine.rest.settings import Limits
from engine.rest.store import connect
from engine.rest.tokens import SignInError, SignIns, TokenCache, issue_token

_LOG = logging.getLogger("ssa.serve")


def make_app(live: Live, limits: Limits, *, only_local: bool) -> Gate:
    """Assemble the service.

    Parameters
    ----------
    live
        The store and what it holds.
    limits
        What requests may ask for.
    only_local
        The service listens on this machine alone.

    Returns
    -------
    An ASGI application, to be closed when it serves no more.
    """
    app = FastAPIOffline(
        **openapi.ABOUT,
        docs_url="/docs",
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        swagger_ui_parameters={"validatorUrl": None},  # or the page asks a host of Swagger's
    )
    app.state.service = Service(live, limits)
    app.state.sign_ins = SignIns()
    # A sign-in costs a core 0.3 s: they take turns, and leave the other threads to requests.
    app.state.signing_in = ThreadPoolExecutor(1, "sign-in")
    for part in (network, items, selection, places):
        app.include_router(part.router)
    app.post(TOKEN_PATH, **openapi.TOKEN)(admin_token)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    _handle_errors(app)
    found, tokens = app.state.service, TokenCache(connect(live.path))
    return Gate(
        app,
        limits,
        tokens,
        lambda body: encode(selection.result(found, body)),
        only_local=only_local,
    )


async def admin_token(request: Request, body: Credentials) -> Response:
    """Return a token for a user's name and password. It is good for four hours."""
    state = request.app.state
    given = state.service.live.path, body.username, body.password, state.sign_ins
    waiting = asyncio.get_running_loop().run_in_executor(state.signing_in, _sign_in, *given)
    return answer(await waiting)


def _sign_in(path: Path, name: str, password: str, sign_ins: SignIns) -> str:
    with closing(connect(path)) as db:
        return issue_token(db, name, password, time.time(), sign_ins)


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
        return answer(validation.refusal(error.errors()).body(), 400)

    @app.exception_handler(EngineError)
    async def wrong_input(_: Request, error: EngineError) -> Response:
        if isinstance(error, AlgorithmError):
            return answer(failed_algorithm(error).body(), 500)
        lines = str(error).split("\n") if isinstance(error, InputError) else [str(error)]
        return answer(failed([(line, ()) for line in lines]).body(), 400)

    @app.exception_handler(HTTPException)
    async def refused_before(_: Request, error: HTTPException) -> Response:
        if error.status_code == 400:  # the only one: JSON that cannot be read at all
            return answer({"message": "Decoding error: the body is no JSON in UTF-8."}, 400)
        return answer({"message": "Request does not match any route."}, 404)

    @app.exception_handler(Exception)
    async def failed_itself(_: Request, error: Exception) -> Response:
        _LOG.error("internal fault: %s: %s", type(error).__name__, error)
        return answer(fault().body(), 500)
