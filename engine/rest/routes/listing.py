"""The endpoints that list a table."""

import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.rest.answers import answer
from engine.rest.errors import ApiError
from engine.rest.lists import Listed, find
from engine.rest.openapi import search_parameters
from engine.rest.search import parse
from engine.rest.service import service

_CRITERIA = re.compile(rb"(^|&)search_?criteria", re.IGNORECASE)


def listing(
    router: APIRouter,
    path: str,
    listed: Listed,
    *,
    operation_id: str,
    response_model: Any,
    must_ask: bool = False,
) -> None:
    """Add the endpoint that lists a table by search criteria.

    Parameters
    ----------
    router
        To add it to.
    path, listed
        Where it answers and what it lists.
    operation_id, response_model
        For the documentation.
    must_ask
        As some of MSI's services it refuses a request without search criteria; a bare
        ``searchCriteria`` asks for everything.
    """

    async def find_rows(request: Request) -> Response:
        query = request.scope["query_string"]
        if must_ask and not _CRITERIA.search(query):
            message = '"%fieldName" is required. Enter and try again.'
            raise ApiError(400, message, {"fieldName": "searchCriteria"})
        criteria, limits = parse(query), service(request).limits
        return answer(await service(request).read(lambda db: find(db, listed, criteria, limits)))

    fields = ", ".join(listed.columns)
    bare = " Without criteria give a bare `searchCriteria`." if must_ask else ""
    name = listed.table.replace("_", " ").replace("stock source", "stock-source")
    router.add_api_route(
        path,
        find_rows,
        methods=["GET"],
        description=f"List {name} by search criteria.\n\nFields: {fields}.{bare}",
        operation_id=operation_id,
        response_model=response_model,
        openapi_extra=search_parameters(listed.columns),
    )
