"""``ssa allocate``: the nightly batch."""

from typing import Any

import click

from engine.cli import options, show
from engine.selection.shown import kpi_rows, many


@click.command(
    cls=options.Command,
    epilog="""\
ssa allocate data/northwind/catalog data/northwind/orders \\
  --algorithm distance --out allocated""",
)
@options.catalog
@options.orders_or_own
@options.out_folder
@click.option(
    "--algorithm",
    metavar="CODE",
    help="Algorithm that ranks the sources; ssa algorithms lists them.  [default: priority]",
)
@click.option(
    "--policy",
    metavar="POLICY",
    help="Instead: a preset such as nearest_complete, or a TOML file; see docs/policies.md.",
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
@options.store
@options.format
@click.option(
    "--part-files",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Files of each table, in a folder of its name if several.",
)
@click.option(
    "--magento",
    is_flag=True,
    help="Also write stock_sources.csv for Magento's import and shipments.jsonl for its REST "
    "calls; lines need order_item_id. See docs/magento.md.",
)
@options.overwrite
@options.json
@options.quiet
@click.pass_context
def allocate(
    ctx: click.Context,
    catalog: str,
    orders: str | None,
    out: str,
    algorithm: str | None,
    policy: str | None,
    mode: str,
    include_zero: bool,
    quarantine: bool,
    order_status: tuple[str, ...],
    table_prefix: str | None,
    defaults_file: str | None,
    format: str,
    part_files: int,
    magento: bool,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Decide which source ships which unit of every order, and write the result to DIR.

    CATALOG and ORDERS are folders (or URIs) with one Parquet, Arrow or CSV file per table. Or
    CATALOG is mysql://USER@HOST/DB, a store's database: ORDERS are its open orders then, if left
    out.
    """
    from engine.cli.process import keep_memory, without_pandas

    give_back = keep_memory()
    without_pandas()
    from engine.batch import allocate_folders
    from engine.io.output import terminate_cleanly

    catalog = options.address(catalog, order_status, table_prefix, defaults_file)
    show.compiling(quiet, show.kernels_of([policy], mode))
    with terminate_cleanly(), show.progress(quiet, *_PHASES) as clock:
        clock.on_lines.append(give_back)
        summary = allocate_folders(
            catalog,
            orders,
            out,
            algorithm=algorithm,
            policy=policy,
            mode=mode,
            include_zero=include_zero,
            quarantine=quarantine,
            format=format,
            part_files=part_files,
            magento=magento,
            overwrite=overwrite,
            clock=clock,
        )
    if not quiet:
        show.notes(summary.notes)
        show.notes(options.no_orders(summary.rows["orders"], order_status))
    with show.courtesy():
        _summarise(summary, out, policy or algorithm or "priority", mode, as_json)
    ctx.exit(3 if summary.rows.get("rejects") else 0)


_ARGUMENTS = ("catalog", "orders", "out", "algorithm", "mode", "include_zero", "quarantine")
_PHASES = (
    *("read", "validate", "encode", "rank", "optimize", "deduct", "check", "decode"),
    *("write", "hash"),
)


def _summarise(summary: Any, out: str, decided_by: str, mode: str, as_json: bool) -> None:
    from engine.io.faults import printable

    kpis, rows = summary.kpis, summary.rows
    reasons = sorted(summary.reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    if as_json:
        show.as_json(
            {
                "out": printable(out),
                "rows": rows,
                "kpis": kpis,
                "shortfalls": dict(reasons),
                "notes": summary.notes,
                **({"bound": summary.bound.as_json()} if summary.bound else {}),
            }
        )
        return
    size = f"{many(kpis.orders, 'order')}, {many(kpis.lines, 'line')}"
    show.say(f"{out}: {size}, {decided_by}, {mode}", "")
    show.table(["", ""], kpi_rows([kpis]), right=[1])
    if summary.bound:
        show.sentences("", show.bound(summary.bound))
    if reasons:
        show.say("")
        show.table(["lines short", "reason"], [(n, reason) for reason, n in reasons], [0])
    if "shipments" in rows:
        show.say("", f"shipments for Magento: {rows['shipments']:,}")
    if "rejects" in rows:
        show.say("", f"rows set aside: {rows['rejects']:,}")
