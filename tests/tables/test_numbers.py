import decimal
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.tables.convert import convert
from engine.tables.converted import WrongTypeError
from engine.tables.schema import Kind
from engine.types import MAX_QTY

NOT_A_NUMBER = "not a number"
TOO_PRECISE = "more than 4 decimals"
OUT_OF_RANGE = "out of range of decimal(12,4)"
NOT_WHOLE = "not a whole number"

number_texts = st.from_regex(
    r"[+-]?([0-9]{1,14}\.?[0-9]{0,8}|\.[0-9]{1,8})([eE][+-]?[0-9]{1,2})?", fullmatch=True
)
blanks = st.sampled_from(["", " ", "\t", "\u00a0"])
trimmed_texts = st.tuples(blanks, number_texts, blanks).map("".join)
other_texts = st.one_of(
    st.text(min_size=1),
    st.text("0123456789.+-eExX_ ", min_size=1),
    st.sampled_from(
        ["0x1F", "1_0", "٣", "５", "nan", "-inf", "Infinity", "sNaN", "nan(1)", "1e", "."]
    ),
    st.sampled_from(["1e999999999", "1e-999999999", "0e-999999999", f"1e-{'9' * 30}", "9" * 5000]),
)


def outcome(kind, values, is_text=True):
    """Value of each row, or the reasons why there is none."""
    if not isinstance(values, pa.Array):
        values = pa.array(values, pa.string())
    found = convert(kind, values, is_text)
    rows = found.values.to_pylist()
    for problem in found.problems:
        for row in np.flatnonzero(problem.mask):
            rows[row] = problem.reason
    assert len(rows) == len(values)
    return rows


def quantity_by_hand(text):
    number = Fraction(text.strip())
    if abs(number) > Fraction(MAX_QTY, 10_000):
        return OUT_OF_RANGE
    units = number * 10_000
    return int(units) if units.denominator == 1 else TOO_PRECISE


def whole_by_hand(text):
    number = Fraction(text.strip())
    return int(number) if number.denominator == 1 and abs(number) < 10**18 else NOT_WHOLE


@given(st.lists(st.none() | trimmed_texts, max_size=3))
def test_quantity_from_text_counts_by_value(texts):
    expected = [None if text is None else quantity_by_hand(text) for text in texts]
    assert outcome(Kind.QUANTITY, texts) == expected


@given(st.lists(st.none() | trimmed_texts, max_size=3))
def test_integer_from_text_counts_by_value(texts):
    expected = [None if text is None else whole_by_hand(text) for text in texts]
    assert outcome(Kind.INTEGER, texts) == expected


@given(st.lists(st.none() | trimmed_texts, max_size=3))
def test_number_from_text_is_the_nearest_float(texts):
    expected = [None if text is None else float(text) for text in texts]
    assert outcome(Kind.NUMBER, texts) == expected


