"""What comes of converting a raw column."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.findings import shown_text
from engine.types import BoolArray


class WrongTypeError(Exception):
    """The column's type cannot hold what the schema asks for; made of reason and remedy."""


class Problem(NamedTuple):
    """Rows of a column that break one rule; ``mask`` is (num_rows,)."""

    mask: BoolArray
    reason: str
    remedy: str


class Converted(NamedTuple):
    """A canonical column; rows under a problem's mask hold null or a value not to be used."""

    values: pa.Array
    problems: list[Problem]


def converted(values: pa.Array, *problems: Problem) -> Converted:
    """Return a canonical column with those problems that any row has."""
    return Converted(values, [problem for problem in problems if problem.mask.any()])


def wrong_type(values: pa.Array, due: str, remedy: str) -> WrongTypeError:
    """Return the error that a column's type cannot hold what is due."""
    return WrongTypeError(f"wrong type: {shown_text(values.type)} where {due} is due", remedy)


def to_mask(values: pa.Array) -> BoolArray:
    """(num_rows,) of a boolean column without nulls."""
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)


def matches(texts: pa.Array, pattern: str) -> BoolArray:
    """(num_rows,) whether each text matches; a null does."""
    return to_mask(pc.fill_null(pc.match_substring_regex(texts, pattern), True))


def leave_out(mask: BoolArray, values: pa.Array) -> pa.Array:
    """Return the values with null under the mask."""
    return pc.if_else(pa.array(mask), None, values) if mask.any() else values
