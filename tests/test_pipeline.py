"""Working ahead changes nothing but the time at which things are done."""

import threading
import time

import pytest

from engine.pipeline import ahead


@pytest.mark.parametrize("depth", [1, 3])
def test_ahead_yields_the_same_parts(depth):
    assert list(ahead(iter(range(100)), depth)) == list(range(100))


def test_ahead_works_at_most_so_far_ahead():
    made = []

    def parts():
        for at in range(50):
            made.append(at)
            yield at

    for at in ahead(parts(), 2):
        time.sleep(0.001)
        assert len(made) <= at + 5  # in hand, two that wait, one at the door, one in the making


def test_ahead_raises_what_the_parts_raise():
    def parts():
        yield 1
        raise KeyError("two")

    found = ahead(parts(), 1)
    assert next(found) == 1
    with pytest.raises(KeyError, match="two"):
        next(found)


def test_ahead_closes_the_parts_when_it_is_closed():
    closed = threading.Event()

    def parts():
        try:
            while True:
                yield 1
        finally:
            closed.set()

    found = ahead(parts(), 1)
    next(found)
    found.close()
    assert closed.is_set()
