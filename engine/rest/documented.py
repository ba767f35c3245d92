"""What the service answers, and the bodies that it reads by itself, for its OpenAPI document."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from engine.rest.models import CarrierLink, Link, NewSource, SalesChannel, SourceItem

T = TypeVar("T")
Nothing = Annotated[list[Any], Field(max_length=0)]
"""What MSI answers where a service returns nothing."""


class Problem(BaseModel):
    """What is wrong, and what stands for the marks in its message, by name or in sequence."""

    message: str
    parameters: dict[str, Any] | list[Any] = Field(default_factory=dict)


class Error(Problem):
    """A refusal; ``errors`` lists several problems."""

    errors: list[Problem] = Field(default_factory=list)


class Filter(BaseModel):
    """A filter as it was given."""

    field: str
    value: str | list[str] | None
    condition_type: str


class FilterGroup(BaseModel):
    """Filters of which one must hold."""

    filters: list[Filter]


class SortOrder(BaseModel):
    """A sort order as it was given."""

    field: str | None
    direction: Literal["ASC", "DESC"] | None


class SearchCriteria(BaseModel):
    """The search criteria as they were given."""

    filter_groups: list[FilterGroup]
    sort_orders: list[SortOrder] = Field(default_factory=list)
    page_size: int = Field(default_factory=int)
    current_page: int = Field(default_factory=int)


class Found(BaseModel, Generic[T]):
    """A page; ``total_count`` is before paging."""

    items: list[T]
    search_criteria: SearchCriteria
    total_count: int


class Source(NewSource):
    """A source; what is not set is left out."""

    enabled: bool
    use_default_carrier_config: bool
    carrier_links: list[CarrierLink]


class SalesChannels(BaseModel):
    """Sales channels of a stock."""

    sales_channels: list[SalesChannel]


class SavedStock(BaseModel):
    """A stock with its sales channels."""

    stock_id: int
    name: str | None
    extension_attributes: SalesChannels


class Sources(Found[Source]):
    """Sources that were found."""


class Stocks(Found[SavedStock]):
    """Stocks that were found."""


class Links(Found[Link]):
    """Stock-source links that were found."""


class SourceItems(Found[SourceItem]):
    """Source items that were found."""


class SalableError(BaseModel):
    """Why a quantity cannot be sold."""

    code: str
    message: str


class Salable(BaseModel):
    """Whether a quantity can be sold."""

    salable: bool
    errors: list[SalableError]


class Algorithm(BaseModel):
    """An installed source selection algorithm."""

    code: str
    title: str
    description: str


class Position(BaseModel):
    """Degrees north and east."""

    lat: float
    lng: float


class RequestedItem(BaseModel):
    """How much of a SKU is wanted; those of one SKU are summed."""

    sku: str = Field(min_length=1)
    qty: float = Field(ge=0, lt=10**8)


class Address(BaseModel):
    """Where a request goes; ``region`` is Magento's number, a code or a name."""

    country: str
    postcode: str | None = None
    street: str | None = None
    region: str | None = None
    city: str | None = None


class Destination(BaseModel):
    """Where a request goes; the algorithm ``distance`` needs it."""

    destination_address: Address | None = None


class InventoryRequest(BaseModel):
    """What is wanted of which stock. Snake case does as well."""

    stockId: int  # noqa: N815
    items: list[RequestedItem]
    extension_attributes: Destination | None = None


class Selection(BaseModel):
    """A request and the code of an algorithm. Snake case does as well."""

    inventoryRequest: InventoryRequest  # noqa: N815
    algorithmCode: str  # noqa: N815


class SelectedItem(BaseModel):
    """What a source gives of a SKU, and what it had."""

    source_code: str
    sku: str
    qty_to_deduct: float
    qty_available: float


class SelectionResult(BaseModel):
    """Which source gives what; ``shippable`` if that is all that is wanted."""

    source_selection_items: list[SelectedItem]
    shippable: bool


class Batch(BaseModel):
    """Requests that are decided together.

    ``sequential``: each finds what those before it have left. ``independent``: each finds all.
    """

    requests: list[InventoryRequest]
    algorithmCode: str  # noqa: N815
    mode: Literal["independent", "sequential"] = "independent"
    includeZero: bool = False  # noqa: N815


class BatchResult(BaseModel):
    """The answers, in the sequence of the requests."""

    results: list[SelectionResult]
