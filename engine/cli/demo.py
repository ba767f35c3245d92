"""``ssa demo``: makes nothing up, runs the packaged real data."""

import shlex
from contextlib import suppress
from pathlib import Path

import click

from engine.cli import options, show
from engine.selection.shown import kpi_rows

_SET = "online_retail"
_CODES = ("priority", "distance")


@click.command(cls=options.Command, epilog="ssa demo")
@options.json
@options.quiet
def demo(as_json: bool, quiet: bool) -> None:
    """Run both algorithms on a week of real orders and show their key figures side by side.

    The orders are those of a UK web retailer (UCI Online Retail, Daqing Chen, CC BY 4.0) in the
    week of 2011-11-14. Sources, stocks and quantities are made; the set's README says how.
    """
    from engine.clock import Clock
    from engine.folders import read_run
    from engine.packaged import packaged
    from engine.selection.allocate import allocate_orders
    from engine.selection.plan import find_plan

    folders = packaged(f"{_SET}/catalog"), packaged(f"{_SET}/orders")
    results = []
    show.compiling(quiet)
    with show.progress(quiet, "read", "validate", "encode", *_CODES) as clock:
        run = read_run(*folders, quarantine=False, clock=clock)
        for code in _CODES:
            with clock(code):
                result = allocate_orders(
                    run.catalog,
                    run.orders,
                    plan=find_plan(code, None),
                    mode="sequential",
                    include_zero=False,
                    quarantine=False,
                    clock=Clock(),
                )
            results.append(result)
    if as_json:
        show.as_json({code: result.kpis for code, result in zip(_CODES, results, strict=True)})
        return
    show.say(
        "Online Retail, week of 2011-11-14:",
        f"{len(run.orders.ids):,} orders, {len(run.orders.skus):,} lines, "
        f"{run.catalog.sources.num_rows} sources",
        "",
    )
    show.table(["", *_CODES], kpi_rows([result.kpis for result in results]), right=[1, 2])
    trader = _near(packaged("northwind"))
    show.say("", f"Next: ssa allocate {trader}/catalog {trader}/orders --out allocated")


def _near(path: Path) -> str:
    """Return a path for the shell, as seen from here if it lies below."""
    with suppress(OSError, ValueError):  # this folder is gone, or elsewhere
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))
