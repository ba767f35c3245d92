import re
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.tables.convert import convert
from engine.tables.converted import WrongTypeError
from engine.tables.schema import Kind

NOT_A_TIME = "not a date and time"
TOO_FAR = "too far from today"


FIRST, END = (int(np.datetime64(year, "us").astype(np.int64)) for year in ("1678", "2262"))


def two(low, high):
    return st.integers(low, high).map("{:02}".format)


dates = st.builds("{:04}-{}-{}".format, st.integers(0, 9999), two(0, 13), two(0, 32))
leap_days = st.builds("{:04}-02-29".format, st.integers(0, 9999))
clocks = st.one_of(
    st.just(""),
    st.builds("{}{}".format, st.sampled_from("T "), two(0, 24)),
    st.builds("T{}:{}".format, two(0, 24), two(0, 60)),
    st.builds("T{}:{}:{}".format, two(0, 24), two(0, 60), two(0, 60)),
    st.builds("T23:59:59.{}".format, st.from_regex(r"\A[0-9]{0,10}\Z")),
)
offsets = st.one_of(
    st.sampled_from(["", "Z", "z", " Z", "+1", "+24:00"]),
    st.builds(
        "{}{}{}{}".format, st.sampled_from("+-"), two(0, 24), st.sampled_from(["", ":"]), two(0, 60)
    ),
    st.builds("-{}".format, two(0, 24)),
)
moments = st.builds("{}{}{}".format, dates | leap_days, clocks, offsets)
near_times = st.text("0123456789-:.TZ+ ", min_size=1, max_size=30).filter(str.strip)


def texts(values):
    return pa.array(values, pa.string())


def arrow_takes(text):
    """Whether Arrow by itself reads a text as a time, and whether with an offset."""
    for zone in (None, "UTC"):
        for unit in ("us", "ns"):
            try:
                texts([text]).cast(pa.timestamp(unit, zone))
            except pa.ArrowInvalid:
                continue
            return True, zone is not None
    return False, False


def moment(text, has_offset):
    """What Arrow reads, as if in UTC where there is no offset."""
    return (
        texts([text])
        .cast(pa.timestamp("us", "UTC" if has_offset else None))
        .cast(pa.int64())[0]
        .as_py()
    )


def reasons(converted):
    return [
        next((problem.reason for problem in converted.problems if problem.mask[row]), None)
        for row in range(len(converted.values))
    ]


@pytest.mark.parametrize("others", [[], ["soon"], [None, "soon"]])
@given(moments | near_times)
@example("1900-02-29")
@example("2000-02-29")
@example("2024-01-01T10:00:00.1234567891")
@example("2262-01-01T10:00:00.1234567")
@example("1677-12-31T10:00:00.1234567")
def test_time_from_text_takes_what_arrow_takes(others, text):
    converted = convert(Kind.TIME, texts([*others, text]), True)
    micros = re.sub(r"(\.[0-9]{6})[0-9]{1,3}(?![0-9])", r"\1", text.strip())
    good, has_offset = arrow_takes(micros)
    is_far = good and not FIRST <= moment(micros, has_offset) < END
    assert reasons(converted)[-1] == ((TOO_FAR if is_far else None) if good else NOT_A_TIME)
    assert (converted.values.type.tz == "UTC") == has_offset


near = st.datetimes(datetime(1679, 1, 1), datetime(2261, 1, 1))


@given(st.lists(st.none() | near, min_size=1, max_size=3), st.sampled_from([0, 5, -11]))
def test_time_from_text_is_the_moment_written(moments, hours):
    offset = f"{hours:+03}:00"
    written = [moment and f"{moment.isoformat()}{offset}" for moment in moments]
    values = convert(Kind.TIME, texts(written), True).values
    micros = pa.array(moments, pa.timestamp("us")).cast(pa.int64()).to_pylist()
    expected = [it and it - hours * 3_600_000_000 for it in micros]
    assert values.cast(pa.int64()).to_pylist() == expected


@given(st.lists(st.none() | near, min_size=1, max_size=3))
def test_time_from_text_without_offset_is_the_same_in_utc(moments):
    plain = texts([moment and moment.isoformat(" ") for moment in moments])
    zoned = texts([moment and f"{moment.isoformat()}Z" for moment in moments])
    one, other = (convert(Kind.TIME, it, True).values.cast(pa.int64()) for it in (plain, zoned))
    assert one.equals(other)


def test_time_from_text_with_nanoseconds():
    values = texts(["2024-01-01T00:00:00.000000001", None, "1970-01-01", "2024-01-01T00:00:00.5"])
    converted = convert(Kind.TIME, values, True)
    assert converted.problems == []
    assert converted.values.type == pa.timestamp("ns")
    seconds = 1704067200 * 10**9
    assert converted.values.cast(pa.int64()).to_pylist() == [
        seconds + 1,
        None,
        0,
        seconds + 5 * 10**8,
    ]


def test_time_from_text_with_nanoseconds_beside_a_bad_one():
    values = texts(["x", "2024-01-01T00:00:00.123456789+01:00", " ", None])
    converted = convert(Kind.TIME, values, True)
    assert reasons(converted) == [NOT_A_TIME, None, NOT_A_TIME, None]
    assert converted.values.cast(pa.int64()).to_pylist()[1] == 1704063600123456789


