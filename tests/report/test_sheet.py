"""A sheet as SVG: texts are texts, untouched; colours are the page's."""

import re
from xml.etree import ElementTree

from engine.report.sheet import WIDE, lines, marks, picture, sheet, write
from engine.report.theme import LIGHT

TEXT = "1.23456 of $x$ & <b> #0072b2 'DejaVu Sans' url(#a) id=\"b\""


def drawn(width):
    axes = sheet(width, 100)
    write(axes, 10, 20, TEXT, colour="blue", bold=True)
    lines(axes, [((0, 0), (10, 10)), ((20, 0), (30, 10))], "faint")
    marks(axes, [(5, 5), (50, 50)], "s", "vermillion")
    return axes


def test_texts_stay_as_they_are_and_colours_are_variables():
    found = picture(drawn, "x", 'a "chart"')
    wide, narrow = ElementTree.fromstring(f"<all>{found.svg}</all>")
    for svg, name in ((wide, "wide"), (narrow, "narrow")):
        assert svg.attrib["class"] == name
        assert svg.attrib["aria-label"] == 'a "chart"'
        assert [it.text for it in svg.iter("text")] == [TEXT]
        styles = " ".join(it.attrib.get("style", "") for it in svg.iter())
        assert set(re.findall(r"var\(--(\w+)\)", styles)) == {
            "blue",
            "faint",
            "vermillion",
            "paper",
        }
        assert not [colour for colour in LIGHT.values() if colour in styles]
    assert found.png[:4] == b"\x89PNG"


def test_two_figures_share_no_ids():
    pages = [ElementTree.fromstring(f"<all>{picture(drawn, it, '').svg}</all>") for it in "ab"]
    ids = [[it.attrib["id"] for it in page.iter() if "id" in it.attrib] for page in pages]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])
    assert len(set(ids[0])) == len(ids[0])


def test_broken_lines_stay_broken():
    (svg, _) = ElementTree.fromstring(f"<all>{picture(drawn, 'x', '').svg}</all>")
    broken = [it.attrib["d"] for it in svg.iter("path") if it.attrib["d"].count("M") == 2]
    assert broken == ["M 0 0 L 7.5 7.5 M 15 0 L 22.5 7.5"]
    assert svg.attrib["viewBox"] == f"0 0 {WIDE * 0.75:g} 75"
