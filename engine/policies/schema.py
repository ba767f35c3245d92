"""The JSON Schema of policy files, for editors: ``python -m engine.policies.schema``."""

import inspect
import re
from decimal import Decimal
from typing import Any

import msgspec

from engine.policies import rules
from engine.policies.model import (
    ALL_RULES,
    FIRST,
    KINDS,
    ORDER_RULES,
    SCORES,
    Constraint,
    Policy,
)
from engine.tables.schema import SHIP_POLICIES

Schema = dict[str, Any]

_REF = "#/definitions/{name}"
_MONEY = ("per_shipment", "per_unit", "per_unserved_order", "per_unserved_unit")
_MOST = {
    "Policy": {"distance_bucket_km": rules.MOST_KM},
    "Costs": {
        **dict.fromkeys(_MONEY, rules.MOST_MONEY),
        "per_unit_km": rules.MOST_BY_KM,
        "unknown_km": rules.MOST_KM,
    },
    "Band": {**dict.fromkeys(_MONEY[:2], rules.MOST_MONEY), "up_to_km": rules.MOST_KM},
    "MaxDistance": {"km": rules.MOST_KM},
    "MinUnits": {"units": rules.MOST_UNITS},
    "Optimal": {"time_limit": rules.MOST_SECONDS},
}
"""The largest number of each key that holds one, as `rules.check_policy` has it."""


def policy_schema() -> Schema:
    """Return the JSON Schema (draft 7) of a policy file.

    Returns
    -------
    What an editor can know: keys, types, names and bounds. What must hold between keys, and what
    plug-ins and the catalogue have to say, is looked at when the policy is read.

    Examples
    --------
    >>> policy_schema()["properties"]["fallback"]["enum"]
    ['line', 'fewest_sources', 'cheapest', 'balanced_split']
    """
    (_, constraint), parts = msgspec.json.schema_components((Policy, Constraint), ref_template=_REF)
    for name, part in parts.items():
        part["description"] = part["description"].partition("\n")[0]
        for key, given in part["properties"].items():
            part["properties"][key] = _typed(given, _MOST.get(name, {}).get(key))
    policy, optimal = parts.pop("Policy"), parts["Optimal"]["properties"]
    optimal["first"] = {"enum": [*FIRST]}
    optimal["seed"] |= {"minimum": 0, "maximum": rules.MOST_SEED}
    parts["Plugin"] = _plugin()
    keys = policy["properties"]
    keys["ranking"] |= {"items": _open(SCORES), "minItems": 1, "uniqueItems": True}
    keys["order_rule"] = {"default": keys["order_rule"]["default"], **_open(ALL_RULES)}
    keys["fallback"]["enum"] = [rule for rule in ORDER_RULES if rule != "complete_first"]
    keys["ship_policy"]["enum"] = [*SHIP_POLICIES]
    keys["max_sources"] |= {"minimum": 0, "maximum": 2**31 - 1}
    keys["constraints"]["items"] = {
        "oneOf": [*constraint["anyOf"], {"$ref": _REF.format(name="Plugin")}]
    }
    for key, about in _attributes().items():
        keys[key]["description"] = about
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Policy of ssa-engine"}
    return {**policy, **head, "definitions": parts}


def schema_text() -> str:
    """Return the schema as it stands in ``docs/policy.schema.json``."""
    return msgspec.json.format(msgspec.json.encode(policy_schema()), indent=2).decode() + "\n"


def _typed(given: Schema, most: Decimal | None) -> Schema:
    """Turn what msgspec says of a key's type into what TOML has."""
    if most is None:
        # The default of a table is that of its keys.
        return {"$ref": given["$ref"]} if "$ref" in given else given
    largest = int(most) if most == int(most) else float(most)
    number: Schema = {"type": "number", "minimum": 0, "maximum": largest}
    default = given.get("default")
    return number if default is None else {**number, "default": int(default)}


def _open(names: tuple[str, ...]) -> Schema:
    """Return the schema of a name that an editor should suggest, or any other."""
    return {"anyOf": [{"enum": [*names]}, {"type": "string"}]}


def _plugin() -> Schema:
    return {
        "title": "Plug-in",
        "description": "A constraint of a plug-in; the other keys are for its class.",
        "type": "object",
        "properties": {
            "kind": {"type": "string", "not": {"enum": [*KINDS]}},
            "soft": {"type": "boolean", "default": False},
        },
        "required": ["kind"],
    }


def _attributes() -> dict[str, str]:
    """Return what the docstring of `Policy` says of each key."""
    text = inspect.getdoc(Policy) or ""
    section = re.split(r"\n\n?\w+\n-+\n", text)[1]
    about = {}
    for names, meaning in re.findall(r"^(\S.*)\n((?:    .*\n?)+)", section, re.M):
        for name in names.split(", "):
            about[name] = " ".join(meaning.split()).replace("``", "")
    return about


if __name__ == "__main__":
    print(schema_text(), end="")  # noqa: T201
