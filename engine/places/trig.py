"""Sine, cosine and arc tangent from additions, multiplications and square roots alone.

The system's own functions differ in the last bit from one machine or library version to
another, and a distance that rounds to another millimetre there could pick another source.
These use only operations that IEEE 754 defines to the bit, so every machine gets the same.
The polynomials are those of FreeBSD's msun (k_sin.c, k_cos.c, s_atan.c), good to 2 ulp here.
"""

import numpy as np

from engine.earth import ATAN, HALF_PI, QUARTER_PI, QUARTER_PI_REST, TAN_EIGHTH_PI
from engine.types import FloatArray

_SIN = (
    -1.66666666666666324348e-01,
    8.33333333332248946124e-03,
    -1.98412698298579493134e-04,
    2.75573137070700676789e-06,
    -2.50507602534068634195e-08,
    1.58969099521155010221e-10,
)
_COS = (
    4.16666666666666019037e-02,
    -1.38888888888741095749e-03,
    2.48015872894767294178e-05,
    -2.75573143513906633035e-07,
    2.08757232129817482790e-09,
    -1.13596475577881948265e-11,
)
_RADIANS = 0.017453292519943295


def sincos_degrees(degrees: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sine and cosine of angles in degrees.

    Parameters
    ----------
    degrees
        Any shape; NaN gives NaN.

    Returns
    -------
    Sine and cosine, in the same shape; exact at multiples of 90 degrees.

    Examples
    --------
    >>> sincos_degrees(np.array([0.0, 90.0, 180.0]))[0].tolist()
    [0.0, 1.0, 0.0]
    """
    turns = np.rint(degrees / 90.0)
    rest = (degrees - turns * 90.0) * _RADIANS
    square = rest * rest
    sine = rest + rest * (square * _polynomial(_SIN, square))
    cosine = 1.0 - (0.5 * square - square * (square * _polynomial(_COS, square)))
    quadrant = np.where(np.isnan(turns), 0.0, turns) % 4
    swap = quadrant % 2 == 1
    first, second = np.where(swap, cosine, sine), np.where(swap, sine, cosine)
    return (
        np.where(quadrant >= 2, -first, first) + 0.0,
        np.where((quadrant == 1) | (quadrant == 2), -second, second) + 0.0,
    )


def arc_tangent(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Angle whose tangent is a ratio of two lengths.

    Parameters
    ----------
    numerator, denominator
        Broadcastable, >= 0, not both 0; NaN gives NaN.

    Returns
    -------
    Radians from 0 to pi / 2.

    Examples
    --------
    >>> float(arc_tangent(np.array(1.0), np.array(1.0)))
    0.7853981633974483
    """
    small, large = np.minimum(numerator, denominator), np.maximum(numerator, denominator)
    wide = small > TAN_EIGHTH_PI * large
    ratio = np.where(wide, small - large, small) / np.where(wide, small + large, large)
    square = ratio * ratio
    bend = ratio * (square * _polynomial(ATAN, square))
    angle = np.where(wide, QUARTER_PI - ((bend - QUARTER_PI_REST) - ratio), ratio - bend)
    return np.where(numerator > denominator, HALF_PI - (angle - 2 * QUARTER_PI_REST), angle)


def _polynomial(coefficients: tuple[float, ...], at: FloatArray) -> FloatArray:
    value = np.full_like(at, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = value * at + coefficient
    return value
