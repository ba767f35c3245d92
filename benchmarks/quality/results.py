"""``results.json``: a row for each case, seed and policy, each on a line of its own."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "results.json"


def load() -> dict[str, Any]:
    """Return what was measured."""
    return json.loads(FILE.read_text())


def save(results: dict[str, Any]) -> None:
    """Write everything."""
    head = json.dumps({name: part for name, part in results.items() if name != "rows"}, indent=1)
    rows = ",\n".join(json.dumps(row) for row in results["rows"])
    FILE.write_text(f'{head[:-2]},\n "rows": [\n{rows}\n]}}\n')
