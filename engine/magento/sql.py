"""What is read of a store's database: one statement, for one statement sees one state.

Each table is a branch of one ``UNION ALL`` over columns of text. So a decimal keeps its digits and
an unsigned number its size, and the same code parses them that parses CSV.
"""

from collections.abc import Iterator
from typing import NamedTuple

from engine.magento.location import Store

SESSION = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION time_zone = '+00:00'",  # times are stored in UTC and shown in the session's zone
    "SET SESSION lock_wait_timeout = 120",  # a table that is being altered; else up to a year
    "SET SESSION div_precision_increment = 20",  # what has more than 4 places must not look as if
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
"""Comes before the statement, on the same connection."""

END = "end"
"""Table of the one row that comes last: without it, rows are missing."""

OPTIONAL = ("inventory_geoname", "inventory_pickup_location_order")
"""Tables of modules of MSI that a store may do without."""

CONFIG = "cataloginventory/item_options/"
_OWN = {
    **{
        name: f"use_config_{name}"
        for name in ("manage_stock", "min_qty", "backorders", "min_sale_qty", "max_sale_qty")
    },
    "qty_increments": "use_config_qty_increments",
    "enable_qty_increments": "use_config_enable_qty_inc",
}
"""What a stock item may have of its own, and the column that says whether it has not."""


class Part(NamedTuple):
    """A branch of the statement.

    ``columns`` maps the names of columns to expressions. ``sort`` are those by which the rows are
    put in order; what ends in ``_id`` is a number. ``body`` is what follows the columns; names of
    tables stand there in braces. ``more`` is another such branch for the same table.
    """

    columns: dict[str, str]
    sort: tuple[str, ...]
    body: str
    more: "Part | None" = None


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


# A null is 0, as it is for PHP.
_OPEN = (
    "COALESCE({0}.qty_ordered, 0) - COALESCE({0}.qty_shipped, 0) "
    "- COALESCE({0}.qty_canceled, 0) - COALESCE({0}.qty_refunded, 0)"
)
# Order\Item::isDummy(true) of a child: SHIPMENT_SEPARATELY is 1, anything else is together.
_TOGETHER = (
    "(p.item_id IS NOT NULL AND COALESCE(IF(JSON_VALID(p.product_options), "
    "JSON_UNQUOTE(JSON_EXTRACT(p.product_options, '$.shipment_type')), NULL), '0') "
    "NOT IN ('1', 'true'))"
)
_PER_ITEM = "COALESCE(i.qty_ordered, 0) / p.qty_ordered"
_LINE = {
    "item_id": "i.item_id",
    "order_id": "i.order_id",
    # MSI's GetSkuFromOrderItem: options of an order item may have put more behind the SKU.
    "sku": "COALESCE((SELECT e.sku FROM {catalog_product_entity} e "
    "WHERE e.entity_id = i.product_id LIMIT 1), i.sku)",
    "qty": f"IF({_TOGETHER}, ({_OPEN.format('p')}) * {_PER_ITEM}, {_OPEN.format('i')})",
    "order_item_id": f"IF({_TOGETHER}, p.item_id, i.item_id)",
    "qty_per_item": f"IF({_TOGETHER}, {_PER_ITEM}, 1)",
}
_ITEMS = (
    "JOIN {sales_order_item} i ON i.order_id = o.entity_id "
    "LEFT JOIN {sales_order_item} p ON p.item_id = i.parent_item_id AND p.order_id = i.order_id "
)
# Parents are found by their order: Magento has no index on parent_item_id.
_SHIPPED = (
    "COALESCE(i.is_virtual, 0) = 0 AND COALESCE(i.locked_do_ship, 0) = 0 AND NOT EXISTS "
    "(SELECT 1 FROM {sales_order_item} c "
    "WHERE c.order_id = i.order_id AND c.parent_item_id = i.item_id) "
    f"AND IF({_TOGETHER}, {_OPEN.format('p')}, {_OPEN.format('i')}) > 0 "
    f"AND IF({_TOGETHER}, i.qty_ordered, 1) <> 0"
)


