"""The dtypes and bundles of arrays that every room of the engine shares."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
FlagArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]

QTY_SCALE = 10_000
"""Quantities are int64 in units of 1/10,000: exactly Magento's decimal(12,4)."""

MAX_QTY = 10**12 - 1
"""The largest quantity of decimal(12,4), in 1e-4 units."""

MAX_SUM = 10**18 - 1
"""The largest sum of quantities, decimal(18,4), in 1e-4 units."""

NOT_LINKED = -1
"""Rank of a source that has no link to the stock."""

DISABLED = -2
"""Rank of a source that is linked to the stock but disabled."""


class Reason:
    """Why a line is short, as the kernel writes it; ``REASONS`` holds the words."""

    NONE = 0
    UNKNOWN_SKU = 1
    NOT_ASSIGNED = 2
    DISABLED = 3
    OUT_OF_STOCK = 4
    INSUFFICIENT_QTY = 5
    EXCLUDED = 6
    CHANNEL = 7
    LANE = 8
    TOO_FAR = 9
    NO_RATE = 10
    CONSTRAINT = 11
    SAFETY_STOCK = 12
    CAPACITY = 13
    MAX_SOURCES = 14
    MIN_UNITS = 15
    ORDER_RULE = 16
    ORDER_NOT_WHOLE = 17
    BACKORDERED = 18


REASONS = (
    *("", "unknown_sku", "not_assigned", "disabled", "out_of_stock", "insufficient_qty"),
    *("excluded", "channel", "lane", "too_far", "no_rate", "constraint", "safety_stock"),
    *("capacity", "max_sources", "min_units", "order_rule"),
    *("order_not_whole", "backordered"),
)
"""The words for `Reason`, by its numbers."""


class Texts(NamedTuple):
    """Texts as Arrow holds them: that of row ``r`` is ``data[offsets[r]:offsets[r + 1]]``.

    ``offsets`` is (num_rows + 1,) int32, ``data`` the bytes in UTF-8, ``valid`` (num_rows,) 0
    where the text is null.
    """

    offsets: IndexArray
    data: FlagArray
    valid: FlagArray


class Items(NamedTuple):
    """Source items in CSR form: those of SKU ``s`` are ``offsets[s]:offsets[s + 1]``.

    ``offsets`` is (num_skus + 1,); the other arrays are (num_items,), sorted by
    source inside a SKU. Quantities are in 1e-4 units.
    """

    offsets: IntArray
    sources: IndexArray
    quantity: IntArray
    reserved: IntArray
    in_stock: FlagArray


class PackedItems(NamedTuple):
    """The same items in fewer bytes; `engine.kernels.packing` says how, and where they fit.

    ``spans`` is (num_skus,), one number for where a SKU's items stand, how many there are and
    the SKU's flags; ``values`` is (num_items,), one number for quantity, status and source.
    """

    spans: IntArray
    values: IntArray


class Skus(NamedTuple):
    """What the stock item configuration says of each SKU, (num_skus,) flags."""

    managed: FlagArray
    backorders: FlagArray


class Lines(NamedTuple):
    """Order lines in order sequence: those of order ``o`` are ``offsets[o]:offsets[o + 1]``.

    ``skus`` is -1 where no source carries the SKU. ``quantity`` is in 1e-4 units.
    ``ranking`` is (num_orders,): the row of the rank matrix that the order follows;
    ``destination`` is (num_orders,): where it goes, an index into `Places`.
    """

    offsets: IntArray
    ranking: IndexArray
    destination: IndexArray
    skus: IndexArray
    quantity: IntArray


class Places(NamedTuple):
    """Where orders go and where sources lie.

    ``destinations`` (num_destinations, 3) and ``sources`` (num_sources, 3) are x, y, z on the
    unit sphere, NaN where a place is not located. ``numbers`` is (num_destinations,): the
    destination's number among the places of known distances, -1 where there are none.
    ``known_keys``, ascending, are number * num_sources + source; ``known_mm`` beside them are
    the distances that go before the great circle.
    """

    destinations: FloatArray
    sources: FloatArray
    numbers: IndexArray
    known_keys: IntArray
    known_mm: IntArray


class Picks(NamedTuple):
    """What the kernel decided: one row per deduction, and what each line still lacks.

    ``lines``, ``items``, ``quantity``, ``available`` are (capacity,), filled from the
    start; ``short`` and ``reason`` are (num_lines,).
    """

    lines: IntArray
    items: IntArray
    quantity: IntArray
    available: IntArray
    short: IntArray
    reason: FlagArray


class Totals(NamedTuple):
    """What each order comes to, (num_orders,) each; quantities in 1e-4 units."""

    qty: IntArray
    allocated: IntArray
    source_count: IntArray
    short_lines: IntArray


def frozen(array: np.ndarray) -> np.ndarray:
    """Return a C-contiguous array that cannot be written to.

    Every shared input is frozen, always: a read-only array is another numba type, so mixing
    both would compile each kernel twice.
    """
    array = np.ascontiguousarray(array)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def exact_sum(values: IntArray) -> int:
    """Add up beyond the range of int64: the two halves of each value apart."""
    return (int((values >> 32).sum()) << 32) + int((values & (2**32 - 1)).sum())
