"""Bodies and answers that the OpenAPI document shows: those of Magento's documents."""

from typing import Any

_LINKS = [
    {"stock_id": 4, "source_code": "central", "priority": 1},
    {"stock_id": 4, "source_code": "east", "priority": 2},
]
_SOURCE = {
    "source_code": "central",
    "name": "Central Shipping Center",
    "enabled": True,
    "latitude": 38.74132,
    "longitude": -90.363267,
    "country_id": "US",
    "region_id": 36,
    "city": "St. Louis",
    "street": "123 Warehouse Blvd",
    "postcode": "63145",
    "use_default_carrier_config": True,
    "carrier_links": [],
}
_STOCK = {
    "name": "North America Stock",
    "extension_attributes": {"sales_channels": [{"type": "website", "code": "base"}]},
}
_ITEM = {"sku": "24-WB01", "source_code": "baltimore_wh", "quantity": 35, "status": 1}
_REQUEST = {
    "stockId": 2,
    "items": [{"sku": "24-WB01", "qty": 20}, {"sku": "24-WB03", "qty": 50}],
    "extension_attributes": {
        "destination_address": {
            "country": "US",
            "postcode": "10577",
            "street": "3003 Purchase St",
            "region": "43",
            "city": "Purchase",
        }
    },
}
_RESULT = {
    "source_selection_items": [
        {"source_code": code, "sku": sku, "qty_to_deduct": deducted, "qty_available": available}
        for code, sku, deducted, available in (
            ("baltimore_wh", "24-WB01", 20, 35),
            ("austin_wh", "24-WB01", 0, 10),
            ("reno_wh", "24-WB01", 0, 25),
            ("baltimore_wh", "24-WB03", 19, 19),
            ("reno_wh", "24-WB03", 31, 42),
        )
    ],
    "shippable": True,
}
_POSITION = {"lat": 41.0384, "lng": -73.7156}


def _found(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"items": rows, "search_criteria": {"filter_groups": []}, "total_count": len(rows)}


BAD_REQUEST = {
    "message": "Validation Failed",
    "errors": [{"message": '"%field" can not be empty.', "parameters": {"field": "source_code"}}],
}

_DISTANCES = "inventoryDistanceBasedSourceSelectionApi"
_SELECTION = "inventorySourceSelectionApi"


EXAMPLES: dict[str, tuple[Any, Any]] = {
    "inventoryApiStockSourceLinksSaveV1": ({"links": _LINKS}, []),
    "inventoryApiStockSourceLinksDeleteV1": (
        {"links": [{"source_code": "south", "stock_id": 4}]},
        [],
    ),
    "inventoryApiGetStockSourceLinksV1": (None, _found(*_LINKS)),
    "inventoryApiGetSourcesAssignedToStockOrderedByPriorityV1": (None, [_SOURCE]),
    "inventoryApiSourceRepositoryV1GetList": (None, _found(_SOURCE)),
    "inventoryApiSourceRepositoryV1Get": (None, _SOURCE),
    "inventoryApiSourceRepositoryV1SavePost": ({"source": _SOURCE}, []),
    "inventoryApiSourceRepositoryV1SavePut": ({"source": {"enabled": False}}, []),
    "inventoryApiStockRepositoryV1GetList": (None, _found({"stock_id": 2, **_STOCK})),
    "inventoryApiStockRepositoryV1Get": (None, {"stock_id": 2, **_STOCK}),
    "inventoryApiStockRepositoryV1SavePost": ({"stock": _STOCK}, 2),
    "inventoryApiStockRepositoryV1SavePut": ({"stock": _STOCK}, 2),
    "inventoryApiStockRepositoryV1DeleteById": (None, []),
    "inventoryApiSourceItemRepositoryV1GetList": (None, _found(_ITEM)),
    "inventoryApiSourceItemsSaveV1": ({"sourceItems": [_ITEM]}, []),
    "inventoryApiSourceItemsDeleteV1": (
        {"sourceItems": [{"sku": "24-WB01", "source_code": "baltimore_wh"}]},
        [],
    ),
    "inventorySalesApiGetProductSalableQtyV1": (None, 70),
    "inventorySalesApiIsProductSalableV1": (None, True),
    "inventorySalesApiIsProductSalableForRequestedQtyV1": (
        None,
        {"salable": True, "errors": []},
    ),
    f"{_SELECTION}GetSourceSelectionAlgorithmListV1": (
        None,
        [
            {
                "code": "distance",
                "title": "Distance Priority",
                "description": "Algorithm which provides Source Selections based on shipping "
                "address distance from the source",
            },
            {
                "code": "priority",
                "title": "Source Priority",
                "description": "Algorithm which provides Source Selections based on predefined "
                "priority of Source",
            },
        ],
    ),
    f"{_SELECTION}SourceSelectionServiceV1": (
        {"inventoryRequest": _REQUEST, "algorithmCode": "distance"},
        _RESULT,
    ),
    "sourceSelectionBatch": (
        {"requests": [_REQUEST], "algorithmCode": "distance", "includeZero": True},
        {"results": [_RESULT]},
    ),
    f"{_DISTANCES}GetDistanceProviderCodeV1": (None, "offline"),
    f"{_DISTANCES}GetDistanceV1": (None, 2153.7),
    f"{_DISTANCES}GetLatLngFromAddressV1": (None, _POSITION),
    f"{_DISTANCES}GetLatsLngsFromAddressV1": (None, [_POSITION]),
    "integrationAdminTokenServiceV1CreateAdminAccessToken": (
        {"username": "anna", "password": "a long password"},
        "5fgt1wv0jy9q4ap3c8sxm2hkz6ned7ub",
    ),
}
"""By operation: the body that is given, and the answer; None where there is none to show."""
