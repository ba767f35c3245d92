"""Orders whose lines carry their columns, and come batch by batch."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Catalog
from engine.clock import Clock
from engine.intake.report import Report, out_of_sequence
from engine.intake.seen import SeenIds
from engine.intake.sort import order_ids
from engine.orders import OrderSet, encode_orders, sequence
from engine.places.geocode import Locator
from engine.tables.convert import plain_whole
from engine.tables.findings import whole_table
from engine.tables.lines import LineBatch, in_whole_table
from engine.tables.schema import SCHEMAS, Schema
from engine.tables.times import TICKS
from engine.tables.validate import Validated, validate_orders
from engine.tables.whole import whole


def orders_in_lines(
    catalog: Catalog,
    batches: Iterable[LineBatch],
    report: Report,
    clock: Clock,
    *,
    quarantine: bool,
    schema: Schema = SCHEMAS["order_lines"],
) -> Iterator[OrderSet]:
    """Yield orders whose lines carry their columns, and come batch by batch.

    Parameters
    ----------
    catalog, batches, report, clock
        As for `orders_with_table`.
    quarantine
        Leave bad orders out instead of stopping.
    schema
        What lines must hold beside the columns of their orders.

    Raises
    ------
    OutOfSequenceError
        If an order comes after one that is served later, or comes back after another one; the
        latter is noticed at the end.
    """
    passage = _Passage(catalog, report, clock, quarantine, schema)
    for bundle in _whole_orders(batches):
        yield from passage.order_sets(bundle)
    passage.finish()


def check_bundles(
    batches: Iterable[LineBatch],
    catalog: Mapping[str, pa.Table],
    report: Report,
    *,
    quarantine: bool,
    schema: Schema,
) -> None:
    """Look through lines for what is wrong, where the run must stop anyhow."""
    for bundle in _whole_orders(batches):
        checked_bundle(bundle, catalog, report, quarantine, schema)


def _whole_orders(batches: Iterable[LineBatch]) -> Iterator[LineBatch]:
    """Cut the lines between orders: an order may run over several batches."""
    held: LineBatch | None = None
    for batch in batches:
        together = batch if held is None else _appended(held, batch)
        cut = _start_of_last_order(together.raw.table)
        if cut:
            yield together.part(0, cut)
        held = together.part(cut, len(together.rows))
    if held is not None:
        yield held


def checked_bundle(
    batch: LineBatch,
    catalog: Mapping[str, pa.Table],
    report: Report,
    quarantine: bool,
    schema: Schema,
) -> Validated:
    """Check lines that hold whole orders, and report what is wrong by row of the whole table."""
    raw = {"order_lines": batch.raw}
    valid = validate_orders(raw, catalog, quarantine=quarantine, lines=schema)
    report.add(in_whole_table([*valid.fatal, *valid.rejects], batch.rows))
    report.note(valid.notes)
    return valid


def _appended(held: LineBatch, batch: LineBatch) -> LineBatch:
    table = pa.concat_tables([held.raw.table, batch.raw.table], promote_options="default")
    return LineBatch(batch.raw._replace(table=table), np.concatenate([held.rows, batch.rows]))


def _start_of_last_order(table: pa.Table) -> int:
    """Return the row from which on all name the same order as the last."""
    if table.column_names.count("order_id") != 1 or not table.num_rows:
        return table.num_rows
    try:
        ids = plain_whole(table["order_id"])
        last = ids[-1]
        same = pc.fill_null(pc.equal(ids, last), False) if last.is_valid else ids.is_null()
    except pa.ArrowException:  # no type for an id, which is found out later
        return table.num_rows
    other = np.flatnonzero(~np.asarray(same))
    return int(other[-1]) + 1 if len(other) else 0


class _Passage:
    """Follows orders that carry themselves from one batch to the next."""

    def __init__(
        self, catalog: Catalog, report: Report, clock: Clock, quarantine: bool, schema: Schema
    ) -> None:
        self._catalog = catalog
        self._report = report
        self._clock = clock
        self._quarantine = quarantine
        self._schema = schema
        self._locator = Locator(catalog.geonames)
        self._seen = SeenIds()
        self._before: tuple[int, ...] | None = None
        self._zoned: bool | None = None

    def order_sets(self, batch: LineBatch) -> Iterator[OrderSet]:
        """Yield the orders of lines that hold nothing but whole orders."""
        with self._clock("validate"):
            valid = checked_bundle(
                batch, self._catalog.tables, self._report, self._quarantine, self._schema
            )
            if not self._report.is_fatal:
                self._check_zone(valid.tables["orders"]["created_at"])
                self._check_sequence(valid.tables["orders"])
                self._see(batch, valid)
        if not self._report.is_fatal and valid.tables["orders"].num_rows:
            with self._clock("encode"):
                orders = encode_orders(valid, self._catalog, self._locator)
            yield orders

    def _check_zone(self, created: pa.ChunkedArray) -> None:
        """Refuse times with and without an offset: nothing says which comes first."""
        if created.null_count == len(created):
            return
        zoned = created.type.tz is not None
        self._zoned = zoned if self._zoned is None else self._zoned
        if zoned != self._zoned:
            reason, remedy = (
                "times with and without an offset",
                "give all of them an offset, or none",
            )
            self._report.add([whole_table("order_lines", reason, remedy, "created_at")])

    def _check_sequence(self, orders: pa.Table) -> None:
        if not orders.num_rows:
            return
        ids = whole(orders["order_id"])
        order = sequence(orders)
        back = np.flatnonzero(order[1:] < order[:-1])
        if len(back):
            raise out_of_sequence(ids[int(order[back[0] + 1])].as_py())
        if self._before is not None and _rank(orders, 0) < self._before:
            raise out_of_sequence(ids[0].as_py())
        self._before = _rank(orders, orders.num_rows - 1)

    def _see(self, batch: LineBatch, valid: Validated) -> None:
        """Take note of the orders of some lines, where each begins."""
        # Those set aside too: the rest of such an order may come back.
        ids = order_ids(batch.raw) if valid.rejects else None
        if ids is None:
            ids = whole(valid.tables["order_lines"]["order_id"])
        ids = ids.drop_null()
        if len(ids):
            begins = np.append(True, np.asarray(pc.not_equal(ids[1:], ids[:-1])))
            self._seen.add(ids.filter(pa.array(begins)))

    def finish(self) -> None:
        """Check that no order came back."""
        if not self._report.is_fatal:
            self._seen.check()


def _rank(orders: pa.Table, row: int) -> tuple[int, ...]:
    """Return what puts an order before those of a higher rank."""
    created = orders["created_at"][row]
    when = (0, created.value * (10**9 // TICKS[created.type.unit])) if created.is_valid else (1, 0)
    return -orders["priority"][row].as_py(), *when
