"""``ssa validate``, ``ssa sources``, ``ssa algorithms``: look, run nothing."""

from typing import Any

import click

from engine.cli import options, show


@click.command()
@options.catalog
@click.argument("orders", metavar="[ORDERS]", required=False)
@options.json
@options.quiet
def validate(catalog: str, orders: str | None, as_json: bool, quiet: bool) -> None:
    r"""Read the tables and report every problem of every one; run nothing.

    \b
    Example:
      ssa validate data/northwind/catalog data/northwind/orders
    """
    from engine.folders import read_catalog, read_run

    counts = {}
    with show.progress(quiet) as clock:
        if orders is None:
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
        click.echo("valid: every row of every table holds")
        show.table(
            ["table", "rows"], [[name, f"{rows:,}"] for name, rows in counts.items()], right=[1]
        )


@click.command()
@options.catalog
@click.argument("stock_id", type=int)
@options.json
def sources(catalog: str, stock_id: int, as_json: bool) -> None:
    r"""List a stock's sources in priority order, with their state.

    \b
    Example:
      ssa sources data/msi_example/catalog 2
    """
    from engine.errors import UsageError
    from engine.folders import read_catalog

    loaded = read_catalog(catalog)
    if stock_id not in loaded.stock_ids:
        known = ", ".join(map(str, loaded.stock_ids.tolist())) or "none"
        raise UsageError(f"stock {stock_id} is unknown; stocks of this catalogue: {known}")
    rows = _source_rows(loaded, stock_id)
    if as_json:
        show.as_json(rows)
    else:
        right = [0, 5, 6]
        show.table(list(_COLUMNS), [list(row.values()) for row in rows], right=right)


_COLUMNS = ("priority", "source_code", "name", "state", "position", "items_in_stock", "units")


def _source_rows(loaded: Any, stock_id: int) -> list[dict[str, Any]]:
    import numpy as np

    from engine.types import QTY_SCALE

    at = int(np.searchsorted(loaded.stock_ids, stock_id))
    part = slice(loaded.links.offsets[at], loaded.links.offsets[at + 1])
    given = np.asarray(loaded.sources["latitude"].is_valid())
    rows = []
    for source, priority in zip(
        loaded.links.sources[part].tolist(), loaded.links.priority[part].tolist(), strict=True
    ):
        own = (loaded.items.sources == source) & (loaded.items.in_stock == 1)
        position = "coordinates" if given[source] else "address"
        values = (
            priority,
            loaded.sources["source_code"][source].as_py(),
            loaded.sources["name"][source].as_py(),
            "enabled" if loaded.enabled[source] else "disabled",
            "unknown" if np.isnan(loaded.source_points.x[source]) else position,
            int(own.sum()),
            int(np.maximum(loaded.items.quantity[own], 0).sum()) / QTY_SCALE,
        )
        rows.append(dict(zip(_COLUMNS, values, strict=True)))
    return rows


@click.command()
@options.json
@click.pass_context
def algorithms(ctx: click.Context, as_json: bool) -> None:
    r"""List the installed algorithms: the package's own and those of plug-ins.

    \b
    Example:
      ssa algorithms
    """
    from engine.algorithms.registry import list_algorithms

    found = list_algorithms()
    good = [(one.algorithm, one.origin) for one in found if one.algorithm]
    rows = [(one.code, one.title, one.description, origin) for one, origin in good]
    columns = ("code", "title", "description", "origin")
    if as_json:
        show.as_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show.table(columns, rows)
    for one in found:
        if one.error:
            click.echo(f"ssa: {one.error}", err=True)
    ctx.exit(2 if len(good) < len(found) else 0)
