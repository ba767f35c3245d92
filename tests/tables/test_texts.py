"""The table of keys: equal to a dict of Python, whatever the keys and the column are."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.kernels.hashing import find_texts, number_texts
from engine.tables.texts import number_keys, text_arrays

# Lengths around the eight bytes of a word and the fifteen of a head; letters beside A and Z, and
# of two and three bytes.
LETTERS = st.sampled_from([*"aAzZ@[`{09 -", "é", "É", "ж", "Ж", "K", "ſ", "ß", "\0"])
KEYS = st.one_of(
    st.text(LETTERS, max_size=20),
    st.sampled_from(["abcdefgh", "ABCDEFGH", "abcdefghi", "", "a" * 15, "a" * 16, "a" * 24]),
)
COLUMNS = st.lists(st.none() | KEYS, max_size=80)


def lower(key):
    return pc.utf8_lower(pa.scalar(key)).as_py()


def numbers(keys, fold):
    """Number keys by first appearance, the plain way."""
    seen = {}
    of_row = []
    for key in keys:
        text = lower(key) if fold and key is not None else key
        of_row.append(-1 if key is None else seen.setdefault(text, len(seen)))
    return of_row, seen


@given(COLUMNS, COLUMNS, st.booleans())
@example(["a" * 15, "a" * 16, "a" * 16 + "b"], ["a" * 16 + "B", "A" * 15, "a" * 18], True)
@example(["ab\0", "ab", "a" * 15 + "\0"], ["ab\0\0", "a" * 15], False)
@example(["a" * 8, "A" * 8, "a" * 9, "A" * 7 + "b"], ["A" * 9, "a" * 7 + "B"], True)
def test_number_keys_equals_a_dict(keys, others, fold):
    column = pa.array(keys, pa.string())
    numbered = number_keys(column, fold=fold)
    of_row, seen = numbers(keys, fold)
    assert numbered.of_row.tolist() == of_row
    assert numbered.keys.first_row.tolist() == [of_row.index(at) for at in range(len(seen))]
    wanted = [seen.get(lower(key) if fold and key is not None else key, -1) for key in others]
    found, spelt_alike = numbered.keys.find_spelt(pa.array(others, pa.string()))
    assert found.tolist() == wanted
    first = [keys[row] for row in numbered.keys.first_row]
    known = [(key, first[at]) for key, at in zip(others, wanted, strict=True) if at >= 0]
    assert not spelt_alike or all(one == other for one, other in known)
    ascii = all(key is None or key.isascii() for key in [*keys, *others])
    assert spelt_alike or not ascii or any(one != other for one, other in known)
    spellings = {(at, key) for at, key in zip(of_row, keys, strict=True) if at >= 0}
    assert numbered.varied or len(spellings) == len(seen)


@given(COLUMNS, st.integers(0, 20), st.integers(0, 20))
def test_number_keys_of_a_slice(keys, start, length):
    column = pa.array(["outside", *keys, "outside"], pa.string())[start : start + length]
    assert number_keys(column, fold=True).of_row.tolist() == numbers(column.to_pylist(), True)[0]


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=50), st.integers(0, 9))
def test_number_keys_of_integers(values, start):
    column = pa.array(values, pa.int64())[start:]
    numbered = number_keys(column, fold=False)
    assert numbered.of_row.tolist() == numbers(column.to_pylist(), False)[0]
    assert numbered.keys.find(column).tolist() == numbered.of_row.tolist()


def test_find_goes_through_the_chunks_of_a_column():
    keys = number_keys(pa.array(["x", "y"]), fold=True).keys
    column = pa.chunked_array([["Y"], [], [None, "z", "X"]], pa.string())
    assert keys.find(column).tolist() == [1, -1, -1, 0]


def test_number_keys_grows_its_table():
    values = [f"key {at}" for at in range(5_000)]
    column = pa.array(values + values[::-1])
    assert number_keys(column, fold=True).of_row.tolist() == [*range(5_000), *range(4_999, -1, -1)]


def hashes_to(slot, mask, seed, count):
    """Find texts that a table of one seed puts into one slot."""
    found = []
    at = 0
    while len(found) < count:
        texts = text_arrays(pa.array([f"{at + more:08}" for more in range(4_000)]))
        rows, heads = np.empty(4_000, np.int32), np.empty(8_000, np.uint64)
        mixed = np.zeros(1, np.uint8)
        slots, _ = number_texts(texts, False, seed, rows, rows.copy(), heads, mixed)
        hashed = np.empty(4_000, np.uint64)
        taken = slots[slots != 0]
        hashed[(taken & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1] = taken >> np.uint64(32)
        found += [f"{at + more:08}" for more in np.flatnonzero(hashed & np.uint64(mask) == slot)]
        at += 4_000
    return found[:count]


@pytest.mark.needs_jit
def test_number_texts_that_all_collide():
    seed = np.uint64(5)
    keys = hashes_to(slot=7, mask=255, seed=seed, count=300)
    column = pa.array(keys * 2)
    of_row, first_row = np.empty(600, np.int32), np.empty(600, np.int32)
    texts = text_arrays(column)
    heads, mixed = np.empty(1_200, np.uint64), np.zeros(1, np.uint8)
    slots, count = number_texts(texts, False, seed, of_row, first_row, heads, mixed)
    assert (count, of_row.tolist()) == (300, [*range(300)] * 2)
    found = np.empty(600, np.int32)
    find_texts(texts, text_arrays(column[:300]), heads, False, seed, slots, found)
    assert found.tolist() == of_row.tolist()
    # With another seed, the same keys are all over the table.
    slots, _ = number_texts(texts, False, np.uint64(6), of_row, first_row, heads, mixed)
    places = {int(slot) >> 32 & 255 for slot in slots[slots != 0]}
    assert len(places) > 100


def test_text_arrays_shares_memory():
    column = pa.array(["ab", "c", None])
    texts = text_arrays(column[1:])
    assert texts.offsets.tolist() == [2, 3, 3]
    assert texts.valid.tolist() == [1, 0]
    assert np.shares_memory(texts.data, np.frombuffer(column.buffers()[2], np.uint8))
    assert not any(array.flags.writeable for array in texts)
