"""An order that comes back is noticed, whatever its ids look like."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.report import OutOfSequenceError
from engine.intake.seen import SeenIds


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=5), max_size=6), st.booleans())
def test_check_finds_every_id_that_came_twice(batches, as_text):
    seen = SeenIds()
    for ids in batches:
        kind = pa.string() if as_text else pa.int64()
        seen.add(pa.array(ids).cast(kind))
    flat = [at for ids in batches for at in ids]
    if len(set(flat)) == len(flat):
        seen.check()
    else:
        with pytest.raises(OutOfSequenceError, match="comes too late"):
            seen.check()


def test_add_keeps_no_more_than_two_numbers_of_ids_that_follow_each_other():
    seen = SeenIds()
    for start in range(0, 1000, 10):
        seen.add(pa.array(range(start, start + 10)))
    assert (seen._runs, seen._others) == ([(0, 999)], [])
