"""Why an order changed, in words, as far as the tables of two runs tell it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.quantity import SUM_TYPE, units_to_decimal
from engine.types import BoolArray, IntArray


class Told(NamedTuple):
    """What is known of the changed orders, as (num_changed,) lists.

    ``lost`` and ``gained`` are the sources of A alone and of B alone,
    ``was_short`` and ``now_short`` the reasons of shortfalls that the other run has not, or of
    another quantity. ``moved`` says how much more each source gives in B, or less.
    No lists are ``kinds``, indices, ``served``, whether A gives anything, and ``ordered_a`` and
    ``ordered_b``, in 1e-4 units.
    """

    kinds: IntArray
    lost: pa.Array
    gained: pa.Array
    was_short: pa.Array
    now_short: pa.Array
    moved: pa.Array
    served: BoolArray
    ordered_a: IntArray
    ordered_b: IntArray


def why(told: Told, kinds: Sequence[str]) -> pa.Array:
    """(num_changed,) a few words for each order; ``kinds`` are the names of the kinds."""

    def of(kind: str) -> BoolArray:
        return told.kinds == kinds.index(kind)

    lost, gained, moved, was, now = (
        np.asarray(pc.list_value_length(lists)) > 0
        for lists in (told.lost, told.gained, told.moved, told.was_short, told.now_short)
    )
    more, less, swapped = of("more served"), of("less served"), of("other sources")
    units, reason = of("other quantities"), of("other reason")
    alone = of("only in A") | of("only in B")
    reordered = ~alone & (told.ordered_a != told.ordered_b)
    alike = np.asarray(pc.equal(_names(told.was_short), _names(told.now_short)))
    alike_served = units & ~moved & ~reordered
    parts = [
        _where(of("only in A"), "B has no such order"),
        _where(of("only in B"), "A has no such order"),
        _where(reordered, told.ordered_b, " ordered instead of ", told.ordered_a),
        _where(more & was, "was short for ", told.was_short),
        _where((more | less) & lost, "no longer served by ", told.lost),
        _where((more | less) & gained, "now served by ", told.gained),
        _where((more | less) & ~gained & ~lost & moved, "now ", told.moved),
        _where(more & now, "still short for ", told.now_short),
        _where(less & now, "short for ", told.now_short),
        _where(swapped & gained & lost, told.gained, " instead of ", told.lost),
        _where(swapped & gained & ~lost, "also from ", told.gained),
        _where(swapped & ~gained & lost, "no longer from ", told.lost),
        _where(units & moved, "from the same sources: ", told.moved),
        _where(alike_served & told.served, "as much from each source, for other lines or SKUs"),
        _where(alike_served & ~told.served, "nothing either way, short on other lines or SKUs"),
        _where(reason & ~alike, "short for ", told.now_short, " instead of ", told.was_short),
        _where(reason & alike, "short for the same reasons, on other lines"),
    ]
    return pc.binary_join_element_wise(*parts, "; ", null_handling="skip")


def signed(units: IntArray) -> pa.Array:
    """(num_rows,) quantities with their sign."""
    return pc.binary_join_element_wise(
        pa.array(np.where(units < 0, "-", "+")), _quantity(np.abs(units)), ""
    )


def _where(holds: BoolArray, *parts: str | pa.Array | IntArray) -> pa.Array:
    """(num_changed,) the parts joined where something holds, null elsewhere."""
    at = np.flatnonzero(holds)
    texts = [pa.repeat(it, len(at)) if isinstance(it, str) else _as_text(it, at) for it in parts]
    joined = pc.binary_join_element_wise(*texts, "")
    return joined.take(pa.array(np.cumsum(holds) - 1, mask=~holds))


def _as_text(part: pa.Array | IntArray, at: IntArray) -> pa.Array:
    if isinstance(part, np.ndarray):
        return _quantity(part[at])
    return _names(part.take(pa.array(at)))


def _quantity(units: IntArray) -> pa.Array:
    """(num_rows,) quantities without needless zeros."""
    texts = units_to_decimal(units, SUM_TYPE).cast(pa.string())
    return pc.ascii_rtrim(pc.ascii_rtrim(texts, "0"), ".")  # there are always four decimals


def _names(lists: pa.Array) -> pa.Array:
    return pc.binary_join(lists, ", ")
