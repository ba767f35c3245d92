"""From a name, a file, a mapping or an object to a policy that holds."""

import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from importlib import resources
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any, get_args

import msgspec

from engine.errors import EngineError, PolicyError
from engine.policies.model import (
    KINDS,
    Band,
    Constraint,
    Costs,
    Optimal,
    PluginConstraint,
    Policy,
)
from engine.policies.rules import check_policy
from engine.policies.toml_lines import line_of

PRESETS = (
    "msi_priority",
    "msi_distance",
    "nearest_complete",
    "fewest_sources",
    "cheapest",
    "store_balance",
)


def find_policy(given: "str | PathLike[str] | Mapping[str, Any] | Policy") -> Policy:
    """Return a policy, checked by itself.

    Parameters
    ----------
    given
        Name of a preset, path of a TOML file (``.toml``), the same as a mapping, or a policy.

    Raises
    ------
    PolicyError
        Naming the file, the line and what is allowed there.

    Examples
    --------
    >>> find_policy("msi_distance").ranking
    ('distance',)
    >>> find_policy({"order_rule": "complete"})
    Traceback (most recent call last):
        ...
    engine.errors.PolicyError: policy: order_rule 'complete' is unknown; did you mean \
complete_first? Allowed: balanced_split, cheapest, complete_first, fewest_sources, line, optimal
    """
    if isinstance(given, Policy):
        return _policy(_plain(given), "policy", "")
    if isinstance(given, Mapping):
        return _policy(given, "policy", "")
    if not isinstance(given, str | PathLike):
        raise PolicyError(f"policy: {given!r} is no policy; give a name, a .toml file or a mapping")
    name = os.fsdecode(given)
    if name in PRESETS:
        text = (resources.files("engine.policies") / "presets" / f"{name}.toml").read_text("utf-8")
        return _policy(parsed_toml(text, name), name, text)
    if not is_policy_file(name):
        close = get_close_matches(name, PRESETS, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise PolicyError(
            f"policy {name!r} is unknown; {hint}Presets: {', '.join(PRESETS)}; or give a .toml file"
        )
    try:
        text = Path(name).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError):
        raise PolicyError(f"{name}: no such policy file; correct the path") from None
    return _policy(parsed_toml(text, name), name, text)


def is_policy_file(name: str) -> bool:
    """Tell whether what names a policy is the path of a file."""
    return name.lower().endswith(".toml")


def as_mapping(policy: Policy) -> dict[str, Any]:
    """Return a policy as plain data from which `find_policy` makes the same again."""
    return msgspec.to_builtins(_plain(policy))


def parsed_toml(text: str, where: str, error: type[EngineError] = PolicyError) -> dict[str, Any]:
    """Parse a TOML file, numbers as exact decimals; what is wrong with it is one clear error."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as fault:
        raise error(f"{where}: not TOML: {fault}") from None
    except (ArithmeticError, ValueError):  # ValueError: a whole number of thousands of digits
        raise error(f"{where}: a number is too large; correct it") from None
    except RecursionError:
        raise error(f"{where}: tables are nested too deep; correct it") from None


def _plain(policy: Policy) -> dict[str, Any]:
    """Return a policy as a mapping: objects are not checked when they are made."""
    plain: dict[str, Any] = {name: getattr(policy, name) for name in policy.__struct_fields__}
    constraints = plain["constraints"]
    if not isinstance(constraints, list | tuple):
        return plain  # refused when it is checked
    for name, kind in _TABLES.items():
        if isinstance(plain[name], kind):
            plain[name] = msgspec.to_builtins(plain[name], builtin_types=(Decimal,))
    plain["constraints"] = [
        {"kind": it.kind, "soft": it.soft, **it.options}
        if isinstance(it, PluginConstraint)
        else _as_builtins(it)
        for it in constraints
    ]
    return plain


def _as_builtins(given: Any) -> Any:
    """Return a constraint of the engine's own as a mapping, anything else as it is."""
    if isinstance(given, get_args(Constraint)):
        return msgspec.to_builtins(given, builtin_types=(Decimal,))
    return given


