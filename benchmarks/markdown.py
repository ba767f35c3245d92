"""Parts of the pages that benchmarks write."""

from collections import Counter
from collections.abc import Iterable
from typing import Any


def where(results: dict[str, Any]) -> str:
    """Return the machine, the commit and the day of results."""
    machine = results["machine"]
    if not machine:
        return "Not measured yet"
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory']}, {machine['os']}; "
        f"{_commits(results)}, {results['date']}"
    )


def _commits(results: dict[str, Any]) -> str:
    """Return the commit that was measured, and those of parts that were measured at others."""
    of = results.get("of") or {"": results["commit"]}
    (most, _), *others = Counter(of.values()).most_common()
    parts = {one: ", ".join(part for part, at in of.items() if at == one) for one, _ in others}
    rest = "; ".join(f"{names} at {one}" for one, names in parts.items())
    return f"commit {most}" + (f" ({rest})" if rest else "")


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Return a Markdown table; the first column is text, figures stand right."""
    ruler = ["---", *("---:" if _figures(name) else "---" for name in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def _figures(name: str) -> bool:
    return name not in ("run", "target", "measured", "", "algorithm")
