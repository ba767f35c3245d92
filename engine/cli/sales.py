"""``ssa salable`` and ``ssa check``: what may be promised."""

import click

from engine.cli import options, show
from engine.selection.shown import many


@click.command(
    cls=options.Command, epilog="ssa salable data/online_retail/catalog --out salable.csv"
)
@options.catalog
@options.out_file(required=False)
@options.json
@options.quiet
def salable(catalog: str, out: str | None, as_json: bool, quiet: bool) -> None:
    """List the salable quantity per stock and SKU: on the screen, or in FILE."""
    from engine.folders import read_catalog
    from engine.io.faults import printable
    from engine.io.output import check_file, terminate_cleanly, whole_file
    from engine.io.write import write_table, writer_of
    from engine.salable import salable_quantity

    with terminate_cleanly():
        if out is not None:
            writer_of(check_file(out, [catalog]))
        with show.progress(quiet, "read", "sum", "write") as clock:
            with clock("read"):
                loaded = read_catalog(catalog)
            with clock("sum"):
                rows = salable_quantity(loaded)
            if out is not None:
                with clock("write"), whole_file(out) as draft:
                    write_table(rows, draft)
    if not quiet:
        show.notes(loaded.notes)
    if out is None and as_json:
        show.as_json(rows.to_pylist())
    elif out is None:
        cells = [list(row.values()) for row in rows.to_pylist()]
        show.table(rows.column_names, cells, right=[0, 2, 4])
    else:
        with show.courtesy():
            if as_json:
                show.as_json({"out": printable(out), "rows": rows.num_rows})
            else:
                show.say(f"{out}: {many(rows.num_rows, 'row')}")


@click.command(
    cls=options.Command,
    epilog="""\
ssa check data/online_retail/catalog data/online_retail/orders \\
  --out check.csv""",
)
@options.catalog
@options.orders_or_own
@options.out_file(required=True)
@options.json
@options.quiet
def check(catalog: str, orders: str | None, out: str, as_json: bool, quiet: bool) -> None:
    """Tell which order lines could be sold, each by itself, for orders not yet placed."""
    from engine.folders import read_run
    from engine.io.faults import printable
    from engine.io.output import check_file, terminate_cleanly, whole_file
    from engine.io.write import write_table, writer_of
    from engine.salable import check_lines

    with terminate_cleanly():
        writer_of(check_file(out, [catalog, orders or catalog]))
        with show.progress(quiet, "read", "validate", "encode", "sum", "write") as clock:
            run = read_run(catalog, orders, quarantine=False, clock=clock)
            with clock("sum"):
                rows = check_lines(run.catalog, run.orders)
            with clock("write"), whole_file(out) as draft:
                write_table(rows, draft)
    if not quiet:
        show.notes([*run.catalog.notes, *run.orders.notes])
    refused = rows.num_rows - rows["is_salable"].combine_chunks().true_count
    codes = show.counts(rows["codes"].combine_chunks().flatten())
    with show.courtesy():
        if as_json:
            total = rows.num_rows
            show.as_json({"out": printable(out), "rows": total, "refused": refused, "codes": codes})
            return
        show.say(f"{out}: {many(rows.num_rows, 'line')}, {refused:,} could not be sold")
        if codes:
            show.say("")
            show.table(["lines", "code"], [(count, code) for code, count in codes.items()], [0])
