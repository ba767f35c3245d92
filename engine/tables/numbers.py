"""Numbers of every type and of text -> quantities, whole numbers and other numbers.

No text with an exponent reaches Arrow's parser of decimals: it crashes on ``1e-999999999``.
Whether a value is taken never depends on the other rows of its column.
"""

from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.converted import (
    Converted,
    Problem,
    converted,
    leave_out,
    matches,
    to_mask,
    wrong_type,
)
from engine.tables.quantity import SUM_TYPE, decimal_to_units
from engine.types import MAX_QTY, QTY_SCALE, FloatArray

_NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
# What Arrow parses at once; Python takes other numbers one by one.
_USUAL_QUANTITY = r"^[+-]?[0-9]{1,8}(?:\.[0-9]{0,4}0{0,9})?$"
_USUAL_WHOLE = r"^-?[0-9]{1,18}$"

_NOT_A_NUMBER = ("not a number", "give a finite number")
_NOT_WHOLE = ("not a whole number", "give a whole number of at most 18 digits")
_TOO_PRECISE = ("more than 4 decimals", "round it to 4 decimals where it comes from")
_FLOAT_TOO_PRECISE = (
    "more than 4 decimals",
    "round it to 4 decimals where it comes from, or write the column as decimal(12,4)",
)
_OUT_OF_RANGE = (
    "out of range of decimal(12,4)",
    "give a value from -99999999.9999 to 99999999.9999",
)
_LARGEST = Decimal("99999999.9999")
_UNIT = Decimal("0.0001")
_CONTEXT = Context(prec=28, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation])

Found = TypeVar("Found")


def quantity_from_text(texts: pa.Array) -> Converted:
    """Parse decimals exactly, by value."""
    usual = matches(texts, _USUAL_QUANTITY)
    units = decimal_to_units(leave_out(~usual, texts).cast(pa.decimal128(18, 4)))
    number = pc.fill_null(units, 0).to_numpy().copy()
    fault = np.zeros(len(texts), np.int8)
    found = _one_by_one(texts.filter(pa.array(~usual)), _units, (0, 1))
    number[~usual] = [units for units, _ in found]
    fault[~usual] = [fault for _, fault in found]
    rules = enumerate((_NOT_A_NUMBER, _TOO_PRECISE, _OUT_OF_RANGE), start=1)
    problems = [Problem(fault == at, *rule) for at, rule in rules]
    return converted(pa.array(number, mask=to_mask(texts.is_null())), *problems)


def _one_by_one(
    texts: pa.Array, parse: Callable[[Decimal], Found], otherwise: Found
) -> list[Found]:
    """Return what each text gives that is a number, and something else for those that are not."""
    is_number = matches(texts, _NUMBER).tolist()
    numbers = zip(texts.to_pylist(), is_number, strict=True)
    return [parse(_decimal(text)) if good else otherwise for text, good in numbers]


def _decimal(text: str) -> Decimal:
    """Return a number exactly, or infinity if its exponent is beyond even Decimal's."""
    try:
        return Decimal(text, _CONTEXT)
    except InvalidOperation:
        return Decimal("Infinity")


def _units(number: Decimal) -> tuple[int, int]:
    """Return a number in 1e-4 units and 0, or 0 and which rule it breaks.

    Arithmetic with Decimal rounds to 28 digits; comparisons do not.
    """
    if number.copy_abs() > _LARGEST:
        return 0, 3
    rounded = number.quantize(_UNIT, context=_CONTEXT)
    return (int(rounded.scaleb(4, _CONTEXT)), 0) if rounded == number else (0, 2)


