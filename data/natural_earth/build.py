"""Build `outlines.parquet` from Natural Earth's countries at 1:110 million.

The outlines are those of the file, rounded to 0.01 degrees; Antarctica is left out.

Usage: python data/natural_earth/build.py FOLDER

FOLDER holds `naturalearth_lowres.shp` and `naturalearth_lowres.dbf`, as the wheel of geopandas
0.14.4 does in `geopandas/datasets/naturalearth_lowres`. The table is written beside this script.
The same files give the same bytes, as long as the version of pyarrow is the same.
"""

import sys
from pathlib import Path
from struct import unpack_from

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
POLYGON = 5
SCHEMA = pa.schema(
    [
        ("country", pa.string()),
        ("longitude", pa.list_(pa.float32())),
        ("latitude", pa.list_(pa.float32())),
    ]
)


def main() -> None:
    """Read the folder given on the command line and write the table."""
    if len(sys.argv) != 2:
        sys.exit("usage: python data/natural_earth/build.py FOLDER")
    stem = Path(sys.argv[1]) / "naturalearth_lowres"
    names = read_names(stem.with_suffix(".dbf").read_bytes())
    shapes = read_rings(stem.with_suffix(".shp").read_bytes())
    rows = [
        {"country": name, "longitude": ring[:, 0], "latitude": ring[:, 1]}
        for name, rings in sorted(zip(names, shapes, strict=True), key=lambda row: row[0])
        for ring in rings
        if name != "Antarctica"
    ]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    pq.write_table(table, HERE / "outlines.parquet", compression="zstd", compression_level=19)
    print(f"{len(set(names)) - 1} countries, {len(rows)} rings", end=", ")
    print(f"{sum(len(row['latitude']) for row in rows):,} points")


def read_names(data: bytes) -> list[str]:
    """Read the column `name` of a dBase file, a value per country."""
    count, start, width = unpack_from("<IHH", data, 4)
    at, offset = 32, 1  # a row begins with a mark of deletion
    while data[at : at + 11].rstrip(b"\0") != b"name":
        offset += data[at + 16]
        at += 32
    size = data[at + 16]
    rows = (data[start + width * row + offset :][:size] for row in range(count))
    return [row.decode("latin-1").strip() for row in rows]


def read_rings(data: bytes) -> list[list[np.ndarray]]:
    """Read a shapefile of polygons: (num_points, 2) longitude and latitude of each ring."""
    shapes, at = [], 100
    while at < len(data):
        (length,) = unpack_from(">i", data, at + 4)
        (kind,) = unpack_from("<i", data, at + 8)
        if kind != POLYGON:
            sys.exit(f"a shape of kind {kind}, not a polygon, at byte {at}")
        parts, points = unpack_from("<ii", data, at + 44)
        starts = np.frombuffer(data, "<i4", parts, at + 52)
        xy = np.frombuffer(data, "<f8", 2 * points, at + 52 + 4 * parts).reshape(-1, 2)
        shapes.append(np.split(xy.round(2), starts[1:]))
        at += 8 + 2 * length
    return shapes


if __name__ == "__main__":
    main()
