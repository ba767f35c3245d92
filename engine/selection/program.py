"""A batch written down for the kernels that decide it as a whole: what lines could draw on."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog
from engine.errors import PolicyError
from engine.kernels.optimum.bundles import Program
from engine.kernels.orders.bundles import Terms
from engine.optimum.batch import Batch, dearest_shipment, worth_of_unit
from engine.orders import OrderSet
from engine.policies.model import BATCH_RULE
from engine.selection.deduction import Deduction
from engine.types import QTY_SCALE, BoolArray, IndexArray, IntArray, frozen

_MOST_MONEY = 1 << 60
"""What an order may count, in 1e-6: int64 holds the sum of a few."""


class Piece(NamedTuple):
    """A part of a batch: its program, and the source item of each entry, (num_entries,)."""

    program: Program
    items: IntArray


def highest_price(batch: Batch, ids: pa.ChunkedArray) -> int:
    """Return what prices need not exceed, so that what an order counts with them fits.

    Raises
    ------
    PolicyError
        If prices would not have the room that they need.
    """
    program, weights = batch.program, batch.weights
    worth, num_sources = worth_of_unit(batch), program.shipment.shape[1]
    # In floats, which cannot overflow; what is refused is far from where that might matter.
    units = np.zeros(batch.num_orders)
    order = np.repeat(np.arange(batch.num_orders), np.diff(program.orders))
    np.add.at(units, order, program.need / QTY_SCALE)
    units += 1
    most = units * (float(program.unit_cost.max(initial=0)) + weights.unit)
    most += np.diff(program.orders) * float(weights.line) + weights.order
    most += num_sources * dearest_shipment(program, batch.rates) * units
    room = (_MOST_MONEY - most) / (2 * units + num_sources)
    if room.min(initial=np.inf) < 2 * worth:
        at = int(room.argmin())
        raise PolicyError(
            f"policy: order {ids[at].as_py()} of {units[at] - 1:,.0f} units could count more than "
            f"{_MOST_MONEY // 10**6:,} with the prices that order_rule optimal puts on stock; "
            "lower the costs or correct the quantities"
        )
    return min(64 * worth, int(room.min(initial=_MOST_MONEY)))


def join_programs(programs: list[Program]) -> Program:
    """Put the parts of a batch one after the other."""
    columns = {
        name: np.concatenate([getattr(one, name) for one in programs])
        for name in Program._fields
        if name not in ("orders", "lines", "ranking")
    }
    for name, counted in (("orders", "need"), ("lines", "item")):
        counts = np.concatenate([np.diff(getattr(one, name)) for one in programs])
        columns[name] = np.append(0, np.cumsum(counts))
        assert columns[name][-1] == len(columns[counted])
    first = np.append(0, np.cumsum([len(one.shipment) for one in programs]))
    columns["ranking"] = np.concatenate(
        [one.ranking + at for one, at in zip(programs, first.tolist(), strict=False)]
    )
    return Program(**{name: frozen(column) for name, column in columns.items()})


def items_of_lines(catalog: Catalog, skus: IndexArray) -> tuple[IntArray, IntArray]:
    """List the source items of each line's SKU: line and item, by both."""
    offsets = catalog.items.offsets
    counts = np.where(skus >= 0, np.diff(np.append(offsets, offsets[-1]))[skus], 0)
    line = np.repeat(np.arange(len(skus)), counts)
    first = np.append(0, np.cumsum(counts))[:-1]
    return line, offsets[skus[line]] + np.arange(len(line)) - first[line]


def lines_since(orders: OrderSet) -> IntArray:
    """(num_lines,) how many lines before it an order asks for the same SKU first."""
    line = np.arange(len(orders.skus))
    key = orders.order_of_line * (int(orders.skus.max(initial=0)) + 2) + orders.skus + 1
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return np.where(orders.skus >= 0, line - first[which], 0)


def excluded(
    terms: Terms, order: IntArray, source: IndexArray, sku: IndexArray, catalog: Catalog
) -> BoolArray:
    """(num_entries,) which an order's own exclusions name."""
    if not len(terms.offsets):
        return np.zeros(len(order), bool)
    num_sources, num_skus = catalog.sources.num_rows, len(catalog.sku_names) + 1
    of_row = np.repeat(np.arange(len(terms.offsets) - 1), np.diff(terms.offsets))
    pair, named = order * num_sources + source, of_row * num_sources + terms.sources
    of_all = terms.skus < 0
    found = np.isin(pair, named[of_all])
    one = named[~of_all] * num_skus + terms.skus[~of_all]
    return found | np.isin(pair * num_skus + sku, one)


def given_by(found: list[Deduction], pieces: list[Piece], num_items: int) -> IntArray:
    """(num_entries,) what a run that is over gave."""
    given = []
    for done, piece in zip(found, pieces, strict=True):
        line = np.repeat(np.arange(len(piece.program.need)), np.diff(piece.program.lines))
        column = np.zeros(len(piece.items), np.int64)
        known, asked = line * num_items + piece.items, done.lines * num_items + done.items
        at = np.minimum(np.searchsorted(known, asked), max(0, len(known) - 1))
        if len(asked) and not (len(known) and (known[at] == asked).all()):
            raise PolicyError(
                "policy: a constraint of a plug-in does not answer alike each time it is asked; "
                f"order_rule {BATCH_RULE} needs that"
            )
        np.add.at(column, at, done.quantity)
        given.append(column)
    return np.concatenate(given)