def _policy(given: Mapping[str, Any], where: str, text: str) -> Policy:
    """Check what a mapping says, and say where it is wrong."""
    given = dict(given)
    constraints = given.pop("constraints", ())
    try:
        if not isinstance(constraints, list | tuple):
            raise _WrongError("$.constraints", "constraints must be tables: [[constraints]]")
        policy = _converted(given, Policy, "$")
        listed = tuple(_constraint(it, f"$.constraints[{at}]") for at, it in enumerate(constraints))
        policy = msgspec.structs.replace(policy, constraints=listed)
        for problem in check_policy(policy):
            raise _WrongError(*problem)
    except _WrongError as wrong:
        path, message = wrong.args
        line = line_of(text, path)
        place = f"{where}, line {line}" if line else where
        raise PolicyError(f"{place}: {message}") from None
    return policy


class _WrongError(Exception):
    """What is wrong with a policy: a path in it, and a message."""


def _constraint(given: Any, path: str) -> Any:
    given = _as_builtins(given)
    if not isinstance(given, Mapping):
        raise _WrongError(path, "constraints must be tables: [[constraints]]")
    kind = given.get("kind")
    if not isinstance(kind, str):
        raise _WrongError(path, f"a constraint needs a kind; allowed: {', '.join(KINDS)}, plug-ins")
    if kind in KINDS:
        return _converted(given, Constraint, path)
    options = {name: value for name, value in given.items() if name not in ("kind", "soft")}
    soft = given.get("soft", False)
    if not isinstance(soft, bool):
        raise _WrongError(f"{path}.soft", "soft must be true or false")
    return PluginConstraint(kind=kind, soft=soft, options=_options(options, path))


def _options(given: Any, path: str) -> Any:
    """Return the keys of a plug-in as plain data; its numbers are no exact decimals."""
    if isinstance(given, Mapping):
        return {str(name): _options(value, f"{path}.{name}") for name, value in given.items()}
    if isinstance(given, list | tuple):
        return [_options(value, path) for value in given]
    if isinstance(given, Decimal):
        given = float(given)
    if (
        given is None
        or isinstance(given, str | int)
        or (isinstance(given, float) and isfinite(given))
    ):
        return given
    raise _WrongError(path, f"{given!r} is no plain data; give text, numbers, lists or tables")


def _converted(given: Mapping[str, Any], kind: Any, path: str) -> Any:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        message, _, inner = str(error).partition(" - at `$")
        where, fields = path + inner.rstrip("`"), _fields(given, inner.rstrip("`"))
        unknown = message.split("`")[1] if message.startswith(_UNKNOWN) else None
        if unknown is None:
            raise _WrongError(where, worded(message, where)) from None
        close = get_close_matches(unknown, fields, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        allowed = f"{hint}Allowed: {', '.join(fields)}"
        raise _WrongError(f"{where}.{unknown}", f"{unknown!r} is unknown here; {allowed}") from None


def _fields(given: Mapping[str, Any], inner: str) -> list[str]:
    """Return the keys that are allowed in a part of a policy or of a constraint."""
    if inner.startswith(".costs.bands"):
        return sorted(Band.__struct_fields__)
    if kind := _TABLES.get(inner.removeprefix(".")):
        return sorted(kind.__struct_fields__)
    for one in get_args(Constraint):
        if one.__struct_config__.tag == given.get("kind"):
            return sorted(["kind", *one.__struct_fields__])
    return sorted(Policy.__struct_fields__)


def worded(message: str, path: str) -> str:
    """Turn what msgspec says about types, at a path, into what a person may do."""
    if message.startswith("Object missing required field"):
        return f"{message.split('`')[1]} is missing; add it"
    message = f"{message[:1].lower()}{message[1:]}".replace("`", "").replace(" | null", "")
    for name, meant in _TYPES.items():
        message = re.sub(rf"\b{name}\b", meant, message)
    return f"{path.removeprefix('$.')}: {message}"


_UNKNOWN = "Object contains unknown field"
_TABLES: dict[str, Any] = {"costs": Costs, "optimal": Optimal}
_TYPES = {
    "invalid decimal string": "not a number",
    "array": "a list",
    "object": "a table",
    "str": "text",
    "int": "a whole number",
    "bool": "true or false",
    "decimal": "a number",
    "float": "a number",
    "invalid RFC3339 encoded date": "not a day such as 2024-01-31",
    "date": "a date",
    "datetime": "a date with a time",
}
