"""Inventory requests as they come: in camel or snake case, numbers as numbers or as text."""

import re
from collections.abc import Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple

import msgspec

from engine.places.address_book import Address
from engine.rest.errors import ApiError, failed, wrong_type
from engine.rest.select import Wanted
from engine.types import QTY_SCALE

_DECODER = msgspec.json.Decoder(float_hook=Decimal)  # exact: a float would have decided
_EXACT = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)
_WHOLE = re.compile(r"-?[0-9]{1,60}")
_ADDRESS = ("country", "postcode", "city", "region")


class InventoryRequest(NamedTuple):
    """What a customer wants, from which stock, and where it goes if that is said."""

    stock_id: int
    wanted: list[Wanted]
    address: Address | None


def read_json(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds; its fractions are `Decimal`.

    Raises
    ------
    ApiError
        If it is no JSON, or no object.
    """
    try:
        value = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation, RecursionError) as error:
        raise ApiError(400, "Decoding error: %1", [str(error)]) from error
    if not isinstance(value, dict):
        raise wrong_type(value, "object")
    return value


def member(values: Mapping[str, Any], name: str, *, required: bool = True) -> Any:
    """Return a member of an object by its name in camel case, or the same in snake case.

    Raises
    ------
    ApiError
        If it is required and is not there.

    Examples
    --------
    >>> member({"stock_id": 2}, "stockId")
    2
    """
    value = values.get(name)
    if value is None:
        value = values.get(_snake(name))
    if value is None and required:
        message = '"%fieldName" is required. Enter and try again.'
        raise ApiError(400, message, {"fieldName": name})
    return value


@cache
def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def inventory_request(values: Any, most_items: int) -> InventoryRequest:
    """Read an inventory request.

    Parameters
    ----------
    values
        As JSON has it: ``stockId``, ``items``, and maybe ``extension_attributes`` with a
        ``destination_address``.
    most_items
        Items that it may have.

    Raises
    ------
    ApiError
        Naming the member and what is wrong with it.
    """
    if not isinstance(values, dict):
        raise wrong_type(values, "InventoryRequest")
    items = member(values, "items")
    if not isinstance(items, list):
        raise wrong_type(items, "InventoryRequestItem[]")
    if len(items) > most_items:
        raise ApiError(400, "Maximum items in a request is %1", [most_items])
    wanted = [_wanted(item) for item in items]
    stock_id = whole_number(member(values, "stockId"), "stockId")
    return InventoryRequest(stock_id, wanted, _address(values))


def whole_number(value: Any, name: str = "") -> int:
    """Return a whole number that may stand as text, as PHP takes it; errors name it.

    Raises
    ------
    ApiError
        If it is none, or one beyond 64 bits.
    """
    number = value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int) or not -(2**63) <= number < 2**63:
        raise wrong_type(value, "int", name)
    return number


def quantity_units(value: Any, name: str = "") -> int:
    """Return a quantity in 1e-4 units; errors name it.

    Raises
    ------
    ApiError
        If it is no number, has more than four decimals, or does not fit decimal(12,4).
    """
    if type(value) is int and abs(value) < 10**8:
        return value * QTY_SCALE
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise wrong_type(value, "float", name)
    if isinstance(value, int) and abs(value) >= 2**63:
        raise wrong_type("a number of many digits", "float", name)
    shown = str(value)[:60]
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        raise wrong_type(shown, "float", name)  # digits to Python, but not to PHP
    try:
        number = Decimal(value)
    except (ArithmeticError, ValueError) as error:
        raise wrong_type(shown, "float", name) from error
    if not number.is_finite():
        raise wrong_type(shown, "float", name)
    # In this sequence: 1E+999999 would be an integer of a million digits. Without abs() and %,
    # which fail at exponents beyond those of Python's usual context.
    fits = -(10**8) < number < 10**8
    if not fits or (units := _EXACT.multiply(number, QTY_SCALE)) != units.to_integral_value():
        message = 'The quantity "%value" is no decimal(12,4): at most 8 digits and 4 decimals.'
        raise failed([(message, {"value": shown})])
    return int(units)


def _wanted(item: Any) -> Wanted:
    if not isinstance(item, dict):
        raise wrong_type(item, "InventoryRequestItem")
    sku, quantity = text(member(item, "sku"), "sku"), quantity_units(member(item, "qty"), "qty")
    if quantity < 0:
        raise failed([('The quantity "%value" is below 0.', {"value": str(item["qty"])})])
    return Wanted(sku, quantity)


def text(value: Any, name: str) -> str:
    """Return a text; a number stands for its digits.

    Raises
    ------
    ApiError
        If it is none, or empty.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise wrong_type(value, "string", name)
    if not value:
        raise failed([('"%field" can not be empty.', {"field": name})])
    return value


def _address(values: Mapping[str, Any]) -> Address | None:
    extension = member(values, "extensionAttributes", required=False)
    if extension is None:
        return None
    if not isinstance(extension, dict):
        raise wrong_type(extension, "InventoryRequestExtension")
    address = member(extension, "destinationAddress", required=False)
    if address is None:
        return None
    if not isinstance(address, dict):
        raise wrong_type(address, "Address")
    return address_of(address)


def address_of(values: Mapping[str, Any]) -> Address:
    """Return an address as MSI names its parts: ``country``, ``postcode``, ``city``, ``region``.

    Raises
    ------
    ApiError
        If there is no country, or a part is no text.
    """
    member(values, "country")
    parts = [values.get(name) for name in _ADDRESS]
    return Address(
        *(
            None if part in (None, "") else text(part, name)
            for part, name in zip(parts, _ADDRESS, strict=True)
        )
    )
