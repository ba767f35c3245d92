"""What notebooks show: well formed, with what people wrote as text."""

from xml.etree import ElementTree

import pytest

import engine
from engine.html import html_table
from engine.packaged import packaged


def texts(html: str) -> list[list[list[str]]]:
    """The cells of each table, row by row, names of columns first."""
    root = ElementTree.fromstring(f"<div>{html}</div>")
    return [
        [["".join(cell.itertext()) for cell in row] for row in one.iter("tr")]
        for one in root.iter("table")
    ]


def test_html_table_shows_text_as_it_is_written():
    found = html_table("<i>", ["a & b", "n"], [("<script>x</script>", 3), ("  of it", None)])
    assert texts(found) == [[["a & b", "n"], ["<script>x</script>", "3"], ["\u2003of it", "-"]]]
    assert "&lt;i&gt;" in found


def test_html_table_says_that_rows_are_missing():
    found = html_table("many", ["n"], [(at,) for at in range(2_000)])
    assert len(texts(found)[0]) == 21
    assert "many, 20 of 2,000 rows" in found


@pytest.fixture(scope="module")
def runs():
    catalog = engine.read_catalog(packaged("msi_example/catalog"))
    orders = engine.read_orders(packaged("msi_example/orders"))
    return catalog, orders, engine.allocate(catalog, *orders)


def test_results_show_their_figures_in_notebooks(runs):
    catalog, orders, result = runs
    figures, tables = texts(result._repr_html_())
    assert figures[0] == ["key figure", "value"]
    assert ["allocations", f"{result.allocations.num_rows:,}"] in tables

    closed = engine.Scenario("<closed>").close_source("reno_wh")
    found = engine.simulate(catalog, *orders, [closed], workers=1)
    figures, tables = texts(found._repr_html_())
    assert figures[0] == ["key figure", "baseline", "<closed>"]
    assert ["kpis", "2"] in tables

    order_id = result.orders["order_id"][0].as_py()
    (lines,) = texts(result.explain(order_id)._repr_html_())
    assert lines[0][:3] == ["line", "sku", "source_code"]

    figures, changed = texts(engine.compare(result, result)._repr_html_())
    assert figures[0] == ["key figure", "A", "B", "difference"]
    assert changed == [["order_id", "change", "qty_a", "qty_b", "why"]]
