"""What is written and what is refused; the served catalogue is the file's after each write."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from engine.errors import InputError
from engine.folders import read_catalog as read_folder
from engine.rest import answers, saves
from engine.rest.errors import ApiError
from engine.rest.live import Live
from engine.rest.saves import Link, SourceItem
from engine.rest.store import connect, read_catalog
from tests.cli.running import DATA
from tests.rest.conftest import make_store
from tests.rest.test_changes import check_same, check_whole, held

NO_SOURCE = 'Source with code "%value" does not exist.'


def save(live: Live, change: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Make a change, and check that what is served is what the file says."""
    answer = live.write(lambda db: change(db, *args, **options)).result(20)
    with closing(connect(live.path, read_only=True)) as db:
        stored = read_catalog(db)
    check_same(live.version.catalog, stored)
    check_whole(live.version.catalog)
    return answer


def refused(live: Live, change: Callable[..., Any], *args: Any, **options: Any) -> dict[str, Any]:
    """Make a change that must be refused and leave everything as it is; return the answer."""
    catalog, before = live.version.catalog, everything(live)
    with pytest.raises(ApiError) as caught:
        live.write(lambda db: change(db, *args, **options)).result(20)
    assert live.version.catalog is catalog
    assert everything(live) == before
    return {"status": caught.value.status, **caught.value.body()}


def rows(live: Live, table: str, where: str = "1") -> list[tuple]:
    with closing(connect(live.path, read_only=True)) as db:
        return db.execute(f"SELECT * FROM {table} WHERE {where}").fetchall()


TABLES = ("sources", "stocks", "sales_channels", "stock_source_links", "source_items")


def everything(live: Live) -> dict[str, list[tuple]]:
    return {name: rows(live, name) for name in TABLES}


def source(live: Live, code: str) -> dict[str, Any]:
    with closing(connect(live.path, read_only=True)) as db:
        db.row_factory = sqlite3.Row
        return answers.source(
            db.execute("SELECT * FROM sources WHERE source_code = ?", [code]).fetchone()
        )


def test_links_are_saved_by_stock_and_source(live: Live):
    links = [Link(2, "hq", 1), Link(3, "reno_wh", 2), Link(3, "reno_wh", 65535)]
    assert save(live, saves.save_links, links) == []
    assert rows(live, "stock_source_links") == [
        (2, "austin_wh", 2),
        (2, "baltimore_wh", 1),
        (2, "hq", 1),
        (2, "reno_wh", 3),
        (3, "berlin_wh", 1),
        (3, "frankfurt_wh", 2),
        (3, "hq", 3),
        (3, "reno_wh", 65535),
    ]


def test_a_link_to_what_is_not_there_saves_none(live: Live):
    links = [Link(2, "hq", 9), Link(7, "hq", 1), Link(2, "mars", 1), Link(7, "moon", 2)]
    assert refused(live, saves.save_links, links) == {
        "status": 400,
        "message": "Validation Failed",
        "errors": [
            {"message": 'Stock with id "%value" does not exist.', "parameters": {"value": 7}},
            {
                "message": 'Source with code "%value" does not exist.',
                "parameters": {"value": "mars"},
            },
            {
                "message": 'Source with code "%value" does not exist.',
                "parameters": {"value": "moon"},
            },
        ],
    }


def test_deleted_links_leave_the_priorities_of_others(live: Live):
    pairs = [(2, "austin_wh"), (2, "austin_wh"), (3, "austin_wh"), (9, "nobody")]
    assert save(live, saves.delete_links, pairs) == []
    assert rows(live, "stock_source_links", "stock_id = 2") == [
        (2, "baltimore_wh", 1),
        (2, "hq", 4),
        (2, "reno_wh", 3),
    ]
    assert (
        save(live, saves.delete_links, [(2, code) for code in ("hq", "reno_wh", "baltimore_wh")])
        == []
    )
    assert rows(live, "stocks", "stock_id = 2") == [(2, "North America Stock")]


NEW = {"source_code": "c", "name": "C", "country_id": "US", "postcode": "10022"}


