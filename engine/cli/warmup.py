"""``ssa warmup``: compile the kernels before anybody waits for them."""

from contextlib import suppress
from itertools import product
from pathlib import Path
from time import perf_counter

import click

from engine.cli import options, show


@click.command(cls=options.Command, epilog="ssa warmup")
@options.json
@options.quiet
@click.pass_context
def warmup(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """Compile the kernels into the cache folder, so that no later run has to.

    The folder lies in $NUMBA_CACHE_DIR if set, else in $XDG_CACHE_HOME, else where the system
    keeps caches (~/.cache). It may be deleted at any time.
    """
    from engine.kernels.place import is_cold, place

    start = perf_counter()
    folder = str(place() or "no folder")
    if can_be_kept := _can_be_made(place()):
        show.compiling(quiet, show.BATCHES)
        run_all_kernels()
    seconds = perf_counter() - start
    if not can_be_kept or is_cold():
        show.tell(
            f"ssa: {folder}: compiled kernels cannot be kept, so every run compiles them; "
            "set NUMBA_CACHE_DIR to a folder that can be written"
        )
        ctx.exit(1)
    if as_json:
        show.as_json({"cache": folder, "seconds": round(seconds, 3)})
    else:
        show.say(f"{folder}: ready after {seconds:.1f} s")


def _can_be_made(folder: Path | None) -> bool:
    """Whether there is such a folder, or can be: before half a minute is spent on compiling."""
    with suppress(OSError):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            return True
    return False


def run_all_kernels() -> None:
    """Allocate a few orders in every way, which compiles each kernel for the types of real runs."""
    import pyarrow as pa

    from engine.catalog import Catalog
    from engine.errors import UsageError
    from engine.intake.book import OrderKeys
    from engine.selection.allocate import allocate
    from engine.selection.run import MODES

    catalog = Catalog.from_tables(
        {
            "sources": pa.table(
                {
                    "source_code": ["lyon", "paris"],
                    "latitude": [45.76, 48.86],
                    "longitude": [4.84, 2.35],
                }
            ),
            "stock_source_links": pa.table(
                {"stock_id": [1, 1], "source_code": ["lyon", "paris"], "priority": [2, 1]}
            ),
            "source_items": pa.table(
                {"source_code": ["lyon", "paris"], "sku": ["a", "a"], "quantity": [5, 3]}
            ),
        }
    )
    orders = pa.table(
        {"order_id": [1, 2], "stock_id": [1, 1], "latitude": [45.0, 46.0], "longitude": [5.0, 6.0]}
    )
    lines = pa.table({"order_id": [1, 2], "sku": ["a", "a"], "qty": [4, 9]})
    for code, mode, include_zero in product(("priority", "distance"), MODES, (False, True)):
        allocate(catalog, orders, lines, algorithm=code, mode=mode, include_zero=include_zero)
    allocate(catalog, orders, lines, policy="nearest_complete")
    together = {"order_rule": "optimal", "costs": {"per_unit": 1}}
    allocate(catalog, orders, lines, policy=together)
    with suppress(UsageError):  # without highspy there is no linear program to compile for
        allocate(catalog, orders, lines, policy={**together, "optimal": {"exact": True}})
    # Only lines that are read batch by batch look for their orders this way.
    ids = orders["order_id"].combine_chunks()
    OrderKeys(ids, ids[:0]).positions(ids, 0)
