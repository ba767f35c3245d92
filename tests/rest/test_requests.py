"""Inventory requests: what is read from them, and what is said of wrong ones."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.places.address_book import Address
from engine.rest.errors import ApiError
from engine.rest.requests import (
    InventoryRequest,
    inventory_request,
    member,
    quantity_units,
    read_json,
    whole_number,
)
from engine.rest.select import Wanted

ADDRESS = (
    '{"country": "US", "postcode": "10577", "street": "3003 Purchase St", "region": "43", '
    '"city": "Purchase"}'
)


def wrong(shown: str, kind: str, name: str = "") -> str:
    """Magento's words for a value of another type, with the name of a member before them."""
    before = f'Error occurred during "{name}" processing. ' if name else ""
    return (
        f'{before}The "{shown}" value\'s type is invalid. The "{kind}" type was expected. '
        "Verify and try again."
    )


@pytest.mark.parametrize(
    "body",
    [
        '{"stockId": 2, "items": [{"sku": "24-WB01", "qty": 20.5}], '
        f'"extension_attributes": {{"destination_address": {ADDRESS}}}}}',
        '{"stock_id": "2", "items": [{"sku": "24-WB01", "qty": "20.5"}], '
        f'"extensionAttributes": {{"destinationAddress": {ADDRESS}}}}}',
    ],
)
def test_camel_and_snake_case_are_the_same(body):
    wanted = [Wanted("24-WB01", 205_000)]
    where = Address("US", "10577", "Purchase", "43")
    assert inventory_request(read_json(body.encode()), 10) == InventoryRequest(2, wanted, where)


@pytest.mark.parametrize(
    ("body", "message", "parameters"),
    [
        ("{}", '"%fieldName" is required. Enter and try again.', {"fieldName": "items"}),
        (
            '{"items": []}',
            '"%fieldName" is required. Enter and try again.',
            {"fieldName": "stockId"},
        ),
        ('{"items": 1, "stockId": 1}', wrong("1", "InventoryRequestItem[]"), ()),
        ('{"items": [1], "stockId": 1}', wrong("1", "InventoryRequestItem"), ()),
        ('{"items": [], "stockId": "x"}', wrong("x", "int", "stockId"), ()),
        ('{"items": [], "stockId": 1.5}', wrong("1.5", "int", "stockId"), ()),
        ('{"items": [], "stockId": true}', wrong("true", "int", "stockId"), ()),
        (
            '{"items": [], "stockId": 9223372036854775808}',
            wrong("9223372036854775808", "int", "stockId"),
            (),
        ),
        (
            '{"items": [{"sku": "a", "qty": "x"}], "stockId": 1}',
            wrong("x", "float", "qty"),
            (),
        ),
        (
            '{"items": [{"sku": [], "qty": 1}], "stockId": 1}',
            wrong("array", "string", "sku"),
            (),
        ),
        ('{"items": [{}, {}, {}], "stockId": 1}', "Maximum items in a request is %1", [2]),
        (
            '{"items": [], "stockId": 1, "extension_attributes": {"destination_address": {}}}',
            '"%fieldName" is required. Enter and try again.',
            {"fieldName": "country"},
        ),
    ],
)
def test_wrong_requests(body, message, parameters):
    with pytest.raises(ApiError) as error:
        inventory_request(read_json(body.encode()), 2)
    assert (error.value.status, error.value.message) == (400, message)
    assert error.value.parameters == parameters


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ('{"sku": "", "qty": 1}', '"%field" can not be empty.'),
        ('{"sku": "a", "qty": -1}', 'The quantity "%value" is below 0.'),
        (
            '{"sku": "a", "qty": 0.00001}',
            'The quantity "%value" is no decimal(12,4): at most 8 digits and 4 decimals.',
        ),
    ],
)
def test_values_that_break_a_rule(item, message):
    with pytest.raises(ApiError) as error:
        inventory_request(read_json(f'{{"items": [{item}], "stockId": 1}}'.encode()), 2)
    assert error.value.message == "Validation Failed"
    assert [one for one, _ in error.value.errors] == [message]


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"[1]", b"1", b"[" * 100_000])
def test_bodies_that_are_no_object(body):
    with pytest.raises(ApiError) as error:
        read_json(body)
    assert error.value.status == 400


@given(st.decimals(allow_nan=True, allow_infinity=True) | st.integers() | st.text(max_size=20))
def test_a_quantity_is_exact_or_refused(value):
    try:
        units = quantity_units(value)
    except ApiError:
        return
    assert Decimal(value) * 10_000 == units
    assert abs(units) < 10**12


@pytest.mark.parametrize(
    ("value", "units"),
    [
        (1, 10_000),
        ("1e2", 1_000_000),
        ("99999999.9999", 999_999_999_999),
        (Decimal("1.0000000000000000000000000000000000000"), 10_000),
        (Decimal("0.0001"), 1),
    ],
)
def test_quantities(value, units):
    assert quantity_units(value) == units


@pytest.mark.parametrize(
    "value",
    [
        *(True, None, [], 10**8, 2**70, "1_000", "１", "NaN", "Infinity"),
        *(Decimal("1E+999999"), Decimal("1E-999999"), Decimal("1.00001")),
        *(Decimal("1E+1000000"), "1E+99999999", "-1E+99999999", "1E-99999999"),
        Decimal("1.00000000000000000000000000000000000001"),
    ],
)
def test_what_is_no_quantity(value):
    with pytest.raises(ApiError):
        quantity_units(value)


@pytest.mark.parametrize("value", ["--5", "-", "²", "-12345678901234567890123", "9" * 5000, 2**63])
def test_what_is_no_whole_number(value):
    with pytest.raises(ApiError):
        whole_number(value)


@pytest.mark.parametrize("value", ["1", 1, "-5", 2**63 - 1, "0000000000000000000000002"])
def test_whole_numbers(value):
    assert whole_number(value) == int(value)


def test_a_member_that_is_null_is_not_there():
    with pytest.raises(ApiError):
        member({"stockId": None}, "stockId")
    assert member({"stockId": None}, "stockId", required=False) is None
