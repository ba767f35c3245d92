"""Which orders and resources compete, against the same told one by one."""

from hypothesis import given

from engine.optimum.batch import Batch, competing, demand_of, holders_of, market_of
from engine.types import QTY_SCALE
from tests.optimum.strategies import tiny_batches
from tests.oracle.batches import Order, orders_of


def most_of(batch: Batch, order: Order) -> dict[int, int]:
    """What an order could want of each resource that it could draw on."""
    wanted: dict[int, int] = {}
    for line, item, source in zip(order.line, order.item, order.source, strict=True):
        need = order.need[line]
        if item >= 0:
            wanted[item] = wanted.get(item, 0) + min(need, int(batch.supply[item]))
        if (at := batch.weights.units_at) >= 0:
            wanted[at + source] = wanted.get(at + source, 0) + need
        if (at := batch.weights.orders_at) >= 0:
            wanted[at + source] = QTY_SCALE
    return wanted


@given(tiny_batches())
def test_resources_and_orders_compete_where_all_want_more_than_there_is(case):
    batch = case.batch
    wants = [most_of(batch, order) for order in orders_of(batch)]
    total = [sum(of.get(at, 0) for of in wants) for at in range(len(batch.supply))]
    short = [0 < has < most for has, most in zip(batch.supply.tolist(), total, strict=True)]
    demand = demand_of(batch)
    assert demand.tolist() == total
    share = market_of(batch, demand).share
    assert (share > 0).tolist() == short
    assert competing(batch, share).tolist() == [any(short[at] for at in of) for of in wants]
    holders = holders_of(batch, share)
    for at, is_short in enumerate(short):
        held = holders.orders[holders.offsets[at] : holders.offsets[at + 1]].tolist()
        assert held == [order for order, of in enumerate(wants) if is_short and at in of]
