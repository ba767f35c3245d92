"""The clairvoyant bound: no way to serve the orders, all of them known in advance, costs less.

Orders that want the same items in the same city are one type. The method-based linear program of
Amil, Makhdoumi and Wei has a variable for each type and method, a method being which centre sends
each item, if any does. HiGHS solves it over the methods that matter, which are found by the prices
that it puts on stock (column generation).

What is returned does not rest on the solver. For any prices of stock that are not negative, the
cheapest method of every order at these prices, less what all stock is worth, is a lower bound (weak
duality); it is added up in integers.
"""

from typing import NamedTuple

import highspy
import numpy as np

from benchmarks.quality.instance import Instance
from benchmarks.quality.prices import Prices

_NEVER = 1 << 50


class Types(NamedTuple):
    """``items`` is (num_types, longest set), -1 beyond a set's end; ``city``, ``count`` by type."""

    items: np.ndarray
    city: np.ndarray
    count: np.ndarray


class Methods(NamedTuple):
    """``centre`` is (num_types, num_methods, longest set), -1 for none; ``cost`` with stock's."""

    centre: np.ndarray
    cost: np.ndarray


def bound(instance: Instance, prices: Prices) -> int:
    """Return a cost that no allocation of the instance can undercut, 1e-6."""
    types = order_types(instance)
    program = _Program(instance, types, prices)
    worth = np.zeros(instance.stock.shape, np.int64)
    program.add(cheapest_methods(instance, types, prices, worth), np.inf)
    while True:
        worth, of_type = program.solve()
        if not program.add(cheapest_methods(instance, types, prices, worth), of_type):
            return bound_at(instance, prices, worth)


def bound_at(instance: Instance, prices: Prices, worth: np.ndarray) -> int:
    """Return the bound that prices of stock, (num_items, num_centres) from 0 on in 1e-6, prove."""
    types = order_types(instance)
    least = cheapest_methods(instance, types, prices, worth).cost.min(axis=1)
    return int(least @ types.count) - int((worth * instance.stock).sum())


def cheapest_methods(
    instance: Instance, types: Types, prices: Prices, worth: np.ndarray
) -> Methods:
    """Return for each set of centres the cheapest method of each type, whole and in part.

    The cheapest of all methods of a type is among them.
    """
    num_types, longest = types.items.shape
    num_centres = instance.stock.shape[1]
    real = types.items >= 0
    send = prices.unit[types.city][:, None, :] + worth[types.items]
    send = np.where(instance.stock[types.items] > 0, send, _NEVER)
    centre = np.full((num_types, 2 << num_centres, longest), -1, np.int8)
    cost = np.full(centre.shape[:2], _NEVER)
    cost[:, 0] = prices.missing_order + prices.missing_unit * real.sum(axis=1)
    for members in range(1, 1 << num_centres):
        open_ = [at for at in range(num_centres) if members >> at & 1]
        best = send[:, :, open_].argmin(axis=2)
        least = np.take_along_axis(send[:, :, open_], best[:, :, None], axis=2)[:, :, 0]
        best = np.array(open_)[best]
        boxes = prices.box * len(open_)
        whole, part = 2 * members, 2 * members + 1
        cost[:, whole] = boxes + np.where(real, least, 0).sum(axis=1)
        centre[:, whole] = np.where(real, best, -1)
        sends = real & (least < prices.missing_unit)
        each = np.where(sends, least, np.where(real, prices.missing_unit, 0))
        cost[:, part] = boxes + each.sum(axis=1)
        cost[:, part] += np.where((sends == real).all(axis=1), 0, prices.missing_order)
        centre[:, part] = np.where(sends, best, -1)
    return Methods(centre, np.minimum(cost, _NEVER))


def order_types(instance: Instance) -> Types:
    """Return the distinct orders, and how many there are of each."""
    longest = max(map(len, instance.sets))
    padded = np.array([[*items, *[-1] * (longest - len(items))] for items in instance.sets])
    key = instance.order_set * len(instance.network.population) + instance.order_city
    found, count = np.unique(key, return_counts=True)
    which, city = np.divmod(found, len(instance.network.population))
    return Types(padded[which], city, count)


class _Program:
    """The linear program with the methods added so far; rows are types, then stock."""

    def __init__(self, instance: Instance, types: Types, prices: Prices) -> None:
        self._types, self._prices, self._stock = types, prices, instance.stock
        self._seen: set[tuple[int, bytes]] = set()
        self._solver = highspy.Highs()
        self._solver.silent()
        count, stock = types.count.astype(float), instance.stock.ravel().astype(float)
        lower = np.concatenate([count, np.full(len(stock), -highspy.kHighsInf)])
        none = np.zeros(0, np.int32)
        self._solver.addRows(
            len(lower), lower, np.concatenate([count, stock]), 0, none, none, np.zeros(0)
        )

    def add(self, methods: Methods, below: np.ndarray | float) -> int:
        """Add the methods that cost less than ``below``, by type in 1e-6; return how many."""
        limit = np.broadcast_to(below, len(self._types.count))
        worthy = (methods.cost < limit[:, None] - 1) & (methods.cost < _NEVER)
        cost: list[float] = []
        start: list[int] = []
        rows: list[int] = []
        for type_, at in np.argwhere(worthy).tolist():
            centre = methods.centre[type_, at]
            key = (type_, centre.tobytes())
            if key in self._seen:
                continue
            self._seen.add(key)
            sent = np.flatnonzero(centre >= 0)
            items = self._types.items[type_, sent]
            start.append(len(rows))
            rows.append(type_)
            rows += (len(self._types.count) + items * self._stock.shape[1] + centre[sent]).tolist()
            cost.append(self._cost(type_, centre) / 10**6)
        n = len(cost)
        self._solver.addCols(
            n,
            np.array(cost),
            np.zeros(n),
            np.full(n, highspy.kHighsInf),
            len(rows),
            np.array(start, np.int32),
            np.array(rows, np.int32),
            np.ones(len(rows)),
        )
        return n

    def solve(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what stock is worth, (num_items, num_centres), and an order of each type."""
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"HiGHS ended with {self._solver.getModelStatus()}")
        dual = np.array(self._solver.getSolution().row_dual) * 10**6
        of_type, of_stock = np.split(dual, [len(self._types.count)])
        worth = np.maximum(np.rint(-of_stock), 0).astype(np.int64)
        return worth.reshape(self._stock.shape), of_type

    def _cost(self, type_: int, centre: np.ndarray) -> int:
        """What a method costs by itself, 1e-6."""
        sent = centre[centre >= 0]
        size = int(np.count_nonzero(self._types.items[type_] >= 0))
        cost = len(set(sent.tolist())) * self._prices.box
        cost += int(self._prices.unit[self._types.city[type_], sent].sum())
        if len(sent) < size:
            cost += self._prices.missing_order + (size - len(sent)) * self._prices.missing_unit
        return cost
