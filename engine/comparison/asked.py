"""What two runs were asked for, and whether they read the same files."""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from engine.io.location import local_path
from engine.policies.find import as_mapping
from engine.policies.model import Policy
from engine.run_info import RunInfo

_ELSEWHERE = (
    *("catalog", "orders", "out", "format", "part_files", "magento"),
    *("algorithm", "policy"),
)
"""Arguments that decide nothing, or are looked at by themselves."""


def other_arguments(a: RunInfo, b: RunInfo) -> dict[str, tuple[Any, Any]]:
    """Return what two runs were asked for differently: name -> what A and what B was asked for.

    Runs by algorithms differ in ``algorithm``. If one of them was by a policy they differ in the
    policy's keys: an algorithm is the policy that has nothing but its ranking.
    """
    given_a, given_b = (_given(info.arguments, other.arguments) for info, other in ((a, b), (b, a)))
    given_a["version"], given_b["version"] = (it.versions.get("ssa-engine") for it in (a, b))
    names = dict.fromkeys([*given_a, *given_b])
    pairs = {name: (given_a.get(name), given_b.get(name)) for name in names}
    return {name: (one, other) for name, (one, other) in pairs.items() if one != other}


def _given(own: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in own.items() if name not in _ELSEWHERE}
    code, policy = own.get("algorithm"), own.get("policy")
    if policy is None and others.get("policy") is None:
        return {"algorithm": code, **rest}
    if policy is None and isinstance(code, str):
        # By way of JSON, as the other one came from run.json.
        policy = msgspec.json.decode(msgspec.json.encode(as_mapping(Policy(ranking=(code,)))))
    return {**_flat(policy, "policy"), **rest}


def _flat(value: Any, name: str) -> dict[str, Any]:
    """Return the keys of tables inside tables as ``outer.inner``."""
    if not isinstance(value, Mapping):
        return {name: value}
    return {
        key: inner
        for part, it in value.items()
        for key, inner in _flat(it, part if name == "policy" else f"{name}.{part}").items()
    }


def other_inputs(a: RunInfo, b: RunInfo) -> dict[str, str] | None:
    """Return the input files that differ and how: ``changed``, ``only in A``, ``only in B``.

    Files are the same if their SHA-256 is, wherever the folders stand. None if a run does not say
    what it read.
    """
    if not a.inputs or not b.inputs:
        return None
    files_a, files_b = (_files(info) for info in (a, b))
    # What stands in one folder in A may stand in two in B.
    moved = {*_anywhere(files_a)} & {*_anywhere(files_b)}
    files_a, files_b = (
        {name: sha for name, sha in files.items() if (PurePath(name).name, sha) not in moved}
        for files in (files_a, files_b)
    )
    found = {}
    for name in dict.fromkeys([*files_a, *files_b]):
        if files_a.get(name) != files_b.get(name):
            missing = "only in B" if name not in files_a else "only in A"
            found[name] = "changed" if name in files_a and name in files_b else missing
    return found


def _files(info: RunInfo) -> dict[str, str]:
    """Return the SHA-256 of each input file by its path below the catalogue or the orders."""
    roots = {role: info.arguments.get(role) for role in ("catalog", "orders")}
    return {_below(file.path, roots): file.sha256 for file in info.inputs}


def _anywhere(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((PurePath(name).name, sha) for name, sha in files.items())


def _below(path: str, roots: Mapping[str, Any]) -> str:
    place = PurePath(local_path(path) or path)
    for role, root in roots.items():
        if isinstance(root, str) and place.is_relative_to(local_path(root) or root):
            return f"{role}/{place.relative_to(local_path(root) or root)}"
    return path