def test_a_source_is_created_and_changed(live: Live):
    assert (
        save(live, saves.save_source, {**NEW, "latitude": 1.5, "longitude": 2}, is_new=True) == []
    )
    assert source(live, "c") == {
        **NEW,
        "enabled": True,
        "latitude": 1.5,
        "longitude": 2.0,
        "use_default_carrier_config": True,
        "carrier_links": [],
    }
    change = {
        "source_code": "c",
        "enabled": False,
        "latitude": None,
        "longitude": None,
        "carrier_links": [{"carrier_code": "ups", "position": 1}],
        "extension_attributes": {"is_pickup_location_active": True},
        "region_id": 43,
    }
    assert save(live, saves.save_source, change, is_new=False) == []
    assert source(live, "c") == {
        **NEW,
        "enabled": False,
        "region_id": 43,
        "use_default_carrier_config": True,
        "carrier_links": [{"carrier_code": "ups", "position": 1}],
        "extension_attributes": {"is_pickup_location_active": True},
    }
    # POST with a code that is there changes that source.
    save(live, saves.save_source, {**NEW, "name": "Other"}, is_new=True)
    assert source(live, "c")["name"] == "Other"
    assert source(live, "c")["enabled"] is False


def test_sources_that_are_refused(live: Live):
    assert refused(live, saves.save_source, NEW, is_new=False) == {
        "status": 404,
        "message": 'Source with code "%value" does not exist.',
        "parameters": {"value": "c"},
    }
    empty = {"source_code": "c", "name": " ", "country_id": None}
    assert refused(live, saves.save_source, empty, is_new=True) == {
        "status": 400,
        "message": "Validation Failed",
        "errors": [
            {"message": '"%field" can not be empty.', "parameters": {"field": field}}
            for field in ("name", "country_id", "postcode")
        ],
    }
    wrong = {"source_code": "hq", "name": "", "city": "Anywhere"}
    assert refused(live, saves.save_source, wrong, is_new=False)["errors"] == [
        {"message": '"%field" can not be empty.', "parameters": {"field": "name"}}
    ]


def test_a_source_that_breaks_a_rule_of_the_catalogue_is_refused(live: Live):
    before = everything(live)
    pole = {**NEW, "latitude": 91, "longitude": 0}
    with pytest.raises(InputError, match="latitude"):
        live.write(lambda db: saves.save_source(db, pole, is_new=True)).result(20)
    assert everything(live) == before
    save(live, saves.save_source, NEW, is_new=True)


def test_a_stock_is_created_changed_and_deleted(live: Live):
    assert save(live, saves.save_stock, None, "Moon", None) == 4
    assert save(live, saves.save_stock, 4, None, None) == 4
    assert save(live, saves.save_links, [Link(4, "hq", 1)]) == []
    assert save(live, saves.save_stock, 4, "Mars", []) == 4
    assert rows(live, "stocks", "stock_id = 4") == [(4, "Mars")]
    assert save(live, saves.delete_stock, 4) == []
    assert rows(live, "stock_source_links", "stock_id = 4") == []
    assert save(live, saves.save_stock, None, "Venus", None) == 5  # a number is given once


def test_a_sales_channel_moves_to_the_stock_that_takes_it(live: Live):
    us, eu = ("website", "us"), ("website", "eu")
    save(live, saves.save_stock, 2, None, [us, ("website", "ca"), us])
    assert rows(live, "sales_channels") == [("website", "ca", 2), ("website", "us", 2)]
    save(live, saves.save_stock, 3, None, [eu, us])
    assert rows(live, "sales_channels") == [
        ("website", "ca", 2),
        ("website", "eu", 3),
        ("website", "us", 3),
    ]
    save(live, saves.save_stock, 3, "Europe", None)
    assert len(rows(live, "sales_channels")) == 3
    save(live, saves.save_stock, 3, None, [eu])
    assert rows(live, "sales_channels", "stock_id = 3") == [("website", "eu", 3)]


