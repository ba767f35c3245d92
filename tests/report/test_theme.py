"""Colours that any reader can tell apart, and texts that can be read."""

from itertools import combinations

import numpy as np
import pytest

from engine.report.theme import DARK, LIGHT, LOOKS

# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
_VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        *([0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216]),
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        *([0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413]),
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        *([1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602]),
        [0.004733, 0.691367, 0.303900],
    ],
}
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    """(3,) linear RGB of a colour such as ``#0072b2``."""
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """(3,) CIELAB of linear RGB."""
    ratio = _XYZ @ np.clip(rgb, 0, 1) / _XYZ.sum(axis=1)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    """Return the contrast of WCAG 2."""
    light, dark = sorted((_XYZ[1] @ linear(it) for it in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("vision", _VISIONS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_scenarios_can_be_told_apart(theme, vision):
    seen = {
        look.colour: lab(np.array(_VISIONS[vision]) @ linear(theme[look.colour])) for look in LOOKS
    }
    for one, other in combinations(seen, 2):
        # Five times what is just noticed side by side (2.3).
        assert np.hypot.reduce(seen[one] - seen[other]) > 12, (one, other)


def test_scenarios_differ_in_mark_and_dash_besides():
    assert len({look.mark for look in LOOKS}) == len({look.dash for look in LOOKS}) == len(LOOKS)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["ink", "quiet", "better", "worse"])
def test_texts_can_be_read(theme, role):
    assert contrast(theme[role], theme["paper"]) >= 4.5


def test_a_colour_has_one_role():
    assert len(set(LIGHT.values())) == len(LIGHT)
    assert LIGHT.keys() == DARK.keys()
