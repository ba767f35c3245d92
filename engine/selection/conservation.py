"""The laws that every run must obey, checked on its own arrays before anything is written."""

import numpy as np

from engine.catalog import Catalog
from engine.orders import OrderSet
from engine.selection.deduction import Deduction
from engine.types import BoolArray, IntArray


class ConservationError(Exception):
    """A fault of this program: units would be lost or promised twice. Never the user's."""


def check_conservation(
    catalog: Catalog, orders: OrderSet, done: Deduction, left: IntArray, *, independent: bool
) -> None:
    """Check that no unit is lost, promised twice or taken from where it may not be taken.

    Parameters
    ----------
    catalog, orders
        What the run started from.
    done
        What it decided.
    left
        (num_items,) what it left.
    independent
        Quantities hold order by order instead of over the whole run.

    Raises
    ------
    ConservationError
        Naming the law that is broken. Nothing of the run may be used then.
    """
    items = catalog.items
    managed = catalog.stock_items.manage_stock.astype(bool)[orders.skus[done.lines]]
    served = _sums(done.lines, done.quantity, len(orders.skus))
    taken = _sums(done.items[managed], done.quantity[managed], len(items.quantity))
    _law("wanted = deducted + short", served + done.short == orders.quantity)
    _law("nothing negative", done.quantity >= 0)
    _law("nothing beyond what is available", (done.quantity <= done.available)[managed])
    _law(
        "the picked item is of the line's SKU",
        _sku_of_item(catalog)[done.items] == orders.skus[done.lines],
    )
    _law("only from linked, enabled, in-stock sources", _may_serve(catalog, orders, done))
    if independent:
        _law("the snapshot is untouched", left == items.quantity)
        _law("no order takes more than there is", _within_order(orders, done, catalog, managed))
    else:
        _law("before = after + deducted", items.quantity == left + taken)
        _law("no deduction below 0", (left >= items.reserved) | (taken == 0))


def _law(name: str, holds: BoolArray) -> None:
    if not holds.all():
        where = int(np.flatnonzero(~holds)[0])
        raise ConservationError(
            f"conservation check failed: {name} (first at {where:,} of {len(holds):,})"
        )


def _sums(group: IntArray, quantity: IntArray, num_groups: int) -> IntArray:
    total = np.zeros(num_groups, np.int64)
    np.add.at(total, group, quantity)
    return total


def _sku_of_item(catalog: Catalog) -> IntArray:
    return np.repeat(np.arange(len(catalog.skus)), np.diff(catalog.items.offsets))


def _may_serve(catalog: Catalog, orders: OrderSet, done: Deduction) -> BoolArray:
    linked = np.zeros((len(catalog.stock_ids), catalog.sources.num_rows), bool)
    stock_of_link = np.repeat(np.arange(len(catalog.stock_ids)), np.diff(catalog.links.offsets))
    linked[stock_of_link, catalog.links.sources] = True
    linked &= catalog.enabled.astype(bool)
    source = catalog.items.sources[done.items]
    stock = orders.stock[orders.order_of_line[done.lines]]
    return linked[stock, source] & catalog.items.in_stock[done.items].astype(bool)


def _within_order(
    orders: OrderSet, done: Deduction, catalog: Catalog, managed: BoolArray
) -> BoolArray:
    item = done.items[managed]
    order = orders.order_of_line[done.lines[managed]]
    _, group = np.unique(order * len(catalog.items.quantity) + item, return_inverse=True)
    taken = _sums(group, done.quantity[managed], int(group.max(initial=-1)) + 1)[group]
    available = np.maximum(catalog.items.quantity - catalog.items.reserved, 0)[item]
    return taken <= available
