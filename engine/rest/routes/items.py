"""Source items, and what can be sold of them."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.catalog import Catalog
from engine.rest import documented, saves
from engine.rest.answers import answer
from engine.rest.errors import failed
from engine.rest.lists import SOURCE_ITEMS
from engine.rest.models import ItemKeysBody, SourceItemsBody, Whole
from engine.rest.requests import quantity_units
from engine.rest.routes.listing import listing
from engine.rest.sales import Reserved, is_salable, salable_qty, salable_result
from engine.rest.service import service

router = APIRouter(tags=["Source items, and what can be sold"])

listing(
    router,
    "/V1/inventory/source-items",
    SOURCE_ITEMS,
    operation_id="inventoryApiSourceItemRepositoryV1GetList",
    response_model=documented.SourceItems,
    must_ask=True,
)


@router.post(
    "/V1/inventory/source-items",
    operation_id="inventoryApiSourceItemsSaveV1",
    response_model=documented.Nothing,
)
async def save_items(request: Request, body: SourceItemsBody) -> Response:
    """Save source items: those that are there get the new quantity and status."""
    service(request).check_count(len(body.source_items), "source items")
    items = [
        saves.SourceItem(one.source_code, one.sku, one.quantity, one.status)
        for one in body.source_items
    ]
    return answer(await service(request).write(lambda db: saves.save_items(db, items)))


@router.post(
    "/V1/inventory/source-items-delete",
    operation_id="inventoryApiSourceItemsDeleteV1",
    response_model=documented.Nothing,
)
async def delete_items(request: Request, body: ItemKeysBody) -> Response:
    """Delete source items."""
    service(request).check_count(len(body.source_items), "source items")
    pairs = [(one.source_code, one.sku) for one in body.source_items]
    return answer(await service(request).write(lambda db: saves.delete_items(db, pairs)))


@router.get(
    "/V1/inventory/get-product-salable-quantity/{sku:path}/{stockId}",
    operation_id="inventorySalesApiGetProductSalableQtyV1",
    response_model=float,
)
async def product_salable_quantity(request: Request, sku: str, stockId: Whole) -> Response:  # noqa: N803
    """Return how much of a SKU a stock can still sell."""
    return answer(salable_qty(*known(request), sku, stockId))


@router.get(
    "/V1/inventory/is-product-salable/{sku:path}/{stockId}",
    operation_id="inventorySalesApiIsProductSalableV1",
    response_model=bool,
)
async def product_salable(request: Request, sku: str, stockId: Whole) -> Response:  # noqa: N803
    """Tell whether a stock can sell anything of a SKU."""
    return answer(is_salable(*known(request), sku, stockId))


@router.get(
    "/V1/inventory/is-product-salable-for-requested-qty/{sku:path}/{stockId}/{requestedQty}",
    operation_id="inventorySalesApiIsProductSalableForRequestedQtyV1",
    response_model=documented.Salable,
)
async def product_salable_for_requested_qty(
    request: Request,
    sku: str,
    stockId: Whole,  # noqa: N803
    requestedQty: str,  # noqa: N803
) -> Response:
    """Tell whether a stock can sell that much of a SKU, and if not why."""
    units = quantity_units(requestedQty)
    if units < 0:
        raise failed([('The quantity "%value" is below 0.', {"value": requestedQty})])
    found: dict[str, Any] = salable_result(*known(request), sku, stockId, units)
    return answer(found)


def known(request: Request) -> tuple[Catalog, Reserved]:
    """Return the inventory as it is now, and what is reserved of it."""
    found = service(request)
    return found.version.catalog, found.live.reserved
