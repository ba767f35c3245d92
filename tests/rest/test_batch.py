"""Many requests in one call: each as it is answered alone, and in sequence as a run decides."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.algorithms.registry import find_algorithm
from engine.errors import InputError
from engine.packaged import packaged
from engine.places.address_book import Address, AddressBook, LastingLocator
from engine.rest.batch import decide, decide_requests, read_stream, write_streams
from engine.rest.changes import laid_out
from engine.rest.errors import ApiError
from engine.rest.ranks import Ranks, Skus
from engine.rest.requests import InventoryRequest
from engine.rest.select import Wanted, select
from tests.strategies import SKUS, cases, to_arrow

ALGORITHMS = {code: find_algorithm(code) for code in ("priority", "distance")}
_ADDRESSES = st.sampled_from(
    [
        None,
        Address("FR", "75001"),
        Address("FR", None, "paris"),
        Address("GB", "SW1A 2AB", None, "England"),
        Address("XX"),
    ]
)
_WANTED = st.builds(
    Wanted,
    st.sampled_from([spelling for sku in SKUS for spelling in sku] + ["ghost"]),
    st.sampled_from([0, 1, 5_000, 10_000, 25_000, 120_000]),
)
_REQUESTS = st.lists(
    st.builds(
        InventoryRequest, st.sampled_from([1, 2, 10, 99]), st.lists(_WANTED, max_size=4), _ADDRESSES
    ),
    max_size=5,
)


def _catalog(case):
    return laid_out(
        engine.Catalog.from_tables(
            {k: v for k, v in to_arrow(case).items() if k not in ("orders", "order_lines")}
        )
    )


def _locator(catalog):
    return LastingLocator(catalog.geonames, AddressBook(catalog.geonames))


@given(cases(), _REQUESTS, st.sampled_from(sorted(ALGORITHMS)))
def test_independent_requests_are_answered_as_alone(case, requests, code):
    catalog = _catalog(case)
    ranks = Ranks(catalog, AddressBook(catalog.geonames), ALGORITHMS)
    skus = Skus(catalog.sku_index)
    found = decide_requests(
        catalog,
        requests,
        algorithm=ALGORITHMS[code],
        mode="independent",
        include_zero=True,
        locator=_locator(catalog),
    )
    ids = catalog.stock_ids.tolist()
    for request, answer in zip(requests, found, strict=True):
        places = [-1] * catalog.sources.num_rows
        if request.stock_id in ids:
            where = ranks.destination(request.address) if request.address else None
            places = ranks.ranks(ids.index(request.stock_id), code, where)
        assert answer == select(catalog, skus, ranks.codes, places, request.wanted)


def test_in_sequence_a_unit_is_promised_once():
    catalog = laid_out(engine.read_catalog(packaged("msi_example/catalog")))
    asked = [InventoryRequest(2, [Wanted("24-WB03", 500_000)], None)] * 2
    options = {"algorithm": ALGORITHMS["priority"], "locator": _locator(catalog)}
    first, second = decide_requests(
        catalog, asked, mode="sequential", include_zero=False, **options
    )
    assert first["shippable"]
    assert [row["qty_to_deduct"] for row in first["source_selection_items"]] == [19, 31]
    # Reno had 42: what the first left is all there is.
    assert not second["shippable"]
    assert sum(row["qty_to_deduct"] for row in second["source_selection_items"]) == 19 + 42 - 50
    again, same = decide_requests(catalog, asked, mode="independent", include_zero=False, **options)
    assert again == same == first


def test_streams_are_the_tables_of_a_run():
    catalog = laid_out(engine.read_catalog(packaged("northwind/catalog")))
    orders, lines = engine.read_orders(packaged("northwind/orders"))
    expected = engine.allocate(catalog, orders, lines, algorithm="distance")
    part = decide(
        catalog,
        {"orders": orders, "order_lines": lines},
        algorithm=ALGORITHMS["distance"],
        mode="sequential",
        include_zero=False,
        locator=_locator(catalog),
    )
    source = pa.BufferReader(write_streams(part))
    for name in ("allocations", "orders", "shortfalls"):
        assert pa.ipc.open_stream(source).read_all().equals(expected.tables[name])
    assert source.tell() == source.size()


def test_a_stream_is_read_back_or_refused():
    table = pa.table({"order_id": [1], "sku": ["A"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    assert read_stream(body, 1_000_000).equals(table)
    for wrong in (b"", b"\xff" * 64, body[:-40], json.dumps({}).encode(), body[:20]):
        with pytest.raises(ApiError) as error:
            read_stream(wrong, 1_000_000)
        assert error.value.status == 400


@given(st.data())
def test_a_damaged_stream_never_does_worse_than_be_refused(data):
    table = pa.table({"order_id": [1, 2], "sku": ["A", None], "qty": pa.array([1.5, 2.0])})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = bytearray(sink.getvalue().to_pybytes())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    catalog = laid_out(engine.read_catalog(packaged("msi_example/catalog")))
    try:
        lines = read_stream(bytes(body), 1_000_000)
        decide(
            catalog,
            {"order_lines": lines},
            algorithm=ALGORITHMS["priority"],
            mode="sequential",
            include_zero=False,
            locator=_locator(catalog),
        )
    except (ApiError, InputError):
        pass


def test_sums_beyond_a_quantity_are_refused():
    catalog = laid_out(engine.read_catalog(packaged("msi_example/catalog")))
    most = Wanted("24-WB01", 10**12 - 1)
    with pytest.raises(ApiError, match="add up beyond"):
        decide_requests(
            catalog,
            [InventoryRequest(2, [most, most], None)],
            algorithm=ALGORITHMS["priority"],
            mode="independent",
            include_zero=False,
            locator=_locator(catalog),
        )


def test_nothing_is_deducted():
    catalog = laid_out(engine.read_catalog(packaged("msi_example/catalog")))
    before = np.array(catalog.items.quantity)
    decide_requests(
        catalog,
        [InventoryRequest(2, [Wanted("24-WB01", 200_000)], None)],
        algorithm=ALGORITHMS["priority"],
        mode="sequential",
        include_zero=False,
        locator=_locator(catalog),
    )
    assert (catalog.items.quantity == before).all()


def _stream(table, compression=None):
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
@pytest.mark.parametrize("dictionary", [False, True])
def test_compressed_streams_are_refused(codec, dictionary):
    column = pa.array(["a"] * 1_000)
    table = pa.table({"sku": column.dictionary_encode() if dictionary else column})
    assert read_stream(_stream(table), 1_000).equals(table)
    with pytest.raises(ApiError, match="compressed"):
        read_stream(_stream(table, codec), 1_000)


def test_streams_of_many_rows_without_bytes_are_refused():
    table = pa.table({"sku": pa.nulls(1_001)})
    with pytest.raises(ApiError) as error:
        read_stream(_stream(table), 1_000)
    assert error.value.status == 413
