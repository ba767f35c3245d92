"""What the kernels of policies are given, as arrays."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.types import FlagArray, IndexArray, IntArray, Items, Skus

Cube = npt.NDArray[np.int32]

LINE, COMPLETE_FIRST, FEWEST_SOURCES, CHEAPEST, BALANCED_SPLIT, PLUGIN = range(6)
"""Order rules."""

NO_SET, FAILED = -1, -2
"""What the function of a plug-in answers instead of the size of a set."""

PARTIAL, WHOLE_LINES, WHOLE_ORDERS, BACKORDER = range(4)
"""Ship policies."""

STATIC, COST, STOCK_LEVEL, BALANCE, CAPACITY_LEFT = range(5)
"""Kinds of scores: those of `Board.places`, and those that change during a run."""

ENDLESS = 1 << 62
"""Capacity of a source that has no limit."""

NO_STOCK = -(1 << 62)
"""What an item has that is out of stock while its stock is not managed."""

MILLION = 1_000_000

(
    ORDERS_LEFT,
    UNITS_LEFT,
    HELD,
    HELD_AT_START,
    DRAWN_BY,
    SHIPPED,
    BARRED_BY,
    CHOSEN_BY,
    SLOT_OF,
    SLOT,
    PLACE,
) = range(11)
"""Columns of ``of_source``, (num_sources, 11): capacity left in orders and in 1e-4 units; units
available now and at the start over managed items; the order that draws on the source, and the
units that it takes; the pass that bars it, the set that holds it, the pass whose slot it has, and
that slot; its place in the set that holds it."""


RANKED_LOWER, GAVE, NOT_ASKED = 253, 254, 255
"""What `Trace.why` says besides a `Reason`: the line had all it wants before the item's turn; the
item gave something; the line wanted nothing in this pass."""

MARK, DRAWN, ORDER = range(3)
"""Rows of `Work.counts`: the last mark given out, on how many sources the order draws, its mark."""


class Rules(NamedTuple):
    """The scalars of a policy; those of constraints say in how many passes they hold: 0, 1 or 2.

    ``min_units_first`` and ``min_units_last`` are in 1e-4 units, for a pass that is not the last
    and for the last. Money is in 1e-6. ``plugin`` is the address of the function that answers for
    the order rule `PLUGIN`: an order, its rows and its slots to the size of the set that it leaves.
    """

    order_rule: int
    fallback: int
    max_sources: int
    passes: int
    safety_stock: int
    capacity: int
    exclusion: int
    min_units_first: int
    min_units_last: int
    per_unserved_unit: int
    per_unserved_order: int
    independent: int
    plugin: int


class Board(NamedTuple):
    """What holds between rankings and sources, whatever happens during the run.

    ``places`` is (num_static, num_rankings, num_sources), the lower the earlier, equal for equal
    scores; ``bars`` (2, num_rankings, num_sources), by pass, 0 or the `Reason` that keeps the
    source out; ``unit_cost``, ``shipment_cost`` (num_rankings, num_sources) in 1e-6, no rows where
    nothing is decided by cost; ``rates`` (num_rankings, num_sources) rows of `Rates` or -1.
    """

    places: Cube
    bars: FlagArray
    unit_cost: IntArray
    shipment_cost: IntArray
    rates: IndexArray


class Rates(NamedTuple):
    """Costs of shipments by size: rows ``offsets[r]:offsets[r + 1]``, by rising units.

    ``up_to`` is in 1e-4 units, ``cost`` in 1e-6.
    """

    offsets: IntArray
    up_to: IntArray
    cost: IntArray


class Stock(NamedTuple):
    """Source items under way.

    ``items`` and ``skus`` are the catalogue's. ``available`` is (num_items,): what is left above
    reservations of managed SKUs, 0 if out of stock; of others the recorded quantity, `NO_STOCK`
    if out of stock. ``held_back`` is (num_items,) safety stock, empty if there is none;
    ``excluded`` (num_items,) 1 where every order is kept from it, empty if there is none.
    """

    items: Items
    skus: Skus
    available: IntArray
    held_back: IntArray
    excluded: FlagArray


class Terms(NamedTuple):
    """What orders say themselves: ``ship_policy`` (num_orders,), and their exclusions.

    Those of order ``o`` are rows ``offsets[o]:offsets[o + 1]`` of ``sources`` and ``skus``, -1 for
    every SKU. Without any, ``offsets`` is empty.
    """

    ship_policy: FlagArray
    offsets: IntArray
    sources: IndexArray
    skus: IndexArray


class Trace(NamedTuple):
    """What is written down of lines at their turn, if somebody asks; else ``offsets`` is empty.

    ``offsets`` is (num_lines + 1,): cells ``offsets[l]:offsets[l + 1]`` are the items of the SKU of
    line ``l``. The others are (2, num_cells), by pass: ``why`` an item gave nothing, a `Reason` or
    what stands above; ``has`` what it had at the line's turn, as `Picks.available`; ``is_ranked``
    whether ``keys``, (2, num_cells, num_keys), holds what it was ranked by.
    """

    offsets: IntArray
    why: FlagArray
    has: IntArray
    is_ranked: FlagArray
    keys: IntArray


class Work(NamedTuple):
    """Space for one order at a time.

    ``counts`` is (3,); ``candidates`` (most items of a SKU, 4 + num_keys); ``rows`` (4, most
    lines of an order + 1); ``row_of_sku`` (num_skus,); ``entries`` (most items of an order's
    lines, 2); ``slots`` (num_sources, 10 + num_keys); ``have``, ``most`` and ``rest`` (the most
    rows times slots of an order, and once more the rows,); ``members`` (7, num_sources + 1);
    ``merged`` (4, most picks of an order).
    """

    counts: IntArray
    candidates: IntArray
    rows: IntArray
    row_of_sku: IntArray
    entries: IntArray
    slots: IntArray
    have: IntArray
    most: IntArray
    rest: IntArray
    members: IntArray
    merged: IntArray
