"""Which lines of which orders are open, case by case, and against the rule in plain Python."""

import json
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.magento.location import find_store
from engine.magento.read import read_store
from engine.magento.tables import store_tables
from tests.magento.server import Database, Server

TOGETHER = json.dumps({"info_buyRequest": {}, "shipment_type": "0"})
APART = json.dumps({"shipment_type": "1", "bundle_options": {"3": {"label": "{é}"}}})


def item(number: int, sku: str, qty: object, **more: Any) -> dict[str, Any]:
    """Return an order item of order 1."""
    row = {
        **{"item_id": number, "order_id": 1, "parent_item_id": None, "product_type": "simple"},
        **{"product_options": None, "product_id": None, "is_virtual": 0, "sku": sku},
        **{"qty_ordered": qty, "qty_shipped": 0, "qty_canceled": 0, "qty_refunded": 0},
        **{"locked_do_ship": None},
    }
    return row | more


def order(number: int = 1, **more: Any) -> dict[str, Any]:
    head = {"entity_id": number, "state": "processing", "status": "processing", "store_id": 1}
    return head | more


def basis(database: Database) -> None:
    database.insert("store_website", {"website_id": 7, "code": "base"})
    database.insert("store", {"store_id": 1, "code": "en", "website_id": 7})
    source = {"source_code": "shop", "name": "Shop", "country_id": "DE", "postcode": ""}
    database.insert("inventory_source", source, source | {"source_code": "hub"})


