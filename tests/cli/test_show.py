"""What is shown of key figures."""

from dataclasses import replace

import pytest

import engine
from engine.cli.show import kpi_differences
from engine.packaged import packaged

CATALOG, ORDERS = packaged("msi_example/catalog"), packaged("msi_example/orders")


@pytest.fixture(scope="module")
def kpis():
    return engine.allocate(engine.read_catalog(CATALOG), *engine.read_orders(ORDERS)).kpis


@pytest.mark.parametrize(
    ("figure", "more", "shown"),
    [
        ("unit_fill_rate", 0.02, "+2.00 pp"),
        ("unit_fill_rate", 0.00004, "<+0.01 pp"),
        ("unit_fill_rate", -0.00004, ">-0.01 pp"),
        ("shipments_per_order", 0.004, "<+0.01"),
        ("distance_km", -0.04, ">-0.1"),
        ("distance_km", -0.06, "-0.1"),
        ("balance", 0.0001, "<+0.001"),
        ("balance", 0.0, ""),
    ],
)
def test_differences_that_round_to_nothing_are_told_from_none(kpis, figure, more, shown):
    a, b = replace(kpis, **{figure: 0.5}), replace(kpis, **{figure: 0.5 + more})
    assert {row[3] for row in kpi_differences(a, b)} == {shown, ""}
