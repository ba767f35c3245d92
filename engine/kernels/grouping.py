"""Rows put together by group, those of a group by rank."""

from engine.kernels.jit import inlined, int64, jit
from engine.kernels.prefetch import prefetch
from engine.types import IndexArray, IntArray

_GAPS = (701, 301, 132, 57, 23, 10, 4, 1)
"""Of Shell's sort; Ciura, Best Increments for the Average Case of Shellsort,
doi:10.1007/3-540-44669-9_12. Most groups are a handful of rows, where the last one is all."""

_AHEAD = 16
"""Rows ahead at which the place of a row is asked for."""

_ROW = 0xFFFFFFFF


@jit
def group_rows(group: IndexArray, rank: IndexArray, offsets: IntArray, rows: IntArray) -> bool:
    """Sort rows by group, then rank, then row, by counting: in an eighth of a lexsort's time.

    Parameters
    ----------
    group
        (num_rows,) group of each row, 0 <= group < num_groups.
    rank
        (num_rows,) place of each row in its group, >= 0.
    offsets
        Output, (num_groups + 1,): the rows of group ``g`` are ``rows[offsets[g]:offsets[g + 1]]``.
    rows
        Output, (num_rows,).

    Returns
    -------
    Whether no two rows of a group have the same rank.
    """
    offsets[:] = 0
    for row in range(len(group)):
        offsets[group[row] + 1] += 1
    for at in range(1, len(offsets)):
        offsets[at] += offsets[at - 1]
    # The start of each group serves as its pen, and ends up as the start of the next.
    for row in range(len(group)):
        if row + _AHEAD < len(group):
            prefetch(rows, offsets[group[row + _AHEAD]])
        rows[offsets[group[row]]] = int64(rank[row]) << 32 | row
        offsets[group[row]] += 1
    for at in range(len(offsets) - 1, 0, -1):
        offsets[at] = offsets[at - 1]
    offsets[0] = 0
    is_unique = True
    for at in range(len(offsets) - 1):
        start, stop = offsets[at], offsets[at + 1]
        _sort(rows, start, stop)
        before = int64(-1)
        for place in range(start, stop):
            of_row = rows[place] >> 32
            is_unique &= of_row != before
            before = of_row
            rows[place] &= _ROW
    return is_unique


@inlined
def _sort(values: IntArray, start: int, stop: int) -> None:
    for gap in _GAPS:
        for at in range(start + gap, stop):
            value = values[at]
            place = at
            while place - gap >= start and values[place - gap] > value:
                values[place] = values[place - gap]
                place -= gap
            values[place] = value
