"""One raw column -> its canonical Arrow type, and the rows that do not fit.

Canonical types: text and keys string, whole numbers int64, flags bool, quantities int64 in
1e-4 units, coordinates and other numbers float64, times timestamp. A null stays null.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.quantity import decimal_to_units
from engine.tables.schema import Kind
from engine.types import MAX_QTY, QTY_SCALE, BoolArray, FloatArray


class WrongTypeError(Exception):
    """The column's type cannot hold what the schema asks for."""


class Problem(NamedTuple):
    """Rows of a column that break one rule; ``mask`` is (num_rows,)."""

    mask: BoolArray
    reason: str
    remedy: str


class Converted(NamedTuple):
    """A canonical column; rows under a problem's mask hold null or a value not to be used."""

    values: pa.Array
    problems: list[Problem]


Parser = Callable[[str], object]

_PLAIN_NUMBER = r"^[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,4}0{0,9})?|\.[0-9]{1,4})$"
_PLAIN_QUANTITY = r"^[+-]?[0-9]{1,8}(?:\.[0-9]{0,4})?$"
_TIME = re.compile(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?"
    r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$"
)
_HAS_OFFSET = r"[T ][0-9].*(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$"
_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def convert(kind: Kind, values: pa.Array, is_text: bool) -> Converted:
    """Convert one column to its canonical type.

    Parameters
    ----------
    kind
        What the schema says the column holds.
    values
        (num_rows,) as read.
    is_text
        Numbers and flags stand as text (CSV) and count by value.

    Returns
    -------
    The canonical column and the rows that do not fit; nulls are never a problem here.

    Raises
    ------
    WrongTypeError
        If the column's type cannot hold the kind, whatever its values.
    """
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
        is_text = True
    return _CONVERTERS[kind](values, is_text)


def is_string(kind: pa.DataType) -> bool:
    """Tell whether an Arrow type is one of the text types."""
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _text(values: pa.Array, is_text: bool) -> Converted:
    if not is_string(values.type):
        raise WrongTypeError(f"is {values.type} where text is due; write the column as text")
    problems = []
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        mask = _undecodable(values)
        problems = [Problem(mask, "not UTF-8", "write the text in UTF-8")]
        values = pc.if_else(pa.array(~mask), values.cast(pa.binary()), None)
    values = values.cast(pa.string())
    return Converted(pc.if_else(pc.equal(values, ""), None, values), problems)


def _key(values: pa.Array, is_text: bool) -> Converted:
    if pa.types.is_integer(values.type):
        return Converted(values.cast(pa.string()), [])
    return _text(values, is_text)


def _undecodable(values: pa.Array) -> BoolArray:
    def fails(value: bytes | None) -> bool:
        try:
            (value or b"").decode()
        except UnicodeDecodeError:
            return True
        return False

    return np.array([fails(value) for value in values.cast(pa.binary()).to_pylist()], bool)


def _numbers_from_text(
    values: pa.Array, target: pa.DataType, parse: Parser, plain: str = _PLAIN_NUMBER
) -> tuple[pa.Array, BoolArray]:
    """Parse text: all at once if Arrow can, else the unusual values one by one."""
    values = pc.utf8_trim_whitespace(values.cast(pa.string()))
    try:
        return values.cast(target), np.zeros(len(values), bool)
    except pa.ArrowInvalid:
        usual = pc.fill_null(pc.match_substring_regex(values, plain), True)
        unusual = np.flatnonzero(~_mask(usual))
        parsed = {text: parse(text) for text in values.take(pa.array(unusual)).unique().to_pylist()}
        found = [parsed[text] for text in values.take(pa.array(unusual)).to_pylist()]
        bad = np.zeros(len(values), bool)
        bad[unusual] = [value is None for value in found]
        result = pc.if_else(usual, values, None).cast(target)
        return pc.replace_with_mask(result, pc.invert(usual), pa.array(found, target)), bad


def _mask(values: pa.Array) -> BoolArray:
    return values.to_numpy(zero_copy_only=False)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and "_" not in text else None


_NOT_A_NUMBER = ("not a number", "give a finite number")
_TOO_PRECISE = ("more than 4 decimals", "round it to 4 decimals at its origin")
_OUT_OF_RANGE = (
    "out of range of decimal(12,4)",
    "give a value between -99999999.9999 and 99999999.9999",
)


