"""The linear program that mixes patterns, solved by HiGHS: the one place that knows the solver.

A row for each kind of order says that all its orders are served in some way, and a row for each
resource that no more is drawn than there is. A column is a pattern. One more column for each
resource buys more of it, at a price that thereby is the highest: with few patterns, prices that
nothing holds are far too high for the next to be found at (Marsten, Hogan and Blankenship, "The
Boxstep method for large-scale optimization", Operations Research 23(3), 1975,
doi:10.1287/opre.23.3.389).
"""

from typing import NamedTuple

import highspy
import numpy as np

from engine.types import QTY_SCALE, FloatArray, IntArray

_MONEY = 1e6
_MOST_STEPS = 200_000
"""Steps of the simplex method after which a program is given up."""

_BOUGHT = 1e-6
"""Units bought that are none: what HiGHS lets a row be off by is less."""


class Mixed(NamedTuple):
    """``price`` is (num_resources,) in 1e-6 from 0 on, ``cost`` what all costs, in 1e-6.

    ``has_bought`` tells that there was not enough, so that prices are held by the highest.
    """

    price: IntArray
    cost: float
    has_bought: bool


class Mixture:
    """A program with the patterns added so far."""

    def __init__(self, count: IntArray, supply: IntArray) -> None:
        """Begin with how many orders are of each kind, and (num_resources,) 1e-4 of each."""
        self._num_kinds, self._num_resources = len(count), len(supply)
        self._solver = highspy.Highs()
        self._solver.silent()
        self._solver.setOptionValue("simplex_iteration_limit", _MOST_STEPS)
        upper = np.concatenate([count, supply / QTY_SCALE])
        lower = np.concatenate([count, np.full(len(supply), -highspy.kHighsInf)])
        none = np.zeros(0, np.int32)
        self._solver.addRows(len(upper), lower, upper, 0, none, none, np.zeros(0))
        each = np.arange(self._num_resources)
        self._add(np.zeros(len(each)), each, len(count) + each, np.full(len(each), -1.0))

    def add(
        self, kind: IntArray, cost: FloatArray, offsets: IntArray, resource: IntArray, qty: IntArray
    ) -> None:
        """Add (num_patterns,) patterns of kinds, which cost so much without prices, in 1e-6.

        Pattern ``p`` draws ``qty``, in 1e-4, of ``resource``, both in rows
        ``offsets[p]:offsets[p + 1]``.
        """
        before = offsets[:-1]
        row = np.insert(self._num_kinds + resource, before, kind)
        drawn = np.insert(qty / QTY_SCALE, before, 1.0)
        self._add(cost / _MONEY, before + np.arange(len(kind)), row, drawn)

    def _add(self, cost: FloatArray, start: IntArray, row: IntArray, value: FloatArray) -> None:
        n, least, most = len(cost), np.zeros(len(cost)), np.full(len(cost), highspy.kHighsInf)
        at = start.astype(np.int32), row.astype(np.int32)
        self._solver.addCols(n, cost, least, most, len(row), *at, value)

    def solve(self, highest: IntArray) -> Mixed | None:
        """Return what the cheapest mixture costs if more may be had at (num_resources,) prices.

        None stands for a program that the solver did not solve.
        """
        n = self._num_resources
        self._solver.changeColsCost(n, np.arange(n, dtype=np.int32), highest / _MONEY)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        dual = np.array(solution.row_dual)[self._num_kinds :]
        price = np.clip(np.rint(-dual * _MONEY), 0, highest).astype(np.int64)
        bought = np.array(solution.col_value[:n])
        cost = self._solver.getInfo().objective_function_value * _MONEY
        return Mixed(price, cost, bool(bought.max(initial=0) > _BOUGHT))
