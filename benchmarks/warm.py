"""A warm process: ``python -m benchmarks.warm NAME`` imports a contestant and runs it on demand.

Each line of stdin is a JSON list of catalogue, orders, output folder and algorithm. The answer is
a line with the seconds that the run took.
"""

import json
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.contestants import runner


def main() -> None:
    """Answer until stdin ends."""
    run = runner(sys.argv[1])
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        *paths, algorithm = json.loads(line)
        start = perf_counter()
        run(*map(Path, paths), algorithm)
        print(perf_counter() - start, file=answers, flush=True)


if __name__ == "__main__":
    main()
