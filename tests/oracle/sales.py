"""Salable quantities, and whether a requested quantity could be sold."""

from decimal import Decimal

from tests.oracle.reading import (
    UNIT,
    ZERO,
    Row,
    Tables,
    enabled_sources,
    fold,
    item_settings,
    linked_sources,
    quantity,
    read_items,
    read_orders,
    settings_of,
    spellings,
    sums,
)

NOT_ASSIGNED = "requested-sku-is-not-assigned-to-given-stock"
NO_ITEM_IN_STOCK = "is_any_source_item_in_stock-no_source_items_in_stock"
NOT_ENOUGH = "is_salable_with_reservations-not_enough_qty"


def salable(tables: Tables) -> list[Row]:
    """Salable quantity of each stock and SKU, by stock_id, then as the SKUs first appear."""
    names = spellings(tables)
    columns = ("quantity", "is_salable", "salable_qty")
    return [
        {"stock_id": stock_id, "sku": names[sku]} | {column: row[column] for column in columns}
        for (stock_id, sku), row in aggregates(tables).items()
    ]


def aggregates(tables: Tables) -> dict[tuple[int, str], Row]:
    """The salable row of each (stock_id, folded SKU) that an enabled linked source carries."""
    linked, enabled, items = linked_sources(tables), enabled_sources(tables), read_items(tables)
    reservations = sums(tables, "reservations", "stock_id")
    settings = item_settings(tables)
    skus = list(dict.fromkeys(sku for _, sku in items))
    result = {}
    for stock_id in sorted(linked):
        sources = [code for code in linked[stock_id] if code in enabled]
        for sku in skus:
            held = [items[code, sku] for code in sources if (code, sku) in items]
            if held:
                reserved = reservations.get((stock_id, sku), ZERO)
                result[stock_id, sku] = aggregate(held, reserved, settings_of(sku, settings))
    return result


def aggregate(held: list[Row], reserved: Decimal, settings: Row) -> Row:
    """The salable row of one SKU in one stock."""
    in_stock = [item["quantity"] for item in held if item["status"]]
    total = sum(in_stock, ZERO)
    rest = total + reserved - quantity(settings["min_qty"])
    oversold = oversells(settings) and bool(in_stock)
    is_salable = not settings["manage_stock"] or oversold or rest > 0
    return {
        "quantity": total.quantize(UNIT),
        "is_salable": is_salable,
        "salable_qty": (rest if is_salable else ZERO).quantize(UNIT),
        "any_in_stock": bool(in_stock),
    }


def oversells(settings: Row) -> bool:
    """Backorders without a limit; a negative min_qty is the limit."""
    return bool(settings["backorders"]) and settings["min_qty"] >= 0


def check(tables: Tables) -> list[Row]:
    """Whether each order line by itself could be sold, and the codes of a refusal."""
    stocks, names, settings = aggregates(tables), spellings(tables), item_settings(tables)
    result = []
    for order in read_orders(tables):
        for number, line in enumerate(order["lines"]):
            sku, qty = fold(line["sku"]), quantity(line["qty"])
            row = stocks.get((order["stock_id"], sku))
            codes = refusals(row, qty, settings_of(sku, settings))
            result.append(
                {
                    "order_id": order["order"]["order_id"],
                    "line": number,
                    "sku": names.get(sku, line["sku"]),
                    "qty": qty,
                    "is_salable": not codes,
                    "codes": codes,
                }
            )
    return result


def refusals(row: Row | None, qty: Decimal, settings: Row) -> list[str]:
    """Codes of the conditions that refuse a quantity, in the order they are asked.

    The conditions on the quantity and on the stock status must both hold, and both report.
    Of backorders, unmanaged stock and enough stock one suffices; if none holds, all report.
    """
    if row is None:
        return [NOT_ASSIGNED]
    required = wrong_qty(qty, settings)
    if settings["manage_stock"] and not row["any_in_stock"]:
        required.append(NO_ITEM_IN_STOCK)
    if required:
        return required
    if oversells(settings) or not settings["manage_stock"] or row["salable_qty"] >= qty:
        return []
    return ["back_order-disabled", "manage_stock-enabled", NOT_ENOUGH]


def wrong_qty(qty: Decimal, settings: Row) -> list[str]:
    """The first sale limit that a quantity breaks; a limit of 0 is no limit."""
    least, most = quantity(settings["min_sale_qty"]), quantity(settings["max_sale_qty"])
    step = quantity(settings["qty_increments"])
    if least and qty < least:
        return ["is_correct_qty-min_sale_qty"]
    if most and qty > most:
        return ["is_correct_qty-max_sale_qty"]
    if step and qty % step:
        return ["is_correct_qty-qty_increment"]
    if not settings["is_qty_decimal"] and qty % 1:
        return ["is_correct_qty-is_qty_decimal"]
    return []
