"""The frozen, encoded order set: orders in the sequence in which they are served."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog, index_of, place_keys
from engine.places.destinations import Destinations, find_destinations
from engine.tables.findings import Finding
from engine.tables.fold import fold_sku
from engine.tables.quantity import column_units
from engine.tables.validate import Validated
from engine.types import IndexArray, IntArray, frozen


@dataclass(frozen=True, eq=False)
class OrderSet:
    """Orders in sequence and their lines, encoded against one catalogue.

    Attributes
    ----------
    ids
        (num_orders,) order ids as text; ``id_type`` is the type they came in.
    stock
        (num_orders,) stock index.
    destinations
        Distinct destinations.
    offsets
        (num_orders + 1,): the lines of order ``o`` are ``offsets[o]:offsets[o + 1]``.
    skus
        (num_lines,) SKU index, -1 where no source carries the SKU.
    sku_names
        (num_lines,) SKUs as the orders spell them.
    quantity
        (num_lines,) 1e-4 units.
    rejects, notes
        What quarantine set aside; what a person should know.
    """

    ids: pa.Array
    id_type: pa.DataType
    stock: IndexArray
    destinations: Destinations
    offsets: IntArray
    skus: IndexArray
    sku_names: pa.Array
    quantity: IntArray
    rejects: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def order_of_line(self) -> IntArray:
        """(num_lines,) order of each line."""
        return frozen(np.repeat(np.arange(len(self.ids)), np.diff(self.offsets)))

    @cached_property
    def position(self) -> IntArray:
        """(num_lines,) 0-based position of each line in its order."""
        return frozen(np.arange(len(self.skus)) - self.offsets[:-1][self.order_of_line])


def encode_orders(valid: Validated, catalog: Catalog) -> OrderSet:
    """Put valid orders in sequence and number what they name.

    Parameters
    ----------
    valid
        What `validate_orders` returned, with nothing fatal.
    catalog
        The catalogue they were validated against.

    Returns
    -------
    The order set; its arrays are read-only.
    """
    orders, lines = valid.tables["orders"], valid.tables["order_lines"]
    orders = orders.take(pa.array(sequence(orders))).combine_chunks()
    ids = orders["order_id"].combine_chunks()
    order_of_line = index_of(lines["order_id"], ids)
    rows = np.argsort(order_of_line, kind="stable")
    offsets = np.searchsorted(order_of_line[rows], np.arange(len(ids) + 1)).astype(np.int64)
    names = lines["sku"].combine_chunks().take(pa.array(rows))
    return OrderSet(
        ids=ids,
        id_type=valid.id_type,
        stock=frozen(
            np.searchsorted(catalog.stock_ids, np.asarray(orders["stock_id"])).astype(np.int32)
        ),
        destinations=_destinations(orders, catalog),
        offsets=frozen(offsets),
        skus=frozen(index_of(fold_sku(names), catalog.skus)),
        sku_names=names,
        quantity=frozen(column_units(lines, "qty")[rows]),
        rejects=valid.rejects,
        notes=valid.notes + _empty_orders(offsets),
    )


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
    created = orders["created_at"].combine_chunks()
    last = np.iinfo(np.int64).max
    time = np.asarray(pc.fill_null(created.cast(pa.int64()), last))
    return np.lexsort((time, -np.asarray(orders["priority"])))


def _destinations(orders: pa.Table, catalog: Catalog) -> Destinations:
    keys = place_keys(orders["country_id"], orders["postcode"])
    return find_destinations(orders, index_of(keys, catalog.places), catalog.geonames)


def _empty_orders(offsets: IntArray) -> list[str]:
    empty = int((np.diff(offsets) == 0).sum())
    return [f"orders: {empty:,} without lines"] if empty else []
