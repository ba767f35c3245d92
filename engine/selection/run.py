"""A run in its two steps, each part of the orders in turn: decide, then decode.

They keep apart what they know, so that one thread may decide while another decodes.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from engine.catalog import Catalog
from engine.clock import Clock
from engine.errors import UsageError
from engine.optimum.waiting import Hold
from engine.orders import OrderSet
from engine.selection.bound import Bound
from engine.selection.conservation import Audit
from engine.selection.deduction import Deduction
from engine.selection.kpis import KPIs, Tally
from engine.selection.plan import Plan
from engine.selection.result import Part, build_part, items_after, pick_distances
from engine.selection.selection import Selection
from engine.selection.totals import OrderTotals, order_totals
from engine.types import FlagArray, IntArray

MODES = ("sequential", "independent")


class Decided(NamedTuple):
    """Orders and what was decided for them."""

    orders: OrderSet
    done: Deduction


class Run:
    """One run over a catalogue, fed with orders in sequence.

    Parameters
    ----------
    catalog
        The inventory. It is not changed.
    plan
        What it decides by.
    mode, include_zero
        As in `engine.allocate`.
    clock
        Told of the phases ``rank``, ``deduct``, ``check`` and ``decode``.

    Raises
    ------
    PolicyError
        If the policy asks for what the catalogue does not have.
    UsageError
        If ``mode`` is unknown, or ``include_zero`` is asked of a policy.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        plan: Plan,
        mode: str,
        include_zero: bool,
        clock: Clock,
    ) -> None:
        if mode not in MODES:
            raise UsageError(f"mode {mode!r} is unknown; known: {', '.join(MODES)}")
        independent = mode == "independent"
        self._catalog = catalog
        self._clock = clock
        self._selection = Selection(
            catalog, plan, independent=independent, include_zero=include_zero
        )
        self._audit = Audit(catalog, independent=independent)
        self.tally = Tally(catalog, plan, independent=independent)

    def decide(self, orders: OrderSet, hold: Hold | None = None) -> Decided:
        """Serve the next orders; ``hold`` as in `engine.selection.selection.Selection.serve`."""
        return Decided(orders, self._selection.serve(orders, self._clock, hold))

    def decide_all(self, parts: Iterable[OrderSet]) -> Iterator[Decided]:
        """Serve orders that come in parts; a plan that decides them together gets all first."""
        given: list[OrderSet] = []

        def noted() -> Iterator[OrderSet]:
            for part in parts:
                given.append(part)
                yield part

        for done in self._selection.serve_all(noted(), self._clock):
            yield Decided(given.pop(0), done)

    @property
    def bound(self) -> Bound | None:
        """How low the cost of what was decided could be, where that is known."""
        return self._selection.bound

    def decode(self, decided: Decided) -> Part:
        """Check what was decided against the laws, count it, and turn it into tables."""
        totals, mm = self.count(decided)
        with self._clock("decode"):
            return build_part(self._catalog, decided.orders, decided.done, totals, mm)

    def count(self, decided: Decided) -> tuple[OrderTotals, IntArray]:
        """Check what was decided against the laws and count it, without making tables.

        Returns
        -------
        What `check` returns.
        """
        totals, mm = self.check(decided)
        with self._clock("decode"):
            self.tally.add(*decided, totals, mm)
        return totals, mm

    def check(self, decided: Decided) -> tuple[OrderTotals, IntArray]:
        """Check what was decided against the laws, and add up each order.

        Returns
        -------
        The totals of the orders, and (num_picks,) distance of each pick in mm, -1 where not
        known.
        """
        orders, done = decided
        with self._clock("check"):
            self._audit.check(orders, done)
        with self._clock("decode"):
            totals = order_totals(self._catalog, orders, done)
            return totals, pick_distances(self._catalog, orders, done)

    def check_end(self) -> None:
        """Check the inventory after everything that was decided and decoded."""
        with self._clock("check"):
            self._audit.check_end(self._selection.left)

    @property
    def left(self) -> tuple[IntArray, FlagArray]:
        """(num_items,) quantities and statuses after everything that was decided."""
        return self._selection.left, self._selection.in_stock

    def source_items(self) -> Iterator[pa.Table]:
        """Yield the inventory after everything that was decided and decoded, part by part."""
        return items_after(self._catalog, *self.left)

    def kpis(self) -> KPIs:
        """Return the key figures of everything that was decided and decoded."""
        return self.tally.kpis(self._selection.left)
