"""What a body or a path has wrong, in Magento's words."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel

from engine.rest.errors import ApiError, Parameters, failed, wrong_type

_TYPES = {
    **{kind: kind for kind in ("int", "float", "string")},
    **{"bool": "boolean", "finite": "float", "list": "array", "dict": "object", "model": "object"},
}
_NUMERIC = '"%field" should be numeric.'
_EMPTY = '"%field" can not be empty.'
_MISSING = {
    **{
        "quantity": _NUMERIC,
        "status": _NUMERIC,
    },
    "priority": '"%field" should be greater then 0.',
}
"""What MSI's validators say of a member that is not there; all others must not be empty."""

_BROKEN = {
    ("status", "greater_than_equal"): '"%field" should a known status.',
    ("status", "less_than_equal"): '"%field" should a known status.',
    ("priority", "greater_than_equal"): '"%field" should be greater then 0.',
    ("source_code", "string_pattern_mismatch"): '"%field" can not contain whitespaces.',
}
"""What MSI's validators say of values, misspelt as they are there."""


def refusal(errors: Sequence[Mapping[str, Any]]) -> ApiError:
    """Return what Magento answers to errors of pydantic: members missing, of a wrong type, wrong.

    Notes
    -----
    Magento: ``ServiceInputProcessor`` stops at the first value of a wrong type, and lists
    parameters that are missing; the validators of MSI see what has passed it, and list everything.
    """
    places = [_place(error) for error in errors]
    for error, place in zip(errors, places, strict=True):
        if error["type"] == "json_invalid":
            return ApiError(400, "Decoding error: %1", [str(error.get("ctx", {}).get("error", ""))])
        due = _TYPES.get(error["type"].partition("_")[0])
        broken = error["type"] == "string_pattern_mismatch" or (place and error["input"] is None)
        if due and not broken:
            inside = error["loc"][0] == "body" and len(place) > 1
            return wrong_type(error["input"], due, place[-1] if inside else "")
    missing = [
        place[0] for error, place in zip(errors, places, strict=True) if _lacks(error, place)
    ]
    if missing:
        message = '"%fieldName" is required. Enter and try again.'
        found: list[tuple[str, Parameters]] = [
            (message, {"fieldName": to_camel(name)}) for name in missing
        ]
        if len(found) == 1:
            return ApiError(400, *found[0])
        return ApiError(400, "One or more input exceptions have occurred.", errors=found)
    return failed([_broken(*pair) for pair in zip(errors, places, strict=True)])


def _lacks(error: Mapping[str, Any], place: list[str]) -> bool:
    return len(place) == 1 and (error["type"] == "missing" or error["input"] is None)


def _place(error: Mapping[str, Any]) -> list[str]:
    """Return the names that lead to a value; the first one is a parameter of Magento's service."""
    return [str(part) for part in error["loc"][1:] if isinstance(part, str)]


def _broken(error: Mapping[str, Any], place: list[str]) -> tuple[str, Parameters]:
    kind, name = error["type"], place[-1]
    if kind == "missing" or error["input"] is None:
        return _MISSING.get(name, _EMPTY), {"field": name}
    if kind == "string_pattern_mismatch" and not error["input"].strip():
        return _EMPTY, {"field": name}
    said = str(error["msg"])
    return _BROKEN.get((name, kind), f'"%field": {said[:1].lower()}{said[1:]}.'), {"field": name}
