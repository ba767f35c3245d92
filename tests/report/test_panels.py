"""Where panels lie, and names that fit."""

from hypothesis import given
from hypothesis import strategies as st

from engine.report.panels import cut, folded, grid, padded, scale, ticks
from engine.report.sheet import NARROW, WIDE

texts = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=120)


@given(texts, st.integers(60, 500))
def test_names_fold_to_two_lines_that_fit(text, room):
    letters = int(room / (0.6 * 12))
    lines = folded(text, room, 12)
    assert len(lines) <= 2
    assert all(len(line) <= letters for line in lines)
    if len(text) <= letters:
        assert "".join(lines).split() == "".join(text.split(" ")).split() or len(lines) <= 1


@given(texts, st.integers(60, 500))
def test_a_name_is_cut_in_its_middle(text, room):
    letters = int(room / (0.6 * 12))
    shown = cut(text, room, 12)
    assert len(shown) <= letters
    if len(text) <= letters:
        assert shown == text
    else:
        assert shown.count("…") == 1
        start, _, end = shown.partition("…")
        assert text.startswith(start)
        assert text.endswith(end)


def test_panels_stand_side_by_side_and_on_a_phone_below_each_other():
    axes, wide = grid(WIDE, 5, 100, columns=3, names=150)
    assert [panel.first for panel in wide] == [True, False, False, True, False]
    assert wide[0].left == 150
    assert wide[2].right == WIDE
    assert wide[3].top > wide[0].bottom
    assert axes.get_ylim()[0] > wide[4].bottom
    _, narrow = grid(NARROW, 5, 100, columns=3)
    assert {(panel.left, panel.right) for panel in narrow} == {(0, NARROW)}
    assert [panel.top for panel in narrow] == sorted({panel.top for panel in narrow})


def test_scales():
    to_x = scale(10, 20, 100, 300)
    assert [to_x(value) for value in (10, 15, 20)] == [100, 200, 300]
    assert scale(7, 7, 100, 300)(7) == 100
    assert padded([5]) == (4.6, 5.4)
    assert padded([0, 0]) == (-1, 1)
    assert ticks(0, 1, 3) == [0, 0.5, 1]
    assert ticks(93.2, 97.1) == [94, 95, 96, 97]
