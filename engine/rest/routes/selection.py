"""Source selection: the algorithms, one request, and many at once."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.errors import AlgorithmError
from engine.rest import documented, openapi
from engine.rest.answers import answer
from engine.rest.batch import decide, decide_requests, read_stream, write_streams
from engine.rest.errors import ApiError, failed_algorithm, wrong_type
from engine.rest.gate import ARROW
from engine.rest.live import Live, Version
from engine.rest.requests import (
    InventoryRequest,
    inventory_request,
    member,
    read_json,
    text,
)
from engine.rest.select import select
from engine.rest.service import Service, service
from engine.selection.run import MODES

router = APIRouter(tags=["Source selection"])


@router.get(
    "/V1/inventory/source-selection-algorithm-list",
    operation_id="inventorySourceSelectionApiGetSourceSelectionAlgorithmListV1",
    response_model=list[documented.Algorithm],
)
async def algorithm_list(request: Request) -> Response:
    """List the installed algorithms by code."""
    algorithms = service(request).live.algorithms.values()
    return answer(
        [
            {"code": one.code, "title": one.title, "description": one.description}
            for one in algorithms
        ]
    )


@router.post(
    "/V1/inventory/source-selection-algorithm-result",
    operation_id="inventorySourceSelectionApiSourceSelectionServiceV1",
    response_model=documented.SelectionResult,
    openapi_extra=openapi.SELECTION_BODY,
)
async def algorithm_result(request: Request) -> Response:
    """Decide which source gives what to one request; nothing is deducted."""
    return answer(result(service(request), await request.body()))


def result(found: Service, body: bytes) -> dict[str, Any]:
    """Answer the body of one request; see `algorithm_result`."""
    values = read_json(body)
    wanted = inventory_request(member(values, "inventoryRequest"), found.limits.items)
    code = _algorithm(found.live, member(values, "algorithmCode"))
    try:
        return _select(found.version, wanted, code)
    except AlgorithmError as error:
        raise failed_algorithm(error) from error


def _algorithm(live: Live, value: Any) -> str:
    code = text(value, "algorithmCode")
    if code not in live.algorithms:
        raise ApiError(400, "There is no such Source Selection Algorithm implemented: %1", [code])
    return code


def _check_address(code: str, asked: InventoryRequest) -> None:
    if code == "distance" and asked.address is None:
        raise ApiError(400, "No destination address was provided in the request")


def _select(version: Version, asked: InventoryRequest, code: str) -> dict[str, Any]:
    catalog, skus, ranks = version
    _check_address(code, asked)
    stock = ranks.stocks.get(asked.stock_id)
    if stock is None:
        return select(catalog, skus, ranks.codes, [-1] * len(ranks.codes), asked.wanted)
    where = None
    if asked.address and ranks.looks_at_destination(code):
        where = ranks.destination(asked.address)
    found = ranks.ranks(stock, code, where)
    return select(catalog, skus, ranks.codes, found, asked.wanted)


@router.post(
    "/V1/inventory/source-selection-batch",
    operation_id="sourceSelectionBatch",
    response_model=documented.BatchResult,
    openapi_extra=openapi.BATCH_BODY,
)
async def batch(request: Request) -> Response:
    """Decide many requests in one call; nothing is deducted.

    As JSON, ``requests`` are inventory requests, and ``results`` their answers in sequence. As an
    Arrow IPC stream, rows are order lines with the columns of orders; the answer is three streams
    one after the other: allocations, orders, shortfalls.
    """
    found = service(request)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == ARROW:
        options = _options(found, dict(request.query_params))
        return Response(await found.in_turn(_streams, found, body, options), media_type=ARROW)
    values = read_json(body)
    options = _options(found, values)
    answers = await found.in_turn(_answers, found, member(values, "requests"), options)
    return answer({"results": answers})


def _streams(found: Service, body: bytes, options: dict[str, Any]) -> bytes:
    lines = read_stream(body, found.limits.lines)
    return write_streams(decide(found.version.catalog, {"order_lines": lines}, **options))


def _answers(found: Service, requests: Any, options: dict[str, Any]) -> list[dict[str, Any]]:
    if not isinstance(requests, list):
        raise wrong_type(requests, "InventoryRequest[]", "requests")
    asked = [inventory_request(one, found.limits.items) for one in requests]
    for one in asked:
        _check_address(options["algorithm"].code, one)
    return decide_requests(found.version.catalog, asked, **options)


def _flag(value: Any, name: str) -> bool:
    if str(value).lower() not in ("true", "1", "false", "0", "none"):
        raise wrong_type(value, "boolean", name)
    return str(value).lower() in ("true", "1")


def _options(found: Service, values: dict[str, Any]) -> dict[str, Any]:
    mode = member(values, "mode", required=False) or "independent"
    if mode not in MODES:
        raise ApiError(400, 'The mode "%value" is unknown.', {"value": str(mode)[:60]})
    code = _algorithm(found.live, member(values, "algorithmCode"))
    zero = member(values, "includeZero", required=False)
    return {
        "algorithm": found.live.algorithms[code],
        "mode": mode,
        "locator": found.live.locator,
        "include_zero": _flag(zero, "includeZero"),
    }
