"""``results.json``: what was measured, and how others read it."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "results.json"

Results = dict[str, Any]


def load() -> Results:
    """Return what was measured before; empty parts if nothing was."""
    if FILE.exists():
        return json.loads(FILE.read_text())
    return {"machine": {}, "versions": {}, "cases": {}, "of": {}}


def save(results: Results) -> None:
    """Write everything."""
    FILE.write_text(json.dumps(results, indent=1) + "\n")


def seconds(results: Results, case: str, run: str) -> float | None:
    """Return the median seconds of a run, such as ``ours priority warm``; None if not measured."""
    found = results["cases"].get(case, {}).get("runs", {}).get(run)
    return found and found["median"]


def ratio(results: Results, case: str, run: str, to: str) -> float | None:
    """Return how many times as long as another a run took; None if either was not measured."""
    one, other = seconds(results, case, run), seconds(results, case, to)
    return None if one is None or other is None else one / other