def parts(store: Store, absent: frozenset[str] = frozenset()) -> dict[str, Part]:
    """Return the branches by the table that they give.

    Parameters
    ----------
    store
        Whose tables' prefix and statuses count.
    absent
        Tables of `OPTIONAL` that are not there.
    """
    found = {
        "sources": Part(
            _same(
                *("source_code", "enabled", "name", "latitude", "longitude", "country_id"),
                *("region_id", "region", "city", "street", "postcode"),
            ),
            ("source_code",),
            "FROM {inventory_source}",
        ),
        "stocks": Part(_same("stock_id", "name"), ("stock_id",), "FROM {inventory_stock}"),
        "sales_channels": Part(
            _same("type", "code", "stock_id"),
            ("type", "code"),
            "FROM {inventory_stock_sales_channel}",
        ),
        "stock_source_links": Part(
            _same("link_id", "stock_id", "source_code", "priority"),
            ("link_id",),
            "FROM {inventory_source_stock_link}",
        ),
        "source_items": Part(
            _same("source_item_id", "source_code", "sku", "quantity", "status"),
            ("source_item_id",),
            "FROM {inventory_source_item}",
        ),
        "reservations": _reservations(),
        "config": Part(
            _same("path", "value"),
            ("path",),
            "FROM {core_config_data} WHERE scope = 'default' AND scope_id = 0 AND path IN "
            f"({', '.join(repr(CONFIG + name) for name in _OWN)})",
        ),
        "stock_items": _stock_items(),
        "geonames": Part(
            {
                **_same("entity_id", "country_code", "postcode", "city", "region"),
                "region_code": "province",
                **_same("latitude", "longitude"),
            },
            ("entity_id",),
            "FROM {inventory_geoname}",
        ),
        "source_reservations": Part(
            {**_LINE, "source_code": "l.pickup_location_code"},
            ("order_id", "item_id"),
            "FROM {inventory_pickup_location_order} l "
            "JOIN {sales_order} o ON o.entity_id = l.order_id "
            + _ITEMS
            + "WHERE COALESCE(o.state, '') NOT IN ('complete', 'closed', 'canceled') AND "
            + _SHIPPED,
        ),
        "orders": _orders(store, absent),
        "order_lines": Part(
            _LINE,
            ("order_id", "item_id"),
            "FROM {sales_order} o " + _ITEMS + f"WHERE {_chosen(store, absent)} AND {_SHIPPED}",
        ),
        END: Part({"rows": "1"}, (), "FROM (SELECT 1) nothing"),
    }
    missing = {"inventory_geoname": "geonames", OPTIONAL[1]: "source_reservations"}
    for table in absent:
        del found[missing[table]]
    return found


def _reservations() -> Part:
    """Return what is reserved by the very SKU: to the database, ``a``, ``A`` and ``á`` are one.

    Millions of rows are summed along the index, which knows only the database's SKUs: 3M rows
    take 2 s, and by bytes 40 s. Where one of these is several to us, its rows come as they are.
    """
    is_one = "MIN(CAST({0}.sku AS BINARY)) {1} MAX(CAST({0}.sku AS BINARY))"
    several = is_one.format("s", "<>")
    return Part(
        {"stock_id": "r.stock_id", "sku": "MIN(r.sku)", "quantity": "SUM(r.quantity)"},
        ("stock_id", "sku", "quantity"),
        "FROM {inventory_reservation} r GROUP BY r.stock_id, r.sku "
        f"HAVING {is_one.format('r', '=')} AND SUM(r.quantity) <> 0",
        Part(
            {"stock_id": "r.stock_id", "sku": "r.sku", "quantity": "r.quantity"},
            (),
            "FROM {inventory_reservation} r WHERE (r.stock_id, r.sku) IN "
            "(SELECT s.stock_id, s.sku FROM {inventory_reservation} s "
            f"GROUP BY s.stock_id, s.sku HAVING {several})",
        ),
    )


