"""The bound that counts items and boxes apart: weaker than `benchmarks.quality.bound`.

The linear program has a variable for each type, item and centre, and one for each type and centre
that sends anything: a box is at least the part of each of its items. It is what most of the
literature calls the deterministic linear program.
"""

import highspy
import numpy as np

from benchmarks.quality.bound import order_types
from benchmarks.quality.instance import Instance
from benchmarks.quality.prices import Prices


class _Program:
    """Columns and rows on their way into HiGHS; money in currency."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.limits: list[tuple[float, float]] = []
        self.rows: list[list[tuple[int, float]]] = []

    def column(self, micro: int) -> int:
        """Add a variable from 0 on; return its number."""
        self.cost.append(micro / 10**6)
        return len(self.cost) - 1

    def row(self, lower: float, upper: float, *entries: tuple[int, float]) -> None:
        """Add a constraint."""
        self.limits.append((lower, upper))
        self.rows.append(list(entries))

    def solve(self) -> float:
        """Return the value."""
        solver = highspy.Highs()
        solver.silent()
        none = np.zeros(0, np.int32)
        size = len(self.cost)
        upper = np.full(size, highspy.kHighsInf)
        solver.addCols(size, np.array(self.cost), np.zeros(size), upper, 0, none, none, np.zeros(0))
        first = np.cumsum([0, *map(len, self.rows)])
        index = np.array([at for row in self.rows for at, _ in row], np.int32)
        value = np.array([factor for row in self.rows for _, factor in row])
        lower, upper = np.array(self.limits).T.copy()
        starts = first[:-1].astype(np.int32)
        solver.addRows(len(self.rows), lower, upper, len(index), starts, index, value)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"HiGHS ended with {solver.getModelStatus()}")
        return solver.getInfo().objective_function_value


def weak_bound(instance: Instance, prices: Prices) -> int:
    """Return the program's value in 1e-6, as HiGHS has it: to compare with, no proof."""
    types, program, inf = order_types(instance), _Program(), highspy.kHighsInf
    stock: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for wanted, city, count in zip(types.items, types.city, types.count, strict=True):
        boxes = [program.column(prices.box) for _ in range(instance.stock.shape[1])]
        lacks = program.column(prices.missing_order)
        for item in wanted[wanted >= 0].tolist():
            missing = program.column(prices.missing_unit)
            sent = [(missing, 1.0)]
            for centre in np.flatnonzero(instance.stock[item]).tolist():
                part = program.column(int(prices.unit[city, centre]))
                sent.append((part, 1.0))
                stock.setdefault((item, centre), []).append((part, 1.0))
                program.row(0.0, inf, (boxes[centre], 1.0), (part, -1.0))
            program.row(float(count), float(count), *sent)
            program.row(0.0, inf, (lacks, 1.0), (missing, -1.0))
    for (item, centre), parts in stock.items():
        program.row(-inf, float(instance.stock[item, centre]), *parts)
    return round(program.solve() * 10**6)
