"""``ssa salable`` and ``ssa check``: what may be promised."""

import click

from engine.cli import options, show


@click.command()
@options.catalog
@click.option(
    "--out",
    metavar="FILE",
    help="Parquet, Arrow, CSV or gzipped CSV by its ending; without it a table is printed.",
)
@options.json
@options.quiet
def salable(catalog: str, out: str | None, as_json: bool, quiet: bool) -> None:
    r"""List the salable quantity per stock and SKU.

    \b
    Example:
      ssa salable data/online_retail/catalog --out out/salable.csv
    """
    from engine.folders import read_catalog
    from engine.io.output import check_file, terminate_cleanly, whole_file
    from engine.io.write import write_table, writer_of
    from engine.salable import salable_quantity

    with terminate_cleanly():
        if out:
            writer_of(check_file(out, [catalog]))
        loaded = read_catalog(catalog)
        rows = salable_quantity(loaded)
        if out:
            with whole_file(out) as draft:
                write_table(rows, draft)
    if not quiet:
        show.notes(loaded.notes)
    if as_json:
        show.as_json({"out": out, "rows": rows.num_rows})
    elif out:
        click.echo(f"{out}: {rows.num_rows:,} rows")
    else:
        show.table(
            rows.column_names, [list(row.values()) for row in rows.to_pylist()], right=[0, 2, 4]
        )


@click.command()
@options.catalog
@options.orders
@click.option(
    "--out", required=True, metavar="FILE", help="Parquet, Arrow, CSV or gzipped CSV by its ending."
)
@options.json
@options.quiet
def check(catalog: str, orders: str, out: str, as_json: bool, quiet: bool) -> None:
    r"""Tell which order lines could be sold, each by itself, for orders not yet placed.

    \b
    Example:
      ssa check data/online_retail/catalog data/online_retail/orders --out out/check.csv
    """
    from engine.folders import read_run
    from engine.io.output import check_file, terminate_cleanly, whole_file
    from engine.io.write import write_table, writer_of
    from engine.salable import check_lines

    with terminate_cleanly():
        writer_of(check_file(out, [catalog, orders]))
        with show.progress(quiet) as clock:
            run = read_run(catalog, orders, quarantine=False, clock=clock)
            with clock("check"):
                rows = check_lines(run.catalog, run.orders)
            with clock("write"), whole_file(out) as draft:
                write_table(rows, draft)
    if not quiet:
        show.notes([*run.catalog.notes, *run.orders.notes])
    refused = rows.num_rows - rows["is_salable"].combine_chunks().true_count
    codes = rows["codes"].combine_chunks().flatten().value_counts().to_pylist()
    if as_json:
        counts = {row["values"]: row["counts"] for row in codes}
        show.as_json({"out": out, "rows": rows.num_rows, "refused": refused, "codes": counts})
        return
    click.echo(f"{out}: {rows.num_rows:,} lines, {refused:,} could not be sold")
    if codes:
        show.table(
            ["code", "lines"], [[row["values"], f"{row['counts']:,}"] for row in codes], right=[1]
        )
