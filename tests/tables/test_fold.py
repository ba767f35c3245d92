import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tables.fold import fold_country, fold_postcode, fold_sku


def fold(function, text):
    return function(pa.array([text], pa.string()))[0].as_py()


@pytest.mark.parametrize(
    ("spelt", "folded"),
    [
        ("24-WB01", "24-wb01"),
        ("İ", "i"),
        ("ẞ", "ß"),
        ("ß", "ß"),
        ("ΑΣ", "ας".replace("ς", "σ")),
        ("\u212a", "k"),
        ("ǅ", "ǆ"),
        ("É", "é"),
        ("E\u0301", "e\u0301"),
        (" X ", " x "),
        ("A\0B", "a\0b"),
        ("", ""),
    ],
)
def test_fold_sku_by_code_point(spelt, folded):
    assert fold(fold_sku, spelt) == folded


@given(st.text(), st.text())
def test_fold_sku_knows_no_context(one, other):
    assert fold(fold_sku, one + other) == fold(fold_sku, one) + fold(fold_sku, other)


@given(st.text())
def test_fold_sku_twice_is_once(text):
    assert fold(fold_sku, fold(fold_sku, text)) == fold(fold_sku, text)


def test_folds_keep_null_and_place():
    column = pa.chunked_array([["B"], [], [None, "a"]], pa.string())
    for function in (fold_sku, fold_country, fold_postcode):
        assert function(column)[1].as_py() is None
        assert len(function(column)) == 3


def test_fold_country_trims():
    assert fold(fold_country, " gb\t") == "GB"


def test_fold_postcode_has_no_blanks():
    assert fold(fold_postcode, " ec1a  4sd ") == "EC1A4SD"
    assert fold(fold_postcode, "0 75") == "075"
