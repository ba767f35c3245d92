"""What is decided as a whole beside the instance of the papers: data sets, encoded once."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

import msgspec

from benchmarks import cases
from benchmarks.quality import instance
from benchmarks.quality.network import network
from benchmarks.quality.prices import policy_costs, prices
from engine import Catalog
from engine.clock import Clock
from engine.folders import read_run
from engine.orders import OrderSet, encode_orders
from engine.policies.find import find_policy
from engine.policies.model import Costs
from engine.tables.findings import raise_findings
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders


class DataSet(NamedTuple):
    """A catalogue, orders in sequence, and what is billed.

    ``sizes`` are the batches that they are decided in, in orders, beside one at a time and all at
    once; ``stops`` are the seconds after which a run is stopped; ``without`` names contenders that
    would take too long.
    """

    name: str
    catalog: Catalog
    orders: OrderSet
    costs: Costs
    sizes: tuple[int, ...]
    stops: tuple[float, ...]
    without: tuple[str, ...] = ()


def of_instance(metros: int, n_max: int, periods: int) -> DataSet:
    """Return the instance with seed 0, at its own prices."""
    drawn = instance.draw(network(metros), n_max, periods, seed=0)
    catalog = instance.catalog(drawn)
    heads, lines = instance.orders(drawn)
    raw, findings = as_raw({"orders": heads, "order_lines": lines}, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings, quarantine=False)
    raise_findings(valid.fatal)
    costs = policy_costs(prices(drawn.network.mm))
    orders = encode_orders(valid, catalog)
    return DataSet("instance", catalog, orders, costs, (10, 100, 1_000), (0.25, 0.5, 1, 2, 4))


def year() -> DataSet:
    """Return Online Retail's year; a unit not served costs more than to send it in company."""
    catalog, orders = _read(cases.CASES["year"])
    costs = _costs(per_unserved_unit=4)
    return DataSet("year", catalog, orders, costs, (10, 100, 1_000), (2, 8, 32, 64), _LONGEST)


def msi_xl(case: cases.Case = cases.SHORT_XL) -> DataSet:
    """Return MSI's largest; a unit not served costs more than to send it alone."""
    catalog, orders = _read(case)
    costs = _costs(per_unserved_unit=20)
    return DataSet("msi-xl", catalog, orders, costs, (10_000,), (15, 60, 120, 240), _LONGEST)


_LONGEST = ("optimal, serving first",)


def _read(case: cases.Case) -> tuple[Catalog, OrderSet]:
    run = read_run(*cases.files(case), quarantine=False, clock=Clock())
    return run.catalog, run.orders


def _costs(per_unserved_unit: int) -> Costs:
    """Return the costs of the preset ``cheapest``; an order not served costs two shipments."""
    return msgspec.structs.replace(
        find_policy("cheapest").costs,
        per_unserved_order=Decimal("17.518"),
        per_unserved_unit=Decimal(per_unserved_unit),
    )


DATA_SETS: dict[str, Callable[[], DataSet]] = {
    "instance": lambda: of_instance(99, 5, 10_000),
    "year": year,
    "msi-xl": msi_xl,
}
"""Name -> what makes it."""
