"""A binary heap in two rows of int64: column 0 is the lowest, by the first row, then the second."""

from engine.kernels.jit import inlined, int64
from engine.types import IntArray


@inlined
def heapify(heap: IntArray, count: int) -> None:
    """Make a heap of the first ``count`` columns of ``heap``, (2, capacity)."""
    for parent in range(count // 2 - 1, -1, -1):
        _sift_down(heap, parent, count)


@inlined
def drop_lowest(heap: IntArray, count: int) -> None:
    """Take column 0 off a heap of ``count`` columns; one less are left."""
    heap[0, 0] = heap[0, count - 1]
    heap[1, 0] = heap[1, count - 1]
    _sift_down(heap, int64(0), count - 1)


@inlined
def bring_next(heap: IntArray, count: int, taken: int) -> None:
    """Put into column 0 what comes next of ``count`` columns, after so many were taken.

    Most lines end at their first source, so that one is only looked for, and only a line that
    needs more makes a heap of the rest: 20,000 lines of 2,992 items each take 0.3 s.
    """
    if taken == 0:
        lowest = int64(0)
        for column in range(1, count):
            if _is_lower(heap, column, lowest):
                lowest = column
        _swap(heap, int64(0), lowest)
    elif taken == 1:
        _swap(heap, int64(0), count - 1)
        heapify(heap, count - 1)
    else:
        drop_lowest(heap, count - taken + 1)


@inlined
def _sift_down(heap: IntArray, parent: int, count: int) -> None:
    """Swap a column with its lower child until neither child is lower."""
    while True:
        lowest = parent
        for child in range(2 * parent + 1, min(2 * parent + 3, count)):
            if _is_lower(heap, child, lowest):
                lowest = child
        if lowest == parent:
            return
        _swap(heap, parent, lowest)
        parent = lowest


@inlined
def _is_lower(heap: IntArray, one: int, other: int) -> bool:
    if heap[0, one] == heap[0, other]:
        return heap[1, one] < heap[1, other]
    return heap[0, one] < heap[0, other]


@inlined
def _swap(heap: IntArray, one: int, other: int) -> None:
    for row in range(2):
        heap[row, one], heap[row, other] = heap[row, other], heap[row, one]