def _quantity(values: pa.Array, is_text: bool) -> Converted:
    if is_text:
        return _quantity_from_text(values)
    if pa.types.is_floating(values.type):
        return _quantity_from_float(values)
    if pa.types.is_integer(values.type):
        values = values.cast(pa.decimal128(20, 0))
    if not pa.types.is_decimal(values.type):
        raise WrongTypeError(f"is {values.type} where decimal(12,4) is due; write it as a number")
    try:
        return _in_range(decimal_to_units(values.cast(pa.decimal128(18, 4))))
    except pa.ArrowInvalid:
        return _quantity_from_text(
            pa.array([str(v) if v is not None else None for v in values.to_pylist()])
        )


def _quantity_from_text(values: pa.Array) -> Converted:
    """Parse decimals exactly: all at once if Arrow can, else the unusual values one by one."""
    texts = pc.utf8_trim_whitespace(values.cast(pa.string()))
    try:
        return _in_range(
            decimal_to_units(texts.cast(pa.decimal128(38, 10)).cast(pa.decimal128(18, 4)))
        )
    except pa.ArrowInvalid:
        usual = _mask(pc.fill_null(pc.match_substring_regex(texts, _PLAIN_QUANTITY), True))
    units = pc.if_else(pa.array(usual), texts, None).cast(pa.decimal128(18, 4))
    number = pc.fill_null(decimal_to_units(units), 0).to_numpy().copy()
    rare = texts.take(pa.array(np.flatnonzero(~usual))).to_pylist()
    parsed = {text: _units_or_fault(text) for text in set(rare)}
    number[~usual] = [parsed[text][0] for text in rare]
    fault = np.full(len(texts), -1)
    fault[~usual] = [parsed[text][1] for text in rare]
    problems = [
        Problem(fault == at, *rule)
        for at, rule in enumerate((_NOT_A_NUMBER, _TOO_PRECISE, _OUT_OF_RANGE))
        if (fault == at).any()
    ]
    return Converted(pa.array(number, mask=_mask(texts.is_null())), problems)


def _units_or_fault(text: str) -> tuple[int, int]:
    """Return a quantity in 1e-4 units and -1, or 0 and which rule it breaks."""
    number = _decimal(text)
    if number is None:
        return 0, 0
    if abs(number) > Decimal(MAX_QTY) / QTY_SCALE:
        return 0, 2
    units = number * QTY_SCALE
    return (int(units), -1) if units == int(units) else (0, 1)


def _quantity_from_float(values: pa.Array) -> Converted:
    null = _mask(values.is_null())
    number = _floats(values)
    finite = np.isfinite(number)
    scaled = np.rint(np.where(finite, number, 0.0) * QTY_SCALE)
    in_range = np.abs(scaled) <= MAX_QTY
    exact = scaled / QTY_SCALE == np.where(finite, number, 0.0)
    units = pa.array(np.where(in_range, scaled, 0).astype(np.int64), mask=null)
    problems = [
        Problem(~finite & ~null, *_NOT_A_NUMBER),
        Problem(finite & ~in_range, *_OUT_OF_RANGE),
        Problem(finite & in_range & ~exact, *_TOO_PRECISE),
    ]
    return Converted(units, [problem for problem in problems if problem.mask.any()])


def _in_range(units: pa.Array) -> Converted:
    number = pc.fill_null(units, 0).to_numpy()
    outside = np.abs(number) > MAX_QTY
    return Converted(units, [Problem(outside, *_OUT_OF_RANGE)] if outside.any() else [])


def _floats(values: pa.Array) -> FloatArray:
    """(num_rows,) float64; null becomes NaN."""
    return np.asarray(pc.fill_null(values.cast(pa.float64()), np.nan), np.float64)


def _number(values: pa.Array, is_text: bool) -> Converted:
    bad = np.zeros(len(values), bool)
    if is_text:
        values, bad = _numbers_from_text(values, pa.float64(), _float)
    elif not _is_number(values.type):
        raise WrongTypeError(f"is {values.type} where a number is due; write it as a number")
    values = values.cast(pa.float64())
    bad = bad | (~np.isfinite(_floats(values)) & _mask(values.is_valid()))
    return Converted(values, [Problem(bad, *_NOT_A_NUMBER)] if bad.any() else [])


