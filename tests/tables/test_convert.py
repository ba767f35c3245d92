import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tables.convert import convert, is_string, plain, plain_whole
from engine.tables.converted import WrongTypeError
from engine.tables.schema import Kind

TEXT_TYPES = [pa.string(), pa.large_string(), pa.string_view()]
WRONG_FOR_TEXT = [
    *(pa.array([1.5]), pa.array([True]), pa.array([b"a"]), pa.array([["a"]])),
    *(pa.array([b"a"], pa.binary_view()), pa.array([b"a" * 16], pa.uuid())),
    *(pa.array([1], pa.timestamp("s")), pa.array([1], pa.decimal128(38, 0))),
    pa.array(['"a"'], pa.json_()),
]


def encodings(values):
    """The same column in every shape that Arrow has for it."""
    words = plain(values.dictionary_encode())
    yield "plain", values
    yield "dictionary", values.dictionary_encode()
    yield "runs", pc.run_end_encode(values)
    yield "slice", pa.concat_arrays([words[:1], values, words[:1]]).slice(1, len(values))


def undecodable(*values):
    return pa.array(values, pa.binary()).cast(pa.string(), safe=False)


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.KEY])
@pytest.mark.parametrize("of", TEXT_TYPES, ids=str)
@given(st.lists(st.none() | st.text()))
def test_convert_keeps_text_as_it_is(kind, of, texts):
    converted = convert(kind, pa.array(texts, of), False)
    assert converted.problems == []
    assert converted.values.type == pa.string()
    assert converted.values.to_pylist() == [text or None for text in texts]


@given(
    st.lists(st.none() | st.sampled_from(["07", "7", " 7 ", "NA", "NULL", "\0", "é"]), min_size=1)
)
def test_convert_text_in_every_encoding(texts):
    expected = [text or None for text in texts]
    for name, values in encodings(pa.array(texts, pa.string())):
        for kind in (Kind.TEXT, Kind.KEY):
            assert convert(kind, values, False).values.to_pylist() == expected, name


@given(st.lists(st.none() | st.integers(-3, 3), min_size=1))
def test_convert_numbers_in_every_encoding(numbers):
    expected = [it if it is None else it * 10_000 for it in numbers]
    for name, values in encodings(pa.array(numbers, pa.int64())):
        assert convert(Kind.QUANTITY, values, False).values.to_pylist() == expected, name


def test_convert_categories_of_polars():
    """They are a dictionary of string views, which Arrow itself cannot decode."""
    words = pa.array(["b" * 20, "a"], pa.string_view())
    values = pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1], pa.uint32()), words)
    expected = ["a", None, "b" * 20, "a"]
    assert convert(Kind.KEY, values, False).values.to_pylist() == expected
    assert convert(Kind.KEY, values.slice(1, 2), False).values.to_pylist() == expected[1:3]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("is_text", [True, False])
def test_convert_takes_a_column_without_type_as_null(kind, is_text):
    converted = convert(kind, pa.nulls(3), is_text)
    assert converted.problems == []
    assert converted.values.null_count == 3
    assert converted.values.type == convert(kind, pa.array([], pa.string()), True).values.type


@pytest.mark.parametrize(
    "of",
    [pa.int8(), pa.int64(), pa.uint8(), pa.uint64(), pa.dictionary(pa.int8(), pa.int16())],
    ids=str,
)
def test_convert_key_prints_integers(of):
    values = pa.array([7, None, 0], of.value_type if pa.types.is_dictionary(of) else of)
    values = values.dictionary_encode() if pa.types.is_dictionary(of) else values
    assert convert(Kind.KEY, values, False).values.to_pylist() == ["7", None, "0"]


def test_convert_key_prints_the_largest_integers():
    assert convert(Kind.KEY, pa.array([2**64 - 1], pa.uint64()), False).values[0].as_py() == str(
        2**64 - 1
    )
    assert convert(Kind.KEY, pa.array([-(2**63)]), False).values[0].as_py() == str(-(2**63))


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.KEY])
@pytest.mark.parametrize("values", WRONG_FOR_TEXT, ids=lambda values: str(values.type))
def test_convert_text_of_a_wrong_type(kind, values):
    with pytest.raises(WrongTypeError, match=r"^\('wrong type: "):
        convert(kind, values, False)


def test_convert_text_refuses_integers():
    with pytest.raises(WrongTypeError) as error:
        convert(Kind.TEXT, pa.array([75001]), False)
    assert error.value.args == (
        "wrong type: int64 where text is due",
        "write the column as text where it comes from: a number has no leading zeros",
    )


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.KEY])
@pytest.mark.parametrize("of", TEXT_TYPES, ids=str)
def test_convert_text_finds_what_is_not_utf8(kind, of):
    raw = [b"a", b"\xff", None, b"\xed\xa0\x80", "é".encode(), b"caf\xe9" * 9]
    views = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    values = pa.array(raw, views.get(of, pa.binary_view())).view(of)
    converted = convert(kind, values, False)
    assert converted.values.to_pylist() == ["a", None, None, None, "é", None]
    (problem,) = converted.problems
    assert problem.reason == "not UTF-8"
    assert np.flatnonzero(problem.mask).tolist() == [1, 3, 5]


