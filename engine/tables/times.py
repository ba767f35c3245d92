"""Times of every type and of text -> timestamps.

A column is as it came in, with or without a zone; Arrow holds the former in UTC.
"""

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
_HAS_NANOSECONDS = r"\.[0-9]{7}"
_YEARS_IN_NANOSECONDS = (1678, 2261)


TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""Ticks of a second, by the unit of a timestamp."""


def time_from_text(texts: pa.Array) -> Converted:
    """Parse ISO 8601 times, all with an offset or all without one."""
    # The first shows what to try: the wrong type would cost a microsecond for each row.
    first = texts.drop_null()[:1]
    if not matches(first, _HAS_NANOSECONDS).any():
        zone = "UTC" if matches(first, _HAS_OFFSET).any() else None
        try:
            return converted(texts.cast(pa.timestamp("us", zone)))
        except pa.ArrowInvalid:
            pass
    bad = ~matches(texts, _TIME)
    texts = leave_out(bad, texts)
    zone = _zone(texts)
    not_a_time = Problem(bad, "not a date and time", "write it as 2011-11-14T08:26:00")
    if not (matches(texts, _HAS_NANOSECONDS) & to_mask(texts.is_valid())).any():
        return converted(texts.cast(pa.timestamp("us", zone)), not_a_time)
    low, high = _YEARS_IN_NANOSECONDS
    years = pc.fill_null(pc.utf8_slice_codeunits(texts, 0, 4).cast(pa.int16()), low).to_numpy()
    far = (years < low) | (years > high)
    remedy = f"give times of the years {low} to {high}, or none with more than 6 decimals"
    return converted(
        leave_out(far, texts).cast(pa.timestamp("ns", zone)),
        not_a_time,
        Problem(far, "too far for times with more than 6 decimals", remedy),
    )


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
