"""The OpenAPI document, and the page that shows it."""

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from jsonschema import Draft202012Validator
from starlette.routing import BaseRoute, Mount

from engine.folders import read_catalog
from engine.packaged import packaged
from engine.rest.documented import Batch, Selection
from tests.report.browser import CHROMIUM, open_page
from tests.rest.calling import Caller, service

METHODS = {"get", "post", "put", "delete"}


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A store that has what the examples of the document name."""
    path = tmp_path_factory.mktemp("openapi") / "store.db"
    with service(path, read_catalog(packaged("msi_example/catalog"))) as found:
        assert found.post("/V1/inventory/stocks", {"stock": {"name": "x"}}) == 4
        for code in ("central", "east", "south"):
            source = {"source_code": code, "name": code, "country_id": "US", "postcode": "1"}
            found.post("/V1/inventory/sources", {"source": source})
        yield found


@pytest.fixture(scope="module")
def document(call: Caller) -> dict[str, Any]:
    return call.get("/openapi.json")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            yield method.upper(), path, operation


def routes(found: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Return the methods and paths of an application, those of routers in it included."""
    for route in found:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner.routes)
        elif not isinstance(route, Mount):
            for method in route.methods:
                yield method, route.path


def test_every_endpoint_is_in_the_document(call: Caller, document: dict[str, Any]):
    there = {
        (method, path.replace(":path}", "}"))
        for method, path in routes(call.gate.app.routes)
        if path.startswith("/V1/")
    }
    assert {(method, path) for method, path, _ in operations(document)} == there
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names) == 27


def test_the_document_names_nothing_of_the_framework(document: dict[str, Any]):
    text = json.dumps(document)
    for name in (
        "422",
        "HTTPValidationError",
        "Successful Response-",
        "_api_",
        "engine.",
        "sqlite",
    ):
        assert name not in text
    servers = [server["url"] for server in document["servers"]]
    assert servers == ["/rest/default", "/rest/{store_code}", "/"]
    for _, path, operation in operations(document):
        assert operation["summary"]
        assert len(operation["tags"]) == 1
        assert {"401", "503"} < set(operation["responses"])
        assert ("413" in operation["responses"]) == ("requestBody" in operation)
        assert (operation.get("security") == []) == (path == "/V1/integration/admin/token")


def test_references_lead_somewhere(document: dict[str, Any]):
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        found = document
        for part in reference.split("/"):
            found = found[part]
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert used == set(document["components"]["schemas"])


def valid(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    Draft202012Validator({**schema, "components": document["components"]}).validate(value)


def test_examples_are_valid_and_answered(call: Caller, document: dict[str, Any]):
    """Each request as the page fills it in is answered, by what the document says."""
    count = 0
    for method, path, operation in operations(document):
        answers = operation["responses"]["200"]["content"]["application/json"]
        valid(document, answers["schema"], answers["example"])
        if method == "DELETE" or path.endswith("/token"):
            continue
        body = None
        if "requestBody" in operation:
            given = operation["requestBody"]["content"]["application/json"]
            valid(document, given["schema"], body := given["example"])
        query = {}
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and "algorithm-" not in path and "batch" not in path:
                valid(document, parameter["schema"], parameter["example"])
                query[parameter["name"]] = parameter["example"]
        target = path.format(stockId=2, sourceCode="hq", sku="24-WB01", requestedQty=3)
        pairs = "&".join(f"{name}={value}" for name, value in query.items())
        answer = call(method, f"/rest/us{target}?{pairs}", body)
        assert answer.status == 200, (method, target, answer)
        valid(document, answers["schema"], answer.json)
        count += 1
    assert count == 25


@pytest.mark.parametrize("model", [Selection, Batch])
def test_bodies_that_are_documented_apart_are_read_as_such(call: Caller, model: type):
    """Members that these bodies need are those that the service asks for."""
    path = {"Selection": "algorithm-result", "Batch": "batch"}[model.__name__]
    for name in model.model_json_schema()["required"]:
        everything = {"requests": [], "inventoryRequest": {"stockId": 2, "items": []}}
        body = {**everything, "algorithmCode": "priority"}
        del body[name]
        answer = call("POST", f"/V1/inventory/source-selection-{path}", body)
        assert (answer.status, answer.json["parameters"]) == (400, {"fieldName": name})


def test_refusals_are_what_the_document_says(call: Caller, document: dict[str, Any]):
    schema = {"$ref": "#/components/schemas/Error"}
    for method, target, body in (
        ("GET", "/V1/inventory/stocks/x", None),
        ("GET", "/V1/inventory/stocks/9", None),
        ("GET", "/V1/inventory/source-items", None),
        ("GET", "/V1/inventory/sources?searchCriteria[filter_groups]=1", None),
        ("POST", "/V1/inventory/sources", {"source": {}}),
        ("POST", "/V1/inventory/sources", b"["),
        ("POST", "/V1/nothing", b""),
        ("PATCH", "/V1/inventory/stocks", b""),
    ):
        answer = call(method, target, body)
        assert answer.status in (400, 404)
        valid(document, schema, answer.json)


# ------------------------------------------------------------------- the page


def test_the_page_names_no_foreign_address(call: Caller):
    page = call("GET", "/docs").body.decode()
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/")
        assert not address.startswith("//")
        assert call("GET", address).status == 200
    assert "http" not in page
    assert '"validatorUrl": null' in page  # or the page sends its address to a host of Swagger's


@pytest.fixture
def url(call: Caller) -> Iterator[str]:
    """The service on a port, in a thread."""
    config = uvicorn.Config(call.gate, port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_page_in_a_browser(url: str, document: dict[str, Any], tmp_path: Path):
    page, console = open_page(f"{url}/docs", tmp_path / "profile", "--virtual-time-budget=20000")
    assert console == []
    for _, path, operation in operations(document):
        assert operation["summary"].replace("'", "&#39;") in page or operation["summary"] in page
        assert path.rpartition("/")[2] in page