@given(st.lists(st.none() | st.binary(max_size=4)))
def test_convert_text_finds_what_python_cannot_decode(raw):
    def decoded(value):
        try:
            return value and value.decode()
        except UnicodeDecodeError:
            return None

    converted = convert(Kind.TEXT, undecodable(*raw), False)
    assert converted.values.to_pylist() == [decoded(value) or None for value in raw]


def test_convert_text_in_a_dictionary_that_is_not_utf8():
    values = pa.DictionaryArray.from_arrays(pa.array([1, 0]), undecodable(b"\xff", b"a"))
    converted = convert(Kind.TEXT, values, False)
    assert converted.values.to_pylist() == ["a", None]
    assert converted.problems[0].mask.tolist() == [False, True]


@pytest.mark.parametrize("kind", [Kind.INTEGER, Kind.QUANTITY, Kind.NUMBER, Kind.FLAG, Kind.TIME])
def test_convert_values_from_text_that_is_not_utf8(kind):
    converted = convert(kind, undecodable(b"\xff", b""), True)
    assert [problem.reason for problem in converted.problems] == ["not UTF-8"]
    assert converted.values.null_count == 2


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "true", "TRUE", "True", "yes", "YES", " Yes "], True),
        (["0", "false", "FALSE", "False", "no", "No", "\tno"], False),
        (["", None], None),
    ],
)
def test_convert_flag_from_text(texts, expected):
    converted = convert(Kind.FLAG, pa.array(texts), True)
    assert converted.problems == []
    assert converted.values.to_pylist() == [expected] * len(texts)


@pytest.mark.parametrize("text", ["2", "-1", "1.0", "on", "y", "t", "truе", "maybe", " ", "01"])
def test_convert_flag_from_other_text(text):
    converted = convert(Kind.FLAG, pa.array(["1", text]), True)
    assert converted.values.to_pylist() == [True, None]
    assert converted.problems[0].mask.tolist() == [False, True]
    assert converted.problems[0].reason == "neither true nor false"


@pytest.mark.parametrize("of", [pa.int8(), pa.uint64(), pa.float32(), pa.decimal128(5, 2)], ids=str)
def test_convert_flag_from_numbers(of):
    converted = convert(Kind.FLAG, pa.array([1, 0, None, 2], of), False)
    assert converted.values.to_pylist() == [True, False, None, None]
    assert converted.problems[0].mask.tolist() == [False, False, False, True]


@pytest.mark.parametrize("number", [2**63 - 1, -1, 0.5, float("nan"), float("inf")])
def test_convert_flag_from_another_number(number):
    assert convert(Kind.FLAG, pa.array([number]), False).problems[0].mask.all()


def test_convert_flag_from_booleans():
    values = pa.array([True, None, False])
    assert convert(Kind.FLAG, values, False).values.equals(values)


@pytest.mark.parametrize(
    "values", [pa.array(["true"]), pa.array([b"1"]), pa.array([1], pa.date32())]
)
def test_convert_flag_of_a_wrong_type(values):
    with pytest.raises(WrongTypeError):
        convert(Kind.FLAG, values, False)


def test_wrong_type_names_a_long_type_in_short():
    values = pa.array([{f"field {at}": at for at in range(1000)}])
    with pytest.raises(WrongTypeError) as error:
        convert(Kind.KEY, values, False)
    assert len(error.value.args[0]) < 300


@pytest.mark.parametrize(
    "values",
    [
        *(pa.array(["a"], pa.string_view()), pa.array([b"a"], pa.binary_view())),
        *(pc.run_end_encode(pa.array(["a"])), pa.array(["a"]).dictionary_encode()),
    ],
    ids=lambda values: str(values.type),
)
def test_plain_can_be_filtered_and_taken(values):
    for column in (values, values[:0]):
        simple = plain(column)
        assert simple.to_pylist() == column.to_pylist()
        assert simple.filter(pa.array([True] * len(simple), pa.bool_())).equals(simple)
        assert simple.take(pa.array([], pa.int64())).equals(simple[:0])


@pytest.mark.parametrize("encode", [plain, pc.run_end_encode, pa.Array.dictionary_encode])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_plain_whole_puts_pieces_together(encode, count):
    pieces = [encode(pa.array([f"{at}", None])) for at in range(count)]
    column = pa.chunked_array(pieces, encode(pa.array([""])).type)
    assert plain_whole(column).equals(pa.array(column.to_pylist(), pa.string()))


def test_plain_whole_of_more_words_than_the_codes_count():
    codes = pa.array(range(100), pa.int8())
    words = [f"{at}" for at in range(200)]
    pieces = [pa.DictionaryArray.from_arrays(codes, words[at : at + 100]) for at in (0, 100)]
    assert plain_whole(pa.chunked_array(pieces)).to_pylist() == words


def test_is_string_knows_the_text_types():
    assert all(map(is_string, TEXT_TYPES))
    assert not any(
        map(is_string, [pa.binary(), pa.int8(), pa.null(), pa.dictionary(pa.int8(), pa.string())])
    )