def _stock_items() -> Part:
    """Return the rows in which a SKU has something of its own; null is what the store says."""
    own = {name: f"IF(i.{flag} = 0, i.{name}, NULL)" for name, flag in _OWN.items()}
    any_own = " OR ".join(f"i.{flag} = 0" for flag in _OWN.values())
    return Part(
        {
            "item_id": "i.item_id",
            "sku": "(SELECT e.sku FROM {catalog_product_entity} e "
            "WHERE e.entity_id = i.product_id LIMIT 1)",
            **own,
            "is_qty_decimal": "i.is_qty_decimal",
        },
        ("item_id",),
        # MSI reads the legacy stock item of the default stock, whichever stock it asks for.
        "FROM {cataloginventory_stock_item} i WHERE i.stock_id = 1 "
        f"AND (i.is_qty_decimal <> 0 OR {any_own}) AND EXISTS "
        "(SELECT 1 FROM {catalog_product_entity} e WHERE e.entity_id = i.product_id)",
    )


def _orders(store: Store, absent: frozenset[str]) -> Part:
    return Part(
        {
            "order_id": "o.entity_id",
            "sales_channel_type": "IF(w.code IS NULL, NULL, 'website')",
            "sales_channel_code": "w.code",
            "created_at": "o.created_at",
            **{
                name: f"a.{name}" for name in ("country_id", "region", "city", "postcode", "street")
            },
        },
        ("order_id",),
        "FROM {sales_order} o LEFT JOIN {store} s ON s.store_id = o.store_id "
        "LEFT JOIN {store_website} w ON w.website_id = s.website_id "
        "LEFT JOIN {sales_order_address} a ON a.entity_id = (SELECT MIN(f.entity_id) "
        "FROM {sales_order_address} f WHERE f.parent_id = o.entity_id "
        f"AND f.address_type = 'shipping') WHERE {_chosen(store, absent)}",
    )


def _chosen(store: Store, absent: frozenset[str]) -> str:
    """Return which orders are read: those of the statuses asked for, and none to be picked up."""
    chosen = "o.state = 'processing'"
    if store.statuses:
        # In hexadecimal nothing needs an escape, whatever the server's mode; as utf8mb4 any word
        # compares with any column.
        words = ", ".join(f"_utf8mb4 x'{status.encode().hex()}'" for status in store.statuses)
        chosen = f"CONVERT(o.status USING utf8mb4) COLLATE utf8mb4_bin IN ({words})"
    if OPTIONAL[1] in absent:
        return chosen
    return chosen + (
        " AND NOT EXISTS (SELECT 1 FROM {inventory_pickup_location_order} l "
        "WHERE l.order_id = o.entity_id)"
    )


def statement(store: Store, wanted: dict[str, Part]) -> str:
    """Return the statement: first the name of the table, then its columns, then nulls."""
    width = max(len(part.columns) for part in wanted.values())
    names = _Names(store.prefix)
    return " UNION ALL ".join(
        f"SELECT {', '.join(_selected(table, branch, width))} {branch.body}".format_map(names)
        for table, part in wanted.items()
        for branch in (part, part.more)
        if branch
    )


def _selected(table: str, part: Part, width: int) -> Iterator[str]:
    cells = [f"'{table}'", *part.columns.values()]
    for at, cell in enumerate(cells):
        yield f"CONVERT(CAST({cell} AS CHAR) USING utf8mb4) COLLATE utf8mb4_bin AS c{at}"
    yield from ["NULL"] * (width + 1 - len(cells))


class _Names(dict[str, str]):
    """Gives each table its name in the database."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __missing__(self, table: str) -> str:
        return f"`{self._prefix}{table}`"
