"""Maps: Mercator, polygons cut to a frame, names that do not lie on one another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report.map import _cut, draw_names
from engine.report.outlines import Frame, frame_around, outlines, project
from engine.report.panels import grid


def area(ring):
    """Return the area of a ring, positive counter-clockwise (shoelace)."""
    x, y = ring[:, 0], ring[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


numbers = st.floats(-50, 50).map(lambda it: round(it, 3))
rings = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=12).map(np.array)


@given(rings, numbers, numbers)
def test_four_quarters_make_the_whole(ring, x, y):
    quarters = [
        Frame(left, bottom, right, top)
        for left, right in ((-60, x), (x, 60))
        for bottom, top in ((-60, y), (y, 60))
    ]
    cuts = [(frame, _cut(ring, frame)) for frame in quarters]
    for frame, cut in cuts:
        if len(cut):
            assert (cut >= np.array(frame[:2]) - 1e-9).all()
            assert (cut <= np.array(frame[2:]) + 1e-9).all()
    assert sum(area(cut) for _, cut in cuts if len(cut)) == pytest.approx(area(ring), abs=1e-6)


def test_mercator():
    found = project([0, 30, -180], [0, 45, 60])
    # y is ln tan(45 degrees + latitude / 2), here in degrees along the equator.
    expected = np.degrees(np.log(np.tan(np.radians(45 + np.array([0, 45, 60]) / 2))))
    assert found[:, 0].tolist() == [0, 30, -180]
    assert found[:, 1] == pytest.approx(expected)
    assert np.isfinite(project([0, 0], [90, -90])).all()


@given(rings, st.floats(0.3, 3))
def test_a_frame_holds_its_points_and_keeps_its_shape(points, ratio):
    frame = frame_around(points, ratio)
    assert (points >= np.array(frame[:2])).all()
    assert (points <= np.array(frame[2:])).all()
    width, height = frame.right - frame.left, frame.top - frame.bottom
    assert width / height == pytest.approx(ratio)
    assert min(width, height) > 4


def holds(ring, point):
    """Whether a point lies in a ring: it crosses an odd number of its edges."""
    (x, y), ends = point, np.roll(ring, 1, axis=0)
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ends, strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


@pytest.mark.parametrize(
    ("longitude", "latitude", "on_land"),
    [(-0.9, 52.0, 1), (139.5, 36.1, 1), (-58.5, -34.8, 1), (-30, 45, 0), (0, 0, 0), (80, -30, 0)],
)
def test_outlines_are_where_countries_are(longitude, latitude, on_land):
    (point,) = project([longitude], [latitude])
    assert sum(holds(ring, point) for ring, _ in outlines()) == on_land


def test_outlines_are_closed_and_lie_in_what_they_fill():
    for ring, box in outlines():
        assert len(ring) > 3
        assert (ring[0] == ring[-1]).all()
        assert (ring >= np.array(box[:2])).all()
        assert (ring <= np.array(box[2:])).all()


def test_names_give_way():
    axes, (panel,) = grid(1040, 1, 300, columns=1)
    at = np.array([500.0, 150.0])
    draw_names(axes, panel, [(f"name {it}", at, 9, False) for it in range(6)])
    assert [it.get_text() for it in axes.texts] == ["name 0", "name 1", "name 2", "name 3"]
    assert len({it.get_position() for it in axes.texts}) == 4
