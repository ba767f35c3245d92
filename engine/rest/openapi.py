"""The OpenAPI document: what FastAPI knows of the endpoints, and what it cannot know."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from engine.rest.documented import Batch, Error, Selection
from engine.rest.examples import BAD_REQUEST, EXAMPLES
from engine.rest.gate import ARROW
from engine.rest.search import CONDITIONS

_DESCRIPTION = """\
Magento's REST calls for inventory and source selection, with its payloads, answers and errors, and
one that it lacks: many source selections in one call.

Members of bodies may be named in snake or in camel case. Where users are set up (`ssa users`),
every call needs a token: sign in, then give it to *Authorize*.
"""

ABOUT: dict[str, Any] = {
    "title": "ssa serve",
    "version": version("ssa-engine"),
    "description": _DESCRIPTION,
    "servers": [
        {"url": "/rest/default", "description": "The default store view"},
        {
            "url": "/rest/{store_code}",
            "description": "Any store view; all are answered alike",
            "variables": {"store_code": {"default": "all"}},
        },
        {"url": "/", "description": "Without a store view"},
    ],
    "openapi_tags": [
        {"name": name}
        for name in (
            *("Sign in", "Source selection", "Sources, stocks and links"),
            *("Source items, and what can be sold", "Places and distances"),
        )
    ],
}

TOKEN: dict[str, Any] = {
    "operation_id": "integrationAdminTokenServiceV1CreateAdminAccessToken",
    "response_model": str,
    "tags": ["Sign in"],
}

_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_REFUSALS: dict[int, tuple[str, str, Any]] = {
    400: ("BadRequest", "The request breaks a rule", BAD_REQUEST),
    401: ("Unauthorized", "No token, one that is good no more, or one of a user who may not", None),
    404: ("NotFound", "There is nothing of this name", None),
    413: ("TooLarge", "The body is too large", None),
    500: ("Failed", "A plug-in of the service failed", None),
    503: ("TooSlow", "The request took too long", None),
}


def _query(name: str, description: str, example: Any, **more: Any) -> dict[str, Any]:
    schema = {"type": "string", **more.pop("schema", {})}
    parameter = {"name": name, "in": "query", "description": description, "schema": schema}
    return {**parameter, "example": example, **more}


def _degrees(most: int) -> dict[str, Any]:
    return {"type": "number", "minimum": -most, "maximum": most}


POINTS = {
    "parameters": [
        _query(f"{name}[{axis}]", f"{words} of the {name}", value, required=True, schema=schema)
        for name, places in (
            ("source", (30.271129, -97.7437)),
            ("destination", (39.290882, -76.610759)),
        )
        for axis, words, schema, value in (
            ("lat", "Latitude", _degrees(90), places[0]),
            ("lng", "Longitude", _degrees(180), places[1]),
        )
    ]
}

ADDRESS = {
    "parameters": [
        _query("address[country]", "Code of the country", "US", required=True),
        _query("address[postcode]", "Postcode", "10577"),
        _query("address[street]", "Street; not looked at", "123 Oak"),
        _query("address[region]", "Magento's number of the region, a code or a name", "NY"),
        _query("address[city]", "City", "Purchase"),
    ]
}

SELECTION_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Selection"}}},
    }
}

BATCH_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Batch"}},
            ARROW: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    "parameters": [
        _query(name, f"For an Arrow stream: {words}", example, schema=schema)
        for name, words, example, schema in (
            ("algorithmCode", "code of the algorithm", "priority", {}),
            (
                "mode",
                "whether a request finds what those before it have left, or all",
                "sequential",
                {"enum": ["independent", "sequential"]},
            ),
            ("includeZero", "list sources that give nothing", "true", {"enum": ["true", "false"]}),
        )
    ],
    "responses": {"200": {"content": {ARROW: {"schema": {"type": "string", "format": "binary"}}}}},
}


_SEARCHED = {"stock_id": "4", "sku": "24-WB01", "source_code": "central"}
"""What the examples look for: the first of these fields that there is."""


def search_parameters(fields: Iterable[str]) -> dict[str, Any]:
    """Return the parameters of search criteria over some fields.

    They are shown for the first filter of the first group and the first sort order; the numbers
    count on.
    """
    fields = list(fields)
    field, value = next(one for one in _SEARCHED.items() if one[0] in fields)
    first = "searchCriteria[filter_groups][0][filters][0]"
    order = "searchCriteria[sort_orders][0]"
    names = {"enum": fields}
    whole = {"type": "integer", "minimum": 0}
    return {
        "parameters": [
            _query("searchCriteria", "By itself: everything", "", allowEmptyValue=True),
            _query(
                f"{first}[field]",
                "A field. Of the filters of one group one must hold, of the groups all",
                field,
                schema=names,
            ),
            _query(
                f"{first}[value]", "What it is compared with; of `in` a list with commas", value
            ),
            _query(
                f"{first}[condition_type]",
                "How it is compared; `eq` if it is not given",
                "eq",
                schema={"enum": list(CONDITIONS)},
            ),
            _query(f"{order}[field]", "A field to sort by", field, schema=names),
            _query(f"{order}[direction]", "Up or down", "ASC", schema={"enum": ["ASC", "DESC"]}),
            _query("searchCriteria[page_size]", "Rows of a page", 20, schema=whole),
            _query("searchCriteria[current_page]", "Page, from 1", 1, schema=whole),
        ]
    }


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the service, made once."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    made = FastAPI.openapi(app)
    wanted = [(model, "validation") for model in (Selection, Batch, Error)]
    _, found = models_json_schema(wanted, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas = {**made["components"]["schemas"], **found["$defs"]}
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which are not used
        schemas.pop(name, None)
    for schema in schemas.values():
        schema["description"] = schema["description"].replace("``", "`")
    made["components"] = {
        "schemas": dict(sorted(schemas.items())),
        "responses": {
            name: _refusal(description, example)
            for name, description, example in _REFUSALS.values()
        },
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    made["security"] = [{"token": []}]
    for path, methods in made["paths"].items():
        for operation in methods.values():
            _complete(path, operation)
    return made


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Say of an operation what it is and refuses, and give the examples of Magento's documents."""
    summary, _, rest = operation.pop("description").replace("``", "`").partition("\n\n")
    operation["summary"] = summary.removesuffix(".")
    if rest:
        operation["description"] = rest
    statuses = {401, 503}
    if "parameters" in operation or "requestBody" in operation:
        statuses.add(400)
    if "requestBody" in operation:
        statuses.add(413)
    names_something = "{" in path or "address" in path
    if names_something or operation["operationId"] == "inventoryApiStockRepositoryV1SavePost":
        statuses.add(404)
    if "source-selection-algorithm-result" in path or "batch" in path:
        statuses.add(500)
    if operation["operationId"] == TOKEN["operation_id"]:
        operation["security"] = []
    refusals = {
        str(status): {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"}
        for status in sorted(statuses)
    }
    answered = operation["responses"]["200"]
    operation["responses"] = {"200": answered, **refusals}
    given, shown = EXAMPLES.get(operation["operationId"], (None, None))
    if given is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = given
    if shown is not None:
        answered["content"]["application/json"]["example"] = shown


def _refusal(description: str, example: Any) -> dict[str, Any]:
    content = {"application/json": dict(_ERROR["application/json"])}
    if example is not None:
        content["application/json"]["example"] = example
    return {"description": description, "content": content}
