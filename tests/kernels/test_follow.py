"""Walking along the orders finds what looking each one up finds."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.follow import follow_orders
from engine.tables.texts import text_arrays


@given(
    st.lists(st.text("ab", max_size=3), unique=True, max_size=8),
    st.lists(st.none() | st.text("ab", max_size=3), max_size=12),
    st.integers(0, 3),
)
def test_follow_orders_finds_lines_in_sequence(ids, lines, at):
    expected = []
    here = at
    for line in lines:
        if line is None:
            expected.append(-1)
            continue
        if line not in ids[here:]:
            break
        here = ids.index(line)
        expected.append(here)
    found = np.empty(len(lines), np.int64)
    keys, named = pa.array(ids, pa.string()), pa.array(lines, pa.string())
    count = follow_orders(text_arrays(keys), at, text_arrays(named), found)
    assert (count, found[:count].tolist()) == (len(expected), expected)
