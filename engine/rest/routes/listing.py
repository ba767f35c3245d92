"""The endpoints that list a table."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.rest.answers import answer
from engine.rest.lists import Listed, find
from engine.rest.search import parse
from engine.rest.service import service


def listing(router: APIRouter, path: str, listed: Listed, title: str) -> None:
    """Add the endpoint that lists a table by search criteria.

    Parameters
    ----------
    router
        To add it to.
    path, listed, title
        Where it answers, what it lists, and what the documentation calls that.
    """

    async def find_rows(request: Request) -> Response:
        criteria = parse(request.scope["query_string"])
        limits = service(request).limits
        return answer(await service(request).read(lambda db: find(db, listed, criteria, limits)))

    router.add_api_route(
        path,
        find_rows,
        methods=["GET"],
        summary=f"{title} by search criteria",
        description=f"Fields: {', '.join(listed.columns)}.",
        operation_id=f"list_{listed.table}",
    )