@pytest.mark.parametrize("kind", [Kind.QUANTITY, Kind.INTEGER, Kind.NUMBER, Kind.FLAG])
@given(st.lists(st.none() | other_texts | trimmed_texts, max_size=3))
@example(["0x1F", "x"])
@example(["+5", "x"])
def test_convert_judges_each_row_by_itself(kind, texts):
    alone = [outcome(kind, [text])[0] for text in texts]
    assert outcome(kind, texts) == alone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e3", 10_000_000),
        ("1.50000", 15_000),
        (" 5 ", 50_000),
        ("+5", 50_000),
        ("5.", 50_000),
        (".5", 5_000),
        ("-0", 0),
        ("-0.0001", -1),
        ("007", 70_000),
        ("0.00010000000000000000000000000000", 1),
        ("10000e-8", 1),
        ("99999999.9999", MAX_QTY),
        ("-99999999.9999", -MAX_QTY),
        ("99999999.99990", MAX_QTY),
        ("100000000", OUT_OF_RANGE),
        ("-100000000", OUT_OF_RANGE),
        ("99999999.99991", OUT_OF_RANGE),
        ("1e999999999", OUT_OF_RANGE),
        (f"1e{'9' * 30}", OUT_OF_RANGE),
        ("9" * 100_000, OUT_OF_RANGE),
        ("0.00001", TOO_PRECISE),
        ("1.0000000000000000000000000000000001", TOO_PRECISE),
        ("1e-5", TOO_PRECISE),
        ("1e-999999999", TOO_PRECISE),
        ("0e-999999999", 0),
        ("nan", NOT_A_NUMBER),
        ("inf", NOT_A_NUMBER),
        ("-Infinity", NOT_A_NUMBER),
        ("0x10", NOT_A_NUMBER),
        ("1_000", NOT_A_NUMBER),
        ("1,5", NOT_A_NUMBER),
        ("1 000", NOT_A_NUMBER),
        ("٣", NOT_A_NUMBER),
        ("five", NOT_A_NUMBER),
        (" ", NOT_A_NUMBER),
        ("1\0", NOT_A_NUMBER),
        (None, None),
        ("", None),
    ],
)
def test_quantity_from_text_of_one_value(text, expected):
    assert outcome(Kind.QUANTITY, [text]) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e3", 1000),
        ("5.000", 5),
        ("-1", -1),
        ("007", 7),
        ("999999999999999999", 10**18 - 1),
        ("1000000000000000000", NOT_WHOLE),
        ("1.0000000000000000000000000000000001", NOT_WHOLE),
        ("0x1F", NOT_WHOLE),
        ("1e999999999", NOT_WHOLE),
        ("1e-999999999", NOT_WHOLE),
        ("0.5", NOT_WHOLE),
        ("true", NOT_WHOLE),
    ],
)
def test_integer_from_text_of_one_value(text, expected):
    assert outcome(Kind.INTEGER, [text]) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1.5e-3", -0.0015),
        (".5", 0.5),
        ("1e400", NOT_A_NUMBER),
        ("1e-400", 0.0),
        ("nan", NOT_A_NUMBER),
        ("-inf", NOT_A_NUMBER),
        ("48,8", NOT_A_NUMBER),
        ("48°", NOT_A_NUMBER),
    ],
)
def test_number_from_text_of_one_value(text, expected):
    assert outcome(Kind.NUMBER, [text]) == [expected]


def test_quantity_from_text_minds_no_context_of_the_caller():
    with decimal.localcontext(prec=3, traps=[decimal.Inexact]):
        assert outcome(Kind.QUANTITY, ["12345.6789e0", "1e-5"]) == [123456789, TOO_PRECISE]


@given(st.lists(st.none() | st.floats()))
def test_quantity_from_float_by_the_rule_of_the_contract(numbers):
    def by_hand(x):
        if x is None:
            return None
        if not np.isfinite(x):
            return NOT_A_NUMBER
        if abs(x) > 99999999.9999:
            return OUT_OF_RANGE
        return round(x * 10000) if round(x * 10000) / 10000 == x else TOO_PRECISE

    values = pa.array(numbers, pa.float64())
    assert outcome(Kind.QUANTITY, values, False) == [by_hand(x) for x in numbers]


@given(st.lists(st.integers(-MAX_QTY, MAX_QTY)))
def test_quantity_from_float_takes_every_quantity(units):
    values = pa.array([it / 10_000 for it in units], pa.float64())
    assert outcome(Kind.QUANTITY, values, False) == units


