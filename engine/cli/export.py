"""``ssa export``: a store's database as tables."""

import click

from engine.cli import options, show
from engine.selection.shown import many


@click.command(
    cls=options.Command, epilog="ssa export mysql://reader@localhost/magento --out catalog"
)
@click.argument("store", metavar="mysql://USER@HOST/DB")
@click.option(
    "--out", required=True, metavar="CATALOG", help="Folder to write; appears whole or not at all."
)
@options.store
@options.format
@options.overwrite
@options.json
@options.quiet
def export(
    store: str,
    out: str,
    order_status: tuple[str, ...],
    table_prefix: str | None,
    defaults_file: str | None,
    format: str,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write a Magento store's database as a folder of tables: its catalogue and open orders.

    The folder is both CATALOG and ORDERS for the other commands. The password comes from
    $SSA_MYSQL_PASSWORD or an option file; docs/magento.md says what is read.
    """
    from engine.io.faults import printable
    from engine.io.output import terminate_cleanly
    from engine.magento.export import export_store

    address = options.address(store, order_status, table_prefix, defaults_file)
    with terminate_cleanly(), show.progress(quiet, "read", "validate", "write") as clock:
        rows = export_store(address, out, format=format, overwrite=overwrite, clock=clock)
    if not quiet:
        show.notes(options.no_orders(rows.get("orders"), order_status))
    with show.courtesy():
        if as_json:
            show.as_json({"out": printable(out), "rows": rows})
        else:
            show.say(f"{out}: {many(len(rows), 'table')}", "")
            show.table(["table", "rows"], list(rows.items()), right=[1])