def _float(text: str) -> float | None:
    number = _decimal(text)
    return None if number is None else float(number)


def _integer(values: pa.Array, is_text: bool) -> Converted:
    if is_text:
        whole, bad = _numbers_from_text(values, pa.int64(), _whole, r"^[+-]?[0-9]{1,18}$")
    elif pa.types.is_integer(values.type) and values.type != pa.uint64():
        whole, bad = values.cast(pa.int64()), np.zeros(len(values), bool)
    elif _is_number(values.type):
        # pandas turns a column of integers with a gap into floats.
        number = _floats(values)
        null = _mask(values.is_null())
        fits = (np.abs(number) < 2**53) & (np.rint(number) == number)
        whole = pa.array(np.where(fits, number, 0).astype(np.int64), mask=null)
        bad = ~fits & ~null
    else:
        raise WrongTypeError(
            f"is {values.type} where a whole number is due; write it as an integer"
        )
    remedy = "give a whole number"
    return Converted(whole, [Problem(bad, "not a whole number", remedy)] if bad.any() else [])


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _whole(text: str) -> int | None:
    number = _decimal(text)
    if number is None or abs(number) >= 10**18 or number != int(number):
        return None
    return int(number)


def _flag(values: pa.Array, is_text: bool) -> Converted:
    if pa.types.is_boolean(values.type):
        return Converted(values, [])
    if is_text:
        words = pc.utf8_lower(pc.utf8_trim_whitespace(values.cast(pa.string())))
        at = pc.index_in(words, pa.array(list(_FLAGS)))
        flags = pa.array(list(_FLAGS.values())).take(at)
    elif _is_number(values.type):
        number = _floats(values)
        known = (number == 0) | (number == 1)
        flags = pa.array(number == 1, mask=~known)
    else:
        raise WrongTypeError(f"is {values.type} where true or false is due; write it as a boolean")
    bad = _mask(pc.and_(values.is_valid(), flags.is_null()))
    remedy = "give 1 or 0, true or false, yes or no"
    return Converted(flags, [Problem(bad, "neither true nor false", remedy)] if bad.any() else [])


def _time(values: pa.Array, is_text: bool) -> Converted:
    if pa.types.is_timestamp(values.type):
        return Converted(values, [])
    if pa.types.is_date(values.type):
        return Converted(values.cast(pa.timestamp("ms")), [])
    if not is_string(values.type):
        raise WrongTypeError(f"is {values.type} where a timestamp is due; write it as one")
    texts = pc.utf8_trim_whitespace(values.cast(pa.string()))
    with_offset = _mask(pc.fill_null(pc.match_substring_regex(texts, _HAS_OFFSET), False))
    kinds = np.where(_mask(texts.is_null()), -1, with_offset.astype(np.int8))
    if {0, 1} <= set(kinds.tolist()):
        raise WrongTypeError("has times with and without an offset; give all of them one or none")
    zone = "UTC" if with_offset.any() else None
    for unit in ("us", "ns"):
        try:
            return Converted(texts.cast(pa.timestamp(unit, zone)), [])
        except pa.ArrowInvalid:
            continue
    bad = _bad_times(texts, pa.timestamp("us", zone))
    good = pc.if_else(pa.array(bad), None, texts).cast(pa.timestamp("us", zone))
    return Converted(good, [Problem(bad, "not a date and time", "write it as 2011-11-14T08:26:00")])


def _bad_times(texts: pa.Array, target: pa.DataType) -> BoolArray:
    def fails(text: str) -> bool:
        try:
            pa.array([text]).cast(target)
        except pa.ArrowInvalid:
            return True
        return not _TIME.match(text)

    verdict = {text: fails(text) for text in texts.unique().to_pylist() if text is not None}
    return np.array([verdict.get(text, False) for text in texts.to_pylist()], bool)


_CONVERTERS = {
    Kind.KEY: _key,
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.FLAG: _flag,
    Kind.QUANTITY: _quantity,
    Kind.NUMBER: _number,
    Kind.LATITUDE: _number,
    Kind.LONGITUDE: _number,
    Kind.TIME: _time,
}
