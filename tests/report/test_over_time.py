"""Days put together, by hand."""

from datetime import date, timedelta

import pytest

from engine.report.over_time import _levels, _so_far, _span


def rows(days):
    """Return rows of one scenario, from day -> value."""
    return [
        {"scenario": "a", "date": date(2010, 12, 1) + timedelta(days=day), "units": value}
        for day, value in days.items()
    ]


def test_days_stay_days_while_they_are_few():
    span = _span(rows({0: 1, 69: 1}))
    assert (span.start, span.steps, span.days, span.word) == (date(2010, 12, 1), 70, 1, "day")


@pytest.mark.parametrize(
    ("days", "steps", "size", "word"),
    [
        (71, 11, 7, "week"),
        (490, 70, 7, "week"),
        (491, 36, 14, "2 weeks"),
        (3660, 66, 56, "8 weeks"),
    ],
)
def test_more_days_become_weeks(days, steps, size, word):
    span = _span(rows({0: 1, days - 1: 1}))
    assert (span.steps, span.days, span.word) == (steps, size, word)
    assert span.of(date(2010, 12, 1) + timedelta(days=days - 1)) == steps - 1


def test_levels_hold_until_the_next_and_sums_add_up():
    found = rows({0: 5, 1: 6, 8: 2, 80: 9})
    span = _span(found)
    assert span.steps == 12
    assert _levels(span, found, "a", "units").tolist() == [6, 2, *[2] * 9, 9]
    assert _so_far(span, found, "a", "units").tolist() == [11, 13, *[13] * 9, 22]
    assert not _levels(span, found, "b", "units").any()
