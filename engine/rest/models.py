"""What bodies and answers look like: MSI's data interfaces, as its documentation names them.

A body may name members in snake or in camel case; answers are in snake case.
"""

from typing import Annotated, Any

import msgspec
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from engine.rest.errors import failed
from engine.rest.requests import quantity_units


def _units(value: Any) -> int:
    if value is None:
        raise failed([('"%field" should be numeric.', {"field": "quantity"})])
    return quantity_units(str(value) if isinstance(value, float) else value, "quantity")


def _sendable(value: Any) -> Any:
    """Refuse what could be kept but not be answered: halves of surrogate pairs, huge numbers."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (ValueError, OverflowError, RecursionError) as error:
        message = "what it holds cannot be answered as JSON"
        raise PydanticCustomError("not_sendable", message) from error


def _whole_letters(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError("string_unicode", "half a surrogate pair") from error
    return value


Text = Annotated[str, AfterValidator(_whole_letters)]
"""A text that can be kept: JSON may hold half a surrogate pair."""

Whole = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number as SQLite holds it."""

Filled = Annotated[str, Field(pattern=r"\S")]
"""A text of more than blanks."""

Attributes = Annotated[dict[str, Any], AfterValidator(_sendable)]

Quantity = Annotated[int, BeforeValidator(_units, json_schema_input_type=float)]
"""A decimal(12,4) in 1e-4 units; Python prints a float in the digits that it was read from."""


class Given(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(
            validation_alias=lambda name: AliasChoices(name, to_camel(name))
        ),
        coerce_numbers_to_str=True,
    )


class LinkKey(Given):
    """What names a stock-source link."""

    stock_id: Whole
    source_code: Filled


class Link(LinkKey):
    """A stock-source link; 1 is tried first."""

    priority: int = Field(ge=1, le=65535)


class LinksBody(Given):
    """Body of ``stock-source-links``."""

    links: list[Link]


class LinkKeysBody(Given):
    """Body of ``stock-source-links-delete``."""

    links: list[LinkKey]


class ItemKey(Given):
    """What names a source item."""

    sku: Filled
    source_code: Filled


class SourceItem(ItemKey):
    """How much of a SKU a source holds; status 1 in stock, 0 out of stock."""

    quantity: Quantity
    status: int = Field(ge=0, le=1)


_SOURCE_ITEMS: Any = Field(validation_alias=AliasChoices("sourceItems", "source_items"))
"""Its documented name is the one in camel case."""


class SourceItemsBody(Given):
    """Body of ``source-items``."""

    source_items: list[SourceItem] = _SOURCE_ITEMS


class ItemKeysBody(Given):
    """Body of ``source-items-delete``."""

    source_items: list[ItemKey] = _SOURCE_ITEMS


class CarrierLink(Given):
    """A carrier of a source."""

    carrier_code: Text
    position: Whole = 0


class SourceFields(Given):
    """A source but for its code; what is not given stays as it is, or empty."""

    # What must not be empty is left out, not null; it has no default either, though it looks so.
    name: Filled = Field(default_factory=str)
    enabled: bool | None = None
    email: Text | None = None
    contact_name: Text | None = None
    description: Text | None = None
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    country_id: Filled = Field(default_factory=str)
    region_id: Whole | None = None
    region: Text | None = None
    city: Text | None = None
    street: Text | None = None
    postcode: Filled = Field(default_factory=str)
    phone: Text | None = None
    fax: Text | None = None
    use_default_carrier_config: bool | None = None
    carrier_links: list[CarrierLink] | None = None
    extension_attributes: Attributes | None = None

    @model_validator(mode="after")
    def _check_carriers(self) -> "SourceFields":
        if self.use_default_carrier_config and self.carrier_links:
            why = "because you have chosen Global Shipping configuration."
            message = f'You can\'t configure "%field" {why}'
            raise failed([(message, {"field": "carrier_links"})])
        return self


class NewSource(SourceFields):
    """A source with its code."""

    source_code: str = Field(pattern=r"^\S+$")


class NewSourceBody(Given):
    """Body of POST ``sources``."""

    source: NewSource


class SourceBody(Given):
    """Body of PUT ``sources``."""

    source: SourceFields


class SalesChannel(Given):
    """What sells: a website by its code."""

    type: Filled
    code: Filled


class StockExtension(Given):
    """Sales channels of a stock."""

    sales_channels: list[SalesChannel] | None = None


class Stock(Given):
    """A stock; what is not given stays as it is."""

    stock_id: Whole | None = None
    name: Filled = Field(default_factory=str)
    extension_attributes: StockExtension | None = None


class StockBody(Given):
    """Body of ``stocks``."""

    stock: Stock


class Credentials(Given):
    """Body of ``integration/admin/token``."""

    username: Text
    password: Text