def test_stocks_that_are_refused(live: Live):
    gone = {
        "status": 404,
        "message": 'Stock with id "%value" does not exist.',
        "parameters": {"value": 9},
    }
    assert refused(live, saves.save_stock, 9, "Mars", []) == gone
    assert refused(live, saves.delete_stock, 9) == gone
    for stock_id in (None, 2):
        answer = refused(live, saves.save_stock, stock_id, "", [("website", "us")])
        assert answer["errors"][0]["parameters"] == {"field": "name"}
    assert refused(live, saves.save_stock, None, None, [])["status"] == 400
    save(live, saves.save_stock, 2, None, [("website", "us")])
    assert refused(live, saves.delete_stock, 2) == {
        "status": 400,
        "message": "Stock has at least one sales channel and could not be deleted.",
    }


def test_the_default_stock_stays(tmp_path):
    live = Live(make_store(tmp_path / "other.db", None), {})
    try:
        save(live, saves.save_stock, 1, None, [])
        assert refused(live, saves.delete_stock, 1) == {
            "status": 400,
            "message": "Default Stock could not be deleted.",
        }
    finally:
        live.close()


def test_a_stock_with_reservations_stays(tmp_path):
    live = Live(make_store(tmp_path / "other.db", "online_retail"), {})
    try:
        catalog = read_folder(DATA / "online_retail" / "catalog")
        (stock_id, *_) = catalog.tables["reservations"]["stock_id"].unique().to_pylist()
        live.write(lambda db: saves.save_stock(db, stock_id, None, [])).result(20)
        assert refused(live, saves.delete_stock, stock_id) == {
            "status": 400,
            "message": "Stock has reservations and could not be deleted.",
        }
    finally:
        live.close()


def test_items_are_saved_by_source_and_sku(live: Live):
    items = [
        SourceItem("hq", "24-wb01", 50_000, 1),
        SourceItem("hq", "24-WB01", 70_000, 0),  # the last one holds
        SourceItem("reno_wh", "24-wB01", -5, 1),
        SourceItem("hq", "Neu-ß", 1, 1),
        SourceItem("reno_wh", "NEU-ß", 2, 1),
        SourceItem("hq", "x" * 300, 999_999_999_999, 1),
    ]
    assert save(live, saves.save_items, items) == []
    found = held(live.version.catalog)
    assert found["24-WB01", "hq"] == (70_000, 0, 0)
    assert found["24-WB01", "reno_wh"] == (-5, 0, 1)
    assert found["Neu-ß", "hq"] == (1, 0, 1)
    assert found["Neu-ß", "reno_wh"] == (2, 0, 1)  # an SKU is spelt as it came first
    assert found["x" * 300, "hq"] == (999_999_999_999, 0, 1)
    ids = [row[0] for row in rows(live, "source_items")]
    save(live, saves.save_items, items)
    assert [row[0] for row in rows(live, "source_items")] == ids
    assert save(live, saves.save_items, []) == []


def test_one_unknown_source_in_a_thousand_items_saves_none(live: Live):
    items = [SourceItem("hq", f"SKU {at}", at, 1) for at in range(1_000)]
    items[500] = SourceItem("mars", "SKU 500", 500, 1)
    assert refused(live, saves.save_items, items) == {
        "status": 400,
        "message": "Validation Failed",
        "errors": [
            {
                "message": 'Source with code "%value" does not exist.',
                "parameters": {"value": "mars"},
            }
        ],
    }
    items[500] = SourceItem("hq", "SKU 500", 500, 1)
    save(live, saves.save_items, items)
    assert len(live.version.catalog.sku_names) == 1_003


def test_deleted_items_are_gone(live: Live):
    pairs = [("hq", "24-mb01"), ("hq", "24-MB01"), ("mars", "24-MB01"), ("hq", "no such")]
    assert save(live, saves.delete_items, pairs) == []
    assert ("24-MB01", "hq") not in held(live.version.catalog)
    assert live.version.catalog.sku_names.to_pylist() == ["24-WB01", "24-WB03"]
    version = live.version.catalog
    assert save(live, saves.delete_items, pairs) == []
    assert live.version.catalog is version
    assert save(live, saves.delete_items, []) == []
    save(live, saves.save_items, [SourceItem("reno_wh", "24-mB01", 5, 1)])
    assert held(live.version.catalog)["24-mB01", "reno_wh"] == (5, 0, 1)
