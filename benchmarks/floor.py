"""The I/O floor: read what a run reads, write what a run writes, nothing between.

Read are all columns of all files of both folders, as Arrow tables; the packaged postal codes are
not counted. Written are the tables of our own result, which is read beforehand and held in memory,
by the engine's own writer into a folder that appears whole, synced to the disk as a run's is.
As a program, ``python -m benchmarks.floor CATALOG ORDERS OUT ALGORITHM`` prints the seconds that it
took to read the result, for the caller to take off.
"""

import shutil
import sys
from functools import cache
from pathlib import Path
from time import perf_counter

import pyarrow as pa
import pyarrow.parquet as pq

from engine.io.output import whole_folder
from engine.io.write import write_table

_TABLES = ("allocations", "orders", "shortfalls", "source_items")


def run(catalog: Path, orders: Path, out: Path, algorithm: str) -> None:
    """Read the input, write the result that stands at `result_of` (``out``, ``algorithm``)."""
    tables = held(result_of(out, algorithm))
    for file in sorted([*catalog.glob("*.parquet"), *orders.glob("*.parquet")]):
        pq.read_table(file)
    with whole_folder(out, overwrite=True) as folder:
        for name, table in tables.items():
            write_table(table, folder / f"{name}.parquet")
        shutil.copy(result_of(out, algorithm) / "run.json", folder)


def result_of(out: Path, algorithm: str) -> Path:
    """Return where our own result stands, beside the folder that is written."""
    return out.parent / f"ours-{algorithm}"


@cache
def held(result: Path) -> dict[str, pa.Table]:
    """Read the tables of a result, each a file or a folder of part files; keep them."""
    tables = {}
    for name in _TABLES:
        file = result / f"{name}.parquet"
        tables[name] = pq.read_table(file if file.exists() else result / name)
    return tables


if __name__ == "__main__":
    catalog, orders, out = map(Path, sys.argv[1:4])
    start = perf_counter()
    held(result_of(out, sys.argv[4]))
    print(perf_counter() - start)
    run(catalog, orders, out, sys.argv[4])
