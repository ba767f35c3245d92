"""The report as a whole: one page and its pictures, whatever the tables hold."""

import os
import re
import struct
import subprocess
import sys
from itertools import pairwise

import pytest

from engine.report import is_installed, write_report
from tests.report.conftest import LONG, report
from tests.report.made import NAMES, made, no_orders

SECTIONS = (
    *("service", "backlog", "distances", "flows", "flow_changes", "sources", "on_hand"),
    *("shipped", "shortfalls", "regions", "skus"),
)


def test_a_page_and_a_picture_of_each_figure(full):
    page, *pictures = full.files
    assert page.name == "report.html"
    assert [it.stem for it in pictures] == list(SECTIONS)
    assert len(full.root.all("figure")) == len(pictures)
    for picture in pictures:
        data = picture.read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">I", data[16:20])[0] > 1800, "wide enough for a slide"
    assert is_installed()


def test_headings_ids_and_links(full):
    levels = [int(it.name[1]) for it in full.root.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = re.findall(r'\sid="([^"]*)"', full.page)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([^")]*)', full.page)
    assert set(targets) <= set(ids)


def test_every_figure_can_be_heard_and_read_as_a_table(full):
    for section in full.root.all("section"):
        for figure in section.all("figure"):
            assert figure.all("figcaption")[0].text
            wide, narrow = figure.all("svg")
            for picture in (wide, narrow):
                assert picture.attributes["role"] == "img"
                assert len(picture.attributes["aria-label"]) > 20
        assert section.all("table"), section.attributes
    for table in full.root.all("table"):
        assert table.all("caption")[0].text
        head, *rows = table.all("tr")
        assert all(it.attributes["scope"] == "col" for it in head.all("th"))
        assert rows
        for row in rows:
            assert [it.attributes["scope"] for it in row.all("th")] == ["row"]
            assert len(row.children) == len(head.children)
        around = table.parent.attributes
        assert around["tabindex"] == "0", "what scrolls can be reached by keys"
        assert around["role"] == "region"
        assert around["aria-label"]


def test_the_page_loads_nothing(full):
    assert "//" not in full.page
    assert not full.root.all("script", "iframe", "object", "embed", "img")
    policy = [it for it in full.root.all("meta") if "http-equiv" in it.attributes]
    assert policy[0].attributes["content"].startswith("default-src 'none';")


def test_pictures_take_all_their_colours_from_the_page(full):
    for picture in full.root.all("svg"):
        styles = [it.attributes.get("style", "") for it in picture.all("path", "use", "text", "g")]
        assert not [it for it in styles if "#" in it.replace("url(#", "")]
        assert not picture.all("style", "metadata")
    used = set(re.findall(r"var\((--\w+)\)", full.page))
    assert used <= set(re.findall(r"(--\w+):", full.page))


def test_the_sentence_on_what_changes_most(full):
    lead = [it for it in full.root.all("p") if it.attributes.get("class") == "lead"]
    assert lead[0].text == (
        "What changes most: orders split with 'centralised in Warsaw', 24.0% instead of 12.0% "
        "(+12.00 pp)."
    )


def test_a_hundred_scenarios_stay_small_and_are_all_there(full):
    assert len(full.page.encode()) < 2_000_000
    every = [it for it in full.root.all("table") if "all scenarios" in it.all("caption")[0].text]
    assert len(every[0].all("tr")) == 102
    assert "94 more scenarios" in full.root.text
    assert not [it for it in full.root.all("svg") if "scenario number" in it.text]
    for picture in full.root.all("svg"):
        assert LONG not in picture.text, "what is too long is cut"


@pytest.mark.needs_jit  # no kernel runs here: once in CI is enough
def test_the_same_tables_give_the_same_bytes(tmp_path):
    here, apart = tmp_path / "here", tmp_path / "apart"
    here.mkdir()
    apart.mkdir()
    files = write_report(made([], days=9, runs=3), here)
    code = (
        "from pathlib import Path; from engine.report import write_report; "
        "from tests.report.made import made; "
        f"write_report(made([], days=9, runs=3), Path({os.fspath(apart)!r}))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    for file in files:
        assert file.read_bytes() == (apart / file.relative_to(here)).read_bytes()


HOSTILE = "<script>alert(1)</script>\"'&amp;</title>$x^2$ 0.123456 #0072b2 --> \x1b[31m\x00\n漢字"


@pytest.mark.needs_jit
def test_names_are_text_whatever_they_are(tmp_path):
    tables = made([HOSTILE, "]]>{{ 7 * 7 }}{% raw %}"], days=1)
    for name, column in (("sources", 1), ("flows", 1), ("skus", 1), ("source_days", 2)):
        table = tables[name]
        texts = [f"{HOSTILE}{text}" for text in table.column(column).to_pylist()]
        tables[name] = table.set_column(column, table.field(column), [texts])
    found = report(tables, tmp_path)
    assert not found.root.all("script")
    shown = HOSTILE.replace("\x1b", r"\x1b").replace("\x00", r"\x00").replace("\n", r"\n")
    for element in ("th", "text", "p"):
        texts = [it.text for it in found.root.all(element)]
        assert any("<script>" in text for text in texts), element
    assert shown in [it.text for it in found.root.all("th")]
    assert "]]>{{ 7 * 7 }}{% raw %}" in [it.text for it in found.root.all("th")]
    assert not set(found.page) & {"\x1b", "\x00"}


@pytest.mark.parametrize("title", ["Spring plan", "<b>&"])
def test_the_title_is_the_heading(tmp_path, title):
    (page,) = write_report(no_orders(), tmp_path, title=title)[:1]
    text = page.read_text("utf-8")
    assert title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in text


def test_no_orders_at_all(tmp_path):
    found = report(no_orders(), tmp_path)
    assert len(found.files) == 1
    assert "0 orders" in found.root.text
    assert "No line is short." in found.root.text
    assert not found.root.all("figure")


@pytest.mark.needs_jit
def test_the_baseline_alone(tmp_path):
    found = report(made([]), tmp_path)
    assert [it.stem for it in found.files[1:]] == [
        *("service", "distances", "flows", "sources", "shortfalls", "regions", "skus")
    ]
    assert "difference" not in found.root.text.replace("What", "").partition("</style>")[2]


def test_nothing_is_located_and_there_is_no_horizon(tmp_path):
    found = report(made(NAMES[:1], located=False, costs=False), tmp_path)
    drawn = {it.stem for it in found.files}
    assert not drawn & {"flows", "flow_changes", "backlog", "on_hand", "shipped"}
    assert "There is no map" in found.root.text
    assert "hamburg to DE" in found.root.text
    assert "cost per order" not in found.root.text
