"""Where orders come from and where they are shipped from.

`metros.csv` holds the 99 largest metropolitan statistical areas of the contiguous states by the
American Community Survey 2016-2020 of the US Census Bureau (table B01003), with the city that each
is named after first. A city stands at the median of its postcodes in the packaged GeoNames table.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from engine.packaged import packaged
from engine.places.distance import Points, great_circle_mm, points

CENTRES = (
    ("Tracy", "CA"),
    ("Whitestown", "IN"),
    ("Gouldsboro", "PA"),
    ("West Columbia", "SC"),
    ("Fort Worth", "TX"),
)
METROS = Path(__file__).parent / "metros.csv"


class Network(NamedTuple):
    """Cities and centres.

    ``population`` is (num_cities,); ``cities`` and ``centres`` are (n, 2) degrees of latitude and
    longitude; ``mm`` is (num_cities, num_centres), the engine's own distances.
    """

    population: np.ndarray
    cities: np.ndarray
    centres: np.ndarray
    mm: np.ndarray


def network(num_metros: int) -> Network:
    """Return the centres and the largest metros."""
    metros = pacsv.read_csv(METROS).slice(0, num_metros).to_pylist()
    cities = np.array([_position(metro["city"], metro["region_code"]) for metro in metros])
    centres = np.array([_position(*centre) for centre in CENTRES])
    population = np.array([metro["population"] for metro in metros])
    return Network(population, cities, centres, distances(cities, centres))


def distances(cities: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the millimetres between cities and centres that the engine counts with."""
    here = Points(*(axis[:, None] for axis in points(*cities.T)))
    return great_circle_mm(here, points(*centres.T))


def _position(city: str, region_code: str) -> tuple[float, float]:
    rows = _us_places()
    there = pc.and_(pc.equal(rows["city"], city), pc.equal(rows["region_code"], region_code))
    rows = rows.filter(there)
    return tuple(float(np.median(rows[name].to_numpy())) for name in ("latitude", "longitude"))


@cache
def _us_places() -> pa.Table:
    rows = pq.read_table(packaged("geonames") / "geonames.parquet")
    return rows.filter(pc.equal(rows["country_code"], "US"))
