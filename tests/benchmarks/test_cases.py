"""Cases have the size they say, and the same files each time."""

from math import ceil, floor

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


def test_stock_by_demand_is_that_of_each_sku(tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "CACHE", tmp_path)
    catalog, orders = files(reduced(SHORT_XL, 100))
    held, wanted = (
        {row["sku"]: int(row["units"]) for row in units_by_sku(path, column)}
        for path, column in (
            (catalog / "source_items.parquet", "quantity"),
            (orders / "order_lines.parquet", "qty"),
        )
    )
    assert sum(wanted.values()) > 0
    for sku, units in held.items():
        assert units in (floor(0.9 * wanted.get(sku, 0)), ceil(0.9 * wanted.get(sku, 0)))


def units_by_sku(path, column):
    table = pq.read_table(path).group_by("sku").aggregate([(column, "sum")])
    return table.rename_columns({f"{column}_sum": "units"}).to_pylist()


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
