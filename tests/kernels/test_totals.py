"""Totals of orders are what a plain sum over their lines and picks gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.totals import total_orders
from engine.types import Totals

picks = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=3)
lines = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), picks), max_size=3)


@given(st.lists(lines, max_size=4), st.sampled_from([5, 1000]))
def test_total_orders_equals_plain_sums(orders, limit):
    flat = [line for order in orders for line in order]
    offsets = np.cumsum([0, *map(len, orders)])
    of_line = [at for at, (_, _, taken) in enumerate(flat) for _ in taken]
    taken = [pick for _, _, taken in flat for pick in taken]
    totals = Totals(*(np.empty(len(orders), np.int64) for _ in range(4)))
    opens = np.empty(len(taken), np.uint8)
    beyond = total_orders(
        offsets,
        np.array([wanted for wanted, _, _ in flat], np.int64),
        np.array([short for _, short, _ in flat], np.int64),
        np.array(of_line, np.int64),
        np.array([source for source, _ in taken], np.int32),
        np.array([units for _, units in taken], np.int64),
        limit,
        np.full(3, -1, np.int64),
        totals,
        opens,
    )
    wanted = [sum(line[0] for line in order) for order in orders]
    over = [at for at, total in enumerate(wanted) if total > limit]
    assert beyond == (over[0] if over else -1)
    if over:
        return
    assert totals.qty.tolist() == wanted
    assert totals.short_lines.tolist() == [sum(line[1] > 0 for line in it) for it in orders]
    given_by = [[pick for line in order for pick in line[2]] for order in orders]
    assert totals.allocated.tolist() == [sum(units for _, units in it) for it in given_by]
    expected = []
    for order in given_by:
        seen = set()
        for source, units in order:
            expected.append(units > 0 and source not in seen)
            seen |= {source} if units else set()
    assert opens.tolist() == expected
    sources = [len({source for source, units in order if units}) for order in given_by]
    assert totals.source_count.tolist() == sources
