"""What a scenario starts from and leads to: an inventory, orders for it, and a way to decide."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from engine.catalog import Catalog
from engine.errors import ScenarioError
from engine.orders import OrderSet, sequence
from engine.selection.plan import Plan
from engine.tables.whole import whole
from engine.types import IntArray, frozen
from engine.whatif.horizon import Horizon

_SHOWN = 8
"""Known names that an error lists."""


class Case(NamedTuple):
    """Everything that a run needs; nothing in it is ever written to.

    ``details`` is (num_orders,): what steps ask of an order that a run does not,
    ``created_at``, ``country_id`` and ``region``. Without a ``horizon`` one batch serves all.
    """

    catalog: Catalog
    orders: OrderSet
    details: pa.Table
    plan: Plan
    horizon: Horizon | None = None


def details_of(orders: pa.Table) -> pa.Table:
    """Return the `Case.details` of a canonical ``orders`` table, in order sequence."""
    return orders.select(["created_at", "country_id", "region"]).take(pa.array(sequence(orders)))


def take_orders(case: Case, rows: IntArray) -> Case:
    """Return a case with some of its orders, each as often as it is named, in sequence.

    Parameters
    ----------
    rows
        (num_taken,) ascending. An order that is taken again gets an id of its own; see
        ``docs/scenarios.md``.
    """
    orders = case.orders
    if np.array_equal(rows, np.arange(len(orders.ids))):
        return case
    lines, offsets = lines_of(orders, rows)
    headers = orders.headers.take(rows)
    ids, id_type = _ids(orders, rows)
    taken = replace(
        orders,
        headers=headers._replace(ids=ids, id_type=id_type),
        offsets=frozen(offsets),
        skus=frozen(orders.skus[lines]),
        sku_names=orders.sku_names.take(pa.array(lines)),
        quantity=frozen(orders.quantity[lines]),
    )
    return case._replace(orders=taken, details=case.details.take(pa.array(rows)))


def lines_of(orders: OrderSet, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the lines of some orders, and (num_rows + 1,) offsets of each order's among them."""
    starts = orders.offsets[rows]
    counts = orders.offsets[rows + 1] - starts
    offsets = np.append(0, np.cumsum(counts))
    lines = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)
    return lines, offsets


def _ids(orders: OrderSet, rows: IntArray) -> tuple[pa.Array, pa.DataType]:
    """Return the ids of orders that are taken, and their type; copies get new ones."""
    ids = orders.ids.take(pa.array(rows))
    begins = np.append(True, rows[1:] != rows[:-1])
    copies = np.flatnonzero(~begins[: len(rows)])
    if not len(copies):
        return ids, orders.id_type
    if pa.types.is_integer(orders.id_type):
        # They stand as text if they are unsigned, or if the lines have text for them.
        wide = pa.uint64() if orders.id_type == pa.uint64() else pa.int64()
        numbers = np.asarray(ids.cast(wide)).copy()
        highest = int(np.asarray(orders.ids.cast(wide)).max())
        if highest + len(copies) > np.iinfo(numbers.dtype).max:
            raise ScenarioError("the order ids leave no numbers for copies; give them as text")
        numbers[copies] = np.arange(1, len(copies) + 1, dtype=numbers.dtype) + highest
        return pa.array(numbers).cast(ids.type), wide
    starts = np.flatnonzero(begins)
    time = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows)))) + 1
    texts, taken, mark = ids.to_pylist(), set(orders.ids.to_pylist()), "#"
    while any(f"{texts[at]}{mark}{time[at]}" in taken for at in copies):
        mark += "#"
    for at in copies:
        texts[at] = f"{texts[at]}{mark}{time[at]}"
    return pa.array(texts, ids.type), orders.id_type


def without_lines(case: Case) -> Case:
    """Return a case whose orders ask for nothing: to try steps on, at little cost."""
    empty = slice(0, 0)
    orders = replace(
        case.orders,
        offsets=frozen(np.zeros_like(case.orders.offsets)),
        skus=case.orders.skus[empty],
        sku_names=case.orders.sku_names[empty],
        quantity=case.orders.quantity[empty],
    )
    return case._replace(orders=orders)


def rebuilt(case: Case, tables: Mapping[str, Any]) -> Case:
    """Encode changed tables anew, where patching would mean numbering again.

    SKUs keep their numbers as long as rows are added to ``source_items`` at its end only, and
    stocks as long as none comes or goes; orders are looked up again for SKUs that are new.
    """
    old, orders = case.catalog, case.orders
    catalog = replace(Catalog.from_tables(tables), rejects=old.rejects, notes=old.notes)
    if len(catalog.sku_names) > len(old.sku_names):
        skus, spelt_alike = catalog.sku_index.find_spelt(orders.sku_names)
        orders = replace(orders, skus=frozen(skus), spelt_alike=spelt_alike)
    return case._replace(catalog=catalog, orders=orders)


def source_index(case: Case, code: str) -> int:
    """Return the number of a source.

    Raises
    ------
    ScenarioError
        If there is none, with the nearest names.
    """
    codes = case.catalog.sources["source_code"].to_pylist()
    if code not in codes:
        raise unknown("source", code, codes)
    return codes.index(code)


def stock_index(case: Case, stock_id: int) -> int:
    """Return the number of a stock; raises as `source_index` does."""
    ids = case.catalog.stock_ids.tolist()
    if stock_id not in ids:
        raise unknown("stock", stock_id, ids)
    return ids.index(stock_id)


def with_source_value(catalog: Catalog, source: int, name: str, value: Any) -> Catalog:
    """Return a catalogue with another value in a column of its sources."""
    code = catalog.sources["source_code"][source].as_py()

    def changed(table: pa.Table) -> pa.Table:
        at = table.column_names.index(name)
        codes = table["source_code"].to_pylist()
        values = table[name].to_pylist()
        values[codes.index(code)] = value
        return table.set_column(at, table.field(at), pa.array(values, table.field(at).type))

    tables = {**catalog.tables, "sources": changed(catalog.tables["sources"])}
    return replace(catalog, tables=tables, sources=changed(catalog.sources))


def unknown(what: str, name: Any, known: Iterable[Any]) -> ScenarioError:
    """Return the error on a name that nothing has, with the nearest ones that there are.

    Examples
    --------
    >>> print(unknown("source", "lion", ["lyon", "paris"]))
    source 'lion' is unknown; did you mean lyon? Known: lyon, paris
    """
    names = [str(one) for one in known]
    close = get_close_matches(str(name), names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    listed = ", ".join(names[:_SHOWN]) or "none"
    return ScenarioError(f"{what} {name!r} is unknown; {hint}Known: {listed}{more}")


def text_values(column: Any) -> list[str]:
    """Return the distinct texts of a column, in byte order, without null."""
    return sorted({text for text in whole(column).unique().to_pylist() if text})
