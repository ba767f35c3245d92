"""Times of every type and of text -> timestamps.

A column is as it came in, with or without a zone; Arrow holds the former in UTC.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.converted import (
    Converted,
    Problem,
    WrongTypeError,
    converted,
    leave_out,
    matches,
    to_mask,
    wrong_type,
)
from engine.tables.findings import shown_value

# Every day there is, leap days only in leap years.
_DAY = (
    r"(?:[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_SIXTY = r"[0-5][0-9]"
_HOUR = r"(?:[01][0-9]|2[0-3])"
_CLOCK = rf"[T ]{_HOUR}(?::{_SIXTY}(?::{_SIXTY}(?:\.[0-9]{{1,9}})?)?)?"
_OFFSET = rf"(?:Z|[+-]{_HOUR}(?::?{_SIXTY})?)"
_TIME = rf"^{_DAY}(?:{_CLOCK}{_OFFSET}?)?$"
_HAS_OFFSET = r"^.{10}.*[Z+-]"
_NANOSECONDS = r"(\.[0-9]{6})[0-9]+"
_YEARS = (1678, 2261)
"""For which there are nanoseconds. No other is taken, or it would depend on the other rows."""


TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""Ticks of a second, by the unit of a timestamp."""


def time_from_text(texts: pa.Array) -> Converted:
    """Parse ISO 8601 times, all with an offset or all without one."""
    # The first shows what to try: the wrong type would cost a microsecond for each row.
    first = texts.drop_null()[:1]
    if not matches(first, _NANOSECONDS).any():
        zone = "UTC" if matches(first, _HAS_OFFSET).any() else None
        try:
            micros = texts.cast(pa.timestamp("us", zone))
            return converted(micros, _too_far(micros))
        except pa.ArrowInvalid:
            pass
    bad = ~matches(texts, _TIME)
    texts = leave_out(bad, texts)
    zone = _zone(texts)
    not_a_time = Problem(bad, "not a date and time", "write it as 2011-11-14T08:26:00")
    cut = pc.replace_substring_regex(texts, _NANOSECONDS, r"\1")
    micros = cut.cast(pa.timestamp("us", zone))
    too_far = _too_far(micros)
    if cut.equals(texts):
        return converted(micros, not_a_time, too_far)
    nanos = leave_out(too_far.mask, texts).cast(pa.timestamp("ns", zone))
    return converted(nanos, not_a_time, too_far)


def _too_far(micros: pa.Array) -> Problem:
    """Return which times, in microseconds, are of a year that is not taken."""
    low, high = _YEARS
    first, end = np.array([f"{low}", f"{high + 1}"], "datetime64[us]").astype(np.int64)
    moment = np.asarray(pc.fill_null(micros.cast(pa.int64()), 0))
    remedy = f"give times of the years {low} to {high}"
    return Problem((moment < first) | (moment >= end), "too far from today", remedy)


def _zone(texts: pa.Array) -> str | None:
    """Return the zone of valid times; in both kinds together nothing says which comes first."""
    given = to_mask(texts.is_valid())
    with_offset = matches(texts, _HAS_OFFSET) & given
    without = given & ~with_offset
    if with_offset.any() and without.any():
        kinds = []
        for mask, name in ((with_offset, "with"), (without, "without")):
            row = int(mask.argmax())
            shown = shown_value(texts[row].as_py())
            kinds.append(f"{mask.sum():,} {name}, such as row {row}: {shown}")
        reason = f"times with and without an offset ({'; '.join(kinds)})"
        raise WrongTypeError(reason, "give all of them an offset, or none")
    return "UTC" if with_offset.any() else None


def time(values: pa.Array) -> Converted:
    """Take timestamps and dates as they are."""
    if pa.types.is_timestamp(values.type):
        return converted(values)
    if pa.types.is_date(values.type):
        return converted(values.cast(pa.timestamp("ms")))
    raise wrong_type(values, "a timestamp", "write the column as timestamps or ISO 8601 text")
