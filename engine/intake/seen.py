"""The ids of all orders that went by, to notice one that comes back."""

from itertools import pairwise

import numpy as np
import pyarrow as pa

from engine.errors import InputError
from engine.intake.report import out_of_sequence
from engine.tables.texts import number_keys


class SeenIds:
    """Collects ids; runs of consecutive numbers, as databases give them, take no memory.

    Others are kept, and looked through at the end: memory of the size of the ids.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[int, int]] = []
        self._others: list[pa.Array] = []

    def add(self, ids: pa.Array) -> None:
        """Take note of the ids of the next orders."""
        if pa.types.is_int64(ids.type):
            numbers = np.asarray(ids)
            if (np.diff(numbers) == 1).all():
                self._add_run(int(numbers[0]), int(numbers[-1]))
                return
        self._others.append(ids)

    def _add_run(self, first: int, last: int) -> None:
        if self._runs and self._runs[-1][1] + 1 == first:
            first = self._runs.pop()[0]
        self._runs.append((first, last))

    def check(self) -> None:
        """Check that every id came once.

        Raises
        ------
        OutOfSequenceError
            Naming an order that came again after another one.
        """
        runs = sorted(self._runs)
        for (_, last), (first, _) in pairwise(runs):
            if first <= last:
                raise out_of_sequence(first)
        if not self._others:
            return
        try:
            others = pa.concat_arrays(self._others)
        except pa.ArrowInvalid as error:
            raise InputError(
                "order_lines.order_id: more than 2 GiB of text to keep; number the orders, or "
                "give them a table of their own"
            ) from error
        numbers = number_keys(others, fold=False).of_row
        again = np.flatnonzero(np.bincount(numbers)[numbers] > 1)
        if len(again):
            raise out_of_sequence(others[int(again[-1])].as_py())
        if runs:
            ids = np.asarray(others)
            at = np.searchsorted([first for first, _ in runs], ids, side="right") - 1
            inside = (at >= 0) & (ids <= np.array([last for _, last in runs])[at])
            if inside.any():
                raise out_of_sequence(int(ids[inside][0]))
