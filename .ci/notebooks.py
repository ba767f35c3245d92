"""Run notebooks and hold what they show against what stands in them: ``notebooks.py FILE...``.

With ``--write`` the outputs are renewed instead. Each notebook runs in its own folder.
"""

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

SECONDS = 300
SHOWN = ("text/plain", "text/html")


def main(arguments: list[str]) -> int:
    """Run every notebook that is named; return the exit code."""
    write = "--write" in arguments
    outcomes = [run(Path(name), write) for name in arguments if name != "--write"]
    return 0 if all(outcomes) else 1


def run(file: Path, write: bool) -> bool:
    """Run a notebook; tell whether its outputs are those that stand in it."""
    before, after = (nbformat.read(file, as_version=4) for _ in range(2))
    resources = {"metadata": {"path": str(file.parent)}}
    NotebookClient(after, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    if write:
        for cell in after.cells:
            cell.metadata.pop("execution", None)  # times of day
        nbformat.write(after, file)
    cells = list(zip(before.cells, after.cells, strict=True))
    wrong = [at for at, (old, new) in enumerate(cells) if not write and shown(old) != shown(new)]
    for at in wrong:
        print(
            f"{file}, cell {at}: expected {shown(before.cells[at])}, got {shown(after.cells[at])}"
        )
    count = sum(cell.cell_type == "code" for cell in after.cells)
    print(f"{file}: {count} cells run, {len(wrong)} show something else")
    return not wrong


def shown(cell: Any) -> list[Any]:
    """Return what a cell shows, but for pictures, which are drawn otherwise elsewhere."""
    return [
        output.get("text") or {kind: output["data"].get(kind) for kind in SHOWN}
        for output in cell.get("outputs", [])
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
