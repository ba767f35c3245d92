"""The real client of Magento's REST API, as it is on PyPI, against a running service."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from engine.rest.store import connect
from engine.rest.users import add_user
from tests.rest.conftest import make_store
from tests.rest.serving import Serving, serving
from tests.rest.test_kill import WORD, sign_in
from tests.rest.test_passwords import CHEAP

magento = pytest.importorskip("magento", reason="pymagento is not installed (extra dev)")


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def store(service: Serving, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the store of a service over Northwind, with a user who writes and one who reads."""
    path = make_store(tmp_path_factory.mktemp("store") / "store.db", "northwind")
    with closing(connect(path, make=True)) as db:
        add_user(db, "anna", "write", WORD, 1.0, CHEAP)
        add_user(db, "bob", "read", WORD, 1.0, CHEAP)
    service.start("--store", path)
    return path


def client_of(service: Serving, token: str, **options: Any) -> Any:
    return magento.Magento(token=token, base_url=f"http://127.0.0.1:{service.port}", **options)


@pytest.fixture(params=["all", "default", "us_store"])
def scope(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def token(service: Serving, store: Path) -> str:
    with closing(service.client()) as client:
        return sign_in(client)


@pytest.fixture
def client(service: Serving, token: str) -> Iterator[Any]:
    found = client_of(service, token)
    yield found
    found.close()


def table(store: Path, query: str, *values: Any) -> list[tuple]:
    with closing(connect(store, read_only=True)) as db:
        return db.execute(query, values).fetchall()


def items_in(store: Path, where: str = "1", *values: Any) -> list[dict[str, Any]]:
    """Return source items as the store holds them, in the sequence in which they came."""
    query = f"SELECT sku, source_code, quantity, status FROM source_items WHERE {where}"
    return [
        {"sku": sku, "source_code": code, "quantity": quantity / 10_000, "status": status}
        for sku, code, quantity, status in table(store, f"{query} ORDER BY source_item_id", *values)
    ]


def test_a_token_of_a_user_opens_every_scope(service: Serving, token: str, scope: str):
    with closing(client_of(service, token, scope=scope)) as client:
        assert [one["source_code"] for one in client.get_sources(limit=2)] == ["hamburg", "london"]


def test_another_token_opens_nothing(service: Serving, store: Path):
    refused = pytest.raises(magento.MagentoException, match="isn't authorized")
    with closing(client_of(service, "no-such-token")) as client, refused:
        list(client.get_sources())


def test_who_may_read_does_not_write(service: Serving, store: Path):
    with closing(service.client()) as plain:
        body = {"username": "bob", "password": WORD}
        token = plain.ask("POST", "integration/admin/token", body).body
    with closing(client_of(service, token)) as client:
        assert client.get_source("london")["name"] == "London"
        item = {"sku": "0001", "source_code": "london", "quantity": 0, "status": 0}
        with pytest.raises(magento.MagentoException, match="isn't authorized"):
            client.save_source_items([item])


def test_sources(client: Any, store: Path):
    there = table(store, "SELECT source_code, name, latitude, country_id FROM sources")
    names = ("source_code", "name", "latitude", "country_id")
    found = [tuple(one.get(name) for name in names) for one in client.get_sources()]
    assert found == there
    assert client.get_source("no/such source") is None
    source = {
        "source_code": "lyon",
        "name": "Lyon",
        "country_id": "FR",
        "postcode": "69001",
        "enabled": False,
        "carrier_links": [{"carrier_code": "ups", "position": 2}],
    }
    assert client.save_source(source) == []
    assert client.get_source("lyon") == {**source, "use_default_carrier_config": True}
    client.save_source({"source_code": "lyon", "name": "Lyon 2", "country_id": "FR"})
    assert client.get_source("lyon")["name"] == "Lyon 2"
    assert client.get_source("lyon")["postcode"] == "69001"
    assert table(store, "SELECT name FROM sources WHERE source_code = 'lyon'") == [("Lyon 2",)]


def test_source_items(client: Any, store: Path):
    assert list(client.get_source_items()) == items_in(store)
    assert list(client.get_source_items(source_code="london")) == items_in(
        store, "source_code = 'london'"
    )
    assert list(client.get_source_items("london", "0003")) == items_in(
        store, "source_code = 'london' AND sku = '0003'"
    )
    skus = ["0001", "0077", "no such"]
    assert list(client.get_source_items(skus=skus)) == items_in(store, "sku IN (?, ?, ?)", *skus)


def test_source_items_are_saved_and_deleted(client: Any, store: Path):
    mine = [
        {"sku": "Neu / ß", "source_code": "london", "quantity": 2.5, "status": 1},
        {"sku": "Neu / ß", "source_code": "seattle", "quantity": 0, "status": 0},
        {"sku": "nEU, too", "source_code": "london", "quantity": 12345678.9012, "status": 1},
    ]
    assert client.save_source_items(mine) == []
    assert client.save_source_items([]) is None
    assert items_in(store, "sku LIKE 'neu%'") == mine
    assert list(client.get_source_items(sku="neu / ß")) == mine[:2]
    assert client.delete_source_items(mine[:1]) == []
    assert list(client.get_source_items(sku="Neu / ß")) == mine[1:2]
    with pytest.raises(magento.MagentoException, match="Validation Failed"):
        client.save_source_items([{**mine[0], "source_code": "mars"}])
    client.save_source({"source_code": "z", "name": "Z", "country_id": "FR", "postcode": "1"})
    client.save_source_items([{**one, "source_code": "z"} for one in mine[1:]])
    assert client.delete_source_items_by_source_code("z") == []
    assert client.delete_source_items_by_source_code("z") is None
    client.delete_source_items(mine)
    assert items_in(store, "sku LIKE 'neu%'") == []


@pytest.mark.parametrize("size", [1, 7, 100, 1_000])
def test_pages(client: Any, store: Path, size: int):
    query = magento.make_search_query(
        [[("source_code", "hamburg", "eq")]], sort_orders=[("sku", "DESC"), ("source_code", "asc")]
    )
    found = list(client.get_paginated("/V1/inventory/source-items", query=query, page_size=size))
    assert found == sorted(
        items_in(store, "source_code = 'hamburg'"), key=lambda row: row["sku"], reverse=True
    )
    some = client.get_paginated("/V1/inventory/source-items", query=query, page_size=size, limit=10)
    assert list(some) == found[:10]


Rows = list[dict[str, Any]]
CONDITIONS: list[tuple[list[list[tuple[str, Any, str | None]]], Any]] = [
    ([[("sku", "0003", None)]], lambda row: row["sku"] == "0003"),
    ([[("sku", "0003", "eq")]], lambda row: row["sku"] == "0003"),
    ([[("sku", "0003", "neq")]], lambda row: row["sku"] != "0003"),
    ([[("quantity", 500, "gt")]], lambda row: row["quantity"] > 500),
    ([[("quantity", "488", "gteq")]], lambda row: row["quantity"] >= 488),
    ([[("quantity", 488, "moreq")]], lambda row: row["quantity"] >= 488),
    ([[("quantity", 488.5, "lt")]], lambda row: row["quantity"] < 488.5),
    ([[("quantity", 488, "lteq")]], lambda row: row["quantity"] <= 488),
    ([[("status", "0", "in")]], lambda row: row["status"] == 0),
    ([[("sku", "0001,0002", "in")]], lambda row: row["sku"] in ("0001", "0002")),
    ([[("sku", "0001,0002", "nin")]], lambda row: row["sku"] not in ("0001", "0002")),
    ([[("sku", "%1_", "like")]], lambda row: fnmatchcase(row["sku"], "*1?")),
    ([[("sku", "00%", "nlike")]], lambda row: not row["sku"].startswith("00")),
    ([[("sku", "0003", "finset")]], lambda row: row["sku"] == "0003"),
    ([[("sku", "", "null")]], lambda row: False),
    ([[("sku", "", "notnull")]], lambda row: True),
    (
        [[("quantity", 100, "from")], [("quantity", 200, "to")]],
        lambda row: 100 <= row["quantity"] <= 200,
    ),
    (
        [
            [("source_code", "london", "eq"), ("source_code", "sea%", "like")],
            [("quantity", 800, "gt"), ("status", 0, "eq")],
        ],
        lambda row: (
            row["source_code"] in ("london", "seattle")
            and (row["quantity"] > 800 or row["status"] == 0)
        ),
    ),
]


@pytest.mark.parametrize(
    ("groups", "holds"), CONDITIONS, ids=[str(one)[:60] for one, _ in CONDITIONS]
)
def test_conditions(client: Any, store: Path, groups: Any, holds: Any):
    query = magento.make_search_query(groups)
    expected = [row for row in items_in(store) if holds(row)]
    assert list(client.get_source_items(query=query)) == expected


def test_a_search_is_answered_with_its_criteria(client: Any):
    query = magento.make_search_query(
        [[("sku", "0003", None)]], sort_orders=[("sku", "DESC")], page_size=2, current_page=2
    )
    found = client.get_json_api("/V1/inventory/source-items", params=query)
    assert found["search_criteria"] == {
        "filter_groups": [{"filters": [{"field": "sku", "value": "0003", "condition_type": "eq"}]}],
        "sort_orders": [{"field": "sku", "direction": "DESC"}],
        "page_size": 2,
        "current_page": 2,
    }
    assert found["total_count"] == 2
    wrong = magento.make_field_value_query("sku", "0003", "no such condition")
    with pytest.raises(magento.MagentoException, match="no such condition"):
        client.get_json_api("/V1/inventory/source-items", params=wrong, none_on_404=False)


def test_stocks_and_links(client: Any, store: Path):
    channels = {"sales_channels": [{"type": "website", "code": "fr"}]}
    stock = {"name": "France", "extension_attributes": channels}
    stock_id = client.post_json_api("/V1/inventory/stocks", json={"stock": stock})
    assert client.get_json_api(f"/V1/inventory/stocks/{stock_id}") == {
        "stock_id": stock_id,
        **stock,
    }
    links = [
        {"stock_id": stock_id, "source_code": code, "priority": priority}
        for priority, code in enumerate(("marseille", "london"), 1)
    ]
    assert client.post_json_api("/V1/inventory/stock-source-links", json={"links": links}) == []
    query = magento.make_field_value_query("stock_id", stock_id)
    assert list(client.get_paginated("/V1/inventory/stock-source-links", query=query)) == links
    path = f"/V1/inventory/get-sources-assigned-to-stock-ordered-by-priority/{stock_id}"
    assert [one["source_code"] for one in client.get_json_api(path)] == ["marseille", "london"]
    gone = {"links": [{"stock_id": stock_id, "source_code": "marseille"}]}
    assert client.post_json_api("/V1/inventory/stock-source-links-delete", json=gone) == []
    query_text = "SELECT source_code, priority FROM stock_source_links WHERE stock_id = ?"
    assert table(store, query_text, stock_id) == [("london", 2)]
    changed = {"stock": {"name": "Rien", "extension_attributes": {"sales_channels": []}}}
    assert client.put_json_api(f"/V1/inventory/stocks/{stock_id}", json=changed) == stock_id
    assert client.delete_json_api(f"/V1/inventory/stocks/{stock_id}") == []
    assert client.get_json_api(f"/V1/inventory/stocks/{stock_id}", none_on_404=True) is None


def test_selection(client: Any, store: Path):
    (stock_id,) = table(store, "SELECT min(stock_id) FROM stock_source_links")[0]
    body = {
        "inventoryRequest": {
            "stockId": stock_id,
            "items": [{"sku": "0001", "qty": 700}, {"sku": "0003", "qty": "1.5"}],
        },
        "algorithmCode": "priority",
    }
    found = client.post_json_api("/V1/inventory/source-selection-algorithm-result", json=body)
    query = (
        "SELECT source_code, sku, quantity FROM stock_source_links "
        "JOIN source_items USING (source_code) JOIN sources USING (source_code) "
        "WHERE stock_id = ? AND sku = ? AND status AND enabled ORDER BY priority, source_code"
    )
    expected = []
    for sku, need in (("0001", Decimal(700)), ("0003", Decimal("1.5"))):
        for code, name, units in table(store, query, stock_id, sku):
            given = min(need, Decimal(units) / 10_000)
            need -= given
            expected.append(
                {
                    "source_code": code,
                    "sku": name,
                    "qty_to_deduct": float(given),
                    "qty_available": units / 10_000,
                }
            )
    assert found == {"source_selection_items": expected, "shippable": True}
    codes = [
        one["code"] for one in client.get_json_api("/V1/inventory/source-selection-algorithm-list")
    ]
    assert {"distance", "priority"} <= set(codes)
    assert client.get_json_api("/V1/inventory/is-product-salable/0001/" + str(stock_id)) is True
