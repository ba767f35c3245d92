"""Every table of a catalogue and an order set as data: columns, types, keys, rules.

This is the one description of the tables. Reading, validation and the reference page
(``docs/tables.md``) all follow it.
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a column holds, and which input types are taken for it."""

    KEY = "text or integer, kept as printed"
    ORDER_KEY = "text or integer, the same where it prints the same"
    TEXT = "text"
    INTEGER = "whole number"
    FLAG = "true or false"
    QUANTITY = "decimal(12,4)"
    NUMBER = "number"
    LATITUDE = "degrees, -90 to 90"
    LONGITUDE = "degrees, -180 to 180"
    TIME = "timestamp or ISO 8601 text"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    ``required``: the column must be there and hold no null. ``default`` stands for a null
    or an absent column. ``low`` and ``high`` bound a number, both included; a quantity's
    bounds are in whole units.
    """

    name: str
    kind: Kind
    about: str
    required: bool = False
    default: object = None
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Columns of this table that name the key of a row of another one."""

    columns: tuple[str, ...]
    table: str


@dataclass(frozen=True)
class Schema:
    """One table.

    ``restricts``: the table lowers or limits what may be promised, so a bad row in it stops
    the run even with ``--quarantine``. ``one_of``: each row has exactly one of these columns.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False
    restricts: bool = False
    references: tuple[Reference, ...] = ()
    one_of: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)


SHIP_POLICIES = ("partial", "line", "order", "backorder")
"""What may be shipped in part; ``docs/policies.md`` has the rules."""

_SOURCE = Column("source_code", Kind.KEY, "key of the source", required=True)
_STOCK = Column("stock_id", Kind.INTEGER, "key of the stock", required=True)
_SKU = Column("sku", Kind.KEY, "key of the product; case does not count", required=True)
_LATITUDE = Column("latitude", Kind.LATITUDE, "given with longitude or not at all")
_LONGITUDE = Column("longitude", Kind.LONGITUDE, "given with latitude or not at all")
_ADDRESS = (
    Column("country_id", Kind.TEXT, "ISO 3166 code of two letters"),
    Column("region", Kind.TEXT, "name or code of the region"),
    Column("city", Kind.TEXT, "name of the city"),
    Column("postcode", Kind.TEXT, "as printed on a letter"),
)
_OF_SOURCE = Reference(("source_code",), "sources")
_OF_STOCK = Reference(("stock_id",), "stocks")

_ORDER_DETAILS = (
    Column("stock_id", Kind.INTEGER, "the stock that sells; or name the sales channel"),
    Column("sales_channel_type", Kind.KEY, "with sales_channel_code, instead of stock_id"),
    Column("sales_channel_code", Kind.KEY, "with sales_channel_type, instead of stock_id"),
    Column(
        "created_at",
        Kind.TIME,
        "earlier orders are served first; without an offset UTC; text only of 1678 to 2261",
    ),
    Column(
        "priority",
        Kind.INTEGER,
        "higher is served first",
        default=0,
        low=-(2**31),
        high=2**31 - 1,
    ),
    *_ADDRESS,
    Column("street", Kind.TEXT, "not used"),
    _LATITUDE,
    _LONGITUDE,
    Column(
        "ship_policy",
        Kind.TEXT,
        "what may be shipped in part; else as the policy says",
        choices=SHIP_POLICIES,
    ),
)

CATALOG_SCHEMAS = (
    Schema(
        "sources",
        "Physical places that ship: warehouses, stores, dropshippers.",
        (
            _SOURCE,
            Column("enabled", Kind.FLAG, "a disabled source ships nothing", default=True),
            Column("name", Kind.TEXT, "for people"),
            _LATITUDE,
            _LONGITUDE,
            *_ADDRESS,
            Column("region_id", Kind.KEY, "Magento's number of the region; not used"),
            Column("street", Kind.TEXT, "not used"),
            Column("capacity_orders", Kind.INTEGER, "orders per run, by a policy", low=0),
            Column("capacity_units", Kind.QUANTITY, "units per run, by a policy", low=0),
            Column("handling_cost", Kind.NUMBER, "per shipment, by a policy", low=0, high=10**6),
            Column(
                "max_distance_km", Kind.NUMBER, "ships no farther, by a policy", low=0, high=10**6
            ),
        ),
        key=("source_code",),
        required=True,
    ),
    Schema(
        "stocks",
        "What sells: a virtual aggregate of sources.",
        (_STOCK, Column("name", Kind.TEXT, "for people")),
        key=("stock_id",),
    ),
    Schema(
        "sales_channels",
        "Which stock serves which website.",
        (
            Column("type", Kind.KEY, "kind of channel, such as website", required=True),
            Column("code", Kind.KEY, "code of the channel, such as base", required=True),
            _STOCK,
        ),
        key=("type", "code"),
        references=(_OF_STOCK,),
    ),
    Schema(
        "stock_source_links",
        "Which sources a stock draws on, and in which order.",
        (
            _STOCK,
            _SOURCE,
            Column("priority", Kind.INTEGER, "1 is tried first", required=True, low=0, high=65535),
        ),
        key=("stock_id", "source_code"),
        required=True,
        references=(_OF_STOCK, _OF_SOURCE),
    ),
    Schema(
        "source_items",
        "How much of a product a source holds.",
        (
            _SOURCE,
            _SKU,
            Column("quantity", Kind.QUANTITY, "a negative one counts as 0", required=True),
            Column("status", Kind.FLAG, "1 in stock, 0 out of stock", default=True),
        ),
        key=("source_code", "sku"),
        required=True,
        references=(_OF_SOURCE,),
    ),
    Schema(
        "stock_items",
        "Stock item configuration; a null falls back to the row without a SKU, then to MSI's.",
        (
            Column("sku", Kind.KEY, "key of the product; the row without one is the default"),
            Column("manage_stock", Kind.FLAG, "off: never short, nothing deducted; MSI: 1"),
            Column("min_qty", Kind.QUANTITY, "out-of-stock threshold, may be negative; MSI: 0"),
            Column("backorders", Kind.INTEGER, "0 no, 1 yes, 2 and notify; MSI: 0", low=0, high=2),
            Column("min_sale_qty", Kind.QUANTITY, "fewest in an order; MSI: 1", low=0),
            Column("max_sale_qty", Kind.QUANTITY, "most in an order; MSI: 10000", low=0),
            Column("qty_increments", Kind.QUANTITY, "sold in multiples of; MSI: none", low=0),
            Column("is_qty_decimal", Kind.FLAG, "sold in fractions; MSI: 0"),
        ),
        key=("sku",),
        restricts=True,
    ),
    Schema(
        "reservations",
        "Signed changes to salable quantity: placed orders negative, their shipment positive.",
        (_STOCK, _SKU, Column("quantity", Kind.QUANTITY, "signed", required=True)),
        restricts=True,
        references=(_OF_STOCK,),
    ),
    Schema(
        "source_reservations",
        "Units at a source that are already promised; taken off before selection.",
        (_SOURCE, _SKU, Column("quantity", Kind.QUANTITY, "promised", required=True, low=0)),
        restricts=True,
        references=(_OF_SOURCE,),
    ),
    Schema(
        "geonames",
        "GeoNames postal-code rows; without the table the packaged countries serve.",
        (
            Column("country_code", Kind.TEXT, "ISO 3166 code of two letters", required=True),
            Column("postcode", Kind.TEXT, "as printed"),
            Column("city", Kind.TEXT, "place name"),
            Column("region", Kind.TEXT, "name of the first administrative division"),
            Column("region_code", Kind.TEXT, "code of the first administrative division"),
            Column("latitude", Kind.LATITUDE, "of the place", required=True),
            Column("longitude", Kind.LONGITUDE, "of the place", required=True),
        ),
    ),
    Schema(
        "distances",
        "Known distances, by road for instance, used instead of the great circle.",
        (
            _SOURCE,
            Column("country_id", Kind.TEXT, "of the destination", required=True),
            Column("postcode", Kind.TEXT, "of the destination", required=True),
            Column("km", Kind.NUMBER, "kilometres", required=True, low=0, high=1_000_000),
        ),
        key=("source_code", "country_id", "postcode"),
        restricts=True,
        references=(_OF_SOURCE,),
    ),
    Schema(
        "lanes",
        "Where a source may ship to; what no lane names is not served. For policies.",
        (
            _SOURCE,
            Column("country_id", Kind.TEXT, "of the destination", required=True),
            Column("region", Kind.TEXT, "name or code as in orders; without one all of them"),
        ),
        restricts=True,
        references=(_OF_SOURCE,),
    ),
    Schema(
        "exclusions",
        "Sources that may not serve, such as one that has rejected the order. For policies.",
        (
            _SOURCE,
            Column("order_id", Kind.KEY, "the order; without one every order"),
            Column("sku", Kind.KEY, "the product; without one every product"),
            Column("reason", Kind.TEXT, "for people"),
        ),
        restricts=True,
        references=(_OF_SOURCE,),
    ),
    Schema(
        "safety_stock",
        "Units that a source keeps back. For policies.",
        (
            _SOURCE,
            Column("sku", Kind.KEY, "the product; without one each that has no row of its own"),
            Column("quantity", Kind.QUANTITY, "kept back", required=True, low=0),
        ),
        key=("source_code", "sku"),
        restricts=True,
        references=(_OF_SOURCE,),
    ),
    Schema(
        "rates",
        "What a shipment costs between two zones. For policies.",
        (
            Column("source_zone", Kind.KEY, "zone of the source", required=True),
            Column("destination_zone", Kind.KEY, "zone of the destination", required=True),
            Column("up_to_units", Kind.QUANTITY, "the most units", required=True, low=0),
            Column("cost", Kind.NUMBER, "of the shipment", required=True, low=0, high=10**6),
        ),
        key=("source_zone", "destination_zone", "up_to_units"),
        restricts=True,
    ),
    Schema(
        "zones",
        "Zones of sources and of destinations. For policies with rates.",
        (
            Column("source_code", Kind.KEY, "the source; or the country of destinations"),
            Column("country_id", Kind.TEXT, "of destinations"),
            Column("region", Kind.TEXT, "of destinations; without one all of them"),
            Column("postcode_prefix", Kind.TEXT, "their first characters; the longest counts"),
            Column("zone", Kind.KEY, "name of the zone", required=True),
        ),
        key=("source_code", "country_id", "region", "postcode_prefix"),
        restricts=True,
        references=(_OF_SOURCE,),
        one_of=("source_code", "country_id"),
    ),
    Schema(
        "receipts",
        "What comes in, and when. For simulations over time.",
        (
            Column("date", Kind.TIME, "the day from whose start it is there, UTC", required=True),
            _SOURCE,
            _SKU,
            Column("quantity", Kind.QUANTITY, "that comes in", required=True, low=0),
        ),
        references=(_OF_SOURCE,),
    ),
)

ORDER_SCHEMAS = (
    Schema(
        "orders",
        "One row per order.",
        (Column("order_id", Kind.ORDER_KEY, "key of the order", required=True), *_ORDER_DETAILS),
        key=("order_id",),
        references=(
            _OF_STOCK,
            Reference(("sales_channel_type", "sales_channel_code"), "sales_channels"),
        ),
    ),
    Schema(
        "order_lines",
        "What is wanted. Without `orders`, it may carry the columns of `orders` itself.",
        (
            Column("order_id", Kind.ORDER_KEY, "key of the order", required=True),
            _SKU,
            Column("qty", Kind.QUANTITY, "wanted", required=True, low=0),
            Column("order_item_id", Kind.INTEGER, "Magento's item of the order that is shipped"),
            Column("qty_per_item", Kind.QUANTITY, "units of the SKU in one of it; else 1", low=0),
        ),
        required=True,
        references=(Reference(("order_id",), "orders"),),
    ),
)

SCHEMAS = {schema.name: schema for schema in (*CATALOG_SCHEMAS, *ORDER_SCHEMAS)}
CATALOG_TABLES = tuple(schema.name for schema in CATALOG_SCHEMAS)
ORDER_TABLES = tuple(schema.name for schema in ORDER_SCHEMAS)
