"""Sources, stocks, and the links between them."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.rest import answers, documented, saves
from engine.rest.answers import answer
from engine.rest.errors import unknown
from engine.rest.lists import LINKS, SOURCES, STOCKS
from engine.rest.models import (
    LinkKeysBody,
    LinksBody,
    NewSourceBody,
    SourceBody,
    SourceFields,
    StockBody,
    Whole,
)
from engine.rest.routes.listing import listing
from engine.rest.service import service

router = APIRouter(tags=["Sources, stocks and links"])

listing(
    router,
    "/V1/inventory/sources",
    SOURCES,
    operation_id="inventoryApiSourceRepositoryV1GetList",
    response_model=documented.Sources,
)
listing(
    router,
    "/V1/inventory/stocks",
    STOCKS,
    operation_id="inventoryApiStockRepositoryV1GetList",
    response_model=documented.Stocks,
)
listing(
    router,
    "/V1/inventory/stock-source-links",
    LINKS,
    operation_id="inventoryApiGetStockSourceLinksV1",
    response_model=documented.Links,
    must_ask=True,
)


@router.post(
    "/V1/inventory/stock-source-links",
    operation_id="inventoryApiStockSourceLinksSaveV1",
    response_model=documented.Nothing,
)
async def save_links(request: Request, body: LinksBody) -> Response:
    """Link sources to stocks; a link that is there gets the new priority."""
    service(request).check_count(len(body.links), "links")
    links = [saves.Link(one.stock_id, one.source_code, one.priority) for one in body.links]
    return answer(await service(request).write(lambda db: saves.save_links(db, links)))


@router.post(
    "/V1/inventory/stock-source-links-delete",
    operation_id="inventoryApiStockSourceLinksDeleteV1",
    response_model=documented.Nothing,
)
async def delete_links(request: Request, body: LinkKeysBody) -> Response:
    """Unlink sources from stocks; the priorities of the others stay."""
    service(request).check_count(len(body.links), "links")
    pairs = [(one.stock_id, one.source_code) for one in body.links]
    return answer(await service(request).write(lambda db: saves.delete_links(db, pairs)))


@router.get(
    "/V1/inventory/get-sources-assigned-to-stock-ordered-by-priority/{stockId}",
    operation_id="inventoryApiGetSourcesAssignedToStockOrderedByPriorityV1",
    response_model=list[documented.Source],
)
async def assigned_sources(request: Request, stockId: Whole) -> Response:  # noqa: N803
    """List the sources of a stock, disabled ones too, by priority and then by code."""
    query = (
        "SELECT sources.* FROM stock_source_links JOIN sources USING (source_code) "
        "WHERE stock_id = ? ORDER BY priority, source_code"
    )
    rows = await service(request).read(lambda db: db.execute(query, [stockId]).fetchall())
    return answer([answers.source(row) for row in rows])


@router.get(
    "/V1/inventory/sources/{sourceCode:path}",
    operation_id="inventoryApiSourceRepositoryV1Get",
    response_model=documented.Source,
)
async def get_source(request: Request, sourceCode: str) -> Response:  # noqa: N803
    """Return a source."""
    query = "SELECT * FROM sources WHERE source_code = ?"
    row = await service(request).read(lambda db: db.execute(query, [sourceCode]).fetchone())
    if row is None:
        raise unknown("Source", "code", sourceCode)
    return answer(answers.source(row))


@router.post(
    "/V1/inventory/sources",
    operation_id="inventoryApiSourceRepositoryV1SavePost",
    response_model=documented.Nothing,
)
async def create_source(request: Request, body: NewSourceBody) -> Response:
    """Create a source, or change the one with this code."""
    fields = _fields(body.source)
    change = saves.save_source
    return answer(await service(request).write(lambda db: change(db, fields, is_new=True)))


@router.put(
    "/V1/inventory/sources/{sourceCode:path}",
    operation_id="inventoryApiSourceRepositoryV1SavePut",
    response_model=documented.Nothing,
)
async def update_source(request: Request, sourceCode: str, body: SourceBody) -> Response:  # noqa: N803
    """Change a source; fields that are not given stay as they are."""
    fields = {**_fields(body.source), "source_code": sourceCode}
    change = saves.save_source
    return answer(await service(request).write(lambda db: change(db, fields, is_new=False)))


def _fields(source: SourceFields) -> dict[str, Any]:
    fields = source.model_dump(exclude_unset=True)
    # What must have a value keeps the one it has where null is given.
    kept = ("enabled", "use_default_carrier_config", "carrier_links", "extension_attributes")
    return {name: one for name, one in fields.items() if one is not None or name not in kept}


@router.get(
    "/V1/inventory/stocks/{stockId}",
    operation_id="inventoryApiStockRepositoryV1Get",
    response_model=documented.SavedStock,
)
async def get_stock(request: Request, stockId: Whole) -> Response:  # noqa: N803
    """Return a stock with its sales channels."""
    query = "SELECT * FROM stocks WHERE stock_id = ?"
    found = await service(request).read(
        lambda db: answers.stocks(db, db.execute(query, [stockId]).fetchall())
    )
    if not found:
        raise unknown("Stock", "id", stockId)
    return answer(found[0])


@router.post(
    "/V1/inventory/stocks",
    operation_id="inventoryApiStockRepositoryV1SavePost",
    response_model=int,
)
async def create_stock(request: Request, body: StockBody) -> Response:
    """Create a stock and return its id; with the id of one that is there, change it."""
    return await _save_stock(request, body, body.stock.stock_id)


@router.put(
    "/V1/inventory/stocks/{stockId}",
    operation_id="inventoryApiStockRepositoryV1SavePut",
    response_model=int,
)
async def update_stock(request: Request, stockId: Whole, body: StockBody) -> Response:  # noqa: N803
    """Change a stock; a sales channel that another stock has moves here."""
    return await _save_stock(request, body, stockId)


@router.delete(
    "/V1/inventory/stocks/{stockId}",
    operation_id="inventoryApiStockRepositoryV1DeleteById",
    response_model=documented.Nothing,
)
async def delete_stock(request: Request, stockId: Whole) -> Response:  # noqa: N803
    """Delete a stock with its links."""
    return answer(await service(request).write(lambda db: saves.delete_stock(db, stockId)))


async def _save_stock(request: Request, body: StockBody, stock_id: int | None) -> Response:
    extension = body.stock.extension_attributes
    channels = None
    if extension is not None and extension.sales_channels is not None:
        channels = [(one.type, one.code) for one in extension.sales_channels]
    name = body.stock.name or None
    change = saves.save_stock
    return answer(await service(request).write(lambda db: change(db, stock_id, name, channels)))
