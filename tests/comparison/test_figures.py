"""Key figures side by side."""

from dataclasses import replace

from engine.comparison.figures import kpi_table
from tests.comparison.test_asked import NO_KPIS

A = replace(
    NO_KPIS,
    orders=3,
    units=0.1,
    shortfalls={"lane": {"lines": 1, "units": 2.0}},
    capacity_use={"lyon": {"orders": 0.5, "units": None}},
    source_utilisation={"lyon": 0.25, "paris": None},
)
B = replace(A, orders=5, units=0.3, shortfalls={}, capacity_use={}, source_utilisation=None)


def test_every_figure_has_a_row():
    rows = {name: rest for name, *rest in (row.values() for row in kpi_table(A, B).to_pylist())}
    assert rows["orders"] == [3, 5, 2]
    assert rows["units"] == [0.1, 0.3, 0.2]
    assert rows["balance"] == [None, None, None]
    assert rows["shortfalls.lane.units"] == [2, 0, -2]
    assert rows["capacity_use.lyon.orders"] == [0.5, None, None]
    assert rows["source_utilisation.lyon"] == [0.25, None, None]
    assert {"unit_fill_rate", "cost", "capacity_use.lyon.units"} < rows.keys()


def test_figures_are_in_the_sequence_of_both():
    assert kpi_table(A, B)["name"].to_pylist()[:4] == kpi_table(B, A)["name"].to_pylist()[:4]
