"""Lines that come in the sequence of their orders find them by walking along."""

import numpy as np

from engine.kernels.jit import jit
from engine.types import IntArray, Texts


@jit
def follow_orders(ids: Texts, at: int, line_ids: Texts, order_of_line: IntArray) -> int:
    """Find the order of each line, none of them before the order of the line before.

    Parameters
    ----------
    ids
        (num_orders,) the key of each order.
    at
        The order at which to begin.
    line_ids
        (num_lines,) the key that each line names.
    order_of_line
        Output, (num_lines,) the order; -1 where the line names none.

    Returns
    -------
    How many lines were found from the start: all of them, or up to one whose order does not come.
    """
    offsets, data = ids.offsets, ids.data
    line_offsets, line_data, valid = line_ids.offsets, line_ids.data, line_ids.valid
    num_orders = len(offsets) - 1
    for line in range(len(order_of_line)):
        order_of_line[line] = -1
        if not valid[line]:
            continue
        start = np.int64(line_offsets[line])
        length = np.int64(line_offsets[line + 1]) - start
        while at < num_orders:
            there = np.int64(offsets[at])
            same = np.int64(offsets[at + 1]) - there == length
            byte = 0
            while same and byte < length:
                same = data[there + byte] == line_data[start + byte]
                byte += 1
            if same:
                break
            at += 1
        if at >= num_orders:
            return line
        order_of_line[line] = at
    return len(order_of_line)
