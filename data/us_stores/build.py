"""Build `us_stores.csv.gz`: where 2,992 stores of one US retailer stand.

Everything in the table is real: rows, order and values as the raw file prints them. Only the
choice and the names of the columns are ours.

Usage: python data/us_stores/build.py FILE

FILE is the raw `us_store_locations.csv`, as it is or packed (`.csv.xz`). The table is written
beside this script. The same file gives the same bytes with the same version of zlib.
"""

import csv
import gzip
import io
import lzma
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLUMNS = {
    "storenum": "store",
    "STRCITY": "city",
    "STRSTATE": "state",
    "ZIPCODE": "postcode",
    "LAT": "latitude",
    "LON": "longitude",
}


def main() -> None:
    """Read the file given on the command line and write the table."""
    if len(sys.argv) != 2:
        sys.exit("usage: python data/us_stores/build.py FILE")
    path = Path(sys.argv[1])
    raw = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    rows = list(csv.DictReader(io.StringIO(raw.decode())))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS.values())
    writer.writerows([row[name] for name in COLUMNS] for row in rows)
    packed = gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)
    (HERE / "us_stores.csv.gz").write_bytes(packed)
    print(f"us_stores {len(rows):,}")


if __name__ == "__main__":
    main()
