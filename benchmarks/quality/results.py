"""``results.json``: lists of rows, each row on a line of its own."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "results.json"


def load() -> dict[str, Any]:
    """Return what was measured."""
    return json.loads(FILE.read_text())


def save(results: dict[str, Any]) -> None:
    """Write everything, the lists last."""
    lists = {name: part for name, part in results.items() if isinstance(part, list)}
    head = json.dumps({name: part for name, part in results.items() if name not in lists}, indent=1)
    parts = [head[:-2], *(_listed(name, rows) for name, rows in lists.items())]
    FILE.write_text(",\n".join(parts) + "}\n")


def _listed(name: str, rows: list[dict[str, Any]]) -> str:
    return f' "{name}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]"
