"""What only a browser can tell: that nothing fails, and that a page fits its window."""

import pytest

from tests.report.browser import CHROMIUM, open_page, overflows

pytestmark = [
    pytest.mark.needs_jit,  # once in CI is enough: no kernel runs here
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no chromium; on Debian: apt-get install chromium"
    ),
]


@pytest.fixture
def profile(tmp_path):
    return tmp_path / "profile"


def test_the_console_says_nothing(full, profile):
    page, said = open_page(full.files[0], profile)
    assert said == []
    assert page.count("<svg") == full.page.count("<svg")


def test_the_console_would_say_it(tmp_path, profile):
    page = tmp_path / "page.html"
    page.write_text("<title>x</title><script>nothing()</script>", "utf-8")
    assert "nothing is not defined" in open_page(page, profile)[1][0]


def test_what_a_page_may_not_load_is_said(full, tmp_path, profile):
    page = tmp_path / "page.html"
    page.write_text(full.page.replace("</body>", '<img src="there.png"></body>'), "utf-8")
    assert "Content Security Policy" in open_page(page, profile)[1][0]


def test_nothing_is_wider_than_the_window(full, tmp_path, profile):
    assert overflows(full.page, tmp_path, profile, [390, 800, 1280]) == [0, 0, 0]


def test_a_page_that_is_too_wide_is_found(tmp_path, profile):
    page = '<body style="margin: 0"><p style="width: 500px">x</p></body>'
    assert overflows(page, tmp_path, profile, [390, 800]) == [110, 0]
