"""Where addresses lie, and how far places are from each other."""

import math
from urllib.parse import parse_qsl

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.earth import MM_PER_KM
from engine.places.address_book import Address, Position
from engine.places.distance import great_circle_mm, points
from engine.rest import documented, openapi
from engine.rest.answers import answer
from engine.rest.errors import ApiError, wrong_type
from engine.rest.requests import address_of
from engine.rest.service import service

router = APIRouter(tags=["Places and distances"])


@router.get(
    "/V1/inventory/get-distance-provider-code",
    operation_id="inventoryDistanceBasedSourceSelectionApiGetDistanceProviderCodeV1",
    response_model=str,
)
async def distance_provider_code() -> Response:
    """Return ``offline``: distances are great circles between GeoNames' places."""
    return answer("offline")


@router.get(
    "/V1/inventory/get-distance",
    operation_id="inventoryDistanceBasedSourceSelectionApiGetDistanceV1",
    response_model=float,
    openapi_extra=openapi.POINTS,
)
async def distance(request: Request) -> Response:
    """Return the distance between two points in kilometres."""
    values = _values(request)
    there, here = (_point(values, name) for name in ("source", "destination"))
    latitude, longitude = (np.array(axis) for axis in zip(there, here, strict=True))
    both = points(latitude, longitude)
    ends = (type(both)(*(axis[[at]] for axis in both)) for at in (0, 1))
    return answer(int(great_circle_mm(*ends)[0]) / MM_PER_KM)


@router.get(
    "/V1/inventory/get-latlng-from-address",
    operation_id="inventoryDistanceBasedSourceSelectionApiGetLatLngFromAddressV1",
    response_model=documented.Position,
    openapi_extra=openapi.ADDRESS,
)
async def position(request: Request) -> Response:
    """Return where an address lies: the first place of GeoNames that matches."""
    address = _address(request)
    found = service(request).live.book.locate(address)
    if found is None:
        raise _unknown(address)
    return answer(_shown(found))


@router.get(
    "/V1/inventory/get-latslngs-from-address",
    operation_id="inventoryDistanceBasedSourceSelectionApiGetLatsLngsFromAddressV1",
    response_model=list[documented.Position],
    openapi_extra=openapi.ADDRESS,
)
async def positions(request: Request) -> Response:
    """Return all places of GeoNames that match an address in the same way as the first."""
    address = _address(request)
    found = service(request).live.book.locate_all(address)
    if not found:
        raise _unknown(address)
    return answer([_shown(one) for one in found])


def _values(request: Request) -> dict[str, str]:
    query = request.scope["query_string"].decode("latin-1")
    return dict(parse_qsl(query, keep_blank_values=True, errors="replace"))


def _point(values: dict[str, str], name: str) -> tuple[float, float]:
    degrees = []
    for axis, most in (("lat", 90), ("lng", 180)):
        given = values.get(f"{name}[{axis}]")
        if given is None:
            message = '"%fieldName" is required. Enter and try again.'
            raise ApiError(400, message, {"fieldName": f"{name}[{axis}]"})
        try:
            value = float(given)
        except ValueError as error:
            raise wrong_type(given, "float", f"{name}[{axis}]") from error
        if not math.isfinite(value) or abs(value) > most:
            raise wrong_type(given, f"float from -{most} to {most}", f"{name}[{axis}]")
        degrees.append(value)
    return degrees[0], degrees[1]


def _address(request: Request) -> Address:
    values = _values(request)
    parts = ("country", "postcode", "city", "region")
    return address_of({name: values.get(f"address[{name}]") for name in parts})


def _shown(found: Position) -> dict[str, float]:
    return {"lat": found.latitude, "lng": found.longitude}


def _unknown(address: Address) -> ApiError:
    country, postcode, city, region = (part or "" for part in address)
    message = "Unknown geoname for %1 %2 %3 %4"
    return ApiError(404, message, [postcode, city, region, country])
