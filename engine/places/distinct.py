"""Rows that agree in some columns: one number for all of them."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from engine.types import IndexArray, IntArray


def number_rows(columns: Iterable[pa.Array], num_rows: int) -> tuple[IndexArray, IntArray]:
    """Give equal rows of some columns the same number; null is a value like others.

    Parameters
    ----------
    columns
        (num_rows,) each; without any all rows are the same.
    num_rows
        How many rows there are.

    Returns
    -------
    (num_rows,) numbers by first appearance, and the (num_numbers,) row where each appears first.

    Notes
    -----
    A million orders go to a few thousand places: hashing them beats sorting them.

    Examples
    --------
    >>> number, first = number_rows([pa.array(["b", "a", "b", None])], 4)
    >>> number.tolist(), first.tolist()
    ([0, 1, 0, 2], [0, 1, 3])
    """
    code: np.ndarray = np.zeros(num_rows, np.int64)
    for column in columns:
        encoded = column.dictionary_encode(null_encoding="encode")
        if len(encoded.dictionary) > 1:
            # Fewer than 2**31 numbers on either side: the product fits.
            code = code * len(encoded.dictionary) + np.asarray(encoded.indices)
            code = np.asarray(pa.array(code).dictionary_encode().indices).astype(np.int64)
    first = np.empty(int(code.max(initial=-1)) + 1, np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]  # the last one written is the first one there
    return code.astype(np.int32), first
