"""What bodies and answers look like: MSI's data interfaces, as its documentation names them.

A body may name members in snake or in camel case; answers are in snake case.
"""

from typing import Annotated, Any

from pydantic import AliasChoices, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from engine.rest.requests import quantity_units


def _units(value: Any) -> int:
    return quantity_units(str(value) if isinstance(value, float) else value)


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

    stock_id: int
    source_code: str


class Link(LinkKey):
    """A stock-source link; 1 is tried first."""

    priority: int = Field(ge=0, le=65535)


class LinksBody(Given):
    """Body of ``stock-source-links``."""

    links: list[Link]


class LinkKeysBody(Given):
    """Body of ``stock-source-links-delete``."""

    links: list[LinkKey]


class ItemKey(Given):
    """What names a source item."""

    sku: str = Field(min_length=1)
    source_code: str


class SourceItem(ItemKey):
    """How much of a SKU a source holds; status 1 in stock, 0 out of stock."""

    quantity: Quantity
    status: int = Field(ge=0, le=1)


class SourceItemsBody(Given):
    """Body of ``source-items``."""

    source_items: list[SourceItem]


class ItemKeysBody(Given):
    """Body of ``source-items-delete``."""

    source_items: list[ItemKey]


class CarrierLink(Given):
    """A carrier of a source."""

    carrier_code: str
    position: int = 0


class SourceFields(Given):
    """A source but for its code; what is not given stays as it is, or empty."""

    name: str | None = None
    enabled: bool | None = None
    email: str | None = None
    contact_name: str | None = None
    description: str | None = None
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    country_id: str | None = None
    region_id: int | None = None
    region: str | None = None
    city: str | None = None
    street: str | None = None
    postcode: str | None = None
    phone: str | None = None
    fax: str | None = None
    use_default_carrier_config: bool | None = None
    carrier_links: list[CarrierLink] | None = None
    extension_attributes: dict[str, Any] | None = None


class NewSource(SourceFields):
    """A source with its code."""

    source_code: str = Field(min_length=1, pattern=r"^\S+$")


class NewSourceBody(Given):
    """Body of POST ``sources``."""

    source: NewSource


class SourceBody(Given):
    """Body of PUT ``sources``."""

    source: SourceFields


class SalesChannel(Given):
    """What sells: a website by its code."""

    type: str = Field(min_length=1)
    code: str = Field(min_length=1)


class StockExtension(Given):
    """Sales channels of a stock."""

    sales_channels: list[SalesChannel] | None = None


class Stock(Given):
    """A stock; what is not given stays as it is."""

    stock_id: int | None = None
    name: str | None = None
    extension_attributes: StockExtension | None = None


class StockBody(Given):
    """Body of ``stocks``."""

    stock: Stock


class Credentials(Given):
    """Body of ``integration/admin/token``."""

    username: str
    password: str
