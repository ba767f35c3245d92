"""``ssa explain``: why an order went where it went."""

from collections.abc import Sequence
from typing import Any

import click

from engine.cli import options, show


@click.command(
    cls=options.Command,
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
    still be there, unchanged.
    """
    from engine.replay import explain as replayed

    show.compiling(quiet, policy=True)
    with show.progress(quiet, "read", "hash", "validate", "encode", "rank", "deduct") as clock:
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
        if line.not_carried_by:
            sources = show.many(line.not_carried_by, "more source")
            show.sentences(f"{sources} of the stock {_do(line.not_carried_by)} not carry it")


def _headline(line: Any) -> str:
    text = f"line {line.line}: {_amount(line.qty)} of {line.sku}"
    if line.qty_short:
        return f"{text}, short of {_amount(line.qty_short)}: {_words(line.reason)}"
    return text


def _do(count: int) -> str:
    return "does" if count == 1 else "do"


def _words(reason: str) -> str:
    return reason.replace("_", " ")


def _table(candidates: Sequence[Any]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows; a column that says nothing of any source is left out."""
    columns: dict[str, list[Any]] = {
        "source": [one.source_code for one in candidates],
        "place": [one.place for one in candidates],
        "km": [_km(one.distance_km) for one in candidates],
    }
    for name in candidates[0].scores:
        if name != "distance" or _is_bucket(candidates):
            columns[_words(name)] = [_score(one.scores[name]) for one in candidates]
    columns["unit cost"] = [one.unit_cost for one in candidates]
    columns["shipment"] = [one.shipment_cost for one in candidates]
    columns["available"] = [one.qty_available for one in candidates]
    columns["gives"] = [one.qty_to_deduct or None for one in candidates]
    columns["because"] = [_because(one) for one in candidates]
    kept = {name: values for name, values in columns.items() if any(v is not None for v in values)}
    return list(kept), [list(row) for row in zip(*kept.values(), strict=True)]


def _because(one: Any) -> str:
    if one.reason:
        return _words(one.reason)
    if one.softened:
        return f"soft constraint dropped: {_words(one.softened)}"
    return ""


def _is_bucket(candidates: Sequence[Any]) -> bool:
    return any(isinstance(one.scores["distance"], int) for one in candidates)


def _km(distance: float | None) -> str | None:
    return None if distance is None else f"{distance:,.1f}"


def _score(value: Any) -> Any:
    return f"{value:,.6g}" if isinstance(value, float) else value


def _amount(quantity: Any) -> str:
    text = f"{quantity:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
