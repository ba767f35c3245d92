"""What editors are told of policies: right ones pass, wrong ones do not."""

import ast
import json
import re
import tomllib
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from engine.errors import PolicyError
from engine.policies.find import PRESETS, find_policy
from engine.policies.schema import policy_schema, schema_text
from tests.policies.test_find import WRONG
from tests.policy_cases import policy_cases

ROOT = Path(__file__).parents[2]
SCHEMA = jsonschema.Draft7Validator(json.loads(schema_text()))
FEWER = settings(max_examples=settings.default.max_examples // 5)

# No schema says these: they lie between keys, or beyond what JSON's numbers can tell.
BEYOND = (
    "= nan",
    '"complete"',
    "since = 2024",
    "0.00000000001",
    "up_to_km = 2\n[[costs.bands]]",
    "'lane'\n[[constraints]]",
    "first = 'cost'",
)


def examples() -> dict[str, Any]:
    """The policies of the presets and the documents."""
    found = {}
    for name in PRESETS:
        preset = resources.files("engine.policies") / "presets" / f"{name}.toml"
        found[name] = tomllib.loads(preset.read_text("utf-8"))
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text("utf-8")
        blocks = re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S)
        others = "entry-points", "[[scenarios]]", "[horizon]"
        blocks = [it for it in blocks if not any(other in it for other in others)]
        for at, block in enumerate(blocks):
            found[f"{path.name} {at}"] = tomllib.loads(block)
        for at, block in enumerate(re.findall(r"^policy = (\{.*?^\})", text, re.M | re.S)):
            found[f"{path.name} python {at}"] = ast.literal_eval(block)
    return found


EXAMPLES = examples()


def test_the_schema_is_one():
    jsonschema.Draft7Validator.check_schema(policy_schema())
    assert "decimal" not in schema_text()


def test_examples_are_found_in_the_documents():
    assert {"README.md python 0", "policies.md 0"} <= EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_fit_the_schema(name):
    find_policy(EXAMPLES[name])
    SCHEMA.validate(EXAMPLES[name])


def plain(value: Any) -> Any:
    """A policy as an editor reads it."""
    return json.loads(json.dumps(value, default=float))


@given(policy_cases())
@FEWER
def test_policies_that_run_fit_the_schema(case):
    SCHEMA.validate(plain(case[1]))


@pytest.mark.parametrize("text", [text for text, line, _ in WRONG if line])
def test_what_is_refused_does_not_fit(text):
    given = tomllib.loads(text)
    assert SCHEMA.is_valid(given) == any(it in text for it in BEYOND)


@pytest.mark.parametrize(
    "given",
    [
        {"max_sources": 2**31},
        {"ranking": ["distance", 3]},
        {"costs": {"rates": 1}},
        {"costs": {"per_unit": "0.5"}},
        {"costs": {"bands": [{"per_unit": 1}]}},
        {"costs": {"bands": {"up_to_km": 1}}},
        {"optimal": {"first": "speed"}},
        {"optimal": {"seed": 0.5}},
        {"constraints": [{"kind": "max_distance", "kms": 3}]},
        {"constraints": [{"kind": "max_distance", "km": "800"}]},
        {"constraints": [{"kind": "channel", "type": "website", "code": "x"}]},
        {"constraints": [{"kind": "min_units", "units": 3, "soft": "no"}]},
        {"constraints": [{"kind": 3}]},
    ],
)
def test_wrong_policies_do_not_fit(given):
    assert not SCHEMA.is_valid(given)


def test_plugins_may_have_any_keys():
    SCHEMA.validate({"constraints": [{"kind": "mine", "depth": 3, "soft": True}]})
    SCHEMA.validate({"ranking": ["my-score", "priority"]})


def numbers() -> list[tuple[list[str], dict[str, Any]]]:
    """Where each number stands in a policy, and its schema."""
    schema = policy_schema()
    parts = schema["definitions"]
    places = {(): schema, ("costs",): parts["Costs"], ("costs", "bands"): parts["Band"]}
    places |= {("optimal",): parts["Optimal"]}
    places |= {("max_distance",): parts["MaxDistance"], ("min_units",): parts["MinUnits"]}
    return [
        ([*place, name], it)
        for place, part in places.items()
        for name, it in part["properties"].items()
        if it.get("type") == "number"
    ]


def policy_with(path: list[str], value: Any) -> dict[str, Any]:
    """A policy that is the default but for one number."""
    match path:
        case [name]:
            return {name: value}
        case [("costs" | "optimal") as table, name]:
            return {table: {name: value}}
        case ["costs", "bands", name]:
            return {"costs": {"bands": [{"up_to_km": 1, name: value}]}}
        case [kind, name]:
            return {"constraints": [{"kind": kind, name: value}]}
    raise AssertionError(path)


@pytest.mark.parametrize(("path", "schema"), numbers())
def test_bounds_are_those_of_the_engine(path, schema):
    least, most = schema["minimum"], schema["maximum"]
    for value in (least, most):
        find_policy(policy_with(path, Decimal(str(value))))
        SCHEMA.validate(policy_with(path, value))
    for value in (least - 1, most + 1):
        with pytest.raises(PolicyError, match="out of range"):
            find_policy(policy_with(path, Decimal(str(value))))
        assert not SCHEMA.is_valid(policy_with(path, value))


def test_every_number_of_a_policy_has_bounds():
    assert len(numbers()) == 1 + 6 + 3 + 1 + 1 + 1
    assert schema_text().count('"number"') == len(numbers())
