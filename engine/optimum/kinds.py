"""Orders that ask for the same, from the same sources at the same costs: decided once, counted."""

from typing import NamedTuple

import numpy as np

from engine.optimum.batch import Batch
from engine.types import IntArray


class Kinds(NamedTuple):
    """``first`` is (num_kinds,) the first order of each kind, ``size`` how many there are."""

    first: IntArray
    size: IntArray


def kinds_of(batch: Batch, orders: IntArray) -> Kinds:
    """Tell (n,) orders by kind, kinds in the sequence of their first orders.

    Orders are of a kind if they have the same ship policy, what shipments and waiting cost, and
    lines and entries in the same sequence.
    """
    program = batch.program
    line, order = batch.of_entry
    _, costs = np.unique(
        np.column_stack([program.shipment, program.rates]), axis=0, return_inverse=True
    )
    of_order = np.column_stack([costs.ravel()[program.ranking], program.ship_policy, program.wait])
    of_line = np.column_stack([program.need, program.same])
    of_entry = np.column_stack(
        [line - program.orders[order], program.item, program.source, program.unit_cost]
    )
    lines, entries = program.orders.tolist(), program.lines[program.orders].tolist()
    found: dict[tuple[bytes, ...], int] = {}
    first: list[int] = []
    size: list[int] = []
    for one in orders.tolist():
        what = (
            of_order[one].tobytes(),
            of_line[lines[one] : lines[one + 1]].tobytes(),
            of_entry[entries[one] : entries[one + 1]].tobytes(),
        )
        kind = found.setdefault(what, len(first))
        if kind == len(first):
            first.append(one)
            size.append(0)
        size[kind] += 1
    return Kinds(np.array(first, np.int64), np.array(size, np.int64))
