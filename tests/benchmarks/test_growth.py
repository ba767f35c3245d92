"""The exponent of a power is that power."""

import pytest

from benchmarks.growth import curves, exponent


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_exponent_of_a_power(power):
    sizes = [10, 50, 200, 1_000]
    assert exponent(sizes, [3.0 * size**power for size in sizes]) == pytest.approx(power)


def test_curves_need_three_points():
    spent = {"100kx100kx50": 1.0, "300kx100kx50": 3.0, "1Mx100kx50": 10.0}
    cases = {
        name: {"runs": {"ours priority warm": {"median": seconds}}}
        for name, seconds in spent.items()
    }
    (curve,) = curves({"cases": cases})
    assert (curve.axis, curve.algorithm) == ("lines", "priority")
    assert curve.exponent == pytest.approx(1.0, abs=1e-3)
    assert curves({"cases": dict(list(cases.items())[:2])}) == []