def read(database: Database, *statuses: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table that the database gives."""
    options = "&".join(f"status={status}" for status in statuses)
    tables = store_tables(read_store(find_store(f"{database.url}?{options}")))
    return {name: table.to_pylist() for name, table in tables.items()}


def lines(database: Database, *items: dict[str, Any]) -> list[tuple[str, Decimal, int, Decimal]]:
    """Return SKU, quantity, item to ship and units per item of each open line of order 1."""
    basis(database)
    database.insert("sales_order", order())
    database.insert("sales_order_item", *items)
    tables = read(database)
    found = [
        (it["sku"], Decimal(it["qty"]), int(it["order_item_id"]), Decimal(it["qty_per_item"]))
        for it in tables["order_lines"]
    ]
    assert [it["order_id"] for it in tables["orders"]] == (["1"] if found else [])
    return found


def test_a_simple_item_is_a_line(database: Database):
    assert lines(database, item(5, "A", 3)) == [("A", 3, 5, 1)]


def test_a_configurable_is_shipped_by_its_row_and_taken_from_its_child(database: Database):
    parent = item(10, "A-red", 4, product_type="configurable", qty_shipped=1)
    child = item(11, "A-red", 4, parent_item_id=10)
    assert lines(database, parent, child) == [("A-red", 3, 10, 1)]


def test_a_bundle_that_ships_together(database: Database):
    parent = item(20, "kit", 3, product_type="bundle", product_options=TOGETHER, qty_canceled=1)
    first = item(21, "bolt", 12, parent_item_id=20)
    second = item(22, "nut", Decimal("4.5"), parent_item_id=20)
    found = lines(database, parent, first, second)
    assert found == [("bolt", 8, 20, 4), ("nut", 3, 20, Decimal("1.5"))]


def test_a_bundle_that_ships_apart(database: Database):
    parent = item(20, "kit", 3, product_type="bundle", product_options=APART)
    first = item(21, "bolt", 12, parent_item_id=20, qty_shipped=5)
    second = item(22, "nut", 6, parent_item_id=20, qty_shipped=6)
    assert lines(database, parent, first, second) == [("bolt", 7, 21, 1)]


@pytest.mark.parametrize(
    ("options", "together"),
    [
        *((None, True), ("", True), ("no json", True), ("{}", True), ("[]", True)),
        *(('{"shipment_type":1}', False), ('{"shipment_type":0}', True)),
        ('{"shipment_type":null}', True),
        ('a:1:{s:13:"shipment_type";s:1:"1";}', True),  # of Magento before 2.2, which nothing reads
    ],
)
def test_how_a_bundle_ships_stands_in_its_options(database: Database, options, together: bool):
    parent = item(20, "kit", 1, product_options=options)
    found = lines(database, parent, item(21, "bolt", 2, parent_item_id=20))
    assert found == [("bolt", 2, 20, 2) if together else ("bolt", 2, 21, 1)]


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ({"qty_shipped": 4}, 6),
        ({"qty_canceled": Decimal("2.5")}, Decimal("7.5")),
        ({"qty_refunded": 3}, 7),
        ({"qty_shipped": 4, "qty_canceled": 2, "qty_refunded": 1}, 3),
        ({"qty_shipped": 4, "qty_canceled": 2, "qty_refunded": 4}, None),
        ({"qty_shipped": 10}, None),
        ({"qty_shipped": None, "qty_canceled": None, "qty_refunded": None}, 10),
        ({"qty_ordered": None}, None),
        ({"qty_ordered": Decimal("99999999.9999")}, Decimal("99999999.9999")),
        ({"qty_canceled": Decimal("9.9999")}, Decimal("0.0001")),
        ({"is_virtual": 1}, None),
        ({"is_virtual": None}, 10),
        ({"locked_do_ship": 1}, None),
        ({"locked_do_ship": 0}, 10),
        ({"parent_item_id": 4_000_000_000}, 10),
    ],
)
def test_what_is_left_of_an_item(database: Database, more: dict[str, Any], left: object):
    assert lines(database, item(5, "A", 10) | more) == ([] if left is None else [("A", left, 5, 1)])


def test_the_sku_is_that_of_the_product(database: Database):
    """Options of an item put more behind its SKU; MSI deducts from the product's."""
    database.insert("catalog_product_entity", {"entity_id": 9, "sku": "A"})
    found = lines(database, item(5, "A-engraved", 1, product_id=9), item(6, "B-x", 1, product_id=8))
    assert [sku for sku, *_ in found] == ["A", "B-x"]


def test_what_is_open_in_parts_of_a_unit_is_not_rounded(database: Database):
    parent = item(20, "kit", 3, qty_shipped=1)
    ((_, qty, _, per_item),) = lines(database, parent, item(21, "nut", 2, parent_item_id=20))
    assert len(str(qty)) > 20
    assert abs(Fraction(qty) - Fraction(4, 3)) < Fraction(1, 10**19)
    assert str(per_item).startswith("0.66666")


def test_orders_in_state_processing_are_open_whatever_their_status(database: Database):
    basis(database)
    states = ("processing", "new", "complete", "closed", "canceled", "holded", "payment_review")
    for number, state in enumerate([*states, None], 1):
        database.insert("sales_order", order(number, state=state, status="processing"))
        database.insert("sales_order_item", item(number, "A", 1, order_id=number))
    database.insert("sales_order", order(20, status="picking", created_at="2024-02-29 23:59:59"))
    database.insert("sales_order_item", item(20, "A", 1, order_id=20))
    found = read(database)
    assert [row["order_id"] for row in found["orders"]] == ["1", "20"]
    assert found["orders"][1]["created_at"] == "2024-02-29 23:59:59"
    assert [row["order_id"] for row in found["order_lines"]] == ["1", "20"]


@pytest.mark.parametrize("charset", ["utf8mb4", "utf8mb3", "latin1"])
def test_statuses_are_those_asked_for_whatever_the_state(
    server: Server, password: None, charset: str
):
    database = server.database(charset)
    basis(database)
    statuses = ("picking", "processing", "o'clock \\ é", "Picking")
    for number, status in enumerate(statuses, 1):
        database.insert("sales_order", order(number, state="new", status=status))
        database.insert("sales_order_item", item(number, "A", 1, order_id=number))

    def numbers(*wanted: str) -> list[str]:
        return [row["order_id"] for row in read(database, *wanted)["orders"]]

    assert numbers("picking") == ["1"]
    assert numbers("picking", "o'clock%20%5C%20%C3%A9") == ["1", "3"]
    assert numbers("new", "😀") == []
    database.close()


def test_an_order_has_its_stock_and_its_shipping_address(database: Database):
    basis(database)
    database.insert("sales_order", order(1), order(2, store_id=None))
    database.insert("sales_order_item", item(1, "A", 1), item(2, "A", 1, order_id=2))
    place = {
        "parent_id": 1,
        "country_id": "DE",
        "region": "Bayern",
        "city": 'Münch"en\\',
        "postcode": "01",
    }
    database.insert(
        "sales_order_address",
        {**place, "address_type": "billing", "street": "no"},
        {**place, "address_type": "shipping", "street": "Weg 1\nHof, 2"},
        {**place, "address_type": "shipping", "street": "a second one"},
    )  # fmt: skip
    one, two = read(database)["orders"]
    del one["created_at"], two["created_at"], place["parent_id"]
    channel = {"sales_channel_type": "website", "sales_channel_code": "base"}
    assert one == {"order_id": "1", **channel, **place, "street": "Weg 1\nHof, 2"}
    assert two == {"order_id": "2", **dict.fromkeys(one.keys() - {"order_id"})}


def test_pickup_orders_hold_units_at_their_location_and_are_no_orders(database: Database):
    basis(database)
    states = ("processing", "new", "holded", "complete", "closed", "canceled")
    for number, state in enumerate(states, 1):
        database.insert("sales_order", order(number, state=state))
        kit = item(number * 10, "kit", 2, order_id=number, product_options=TOGETHER, qty_shipped=1)
        bolt = item(number * 10 + 1, "bolt", 8, order_id=number, parent_item_id=number * 10)
        database.insert("sales_order_item", kit, bolt)
        pickup = {"order_id": number, "pickup_location_code": "shop" if number % 2 else "hub"}
        database.insert("inventory_pickup_location_order", pickup)
    database.insert("sales_order", order(7))
    database.insert("sales_order_item", item(70, "A", 1, order_id=7))
    for statuses in ((), ("processing",)):
        found = read(database, *statuses)
        held = [
            (it["source_code"], it["sku"], Decimal(it["quantity"]))
            for it in found["source_reservations"]
        ]
        assert held == [("shop", "bolt", 4), ("hub", "bolt", 4), ("shop", "bolt", 4)]
        assert [row["order_id"] for row in found["orders"]] == ["7"]
        assert [row["sku"] for row in found["order_lines"]] == ["A"]


@pytest.mark.parametrize("table", ["inventory_geoname", "inventory_pickup_location_order"])
def test_modules_that_a_store_does_without(database: Database, table: str):
    database.run(f"DROP TABLE {table}")
    found = lines(database, item(5, "A", 3))
    assert found == [("A", 3, 5, 1)]
    database.run("DROP TABLE IF EXISTS inventory_geoname, inventory_pickup_location_order")
    assert "source_reservations" not in read(database)


def test_a_table_that_must_be_there_is_named(database: Database):
    database.run("DROP TABLE inventory_source_item")
    with pytest.raises(UsageError, match="lacks the table inventory_source_item: it is no Mag"):
        read(database)


# ------------------------------------------------- the same rule, one row at a time

QTY = st.integers(0, 60_000).map(lambda units: Decimal(units) / 10_000)
ROWS = st.lists(
    st.builds(
        dict,
        qty_ordered=QTY | st.none(),
        qty_shipped=QTY | st.none(),
        qty_canceled=st.just(0) | QTY,
        qty_refunded=st.just(0) | QTY,
        is_virtual=st.sampled_from([0, 0, 0, 1, None]),
        locked_do_ship=st.sampled_from([None, None, 0, 1]),
        product_options=st.sampled_from([None, TOGETHER, APART, "x"]),
        parent=st.none() | st.integers(0, 8),
        order_id=st.sampled_from([1, 1, 1, 2]),
    ),
    max_size=20,
)


def open_of(row: dict[str, Any]) -> Fraction:
    """Order\\Item::getSimpleQtyToShip, before it is cut at 0."""
    qty = {name: Fraction(row[f"qty_{name}"] or 0) for name in _QTY}
    return qty["ordered"] - qty["shipped"] - qty["canceled"] - qty["refunded"]


_QTY = ("ordered", "shipped", "canceled", "refunded")


def slow_lines(rows: list[dict[str, Any]]) -> list[tuple[int, Fraction, int, Fraction]]:
    """Return what SourceSelectionDataProvider lists, child by child."""
    found = []
    for row in rows:
        mine = [it for it in rows if it["order_id"] == row["order_id"]]
        if row["is_virtual"] or row["locked_do_ship"]:
            continue
        if any(it["parent_item_id"] == row["item_id"] for it in mine):
            continue
        (parent,) = [it for it in mine if it["item_id"] == row["parent_item_id"]] or [None]
        if parent is None or parent["product_options"] == APART:
            qty, named, per_item = open_of(row), row["item_id"], Fraction(1)
        else:
            if open_of(parent) <= 0 or not parent["qty_ordered"]:
                continue
            per_item = Fraction(row["qty_ordered"] or 0) / Fraction(parent["qty_ordered"])
            qty, named = open_of(parent) * per_item, parent["item_id"]
        if qty > 0:
            found.append((row["item_id"], qty, named, per_item))
    return sorted(found, key=lambda line: next(
        (it["order_id"], it["item_id"]) for it in rows if it["item_id"] == line[0]
    ))  # fmt: skip


@pytest.fixture(scope="module")
def emptied(server: Server):
    made = server.database()
    basis(made)
    made.insert("sales_order", order(1), order(2))
    yield made
    made.close()


# Few cases of many rows: each is a process that reads the whole database.
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_lines_are_those_of_the_slow_rule(emptied: Database, password: None, rows: list[dict]):
    numbers = count(1)
    items = []
    for row in rows:
        parent = row.pop("parent")
        number = next(numbers)
        above = None if parent is None or parent + 1 >= number else parent + 1
        items.append({"item_id": number, "sku": f"S{number}", "parent_item_id": above, **row})
    emptied.run("DELETE FROM sales_order_item")
    emptied.insert("sales_order_item", *items)
    found = [
        (
            int(it["sku"][1:]),
            Fraction(it["qty"]),
            int(it["order_item_id"]),
            Fraction(it["qty_per_item"]),
        )
        for it in read(emptied)["order_lines"]
    ]
    expected = slow_lines(items)
    assert [(at, named) for at, _, named, _ in found] == [
        (at, named) for at, _, named, _ in expected
    ]
    for (_, qty, _, per), (_, other_qty, _, other_per) in zip(found, expected, strict=True):
        assert abs(qty - other_qty) < Fraction(1, 10**15)
        assert abs(per - other_per) < Fraction(1, 10**15)
        # What is exact in four places is exact.
        assert (qty * 10**4).denominator != 1 or qty == other_qty
        assert (other_qty * 10**4).denominator != 1 or qty == other_qty
