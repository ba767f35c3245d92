"""Items of one number each, and back.

An item is quantity << 17 | stays << 16 | in_stock << 15 | source. The quantity is what is
available, reserved units taken off, or the recorded one where stock is not managed; ``stays``
tells that the item is in stock even when nothing is available. A SKU's span is
first << 17 | managed << 16 | number of items.
"""

from engine.kernels.jit import jit
from engine.types import FlagArray, IntArray, Items, Skus

MAX_SOURCES = 1 << 15
"""Sources that a packed item can tell apart; no SKU has more items."""

MAX_PACKED = 1 << 46
"""What a packed quantity stays below, in 1e-4 units; recorded ones are not below -MAX_PACKED."""

UNIT = 1 << 17
STAYS = 1 << 16
IN_STOCK = 1 << 15
SOURCE = (1 << 15) - 1
MANAGED = 1 << 16
COUNT = (1 << 15) - 1


@jit
def pack(items: Items, skus: Skus, spans: IntArray, values: IntArray) -> None:
    """Lay items out for `engine.kernels.packed`.

    Parameters
    ----------
    items, skus
        The items and their SKUs' flags; within the limits above.
    spans, values
        Outputs, (num_skus,) and (num_items,).
    """
    for sku in range(len(spans)):
        start, stop = items.offsets[sku], items.offsets[sku + 1]
        managed = MANAGED if skus.managed[sku] else 0
        spans[sku] = start << 17 | managed | (stop - start)
        for item in range(start, stop):
            quantity, reserved = items.quantity[item], items.reserved[item]
            stays = not managed or skus.backorders[sku] or reserved > 0
            if managed:
                quantity = max(quantity - reserved, 0)
            status = (STAYS if stays else 0) | (IN_STOCK if items.in_stock[item] else 0)
            values[item] = quantity * UNIT | status | items.sources[item]


@jit
def unpack(
    items: Items, skus: Skus, values: IntArray, quantity: IntArray, in_stock: FlagArray
) -> None:
    """Return to recorded quantities and statuses.

    Parameters
    ----------
    items, skus
        The items as they were packed.
    values
        (num_items,) what is left of them.
    quantity, in_stock
        Outputs, (num_items,).
    """
    for sku in range(len(skus.managed)):
        for item in range(items.offsets[sku], items.offsets[sku + 1]):
            in_stock[item] = values[item] & IN_STOCK != 0
            quantity[item] = items.quantity[item]
            if skus.managed[sku]:
                before = max(items.quantity[item] - items.reserved[item], 0)
                quantity[item] -= before - (values[item] >> 17)
