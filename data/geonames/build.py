"""Build `geonames.parquet` from GeoNames' postal-code files.

Everything in the table is real: rows and values as GeoNames prints them, nothing corrected,
merged or left out. Only the choice of columns is ours.

Usage: python data/geonames/build.py FOLDER

FOLDER holds one file per country: `CC.txt`, `CC.zip` or `CC.txt.xz`, where CC is the ISO code.
An edition may follow the code, as in `FR_2016.txt.xz`. The table is written beside this script.
The same files give the same bytes, as long as the version of pyarrow is the same.
"""

import io
import lzma
import re
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
FILE_NAME = re.compile(r"([A-Z]{2})(_\d{4})?\.(txt|zip|txt\.xz)")

# GeoNames' twelve columns, in its order. The middle ones are dropped.
RAW_COLUMNS = [
    "country_code",
    "postcode",
    "city",
    "region",
    "region_code",
    "admin2_name",
    "admin2_code",
    "admin3_name",
    "admin3_code",
    "latitude",
    "longitude",
    "accuracy",
]
COORDINATES = ["latitude", "longitude"]
COLUMNS = RAW_COLUMNS[:5] + COORDINATES


def main() -> None:
    """Read the folder given on the command line and write the table."""
    if len(sys.argv) != 2:
        sys.exit("usage: python data/geonames/build.py FOLDER")
    files = country_files(Path(sys.argv[1]))
    table = pa.concat_tables(read_country(code, path) for code, path in files)
    pq.write_table(
        table.combine_chunks(),
        HERE / "geonames.parquet",
        compression="zstd",
        compression_level=19,
        dictionary_pagesize_limit=4 << 20,  # keeps the many distinct places in one dictionary
    )
    report(table)


def country_files(folder: Path) -> list[tuple[str, Path]]:
    """Return (country code, file) in alphabetical order; one file per country or it is an error."""
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if not (match := FILE_NAME.fullmatch(path.name)):
            print(f"left alone: {path.name}", file=sys.stderr)
        elif match[1] in files:
            sys.exit(f"two files for {match[1]}: {files[match[1]].name} and {path.name}")
        else:
            files[match[1]] = path
    if not files:
        sys.exit(f"{folder} holds no CC.txt, CC.zip or CC.txt.xz")
    return sorted(files.items())


def read_country(code: str, path: Path) -> pa.Table:
    """Read one country's file, in file order."""
    table = pv.read_csv(
        io.BytesIO(read_bytes(code, path)),
        read_options=pv.ReadOptions(column_names=RAW_COLUMNS),
        parse_options=pv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=pv.ConvertOptions(
            column_types={
                name: pa.float64() if name in COORDINATES else pa.string() for name in RAW_COLUMNS
            },
            include_columns=COLUMNS,
            null_values=[""],  # only an empty field is null: NA is Namibia
            strings_can_be_null=True,
        ),
    )
    found = table["country_code"].unique().to_pylist()
    if found != [code]:
        sys.exit(f"{path.name} holds rows of {found}, not of {code}")
    return table


def read_bytes(code: str, path: Path) -> bytes:
    """Return the text of a country's file, unpacked."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:  # GeoNames adds a readme.txt
            return archive.read(f"{code}.txt")
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def report(table: pa.Table) -> None:
    """Print the row counts that the README quotes."""
    counts = table.group_by("country_code", use_threads=False).aggregate([([], "count_all")])
    for row in counts.to_pylist():
        print(f"{row['country_code']} {row['count_all']:>7,}")
    print(f"all {table.num_rows:>6,}")


if __name__ == "__main__":
    main()
