"""One raw column -> its canonical Arrow type, and the rows that do not fit.

Canonical types: text and keys string, but an order's key that comes as an integer stays int64;
whole numbers int64, flags bool, quantities int64 in 1e-4 units, coordinates and other numbers
float64, times timestamp. A null stays null.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.converted import Converted, Problem, converted, leave_out, to_mask, wrong_type
from engine.tables.numbers import (
    floats,
    integer,
    integer_from_text,
    is_number,
    number,
    number_from_text,
    quantity,
    quantity_from_text,
)
from engine.tables.schema import Kind
from engine.tables.times import time, time_from_text
from engine.tables.whole import whole
from engine.types import BoolArray

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
    pyarrow.ArrowException
        If Arrow cannot handle the column, or finds it damaged.
    """
    values = plain(values)
    if values.null_count == len(values):
        # pandas makes floats of a column that nobody filled.
        values, is_text = pa.nulls(len(values), pa.string()), True
    if kind is Kind.TEXT:
        return _text(values)
    if kind is Kind.ORDER_KEY and pa.types.is_signed_integer(values.type):
        return converted(values.cast(pa.int64()))  # half the time of text, all along the run
    if kind in (Kind.KEY, Kind.ORDER_KEY):
        return _key(values)
    # Decided: text stands for a time in typed formats too, since JSON and SQL give it so.
    if is_text or (kind is Kind.TIME and is_string(values.type)):
        text = _text(values)
        parsed = _FROM_TEXT[kind](pc.utf8_trim_whitespace(text.values))
        return Converted(parsed.values, text.problems + parsed.problems)
    values.validate(full=True)  # a decimal may hold more digits than its type has
    return _FROM_TYPED[kind](values)


def plain(values: pa.Array) -> pa.Array:
    """Return a column without the encodings that Arrow can hold and hardly handle."""
    if pa.types.is_run_end_encoded(values.type):
        values = pc.run_end_decode(values)
    if pa.types.is_dictionary(values.type):
        words = plain(values.dictionary)
        return pa.DictionaryArray.from_arrays(values.indices, words).dictionary_decode()
    if pa.types.is_string_view(values.type):
        return values.cast(pa.large_string())
    return values.cast(pa.large_binary()) if pa.types.is_binary_view(values.type) else values


def plain_whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array without encodings.

    These are undone piece by piece: together, the words of all pieces may be too many for codes.
    """
    if not column.num_chunks:
        return plain(whole(column))
    return whole(pa.chunked_array([plain(piece) for piece in column.chunks]))


def is_string(kind: pa.DataType) -> bool:
    """Tell whether an Arrow type is one of the text types."""
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _text(values: pa.Array) -> Converted:
    if not is_string(values.type):
        remedy = "write the column as text where it comes from: a number has no leading zeros"
        raise wrong_type(values, "text", remedy)
    undecodable = np.zeros(len(values), bool)
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        undecodable = _undecodable(values)
        values = leave_out(undecodable, values.cast(pa.binary()))
    values = values.cast(pa.string())
    empty = to_mask(pc.fill_null(pc.equal(values, ""), False))
    problem = Problem(undecodable, "not UTF-8", "write the text in UTF-8")
    return converted(leave_out(empty, values), problem)


def _undecodable(values: pa.Array) -> BoolArray:
    def fails(value: bytes | None) -> bool:
        try:
            (value or b"").decode()
        except UnicodeDecodeError:
            return True
        return False

    return np.array([fails(value) for value in values.cast(pa.binary()).to_pylist()], bool)


def _key(values: pa.Array) -> Converted:
    if pa.types.is_integer(values.type):
        return converted(values.cast(pa.string()))
    if not is_string(values.type):
        raise wrong_type(values, "text or an integer", "write the column as text or as integers")
    return _text(values)


def _flag_from_text(texts: pa.Array) -> Converted:
    at = pc.index_in(pc.utf8_lower(texts), pa.array(list(_FLAGS)), skip_nulls=True)
    return _flags(texts, pa.array(list(_FLAGS.values())).take(at))


def _flag(values: pa.Array) -> Converted:
    if pa.types.is_boolean(values.type):
        return converted(values)
    if not is_number(values.type):
        raise wrong_type(values, "true or false", "write the column as booleans, or as 1 and 0")
    number = values if pa.types.is_integer(values.type) else pa.array(floats(values))
    one, nought = pc.equal(number, 1), pc.equal(number, 0)
    return _flags(values, pc.if_else(pc.or_(one, nought), one, None))


def _flags(values: pa.Array, flags: pa.Array) -> Converted:
    bad = to_mask(pc.and_(values.is_valid(), flags.is_null()))
    remedy = "give 1 or 0, true or false, yes or no"
    return converted(flags, Problem(bad, "neither true nor false", remedy))


_FROM_TEXT = {
    Kind.INTEGER: integer_from_text,
    Kind.FLAG: _flag_from_text,
    Kind.QUANTITY: quantity_from_text,
    Kind.NUMBER: number_from_text,
    Kind.LATITUDE: number_from_text,
    Kind.LONGITUDE: number_from_text,
    Kind.TIME: time_from_text,
}
_FROM_TYPED = {
    Kind.INTEGER: integer,
    Kind.FLAG: _flag,
    Kind.QUANTITY: quantity,
    Kind.NUMBER: number,
    Kind.LATITUDE: number,
    Kind.LONGITUDE: number,
    Kind.TIME: time,
}
