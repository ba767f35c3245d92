"""The frozen, encoded order set: orders in the sequence in which they are served."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog, index_of, place_keys
from engine.places.areas import ADDRESS, CHANNEL, Areas, find_areas
from engine.places.destinations import Destinations, find_destinations
from engine.places.geocode import Locator
from engine.tables.findings import Finding
from engine.tables.quantity import column_units
from engine.tables.schema import SHIP_POLICIES
from engine.tables.validate import Validated
from engine.tables.whole import whole
from engine.types import IndexArray, IntArray, frozen


class Headers(NamedTuple):
    """Orders in sequence, without their lines.

    ``ids`` is (num_orders,) int64 or text, and ``id_type`` the type they came in; ``stock`` is
    (num_orders,) stock index; ``destinations`` and ``areas`` are those of these orders;
    ``ship_policy`` is (num_orders,): place in `SHIP_POLICIES`, -1 where an order says nothing;
    None where none says anything.
    """

    ids: pa.Array
    id_type: pa.DataType
    stock: IndexArray
    destinations: Destinations
    areas: Areas
    ship_policy: IndexArray | None

    def part(self, start: int, stop: int) -> "Headers":
        """Return the orders ``start:stop``; nothing is copied."""
        return self._some(slice(start, stop), self.ids[start:stop])

    def take(self, rows: IntArray) -> "Headers":
        """Return some orders."""
        return self._some(rows, self.ids.take(pa.array(rows)))

    def _some(self, rows: "slice | IntArray", ids: pa.Array) -> "Headers":
        return Headers(
            ids,
            self.id_type,
            frozen(self.stock[rows]),
            self.destinations._replace(of_order=frozen(self.destinations.of_order[rows])),
            self.areas._replace(of_order=frozen(self.areas.of_order[rows])),
            None if self.ship_policy is None else frozen(self.ship_policy[rows]),
        )


@dataclass(frozen=True, eq=False)
class OrderSet:
    """Orders in sequence and their lines, encoded against one catalogue.

    Attributes
    ----------
    headers
        (num_orders,) the orders.
    offsets
        (num_orders + 1,): the lines of order ``o`` are ``offsets[o]:offsets[o + 1]``.
    skus
        (num_lines,) SKU index, -1 where no source carries the SKU.
    sku_names
        (num_lines,) SKUs as the orders spell them.
    spelt_alike
        ``sku_names`` spells all SKUs that the catalogue knows as it does. Where false, it may or
        may not.
    quantity
        (num_lines,) 1e-4 units.
    rejects, notes
        What quarantine set aside; what a person should know.
    """

    headers: Headers
    offsets: IntArray
    skus: IndexArray
    sku_names: pa.Array
    spelt_alike: bool
    quantity: IntArray
    rejects: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ids(self) -> pa.Array:
        """(num_orders,) order ids, int64 or text."""
        return self.headers.ids

    @property
    def id_type(self) -> pa.DataType:
        """The type in which the ids came."""
        return self.headers.id_type

    @property
    def stock(self) -> IndexArray:
        """(num_orders,) stock index."""
        return self.headers.stock

    @property
    def areas(self) -> Areas:
        """Addresses and sales channels, as far as something asks for them."""
        return self.headers.areas

    @property
    def ship_policy(self) -> IndexArray | None:
        """(num_orders,) place in `SHIP_POLICIES`, -1 for none; None where no order has one."""
        return self.headers.ship_policy

    @property
    def destinations(self) -> Destinations:
        """Distinct destinations."""
        return self.headers.destinations

    def part(self, start: int, stop: int) -> "OrderSet":
        """Return the orders ``start:stop``, without what is said of all; nothing is copied."""
        first, last = self.offsets[[start, stop]].tolist()
        return OrderSet(
            self.headers.part(start, stop),
            frozen(self.offsets[start : stop + 1] - first),
            self.skus[first:last],
            self.sku_names[first:last],
            self.spelt_alike,
            self.quantity[first:last],
        )

    @cached_property
    def order_of_line(self) -> IntArray:
        """(num_lines,) order of each line."""
        return frozen(np.repeat(np.arange(len(self.ids)), np.diff(self.offsets)))

    @cached_property
    def position(self) -> IntArray:
        """(num_lines,) 0-based position of each line in its order."""
        return frozen(np.arange(len(self.skus)) - self.offsets[:-1][self.order_of_line])


def encode_orders(valid: Validated, catalog: Catalog, locator: Locator | None = None) -> OrderSet:
    """Put valid orders in sequence and number what they name.

    Parameters
    ----------
    valid
        What `validate_orders` returned, with nothing fatal.
    catalog
        The catalogue they were validated against.
    locator
        Remembers addresses from one set of orders to the next.

    Returns
    -------
    The order set; its arrays are read-only.
    """
    orders, lines = valid.tables["orders"], valid.tables["order_lines"]
    orders = orders.take(pa.array(sequence(orders)))
    headers = encode_headers(orders, valid.id_type, catalog, locator)
    order_of_line = index_of(lines["order_id"], headers.ids)
    rows = np.argsort(order_of_line, kind="stable")
    offsets = np.searchsorted(order_of_line[rows], np.arange(len(headers.ids) + 1))
    names = whole(lines["sku"]).take(pa.array(rows))
    skus, spelt_alike = catalog.sku_index.find_spelt(names)
    return OrderSet(
        headers=headers,
        offsets=frozen(offsets.astype(np.int64)),
        skus=frozen(skus),
        sku_names=names,
        spelt_alike=spelt_alike,
        quantity=frozen(column_units(lines, "qty")[rows]),
        rejects=valid.rejects,
        notes=valid.notes + empty_orders(int((np.diff(offsets) == 0).sum())),
    )


def encode_headers(
    orders: pa.Table, id_type: pa.DataType, catalog: Catalog, locator: Locator | None = None
) -> Headers:
    """Give numbers to what canonical orders, in sequence, name; see `encode_orders`."""
    places = np.full(orders.num_rows, -1, np.int32)
    if len(catalog.places):
        keys = place_keys(orders["country_id"], orders["postcode"])
        places = index_of(keys, catalog.places)
    stock = np.searchsorted(catalog.stock_ids, np.asarray(orders["stock_id"]))
    asks_for_address = not {"lanes", "zones"}.isdisjoint(catalog.tables)
    return Headers(
        whole(orders["order_id"]),
        id_type,
        frozen(stock.astype(np.int32)),
        find_destinations(orders, places, locator or Locator(catalog.geonames)),
        find_areas(orders, [*(ADDRESS if asks_for_address else ()), *CHANNEL]),
        _ship_policies(orders["ship_policy"]),
    )


def _ship_policies(column: pa.ChunkedArray) -> IndexArray | None:
    if column.null_count == len(column):
        return None
    return frozen(index_of(whole(column), pa.array(SHIP_POLICIES)))


def sequence(orders: pa.Table) -> IntArray:
    """Return the order in which orders are served.

    Parameters
    ----------
    orders
        Canonical orders: ``priority``, ``created_at``.

    Returns
    -------
    (num_orders,) rows: priority descending (null is 0), created_at ascending (null last),
    position in the input.
    """
    created = whole(orders["created_at"])
    last = np.iinfo(np.int64).max
    time = np.asarray(pc.fill_null(created.cast(pa.int64()), last))
    before = -np.asarray(orders["priority"])
    later = (before[1:] > before[:-1]) | ((before[1:] == before[:-1]) & (time[1:] >= time[:-1]))
    if later.all():
        return np.arange(orders.num_rows)
    return np.lexsort((time, before))


def empty_orders(count: int) -> list[str]:
    """Return the note on orders without lines, if there are any."""
    return [f"orders: {count:,} without lines"] if count else []
