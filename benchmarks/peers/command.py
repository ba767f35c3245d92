"""A peer as a program."""

import sys
from collections.abc import Callable
from pathlib import Path

Peer = Callable[[Path, Path, Path, str], None]


def main(run: Peer) -> None:
    """Run a peer on the command line's CATALOG ORDERS OUT ALGORITHM."""
    if len(sys.argv) != 5:
        sys.exit(f"usage: python -m {run.__module__} CATALOG ORDERS OUT ALGORITHM")
    catalog, orders, out = map(Path, sys.argv[1:4])
    run(catalog, orders, out, sys.argv[4])


def only_priority(algorithm: str) -> None:
    """Refuse what cumulative sums cannot say."""
    if algorithm != "priority":
        raise ValueError(f"cumulative sums know priority only, not {algorithm}")
