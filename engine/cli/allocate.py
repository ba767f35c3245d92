"""``ssa allocate``: the nightly batch."""

from typing import Any

import click

from engine.cli import options, show


@click.command()
@options.catalog
@options.orders
@click.option(
    "--out", required=True, metavar="DIR", help="Folder to write; appears whole or not at all."
)
@click.option(
    "--algorithm",
    default="priority",
    show_default=True,
    help="Code of an algorithm; see ssa algorithms.",
)
@click.option(
    "--mode",
    type=click.Choice(["sequential", "independent"]),
    default="sequential",
    show_default=True,
    help="Each order takes its units before the next, or each sees the untouched catalogue.",
)
@click.option("--include-zero", is_flag=True, help="Also list sources that give nothing.")
@options.quarantine
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
    r"""Decide which source ships which unit of every order, and write the result to DIR.

    CATALOG and ORDERS are folders (or URIs) with one Parquet, Arrow or CSV file per table.

    \b
    Example:
      ssa allocate data/northwind/catalog data/northwind/orders \
        --out out/northwind --algorithm distance
    """
    from engine.algorithms.registry import find_algorithm
    from engine.folders import read_run, write_result
    from engine.io.output import check_output, terminate_cleanly
    from engine.selection.allocate import allocate_orders

    with terminate_cleanly():
        check_output(out, overwrite, [catalog, orders])
        find_algorithm(algorithm)
        with show.progress(quiet) as clock:
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
    _summarise(result, out, algorithm, mode, as_json)
    ctx.exit(3 if result.rejects is not None and result.rejects.num_rows else 0)


_ARGUMENTS = ("catalog", "orders", "out", "algorithm", "mode", "include_zero", "quarantine")


def _summarise(result: Any, out: str, algorithm: str, mode: str, as_json: bool) -> None:
    rows = {name: table.num_rows for name, table in result.tables.items()}
    reasons = result.shortfalls["reason"].value_counts().to_pylist()
    if as_json:
        short = {row["values"]: row["counts"] for row in reasons}
        show.as_json(
            {
                "out": out,
                "rows": rows,
                "kpis": result.kpis,
                "shortfalls": short,
                "notes": result.notes,
            }
        )
        return
    click.echo(
        f"{out}: {result.kpis.orders:,} orders, {result.kpis.lines:,} lines, {algorithm}, {mode}\n"
    )
    kpis = show.kpi_rows([result.kpis])
    kpis += [[f"lines short: {row['values']}", f"{row['counts']:,}"] for row in reasons]
    if "rejects" in rows:
        kpis.append(["rows set aside", f"{rows['rejects']:,}"])
    show.table(["", ""], kpis, right=[1])
