"""One request against the engine's own batch, which is held against the oracle and MSI."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.algorithms.registry import find_algorithm
from engine.places.address_book import Address, AddressBook, Position
from engine.places.distance import points
from engine.rest.changes import laid_out
from engine.rest.ranks import Destination, Ranks, Skus
from engine.rest.select import Wanted, select
from engine.tables.fold import fold_sku
from tests.strategies import cases, to_arrow

ALGORITHMS = {code: find_algorithm(code) for code in ("priority", "distance")}


def _requests(tables):
    """Return each order of a case as a request: stock, place, and lines, those of a SKU summed."""
    for order in tables["orders"]:
        merged: dict[str, Decimal] = {}
        for line in tables["order_lines"]:
            if line["order_id"] == order["order_id"]:
                key = fold_sku(pa.array([line["sku"]]))[0].as_py()
                merged[key] = merged.get(key, Decimal(0)) + line["qty"]
        yield order, merged


@settings(max_examples=40)  # each case is a run per order
@given(cases().filter(lambda tables: tables.get("orders")), st.sampled_from(sorted(ALGORITHMS)))
def test_select_is_what_a_batch_gives_each_order(tables, algorithm):
    orders = [order for order in tables["orders"] if order["stock_id"] is not None]
    tables = {**tables, "orders": orders}
    arrow = to_arrow(tables)
    given_tables = {k: v for k, v in arrow.items() if k not in ("orders", "order_lines")}
    catalog = laid_out(engine.Catalog.from_tables(given_tables))
    ranks = Ranks(catalog, AddressBook(catalog.geonames), ALGORITHMS)
    skus = Skus(catalog.sku_index)
    for order, merged in _requests(tables):
        lines = pa.table(
            {
                "order_id": pa.array([1] * len(merged), pa.int64()),
                "sku": pa.array(list(merged), pa.string()),
                "qty": pa.array(list(merged.values()), pa.decimal128(12, 4)),
            }
        )
        head = pa.Table.from_pylist(
            [{**order, "order_id": 1}],
            schema=arrow["orders"].schema.set(
                arrow["orders"].schema.get_field_index("order_id"), pa.field("order_id", pa.int64())
            ),
        )
        options = {"algorithm": algorithm, "mode": "independent", "include_zero": True}
        expected = engine.allocate(catalog, head, lines, **options)
        address = Address(*(order[name] for name in ("country_id", "postcode", "city", "region")))
        where = ranks.destination(address)
        if order["latitude"] is not None:
            degrees = order["latitude"], order["longitude"]
            there = points(*(np.array([axis]) for axis in degrees))
            where = Destination(Position(*degrees, *(axis[0] for axis in there)), where.place)
        stock = catalog.stock_ids.tolist().index(order["stock_id"])
        wanted = [Wanted(sku, int(qty * 10_000)) for sku, qty in merged.items()]
        found = ranks.ranks(stock, algorithm, where)
        answer = select(catalog, skus, ranks.codes, found, wanted)
        columns = ("source_code", "sku", "qty_to_deduct", "qty_available")
        rows = expected.allocations.select(columns).to_pylist()
        assert answer["shippable"] == expected.orders["shippable"][0].as_py()
        assert answer["source_selection_items"] == [
            {name: value if isinstance(value, str) else float(value) for name, value in row.items()}
            for row in rows
        ]
