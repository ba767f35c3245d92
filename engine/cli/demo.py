"""``ssa demo``: makes nothing up, runs the packaged real data."""

import click

from engine.cli import options, show

_SET = "online_retail"


@click.command()
@options.json
@options.quiet
def demo(as_json: bool, quiet: bool) -> None:
    r"""Run both algorithms on a week of real orders and show their key figures side by side.

    The orders are those of a UK web retailer (UCI Online Retail, Daqing Chen, CC BY 4.0) in the
    week of 2011-11-14. Sources, stocks and quantities are made; the set's README says how.

    \b
    Example:
      ssa demo
    """
    from engine.folders import read_run
    from engine.packaged import packaged
    from engine.selection.allocate import allocate_orders

    codes = ("priority", "distance")
    with show.progress(quiet) as clock:
        run = read_run(
            packaged(f"{_SET}/catalog"), packaged(f"{_SET}/orders"), quarantine=False, clock=clock
        )
        results = [
            allocate_orders(
                run.catalog,
                run.orders,
                algorithm=code,
                mode="sequential",
                include_zero=False,
                quarantine=False,
                clock=clock,
            )
            for code in codes
        ]
    if as_json:
        show.as_json({code: result.kpis for code, result in zip(codes, results, strict=True)})
        return
    size = f"{len(run.orders.ids):,} orders, {len(run.orders.skus):,} lines"
    click.echo(f"Online Retail, week of 2011-11-14: {size}")
    click.echo(f"{run.catalog}\n")
    show.table(["", *codes], show.kpi_rows([result.kpis for result in results]), right=[1, 2])
    click.echo(f"\nTables: {packaged(_SET)}")
