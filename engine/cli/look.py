"""``ssa validate``, ``ssa sources``, ``ssa algorithms``: look, run nothing."""

from decimal import Decimal
from typing import Any

import click

from engine.cli import options, show


@click.command(
    cls=options.Command, epilog="ssa validate data/northwind/catalog data/northwind/orders"
)
@options.catalog
@click.argument("orders", metavar="[ORDERS]", required=False)
@options.json
@options.quiet
def validate(catalog: str, orders: str | None, as_json: bool, quiet: bool) -> None:
    """Read the tables and report every problem of every one; run nothing."""
    from engine.folders import read_catalog, read_run
    from engine.io.output import terminate_cleanly
    from engine.magento.location import is_store

    counts = {}
    with terminate_cleanly(), show.progress(quiet, "read", "validate", "encode") as clock:
        if orders is None and not is_store(catalog):
            with clock("read"):
                loaded, notes = read_catalog(catalog), []
        else:
            run = read_run(catalog, orders, quarantine=False, clock=clock)
            loaded, notes = run.catalog, run.orders.notes
            counts = {"orders": len(run.orders.ids), "order_lines": len(run.orders.skus)}
    counts = {**{name: table.num_rows for name, table in loaded.tables.items()}, **counts}
    if not quiet:
        show.notes([*loaded.notes, *notes])
    if as_json:
        show.as_json({"valid": True, "rows": counts})
    else:
        show.say("valid: every row of every table holds", "")
        show.table(["table", "rows"], list(counts.items()), right=[1])


@click.command(cls=options.Command, epilog="ssa sources data/msi_example/catalog 2")
@options.catalog
@click.argument("stock_id", type=int, metavar="STOCK_ID")
@options.json
@options.quiet
def sources(catalog: str, stock_id: int, as_json: bool, quiet: bool) -> None:
    """List a stock's sources in priority order, with their state.

    position says where a source's place comes from; skus and units are what it has in stock.
    """
    from engine.errors import UsageError
    from engine.folders import read_catalog
    from engine.io.output import terminate_cleanly

    with terminate_cleanly(), show.progress(quiet, "read") as clock, clock("read"):
        loaded = read_catalog(catalog)
    if stock_id not in loaded.stock_ids:
        known = ", ".join(map(str, loaded.stock_ids.tolist())) or "none"
        raise UsageError(f"stock {stock_id} is unknown; stocks of this catalogue: {known}")
    if not quiet:
        show.notes(loaded.notes)
    rows = _source_rows(loaded, stock_id)
    if as_json:
        show.as_json(rows)
    else:
        show.table(_COLUMNS, [list(row.values()) for row in rows], right=[0, 4, 5])


_COLUMNS = ("priority", "source_code", "state", "position", "skus", "units", "name")


def _source_rows(loaded: Any, stock_id: int) -> list[dict[str, Any]]:
    import numpy as np

    from engine.types import QTY_SCALE

    at = int(np.searchsorted(loaded.stock_ids, stock_id))
    part = slice(loaded.links.offsets[at], loaded.links.offsets[at + 1])
    given = np.asarray(loaded.sources["latitude"].is_valid())
    own = loaded.items.in_stock == 1
    units = np.zeros(loaded.sources.num_rows, np.int64)
    np.add.at(units, loaded.items.sources[own], np.maximum(loaded.items.quantity[own], 0))
    skus = np.bincount(loaded.items.sources[own], minlength=len(units))
    rows = []
    for source, priority in zip(
        loaded.links.sources[part].tolist(), loaded.links.priority[part].tolist(), strict=True
    ):
        position = "coordinates" if given[source] else "address"
        values = (
            priority,
            loaded.sources["source_code"][source].as_py(),
            "enabled" if loaded.enabled[source] else "disabled",
            "unknown" if np.isnan(loaded.source_points.x[source]) else position,
            int(skus[source]),
            Decimal(int(units[source])) / QTY_SCALE,
            loaded.sources["name"][source].as_py(),
        )
        rows.append(dict(zip(_COLUMNS, values, strict=True)))
    return rows


@click.command(cls=options.Command, epilog="ssa algorithms")
@options.json
@click.pass_context
def algorithms(ctx: click.Context, as_json: bool) -> None:
    """List the installed algorithms: the package's own and those of plug-ins.

    Exit code 2 if one of them cannot be used.
    """
    from engine.algorithms.registry import list_algorithms

    found = list_algorithms()
    good = [(one.algorithm, one.origin) for one in found if one.algorithm]
    rows = [(one.code, one.title, origin, one.description) for one, origin in good]
    columns = ("code", "title", "origin", "description")
    if as_json:
        show.as_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show.table(columns, rows)
    for one in found:
        if one.error:
            show.tell(f"ssa: {one.error}")
    ctx.exit(2 if len(good) < len(found) else 0)
