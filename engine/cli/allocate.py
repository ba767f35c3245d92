"""``ssa allocate``: the nightly batch."""

from typing import Any

import click

from engine.cli import options, show


@click.command(
    cls=options.Command,
    epilog="""\
ssa allocate data/northwind/catalog data/northwind/orders \\
  --algorithm distance --out allocated""",
)
@options.catalog
@options.orders
@click.option(
    "--out", required=True, metavar="DIR", help="Folder to write; appears whole or not at all."
)
@click.option(
    "--algorithm",
    default="priority",
    show_default=True,
    metavar="CODE",
    help="Algorithm that ranks the sources; ssa algorithms lists them.",
)
@click.option(
    "--mode",
    type=click.Choice(["sequential", "independent"]),
    default="sequential",
    show_default=True,
    help="Each order takes its units before the next, or each sees the untouched catalogue.",
)
@click.option("--include-zero", is_flag=True, help="Also list sources that give nothing.")
@click.option(
    "--quarantine",
    is_flag=True,
    help="Set bad rows aside in rejects; exit code 3 if there are any.",
)
@click.option(
    "--format",
    type=click.Choice(["parquet", "csv", "arrow"]),
    default="parquet",
    show_default=True,
    help="Format of the tables.",
)
@click.option("--overwrite", is_flag=True, help="Replace DIR if it holds an earlier run.")
@options.json
@options.quiet
@click.pass_context
def allocate(
    ctx: click.Context,
    catalog: str,
    orders: str,
    out: str,
    algorithm: str,
    mode: str,
    include_zero: bool,
    quarantine: bool,
    format: str,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Decide which source ships which unit of every order, and write the result to DIR.

    CATALOG and ORDERS are folders (or URIs) with one Parquet, Arrow or CSV file per table.
    """
    from engine.algorithms.registry import find_algorithm
    from engine.folders import read_run, write_result
    from engine.io.output import check_output, terminate_cleanly
    from engine.selection.allocate import allocate_orders

    with terminate_cleanly():
        check_output(out, overwrite, [catalog, orders])
        find_algorithm(algorithm)
        show.compiling(quiet)
        with show.progress(quiet, *_PHASES) as clock:
            run = read_run(catalog, orders, quarantine=quarantine, clock=clock)
            result = allocate_orders(
                run.catalog,
                run.orders,
                algorithm=algorithm,
                mode=mode,
                include_zero=include_zero,
                quarantine=quarantine,
                clock=clock,
            )
            arguments = {name: ctx.params[name] for name in _ARGUMENTS}
            write_result(
                result,
                out,
                format=format,
                overwrite=overwrite,
                arguments=arguments,
                files=run.files,
                clock=clock,
            )
    if not quiet:
        show.notes(result.notes)
    with show.courtesy():
        _summarise(result, out, algorithm, mode, as_json)
    ctx.exit(3 if result.rejects is not None and result.rejects.num_rows else 0)


_ARGUMENTS = ("catalog", "orders", "out", "algorithm", "mode", "include_zero", "quarantine")
_PHASES = (
    *("read", "validate", "encode", "rank", "deduct", "check", "decode"),
    *("write", "hash"),
)


def _summarise(result: Any, out: str, algorithm: str, mode: str, as_json: bool) -> None:
    from engine.io.faults import printable

    reasons = show.counts(result.shortfalls["reason"])
    if as_json:
        rows = {name: table.num_rows for name, table in result.tables.items()}
        show.as_json(
            {
                "out": printable(out),
                "rows": rows,
                "kpis": result.kpis,
                "shortfalls": reasons,
                "notes": result.notes,
            }
        )
        return
    kpis = result.kpis
    size = f"{show.many(kpis.orders, 'order')}, {show.many(kpis.lines, 'line')}"
    show.say(f"{out}: {size}, {algorithm}, {mode}", "")
    show.table(["", ""], show.kpi_rows([kpis]), right=[1])
    if reasons:
        show.say("")
        show.table(["lines short", "reason"], [(n, reason) for reason, n in reasons.items()], [0])
    if result.rejects is not None:
        show.say("", f"rows set aside: {result.rejects.num_rows:,}")
