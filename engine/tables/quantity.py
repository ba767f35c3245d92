"""Quantities between Arrow's decimal128 and int64 in units of 1e-4.

A decimal128 of at most 18 digits fits the low 64-bit word of each value, so both ways are
views or one pass over memory (Arrow columnar format, fixed-width primitive layout).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import QuantityError
from engine.tables.whole import whole
from engine.types import MAX_SUM, BoolArray, IntArray

QTY_TYPE = pa.decimal128(12, 4)
SUM_TYPE = pa.decimal128(18, 4)


def decimal_to_units(values: pa.Array) -> pa.Array:
    """Read decimal128(<= 18, 4) as int64 units.

    Parameters
    ----------
    values
        (num_rows,) decimal128 with scale 4 and at most 18 digits; null stays null.

    Returns
    -------
    (num_rows,) int64 array, 1e-4 units, in the same order.

    Examples
    --------
    >>> from decimal import Decimal
    >>> decimal_to_units(pa.array([Decimal("1.5000"), None], pa.decimal128(12, 4))).to_pylist()
    [15000, None]
    """
    words = np.frombuffer(values.buffers()[1], np.int64) if len(values) else np.empty(0, np.int64)
    low = words[2 * values.offset : 2 * (values.offset + len(values)) : 2]
    null = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    return pa.array(low, mask=null)


def column_units(table: pa.Table, name: str) -> IntArray:
    """Read a quantity column without nulls as (num_rows,) int64, 1e-4 units."""
    return np.asarray(decimal_to_units(whole(table[name])))


def units_to_decimal(
    units: IntArray, kind: pa.DataType = QTY_TYPE, null: BoolArray | None = None
) -> pa.Array:
    """Write int64 units as decimal128.

    Parameters
    ----------
    units
        (num_rows,) int64, 1e-4 units.
    kind
        decimal128(12,4) for a quantity, decimal128(18,4) for a sum.
    null
        (num_rows,) mask of rows without a value.

    Returns
    -------
    (num_rows,) decimal array in the same order.

    Examples
    --------
    >>> units_to_decimal(np.array([15000, -1])).to_pylist()
    [Decimal('1.5000'), Decimal('-0.0001')]
    """
    words = np.empty((len(units), 2), np.int64)
    words[:, 0] = units
    words[:, 1] = units >> 63
    values = pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(words)])
    return values if null is None else pc.if_else(pa.array(null), None, values)


def sum_by_group(group: np.ndarray, units: IntArray, num_groups: int, what: str) -> IntArray:
    """Add up quantities by group, exactly.

    Parameters
    ----------
    group
        (num_rows,) group of each row, 0 <= group < num_groups.
    units
        (num_rows,) int64, 1e-4 units.
    num_groups
        How many groups there are.
    what
        What is summed, for the message.

    Returns
    -------
    (num_groups,) int64 sums, 1e-4 units; 0 for a group without rows.

    Raises
    ------
    QuantityError
        If a sum does not fit decimal(18,4).
    """
    total = np.zeros(num_groups, np.int64)
    np.add.at(total, group, units)
    # Below 2**62, with all the room to the end of int64 for the float's error, nothing wrapped.
    rough = np.bincount(group, np.abs(units.astype(np.float64)), num_groups)
    if rough.max(initial=0) > 2**62 or np.abs(total).max(initial=0) > MAX_SUM:
        raise QuantityError(
            f"{what}: a sum of quantities exceeds 99999999999999.9999; "
            "split the run or correct the quantities"
        )
    return total
