from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tables.columns import check_columns
from engine.tables.raw import RawTable
from engine.tables.schema import SCHEMAS
from engine.tables.settings import encode_stock_items

from .small import fewer, text_table

MSI = {
    "manage_stock": 1,
    "min_qty": 0,
    "backorders": 0,
    "min_sale_qty": 10_000,
    "max_sale_qty": 100_000_000,
    "qty_increments": 0,
    "is_qty_decimal": 0,
}
FLAGS = ("manage_stock", "is_qty_decimal")
FIELDS = {
    **dict.fromkeys(MSI, st.sampled_from([None, "0", "1.5", "20"])),
    **dict.fromkeys(FLAGS, st.sampled_from([None, "0", "1"])),
    "backorders": st.sampled_from([None, "0", "1", "2"]),
}
SKUS = ["a", "B", "ß", " a"]

settings_rows = st.dictionaries(st.sampled_from([None, *SKUS]), st.fixed_dictionaries(FIELDS))


def canonical(columns):
    checked = check_columns(SCHEMAS["stock_items"], text_table(columns))
    assert checked.findings == []
    return checked.table


def units(field, text):
    return int(text) if field in (*FLAGS, "backorders") else int(Decimal(text) * 10_000)


@fewer
@given(settings_rows)
def test_encode_stock_items_takes_own_then_default_then_msi(rows):
    columns = {field: [row[field] for row in rows.values()] for field in MSI}
    table = canonical({"sku": [sku and sku.upper() for sku in rows]} | columns)
    folded = [sku.upper().lower() for sku in SKUS]
    encoded = encode_stock_items(table, pa.array(folded))
    by_sku = {sku and sku.upper().lower(): row for sku, row in rows.items()}
    for field, fallback in MSI.items():
        expected = []
        for sku in folded:
            given_values = [by_sku[key][field] for key in (sku, None) if key in by_sku]
            found = next((it for it in given_values if it is not None), None)
            expected.append(fallback if found is None else units(field, found))
        assert getattr(encoded, field).tolist() == expected, field


def test_encode_stock_items_without_a_table():
    encoded = encode_stock_items(None, pa.array(["a", "b"]))
    assert {field: values.tolist() for field, values in encoded._asdict().items()} == {
        field: [value] * 2 for field, value in MSI.items()
    }


@pytest.mark.parametrize("columns", [{"sku": []}, {"sku": ["z"]}, {"sku": [None]}])
def test_encode_stock_items_with_columns_left_out(columns):
    encoded = encode_stock_items(canonical(columns), pa.array(["a"]))
    assert [values.tolist() for values in encoded] == [[value] for value in MSI.values()]


def test_encode_stock_items_of_no_skus():
    for table in (None, canonical({"sku": ["a", None], "min_qty": ["1", "2"]})):
        encoded = encode_stock_items(table, pa.array([], pa.string()))
        assert all(len(values) == 0 for values in encoded)


def test_encode_stock_items_cannot_be_written_to():
    table = canonical({"sku": ["a"], "min_qty": ["1"]})
    for given_table in (None, table):
        for field, values in encode_stock_items(given_table, pa.array(["a"]))._asdict().items():
            assert not values.flags.writeable
            assert values.dtype == (np.uint8 if field in FLAGS else np.int64)


def test_encode_stock_items_from_a_typed_table():
    table = pa.table({"sku": ["A"], "manage_stock": [0], "min_qty": [-2.5], "backorders": [2.0]})
    checked = check_columns(SCHEMAS["stock_items"], RawTable(table))
    encoded = encode_stock_items(checked.table, pa.array(["a"]))
    assert (encoded.manage_stock[0], encoded.min_qty[0], encoded.backorders[0]) == (0, -25_000, 2)