@pytest.mark.parametrize(
    "kind",
    [
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint32(), pa.uint64()),
        *(pa.float16(), pa.float32(), pa.float64()),
        *(pa.decimal32(5, 2), pa.decimal64(9, 4), pa.decimal128(12, 4), pa.decimal128(38, 30)),
        *(pa.decimal256(76, 0), pa.decimal256(76, 60)),
    ],
    ids=str,
)
def test_numbers_of_every_type(kind):
    values = pa.array([7, None, 0], kind)
    assert outcome(Kind.QUANTITY, values, False) == [70_000, None, 0]
    assert outcome(Kind.INTEGER, values, False) == [7, None, 0]
    assert outcome(Kind.NUMBER, values, False) == [7.0, None, 0.0]


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        (pa.int64(), 2**63 - 1, (OUT_OF_RANGE, 2**63 - 1, 2.0**63)),
        (pa.uint64(), 2**64 - 1, (OUT_OF_RANGE, NOT_WHOLE, 2.0**64)),
        (pa.uint64(), 2**53 + 1, (OUT_OF_RANGE, 2**53 + 1, 2.0**53)),
        (pa.float32(), 0.5, (5_000, NOT_WHOLE, 0.5)),
        (pa.float32(), 0.1, (TOO_PRECISE, NOT_WHOLE, float(np.float32(0.1)))),
        (pa.float64(), 2.0**53 - 1, (OUT_OF_RANGE, 2**53 - 1, 2.0**53 - 1)),
        (pa.float64(), 2.0**53, (OUT_OF_RANGE, NOT_WHOLE, 2.0**53)),
        (pa.float64(), 1.7e308, (OUT_OF_RANGE, NOT_WHOLE, 1.7e308)),
        (pa.float64(), float("nan"), (NOT_A_NUMBER, NOT_WHOLE, NOT_A_NUMBER)),
        (pa.float64(), float("-inf"), (NOT_A_NUMBER, NOT_WHOLE, NOT_A_NUMBER)),
        (pa.decimal128(5, -3), Decimal(15000), (150_000_000, 15000, 15000.0)),
        (pa.decimal128(5, -20), Decimal("1e20"), (OUT_OF_RANGE, NOT_WHOLE, 1e20)),
        (pa.decimal128(38, 37), Decimal("1.00000000000000000001"), (TOO_PRECISE, NOT_WHOLE, 1.0)),
        (pa.decimal128(38, 20), Decimal("1e-10"), (TOO_PRECISE, NOT_WHOLE, 1e-10)),
        (pa.decimal128(18, 4), Decimal("100000000"), (OUT_OF_RANGE, 100_000_000, 1e8)),
        (pa.decimal256(76, 0), Decimal("1e70"), (OUT_OF_RANGE, NOT_WHOLE, 1e70)),
    ],
)
def test_numbers_at_the_edge_of_their_type(kind, number, expected):
    values = pa.array([number, None], kind)
    kinds = (Kind.QUANTITY, Kind.INTEGER, Kind.NUMBER)
    assert tuple(outcome(it, values, False)[0] for it in kinds) == expected


def test_quantity_from_decimals_of_a_slice():
    values = pa.array([Decimal(at) for at in range(9)], pa.decimal128(18, 4)).slice(3, 2)
    assert outcome(Kind.QUANTITY, values, False) == [30_000, 40_000]


def test_quantity_from_decimals_beyond_their_own_type():
    """Arrow holds any 128 bits; only validation looks."""
    buffers = [None, pa.py_buffer((10**30).to_bytes(16, "little"))]
    values = pa.Array.from_buffers(pa.decimal128(18, 4), 1, buffers)
    with pytest.raises(pa.ArrowInvalid, match="does not fit in precision"):
        convert(Kind.QUANTITY, values, False)


@pytest.mark.parametrize("kind", [Kind.QUANTITY, Kind.INTEGER, Kind.NUMBER, Kind.LATITUDE])
@pytest.mark.parametrize(
    "values",
    [
        *(pa.array(["1"]), pa.array([True]), pa.array([b"1"]), pa.array([[1]])),
        *(pa.array([{"a": 1}]), pa.array([1], pa.timestamp("s")), pa.array([1], pa.date32())),
        *(pa.array([1], pa.time64("us")), pa.array([1], pa.duration("s"))),
        *(pa.array([b"a" * 16], pa.uuid()), pa.array(["1"]).dictionary_encode()),
    ],
    ids=lambda values: str(values.type)[:20],
)
def test_numbers_of_a_wrong_type(kind, values):
    with pytest.raises(WrongTypeError) as error:
        convert(kind, values, False)
    reason, remedy = error.value.args
    assert reason.startswith("wrong type: ")
    assert remedy.startswith("write the column as")
