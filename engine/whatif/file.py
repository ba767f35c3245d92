"""Scenarios in TOML; ``docs/scenarios.md`` has the form."""

import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine.errors import EngineError, ScenarioError
from engine.policies.find import is_policy_file, parsed_toml
from engine.policies.toml_lines import line_of
from engine.whatif.horizon import Horizon, horizon_of
from engine.whatif.scenario import Scenario, with_policies
from engine.whatif.steps import ScaleDemand, Use, WrongError, converted, not_there, step_of


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table ``[[scenarios]]``: steps, and what is to be combined with them."""

    name: str
    steps: list[Any] = []
    algorithm: str | list[str] | None = None
    policy: Any = None
    demand: Decimal | list[Decimal] | None = None
    seed: int = 0


class Study(NamedTuple):
    """What a file of scenarios asks for; None where it does not say.

    ``policies`` are the policy files that it names.
    """

    scenarios: list[Scenario]
    horizon: Horizon | None = None
    replications: int | None = None
    seed: int | None = None
    policies: Sequence[str] = ()


_KEYS = ["scenarios", "horizon", "replications", "seed"]


def read_study(file: str | PathLike[str]) -> Study:
    """Read a file of scenarios; grids are expanded.

    Parameters
    ----------
    file
        A TOML file. Policy files that it names are looked for beside it.

    Returns
    -------
    The scenarios, in the order of the file, with their policies read; and how they are to be run.

    Raises
    ------
    ScenarioError
        Naming the file, the line and what is allowed there.
    """
    name = os.fsdecode(file)
    try:
        text = Path(name).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError):
        raise ScenarioError(f"{name}: no such file of scenarios; correct the path") from None
    try:
        return _study(parsed_toml(text, name, ScenarioError), Path(name).parent)
    except WrongError as wrong:
        path, message = wrong.args
        line = line_of(text, path)
        place = f"{name}, line {line}" if line else name
        raise ScenarioError(f"{place}: {message}") from None


def policy_files(scenarios: Mapping[str, Any] | list[Any], folder: Path) -> list[str]:
    """Return the policy files that a parsed file of scenarios names, wherever in it."""
    found = []
    items = scenarios.items() if isinstance(scenarios, Mapping) else enumerate(scenarios)
    for key, value in items:
        if isinstance(value, Mapping | list) and key != "policy":
            found += policy_files(value, folder)
        elif key == "policy":
            listed = value if isinstance(value, list) else [value]
            found += [
                str(folder / one) for one in listed if isinstance(one, str) and is_policy_file(one)
            ]
    return sorted(set(found))


def _study(given: dict[str, Any], folder: Path) -> Study:
    for key, value in given.items():
        if key not in _KEYS:
            first = f"$.{key}[0]" if isinstance(value, list) else f"$.{key}"
            raise WrongError(first, not_there(key, _KEYS))
    horizon = given.get("horizon")
    return Study(
        list(_scenarios(given, folder)),
        None if horizon is None else horizon_of(horizon, "$.horizon"),
        _whole(given, "replications"),
        _whole(given, "seed"),
        policy_files(given, folder),
    )


def _whole(given: Mapping[str, Any], key: str) -> int | None:
    value = given.get(key)
    if value is not None and (type(value) is not int or not 0 <= value < 2**63):
        raise WrongError(f"$.{key}", f"{key}: give a whole number of 0 or more; not {value!r}")
    return value


def _scenarios(given: dict[str, Any], folder: Path) -> Iterator[Scenario]:
    entries = given.get("scenarios", [])
    if not isinstance(entries, list):
        raise WrongError("$.scenarios", "scenarios must be tables: [[scenarios]]")
    seen = {BASELINE}
    for at, entry in enumerate(entries):
        path = f"$.scenarios[{at}]"
        if not isinstance(entry, Mapping):
            raise WrongError(path, "scenarios must be tables: [[scenarios]]")
        for scenario in _expanded(converted(entry, _Entry, path), path, folder):
            if scenario.name in seen:
                taken = "the run without steps" if scenario.name == BASELINE else "another one"
                raise WrongError(f"{path}.name", f"{scenario.name!r} is the name of {taken}")
            seen.add(scenario.name)
            yield scenario


def _expanded(entry: _Entry, path: str, folder: Path) -> Iterator[Scenario]:
    """Yield a scenario for each combination, with a name made from what is combined."""
    if not entry.name.strip():
        raise WrongError(f"{path}.name", "name: give it some text")
    steps = tuple(
        _beside(step_of(one, f"{path}.steps[{at}]"), folder) for at, one in enumerate(entry.steps)
    )
    ways = [*_ways(entry, "algorithm", path), *_ways(entry, "policy", path)] or [("", ())]
    if entry.algorithm is not None and entry.policy is not None:
        one_of = [getattr(entry, name) for name in ("algorithm", "policy")]
        if not all(isinstance(it, list) for it in one_of):
            raise WrongError(f"{path}.policy", "policy: give either algorithm or policy, or lists")
    demand = entry.demand if isinstance(entry.demand, list) else [entry.demand]
    if not demand:
        raise WrongError(f"{path}.demand", "demand: the list is empty")
    for factor, (way, use) in product(demand, ways):
        scale: tuple[Any, ...] = ()
        if factor is not None:
            keys = {"do": "scale_demand", "factor": factor, "seed": entry.seed}
            scale = (_of_grid(keys, f"{path}.demand"),)
        shown = f"demand {factor:f}" if isinstance(entry.demand, list) else ""
        name = ", ".join(part for part in (entry.name, way, shown) if part)
        try:
            yield with_policies(
                Scenario(name, (*steps, *scale, *(_beside(it, folder) for it in use)))
            )
        except EngineError as error:
            raise WrongError(path, f"scenario {name!r}: {error}") from None


def _ways(entry: _Entry, key: str, path: str) -> Iterator[tuple[str, tuple[Use, ...]]]:
    """Yield each algorithm or policy of a grid with what it adds to the name."""
    value = getattr(entry, key)
    if value is None:
        return
    if value == []:
        raise WrongError(f"{path}.{key}", f"{key}: the list is empty")
    for at, one in enumerate(value if isinstance(value, list) else [value]):
        if key == "policy" and not isinstance(one, str | Mapping):
            raise WrongError(f"{path}.policy", "policy: give a name, a .toml file or a table")
        shown = one if isinstance(one, str) else f"policy {at + 1}"
        use = step_of({"do": "use", key: one}, f"{path}.{key}")
        yield (shown if isinstance(value, list) else ""), (use,)


def _of_grid(keys: dict[str, Any], path: str) -> ScaleDemand:
    try:
        return step_of(keys, path)
    except WrongError as wrong:
        name = "seed" if wrong.args[0].endswith("seed") else "demand"
        message = wrong.args[1].replace("factor:", "demand:")
        raise WrongError(f"{path.rpartition('.')[0]}.{name}", message) from None


def _beside(step: Any, folder: Path) -> Any:
    """Return a step whose policy file is looked for beside the file of scenarios."""
    if isinstance(step, Use) and isinstance(step.policy, str) and is_policy_file(step.policy):
        return msgspec.structs.replace(step, policy=str(folder / step.policy))
    return step


BASELINE = "baseline"
"""The name of the run without steps."""
