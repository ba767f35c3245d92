import pytest

from engine.tables.fold import FOLDS
from engine.tables.schema import CATALOG_TABLES, ORDER_TABLES, SCHEMAS, Kind

CONTRACT = {
    "sources": (
        "source_code, enabled?, name?, latitude?, longitude?, country_id?, region?, region_id?, "
        "city?, street?, postcode?, capacity_orders?, capacity_units?, handling_cost?, "
        "max_distance_km?"
    ),
    "stocks": "stock_id, name?",
    "sales_channels": "type, code, stock_id",
    "stock_source_links": "stock_id, source_code, priority",
    "source_items": "source_code, sku, quantity, status?",
    "stock_items": (
        "sku?, manage_stock?, min_qty?, backorders?, min_sale_qty?, max_sale_qty?, "
        "qty_increments?, is_qty_decimal?"
    ),
    "reservations": "stock_id, sku, quantity",
    "source_reservations": "source_code, sku, quantity",
    "geonames": "country_code, postcode?, city?, region?, region_code?, latitude, longitude",
    "distances": "source_code, country_id, postcode, km",
    "lanes": "source_code, country_id, region?",
    "exclusions": "source_code, order_id?, sku?, reason?",
    "safety_stock": "source_code, sku?, quantity",
    "rates": "source_zone, destination_zone, up_to_units, cost",
    "zones": "source_code?, country_id?, region?, postcode_prefix?, zone",
    "receipts": "date, source_code, sku, quantity",
    "orders": (
        "order_id, stock_id?, sales_channel_type?, sales_channel_code?, created_at?, priority?, "
        "country_id?, region?, city?, postcode?, street?, latitude?, longitude?, ship_policy?"
    ),
    "order_lines": "order_id, sku, qty, order_item_id?, qty_per_item?",
}
KEYS = {
    "sources": "source_code",
    "stocks": "stock_id",
    "sales_channels": "type, code",
    "stock_source_links": "stock_id, source_code",
    "source_items": "source_code, sku",
    "stock_items": "sku",
    "orders": "order_id",
    "distances": "source_code, country_id, postcode",
    "safety_stock": "source_code, sku",
    "rates": "source_zone, destination_zone, up_to_units",
    # The contract names none: but two zones for one place would contradict each other.
    "zones": "source_code, country_id, region, postcode_prefix",
}


def test_schemas_are_those_of_the_contract():
    assert set(SCHEMAS) == set(CONTRACT)
    assert (*CATALOG_TABLES, *ORDER_TABLES) == tuple(SCHEMAS)
    assert ORDER_TABLES == ("orders", "order_lines")


@pytest.mark.parametrize("table", CONTRACT)
def test_schema_has_the_columns_of_the_contract(table):
    columns = {it.name: "" if it.required else "?" for it in SCHEMAS[table].columns}
    expected = {it.rstrip("?"): it[len(it.rstrip("?")) :] for it in CONTRACT[table].split(", ")}
    assert columns == expected


@pytest.mark.parametrize("table", CONTRACT)
def test_schema_has_the_key_of_the_contract(table):
    assert ", ".join(SCHEMAS[table].key) == KEYS.get(table, "")


def test_schemas_that_restrict_stop_even_quarantine():
    restricts = {name for name, schema in SCHEMAS.items() if schema.restricts}
    assert restricts == {
        *("source_reservations", "reservations", "stock_items", "distances"),
        *("lanes", "exclusions", "safety_stock", "rates", "zones"),
    }


def test_schemas_that_must_be_there():
    required = {name for name, schema in SCHEMAS.items() if schema.required}
    assert required == {"sources", "stock_source_links", "source_items", "order_lines"}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_schema_refers_to_keys_that_are_there(schema):
    for reference in schema.references:
        parent = SCHEMAS[reference.table]
        assert len(reference.columns) == len(parent.key)
        for own, other in zip(reference.columns, parent.key, strict=True):
            assert schema.column(own).kind is parent.column(other).kind


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_schema_columns_make_sense(schema):
    names = [it.name for it in schema.columns]
    assert len(set(names)) == len(names)
    for column in schema.columns:
        assert column.about
        assert not (column.required and column.default is not None)
        if column.low is not None or column.high is not None:
            assert column.kind in (Kind.INTEGER, Kind.QUANTITY, Kind.NUMBER)


def test_folds_are_of_columns_that_schemas_have():
    columns = {column.name for schema in SCHEMAS.values() for column in schema.columns}
    assert set(FOLDS) <= columns


def test_column_of_another_name_is_an_error():
    with pytest.raises(StopIteration):
        SCHEMAS["stocks"].column("nothing")
