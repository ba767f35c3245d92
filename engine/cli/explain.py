"""``ssa explain``: why an order went where it went."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from engine.cli import options, show
from engine.selection.shown import many


@click.command(
    cls=options.Command,
    context_settings={"ignore_unknown_options": True},  # an id may begin with a minus
    epilog="""\
ssa allocate data/northwind/catalog data/northwind/orders --out allocated
ssa explain allocated 10248""",
)
@click.argument("folder", metavar="DIR")
@click.argument("order_id", metavar="ORDER_ID")
@options.json
@options.quiet
def explain(folder: str, order_id: str, as_json: bool, quiet: bool) -> None:
    """Say why each line of an order went where it went.

    DIR is what ssa allocate wrote. The run is replayed up to the order, so that its inputs must
    still be there, unchanged. Where all orders were decided together they are so again, and it is
    said what the order would take on its own, and at what prices orders compete.
    """
    from engine.replay import explain as replayed

    show.compiling(quiet, _kernels(folder))
    with show.progress(quiet, *_PHASES) as clock:
        found = replayed(folder, order_id, clock=clock)
    if as_json:
        show.as_json(found.to_dict())
        return
    show.sentences(found.sentence)
    for line in found.lines:
        show.say("")
        show.sentences(_headline(line))
        if line.candidates:
            columns, rows = _table(line.candidates)
            show.table(columns, rows, right=range(1, len(columns) - 1))
        if count := line.not_carried_by:
            more = "more " if line.candidates else ""
            verb = "does" if count == 1 else "do"
            show.sentences(f"{many(count, f'{more}source')} of the stock {verb} not carry it")


_PHASES = ("read", "hash", "validate", "encode", "rank", "optimize", "deduct")


def _kernels(folder: str) -> str:
    """Return which kernels a replay needs; what is wrong with the folder is told by the replay."""
    from engine.errors import EngineError
    from engine.run_info import read_run_info

    with suppress(EngineError):
        asked = read_run_info(Path(folder)).arguments
        if policy := asked.get("policy"):
            return show.kernels_of([policy], asked.get("mode", ""))
    return show.POLICIES  # which trace what an algorithm decided, too


def _headline(line: Any) -> str:
    from engine.selection.explanation import amount, words

    text = f"line {line.line}: {amount(line.qty)} of {line.sku}"
    if line.qty_short:
        return f"{text}, short of {amount(line.qty_short)}: {words(line.reason)}"
    return text


def _table(candidates: Sequence[Any]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows; a column that says nothing of any source is left out."""
    from engine.selection.explanation import words

    columns: list[tuple[str, list[Any]]] = [
        ("source", [one.source_code for one in candidates]),
        ("place", [one.place for one in candidates]),
        ("km", [_km(one.distance_km) for one in candidates]),
    ]
    for name in candidates[0].scores:
        scores = [one.scores[name] for one in candidates]
        if name != "distance" or any(isinstance(score, int) for score in scores):
            columns.append((words(name), [_score(score) for score in scores]))
    columns += [
        ("unit cost", [one.unit_cost for one in candidates]),
        ("shipment", [one.shipment_cost for one in candidates]),
        ("price", [_price(one.price) for one in candidates]),
        ("price of capacity", [_of_capacity(one) for one in candidates]),
        ("available", [one.qty_available for one in candidates]),
        ("on its own", [one.qty_on_its_own or None for one in candidates]),
        ("gives", [one.qty_to_deduct or None for one in candidates]),
        ("because", [_because(one) for one in candidates]),
    ]
    kept = [(name, values) for name, values in columns if any(v is not None for v in values)]
    rows = zip(*(values for _, values in kept), strict=True)
    return [name for name, _ in kept], [list(row) for row in rows]


def _because(one: Any) -> str:
    from engine.selection.explanation import words

    if one.reason:
        return words(one.reason)
    return f"soft constraint dropped: {words(one.softened)}" if one.softened else ""


def _price(price: Any) -> str | None:
    from engine.selection.explanation import money

    return None if price is None else money(price)


def _of_capacity(one: Any) -> str | None:
    prices = _price(one.capacity_units_price), _price(one.capacity_orders_price)
    told = [f"{it} {each}" for it, each in zip(prices, ("a unit", "an order"), strict=True) if it]
    return ", ".join(told) or None


def _km(distance: float | None) -> str | None:
    return None if distance is None else f"{distance:,.1f}"


def _score(value: Any) -> Any:
    return f"{value:,.6g}" if isinstance(value, float) else value
