"""Sine, cosine and arc tangent against their series in 50 digits, and to the bit."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from engine.places.trig import arc_tangent, sincos_degrees
from tests.oracle.places import DIGITS, PI, arctan, sin_cos

RNG = np.random.default_rng(20_240_229)
ANGLES = np.concatenate(
    [
        RNG.uniform(-180, 180, 1500),
        np.round(RNG.uniform(-180, 180, 1000), 4),
        RNG.uniform(-1, 1, 300) * 10.0 ** RNG.integers(-12, 0, 300),
        np.repeat([-180.0, -90, 0, 90, 180], 40) + RNG.uniform(-1e-9, 1e-9, 200),
        np.repeat([-135.0, -45, 45, 135], 50) + RNG.uniform(-1e-3, 1e-3, 200),
    ]
)
# Lengths of |u - v| and |u + v| for unit vectors, the worst part of the range once more.
APART = np.concatenate(
    [
        RNG.uniform(0, 2, 1500),
        RNG.uniform(0.75, 0.95, 1000),
        RNG.uniform(0, 2, 500) * 10.0 ** RNG.integers(-12, 0, 500),
    ]
)
ALONG = np.sqrt(4 - APART * APART)


def ulps(found: float, exact: Decimal) -> float:
    """How far a double is from the exact value, in units of the last place there."""
    return float(abs(Decimal(found) - exact) / Decimal(math.ulp(float(exact))))


def exact_angle(numerator: float, denominator: float) -> Decimal:
    over, under = Decimal(numerator), Decimal(denominator)
    return arctan(over / under) if over <= under else PI / 2 - arctan(under / over)


def test_series_knows_exact_values():
    with localcontext() as context:
        context.prec = DIGITS
        sine, cosine = sin_cos(PI / 6)
        values = (sine, Decimal("0.5")), (cosine**2, Decimal("0.75")), (4 * arctan(Decimal(1)), PI)
        for found, exact in values:
            assert abs(found - exact) < Decimal("1e-47")


def test_sincos_degrees_within_2_ulp():
    sine, cosine = sincos_degrees(ANGLES)
    worst = 0.0
    with localcontext() as context:
        context.prec = DIGITS
        for degrees, *found in zip(ANGLES.tolist(), sine.tolist(), cosine.tolist(), strict=True):
            exact = sin_cos(Decimal(degrees) * PI / 180)
            worst = max(worst, *map(ulps, found, exact))
    assert worst <= 2


def test_arc_tangent_within_2_ulp():
    found = arc_tangent(APART, ALONG).tolist()
    with localcontext() as context:
        context.prec = DIGITS
        exact = map(exact_angle, APART.tolist(), ALONG.tolist())
        worst = max(map(ulps, found, exact))
    assert worst <= 2


def test_sincos_degrees_is_exact_at_quarter_turns():
    sine, cosine = sincos_degrees(np.arange(-360.0, 361.0, 90.0))
    assert sine.tolist() == [0, 1, 0, -1, 0, 1, 0, -1, 0]
    assert cosine.tolist() == [1, 0, -1, 0, 1, 0, -1, 0, 1]
    assert not np.signbit(sine[sine == 0]).any()
    assert not np.signbit(cosine[cosine == 0]).any()


def test_sincos_degrees_of_the_negative():
    sine, cosine = sincos_degrees(ANGLES)
    mirrored = sincos_degrees(-ANGLES)
    assert np.array_equal(mirrored[0], -sine)
    assert np.array_equal(mirrored[1], cosine)


def test_arc_tangent_at_the_ends():
    found = arc_tangent(np.array([0.0, 1.0, 2.0, 2.0]), np.array([2.0, 1.0, 0.0, 2.0]))
    assert found.tolist() == [0.0, math.pi / 4, math.pi / 2, math.pi / 4]


def test_arc_tangent_grows_with_its_ratio():
    rising = np.sort(APART)
    assert (np.diff(arc_tangent(rising, np.sqrt(4 - rising * rising))) >= 0).all()


def test_unknown_stays_unknown():
    unknown = np.array([np.nan, 1.0])
    for found in (*sincos_degrees(unknown), arc_tangent(unknown, unknown)):
        assert np.isnan(found).tolist() == [True, False]


def layouts(values: np.ndarray):
    """The same numbers in every form that memory may have."""
    wide = np.full((3, 2 * len(values)), np.nan)
    wide[1, ::2] = values
    shifted = np.empty(8 * len(values) + 8, np.uint8)[1 : 8 * len(values) + 1].view(np.float64)
    shifted[:] = values
    yield "strided", wide[1, ::2]
    yield "reversed", values[::-1].copy()[::-1]
    yield "not aligned", shifted
    yield "column", np.asfortranarray(np.column_stack([values, values]))[:, 1]
    yield "read-only", np.frombuffer(values.tobytes())


def bits(*arrays: np.ndarray) -> list[bytes]:
    return [np.ascontiguousarray(array).tobytes() for array in arrays]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 1001])
def test_layout_and_length_change_no_bit(count):
    angles, apart, along = ANGLES[:count], APART[:count], ALONG[:count]
    sincos, angle = bits(*sincos_degrees(ANGLES)), bits(arc_tangent(APART, ALONG))
    start = [column[: 8 * count] for column in (*sincos, *angle)]
    assert bits(*sincos_degrees(angles), arc_tangent(apart, along)) == start
    for (name, one), (_, over), (_, under) in zip(
        layouts(angles), layouts(apart), layouts(along), strict=True
    ):
        assert bits(*sincos_degrees(one), arc_tangent(over, under)) == start, name


def test_one_by_one_changes_no_bit():
    sine, cosine = sincos_degrees(ANGLES)
    angle = arc_tangent(APART, ALONG)
    for make in (np.atleast_1d, np.asarray, np.float64):
        alone = [sincos_degrees(make(degrees)) for degrees in ANGLES]
        assert bits(np.hstack([one[0] for one in alone])) == bits(sine)
        assert bits(np.hstack([one[1] for one in alone])) == bits(cosine)
        pairs = zip(APART, ALONG, strict=True)
        alone = [arc_tangent(make(over), make(under)) for over, under in pairs]
        assert bits(np.hstack(alone)) == bits(angle)
