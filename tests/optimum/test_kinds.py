"""Orders of a kind differ in nothing."""

import numpy as np
import pytest

from engine.optimum.kinds import kinds_of
from engine.types import QTY_SCALE, frozen
from tests.optimum.batches import batch_of

COSTS = np.array([[3, 4], [3, 4], [3, 5]])


def twins(second=((0, QTY_SCALE), (1, QTY_SCALE)), ranking=(0, 1), shipment=COSTS, unit_cost=COSTS):
    """Two orders, alike if nothing else is said: rankings 0 and 1 cost the same."""
    first = [(0, QTY_SCALE), (1, QTY_SCALE)]
    return batch_of(
        [first, list(second)], ranking, np.full(6, QTY_SCALE), unit_cost, shipment, unit=9, order=0
    )


def kinds(batch):
    found = kinds_of(batch, np.arange(batch.num_orders))
    return found.first.tolist(), found.size.tolist()


def test_kinds_of_orders_that_are_alike_is_one():
    assert kinds(twins()) == ([0], [2])


@pytest.mark.parametrize(
    "other",
    [
        {"second": [(0, QTY_SCALE)]},
        {"second": [(0, QTY_SCALE), (2, QTY_SCALE)]},
        {"second": [(0, QTY_SCALE), (1, 2 * QTY_SCALE)]},
        {"ranking": (0, 2), "unit_cost": COSTS[[0, 0, 0]]},
        {"ranking": (0, 2), "shipment": COSTS[[0, 0, 0]]},
    ],
    ids=["lines", "sku", "qty", "shipment", "unit cost"],
)
def test_kinds_of_orders_that_differ_are_two(other):
    assert kinds(twins(**other)) == ([0, 1], [1, 1])


@pytest.mark.parametrize("name", ["rates", "ship_policy", "same", "wait"])
def test_kinds_tell_apart_what_else_decides(name):
    batch = twins()
    changed = getattr(batch.program, name).copy()
    changed[1] = 1
    batch = batch._replace(program=batch.program._replace(**{name: frozen(changed)}))
    assert kinds(batch) == ([0, 1], [1, 1])


def test_kinds_of_some_orders_name_these():
    found = kinds_of(twins(), np.array([1]))
    assert (found.first.tolist(), found.size.tolist()) == ([1], [1])
