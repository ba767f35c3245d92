"""``ssa compare``: what differs between two runs."""

from collections.abc import Iterator
from typing import Any

import click

from engine.cli import options, show
from engine.selection.shown import kpi_differences, many


@click.command(
    cls=options.Command,
    epilog="""\
ssa allocate data/northwind/catalog data/northwind/orders --out a
ssa allocate data/northwind/catalog data/northwind/orders --out b \\
  --algorithm distance
ssa compare a b""",
)
@click.argument("a", metavar="DIR_A")
@click.argument("b", metavar="DIR_B")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="Changed orders to list.",
)
@click.option(
    "--out",
    metavar="FILE",
    help="File for all changed orders: .parquet, .arrow, .csv or .csv.gz.",
)
@options.json
@options.quiet
def compare(a: str, b: str, limit: int, out: str | None, as_json: bool, quiet: bool) -> None:
    """Tell what differs between two runs: key figures, and the orders that changed and why.

    DIR_A and DIR_B are folders that ssa allocate wrote.
    """
    from engine.cli.process import without_pandas

    without_pandas()
    from engine.comparison.compare import compare_runs
    from engine.io.output import check_file, terminate_cleanly, whole_file
    from engine.io.write import write_table, writer_of

    with terminate_cleanly():
        if out is not None:
            writer_of(check_file(out, [a, b]))
        with show.progress(quiet, "read", "match", "write") as clock:
            found = compare_runs(a, b, clock)
            if out is not None:
                with clock("write"), whole_file(out) as draft:
                    write_table(found.orders, draft)
    with show.courtesy():
        if as_json:
            show.as_json(_for_machines(found, a, b, limit, out))
        else:
            _summarise(found, a, b, limit, out)


def _for_machines(found: Any, a: str, b: str, limit: int, out: str | None) -> dict[str, Any]:
    from engine.io.faults import printable

    arguments = found.arguments or {}
    return {
        "a": printable(a),
        "b": printable(b),
        "orders": found.num_orders,
        "changed": found.orders.num_rows,
        "changes": found.changes,
        "kpis": found.kpis.to_pylist(),
        "arguments": {name: {"a": one, "b": other} for name, (one, other) in arguments.items()},
        "inputs": found.inputs,
        "out": None if out is None else printable(out),
        "changed_orders": found.orders.slice(0, limit).to_pylist(),
    }


def _summarise(found: Any, a: str, b: str, limit: int, out: str | None) -> None:
    show.sentences(_first(found))
    show.say("", f"A  {a}", f"B  {b}", "")
    show.table(["key figure", "A", "B", "difference"], kpi_differences(*found.figures), _NUMBERS)
    if found.arguments:
        rows = [(name, *map(_shown, pair)) for name, pair in found.arguments.items()]
        show.say("")
        show.table(["asked for", "A", "B"], rows)
    show.sentences("", *_about_inputs(found.inputs))
    if found.changes:
        show.say("")
        show.table(["orders", "change"], [(n, kind) for kind, n in found.changes.items()], [0])
    _list_orders(found.orders, limit)
    if out is not None:
        show.say("", f"{out}: {many(found.orders.num_rows, 'changed order')}")


_NUMBERS = (1, 2, 3)


def _first(found: Any) -> str:
    """Return how many orders changed, and how most of them did."""
    count, total = found.orders.num_rows, many(found.num_orders, "order")
    if not count:
        return f"none of {total} changed"
    kind, most = next(iter(found.changes.items()))
    if most == count:
        return f"{count:,} of {total} changed: {kind}"
    return f"{count:,} of {total} changed, {most:,} of them: {kind}"


def _about_inputs(inputs: dict[str, str] | None) -> Iterator[str]:
    if inputs is None:
        yield "what the runs read is not known"
    elif not inputs:
        yield "both runs read the same files"
    else:
        yield "the runs read different files, so changes need not come from what was asked for:"
        yield from (f"  {name}: {state}" for name, state in inputs.items())


def _list_orders(orders: Any, limit: int) -> None:
    if not limit or not orders.num_rows:
        return
    columns = ("order_id", "change", "qty_a", "qty_b", "why")
    rows = [list(row.values()) for row in orders.slice(0, limit).select(columns).to_pylist()]
    # Numbers of orders are names: no commas in them.
    rows = [[str(order), *rest] for order, *rest in rows]
    show.say("")
    show.table(["order_id", "change", "units A", "units B", "why"], rows, [2, 3])
    if orders.num_rows > limit:
        show.say("", f"and {orders.num_rows - limit:,} more; --out FILE writes all")


def _shown(value: Any) -> Any:
    """Return an argument for a table: plain values as they are, others as JSON."""
    import msgspec

    if value is None or isinstance(value, str | bool | int):
        return "-" if value is None else value
    if isinstance(value, list) and all(isinstance(it, str) for it in value) and value:
        return ", ".join(value)
    return msgspec.json.encode(value).decode()
