"""A hash table from text to its number, over Arrow's own buffers.

Keys compare byte by byte or, with ``fold``, with A to Z in lower case; text beyond ASCII is
folded before it comes here. A slot holds 32 bits of hash, whose low ones say where it stands,
beside the number of the key plus 1; 0 is free. Linear probing (Knuth, The Art of Computer
Programming, volume 3, section 6.4), never more than half full.
"""

import numpy as np

from engine.kernels.jit import inlined, jit
from engine.kernels.prefetch import prefetch
from engine.kernels.words import last_word, load_word, lower_word
from engine.types import FlagArray, IndexArray, Texts

_BLOCK = 32
_FEWEST_SLOTS = 1 << 10
_LOW32 = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_ONE = np.uint64(1)
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_OTHER = np.uint64(0xD6E8FEB86659FD93)


@inlined
def _mix(word: np.uint64) -> np.uint64:
    """Spread the bits of a word over all of it (as the finaliser of SplitMix64 does)."""
    word = (word ^ (word >> np.uint64(32))) * _OTHER
    word = (word ^ (word >> np.uint64(29))) * _PRIME
    return word ^ (word >> np.uint64(32))


@inlined
def _hash(offsets: IndexArray, data: FlagArray, row: int, fold: bool, seed: np.uint64) -> np.uint64:
    """Return 32 bits in which every byte of a text has its part."""
    start = np.int64(offsets[row])
    stop = np.int64(offsets[row + 1])
    mixed = seed ^ (np.uint64(stop - start) * _OTHER)
    at = start
    while stop - at > 8:
        word = load_word(data, at)
        mixed = _mix(mixed ^ (lower_word(word) if fold else word))
        at += 8
    word = last_word(data, at, start, stop)
    return _mix(mixed ^ (lower_word(word) if fold else word)) & _LOW32


@inlined
def _same(data: FlagArray, start: int, stop: int, other: FlagArray, there: int) -> int:
    """Return 2 if two texts of one length agree byte by byte, 1 if only but for case, else 0."""
    same = 2
    at = start
    apart = there - start
    while at < stop and same != 0:
        if stop - at > 8:
            word, other_word = load_word(data, at), load_word(other, at + apart)
        else:
            word = last_word(data, at, start, stop)
            other_word = last_word(other, at + apart, there, stop + apart)
        if word != other_word:
            same = 1 if lower_word(word) == lower_word(other_word) else 0
        at += 8
    return same


@jit
def _twice_as_large(slots: np.ndarray) -> np.ndarray:
    """Move the slots into a table of twice the size."""
    larger = np.zeros(2 * len(slots), np.uint64)
    mask = np.uint64(len(larger) - 1)
    for slot in slots:
        if slot != 0:
            at = (slot >> _SHIFT) & mask
            while larger[at] != 0:
                at = (at + _ONE) & mask
            larger[at] = slot
    return larger


@jit
def number_texts(
    texts: Texts,
    fold: bool,
    seed: np.uint64,
    of_row: IndexArray,
    first_row: IndexArray,
    mixed_case: FlagArray,
) -> tuple[np.ndarray, int]:
    """Give each distinct text a number, by first appearance.

    Parameters
    ----------
    texts
        (num_rows,) texts; a null gets number -1.
    fold
        Case does not count.
    seed
        Of the hash.
    of_row
        Output, (num_rows,) number of each row's text.
    first_row
        Output, (num_rows,) filled from the start: where each text appears first.
    mixed_case
        Output, (1,) set to 1 if some text appears in several spellings.

    Returns
    -------
    The slots, (capacity,) uint64, and how many distinct texts there are.
    """
    offsets, data, valid = texts.offsets, texts.data, texts.valid
    slots = np.zeros(_FEWEST_SLOTS, np.uint64)
    found = 0
    hashes = np.empty(_BLOCK, np.uint64)
    num_rows = len(of_row)
    for start in range(0, num_rows, _BLOCK):
        stop = min(start + _BLOCK, num_rows)
        if 2 * (found + _BLOCK) > len(slots):
            slots = _twice_as_large(slots)
        mask = np.uint64(len(slots) - 1)
        # The slots of a block are fetched together: one after the other, each would be waited for.
        for row in range(start, stop):
            hashed = _hash(offsets, data, row, fold, seed)
            hashes[row - start] = hashed
            prefetch(slots, np.int64(hashed & mask))
        for row in range(start, stop):
            of_row[row] = -1
            at = hashes[row - start] & mask
            while valid[row]:
                slot = slots[at]
                if slot == 0:
                    slots[at] = (hashes[row - start] << _SHIFT) | np.uint64(found + 1)
                    of_row[row] = found
                    first_row[found] = row
                    found += 1
                    break
                if slot >> _SHIFT == hashes[row - start]:
                    number = np.int64(slot & _LOW32) - 1
                    begin, there = np.int64(offsets[row]), np.int64(offsets[first_row[number]])
                    length = np.int64(offsets[row + 1]) - begin
                    if length == np.int64(offsets[first_row[number] + 1]) - there:
                        same = _same(data, begin, begin + length, data, there)
                        if same == 2 or (fold and same == 1):
                            of_row[row] = number
                            mixed_case[0] |= same == 1
                            break
                at = (at + _ONE) & mask
    return slots, found


@jit
def find_texts(
    texts: Texts,
    keys: Texts,
    fold: bool,
    seed: np.uint64,
    slots: np.ndarray,
    of_row: IndexArray,
) -> None:
    """Find the number of each text.

    Parameters
    ----------
    texts
        (num_rows,) texts to look for.
    keys
        (num_keys,) the numbered texts.
    fold, seed, slots
        Of the table that `number_texts` made.
    of_row
        Output, (num_rows,) number of each text; -1 for null and for one that has none.
    """
    offsets, data, valid = texts.offsets, texts.data, texts.valid
    key_offsets, key_data = keys.offsets, keys.data
    mask = np.uint64(len(slots) - 1)
    hashes = np.empty(_BLOCK, np.uint64)
    num_rows = len(of_row)
    for start in range(0, num_rows, _BLOCK):
        stop = min(start + _BLOCK, num_rows)
        for row in range(start, stop):
            hashed = _hash(offsets, data, row, fold, seed)
            hashes[row - start] = hashed
            prefetch(slots, np.int64(hashed & mask))
        for row in range(start, stop):
            number = np.int64(slots[hashes[row - start] & mask] & _LOW32) - 1
            of_row[row] = number
            if number >= 0:
                prefetch(key_offsets, number)
        for row in range(start, stop):
            if of_row[row] >= 0:
                prefetch(key_data, np.int64(key_offsets[of_row[row]]))
        for row in range(start, stop):
            of_row[row] = -1
            at = hashes[row - start] & mask
            while valid[row] and slots[at] != 0:
                slot = slots[at]
                if slot >> _SHIFT == hashes[row - start]:
                    number = np.int64(slot & _LOW32) - 1
                    begin, there = np.int64(offsets[row]), np.int64(key_offsets[number])
                    length = np.int64(offsets[row + 1]) - begin
                    if length == np.int64(key_offsets[number + 1]) - there:
                        same = _same(data, begin, begin + length, key_data, there)
                        if same == 2 or (fold and same == 1):
                            of_row[row] = number
                            break
                at = (at + _ONE) & mask
