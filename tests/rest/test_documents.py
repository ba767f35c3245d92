"""The requests of Magento's documents word for word, and the cases of MSI's own API tests.

Codes, numbers and texts of requests and answers are facts of the documents; see
data/msi_example/README.md.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pyarrow as pa
import pytest

import engine
from engine.folders import read_catalog
from engine.packaged import packaged
from engine.rest.gate import ARROW, BATCH_PATH
from tests.oracle.places import distance_mm
from tests.rest.calling import HOST, Caller, service

PREFIXES = ("/rest/all", "/rest/default", "/rest/us", "/rest", "")
V1 = "/rest/default/V1/inventory"

# ------------------------------------------------------------ source selection

PRIORITY = b"""
{
    "inventoryRequest": {
        "stockId": 2,
        "items": [{
            "sku": "24-WB01",
            "qty": 20
        },
        {
            "sku": "24-WB03",
            "qty": 50
        }]
    },
    "algorithmCode": "priority"
}
"""
DISTANCE = b"""
{
    "inventoryRequest": {
        "stockId": 2,
        "items": [{
            "sku": "24-WB01",
            "qty": 20
        },
        {
            "sku": "24-WB03",
            "qty": 50
        }],
        "extension_attributes": {
            "destination_address": {
                "country": "US",
                "postcode": "10577",
                "street": "3003 Purchase St",
                "region": "43",
                "city": "Purchase"
            }
        }
    },
    "algorithmCode": "distance"
}
"""
SELECTED = """
{
    "source_selection_items": [
        {
            "source_code": "baltimore_wh",
            "sku": "24-WB01",
            "qty_to_deduct": 20,
            "qty_available": 35
        },
        {
            "source_code": "austin_wh",
            "sku": "24-WB01",
            "qty_to_deduct": 0,
            "qty_available": 10
        },
        {
            "source_code": "reno_wh",
            "sku": "24-WB01",
            "qty_to_deduct": 0,
            "qty_available": 25
        },
        {
            "source_code": "baltimore_wh",
            "sku": "24-WB03",
            "qty_to_deduct": 19,
            "qty_available": 19
        },
        {
            "source_code": "reno_wh",
            "sku": "24-WB03",
            "qty_to_deduct": 31,
            "qty_available": 42
        }
    ],
    "shippable": true
}
"""
ALGORITHMS = """
[
    {
        "code": "distance",
        "title": "Distance Priority",
        "description": "Algorithm which provides Source Selections based on shipping address distance from the source"
    },
    {
        "code": "priority",
        "title": "Source Priority",
        "description": "Algorithm which provides Source Selections based on predefined priority of Source"
    }
]
"""  # noqa: E501
SELECTION = "/V1/inventory/source-selection-algorithm-result"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """The shipped data set, which holds the documents' sources and quantities."""
    path = tmp_path_factory.mktemp("example") / "store.db"
    with service(path, read_catalog(packaged("msi_example/catalog"))) as call:
        yield call


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("body", [PRIORITY, DISTANCE])
def test_source_selection(example: Caller, prefix: str, body: bytes):
    assert example.post(prefix + SELECTION, body) == json.loads(SELECTED)


def snake(body: bytes) -> bytes:
    for camel in ("inventoryRequest", "stockId", "algorithmCode"):
        assert camel.encode() in body
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel)
        body = body.replace(camel.encode(), name.encode())
    return body


def camel(body: bytes) -> bytes:
    body = body.replace(b"extension_attributes", b"extensionAttributes")
    return body.replace(b"destination_address", b"destinationAddress")


@pytest.mark.parametrize("body", [PRIORITY, DISTANCE])
@pytest.mark.parametrize("spelt", [snake, camel, lambda body: camel(snake(body))])
def test_source_selection_in_the_other_case(example: Caller, body: bytes, spelt):
    assert example.post(SELECTION, spelt(body)) == json.loads(SELECTED)


@pytest.mark.parametrize("body", [PRIORITY, DISTANCE])
def test_the_batch_answers_as_one_request_does(example: Caller, body: bytes):
    given = json.loads(body)
    both = {"requests": [given["inventoryRequest"]] * 2, "algorithmCode": given["algorithmCode"]}
    answer = example.post(BATCH_PATH, {**both, "mode": "independent", "includeZero": True})
    assert answer == {"results": [json.loads(SELECTED)] * 2}
    # In sequence the second request finds 15, 10 and 25, and 11 in Reno.
    second = example.post(BATCH_PATH, {**both, "mode": "sequential"})["results"][1]
    assert [tuple(row.values()) for row in second["source_selection_items"]] == [
        ("baltimore_wh", "24-WB01", 15, 15),
        ("austin_wh", "24-WB01", 5, 10),
        ("reno_wh", "24-WB03", 11, 11),
    ]
    assert not second["shippable"]


