"""Cases have the size they say, and the same files each time."""

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks import cases
from benchmarks.cases import CASES, GROWTH, SHORT_XL, Case, files, reduced


@pytest.mark.parametrize("name", ["msi-xl", "1Mx100kx50", "stores"])
def test_files_have_the_size_of_the_case(name, tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "CACHE", tmp_path)
    case = reduced(CASES[name], 1_000)
    catalog, orders = files(case)
    items = pq.read_table(catalog / "source_items.parquet")
    lines = pq.read_table(orders / "order_lines.parquet")
    assert lines.num_rows == case.lines == CASES[name].lines // 1_000
    assert items.num_rows == case.skus * case.items_per_sku
    assert len(items["sku"].unique()) == case.skus
    assert pq.read_metadata(catalog / "sources.parquet").num_rows == CASES[name].sources
    assert lines["order_id"].unique() == pq.read_table(orders / "orders.parquet")[0].unique()


def test_the_short_case_has_stock_for_nine_tenths_of_what_is_ordered(tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "CACHE", tmp_path)
    catalog, orders = files(reduced(SHORT_XL, 100))
    items = pq.read_table(catalog / "source_items.parquet")
    lines = pq.read_table(orders / "order_lines.parquet")
    held, wanted = (float(pc.sum(column).as_py()) for column in (items["quantity"], lines["qty"]))
    # Both are random: a Poisson number, and 1 to 5 units a line. Six standard deviations.
    assert abs(held - 0.9 * wanted) <= 6 * (held + 0.81 * 2 * lines.num_rows) ** 0.5


def test_files_are_the_same_bytes_each_time(tmp_path, monkeypatch):
    case = Case("some", "some lines", lines=100, skus=20, sources=5, destinations=7)
    made = []
    for name in ("one", "other"):
        monkeypatch.setattr(cases, "CACHE", tmp_path / name)
        folders = files(case)
        made.append(
            {file.name: file.read_bytes() for folder in folders for file in folder.iterdir()}
        )
    assert made[0] == made[1]


@pytest.mark.parametrize("axis", GROWTH)
def test_growth_changes_one_axis_alone(axis):
    for other in GROWTH:
        sizes = {getattr(case, other) for case in GROWTH[axis]}
        assert len(sizes) == (len(GROWTH[axis]) if other == axis else 1)