@pytest.mark.parametrize("beside", [[], ["2024-01-01T00:00:00.123456789{}"], ["soon"]])
@pytest.mark.parametrize("decimals", ["", ".1234567"])
@pytest.mark.parametrize("offset", ["", "Z", "-23:59", "+23:59"])
def test_time_from_text_is_too_far_whatever_stands_beside_it(beside, decimals, offset):
    years = ("0000", "1677", "1679", "2260", "2263", "9999")
    written = [f"{year}-06-01T00:00:00{decimals}{offset}" for year in years]
    for at, text in enumerate(written):
        values = texts([text, *(other.format(offset) for other in beside)])
        due = None if at in (2, 3) else TOO_FAR
        assert reasons(convert(Kind.TIME, values, True))[0] == due
    assert reasons(convert(Kind.TIME, texts(written), True)) == [
        *(TOO_FAR, TOO_FAR, None, None, TOO_FAR, TOO_FAR)
    ]


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ("1677-12-31T23:59:59.999999Z", TOO_FAR),
        ("1678-01-01T00:00:00Z", None),
        ("1678-01-01T00:00:00+00:01", TOO_FAR),
        ("2261-12-31T23:59:59.999999Z", None),
        ("2261-12-31T23:59:59.999999999Z", None),
        ("2261-12-31T23:59:59-00:01", TOO_FAR),
        ("2262-01-01T00:00:00Z", TOO_FAR),
        ("2262-01-01T00:00:00.000000000Z", TOO_FAR),
    ],
)
def test_time_from_text_is_too_far_by_its_year_in_utc(written, due):
    for beside in ([], ["2024-01-01T00:00:00.123456789Z"], ["soon"]):
        assert reasons(convert(Kind.TIME, texts([written, *beside]), True))[0] == due


@pytest.mark.parametrize(
    "values", [["2024-01-01", "2024-01-01T00:00Z"], ["2024-01-01T00Z", "2024-01-01T00"]]
)
def test_time_from_text_with_and_without_offset_is_an_error(values):
    with pytest.raises(WrongTypeError) as error:
        convert(Kind.TIME, texts([None, *values, "soon"]), True)
    reason, remedy = error.value.args
    assert reason.startswith("times with and without an offset (1 with, such as row ")
    assert "; 1 without, such as row " in reason
    assert all(repr(value) in reason for value in values)
    assert remedy == "give all of them an offset, or none"


@pytest.mark.parametrize("junk", ["at 2024-12", "2024-02-30T10:00:00Z", "T5 - 12", "-12:00"])
def test_time_from_text_takes_no_offset_from_junk(junk):
    converted = convert(Kind.TIME, texts(["2024-01-01 10:00", junk]), True)
    assert reasons(converted) == [None, NOT_A_TIME]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_time_from_text_in_a_typed_format(kind):
    values = pa.array(["2024-02-29T23:59:59.5", None, "", " 2024-03-01 "], kind)
    converted = convert(Kind.TIME, values, False)
    assert converted.problems == []
    moments = [datetime(2024, 2, 29, 23, 59, 59, 500_000), None, None, datetime(2024, 3, 1)]
    assert converted.values.to_pylist() == moments


def test_time_from_text_that_is_not_utf8():
    values = pa.array([b"\xff", b"2024-01-01"]).cast(pa.string(), safe=False)
    converted = convert(Kind.TIME, values, False)
    assert reasons(converted) == ["not UTF-8", None]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "+01:00", "Europe/Paris"])
def test_time_takes_timestamps_as_they_are(unit, zone):
    values = pa.array([-(2**63), 0, None, 2**63 - 1], pa.timestamp(unit, zone))
    converted = convert(Kind.TIME, values, False)
    assert converted.problems == []
    assert converted.values.equals(values)


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()], ids=str)
def test_time_takes_dates(kind):
    values = convert(Kind.TIME, pa.array([date(2024, 2, 29), None], kind), False).values
    assert values.to_pylist() == [datetime(2024, 2, 29), None]


@pytest.mark.parametrize(
    "values",
    [
        *(pa.array([1]), pa.array([1.5]), pa.array([True]), pa.array([b"2024-01-01"])),
        *(pa.array([1], pa.time32("s")), pa.array([1], pa.duration("s")), pa.array([["2024"]])),
    ],
    ids=lambda values: str(values.type),
)
def test_time_of_a_wrong_type(values):
    with pytest.raises(
        WrongTypeError, match=f"wrong type: {values.type}".split("<")[0].split("[")[0]
    ):
        convert(Kind.TIME, values, False)


def test_time_from_text_of_a_million_bad_ones_is_quick():
    """One by one, through Arrow, they would take a quarter of a minute."""
    written = np.char.add("2023-02-29T00:00:00.", np.arange(10**6).astype(str))
    converted = convert(Kind.TIME, texts(written.tolist()), True)
    assert converted.problems[0].mask.all()


def test_time_of_utc_and_naive_python_values_agree():
    aware = pa.array([datetime(2024, 1, 1, tzinfo=UTC)])
    naive = pa.array([datetime(2024, 1, 1)])
    one, other = (convert(Kind.TIME, it, False).values.cast(pa.int64()) for it in (aware, naive))
    assert one.equals(other)