def test_distance_without_an_address(example: Caller):
    request = json.loads(PRIORITY)["inventoryRequest"]
    chosen = {"algorithmCode": "distance"}
    with_it = json.loads(DISTANCE)["inventoryRequest"]
    for path, body in (
        (SELECTION, {"inventoryRequest": request, **chosen}),
        (BATCH_PATH, {"requests": [with_it, request], **chosen}),
    ):
        answer = example("POST", path, body)
        assert answer.status == 400
        assert answer.json == {"message": "No destination address was provided in the request"}


def test_what_is_in_no_catalogue(example: Caller):
    wanted = {"items": [{"sku": "24-WB01", "qty": 1}], "stockId": 2}
    for changed in ({"stockId": 77}, {"items": [{"sku": "nothing", "qty": 1}]}):
        body = {"inventoryRequest": {**wanted, **changed}, "algorithmCode": "priority"}
        expected = {"source_selection_items": [], "shippable": False}
        assert example.post(SELECTION, body) == expected
    body = {"inventoryRequest": wanted, "algorithmCode": "nearest"}
    answer = example("POST", SELECTION, body)
    message = "There is no such Source Selection Algorithm implemented: %1"
    assert answer.json == {"message": message, "parameters": ["nearest"]}


@pytest.mark.parametrize("algorithm", ["priority", "distance"])
def test_the_batch_as_an_arrow_stream(example: Caller, algorithm: str):
    lines = pa.table(
        {
            **{"order_id": [1, 1], "stock_id": [2, 2], "sku": ["24-WB01", "24-WB03"]},
            **{"qty": [20, 50], "country_id": ["US"] * 2, "postcode": ["10577"] * 2},
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, lines.schema) as writer:
        writer.write_table(lines)
    answer = example(
        "POST",
        f"/rest/us{BATCH_PATH}?algorithmCode={algorithm}&mode=sequential&includeZero=true",
        sink.getvalue().to_pybytes(),
        headers=[HOST, (b"content-type", ARROW.encode())],
    )
    assert (answer.status, answer.headers["content-type"]) == (200, ARROW)
    source = pa.BufferReader(answer.body)
    picks, orders, short = (pa.ipc.open_stream(source).read_all() for _ in range(3))
    expected = json.loads(SELECTED)["source_selection_items"]
    found = picks.select(list(expected[0])).to_pylist()
    assert [tuple(row.values()) for row in found] == [tuple(row.values()) for row in expected]
    assert (orders["shippable"].to_pylist(), short.num_rows) == ([True], 0)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_algorithm_list(example: Caller, prefix: str):
    path = f"{prefix}/V1/inventory/source-selection-algorithm-list"
    assert example.get(path) == json.loads(ALGORITHMS)


# ---------------------------------------------------------- places, distances


@pytest.mark.parametrize("prefix", PREFIXES)
def test_distance_provider_code(example: Caller, prefix: str):
    assert example.get(f"{prefix}/V1/inventory/get-distance-provider-code") == "offline"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_distance(example: Caller, prefix: str):
    query = (
        "source[lat]=30.271129&source[lng]=-97.7437"
        "&destination[lat]=39.290882&destination[lng]=-76.610759"
    )
    expected = distance_mm((30.271129, -97.7437), (39.290882, -76.610759))
    for text in (query, query.replace("[", "%5B").replace("]", "%5D")):
        found = example.get(f"{prefix}/V1/inventory/get-distance?{text}")
        assert round(found * 1_000_000) == expected
    assert 2_000 < found < 2_400  # Austin to Baltimore in kilometres


@pytest.mark.parametrize("prefix", PREFIXES)
def test_position_of_an_address(example: Caller, prefix: str):
    query = (
        "address[country]=US&address[postcode]=10577&address[street]=123%20Oak"
        "&address[region]=NY&address[city]=Purchase"
    )
    expected = {"lat": 41.0384, "lng": -73.7156}
    assert example.get(f"{prefix}/V1/inventory/get-latlng-from-address?{query}") == expected
    assert expected in example.get(f"{prefix}/V1/inventory/get-latslngs-from-address?{query}")


@pytest.mark.parametrize("name", ["get-latlng-from-address", "get-latslngs-from-address"])
def test_an_address_that_is_nowhere(example: Caller, name: str):
    query = urlencode({"address[country]": "US", "address[city]": "Nowhere at all"})
    answer = example("GET", f"{V1}/{name}?{query}")
    assert answer.status == 404
    assert answer.json["message"] == "Unknown geoname for %1 %2 %3 %4"
    answer = example("GET", f"{V1}/{name}?address[city]=Purchase")
    assert (answer.status, answer.json["parameters"]) == (400, {"fieldName": "country"})


# ------------------------------------------------- the tutorial, from an empty store

TUTORIAL = b"""
{
   "links" : [
      {
         "source_code" : "baltimore_wh",
         "stock_id" : 2,
         "priority" : 1
      },
      {
        "source_code" : "austin_wh",
        "stock_id" : 2,
        "priority" : 2
      },
      {
        "source_code" : "reno_wh",
        "stock_id" : 2,
        "priority" : 3
      },
      {
        "source_code" : "hq",
        "stock_id" : 2,
        "priority" : 4
      },
      {
        "source_code" : "berlin_wh",
        "stock_id" : 3,
        "priority" : 1
      },
      {
         "source_code" : "frankfurt_wh",
         "stock_id" : 3,
         "priority" : 2
      },
      {
         "source_code" : "hq",
         "stock_id" : 3,
         "priority" : 3
      }
   ]
}
"""
TUTORIAL_NOW = b"""
{
"links" : [
{ "source_code" : "ne_wh", "stock_id" : 2, "priority" : 1 },
{ "source_code" : "west_wh", "stock_id" : 2, "priority" : 2 },
{ "source_code" : "brooklyn", "stock_id" : 2, "priority" : 3 },
{ "source_code" : "manhattan", "stock_id" : 2, "priority" : 4 },
{ "source_code" : "huntington", "stock_id" : 2, "priority": 5 },
{ "source_code" : "berkeley", "stock_id" : 2, "priority" : 6 },
{ "source_code" : "sausalito", "stock_id" : 2, "priority" : 7 },
{ "source_code" : "hq", "stock_id" : 2, "priority" : 8 }
]
}
"""  # the page shows neither braces nor commas between the links
PLACES = {
    "baltimore_wh": ("US", "21214", 39.290882, -76.610759),
    "austin_wh": ("US", "78758", 30.271129, -97.7437),
    "reno_wh": ("US", "89512", 39.53, -119.81),
    "hq": ("US", "10022", 40.76, -73.97),
    "berlin_wh": ("DE", "10115", 52.53, 13.38),
    "frankfurt_wh": ("DE", "60327", 50.1, 8.65),
}


def create_source(call: Caller, code: str, **fields: object) -> None:
    source = {"source_code": code, "name": code, "country_id": "US", "postcode": "1", **fields}
    assert call.post("/rest/all/V1/inventory/sources", {"source": source}) == []


def create_stock(call: Caller, name: str) -> int:
    return call.post("/rest/all/V1/inventory/stocks", {"stock": {"name": name}})


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_tutorial(tmp_path: Path, prefix: str):
    here = f"{prefix}/V1/inventory"
    with service(tmp_path / "store.db") as call:
        for code, (country, postcode, latitude, longitude) in PLACES.items():
            position = {"latitude": latitude, "longitude": longitude}
            create_source(call, code, country_id=country, postcode=postcode, **position)
        names = ("North America Stock", "Europe Stock")
        assert [create_stock(call, name) for name in names] == [2, 3]
        assert call.post(f"{here}/stock-source-links", TUTORIAL) == []
        rows = [("baltimore_wh", 35, 19), ("austin_wh", 10, None), ("reno_wh", 25, 42)]
        items = [
            {"sku": sku, "source_code": code, "quantity": quantity, "status": 1}
            for code, *held in rows
            for sku, quantity in zip(("24-WB01", "24-WB03"), held, strict=True)
            if quantity is not None
        ]
        assert call.post(f"{here}/source-items", {"sourceItems": items}) == []
        assert call.post(f"{here}/source-selection-algorithm-result", PRIORITY) == json.loads(
            SELECTED
        )
        assigned = call.get(f"{here}/get-sources-assigned-to-stock-ordered-by-priority/3")
        assert [one["source_code"] for one in assigned] == ["berlin_wh", "frankfurt_wh", "hq"]


def test_the_tutorial_as_it_is_now(tmp_path: Path):
    links = json.loads(TUTORIAL_NOW)["links"]
    with service(tmp_path / "store.db") as call:
        for link in links:
            create_source(call, link["source_code"])
        assert create_stock(call, "North America Stock") == 2
        assert call.post("/rest/default/V1/inventory/stock-source-links", TUTORIAL_NOW) == []
        path = "/rest/default/V1/inventory/get-sources-assigned-to-stock-ordered-by-priority/2"
        codes = [link["source_code"] for link in links]
        assert [one["source_code"] for one in call.get(path)] == codes


# -------------------------------------------------------- link and unlink, stock 4

LINK = b"""
{
   "links" : [
      {
         "source_code" : "central",
         "stock_id" : 4,
         "priority" : 1
      },
      {
        "source_code" : "east",
        "stock_id" : 4,
        "priority" : 2
      }
   ]
}
"""
UNLINK = b"""
{
   "links" : [
      {
        "source_code" : "south",
        "stock_id" : 4
      }
   ]
}
"""
SEARCH = (
    "searchCriteria[filter_groups][0][filters][0][field]=stock_id"
    "&searchCriteria[filter_groups][0][filters][0][value]=4"
    "&searchCriteria[filter_groups][0][filters][0][condition_type]=eq"
)
FOUND = """
{
    "items": [
        {
            "stock_id": 4,
            "source_code": "central",
            "priority": 1
        },
        {
            "stock_id": 4,
            "source_code": "east",
            "priority": 2
        }
    ],
    "search_criteria": {
        "filter_groups": [
            {
                "filters": [
                    {
                        "field": "stock_id",
                        "value": "4",
                        "condition_type": "eq"
                    }
                ]
            }
        ]
    },
    "total_count": 2
}
"""
ASSIGNED = """
[
    {
        "source_code": "central",
        "name": "Central Shipping Center",
        "email": "hsmith@example.com",
        "contact_name": "Harold Smith",
        "enabled": true,
        "description": "Primary source for the central region",
        "latitude": 38.74132,
        "longitude": -90.363267,
        "country_id": "US",
        "region_id": 36,
        "city": "St. Louis",
        "street": "123 Warehouse Blvd",
        "postcode": "63145",
        "phone": "(314) 555-1234",
        "use_default_carrier_config": true,
        "carrier_links": []
    },
    {
        "source_code": "east",
        "name": "Eastern Shipping Center",
        "email": "dsimons@example.com",
        "contact_name": "Daryl Simons",
        "enabled": true,
        "description": "Primary source for the eastern region",
        "country_id": "US",
        "region_id": 45,
        "city": "Raleigh",
        "street": "456 Shipping Center Blvd",
        "postcode": "27614",
        "phone": "(919) 555-8888",
        "use_default_carrier_config": true,
        "carrier_links": []
    }
]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Caller]:
    """The sources and the stock of "Link and unlink stocks and sources", nothing linked."""
    with service(tmp_path / "store.db") as call:
        assert [create_stock(call, f"Stock {number}") for number in (2, 3, 4)] == [2, 3, 4]
        for source in json.loads(ASSIGNED):
            assert call.post(f"{V1}/sources", {"source": source}) == []
        create_source(call, "south")
        yield call


@pytest.mark.parametrize("prefix", PREFIXES)
def test_link_search_and_unlink(shop: Caller, prefix: str):
    here = f"{prefix}/V1/inventory"
    assert shop.post(f"{here}/stock-source-links", LINK) == []
    for query in (SEARCH, SEARCH.replace("[", "%5B").replace("]", "%5D")):
        assert shop.get(f"{here}/stock-source-links?{query}") == json.loads(FOUND)
    query = SEARCH.replace("filter_groups", "filterGroups").replace("condition_t", "conditionT")
    query = query.replace("searchCriteria", "search_criteria")
    assert shop.get(f"{here}/stock-source-links?{query}") == json.loads(FOUND)
    assigned = shop.get(f"{here}/get-sources-assigned-to-stock-ordered-by-priority/4")
    assert assigned == json.loads(ASSIGNED)
    # Neither a link that is not there nor the priorities of others are its business.
    assert shop.post(f"{here}/stock-source-links-delete", UNLINK) == []
    assert shop.get(f"{here}/stock-source-links?{SEARCH}") == json.loads(FOUND)


def test_unlinking_does_not_renumber(shop: Caller):
    codes = ("south", "central", "east")
    links = [
        {"source_code": code, "stock_id": 4, "priority": priority}
        for priority, code in enumerate(codes, 1)
    ]
    assert shop.post(f"{V1}/stock-source-links", {"links": links}) == []
    assert shop.post(f"{V1}/stock-source-links-delete", UNLINK) == []
    found = shop.get(f"{V1}/stock-source-links?{SEARCH}")["items"]
    assert [(one["source_code"], one["priority"]) for one in found] == [("central", 2), ("east", 3)]
    # Saved again with the documents' payload they get its priorities.
    assert shop.post(f"{V1}/stock-source-links", LINK) == []
    assert shop.get(f"{V1}/stock-source-links?{SEARCH}") == json.loads(FOUND)


def test_a_sales_channel_moves_to_the_stock_that_names_it(shop: Caller):
    channels = [{"type": "website", "code": "base"}]
    stock = {"stock": {"name": "x", "extension_attributes": {"sales_channels": channels}}}
    answer = shop("PUT", f"{V1}/stocks/4", stock)
    assert (answer.status, answer.json) == (200, 4)
    found = shop.get(f"{V1}/stocks")["items"]
    assert [one["extension_attributes"]["sales_channels"] for one in found] == [
        [],
        [],
        [],
        channels,
    ]


# ----------------------------------------------------- cases of MSI's own API tests


def msi_catalog() -> engine.Catalog:
    """The fixtures of MSI's API tests: five sources, three stocks, and what they hold."""
    codes = ("eu-1", "eu-2", "eu-3", "eu-disabled", "us-1")
    names = ("EU-source-1", "EU-source-2", "EU-source-3", "EU-source-disabled", "US-source-1")
    eu = [(10, code, priority) for priority, code in enumerate(codes[:4], 1)]
    everywhere = [(30, code, 5 - at) for at, code in enumerate(codes)]
    links = [*eu, (20, "us-1", 1), *everywhere]
    held = [
        *(("eu-1", "SKU-1", 5.5, 1), ("eu-2", "SKU-1", 3, 1), ("eu-3", "SKU-1", 10, 0)),
        *(("eu-disabled", "SKU-1", 10, 1), ("us-1", "SKU-2", 5, 1), ("eu-2", "SKU-3", 6, 0)),
        *(("eu-2", "SKU-4", 6, 1), ("eu-1", "SKU-6", 0, 1)),
    ]
    rows = {
        "sources": [
            (code, name, code != "eu-disabled", name[:2], "postcode")
            for code, name in zip(codes, names, strict=True)
        ],
        "stocks": [(10, "EU-stock"), (20, "US-stock"), (30, "Global-stock")],
        "stock_source_links": links,
        "source_items": held,
    }
    columns = {
        "sources": ("source_code", "name", "enabled", "country_id", "postcode"),
        "stocks": ("stock_id", "name"),
        "stock_source_links": ("stock_id", "source_code", "priority"),
        "source_items": ("source_code", "sku", "quantity", "status"),
    }
    return engine.Catalog.from_tables(
        {
            name: pa.table(dict(zip(columns[name], zip(*rows[name], strict=True), strict=True)))
            for name in rows
        }
    )


@pytest.fixture(scope="module")
def msi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    with service(tmp_path_factory.mktemp("msi") / "store.db", msi_catalog()) as call:
        yield call


def test_sources_of_a_stock_disabled_ones_included(msi: Caller):
    found = msi.get(f"{V1}/get-sources-assigned-to-stock-ordered-by-priority/30")
    codes = [one["source_code"] for one in found]
    assert codes == ["us-1", "eu-disabled", "eu-3", "eu-2", "eu-1"]
    assert [one["enabled"] for one in found] == [True, False, True, True, True]


@pytest.mark.parametrize(
    "path", ["get-sources-assigned-to-stock-ordered-by-priority/not_numeric", "stocks/not_numeric"]
)
def test_a_stock_id_that_is_no_number(msi: Caller, path: str):
    answer = msi("GET", f"{V1}/{path}")
    assert answer.status == 400
    assert answer.json == {
        "message": 'The "not_numeric" value\'s type is invalid. '
        'The "int" type was expected. Verify and try again.'
    }


def criteria(field: str, value: object, sort: str, direction: str = "DESC") -> str:
    """Return the query of most of MSI's lists: one filter, page 2 of two rows each."""
    first = "searchCriteria[filter_groups][0][filters][0]"
    return urlencode(
        {
            f"{first}[field]": field,
            f"{first}[value]": value,
            f"{first}[condition_type]": "eq",
            "searchCriteria[sort_orders][0][field]": sort,
            "searchCriteria[sort_orders][0][direction]": direction,
            "searchCriteria[current_page]": 2,
            "searchCriteria[page_size]": 2,
        }
    )


LISTS = [
    ("sources", criteria("enabled", 1, "name"), "name", ["EU-source-2", "EU-source-1"]),
    (
        "stock-source-links",
        criteria("stock_id", 10, "source_code"),
        "source_code",
        ["eu-2", "eu-1"],
    ),
    ("stock-source-links", criteria("stock_id", 10, "priority"), "priority", [2, 1]),
    ("source-items", criteria("sku", "SKU-1", "quantity"), "quantity", [5.5, 3]),
]


@pytest.mark.parametrize(("path", "query", "field", "expected"), LISTS)
def test_page_two_of_two_downwards(msi: Caller, path, query, field, expected):
    answer = msi.get(f"{V1}/{path}?{query}")
    assert [one[field] for one in answer["items"]] == expected
    assert answer["total_count"] == 4
    given = answer["search_criteria"]
    assert (given["current_page"], given["page_size"]) == (2, 2)
    assert given["sort_orders"][0]["direction"] == "DESC"


def test_stocks_by_name_and_by_page(msi: Caller):
    first = "searchCriteria[filter_groups][0][filters][0]"
    query = urlencode({f"{first}[field]": "name", f"{first}[value]": "EU-stock"})
    answer = msi.get(f"{V1}/stocks?{query}")
    assert [one["stock_id"] for one in answer["items"]] == [10]
    assert answer["search_criteria"]["filter_groups"][0]["filters"] == [
        {"field": "name", "value": "EU-stock", "condition_type": "eq"}
    ]
    query = urlencode(
        {
            "searchCriteria[sort_orders][0][field]": "name",
            "searchCriteria[sort_orders][0][direction]": "DESC",
            "searchCriteria[current_page]": 2,
            "searchCriteria[page_size]": 2,
        }
    )
    answer = msi.get(f"{V1}/stocks?{query}")
    assert ([one["name"] for one in answer["items"]], answer["total_count"]) == (["EU-stock"], 3)


def test_a_source_that_is_not_there(msi: Caller):
    for method, body in (("GET", None), ("PUT", {"source": {"name": "x"}})):
        answer = msi(method, f"{V1}/sources/-1", body)
        assert answer.status == 404
        assert answer.json == {
            "message": 'Source with code "%value" does not exist.',
            "parameters": {"value": "-1"},
        }


REQUIRED = ("stock-source-links", "source-items")


@pytest.mark.parametrize("path", ["sources", "stocks", *REQUIRED])
def test_services_that_want_search_criteria(msi: Caller, path: str):
    answer = msi("GET", f"{V1}/{path}")
    if path in REQUIRED:
        assert answer.status == 400
        assert answer.json == {
            "message": '"%fieldName" is required. Enter and try again.',
            "parameters": {"fieldName": "searchCriteria"},
        }
    else:
        assert answer.json["search_criteria"] == {"filter_groups": []}
    for query in (
        "searchCriteria",
        "searchCriteria=",
        "search_criteria",
        "searchCriteria[page_size]=3",
    ):
        assert msi.get(f"{V1}/{path}?{query}")["total_count"] >= 3


# What MSI's validators say, by what is changed of a valid row; None takes the member away.
EMPTY, NUMERIC = '"%field" can not be empty.', '"%field" should be numeric.'
ITEM = {"sku": "SKU-1", "quantity": 1.5, "source_code": "eu-1", "status": 1}
SOURCE = {"source_code": "new", "name": "x", "postcode": "1", "country_id": "US"}
LINKED = {"stock_id": 10, "source_code": "eu-1", "priority": 1}
INVALID = [
    *(("source-items", "sourceItems", ITEM, "sku", value, EMPTY) for value in (..., None, "", " ")),
    *(
        ("source-items", "sourceItems", ITEM, "source_code", value, EMPTY)
        for value in (..., None, "", " ")
    ),
    *(("source-items", "sourceItems", ITEM, "quantity", value, NUMERIC) for value in (..., None)),
    ("source-items", "sourceItems", ITEM, "status", ..., NUMERIC),
    ("source-items", "sourceItems", ITEM, "status", "999999", '"%field" should a known status.'),
    *(
        (
            "stock-source-links",
            "links",
            LINKED,
            "priority",
            value,
            '"%field" should be greater then 0.',
        )
        for value in (..., 0, -1)
    ),
    *(
        ("sources", "source", SOURCE, field, value, EMPTY)
        for field in SOURCE
        for value in (..., None, "", " ")
    ),
    ("sources", "source", SOURCE, "source_code", "a b", '"%field" can not contain whitespaces.'),
    *(("stocks", "stock", {"name": "x"}, "name", value, EMPTY) for value in (..., None, "", " ")),
]


@pytest.mark.parametrize(("path", "member", "row", "field", "value", "message"), INVALID)
def test_what_msi_refuses(msi: Caller, path, member, row, field, value, message):
    changed = {name: one for name, one in {**row, field: value}.items() if one is not ...}
    body = {member: changed if member in ("source", "stock") else [row, changed]}
    answer = msi("POST", f"{V1}/{path}", body)
    assert answer.status == 400
    errors = [{"message": message, "parameters": {"field": field}}]
    assert answer.json == {"message": "Validation Failed", "errors": errors}


def test_carriers_of_its_own_beside_the_global_ones(msi: Caller):
    carriers = [{"carrier_code": "ups", "position": 100}]
    source = {**SOURCE, "use_default_carrier_config": 1, "carrier_links": carriers}
    answer = msi("POST", f"{V1}/sources", {"source": source})
    assert answer.status == 400
    message = 'You can\'t configure "%field" because you have chosen Global Shipping configuration.'
    errors = [{"message": message, "parameters": {"field": "carrier_links"}}]
    assert answer.json == {"message": "Validation Failed", "errors": errors}


def test_several_things_that_msi_refuses_at_once(msi: Caller):
    answer = msi("POST", f"{V1}/source-items", {"sourceItems": [{"quantity": 1, "status": 1}]})
    assert answer.json["errors"] == [
        {"message": EMPTY, "parameters": {"field": name}} for name in ("sku", "source_code")
    ]


@pytest.mark.parametrize(
    ("field", "value", "shown", "kind"),
    [
        ("quantity", "", "", "float"),
        ("quantity", "test", "test", "float"),
        ("source_code", [], "array", "string"),
        ("status", "x", "x", "int"),
    ],
)
def test_values_of_another_type(msi: Caller, field, value, shown, kind):
    answer = msi("POST", f"{V1}/source-items", {"sourceItems": [{**ITEM, field: value}]})
    assert answer.status == 400
    assert answer.json == {
        "message": f'Error occurred during "{field}" processing. The "{shown}" value\'s type is '
        f'invalid. The "{kind}" type was expected. Verify and try again.'
    }


@pytest.mark.parametrize(
    ("path", "member"),
    [
        (name + ending, member)
        for name, member in (("source-items", "sourceItems"), ("stock-source-links", "links"))
        for ending in ("", "-delete")
    ],
)
def test_input_data_is_empty(msi: Caller, path: str, member: str):
    answer = msi("POST", f"{V1}/{path}", {member: []})
    assert (answer.status, answer.json) == (400, {"message": "Input data is empty"})
    for body in ({}, b"", {member: None}, {"other": 1}):
        answer = msi("POST", f"{V1}/{path}", body)
        assert answer.status == 400
        assert answer.json == {
            "message": '"%fieldName" is required. Enter and try again.',
            "parameters": {"fieldName": member},
        }


def test_nothing_of_all_that_was_saved(msi: Caller):
    assert msi.get(f"{V1}/source-items?searchCriteria")["total_count"] == 8
    assert msi.get(f"{V1}/sources")["total_count"] == 5
    assert msi.get(f"{V1}/stocks")["total_count"] == 3
    assert msi.get(f"{V1}/stock-source-links?searchCriteria")["total_count"] == 10