def quantity(values: pa.Array) -> Converted:
    """Take decimals, integers and floats that stand for at most four decimals."""
    if pa.types.is_floating(values.type):
        return _quantity_from_float(values)
    if pa.types.is_integer(values.type):
        values = values.cast(pa.decimal128(20, 0))
    if not pa.types.is_decimal(values.type):
        raise wrong_type(values, "decimal(12,4)", "write the column as decimal(12,4)")
    try:
        units = decimal_to_units(values if _fits_a_word(values.type) else values.cast(SUM_TYPE))
    except pa.ArrowInvalid:
        return quantity_from_text(values.cast(pa.string()))
    outside = np.abs(pc.fill_null(units, 0).to_numpy()) > MAX_QTY
    return converted(leave_out(outside, units), Problem(outside, *_OUT_OF_RANGE))


def _fits_a_word(kind: pa.DataType) -> bool:
    return pa.types.is_decimal128(kind) and kind.scale == 4 and kind.precision <= 18


def _quantity_from_float(values: pa.Array) -> Converted:
    null = to_mask(values.is_null())
    number = floats(values)
    finite = np.isfinite(number)
    number = np.where(finite, number, 0.0)
    in_range = np.abs(number) <= float(_LARGEST)
    scaled = np.rint(np.where(in_range, number, 0.0) * QTY_SCALE)
    exact = scaled / QTY_SCALE == number
    return converted(
        pa.array(scaled.astype(np.int64), mask=null),
        Problem(~finite & ~null, *_NOT_A_NUMBER),
        Problem(~in_range, *_OUT_OF_RANGE),
        Problem(in_range & ~exact, *_FLOAT_TOO_PRECISE),
    )


def floats(values: pa.Array) -> FloatArray:
    """(num_rows,) nearest float64; null becomes NaN."""
    return np.asarray(pc.fill_null(values.cast(pa.float64(), safe=False), np.nan), np.float64)


def number_from_text(texts: pa.Array) -> Converted:
    """Parse floats."""
    bad = ~matches(texts, _NUMBER)
    return _finite(leave_out(bad, texts), bad)


def number(values: pa.Array) -> Converted:
    """Take numbers of any type."""
    if pa.types.is_decimal(values.type):  # Arrow's cast of those is not the nearest float
        return number_from_text(values.cast(pa.string()))
    if not is_number(values.type):
        raise wrong_type(values, "a number", "write the column as float64")
    return _finite(values, np.zeros(len(values), bool))


def _finite(values: pa.Array, bad: np.ndarray) -> Converted:
    number = values.cast(pa.float64(), safe=False)
    infinite = to_mask(values.is_valid()) & ~np.isfinite(floats(number))
    return converted(number, Problem(bad | infinite, *_NOT_A_NUMBER))


def integer_from_text(texts: pa.Array) -> Converted:
    """Parse whole numbers exactly, by value: ``1e3`` is one."""
    usual = matches(texts, _USUAL_WHOLE)
    whole = leave_out(~usual, texts).cast(pa.int64())
    found = _one_by_one(texts.filter(pa.array(~usual)), _whole, None)
    bad = np.zeros(len(texts), bool)
    bad[~usual] = [number is None for number in found]
    whole = pc.replace_with_mask(whole, pa.array(~usual), pa.array(found, pa.int64()))
    return converted(whole, Problem(bad, *_NOT_WHOLE))


def _whole(number: Decimal) -> int | None:
    if number.copy_abs() >= 10**18:
        return None
    return int(number) if number == int(number) else None


def integer(values: pa.Array) -> Converted:
    """Take integers, and whole numbers of other types: pandas makes floats where one is null."""
    if pa.types.is_uint64(values.type) or pa.types.is_decimal(values.type):
        return integer_from_text(values.cast(pa.string()))
    if pa.types.is_integer(values.type):
        return converted(values.cast(pa.int64()))
    if not pa.types.is_floating(values.type):
        raise wrong_type(values, "a whole number", "write the column as integers")
    number = floats(values)
    null = to_mask(values.is_null())
    fits = (np.abs(number) < 2**53) & (np.rint(number) == number)
    whole = pa.array(np.where(fits, number, 0).astype(np.int64), mask=null)
    return converted(whole, Problem(~fits & ~null, *_NOT_WHOLE))


def is_number(kind: pa.DataType) -> bool:
    """Tell whether an Arrow type is one of the numeric types."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
