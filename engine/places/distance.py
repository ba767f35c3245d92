"""Great-circle distances in whole millimetres.

One function decides every distance: ranking, ties, costs and reports all use its integer.
"""

from typing import NamedTuple

import numpy as np

from engine.earth import EARTH_RADIUS_KM, MM_PER_KM
from engine.places.trig import arc_tangent, sincos_degrees
from engine.types import FloatArray, IndexArray, IntArray

UNKNOWN = -1
"""The distance from or to a place without a position."""


class Points(NamedTuple):
    """Positions on the unit sphere, each (num_points,); NaN where a place is not known."""

    x: FloatArray
    y: FloatArray
    z: FloatArray


class KnownDistances(NamedTuple):
    """Distances given as a table, sorted by ``keys``.

    ``keys`` is place * num_sources + source, ``mm`` the distance; places are numbered by the
    catalogue's list of (country, postcode) pairs.
    """

    keys: IntArray
    mm: IntArray


def points(latitude: FloatArray, longitude: FloatArray) -> Points:
    """Place coordinates on the unit sphere.

    Parameters
    ----------
    latitude, longitude
        (num_points,) degrees; NaN where not known.

    Returns
    -------
    Points of the same length and order.
    """
    sin_lat, cos_lat = sincos_degrees(latitude)
    sin_lon, cos_lon = sincos_degrees(longitude)
    return Points(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat)


def great_circle_mm(here: Points, there: Points) -> IntArray:
    """Distance between points on a sphere of radius 6371 km.

    Parameters
    ----------
    here, there
        Points of broadcastable shapes.

    Returns
    -------
    int64 millimetres in the broadcast shape; -1 where either point is not known.

    Notes
    -----
    This is the haversine distance of MSI's offline ``GetDistance``: with unit vectors u and v,
    hav(angle) = |u - v|^2 / 4. Together with |u + v|^2 / 4 = 1 - hav(angle) it keeps full
    precision for points near each other and for antipodes.

    Examples
    --------
    >>> paris, lyon = points(np.array([48.8566]), np.array([2.3522])), points(
    ...     np.array([45.764]), np.array([4.8357]))
    >>> great_circle_mm(paris, lyon).tolist()
    [391498932]
    """
    # Not ``** 2``: on a single number numpy asks the system's pow, which may differ in a bit.
    apart = np.square(here.x - there.x) + np.square(here.y - there.y) + np.square(here.z - there.z)
    along = np.square(here.x + there.x) + np.square(here.y + there.y) + np.square(here.z + there.z)
    half_angle = arc_tangent(np.sqrt(apart), np.sqrt(along))
    mm = np.rint(2 * EARTH_RADIUS_KM * MM_PER_KM * half_angle)
    return np.where(np.isnan(mm), UNKNOWN, mm).astype(np.int64)


def distance_matrix(
    destinations: Points, places: IndexArray, sources: Points, known: KnownDistances
) -> IntArray:
    """Distance of every destination from every source.

    Parameters
    ----------
    destinations
        (num_destinations,) points.
    places
        (num_destinations,) number of the destination's place in ``known``, -1 if not there.
    sources
        (num_sources,) points.
    known
        Distances that stand in a table and go before the great circle.

    Returns
    -------
    (num_destinations, num_sources) int64 millimetres; -1 where not known.
    """
    here = Points(*(axis[:, None] for axis in destinations))
    mm = great_circle_mm(here, sources)
    if len(known.keys) and len(places):
        num_sources = mm.shape[1]
        rows = np.flatnonzero(places >= 0)
        keys = places[rows, None].astype(np.int64) * num_sources + np.arange(num_sources)
        mm[rows] = override_mm(mm[rows], keys, known)
    return mm


def override_mm(mm: IntArray, keys: IntArray, known: KnownDistances) -> IntArray:
    """Put known distances in place of computed ones; ``keys`` has the shape of ``mm``."""
    if not len(known.keys):
        return mm
    at = np.minimum(np.searchsorted(known.keys, keys), len(known.keys) - 1)
    return np.where(known.keys[at] == keys, known.mm[at], mm)
