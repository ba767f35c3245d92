"""Key figures as people see them, by hand."""

from types import SimpleNamespace

from engine.selection.shown import (
    greatest_change,
    kpi_change,
    kpi_rows,
    most_changed,
    quantity,
    share,
    shown_figures,
    signed,
)


def figures(**known):
    """Return key figures of a run, unknown but for some."""
    names = (
        *("unit_fill_rate", "line_fill_rate", "order_fill_rate", "split_rate", "balance", "cost"),
        *("split_rate_multi_line", "shipments_per_order", "distance_km", "distance_km_by_unit"),
        *("shipments_without_distance", "cost_unserved", "cost_per_order"),
    )
    return SimpleNamespace(**dict.fromkeys(names), **{"units": 10, "units_allocated": 9} | known)


def run(**known):
    one = figures()
    one.__dict__.update(known)
    return one


def test_the_greatest_change_is_in_proportion_to_the_baseline():
    runs = {
        "baseline": run(unit_fill_rate=0.9, split_rate=0.1, distance_km=100.0),
        "a": run(unit_fill_rate=0.5, split_rate=0.1, distance_km=151.0),
        "b": run(unit_fill_rate=0.9, split_rate=0.05, distance_km=None),
    }
    assert greatest_change(runs) == ("a", "distance_km", 100, 151)
    told = "What changes most: km per shipment with 'a', 151.0 instead of 100.0 (+51.0)."
    assert most_changed(runs) == told


def test_of_equal_changes_it_is_the_first():
    runs = {"baseline": run(split_rate=0.1), "a": run(split_rate=0.2), "b": run(split_rate=0.2)}
    assert greatest_change(runs).scenario == "a"


def test_nothing_changes():
    runs = {"baseline": run(split_rate=0.0), "a": run(split_rate=0.2), "b": run()}
    assert greatest_change(runs) is None, "a change from 0 is in no proportion"
    assert most_changed(runs) == "No scenario changes a headline figure."


def test_costs_and_time_stand_there_if_any_run_has_them():
    plain, priced = run(), run(cost=3.5, cost_unserved=0.0, cost_per_order=None)
    later = dict.fromkeys(("units_received", "units_late", "units_lost", "units_waiting"), 1.5)
    names = [one.name for one in shown_figures([plain])]
    assert not {"cost", "units_waiting"} & set(names)
    assert [one.name for one in shown_figures([plain, priced])][: len(names)] == names
    assert ["cost", "3.50"] in kpi_rows([priced])
    assert ["units waiting", "1.5"] in kpi_rows([run(**later, wait_days=None)])
    nothing = dict.fromkeys((*later, "wait_days"))
    assert [one.name for one in shown_figures([run(**nothing)])] == names


def test_numbers_are_written():
    assert (quantity(1234.5), quantity(100.0), quantity(0)) == ("1,234.5", "100", "0")
    assert (share(0.1234), share(None)) == ("12.3%", "-")
    assert (signed(-0.5, quantity), signed(0.012, share)) == ("-0.5", "+1.20 pp")
    two = run(split_rate=0.25), run(split_rate=0.5)
    assert kpi_change(*two, "split_rate") == ["orders split", "25.0%", "50.0%", "+25.00 pp"]
