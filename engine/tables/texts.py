"""Keys of text and their numbers: a table built once, looked up batch by batch."""

import secrets
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.tables.fold import Strings, fold_sku
from engine.types import FlagArray, IndexArray, IntArray, Texts, frozen

_BLOCK_BYTES = 1 << 18
_SEED = np.uint64(secrets.randbits(64))
"""Another one in each process, so that nobody can make keys that all fall into one slot."""


class KeyIndex(NamedTuple):
    """The distinct keys of a column, numbered by first appearance, and a table to find them by.

    ``first_row`` is (num_keys,) where each key appears first; ``fold`` says that case does not
    count, ``as_given`` that the keys are not folded; ``slots`` and ``heads`` are those of
    `engine.kernels.hashing`.
    """

    first_row: IntArray
    keys: Texts
    fold: bool
    as_given: bool
    slots: np.ndarray
    heads: np.ndarray

    def find(self, values: Strings) -> IndexArray:
        """(num_rows,) int32 number of each key; -1 for null and for one that has none."""
        return self.find_spelt(values)[0]

    def find_spelt(self, values: Strings) -> tuple[IndexArray, bool]:
        """Do the same, and tell whether all that are found are spelt as they appear first."""
        from engine.kernels.hashing import find_texts

        found = np.empty(len(values), np.int32)
        at, spelt_alike = 0, self.as_given
        for chunk in values.chunks if isinstance(values, pa.ChunkedArray) else [values]:
            comparable = _comparable(chunk, self.fold)
            part = found[at : at + len(chunk)]
            texts = text_arrays(comparable)
            with np.errstate(over="ignore"):  # hashes wrap around, which Python would tell
                alike = find_texts(texts, self.keys, self.heads, self.fold, _SEED, self.slots, part)
            spelt_alike &= alike and comparable is chunk
            at += len(chunk)
        return found, spelt_alike


class Numbered(NamedTuple):
    """A column's keys: the table that finds them, and (num_rows,) int32 number of each row's key.

    ``varied`` says whether rows of one key may spell it differently.
    """

    keys: KeyIndex
    of_row: IndexArray
    varied: bool


def number_keys(values: pa.Array, *, fold: bool) -> Numbered:
    """Give each distinct key of a column a number, by first appearance.

    Parameters
    ----------
    values
        (num_rows,) text or int64; null has number -1.
    fold
        Keys that differ by case are one, as SKUs are.

    Returns
    -------
    The numbers, and an index that finds them again.

    Examples
    --------
    >>> numbered = number_keys(pa.array(["B", "a", None, "A"]), fold=True)
    >>> numbered.of_row.tolist(), numbered.keys.find(pa.array(["b", "c"])).tolist()
    ([0, 1, -1, 1], [0, -1])
    """
    from engine.kernels.hashing import number_texts

    comparable = _comparable(values, fold)
    of_row = np.empty(len(values), np.int32)
    first_row = np.empty(len(values), np.int32)
    heads = np.empty(2 * len(values), np.uint64)
    mixed_case = np.zeros(1, np.uint8)
    texts = text_arrays(comparable)
    with np.errstate(over="ignore"):  # hashes wrap around, which Python would tell
        slots, count = number_texts(texts, fold, _SEED, of_row, first_row, heads, mixed_case)
    rows = frozen(first_row[:count].astype(np.int64))
    # Copies of numpy's own are in large pages, which a million keys at random ask for.
    keys = Texts(*(frozen(part.copy()) for part in text_arrays(comparable.take(pa.array(rows)))))
    slots, heads = (frozen(part.copy()) for part in (slots, heads[: 2 * count]))
    found = KeyIndex(rows, keys, fold, comparable is values, slots, heads)
    return Numbered(found, of_row, bool(mixed_case[0]) or not found.as_given)


def _comparable(values: pa.Array, fold: bool) -> pa.Array:
    """Return keys that compare byte by byte but for A to Z."""
    return fold_sku(values) if fold and not _is_ascii(values) else values


def _is_ascii(values: pa.Array) -> bool:
    """Whether no byte is beyond ASCII."""
    data, start, stop = _bytes(values)
    # Block by block: of 60 MB at once the copy would be a fifth of a second of fresh memory.
    return not any(
        _has_high_bit(data[at : min(at + _BLOCK_BYTES, stop)])
        for at in range(start, stop, _BLOCK_BYTES)
    )


def _has_high_bit(part: FlagArray) -> bool:
    whole = len(part) & ~7
    words = part[:whole].view(np.int64)
    return bool((words & -0x7F7F7F7F7F7F7F80).any() or (part[whole:] & 0x80).any())


def _bytes(values: pa.Array) -> tuple[FlagArray, int, int]:
    _, offsets, data = values.buffers()
    if data is None or not len(values):
        return np.zeros(8, np.uint8), 0, 0
    ends = np.frombuffer(offsets, np.int32)[values.offset :]
    return np.frombuffer(data, np.uint8), int(ends[0]), int(ends[len(values)])


def text_arrays(values: pa.Array) -> Texts:
    """Return strings as kernels read them, without a copy; an int64 counts as its eight bytes."""
    num_rows = len(values)
    data = values.buffers()[-1]
    if not num_rows or data is None:
        ends, text = np.zeros(num_rows + 1, np.int32), np.zeros(0, np.uint8)
    elif pa.types.is_int64(values.type):
        text = np.frombuffer(data, np.uint8)[8 * values.offset :]
        size = np.int32 if 8 * num_rows < 2**31 else np.int64
        ends = np.arange(0, 8 * num_rows + 1, 8, dtype=size)
    else:
        text = np.frombuffer(data, np.uint8)
        ends = np.frombuffer(values.buffers()[1], np.int32)[values.offset :][: num_rows + 1]
    if values.null_count:
        valid = np.asarray(values.is_valid()).astype(np.uint8)
    else:
        valid = np.ones(num_rows, np.uint8)
    return Texts(frozen(ends), frozen(text), frozen(valid))
