"""What the kernels of a batch as a whole are given, as arrays."""

from typing import NamedTuple

from engine.types import FlagArray, IndexArray, IntArray

UNREACHED = 1 << 62
"""What no order costs."""

MARK, CUT_SHORT = range(2)
"""Places in `Work.counts`."""

SHARE_BITS, PACE_BITS = 22, 20
"""Binary places of `Market.share`, and of what prices move by."""


class Program(NamedTuple):
    """A batch: lines of orders, and the entries, which are what a source could give of a line.

    Lines of order ``o`` are ``orders[o]:orders[o + 1]``, entries of line ``l``
    ``lines[l]:lines[l + 1]``, by source. ``need`` is (num_lines,) in 1e-4 units; ``same``
    (num_lines,) how many lines before it the order asks for the same SKU first, 0 mostly.
    ``item``, ``source`` and ``unit_cost`` are (num_entries,): the resource that is drawn on, -1
    where stock is not managed; the source; and a unit's cost in 1e-6. ``ranking`` is (num_orders,)
    rows of ``shipment``, (num_rankings, num_sources) in 1e-6, and of ``rates``, rows of
    `engine.kernels.orders.bundles.Rates` or -1. ``ship_policy`` is (num_orders,), as is ``wait``:
    what it counts in 1e-6 that an order gets nothing and waits for a later batch, ``UNREACHED``
    where it may not.
    """

    orders: IntArray
    lines: IntArray
    need: IntArray
    same: IntArray
    item: IndexArray
    source: IndexArray
    unit_cost: IntArray
    ranking: IndexArray
    shipment: IntArray
    rates: IndexArray
    ship_policy: FlagArray
    wait: IntArray


class Weights(NamedTuple):
    """What counts besides shipping, money in 1e-6.

    ``unit``, ``line`` and ``order`` are charged for a unit, a line and an order that are not
    served, or not in full. ``max_sources`` and ``least``, the 1e-4 units that a shipment must hold
    if its order wants as many, are 0 for no limit. After ``most_sets`` sets an order is taken as
    it then is. No price exceeds ``highest``. ``units_at`` and ``orders_at`` are the resources of
    the first source's capacity, -1 where it does not count.
    """

    unit: int
    line: int
    order: int
    max_sources: int
    least: int
    most_sets: int
    highest: int
    units_at: int
    orders_at: int


class Market(NamedTuple):
    """Resources, (num_resources,) each: items, and capacities of sources in units and in orders.

    ``supply`` is what there is at the start, in 1e-4 units or orders; ``share`` what each that
    wants some could have if all got alike, in 2**-22, 0 where there is enough for all; ``price`` is
    in 1e-6 for a unit or an order, 0 where there is enough.
    """

    supply: IntArray
    share: IntArray
    price: IntArray


class Work(NamedTuple):
    """Space for one order at a time.

    ``counts`` is (2,): the last mark, and how many orders were not compared to the end; ``marks``
    (num_sources, 2) mark and slot of a source. ``slots`` is (most slots, 9) and ``stack`` (most
    slots + 2,); ``entries`` (most entries, 4) in the sequence of prices, line by line; ``found``
    (most lines, 3); ``ahead`` and ``open`` (most lines x slots,); ``gives`` (most entries,) the
    units of the best way so far, by entry; ``taken`` (most entries,) what lines before took.
    """

    counts: IntArray
    marks: IntArray
    slots: IntArray
    stack: IntArray
    entries: IntArray
    found: IntArray
    ahead: IntArray
    open: IntArray
    gives: IntArray
    taken: IntArray


class Holders(NamedTuple):
    """Orders that could draw on a resource: rows ``offsets[r]:offsets[r + 1]`` of ``orders``."""

    offsets: IntArray
    orders: IndexArray
